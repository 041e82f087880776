/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "root_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mountfd.h"

static int check(const char *path, const struct stat *st, bool secret,
		 struct error *err)
{
	const char *holds = secret ? "holds a private key and " : "";
	unsigned int mode = (unsigned int)st->st_mode & 07777;

	if (!S_ISREG(st->st_mode))
		return error_set(err, -EINVAL, "%s is not a regular file",
				 path);
	if (st->st_uid != 0)
		return error_set(err, -EPERM,
				 "%s %sbelongs to uid %u: chown root %s", path,
				 holds, (unsigned int)st->st_uid, path);
	if (secret && mode & 077)
		return error_set(err, -EPERM,
				 "%s %shas mode %04o, so that others than root can get at it: chmod 600 %s",
				 path, holds, mode, path);
	if (mode & 022)
		return error_set(err, -EPERM,
				 "%s has mode %04o, so that others than root can write it: chmod go-w %s",
				 path, mode, path);
	return 0;
}

int root_file_check_directories(const char *path, const char *name,
				struct error *err)
{
	char dir[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s", name);
	for (char *at = strrchr(dir, '/'); at;
	     at = at == dir ? NULL : strrchr(dir, '/')) {
		at[at == dir] = '\0'; /* "/" stays */
		if (stat(dir, &st) < 0 && errno == EACCES)
			continue; /* the next one is the reason */
		if (stat(dir, &st) < 0)
			return 0; /* open(2) will report it */
		/* In a sticky one, only root removes root's files. */
		if (st.st_uid != 0 ||
		    (st.st_mode & 022 && !(st.st_mode & S_ISVTX)))
			return error_set(err, -EPERM,
					 "%s: others than root can replace files in the directory %s: chown root and chmod go-w it, or use another directory",
					 path, dir);
	}
	return 0;
}

/* The path as it is given, and without symbolic links. */
static int check_ways(const char *path, struct error *err)
{
	char real[PATH_MAX] = "";
	int r = root_file_check_directories(path, path, err);

	/* On EACCES it returns the prefix that cannot be searched. */
	return r == 0 && (realpath(path, real) || errno == EACCES)
		       ? root_file_check_directories(path, real, err)
		       : r;
}

int root_file_read(const char *path, bool secret, size_t max, const char *what,
		   struct root_file *ret, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
						    O_NOCTTY | O_CLOEXEC);
	struct root_file file = {.room = max};
	ssize_t n;
	int r;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, -ELOOP,
				 "%s is a symbolic link: name the file itself",
				 path);
	/* Without CAP_DAC_OVERRIDE, another owner is the likely reason. */
	if (fd < 0 && errno == EACCES) {
		r = lstat(path, &file.st) == 0
			    ? check(path, &file.st, secret, err)
			    : 0;
		if (r < 0 || check_ways(path, err) < 0)
			return -EPERM;
		errno = EACCES;
	}
	if (fd < 0)
		return error_set(err, -errno, "cannot open %s: %m", path);
	if (fstat(fd, &file.st) < 0)
		return error_set(err, -errno, "cannot stat %s: %m", path);
	r = check(path, &file.st, secret, err);
	if (r == 0)
		r = check_ways(path, err);
	if (r < 0)
		return r;
	if ((size_t)file.st.st_size > max)
		return error_set(err, -EFBIG,
				 "%s is larger than %zu bytes: this is no %s",
				 path, max, what);
	file.text = calloc(1, max + 1);
	if (!file.text)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	n = mountfd_read_bytes(fd, file.text, max);
	r = n < 0 ? (int)n : 0;
	file.bytes = n < 0 ? 0 : (size_t)n;
	if (r < 0) {
		root_file_clear(&file);
		return error_set(err, r, "cannot read %s: %m", path);
	}
	*ret = file;
	return 0;
}

void root_file_clear(struct root_file *file)
{
	if (file->text)
		explicit_bzero(file->text, file->room);
	free(file->text);
	file->text = NULL;
}
