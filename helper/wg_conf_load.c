/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration of WireGuard as a file: who can get at the key in it? */
#include "wg_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

static int judge(const char *path, const struct stat *st, struct error *err)
{
	if (!S_ISREG(st->st_mode))
		return error_set(err, -EINVAL, "%s is not a regular file",
				 path);
	if (st->st_uid != 0)
		return error_set(err, -EPERM,
				 "%s holds a private key and belongs to uid "
				 "%u: chown root %s",
				 path, (unsigned int)st->st_uid, path);
	if (st->st_mode & 077)
		return error_set(err, -EPERM,
				 "%s holds a private key and has mode %04o, so "
				 "that others than root can get at it: chmod "
				 "600 %s",
				 path, (unsigned int)st->st_mode & 07777, path);
	if (st->st_size > WG_CONF_BYTES_MAX)
		return error_set(err, -EFBIG,
				 "%s is larger than %d bytes: this is no "
				 "configuration of WireGuard",
				 path, WG_CONF_BYTES_MAX);
	return 0;
}

/* Return: bytes, or -errno. */
static ssize_t read_all(int fd, char *text, size_t room)
{
	size_t got = 0;
	ssize_t n;

	while (got < room && (n = read(fd, text + got, room - got)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int wg_conf_load(const char *path, struct wg_conf **ret, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
						    O_NOCTTY | O_CLOEXEC);
	char *text;
	struct stat st;
	ssize_t n;
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, -ELOOP,
				 "%s is a symbolic link: name the file itself",
				 path);
	/* The helper may not read what is not root's: say that, then. */
	if (fd < 0 && errno == EACCES && lstat(path, &st) == 0 &&
	    judge(path, &st, err) < 0)
		return -EPERM;
	if (fd < 0)
		return error_set(err, -errno, "%s cannot be opened: %m", path);
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "%s: fstat: %m", path);
	r = judge(path, &st, err);
	if (r < 0)
		return r;
	text = calloc(1, WG_CONF_BYTES_MAX + 1);
	if (!text)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	n = read_all(fd, text, WG_CONF_BYTES_MAX);
	if (n < 0)
		r = error_set(err, (int)n, "%s cannot be read: %s", path,
			      strerror((int)-n));
	else
		r = wg_conf_parse(path, text, (size_t)n, ret, err);
	explicit_bzero(text, WG_CONF_BYTES_MAX);
	free(text);
	return r;
}
