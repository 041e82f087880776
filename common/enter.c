/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps: check the descriptor, save the origin, unshare the mount namespace if
 * needed, setns(2), verify, mount. A failed step and the end of a session both
 * return by enter_restore().
 */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cleanup.h"
#include "mountfd.h"
#include "mounts.h"

#define OWN_NETNS "/proc/thread-self/ns/net"
#define OWN_MNTNS "/proc/thread-self/ns/mnt"

/* Return: the fd; -errno with a sentence. */
static int path_open(const char *path, int flags, const char *what,
		     struct error *err)
{
	int fd = fd_above_stdio(open(path, flags | O_CLOEXEC | O_NOCTTY));

	return fd < 0 ? error_set(err, -errno, "cannot open %s: %m", what) : fd;
}

static bool same_object(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is fd the namespace at the path? Return: 1, 0, -errno. */
static int namespace_is(int fd, const char *path)
{
	struct stat theirs, ours;

	if (fstat(fd, &theirs) < 0 || stat(path, &ours) < 0)
		return -errno;
	return same_object(&theirs, &ours);
}

/* setns(2) accepts any kind of namespace, and pidfds. */
static int namespace_check(int fd, int type, const char *what,
			   struct error *err)
{
	struct statfs fs;
	int r;

	if (fd < 0)
		return error_set(err, -EBADF, "there is no %s namespace", what);
	if (fstatfs(fd, &fs) < 0)
		return error_set(err, -errno, "%s namespace: %m", what);
	if (fs.f_type != NSFS_MAGIC)
		return error_set(err, -EINVAL,
				 "the %s namespace is a file of another kind",
				 what);
	r = ioctl(fd, NS_GET_NSTYPE);
	if (r < 0)
		return error_set(err, -errno, "%s namespace: NS_GET_NSTYPE: %m",
				 what);
	if (r != type)
		return error_set(err, -EINVAL,
				 "the %s namespace is a namespace of another kind (0x%x, see setns(2))",
				 what, (unsigned int)r);
	return 0;
}

int enter_check_netns(int fd, struct error *err)
{
	return namespace_check(fd, CLONE_NEWNET, "network", err);
}

int enter_current_netns(unsigned long long *ret_dev,
			unsigned long long *ret_ino)
{
	struct stat st;

	if (stat(OWN_NETNS, &st) < 0)
		return -errno;
	*ret_dev = st.st_dev;
	*ret_ino = st.st_ino;
	return 0;
}

void enter_forget(struct enter_origin *origin)
{
	origin->netns = close_fd(origin->netns);
	origin->mntns = close_fd(origin->mntns);
	origin->root = close_fd(origin->root);
	origin->cwd = close_fd(origin->cwd);
}

/* Opens what is needed to return, before anything changes. */
static int origin_save(struct enter_origin *o, bool mounts, struct error *err)
{
	struct error why;
	int r;

	o->netns = path_open(OWN_NETNS, O_RDONLY, OWN_NETNS, err);
	if (o->netns < 0)
		return o->netns;
	r = enter_check_netns(o->netns, NULL);
	if (r < 0)
		return error_set(err, r,
				 OWN_NETNS
				 " is not a network namespace: check /proc");
	if (!mounts)
		return 0;
	o->mntns = path_open(OWN_MNTNS, O_RDONLY, OWN_MNTNS, err);
	if (o->mntns < 0)
		return o->mntns;
	o->root = path_open("/", O_PATH | O_DIRECTORY,
			    "the root directory of this process", err);
	if (o->root < 0)
		return o->root;
	/*
	 * root may have no access to the working directory (FUSE, NFS). It is
	 * needed only to return, then to "/". A lack of descriptors or memory
	 * is an error.
	 */
	o->cwd = path_open(".", O_PATH | O_DIRECTORY,
			   "the working directory of this process", &why);
	if (o->cwd == -EMFILE || o->cwd == -ENFILE || o->cwd == -ENOMEM)
		return error_set(err, o->cwd, "%s", why.text);
	return 0;
}

/*
 * Changes to the same directory in the new mounts, without following links. The
 * process stays in "/" when the path is another directory, does not exist, or
 * cannot be entered.
 */
static void cwd_follow(const char *path, const struct stat *before)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (path[0] != '/')
		return;
	fd = mountfd_open(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	if (fd >= 0 && fstat(fd, &st) == 0 && same_object(&st, before))
		(void)!fchdir(fd);
}

static int mntns_join(int mntns, const struct enter_origin *o,
		      struct error *err)
{
	struct stat root, cwd, now;
	char path[PATH_MAX];
	int r;

	r = namespace_check(mntns, CLONE_NEWNS, "mount", err);
	if (r < 0)
		return r;
	if (namespace_is(mntns, OWN_MNTNS) == 1)
		return 0;
	if (fstat(o->root, &root) < 0)
		return error_set(err, -errno,
				 "the root directory of this process: %m");
	if (o->cwd < 0 || fstat(o->cwd, &cwd) < 0 ||
	    !getcwd(path, sizeof(path)))
		path[0] = '\0';
	/* setns(2) needs a root and cwd not shared with other threads. */
	if (unshare(CLONE_FS) < 0 || setns(mntns, CLONE_NEWNS) < 0)
		return error_set(err, -errno,
				 "cannot join the host's mount namespace: %m");
	/*
	 * setns(2) changes to the namespace's root: this must not leave a
	 * chroot.
	 */
	if (stat("/", &now) < 0 || !same_object(&now, &root))
		return error_set(err, -EXDEV,
				 "this process has another root directory than the host: a login from a chroot is not possible");
	cwd_follow(path, &cwd);
	return 0;
}

static int mntns_unshare(struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return error_set(err, -errno,
				 "cannot create a mount namespace for the session: %m");
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_set(err, -errno,
				 "cannot make the session's mounts private: %m (is / a mount point?)");
	return 0;
}

static int netns_join(int netns, int origin, struct error *err)
{
	struct stat there, here;
	int r;

	/* fstat() of descriptors is much faster than stat() in /proc. */
	if (fstat(netns, &there) == 0 && fstat(origin, &here) == 0 &&
	    same_object(&there, &here))
		return 0;
	if (setns(netns, CLONE_NEWNET) < 0)
		return error_set(err, -errno,
				 "cannot join the network namespace: %m%s",
				 errno == EPERM
					 ? " (the service lacks CAP_SYS_ADMIN, or has RestrictNamespaces=)"
					 : "");
	r = namespace_is(netns, OWN_NETNS);
	if (r < 0)
		return error_set(err, r, OWN_NETNS ": %s", strerror(-r));
	if (r == 0)
		return error_set(err, -EXDEV,
				 "setns() succeeded, but the process is not in the network namespace");
	return 0;
}

static int steps_do(const struct enter_plan *plan,
		    const struct enter_origin *origin, bool mounts,
		    struct error *err)
{
	int r = 0;

	if (plan->host_mntns >= 0)
		r = mntns_join(plan->host_mntns, origin, err);
	if (r == 0 && mounts)
		r = mntns_unshare(err);
	if (r == 0)
		r = netns_join(plan->netns, origin->netns, err);
	if (r == 0 && mounts)
		r = mounts_make(plan->resolv_conf, plan->etc_section,
				plan->scratch, err);
	return r;
}

int enter_namespace(const struct enter_plan *plan,
		    struct enter_origin *ret_origin, struct error *err)
{
	bool mounts = plan->resolv_conf || plan->etc_section;
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct error back;
	int r;

	r = enter_check_netns(plan->netns, err);
	if (r < 0)
		return r;
	r = origin_save(&origin, mounts || plan->host_mntns >= 0, err);
	if (r == 0) {
		r = steps_do(plan, &origin, mounts, err);
		if (r < 0 && enter_restore(&origin, &back) < 0)
			r = error_set(err, -ENOTRECOVERABLE,
				      "cannot set up the session and cannot return to the original namespaces: %s",
				      back.text);
	}
	if (r < 0) {
		enter_forget(&origin);
		return r;
	}
	*ret_origin = origin;
	return 0;
}

static int mounts_restore(const struct enter_origin *o, struct error *err)
{
	if (namespace_is(o->mntns, OWN_MNTNS) == 1)
		return 0;
	if (unshare(CLONE_FS) < 0 || setns(o->mntns, CLONE_NEWNS) < 0)
		return error_set(err, -errno,
				 "cannot return to the original mount namespace: %m");
	if (fchdir(o->root) < 0 || chroot(".") < 0)
		return error_set(err, -errno,
				 "cannot return to the original root directory: %m");
	if (o->cwd >= 0)
		(void)!fchdir(o->cwd); /* else it stays in "/" */
	return 0;
}

int enter_restore(const struct enter_origin *origin, struct error *err)
{
	int code, r;

	/* First what may be refused: then nothing has changed. */
	if (origin->mntns >= 0) {
		r = mounts_restore(origin, err);
		if (r < 0)
			return r;
	}
	if (origin->netns < 0)
		return 0;
	code = setns(origin->netns, CLONE_NEWNET) < 0 ? -errno : 0;
	r = namespace_is(origin->netns, OWN_NETNS);
	if (r == 1)
		return 0; /* also when it never left */
	if (code < 0)
		return error_set(err, code,
				 "cannot return to the original network namespace: %m");
	return error_set(err, r < 0 ? r : -EXDEV,
			 "the process is not in its original network namespace");
}
