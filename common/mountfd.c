/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cleanup.h"

#define LINKS_MAX 16 /* in one path */

int mountfd_open(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));

	fd = fd_above_stdio(fd);
	return fd < 0 ? -errno : fd;
}

int mountfd_attach(int mount, int to)
{
	if (move_mount(mount, "", to, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mountfd_bind(int dir, const char *name, int to)
{
	_cleanup_close_ int tree = fd_above_stdio(
		open_tree(dir, name,
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
				  AT_SYMLINK_NOFOLLOW |
				  (name[0] ? 0 : AT_EMPTY_PATH)));

	if (tree < 0)
		return -errno;
	return mountfd_attach(tree, to);
}

void mountfd_close(const struct mountfd_fs *fs)
{
	close_fd(fs->mount);
	close_fd(fs->context);
}

static int fs_new(const char *type, const char *const (*options)[2],
		  size_t n_options, unsigned int attributes,
		  struct mountfd_fs *fs)
{
	fs->context = fd_above_stdio(fsopen(type, FSOPEN_CLOEXEC));
	if (fs->context < 0)
		return -errno;
	for (size_t i = 0; i < n_options; i++)
		if (fsconfig(fs->context, FSCONFIG_SET_STRING, options[i][0],
			     options[i][1], 0) < 0)
			return -errno;
	if (fsconfig(fs->context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fs->mount =
		fd_above_stdio(fsmount(fs->context, FSMOUNT_CLOEXEC,
				       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					       MOUNT_ATTR_NOEXEC | attributes));
	return fs->mount < 0 ? -errno : 0;
}

int mountfd_tmpfs(struct mountfd_fs *fs)
{
	static const char *const options[][2] = {
		{"source", "netns-pam"},
		{"mode", "0755"},
		{"uid", "0"},
		{"gid", "0"},
		{"size", "1m"},
		{"nr_inodes", "16"},
	};

	return fs_new("tmpfs", options, sizeof(options) / sizeof(*options), 0,
		      fs);
}

int mountfd_sysfs(bool read_only, struct mountfd_fs *fs)
{
	return fs_new("sysfs", NULL, 0, read_only ? MOUNT_ATTR_RDONLY : 0, fs);
}

int mountfd_seal(const struct mountfd_fs *fs)
{
	if (fsconfig(fs->context, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
	    fsconfig(fs->context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return -errno;
	return 0;
}

/*
 * A write beyond RLIMIT_FSIZE would send SIGXFSZ to the host process: the limit
 * is checked first.
 */
int mountfd_create(int dir, const char *name, const char *text)
{
	size_t length = strlen(text), done = 0;
	_cleanup_close_ int fd = -EBADF;
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
		return -errno;
	if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < length)
		return -EFBIG;
	fd = fd_above_stdio(openat(dir, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					   O_CLOEXEC | O_NOCTTY,
				   0644));
	if (fd < 0 || fchown(fd, 0, 0) < 0 || fchmod(fd, 0644) < 0)
		return -errno;
	while (done < length) {
		ssize_t n = write(fd, text + done, length - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

ssize_t mountfd_read_bytes(int fd, void *buf, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = read(fd, (char *)buf + done, bytes - done);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

int mountfd_read(int fd, char **ret)
{
	_cleanup_free_ char *text = malloc(MOUNTFD_TEXT_MAX + 1);
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = mountfd_read_bytes(fd, text, MOUNTFD_TEXT_MAX + 1);
	if (n < 0)
		return (int)n;
	if ((size_t)n > MOUNTFD_TEXT_MAX)
		return -EFBIG;
	text[n] = '\0';
	if (strlen(text) != (size_t)n)
		return -EINVAL;
	*ret = take_ptr(text);
	return 0;
}

/* Splits an absolute path into canonical directory and name. */
static int path_split(const char *path, struct mountfd_target *t)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	size_t length;

	if (!slash || !slash[1] || strlen(slash + 1) >= sizeof(t->base) ||
	    strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
		return -EINVAL;
	length = slash == path ? 1 : (size_t)(slash - path);
	if (length >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, length);
	dir[length] = '\0';
	if (!realpath(dir, t->dir))
		return -errno;
	memcpy(t->base, slash + 1, strlen(slash + 1) + 1);
	return 0;
}

static int path_concat(const char *dir, const char *name,
		       char ret[static PATH_MAX])
{
	if (strlen(dir) + 1 + strlen(name) >= PATH_MAX)
		return -ENAMETOOLONG;
	stpcpy(stpcpy(stpcpy(ret, dir), "/"), name);
	return 0;
}

int mountfd_path(const struct mountfd_target *t, char ret[static PATH_MAX])
{
	return path_concat(strcmp(t->dir, "/") == 0 ? "" : t->dir, t->base,
			   ret);
}

bool mountfd_only_roots(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static bool is_stop(const char *dir, const char *const *stops)
{
	for (; stops && *stops; stops++)
		if (strcmp(dir, *stops) == 0)
			return true;
	return false;
}

/*
 * One step: splits `now` into *ret. Return: 1 when it is a link, with its
 * target in `now`; 0 at the end; -errno.
 */
static int link_follow(char now[static PATH_MAX], const char *const *stops,
		       struct mountfd_target *ret)
{
	char link[PATH_MAX];
	struct stat st;
	ssize_t n;
	int r = path_split(now, ret);

	if (r == 0)
		r = mountfd_path(ret, now);
	if (r < 0)
		return r;
	if (is_stop(ret->dir, stops))
		return 0;
	n = readlink(now, link, sizeof(link) - 1);
	if (n < 0)
		return errno == EINVAL || errno == ENOENT ? 0 : -errno;
	if (stat(ret->dir, &st) < 0)
		return -errno;
	if (!mountfd_only_roots(&st))
		return -EPERM;
	link[n] = '\0';
	if (link[0] != '/') {
		r = path_concat(ret->dir, link, now);
		return r < 0 ? r : 1;
	}
	memcpy(now, link, (size_t)n + 1);
	return 1;
}

int mountfd_follow(const char *path, const char *const *stops,
		   struct mountfd_target *ret, struct error *err)
{
	char now[PATH_MAX];

	if (strlen(path) >= sizeof(now))
		return error_set(err, -ENAMETOOLONG, "%s is too long", path);
	memcpy(now, path, strlen(path) + 1);
	for (int i = 0; i < LINKS_MAX; i++) {
		int r = link_follow(now, stops, ret);

		if (r == 0)
			return 0;
		if (r == -ENOENT || r == -ENOTDIR)
			return error_set(err, r,
					 "%s leads to %s, whose directory does not exist: correct the link",
					 path, now);
		if (r == -EPERM)
			return error_set(err, r,
					 "%s leads through the link %s, which users other than root can change",
					 path, now);
		if (r < 0)
			return error_set(err, r, "cannot follow %s: %m", path);
	}
	return error_set(err, -ELOOP, "%s leads through too many links", path);
}

int mountfd_target(const struct mountfd_target *t, bool create,
		   struct error *err)
{
	_cleanup_close_ int dir =
		mountfd_open(AT_FDCWD, t->dir, O_PATH | O_DIRECTORY);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	if (dir < 0)
		return error_set(err, dir, "%s cannot be opened: %m", t->dir);
	fd = mountfd_open(dir, t->base, O_PATH | O_NOFOLLOW);
	if (fd == -ENOENT && create) {
		r = mountfd_create(dir, t->base, "");
		if (r < 0 && r != -EEXIST)
			return error_set(err, r,
					 "cannot create %s/%s, which is missing: %m",
					 t->dir, t->base);
		fd = mountfd_open(dir, t->base, O_PATH | O_NOFOLLOW);
	}
	if (fd < 0)
		return error_set(err, fd, "%s/%s cannot be opened: %m", t->dir,
				 t->base);
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "%s/%s: %m", t->dir, t->base);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL,
				 "cannot mount over %s/%s: it is not a regular file",
				 t->dir, t->base);
	return take_fd(&fd);
}
