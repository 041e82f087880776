/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces: made, named by a file below /run/netns as ip-netns(8)
 * does it, opened, unnamed; and which processes are inside.
 *
 * The calling thread is back in its own namespace when a function returns, or
 * the program ends. A name is removed only when it is that of the namespace
 * given.
 */
#ifndef NETNS_PAM_HELPER_KERNEL_NETNS_H
#define NETNS_PAM_HELPER_KERNEL_NETNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "helper/base/answer.h"

/* Identifies a namespace until the next boot. */
struct netns_id {
	uint64_t dev, ino;   /* of the nsfs file */
	uint64_t made_ns;    /* its ctime: inodes are used again */
	uint64_t proc_inode; /* of /proc/PID/net/stat for processes inside */
};

bool netns_same(const struct netns_id *a, const struct netns_id *b);

/* The namespaces of the daemon itself; host ends of links are in the first. */
struct netns_host {
	int fd;	      /* network namespace */
	int mntns_fd; /* mount namespace, for nested logins */
	struct netns_id id;
};

/* Return: 0 or -errno with a sentence. */
int netns_host_open(struct netns_host *ret, struct error *err);

/*
 * Runs visit() inside the namespace fd and returns from it. fd < 0: in a new
 * one; when visit() returned 0, *ret_fd (CLOEXEC) is the caller's and *ret_id
 * identifies it. Return: that of visit(), or -errno with a sentence.
 */
int netns_visit(const struct netns_host *host, int fd,
		int (*visit)(void *data, struct error *err), void *data,
		int *ret_fd, struct netns_id *ret_id, struct error *err);

/*
 * Makes DIR (0755) a shared mount point of its own, so that a name that is
 * removed is removed in every session's mount namespace, too
 * (mount_namespaces(7)). ip-netns(8)'s lock is waited for at most a second, and
 * is not taken later: any user can hold it. Idempotent. Return: 0 or -errno
 * with a sentence.
 */
int netns_prepare_dir(const char *dir, struct error *err);

/*
 * Opens DIR/NAME if it is a network namespace.
 * Return: 0 and *ret_fd (CLOEXEC), *ret_id without proc_inode; -ENOENT when it
 * does not exist or is a plain file without a mount; -EEXIST when it is
 * something else; -errno. All with a sentence.
 */
int netns_open(const char *dir, const char *name, int *ret_fd,
	       struct netns_id *ret_id, struct error *err);

/*
 * Does DIR/NAME lead to this namespace? Return: FOUND and *ret_fd (CLOEXEC,
 * the caller's; NULL: not wanted); ABSENT when the name does not exist or leads
 * to something else; -errno when it cannot be looked at.
 */
int netns_find(const char *dir, const char *name, const struct netns_id *id,
	       int *ret_fd);

/*
 * Gives the namespace a name; a stale plain file is replaced.
 * Return: 0; -EEXIST when the name is in use, or -errno, with a sentence.
 */
int netns_publish(const char *dir, const char *name, int fd, struct error *err);

/*
 * Removes the name if it is that of this namespace, or a stale plain file (id
 * NULL: only that). Return: 0, also when it does not exist; -EEXIST when it is
 * another's; -errno.
 */
int netns_unpublish(const char *dir, const char *name,
		    const struct netns_id *id);

/*
 * Calls found() for each process, with the inode of an entry below
 * /proc/PID/net, which is the namespace's own (fs/proc/proc_net.c) and needs no
 * CAP_SYS_PTRACE. found() ends the scan by returning false. Return: 0; -errno
 * when the scan is incomplete, so that a namespace may have processes that were
 * not found.
 */
int netns_scan(bool (*found)(void *data, pid_t pid, uint64_t proc_inode),
	       void *data);

#endif
