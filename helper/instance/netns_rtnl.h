/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink in an existing namespace. */
#ifndef NETNS_PAM_HELPER_INSTANCE_NETNS_RTNL_H
#define NETNS_PAM_HELPER_INSTANCE_NETNS_RTNL_H

#include "common/error.h"

struct instance;
struct rtnl;
struct rtnl_link;

/*
 * Opens a socket in an instance's namespace: for requests, or for events
 * (rtnl_monitor_open()). The socket keeps the namespace alive while it is open.
 * netns: an fd of it, or < 0: opened by name.
 * Return: 0 and *ret, or -errno with err set.
 */
int netns_rtnl_open(const struct instance *i, int netns, struct rtnl **ret,
		    struct error *err);
int netns_rtnl_monitor(const struct instance *i, int netns, struct rtnl **ret,
		       struct error *err);

/* Queries the interface i->ifindex. Return: 0 and *ret; -ENODEV; -errno. */
int netns_rtnl_look(const struct instance *i, struct rtnl_link *ret);

/* Deletes it. Return: 0, also when it does not exist; -errno with err set. */
int netns_rtnl_delete(const struct instance *i, int netns, struct error *err);

#endif
