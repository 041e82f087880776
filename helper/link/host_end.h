/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A veth(4) pair between a namespace and the host: what veth.c and bridge.c
 * share. The pair is created inside the namespace with its other end in the
 * host: a device that is created in place costs a twentieth of one that is
 * moved.
 */
#ifndef NETNS_PAM_HELPER_LINK_HOST_END_H
#define NETNS_PAM_HELPER_LINK_HOST_END_H

#include <stdint.h>

#include "common/error.h"

struct helper;
struct instance;
struct link_site;
struct proto_namespace;
struct rtnl_batch;
struct rtnl_link;

#define HOST_END_TRIES 64 /* slots, before the link gives up */

/*
 * Creates the pair, the end inside up, the host's end with the name
 * instance->host_ifname and in a group (IFLA_GROUP); sets instance->ifname and
 * ifindex.
 * Return: 0; -EEXIST when the host's name is in use; -errno with err set.
 */
int host_end_make(const struct link_site *site, uint32_t group,
		  const uint8_t mac[static 6], const uint8_t host_mac[static 6],
		  struct error *err);

/* Sets instance->host_ifindex. Return: 0, or -errno with err set. */
int host_end_look(struct instance *i, struct error *err);

/* Requests for the host's socket: the host's end gets its alias and is up. */
void host_end_put_up(struct rtnl_batch *b, const struct instance *i);

/*
 * Queries the end inside, which makes the kernel finish its queued link-up
 * work: the first packet is not lost. Return: 0, or -errno with err set.
 */
int host_end_finish(const struct link_site *site, struct error *err);

/*
 * Finds the end that the record names, and marks its slot as taken;
 * host_ifindex becomes 0 when it does not exist. Return: FOUND and *ret,
 * ABSENT, -errno.
 */
int host_end_find(struct helper *h, struct instance *i, struct rtnl_link *ret);

/* link_ops.adopt: host_end_find(). */
int host_end_adopt(struct helper *h, struct instance *i);

/*
 * link_ops.cut. Brings the end down and does not delete it: a deletion blocks
 * the daemon for 20 ms and more (netdev_run_todo(), net/core/dev.c), and the
 * kernel deletes the pair when the last process has left. Idempotent.
 */
int host_end_cut(struct helper *h, struct instance *i, struct error *err);

/* link_ops.describe: the host's end and its counters. */
void host_end_describe(struct helper *h, const struct instance *i,
		       struct proto_namespace *ret);

#endif
