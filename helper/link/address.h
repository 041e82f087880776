/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `address`, `gateway` and `routes` of a section, for one namespace: expanded,
 * checked, and set on its interface. All links with static addresses use this.
 */
#ifndef NETNS_PAM_HELPER_LINK_ADDRESS_H
#define NETNS_PAM_HELPER_LINK_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/inet.h"

struct helper;
struct instance;
struct link_site;
struct policy_address;
struct rtnl_batch;

#define ADDRESS_INSIDE_MAX 8 /* of one namespace */

/* One address of the namespace, and its gateway. */
struct address {
	struct inet_prefix inner;   /* ADDR/LEN on the namespace's interface */
	struct inet_prefix gateway; /* full length; AF_UNSPEC: none */
	bool host_route; /* veth.c: the host needs a route to inner */
};

struct addresses {
	struct address items[ADDRESS_INSIDE_MAX];
	size_t n;
};

/*
 * The address or prefix for this namespace, with %u, %U and %n replaced.
 * Return: 0 and *ret, or -errno with err set.
 */
int address_expand(const struct link_site *site,
		   const struct policy_address *address,
		   struct inet_prefix *ret, struct error *err);

/*
 * The static addresses of the section, each with the gateway of its family
 * from `gateway` (AF_UNSPEC when there is none).
 * Return: 0 and *ret, or -errno with err set.
 */
int address_plan(const struct link_site *site, struct addresses *ret,
		 struct error *err);

/*
 * Adds requests for the socket inside: the addresses; a default route of each
 * family that has a gateway and no default in `routes`; `routes` (one without
 * `via` uses the family's gateway, or without a gateway the link itself).
 * Return: 0, or -errno with err set.
 */
int address_put(const struct link_site *site, const struct addresses *plan,
		unsigned int ifindex, struct rtnl_batch *b, struct error *err);

/* Sets the length of a whole address: 32 or 128 bits. */
void address_set_full_length(struct inet_prefix *p);

/* Sets instance->address4, address6 to the first of each family, if unset. */
void address_note(struct instance *i, const struct addresses *plan);

/*
 * Reads the host's routes into the pool, when they may have changed.
 * Return: 0, or -errno with err set.
 */
int address_read_routes(struct helper *h, struct error *err);

/*
 * Validates an address against the host's routes and the other namespaces.
 * Return: 0, or -EADDRINUSE with err set.
 */
int address_check_clash(const struct link_site *site,
			const struct inet_prefix *p, struct error *err);

#endif
