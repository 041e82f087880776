/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "helper/base/log.h"

/* A directory below /proc/PID that each network namespace has its own of. */
#define NETNS_PROC_ENTRY "net/stat"

#define NETNS_LOCK_TRIES     50
#define NETNS_LOCK_PAUSE_NS  20000000
#define NETNS_STALE_TRIES    10
#define NETNS_STALE_PAUSE_NS 5000000

static int netns_stat(int fd, struct netns_id *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
	ret->made_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000u +
		       (uint64_t)st.st_ctim.tv_nsec;
	return 0;
}

bool netns_same(const struct netns_id *a, const struct netns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->made_ns == b->made_ns;
}

/* fd: of the namespace that this thread is in. */
static int netns_own(int fd, struct netns_id *ret)
{
	struct stat st;

	if (stat("/proc/thread-self/" NETNS_PROC_ENTRY, &st) < 0)
		return -errno;
	ret->proc_inode = st.st_ino;
	return netns_stat(fd, ret);
}

int netns_host_open(struct netns_host *ret, struct error *err)
{
	_cleanup_close_ int net =
		open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int mnt =
		open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int r;

	if (net < 0 || mnt < 0)
		return error_set(err, -errno,
				 "cannot open /proc/self/ns: %m (is /proc mounted?)");
	r = netns_own(net, &ret->id);
	if (r < 0)
		return error_set(err, r, "cannot read /proc/self/net: %m");
	ret->fd = take_fd(&net);
	ret->mntns_fd = take_fd(&mnt);
	return 0;
}

/*
 * A daemon that cannot return would serve later logins from the wrong
 * namespace: it ends, the service manager starts another one, and no session is
 * affected.
 */
static void netns_return(const struct netns_host *host)
{
	if (setns(host->fd, CLONE_NEWNET) == 0)
		return;
	log_error("cannot return to the host's network namespace: %s",
		  strerror(errno));
	_exit(1);
}

int netns_visit(const struct netns_host *host, int fd,
		int (*visit)(void *data, struct error *err), void *data,
		int *ret_fd, struct netns_id *ret_id, struct error *err)
{
	_cleanup_close_ int fresh = -EBADF;
	struct netns_id id = {0};
	int r = 0;

	if ((fd >= 0 ? setns(fd, CLONE_NEWNET) : unshare(CLONE_NEWNET)) < 0)
		return error_set(err, -errno,
				 "cannot %s a network namespace: %m",
				 fd >= 0 ? "enter" : "make");
	if (fd < 0) {
		fresh = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		r = fresh < 0 ? -errno : netns_own(fresh, &id);
		if (r < 0)
			error_set(err, r,
				  "cannot open the new network namespace: %m");
	}
	if (r == 0)
		r = visit(data, err);
	netns_return(host);
	if (r == 0 && fd < 0) {
		*ret_fd = take_fd(&fresh);
		*ret_id = id;
	}
	return r;
}

/* --- names --- */

static int netns_path(const char *dir, const char *name,
		      char ret[static PATH_MAX], struct error *err)
{
	int n = snprintf(ret, PATH_MAX, "%s/%s", dir, name);

	return n >= 0 && n < PATH_MAX
		       ? 0
		       : error_set(err, -ENAMETOOLONG, "%s/%s: %m", dir, name);
}

/* The lock of ip-netns(8). Return: fd, -EBUSY, -errno. */
static int netns_lock(const char *dir)
{
	const struct timespec pause = {.tv_nsec = NETNS_LOCK_PAUSE_NS};
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < NETNS_LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return take_fd(&fd);
		nanosleep(&pause, NULL);
	}
	log_warning("cannot lock %s: another process holds the lock", dir);
	return -EBUSY;
}

int netns_prepare_dir(const char *dir, struct error *err)
{
	_cleanup_close_ int lock = -EBADF;
	int r = 0;

	if (mkdir(dir, 0755) == 0)
		r = chmod(dir, 0755) < 0 ? -errno : 0;
	else if (errno != EEXIST)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "cannot make %s: %m", dir);
	lock = netns_lock(dir);
	if (lock < 0 && lock != -EBUSY)
		return error_set(err, lock, "cannot open %s: %m", dir);
	if (mount("", dir, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	if (errno != EINVAL)
		return error_set(err, -errno, "cannot share %s: %m", dir);
	/*
	 * Not a mount point yet. Private before shared: the bind mount begins
	 * in the peer group of its parent, and each name would be mounted
	 * twice.
	 */
	if (mount(dir, dir, "none", MS_BIND | MS_REC, NULL) < 0)
		return error_set(err, -errno, "cannot bind %s: %m", dir);
	if (mount("", dir, "none", MS_PRIVATE, NULL) < 0 ||
	    mount("", dir, "none", MS_SHARED | MS_REC, NULL) < 0) {
		r = error_set(err, -errno, "cannot make %s a shared mount: %m",
			      dir);
		umount2(dir, MNT_DETACH);
	}
	return r;
}

/* Why the path is no namespace. Return: -ENOENT for a plain file, -EEXIST. */
static int netns_is_none(const char *path, const struct stat *st,
			 struct error *err)
{
	if (S_ISREG(st->st_mode) && st->st_size == 0)
		return error_set(err, -ENOENT,
				 "%s is a plain file, and no namespace is mounted on it",
				 path);
	return error_set(err, -EEXIST,
			 "%s is not a network namespace but a %s: move it away",
			 path,
			 S_ISREG(st->st_mode)	? "file with contents"
			 : S_ISDIR(st->st_mode) ? "directory"
			 : S_ISLNK(st->st_mode) ? "symbolic link"
						: "special file");
}

int netns_open(const char *dir, const char *name, int *ret_fd,
	       struct netns_id *ret_id, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_MAX];
	struct statfs fs;
	struct stat st;
	int r = netns_path(dir, name, path, err), type;

	if (r < 0)
		return r;
	/* Before open(2): a FIFO or a device must not be opened. */
	if (lstat(path, &st) < 0)
		return error_set(err, -errno, "%s: %m", path);
	if (!S_ISREG(st.st_mode))
		return netns_is_none(path, &st, err);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	/* ip-netns(8) makes its mount points with mode 0. */
	if (fd < 0 && errno == EACCES)
		return netns_is_none(path, &st, err);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return error_set(err, -errno, "%s: %m", path);
	if (fs.f_type != NSFS_MAGIC)
		return netns_is_none(path, &st, err);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return error_set(err, -errno, "%s: %m", path);
	if (type != CLONE_NEWNET)
		return error_set(err, -EEXIST,
				 "%s is a namespace, but no network namespace: unmount it",
				 path);
	r = netns_stat(fd, ret_id);
	if (r < 0)
		return error_set(err, r, "%s: %m", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

int netns_find(const char *dir, const char *name, const struct netns_id *id,
	       int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	int r = netns_open(dir, name, &fd, &there, NULL);

	if (r == -EEXIST || (r == 0 && !netns_same(&there, id)))
		return ABSENT;
	if (r == 0 && ret_fd)
		*ret_fd = take_fd(&fd);
	return answer_of(r);
}

/*
 * `ip netns add` makes a plain file before it mounts on it: only one that stays
 * plain for 50 ms is stale. Return: 0 when it was stale, and is removed;
 * -EEXIST with a sentence.
 */
static int netns_replace_stale(const char *dir, const char *name,
			       const char *path, struct error *err)
{
	const struct timespec pause = {.tv_nsec = NETNS_STALE_PAUSE_NS};

	for (int i = 0; i < NETNS_STALE_TRIES; i++) {
		_cleanup_close_ int other = -EBADF;
		struct netns_id id;
		int r = netns_open(dir, name, &other, &id, err);

		if (r == 0)
			return error_set(err, -EEXIST,
					 "%s is in use: another program has just made it; try again",
					 path);
		if (r != -ENOENT)
			return r;
		if (access(path, F_OK) < 0 && errno == ENOENT)
			return 0;
		nanosleep(&pause, NULL);
	}
	log_warning("%s was a plain file that no namespace was mounted on: replaced",
		    path);
	return unlink(path) < 0 && errno != ENOENT
		       ? error_set(err, -errno, "cannot remove %s: %m", path)
		       : 0;
}

int netns_publish(const char *dir, const char *name, int fd, struct error *err)
{
	const int flags = O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	_cleanup_close_ int file = -EBADF;
	char path[PATH_MAX], self[64];
	int r = netns_path(dir, name, path, err);

	if (r < 0)
		return r;
	file = open(path, flags, 0);
	if (file < 0 && errno == EEXIST) {
		r = netns_replace_stale(dir, name, path, err);
		if (r < 0)
			return r;
		file = open(path, flags, 0);
	}
	if (file < 0)
		return error_set(err, -errno, "cannot make %s: %m", path);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (mount(self, path, "none", MS_BIND, NULL) < 0) {
		r = -errno;
		unlink(path);
		return error_set(err, r, "cannot mount the namespace at %s: %m",
				 path);
	}
	return 0;
}

int netns_unpublish(const char *dir, const char *name,
		    const struct netns_id *id)
{
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there = {0};
	char path[PATH_MAX];
	int r = netns_path(dir, name, path, NULL);

	if (r < 0)
		return r;
	r = netns_open(dir, name, &fd, &there, NULL);
	fd = close_fd(take_fd(&fd));
	if (r < 0 && r != -ENOENT)
		return r;
	/* -ENOENT is also a plain file that no namespace is mounted on. */
	if (r < 0 && access(path, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (r == 0 && (!id || !netns_same(&there, id)))
		return -EEXIST;
	if (r == 0 && umount2(path, MNT_DETACH) < 0)
		return -errno;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int netns_scan(bool (*found)(void *data, pid_t pid, uint64_t proc_inode),
	       void *data)
{
	DIR *proc = opendir("/proc");
	bool more = true;
	int r = 0;

	if (!proc)
		return -errno;
	/* hidepid= in the mount options hides processes, PID 1 among them. */
	if (faccessat(dirfd(proc), "1/" NETNS_PROC_ENTRY, F_OK, 0) < 0)
		r = errno == ENOENT ? -EPERM : -errno;
	while (r == 0 && more) {
		char path[NAME_MAX + sizeof(NETNS_PROC_ENTRY) + 2];
		const struct dirent *entry;
		struct stat st;

		errno = 0;
		entry = readdir(proc);
		if (!entry) {
			r = -errno;
			break;
		}
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/" NETNS_PROC_ENTRY,
			 entry->d_name);
		/* A process that has just ended has no namespace. */
		if (fstatat(dirfd(proc), path, &st, 0) == 0)
			more = found(data,
				     (pid_t)strtol(entry->d_name, NULL, 10),
				     st.st_ino);
		else if (answer_of(-errno) != ABSENT)
			r = -errno;
	}
	closedir(proc);
	return r;
}
