/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/sys/net: of the namespace the calling thread is in (sysctl(8),
 * Documentation/networking/ip-sysctl.rst). It is reached through a procfs
 * instance of the helper's own, mounted nowhere (fsmount(2)): nobody can put
 * anything in its way, paths are walked below it without symbolic links, and
 * interface names are path components, so that a dot in one is no separator.
 *
 * The instance is exchanged now and then. In one procfs, the "ipv4" of all
 * namespaces are entries of one name in one directory, and the kernel walks
 * past those of all others to find a new one missing: a third of a millisecond
 * with a thousand namespaces (fs/proc/proc_sysctl.c, proc_sys_compare()).
 */
#ifndef NETNS_PAM_HELPER_KERNEL_SYSCTL_H
#define NETNS_PAM_HELPER_KERNEL_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct policy_sysctl;

/* Makes the instance, for all calls. Return: 0 or -errno. */
int sysctl_open(struct error *err);
void sysctl_close(void);

/*
 * path is relative to /proc/sys, with slashes.
 * Return: 0; -ENOENT when the kernel has no such setting; -errno.
 */
int sysctl_write(const char *path, const char *value, struct error *err);
int sysctl_read(const char *path, char *ret, size_t size);

/* The same for one interface: net/FAMILY/conf/IFNAME/KEY. */
int sysctl_write_interface(const char *family, const char *ifname,
			   const char *key, const char *value,
			   struct error *err);

/*
 * What a fresh namespace is given before it has a link: it routes nothing,
 * listens to no router advertisements and redirects, and has the host's range
 * of unprivileged ports and ping groups.
 */
int sysctl_harden_namespace(struct error *err);

/* Has the kernel IPv6? Return: 0 and *ret; -errno with a sentence. */
int sysctl_has_ipv6(bool *ret, struct error *err);

/* Links that are made in this namespace from now on have no IPv6 at all. */
int sysctl_without_ipv6(struct error *err);

/*
 * Remembers the host's values that namespaces are given; at start. Return: 0,
 * also where the kernel has no such setting; -errno with a sentence.
 */
int sysctl_remember_host(struct error *err);

/* `sysctl.NAME = VALUE` of a namespace, in its order. */
int sysctl_apply(const struct policy_sysctl *list, size_t n, struct error *err);

#endif
