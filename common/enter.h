/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves the calling process into a network namespace, with private mounts, and
 * back. The module uses it for logins, and `netns-pam exec`.
 *
 * The process is either completely inside or where it was. The descriptor is
 * verified before (NSFS_MAGIC, NS_GET_NSTYPE, ioctl_ns(2)) and the namespace
 * after the move. Nothing here forks, changes signals, cwd, umask or the
 * environment, or uses the name service.
 */
#ifndef NETNS_PAM_COMMON_ENTER_H
#define NETNS_PAM_COMMON_ENTER_H

#include "error.h"

/*
 * The namespaces and directories before the move. Descriptors are CLOEXEC and
 * above 2, negative if unused; cwd also when it cannot be opened: the process
 * then returns to "/".
 */
struct enter_origin {
	int netns, mntns, root, cwd;
};
#define ENTER_ORIGIN_NONE                                                      \
	(struct enter_origin)                                                  \
	{                                                                      \
		-EBADF, -EBADF, -EBADF, -EBADF                                 \
	}

struct enter_plan {
	int netns;		 /* the namespace to enter */
	int host_mntns;		 /* nested login: the host's mounts; or < 0 */
	const char *resolv_conf; /* its contents; NULL: DNS is not changed */
	const char
		*etc_section; /* /etc/netns/THIS is bound over /etc; or NULL */
	const char *scratch;  /* an existing root-only directory for mounts */
};

/* Is fd a network namespace? Return: 0; -EBADF, -EINVAL with a sentence. */
int enter_check_netns(int fd, struct error *err);

/* Device and inode of the caller's thread's network namespace. */
int enter_current_netns(unsigned long long *ret_dev,
			unsigned long long *ret_ino);

/*
 * Enters the namespace. With resolv_conf or etc_section the process gets its
 * own mount namespace (MS_SLAVE: it receives the host's mount events), in which
 * resolv.conf has the given contents, nsswitch.conf looks up hosts in files and
 * dns only, sockets of local resolvers are covered, and /sys shows the devices
 * of the namespace; mounts below /sys stay.
 * *ret_origin: the caller passes it to enter_restore() and enter_forget().
 * Return: 0; -errno with a sentence, and the process is where it was; with
 * -ENOTRECOVERABLE it could not return, and must not continue.
 */
int enter_namespace(const struct enter_plan *plan,
		    struct enter_origin *ret_origin, struct error *err);

/*
 * Returns to the origin; no effect where the process is there. Return: 0,
 * -errno with a sentence; with -EPERM nothing has changed.
 */
int enter_restore(const struct enter_origin *origin, struct error *err);

/* Closes the descriptors. */
void enter_forget(struct enter_origin *origin);

#endif
