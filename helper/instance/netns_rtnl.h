/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink sockets in a namespace that is there already. */
#ifndef NETNS_PAM_HELPER_INSTANCE_NETNS_RTNL_H
#define NETNS_PAM_HELPER_INSTANCE_NETNS_RTNL_H

#include "common/error.h"

struct instance;
struct rtnl;

/*
 * Opens a socket in an instance's namespace: for requests, resp. one that hears
 * of what happens there (rtnl_monitor_open()), which keeps the namespace alive
 * for as long as it is open. netns: an fd of it, or < 0: looked for.
 * Return: 0 and *ret, or -errno with a sentence.
 */
int netns_rtnl_open(const struct instance *i, int netns, struct rtnl **ret,
		    struct error *err);
int netns_rtnl_monitor(const struct instance *i, int netns, struct rtnl **ret,
		       struct error *err);

#endif
