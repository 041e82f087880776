/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SETNS: puts the calling process into a network namespace, with the private
 * mounts that it asks for, and back. Used by the module for logins and by
 * `netns-pam exec`, so that both see the same.
 *
 * Should: leave the process either wholly inside or exactly where it was;
 * verify the fd before (NSFS_MAGIC, NS_GET_NSTYPE, ioctl_ns(2)) and the move
 * after. Mustn't: fork, touch signals, cwd, umask, environment, load NSS.
 */
#ifndef NETNS_PAM_COMMON_ENTER_H
#define NETNS_PAM_COMMON_ENTER_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/*
 * Where the process came from. fds CLOEXEC and above 2, negative if unused; cwd
 * also where it cannot be opened: then the way back leads to "/".
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
	int netns;	/* the namespace to enter */
	int host_mntns; /* nested: start from the host's mounts; or < 0 */
	const char *resolv_conf; /* contents, or NULL: leave DNS alone */
	const char *etc_section; /* bind /etc/netns/THIS/ over /etc; or NULL */
	const char *scratch; /* an existing root-only directory for mounts */
};

/*
 * Is fd a network namespace? Return: 0, -EBADF, -EINVAL with a sentence.
 */
int enter_check_netns(int fd, struct error *err);

/* Device and inode of the caller's thread's network namespace. */
int enter_current_netns(unsigned long long *ret_dev,
			unsigned long long *ret_ino);

/*
 * Goes in. With resolv_conf or etc_section the process gets a mount namespace
 * of its own (mount events of the host still arrive: MS_SLAVE) in which
 * resolv.conf holds just these words, nsswitch.conf looks hosts up in files
 * and dns only, the sockets of resolved and nscd are covered, and /sys shows
 * the namespace's devices while every mount below /sys stays visible.
 * *ret_origin is the caller's to give to enter_restore() or enter_forget().
 * Return: 0; or -errno with a sentence, the process being where it was, except
 * with -ENOTRECOVERABLE: then the way back failed as well, and it must not go
 * on.
 */
int enter_namespace(const struct enter_plan *plan,
		    struct enter_origin *ret_origin, struct error *err);

/*
 * Goes back to where it came from; does nothing that needs no doing. Without
 * the privilege (-EPERM) the process stays.
 */
int enter_restore(const struct enter_origin *origin, struct error *err);

/* Closes the fds. */
void enter_forget(struct enter_origin *origin);

#endif
