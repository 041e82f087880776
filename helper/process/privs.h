/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper may still do once it runs: CAP_NET_ADMIN for links, routes
 * and nftables, CAP_SYS_ADMIN for setns(2), unshare(2) and mount(2); nothing
 * that lets it read other people's files, trace or signal their processes, or
 * load modules. It gains nothing by executing a program (PR_SET_NO_NEW_PRIVS),
 * leaves no core, and cannot be traced.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_PRIVS_H
#define NETNS_PAM_HELPER_PROCESS_PRIVS_H

#include "common/error.h"

/*
 * Drops the rest. Return: 0; -EPERM with a sentence when what is needed is not
 * there (not root, or a service or container with too few capabilities).
 */
int privs_drop(struct error *err);

#endif
