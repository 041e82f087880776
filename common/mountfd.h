/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts and files by descriptor: fsopen(2), open_tree(2), move_mount(2),
 * openat2(2). Links of a path are followed and checked one by one, so that a
 * link planted by a user never decides where something is mounted. Linux 5.6.
 */
#ifndef NETNS_PAM_COMMON_MOUNTFD_H
#define NETNS_PAM_COMMON_MOUNTFD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "error.h"

#define MOUNTFD_TEXT_MAX ((size_t)64 * 1024) /* bytes of a small text file */

/*
 * Opens a path. Return: fd, CLOEXEC and above 2; -ELOOP when there is a link in
 * it; -errno.
 */
int mountfd_open(int dir, const char *path, int flags);

/* Attaches a detached mount over the O_PATH descriptor `to`. */
int mountfd_attach(int mount, int to);

/* Binds `name` below `dir` ("": dir itself) over `to`. */
int mountfd_bind(int dir, const char *name, int to);

/* A new file system, not attached yet. */
struct mountfd_fs {
	int context, mount;
};
#define MOUNTFD_FS_NONE {-1, -1}

/* nosuid, nodev, noexec; mountfd_close() *ret also after a failure. */
int mountfd_sysfs(bool read_only, struct mountfd_fs *ret);
int mountfd_tmpfs(struct mountfd_fs *ret);
void mountfd_close(const struct mountfd_fs *fs);

/* Makes the file system read-only, through all its mounts. */
int mountfd_seal(const struct mountfd_fs *fs);

/*
 * Creates a file of root, mode 0644, whatever the umask. Return: 0, -EEXIST,
 * -EFBIG (RLIMIT_FSIZE), -errno.
 */
int mountfd_create(int dir, const char *name, const char *text);

/* Return: the bytes read, fewer than `bytes` at the end of file; -errno. */
ssize_t mountfd_read_bytes(int fd, void *buf, size_t bytes);

/*
 * Reads an open regular file as a string, malloc'd.
 * Return: 0, -EFBIG, -EINVAL when there is a NUL in it, -errno.
 */
int mountfd_read(int fd, char **ret);

/* A path whose links were followed. */
struct mountfd_target {
	char dir[PATH_MAX]; /* canonical */
	char base[NAME_MAX + 1];
};

/*
 * Follows all links of a path. The last component need not exist, its directory
 * must. A link is followed only in a directory that only root can change, and
 * not in one of the canonical directories `stops` (NULL-terminated, or NULL),
 * where the path ends. Return: 0, -errno with a sentence.
 */
int mountfd_follow(const char *path, const char *const *stops,
		   struct mountfd_target *ret, struct error *err);

/* Is it owned by root, and not writable by group and others? */
bool mountfd_only_roots(const struct stat *st);

/* Writes the target as a path. Return: 0, -ENAMETOOLONG. */
int mountfd_path(const struct mountfd_target *t, char ret[static PATH_MAX]);

/*
 * Opens the regular file to bind over, O_PATH; create: an empty file when it is
 * missing. Return: fd, -errno with a sentence.
 */
int mountfd_target(const struct mountfd_target *t, bool create,
		   struct error *err);

#endif
