/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/sys/net of the namespace that the calling thread is in (sysctl(8),
 * Documentation/networking/ip-sysctl.rst), through a procfs instance of the
 * daemon's own that is mounted nowhere (fsmount(2)): nothing can be mounted
 * over it, no symbolic link is followed, and a dot in an interface's name is no
 * separator.
 *
 * The instance is replaced now and then: in one procfs, the "ipv4" of all
 * namespaces have one name in one directory, and the kernel compares all of
 * them to find that a new one is missing, 0.3 ms with 1000 namespaces
 * (fs/proc/proc_sysctl.c, proc_sys_compare()).
 */
#ifndef NETNS_PAM_HELPER_KERNEL_SYSCTL_H
#define NETNS_PAM_HELPER_KERNEL_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct policy_sysctl;

/* Makes the instance, for all calls. Return: 0 or -errno with a sentence. */
int sysctl_open(struct error *err);
void sysctl_close(void);

/*
 * path: relative to /proc/sys, with slashes. A value that is read has no
 * newline at its end. Return: 0; -ENOENT when the kernel has no such setting;
 * -errno; with a sentence.
 */
int sysctl_write(const char *path, const char *value, struct error *err);
int sysctl_read(const char *path, char *ret, size_t size);

/* The same for one interface: net/FAMILY/conf/IFNAME/KEY. */
int sysctl_write_interface(const char *family, const char *ifname,
			   const char *key, const char *value,
			   struct error *err);

/*
 * The settings of a new namespace, before it has a link: it does not forward,
 * ignores router advertisements and redirects, and has the host's range of
 * unprivileged ports and ping groups. Return: 0 or -errno with a sentence.
 */
int sysctl_harden_namespace(struct error *err);

/* Has the kernel IPv6? Return: 0 and *ret; -errno with a sentence. */
int sysctl_has_ipv6(bool *ret, struct error *err);

/* Links that are made in this namespace from now on have no IPv6. */
int sysctl_without_ipv6(struct error *err);

/*
 * Remembers the host's values that namespaces are given; at start. Return: 0,
 * also where the kernel has no such setting; -errno with a sentence.
 */
int sysctl_remember_host(struct error *err);

/* `sysctl.NAME = VALUE` of a namespace, in that order. Return: as write. */
int sysctl_apply(const struct policy_sysctl *list, size_t n, struct error *err);

#endif
