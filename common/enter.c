/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A move is: check the fd, remember where we are, take a mount namespace if
 * one is needed, setns, look whether it happened, mount. The way back is the
 * same for a failure in the middle and for the end of a session, and leaves
 * alone what never moved.
 */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "cleanup.h"
#include "mounts.h"

#define OWN_NETNS "/proc/thread-self/ns/net"
#define OWN_MNTNS "/proc/thread-self/ns/mnt"

static int path_open(const char *path, int flags)
{
	int fd = fd_above_stdio(open(path, flags | O_CLOEXEC | O_NOCTTY));

	return fd < 0 ? -errno : fd;
}

static bool same_object(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Return: is fd the namespace that the path shows, 1 or 0, or -errno. */
static int namespace_is(int fd, const char *path)
{
	struct stat theirs, ours;

	if (fstat(fd, &theirs) < 0 || stat(path, &ours) < 0)
		return -errno;
	return same_object(&theirs, &ours);
}

/* setns(2) alone takes any kind of namespace, and any pidfd. */
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
		return error_set(
			err, -EINVAL,
			"what should be a %s namespace is a file of another kind",
			what);
	r = ioctl(fd, NS_GET_NSTYPE);
	if (r < 0)
		return error_set(err, -errno, "%s namespace: NS_GET_NSTYPE: %m",
				 what);
	if (r != type)
		return error_set(
			err, -EINVAL,
			"what should be a %s namespace is a namespace of another kind (0x%x, see setns(2))",
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

/* Where we are, so that there is a way back before there is a way in. */
static int origin_save(struct enter_origin *o, bool mounts, struct error *err)
{
	int r;

	o->netns = path_open(OWN_NETNS, O_RDONLY);
	if (o->netns < 0)
		return error_set(err, o->netns,
				 OWN_NETNS " cannot be opened: %s",
				 strerror(-o->netns));
	r = enter_check_netns(o->netns, NULL);
	if (r < 0)
		return error_set(
			err, r,
			OWN_NETNS
			" is no network namespace: is /proc what it should be?");
	if (!mounts)
		return 0;
	o->mntns = path_open(OWN_MNTNS, O_RDONLY);
	if (o->mntns < 0)
		return error_set(err, o->mntns,
				 OWN_MNTNS " cannot be opened: %s",
				 strerror(-o->mntns));
	o->root = path_open("/", O_PATH | O_DIRECTORY);
	if (o->root < 0)
		return error_set(
			err, o->root,
			"the root directory of this process cannot be opened: %s",
			strerror(-o->root));
	/*
	 * A user may stand where root must not look (FUSE, NFS), and it is for
	 * the way back alone: then that leads to "/". A want of descriptors or
	 * memory is another matter, and the next step's, too.
	 */
	o->cwd = path_open(".", O_PATH | O_DIRECTORY);
	if (o->cwd == -EMFILE || o->cwd == -ENFILE || o->cwd == -ENOMEM)
		return error_set(
			err, o->cwd,
			"the working directory of this process cannot be opened: %s",
			strerror(-o->cwd));
	return 0;
}

/*
 * Goes to the same directory in the mounts that we are among now; from "/"
 * there is no way that a link could bend. Where the path leads to something
 * else now, or to nothing, or is not to be entered, "/" it is.
 */
static void cwd_follow(const char *path, const struct stat *before)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (path[0] != '/')
		return;
	fd = fd_above_stdio(
		(int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
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
	/* A thread that shares its root and cwd with others may not go. */
	if (unshare(CLONE_FS) < 0 || setns(mntns, CLONE_NEWNS) < 0)
		return error_set(
			err, -errno,
			"the host's mount namespace cannot be joined: %m");
	/* That led to the namespace's root: never a way out of a chroot. */
	if (stat("/", &now) < 0 || !same_object(&now, &root))
		return error_set(
			err, -EXDEV,
			"this process has another root directory than the host: no login from inside a chroot");
	cwd_follow(path, &cwd);
	return 0;
}

static int mntns_unshare(struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return error_set(
			err, -errno,
			"no mount namespace of its own for the session: %m");
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_set(
			err, -errno,
			"the session's mounts cannot be made private: %m (is / no mount point?)");
	return 0;
}

static int netns_join(int netns, int origin, struct error *err)
{
	struct stat there, here;
	int r;

	/* A look at a descriptor is much cheaper than one through /proc. */
	if (fstat(netns, &there) == 0 && fstat(origin, &here) == 0 &&
	    same_object(&there, &here))
		return 0;
	if (setns(netns, CLONE_NEWNET) < 0)
		return error_set(
			err, -errno,
			"the network namespace cannot be joined: %m%s",
			errno == EPERM
				? " (the service lacks CAP_SYS_ADMIN, or has RestrictNamespaces=)"
				: "");
	r = namespace_is(netns, OWN_NETNS);
	if (r < 0)
		return error_set(err, r, OWN_NETNS ": %s", strerror(-r));
	if (r == 0)
		return error_set(
			err, -EXDEV,
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
			r = error_set(
				err, -ENOTRECOVERABLE,
				"the session cannot be set up, and the way back is barred: %s",
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
		return error_set(
			err, -errno,
			"the mount namespace it came from cannot be joined: %m");
	if (fchdir(o->root) < 0 || chroot(".") < 0)
		return error_set(
			err, -errno,
			"the root directory it came from cannot be entered: %m");
	if (o->cwd >= 0)
		(void)!fchdir(o->cwd); /* gone or shut meanwhile: "/" it is */
	return 0;
}

int enter_restore(const struct enter_origin *origin, struct error *err)
{
	int code, r;

	/* The harder one first: where it is refused, nothing has moved. */
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
		return 0; /* also where it never left */
	if (code < 0)
		return error_set(
			err, code,
			"the network namespace it came from cannot be joined: %s",
			strerror(-code));
	return error_set(
		err, r < 0 ? r : -EXDEV,
		"the process is not in the network namespace it came from");
}
