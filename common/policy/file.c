/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, checks and reads one file of the policy. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mountfd.h"

#define NOT_REGULAR   "it is %s; the policy must be a regular file"
#define BEING_WRITTEN "%s: it is being written; try again"
#define OPEN_FLAGS    (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/*
 * A read lease is refused (EAGAIN) while a process has the file open for
 * writing, fcntl(2); a later writer waits the microseconds until the lease is
 * released. Breaking a lease raises SIGIO by default, which would kill the host
 * process: SIGURG is ignored by default. If this process is stopped while it
 * holds the lease, a writer waits /proc/sys/fs/lease-break-time seconds (45).
 * Without a lease (EACCES; EINVAL on some file systems) fstat() before and
 * after still detects most writers.
 */
static int lease_take(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) < 0)
		return 0;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN)
		return -EBUSY;
	return 0;
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "not a regular file";
	}
}

void policy_file_check_owner(const char *path, const struct stat *st,
			     const char *what, bool sticky,
			     struct note_book *book)
{
	if (st->st_uid != 0)
		note_error(book, path, 0,
			   "the %s belongs to uid %u; it must belong to root (chown root)",
			   what, (unsigned int)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH) &&
	    !(sticky && st->st_mode & S_ISVTX))
		note_error(book, path, 0,
			   "the %s can be written by %s (mode %04o); only root may (chmod go-w)",
			   what, st->st_mode & S_IWOTH ? "others" : "its group",
			   (unsigned int)(st->st_mode & 07777));
}

static bool stat_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool policy_file_is_text(const char *path, const char *text, size_t bytes,
			 struct note_book *book)
{
	const char *nul = memchr(text, '\0', bytes);
	unsigned int line = 1;

	if (!nul)
		return true;
	for (const char *p = text; p < nul; p++)
		line += *p == '\n';
	note_error(book, path, line,
		   "a NUL byte: this is not a text file, or it is damaged");
	return false;
}

/* Reads the file under the lease and checks that it did not change. */
static int text_read(int fd, const char *path, const struct stat *before,
		     char **ret_text, struct error *err)
{
	size_t bytes = (size_t)before->st_size;
	_cleanup_free_ char *text = calloc(1, bytes + 1);
	struct stat after;
	ssize_t got;

	if (!text)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	got = mountfd_read_bytes(fd, text, bytes);
	if (got < 0)
		return error_set(err, (int)got, "%s: cannot be read: %m", path);
	if (fstat(fd, &after) < 0)
		return error_set(err, -errno, "%s: fstat: %m", path);
	if ((size_t)got != bytes || !stat_same(before, &after))
		return error_set(err, -EBUSY,
				 "%s: it changed while it was read; try again",
				 path);
	*ret_text = take_ptr(text);
	return 0;
}

/*
 * Opens without following a link and without blocking. Return: the fd; -EINVAL
 * with an error noted; -ENOENT; -errno with a sentence.
 */
static int file_open(int dir_fd, const char *name, const char *path,
		     struct note_book *book, struct error *err)
{
	int fd = openat(dir_fd, name, OPEN_FLAGS);
	const char *kind = NULL;

	if (fd >= 0 || errno == ENOENT)
		return fd >= 0 ? fd : -ENOENT;
	if (errno == EWOULDBLOCK) /* a process has a write lease */
		return error_set(err, -EBUSY, BEING_WRITTEN, path);
	if (errno == ELOOP)
		kind = "a symbolic link";
	else if (errno == ENXIO || errno == ENODEV)
		kind = "a socket or a device";
	if (kind) {
		note_error(book, path, 0, NOT_REGULAR, kind);
		return -EINVAL;
	}
	error_set(err, 0, "%s: cannot be opened: %m", path);
	return errno == EINVAL ? -EIO : -errno; /* -EINVAL is noted */
}

/* Notes errors of type, owner, mode and size. Return: can it be read? */
static bool file_check(struct note_book *book, const char *path,
		       const struct stat *st)
{
	if (!S_ISREG(st->st_mode)) {
		note_error(book, path, 0, NOT_REGULAR, type_name(st->st_mode));
		return false;
	}
	policy_file_check_owner(path, st, "file", false, book);
	if (st->st_size <= POLICY_FILE_BYTES_MAX)
		return true;
	note_error(book, path, 0, "it has %lld bytes; the limit is %d",
		   (long long)st->st_size, POLICY_FILE_BYTES_MAX);
	return false;
}

int policy_file_read(int dir_fd, const char *name, const char *path,
		     struct note_book *book, char **ret_text, size_t *ret_bytes,
		     struct error *err)
{
	_cleanup_close_ int fd = file_open(dir_fd, name, path, book, err);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	int r;

	*ret_text = NULL;
	*ret_bytes = 0;
	if (fd < 0)
		return fd == -EINVAL ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "%s: fstat: %m", path);
	if (!file_check(book, path, &st))
		return 0;
	if (lease_take(fd) < 0)
		return error_set(err, -EBUSY, BEING_WRITTEN, path);
	r = text_read(fd, path, &st, &text, err);
	fcntl(fd, F_SETLEASE, F_UNLCK);
	if (r < 0)
		return r;
	if (!text || !policy_file_is_text(path, text, (size_t)st.st_size, book))
		return 0;
	*ret_text = take_ptr(text);
	*ret_bytes = (size_t)st.st_size;
	return 0;
}

void policy_file_check_parents(const char *path, struct note_book *book)
{
	char dir[PATH_MAX];
	size_t len = strlen(path);
	struct stat st;

	if (len >= sizeof(dir))
		return; /* open() says ENAMETOOLONG */
	memcpy(dir, path, len + 1);
	for (size_t n = len; n-- > 0;) {
		if (path[n] != '/' || (n > 0 && path[n - 1] == '/'))
			continue;
		dir[n ? n : 1] = '\0';
		if (stat(dir, &st) == 0)
			policy_file_check_owner(dir, &st, "directory", true,
						book);
	}
}
