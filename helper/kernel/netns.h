/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces themselves: made in the dark, published as a file below
 * /run/netns as ip-netns(8) does it, opened, unpublished; and the question
 * which processes are still inside.
 *
 * Should: leave the calling thread in the namespace it was in, or end the
 * program (it must never serve from a wrong one). Mustn't: configure links,
 * remove a name that is not the namespace it is told.
 */
#ifndef NETNS_PAM_HELPER_KERNEL_NETNS_H
#define NETNS_PAM_HELPER_KERNEL_NETNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "helper/base/answer.h"

/* How a namespace is told from all others, until the next boot. */
struct netns_id {
	uint64_t dev, ino;   /* of the nsfs file */
	uint64_t made_ns;    /* its ctime: inodes are used again */
	uint64_t proc_inode; /* of /proc/PID/net/stat for processes inside */
};

bool netns_same(const struct netns_id *a, const struct netns_id *b);

/* The namespace of the helper itself, where host ends of links live. */
struct netns_host {
	int fd;	      /* network namespace */
	int mntns_fd; /* mount namespace, for nested logins */
	struct netns_id id;
};

/* Return: 0 or -errno with a sentence. */
int netns_host_open(struct netns_host *ret, struct error *err);

/*
 * Runs visit() inside a namespace and comes back. fd < 0: inside a fresh one,
 * which *ret_fd then holds (CLOEXEC) and *ret_id names, when visit() said 0.
 * Return: what visit() returned, or -errno.
 */
int netns_visit(const struct netns_host *host, int fd,
		int (*visit)(void *data, struct error *err), void *data,
		int *ret_fd, struct netns_id *ret_id, struct error *err);

/*
 * Makes DIR (0755) a mount point of its own with shared propagation, under the
 * lock that ip-netns(8) takes too, so that a name that is removed here is
 * removed in every session's private mount namespace (mount_namespaces(7)).
 * The lock is waited for a second only, and never taken later: anybody can
 * hold it who can read the directory.
 */
int netns_prepare_dir(const char *dir, struct error *err);

/*
 * Opens DIR/NAME if it is a network namespace.
 * Return: 0 and *ret_fd (CLOEXEC), *ret_id without proc_inode; -ENOENT when
 * there is no such file, or a left-over plain file that nothing is mounted on
 * (*ret_stale is then true); -EEXIST with a sentence when it is something else.
 */
int netns_open(const char *dir, const char *name, int *ret_fd,
	       struct netns_id *ret_id, bool *ret_stale, struct error *err);

/*
 * Does DIR/NAME lead to this namespace? Return: FOUND and *ret_fd (CLOEXEC,
 * the caller's; NULL: not wanted); ABSENT when the name does not exist or leads
 * to something else; -errno when it cannot be looked at.
 */
int netns_find(const char *dir, const char *name, const struct netns_id *id,
	       int *ret_fd);

/*
 * Gives the namespace a name, last thing of all; a stale plain file is
 * replaced. Return: 0, -EEXIST when the name is taken, -errno.
 */
int netns_publish(const char *dir, const char *name, int fd, struct error *err);

/*
 * Takes the name away if it is this namespace (or, with id NULL, a stale plain
 * file). A name that is gone already is fine; somebody else's is left alone.
 */
int netns_unpublish(const char *dir, const char *name,
		    const struct netns_id *id);

/*
 * Calls found() for each process with the proc inode of its network namespace;
 * found() may stop the scan by returning false. Return: 0; -errno when the scan
 * is not complete, so that a namespace may have processes that were not found.
 * It needs no
 * CAP_SYS_PTRACE: /proc/PID/net shows the namespace of PID, and the inode of an
 * entry below it is the namespace's own (fs/proc/proc_net.c).
 */
int netns_scan(bool (*found)(void *data, pid_t pid, uint64_t proc_inode),
	       void *data);

#endif
