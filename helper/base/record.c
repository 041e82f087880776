/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

#define RECORD_END  "end\n"
#define BOOT_ID_MAX 40

/*
 * The kernel's random name for this boot (random(4)), read once.
 * Return: 0 or -errno, never -ENOENT.
 */
static int record_boot_id(const char **ret)
{
	static char id[BOOT_ID_MAX];
	_cleanup_close_ int fd = -EBADF;
	ssize_t n;

	*ret = id;
	if (id[0])
		return 0;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, id, sizeof(id) - 1);
	if (n <= 0)
		return n == 0 || errno == ENOENT ? -EIO : -errno;
	id[n] = '\0';
	id[strcspn(id, "\n")] = '\0';
	return 0;
}

void record_begin(struct record *r)
{
	const char *id;

	r->used = 0;
	r->error = record_boot_id(&id);
	record_add(r, "boot", "%s", id);
}

void record_add(struct record *r, const char *key, const char *format, ...)
{
	const size_t room = sizeof(r->text) - sizeof(RECORD_END);
	char *at = r->text + r->used;
	size_t left = room - r->used;
	va_list args;
	int n, m;

	n = snprintf(at, left, "%s ", key);
	if (r->error || n < 0 || (size_t)n >= left) {
		r->error = r->error ? r->error : -E2BIG;
		return;
	}
	va_start(args, format);
	m = vsnprintf(at + n, left - (size_t)n, format, args);
	va_end(args);
	if (m < 0 || (size_t)(n + m) + 1 >= left) {
		r->error = -E2BIG;
		return;
	}
	/* A value out of a login (PAM_TTY, PAM_RHOST) must not begin a line. */
	for (char *p = at + n; (p = memchr(p, '\n', (size_t)(at + n + m - p)));)
		*p = ' ';
	at[n + m] = '\n';
	r->used += (size_t)(n + m) + 1;
}

int record_write(int dirfd, const char *name, const void *text, size_t bytes,
		 bool replace)
{
	const int how = replace ? O_TRUNC : O_EXCL;
	char temporary[280];
	const char *file = replace ? temporary : name;
	_cleanup_close_ int fd = -EBADF;
	int code = 0;
	ssize_t n;

	snprintf(temporary, sizeof(temporary), ".%s", name);
	fd = openat(dirfd, file,
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | how, 0600);
	if (fd < 0)
		return -errno;
	n = write(fd, text, bytes);
	if (n != (ssize_t)bytes)
		code = n < 0 ? -errno : -ENOSPC;
	else if (replace && renameat(dirfd, temporary, dirfd, name) < 0)
		code = -errno;
	if (code < 0)
		unlinkat(dirfd, file, 0);
	return code;
}

int record_save(const struct record *r, int dirfd, const char *name,
		bool replace)
{
	char text[RECORD_MAX];

	memcpy(text, r->text, r->used);
	memcpy(text + r->used, RECORD_END, sizeof(RECORD_END) - 1);
	return r->error ? r->error
			: record_write(dirfd, name, text,
				       r->used + sizeof(RECORD_END) - 1,
				       replace);
}

/*
 * Splits the text of n bytes, less than RECORD_MAX, into its lines.
 * Return: 0, or -EBADMSG when it is not complete.
 */
static int record_parse(struct record *r, size_t n)
{
	const size_t tail = sizeof(RECORD_END) - 1;

	if (n <= tail || memchr(r->text, '\0', n) ||
	    memcmp(r->text + (n - tail), RECORD_END, tail) != 0 ||
	    r->text[n - tail - 1] != '\n')
		return -EBADMSG;
	r->used = n - tail;
	r->text[r->used] = '\0';
	r->error = 0;
	for (char *p = r->text; p < r->text + r->used; p++)
		if (*p == '\n')
			*p = '\0';
	return 0;
}

int record_load(struct record *r, int dirfd, const char *name)
{
	_cleanup_close_ int fd =
		openat(dirfd, name,
		       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *id;
	ssize_t n;
	int code;

	if (fd < 0)
		return -errno;
	code = record_boot_id(&id);
	if (code < 0)
		return code;
	n = read(fd, r->text, sizeof(r->text) - 1);
	if (n < 0)
		return -errno;
	code = record_parse(r, (size_t)n);
	if (code < 0)
		return code;
	return strcmp(record_get(r, "boot"), id) == 0 ? 0 : -ESTALE;
}

int record_find(struct record *r, int dirfd, const char *name)
{
	int code = record_load(r, dirfd, name);

	return code == -ESTALE || code == -EBADMSG || code == -ELOOP ||
			       code == -EISDIR
		       ? ABSENT
		       : answer_of(code);
}

int record_remove(int dirfd, const char *name)
{
	return unlinkat(dirfd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

const char *record_get(struct record *r, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = r->text; p < r->text + r->used; p += strlen(p) + 1)
		if (strncmp(p, key, n) == 0 && p[n] == ' ')
			return p + n + 1;
	return "";
}

uint64_t record_get_number(struct record *r, const char *key)
{
	return strtoull(record_get(r, key), NULL, 10);
}

/* --- fields --- */

/* bool has one byte, as no other number here has. */
static uint64_t number_get(const void *member, size_t size)
{
	return size == sizeof(bool)	  ? *(const bool *)member
	       : size == sizeof(uint32_t) ? *(const uint32_t *)member
					  : *(const uint64_t *)member;
}

static void number_set(void *member, size_t size, uint64_t value)
{
	if (size == sizeof(bool))
		*(bool *)member = value;
	else if (size == sizeof(uint32_t))
		*(uint32_t *)member = (uint32_t)value;
	else
		*(uint64_t *)member = value;
}

static void record_add_addresses(struct record *r, const char *key,
				 const struct inet_prefix *items, size_t n)
{
	char text[1024] = "", address[INET_PREFIX_STR];
	size_t used = 0;

	for (size_t k = 0; k < n && used < sizeof(text) - INET_PREFIX_STR;
	     k++) {
		inet_address_format(&items[k], address);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s ", address);
	}
	record_add(r, key, "%s", text);
}

/* Return: how many. */
static size_t record_get_addresses(struct record *r, const char *key,
				   struct inet_prefix *ret, size_t max)
{
	char text[RECORD_MAX], *rest = text, *word;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", record_get(r, key));
	while ((word = strsep(&rest, " ")) && n < max)
		if (*word && inet_prefix_parse(word, &ret[n]) == 0)
			n++;
	return n;
}

void record_add_fields(struct record *r, const struct record_field *fields,
		       size_t n, const void *from)
{
	char text[INET_PREFIX_STR];

	for (const struct record_field *f = fields; f < fields + n; f++) {
		const void *member = (const char *)from + f->offset;
		const void *count = (const char *)from + f->count;

		switch (f->type) {
		case RECORD_TEXT:
			record_add(r, f->key, "%s", (const char *)member);
			break;
		case RECORD_NUMBER:
			record_add(r, f->key, "%" PRIu64,
				   number_get(member, f->size));
			break;
		case RECORD_PREFIX:
			if (((const struct inet_prefix *)member)->family ==
			    AF_UNSPEC)
				break;
			inet_prefix_format(member, text);
			record_add(r, f->key, "%s", text);
			break;
		case RECORD_ADDRESSES:
			record_add_addresses(r, f->key, member,
					     *(const size_t *)count);
			break;
		}
	}
}

void record_get_fields(struct record *r, const struct record_field *fields,
		       size_t n, void *to)
{
	for (const struct record_field *f = fields; f < fields + n; f++) {
		void *member = (char *)to + f->offset;
		void *count = (char *)to + f->count;

		switch (f->type) {
		case RECORD_TEXT:
			snprintf(member, f->size, "%s", record_get(r, f->key));
			break;
		case RECORD_NUMBER:
			number_set(member, f->size,
				   record_get_number(r, f->key));
			break;
		case RECORD_PREFIX:
			inet_prefix_parse(record_get(r, f->key), member);
			break;
		case RECORD_ADDRESSES:
			*(size_t *)count =
				record_get_addresses(r, f->key, member,
						     f->size /
							     sizeof(struct
								    inet_prefix));
			break;
		}
	}
}

/* --- directories --- */

int record_each(int dirfd, int (*each)(void *data, const char *name),
		void *data)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry = NULL;
	int r = dir ? 0 : -errno;

	if (!dir) {
		close_fd(fd);
		return r;
	}
	do {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			r = -errno;
		else if (entry->d_name[0] != '.')
			r = each(data, entry->d_name);
		else if (entry->d_name[1] && entry->d_name[1] != '.')
			/* The temporary file of a daemon that was killed. */
			record_remove(dirfd, entry->d_name);
	} while (entry && r == 0);
	closedir(dir);
	return r;
}

struct record_clear {
	int (*remove)(void *data, const char *name);
	void *data;
	int error;
};

static int clear_one(void *data, const char *name)
{
	struct record_clear *c = data;
	int r = c->remove(c->data, name);

	c->error = c->error ? c->error : r;
	return 0;
}

int record_clear(int dirfd, int (*remove)(void *data, const char *name),
		 void *data)
{
	struct record_clear c = {remove, data, 0};
	int r = record_each(dirfd, clear_one, &c);

	return r < 0 ? r : c.error;
}

struct record_sweep {
	bool (*known)(void *data, const char *name);
	void *data;
	int dirfd;
};

static int sweep_one(void *data, const char *name)
{
	const struct record_sweep *s = data;

	return s->known(s->data, name) ? 0 : record_remove(s->dirfd, name);
}

int record_sweep(int dirfd, bool (*known)(void *data, const char *name),
		 void *data)
{
	struct record_sweep s = {known, data, dirfd};

	return record_clear(dirfd, sweep_one, &s);
}
