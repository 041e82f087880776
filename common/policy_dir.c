/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drop-in directory: is it root's, and which files of it count. */
#include "policy_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define DIR_SUFFIX  ".d"
#define FILE_SUFFIX ".conf"
#define DROPINS_MAX 1024
#define DIR_FLAGS   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int name_compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static bool name_counts(const char *name)
{
	size_t len = strlen(name), suffix = strlen(FILE_SUFFIX);

	return name[0] != '.' && len > suffix &&
	       !strcmp(name + len - suffix, FILE_SUFFIX);
}

static int name_add(struct policy_dir *dir, const char *name)
{
	char **grown;

	if (!(dir->n & (dir->n - 1))) {
		grown = realloc(dir->names,
				(dir->n ? dir->n * 2 : 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		dir->names = grown;
	}
	dir->names[dir->n] = strdup(name);
	if (!dir->names[dir->n])
		return -ENOMEM;
	dir->n++;
	return 0;
}

static int names_read(struct policy_dir *dir, const char *path, DIR *stream,
		      struct note_book *book, struct error *err)
{
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			break;
		if (!name_counts(entry->d_name))
			continue;
		if (dir->n == DROPINS_MAX) {
			note_error(book, path, 0,
				   "more than %d files; join some of them",
				   DROPINS_MAX);
			return 0;
		}
		if (name_add(dir, entry->d_name) < 0)
			return error_set(err, -ENOMEM, "%s: out of memory",
					 path);
	}
	if (errno)
		return error_set(err, -errno, "%s: cannot be read: %m", path);
	if (dir->n > 1)
		qsort(dir->names, dir->n, sizeof(*dir->names), name_compare);
	return 0;
}

static void note_dir(struct note_book *book, const char *path,
		     const struct stat *st)
{
	if (st->st_uid != 0)
		note_error(book, path, 0,
			   "the directory belongs to uid %u; it must belong "
			   "to root (chown root)",
			   (unsigned int)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		note_error(book, path, 0,
			   "the directory can be written by others than root "
			   "(mode %04o; chmod go-w)",
			   (unsigned int)(st->st_mode & 07777));
}

int policy_dir_open(const char *path, struct note_book *book,
		    struct policy_dir *ret, struct error *err)
{
	struct policy_dir dir = {.fd = -EBADF};
	_cleanup_close_ int fd = -EBADF;
	char name[PATH_MAX];
	struct stat st;
	DIR *stream;
	int r;

	*ret = dir;
	if (snprintf(name, sizeof(name), "%s" DIR_SUFFIX, path) >=
	    (int)sizeof(name))
		return error_set(err, -ENAMETOOLONG, "%s: too long a path",
				 path);
	fd = open(name, DIR_FLAGS);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR)) {
		note_error(book, name, 0,
			   "it is not a directory; drop-ins belong into one "
			   "(and not behind a symbolic link)");
		return 0;
	}
	if (fd < 0)
		return error_set(err, -errno, "%s: cannot be opened: %m", name);
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "%s: fstat: %m", name);
	note_dir(book, name, &st);

	dir.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (dir.fd < 0)
		return error_set(err, -errno, "%s: dup: %m", name);
	stream = fdopendir(fd);
	if (!stream) {
		r = error_set(err, -errno, "%s: cannot be read: %m", name);
	} else {
		take_fd(&fd);
		r = names_read(&dir, name, stream, book, err);
		closedir(stream);
	}
	if (r < 0) {
		policy_dir_close(&dir);
		return r;
	}
	*ret = dir;
	return 0;
}

void policy_dir_close(struct policy_dir *dir)
{
	for (size_t n = 0; n < dir->n; n++)
		free(dir->names[n]);
	free(dir->names);
	*dir = (struct policy_dir){.fd = close_fd(dir->fd)};
}
