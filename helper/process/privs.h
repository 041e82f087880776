/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The capabilities of the daemon: CAP_NET_ADMIN for links, routes and nftables,
 * CAP_SYS_ADMIN for setns(2), unshare(2) and mount(2); none to read other
 * users' files, to trace their processes or to load modules. It gains none by
 * execve(2) (PR_SET_NO_NEW_PRIVS), dumps no core, and cannot be traced.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_PRIVS_H
#define NETNS_PAM_HELPER_PROCESS_PRIVS_H

#include "common/error.h"

/*
 * Drops all others. Return: 0; -EPERM with a sentence when one of these is
 * missing (not root, or a service or container with too few capabilities).
 */
int privs_drop(struct error *err);

#endif
