/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `address`, `gateway` and `routes` of a section, worked out for one namespace
 * and put on its interface: what all links with static addresses share.
 */
#ifndef NETNS_PAM_HELPER_LINK_ADDRESS_H
#define NETNS_PAM_HELPER_LINK_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/inet.h"

struct helper;
struct link_site;
struct policy_address;
struct rtnl_batch;

#define ADDRESS_INSIDE_MAX 8 /* of one namespace */

/* One address of the namespace and how it gets out. */
struct address {
	struct inet_prefix inner;   /* ADDR/LEN on the namespace's interface */
	struct inet_prefix gateway; /* full length; AF_UNSPEC: none */
	bool host_route; /* veth.c: the host needs one to inner */
};

struct addresses {
	struct address items[ADDRESS_INSIDE_MAX];
	size_t n;
};

/* The address or prefix for this namespace, %u, %U and %n replaced. */
int address_expand(const struct link_site *site,
		   const struct policy_address *address,
		   struct inet_prefix *ret, struct error *err);

/*
 * The static addresses of the section, each with the gateway of its family
 * from `gateway` (AF_UNSPEC when there is none).
 * Return: 0 or -errno with a sentence.
 */
int address_plan(const struct link_site *site, struct addresses *ret,
		 struct error *err);

/*
 * Requests for the socket inside: the addresses; a default route of each family
 * that has a gateway and no default in `routes`; `routes` (one without `via`
 * goes by the family's gateway, or where it has none by the interface itself).
 */
int address_put(const struct link_site *site, const struct addresses *plan,
		unsigned int ifindex, struct rtnl_batch *b, struct error *err);

/* Looks at the host's routes again, when they may have changed. */
int address_read_routes(struct helper *h, struct error *err);

/*
 * Is it taken, by a route of the host's or by another namespace?
 * Return: 0, or -EADDRINUSE with a sentence.
 */
int address_check_clash(const struct link_site *site,
			const struct inet_prefix *p, struct error *err);

#endif
