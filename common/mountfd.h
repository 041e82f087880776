/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts and files by descriptor: fsopen(2), open_tree(2), move_mount(2),
 * openat2(2), and the following of a path's links by hand, so that nothing is
 * ever mounted at the end of a link that somebody slipped in. Linux 5.6.
 */
#ifndef NETNS_PAM_COMMON_MOUNTFD_H
#define NETNS_PAM_COMMON_MOUNTFD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "error.h"

#define MOUNTFD_TEXT_MAX ((size_t)64 * 1024) /* bytes of a small text file */

/*
 * Opens what really stands at a path without a link in it (-ELOOP if there is
 * one). Return: fd, CLOEXEC and above 2, or -errno.
 */
int mountfd_open(int dir, const char *path, int flags);

/* Attaches a detached mount to whatever the O_PATH fd `to` is. */
int mountfd_attach(int mount, int to);

/* Binds what is called `name` below `dir` ("": dir itself) over `to`. */
int mountfd_bind(int dir, const char *name, int to);

/* A new file system whose mount is not attached anywhere yet. */
struct mountfd_fs {
	int context, mount;
};
#define MOUNTFD_FS_NONE                                                        \
	{                                                                      \
		-1, -1                                                         \
	}

/* nosuid, nodev, noexec; the caller closes *ret also after a failure. */
int mountfd_sysfs(bool read_only, struct mountfd_fs *ret);
int mountfd_tmpfs(struct mountfd_fs *ret);
void mountfd_close(const struct mountfd_fs *fs);

/* From now on nobody writes to it, through whatever mount. */
int mountfd_seal(const struct mountfd_fs *fs);

/*
 * Creates a file of root's for everybody to read, whatever the caller's umask
 * is. Return: 0, -EEXIST, -EFBIG (RLIMIT_FSIZE), -errno.
 */
int mountfd_create(int dir, const char *name, const char *text);

/*
 * Reads an open regular file as a string, malloc'd.
 * Return: 0, -EFBIG, -EINVAL when there is a NUL in it, -errno.
 */
int mountfd_read(int fd, char **ret);

/* A path that was followed through its links. */
struct mountfd_target {
	char dir[PATH_MAX]; /* canonical */
	char base[NAME_MAX + 1];
};

/*
 * Where does a path lead, through all its links? The last component need not
 * exist, its directory must. A link is followed only out of a directory that
 * is root's alone; and not out of one of the canonical `stops` (NULL ends the
 * list, or is it), where the way ends whatever is there.
 * Return: 0, -errno with a sentence.
 */
int mountfd_follow(const char *path, const char *const *stops,
		   struct mountfd_target *ret, struct error *err);

/* Is this something that only root can have put there? */
bool mountfd_only_roots(const struct stat *st);

/* Writes the target as a path. Return: 0, -ENAMETOOLONG. */
int mountfd_path(const struct mountfd_target *t, char ret[static PATH_MAX]);

/*
 * Opens the regular file to bind over, O_PATH. A missing one is created empty
 * when `create`. Return: fd or -errno with a sentence.
 */
int mountfd_target(const struct mountfd_target *t, bool create,
		   struct error *err);

#endif
