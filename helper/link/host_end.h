/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a veth(4) pair that stays in the host: what its links share. */
#ifndef NETNS_PAM_HELPER_LINK_HOST_END_H
#define NETNS_PAM_HELPER_LINK_HOST_END_H

#include "common/error.h"

struct helper;
struct instance;
struct proto_namespace;
struct rtnl_link;

/*
 * Finds the end that the record names, and marks its slot; host_ifindex becomes
 * 0 when it does not exist. Return: FOUND and *ret, ABSENT, -errno.
 */
int host_end_find(struct helper *h, struct instance *i, struct rtnl_link *ret);

/* The same, as link_ops.adopt. */
int host_end_adopt(struct helper *h, struct instance *i);

/*
 * link_ops.cut. Down, not deleted: deleting keeps the caller, who is
 * everybody's, waiting for twenty milliseconds and more (netdev_run_todo(),
 * net/core/dev.c), and the kernel does it by itself when the last process has
 * left.
 */
int host_end_cut(struct helper *h, struct instance *i, struct error *err);

/* link_ops.describe. */
void host_end_describe(struct helper *h, const struct instance *i,
		       struct proto_namespace *ret);

#endif
