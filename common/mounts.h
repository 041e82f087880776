/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The private mounts of a session: resolv.conf, nsswitch.conf, the files of
 * /etc/netns/SECTION, covers over the sockets of resolvers, and /sys.
 *
 * Called in a new mount namespace whose mounts are slaves, after the process
 * has entered its network namespace (a sysfs shows the namespace of the process
 * that mounts it). No symbolic link is followed while mounting, and nothing is
 * undone: after a failure the caller leaves the mount namespace.
 */
#ifndef NETNS_PAM_COMMON_MOUNTS_H
#define NETNS_PAM_COMMON_MOUNTS_H

#include "error.h"

/*
 * resolv_conf, etc_section and scratch as in struct enter_plan.
 *
 * resolv.conf is mounted at the target of /etc/resolv.conf, after all links, or
 * created in the covering directory when the target is there. A missing file
 * is created empty when its directory exists, which is the same to a resolver.
 * A resolv.conf in etc_section is used when resolv_conf is NULL.
 * Return: 0; -errno with a sentence. Linux 5.6 (openat2(2)).
 */
int mounts_make(const char *resolv_conf, const char *etc_section,
		const char *scratch, struct error *err);

/*
 * The host's nsswitch.conf with `hosts: files dns` instead of its `hosts:`
 * lines, or added; other lines unchanged. Return: 0 and malloc'd *ret, -ENOMEM.
 */
int mounts_nsswitch(const char *text, char **ret);

#endif
