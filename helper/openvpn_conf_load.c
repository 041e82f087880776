/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client configuration of OpenVPN as a file: who can get at what is in it? */
#include "openvpn_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
		return error_set(
			err, -EPERM,
			"%s belongs to uid %u; it must belong to root: "
			"chown root %s",
			path, (unsigned int)st->st_uid, path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, -EPERM,
				 "%s has mode %04o, so that others than root "
				 "can write it: chmod go-w %s",
				 path, (unsigned int)st->st_mode & 07777, path);
	if (st->st_size > OPENVPN_CONF_BYTES_MAX)
		return error_set(err, -EFBIG,
				 "%s is larger than %d bytes: this is no "
				 "configuration of OpenVPN",
				 path, OPENVPN_CONF_BYTES_MAX);
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

/* A key in it, or beside it, is for root alone. */
static int judge_secrets(const char *path, const struct stat *st,
			 const struct openvpn_conf *conf, struct error *err)
{
	_cleanup_close_ int dir =
		open(conf->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (conf->secret_line && st->st_mode & 077)
		return error_set(
			err, -EPERM,
			"%s:%u: the file has mode %04o, so that others "
			"than root can read the key in it: chmod 600 "
			"%s",
			path, conf->secret_line,
			(unsigned int)st->st_mode & 07777, path);
	for (size_t n = 0; n < conf->n_secrets; n++) {
		const struct openvpn_secret *secret = &conf->secrets[n];
		struct stat key;

		if (fstatat(dir, secret->path, &key, 0) < 0)
			return error_set(err, -errno, "%s:%u: %s: %m", path,
					 secret->line, secret->path);
		if (!S_ISREG(key.st_mode))
			return error_set(err, -EINVAL,
					 "%s:%u: %s is not a regular file",
					 path, secret->line, secret->path);
		if (key.st_uid != 0 || key.st_mode & 077)
			return error_set(err, -EPERM,
					 "%s:%u: others than root can get at "
					 "%s: chown root and chmod 600 it",
					 path, secret->line, secret->path);
	}
	return 0;
}

/* Never text: it holds keys. */
static char *text_wipe(char *text, size_t bytes)
{
	explicit_bzero(text, bytes);
	free(text);
	return NULL;
}

/* Return: malloc'd, or NULL. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
		     : strdup(".");
}

int openvpn_conf_load(const char *path, struct openvpn_conf **ret,
		      struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
						    O_NOCTTY | O_CLOEXEC);
	struct openvpn_conf *conf = NULL;
	struct stat st;
	char *text;
	ssize_t n;
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, -ELOOP,
				 "%s is a symbolic link: name the file itself",
				 path);
	if (fd < 0)
		return error_set(err, -errno, "%s cannot be opened: %m", path);
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "%s: fstat: %m", path);
	r = judge(path, &st, err);
	if (r < 0)
		return r;
	text = calloc(1, OPENVPN_CONF_BYTES_MAX + 1);
	if (!text)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	n = read_all(fd, text, OPENVPN_CONF_BYTES_MAX);
	if (n < 0)
		r = error_set(err, (int)n, "%s cannot be read: %s", path,
			      strerror((int)-n));
	else
		r = openvpn_conf_parse(path, text, (size_t)n, &conf, err);
	text_wipe(text, OPENVPN_CONF_BYTES_MAX);
	if (r < 0 || !conf)
		return r;
	conf->dir = directory_of(path);
	if (!conf->dir)
		r = error_set(err, -ENOMEM, "%s: out of memory", path);
	else
		r = judge_secrets(path, &st, conf, err);
	if (r < 0)
		openvpn_conf_free(conf);
	else
		*ret = conf;
	return r;
}
