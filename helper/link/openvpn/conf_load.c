/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads an OpenVPN configuration and checks owner and mode of its keys. */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "helper/base/root_file.h"

/* Only root may read a key in the file, or in a file that it names. */
static int check_secrets(const char *path, const struct stat *st,
			 const struct openvpn_conf *conf, struct error *err)
{
	_cleanup_close_ int dir =
		open(conf->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (conf->secret_line && st->st_mode & 077)
		return error_set(err, -EPERM,
				 "%s:%u: the file has mode %04o, so users other than root can read the key in it: chmod 600 %s",
				 path, conf->secret_line,
				 (unsigned int)st->st_mode & 07777, path);
	for (size_t n = 0; n < conf->n_files; n++) {
		const struct openvpn_file *secret = &conf->files[n];
		struct stat key;

		if (!secret->secret)
			continue;
		if (fstatat(dir, secret->path, &key, 0) < 0)
			return error_set(err, -errno, "%s:%u: %s: %m", path,
					 secret->line, secret->path);
		if (!S_ISREG(key.st_mode))
			return error_set(err, -EINVAL,
					 "%s:%u: %s is not a regular file",
					 path, secret->line, secret->path);
		if (key.st_uid != 0 || key.st_mode & 077)
			return error_set(err, -EPERM,
					 "%s:%u: users other than root can read %s: chown root and chmod 600 it",
					 path, secret->line, secret->path);
	}
	return 0;
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
	struct openvpn_conf *conf = NULL;
	struct root_file file;
	int r = root_file_read(path, false, OPENVPN_CONF_BYTES_MAX,
			       "configuration of OpenVPN", &file, err);

	if (r < 0)
		return r;
	r = openvpn_conf_parse(path, file.text, file.bytes, &conf, err);
	root_file_clear(&file);
	if (r < 0 || !conf)
		return r;
	conf->dir = directory_of(path);
	if (!conf->dir)
		r = error_set(err, -ENOMEM, "%s: out of memory", path);
	else
		r = check_secrets(path, &file.st, conf, err);
	if (r < 0)
		openvpn_conf_free(conf);
	else
		*ret = conf;
	return r;
}
