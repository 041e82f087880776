/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a veth(4) pair that stays in the host: what its links share. */
#ifndef NETNS_PAM_HELPER_LINK_HOST_END_H
#define NETNS_PAM_HELPER_LINK_HOST_END_H

struct helper;
struct instance;
struct proto_namespace;

/*
 * link_ops.cut. Down, not deleted: deleting keeps the caller, who is
 * everybody's, waiting for twenty milliseconds and more (netdev_run_todo(),
 * net/core/dev.c), and the kernel does it by itself when the last process has
 * left.
 */
void host_end_cut(struct helper *h, struct instance *i);

/* link_ops.describe. */
void host_end_describe(struct helper *h, const struct instance *i,
		       struct proto_namespace *ret);

#endif
