/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

#define RECORD_END  "end\n"
#define BOOT_ID_MAX 40

/* The kernel's random name for this boot (random(4)); read once. */
static const char *record_boot_id(void)
{
	static char id[BOOT_ID_MAX];

	if (!id[0]) {
		_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id",
					      O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, id, sizeof(id) - 1);

		id[n > 0 ? n : 0] = '\0';
		id[strcspn(id, "\n")] = '\0';
	}
	return id[0] ? id : "unknown";
}

void record_begin(struct record *r)
{
	r->used = 0;
	r->overflow = false;
	record_add(r, "boot", "%s", record_boot_id());
}

void record_add(struct record *r, const char *key, const char *format, ...)
{
	const size_t room = sizeof(r->text) - sizeof(RECORD_END);
	char *at = r->text + r->used;
	size_t left = room - r->used;
	va_list args;
	int n, m;

	n = snprintf(at, left, "%s ", key);
	if (r->overflow || n < 0 || (size_t)n >= left) {
		r->overflow = true;
		return;
	}
	va_start(args, format);
	m = vsnprintf(at + n, left - (size_t)n, format, args);
	va_end(args);
	if (m < 0 || (size_t)(n + m) + 1 >= left) {
		r->overflow = true;
		return;
	}
	/* A value out of a login (PAM_TTY, PAM_RHOST) must not begin a line. */
	for (char *p = at + n; (p = memchr(p, '\n', (size_t)(at + n + m - p)));)
		*p = ' ';
	at[n + m] = '\n';
	r->used += (size_t)(n + m) + 1;
}

int record_save(const struct record *r, int dirfd, const char *name,
		bool replace)
{
	_cleanup_close_ int fd = -EBADF;
	char temporary[280], text[RECORD_MAX];
	ssize_t n;

	if (r->overflow)
		return -E2BIG;
	memcpy(text, r->text, r->used);
	memcpy(text + r->used, RECORD_END, sizeof(RECORD_END) - 1);
	snprintf(temporary, sizeof(temporary), ".%s", name);
	fd = openat(dirfd, replace ? temporary : name,
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			    (replace ? O_TRUNC : O_EXCL),
		    0600);
	if (fd < 0)
		return -errno;
	n = write(fd, text, r->used + sizeof(RECORD_END) - 1);
	if (n != (ssize_t)(r->used + sizeof(RECORD_END) - 1)) {
		int code = n < 0 ? -errno : -ENOSPC;

		unlinkat(dirfd, replace ? temporary : name, 0);
		return code;
	}
	if (replace && renameat(dirfd, temporary, dirfd, name) < 0)
		return -errno;
	return 0;
}

int record_load(struct record *r, int dirfd, const char *name)
{
	_cleanup_close_ int fd = openat(
		dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const size_t tail = sizeof(RECORD_END) - 1;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, r->text, sizeof(r->text) - 1);
	if (n < 0)
		return -errno;
	if ((size_t)n <= tail || memchr(r->text, '\0', (size_t)n) ||
	    memcmp(r->text + n - tail, RECORD_END, tail) != 0 ||
	    r->text[(size_t)n - tail - 1] != '\n')
		return -EBADMSG;
	r->used = (size_t)n - tail;
	r->text[r->used] = '\0';
	r->overflow = false;
	for (char *p = r->text; p < r->text + r->used; p++)
		if (*p == '\n')
			*p = '\0';
	if (strcmp(record_get(r, "boot"), record_boot_id()) != 0)
		return -ESTALE;
	return 0;
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

int record_each(int dirfd, void (*each)(void *data, const char *name),
		void *data)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		int r = -errno;

		close_fd(fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			each(data, entry->d_name);
		else if (entry->d_name[1] && entry->d_name[1] != '.')
			/* The temporary file of a helper that was killed. */
			unlinkat(dirfd, entry->d_name, 0);
	}
	closedir(dir);
	return 0;
}
