/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session sees differently from the host: resolv.conf, nsswitch.conf,
 * the files of /etc/netns/SECTION, covered resolver sockets, and /sys. All of
 * it is put on top of existing files in a mount namespace of its own.
 *
 * Should: be called in a fresh mount namespace whose mounts are slaves, after
 * the process has entered its network namespace (a sysfs shows the namespace
 * of its mounter). Mustn't: follow a symbolic link while mounting, look
 * anything up by name service, undo: the caller leaves the mount namespace,
 * and everything in it is gone.
 */
#ifndef NETNS_PAM_COMMON_MOUNTS_H
#define NETNS_PAM_COMMON_MOUNTS_H

#include "error.h"

/*
 * resolv_conf, etc_section and scratch as in struct enter_plan.
 *
 * resolv.conf lands where /etc/resolv.conf leads to, through any links; into
 * the covering directory when that is where it leads. Where the file is
 * missing but its directory is there an empty one is created, which means the
 * same to a resolver. A resolv.conf among the section's files counts as
 * resolv_conf unless that is given.
 *
 * Return: 0; or -errno with a sentence. Linux 5.6 (openat2(2)).
 */
int mounts_make(const char *resolv_conf, const char *etc_section,
		const char *scratch, struct error *err);

/*
 * The host's nsswitch.conf with hosts looked up in files and dns alone: its
 * `hosts:` line replaced, or added when there is none; other lines verbatim.
 * Return: 0 and malloc'd *ret, -ENOMEM.
 */
int mounts_nsswitch(const char *text, char **ret);

#endif
