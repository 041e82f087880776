/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots: a slot is a number, the host end npam<slot> of a link, a pair of
 * addresses of pool4 (a /31, RFC 3021) and a pair of pool6 (a /127, RFC 6164):
 * the even address is the host's end, the odd one the namespace's. A slot is
 * free when no interface of its name exists and its addresses collide with
 * nothing that the host routes.
 *
 * Should: know what is taken. Mustn't: touch the kernel.
 */
#ifndef NETNS_PAM_HELPER_INSTANCE_POOL_H
#define NETNS_PAM_HELPER_INSTANCE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/inet.h"

#define POOL_IFNAME_PREFIX "npam"
#define POOL_SLOTS_MAX	   65536 /* and never more namespaces than that */

struct pool {
	struct inet_prefix pool4, pool6; /* AF_UNSPEC: none */
	uint8_t *taken;			 /* a bit a slot: by its interface */
	uint8_t *held; /* and by an address, maybe another slot's */
	uint32_t next; /* where the search begins */

	/* What the host routes through interfaces that are not ours. */
	struct inet_prefix *routes;
	size_t n_routes, routes_size;
	bool routes_stale;
};

/* Without prefixes: see pool_configure(). Return: NULL: out of memory. */
struct pool *pool_new(void);
/* Return: NULL. */
struct pool *pool_free(struct pool *pool);

/*
 * The pools that new slots draw from, at start and after a reload. Slots that
 * are taken keep what they have: give their addresses to
 * pool_take_address() again, so that a pool that moved cannot hand them out.
 */
void pool_configure(struct pool *pool, const struct inet_prefix *pool4,
		    const struct inet_prefix *pool6);
void pool_take_address(struct pool *pool, const struct inet_prefix *address);
void pool_release_address(struct pool *pool, const struct inet_prefix *address);
/* Is the address of a pair that pool_take_address() was told of? */
bool pool_address_is_taken(const struct pool *pool,
			   const struct inet_prefix *address);

/*
 * Finds a free slot and marks it taken.
 * need4, need6: whether its pair of that family must be usable.
 * Return: 0 and *ret_slot; -EADDRNOTAVAIL with a sentence that names the pool
 * and, where there is one, the route in the way.
 */
int pool_take(struct pool *pool, bool need4, bool need6, uint32_t *ret_slot,
	      struct error *err);
void pool_mark(struct pool *pool, uint32_t slot);
void pool_release(struct pool *pool, uint32_t slot);

/* The slot's pair, with /31 or /127; AF_UNSPEC where there is no pool. */
void pool_addresses(const struct inet_prefix *pool, uint32_t slot,
		    struct inet_prefix *ret_host,
		    struct inet_prefix *ret_inner);

/* npam<slot> and back; the latter is false for other interfaces. */
void pool_ifname(uint32_t slot, char ret[static 16]);
bool pool_slot_of(const char *ifname, uint32_t *ret_slot);

void pool_routes_clear(struct pool *pool);
void pool_route_add(struct pool *pool, const struct inet_prefix *route);
/* Return: a route that has an address in common with p, or NULL. */
const struct inet_prefix *pool_route_clash(const struct pool *pool,
					   const struct inet_prefix *p);

#endif
