/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drop-in directory: its owner and mode, and its ".conf" files. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"

#define DIR_SUFFIX  ".d"
#define FILE_SUFFIX ".conf"
#define DROPINS_MAX 1024
#define DIR_FLAGS   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int name_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int name_counts(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t len = strlen(name), suffix = strlen(FILE_SUFFIX);

	return name[0] != '.' && len > suffix &&
	       !strcmp(name + len - suffix, FILE_SUFFIX);
}

/* Return: the fd; -ENOENT; -EINVAL with an error noted; -errno. */
static int dir_open(const char *path, struct note_book *book, struct error *err)
{
	int fd = open(path, DIR_FLAGS);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return -ENOENT;
	if (errno != ELOOP && errno != ENOTDIR) {
		error_set(err, 0, "%s: cannot be opened: %m", path);
		return errno == EINVAL ? -EIO : -errno; /* -EINVAL is noted */
	}
	note_error(book, path, 0,
		   "it is not a directory; drop-ins must be in a directory that is not a symbolic link");
	return -EINVAL;
}

static int dir_list(struct policy_dir *dir, const char *path,
		    struct note_book *book, struct error *err)
{
	int n = scandirat(dir->fd, ".", &dir->files, name_counts, name_compare);

	if (n < 0)
		return error_set(err, -errno, "%s: cannot be read: %m", path);
	dir->n = (size_t)n;
	if (n > DROPINS_MAX)
		note_error(book, path, 0,
			   "more than %d files; join some of them",
			   DROPINS_MAX);
	return 0;
}

int policy_dir_open(const char *path, struct note_book *book,
		    struct policy_dir *ret, struct error *err)
{
	struct policy_dir dir = {.fd = -EBADF};
	char name[PATH_MAX];
	struct stat st;
	int r;

	*ret = dir;
	if (snprintf(name, sizeof(name), "%s" DIR_SUFFIX, path) >=
	    (int)sizeof(name))
		return error_set(err, -ENAMETOOLONG, "%s: too long a path",
				 path);
	dir.fd = dir_open(name, book, err);
	if (dir.fd < 0)
		return dir.fd == -ENOENT || dir.fd == -EINVAL ? 0 : dir.fd;
	if (fstat(dir.fd, &st) < 0) {
		r = error_set(err, -errno, "%s: fstat: %m", name);
	} else {
		policy_file_check_owner(name, &st, "directory", false, book);
		r = dir_list(&dir, name, book, err);
	}
	if (r < 0)
		policy_dir_close(&dir);
	else
		*ret = dir;
	return r;
}

void policy_dir_close(struct policy_dir *dir)
{
	for (size_t n = 0; n < dir->n; n++)
		free(dir->files[n]);
	free(dir->files);
	*dir = (struct policy_dir){.fd = close_fd(dir->fd)};
}
