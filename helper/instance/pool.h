/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots: a slot is a number, the host end npam<slot> of a link, a pair of
 * addresses of pool4 (a /31, RFC 3021) and a pair of pool6 (a /127, RFC 6164):
 * the even address is the host's end, the odd one the namespace's. A slot is
 * free when no interface of its name exists and no route of the host overlaps
 * its addresses. The kernel is not queried here.
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
	uint8_t *taken; /* a bit for each slot: its interface exists */
	uint8_t *held;	/* likewise: a namespace has one of its addresses */
	uint32_t next;	/* where the search begins */

	/* Routes of the host through interfaces that are not ours. */
	struct inet_prefix *routes;
	size_t n_routes;
	bool routes_stale;
};

/* Without prefixes: see pool_configure(). Return: NULL: out of memory. */
struct pool *pool_new(void);
/* Return: NULL. */
struct pool *pool_free(struct pool *pool);

/*
 * Sets the pools of new slots, at start and after a reload. The caller passes
 * the addresses of all namespaces to pool_take_address() again.
 */
void pool_configure(struct pool *pool, const struct inet_prefix *pool4,
		    const struct inet_prefix *pool6);
void pool_take_address(struct pool *pool, const struct inet_prefix *address);
void pool_release_address(struct pool *pool, const struct inet_prefix *address);
/* Is it in a pair that pool_take_address() has marked? */
bool pool_address_is_taken(const struct pool *pool,
			   const struct inet_prefix *address);

/*
 * Finds a free slot and marks it taken.
 * need4, need6: whether its pair of that family must be usable.
 * Return: 0 and *ret_slot; -EADDRNOTAVAIL with a sentence that names the pool
 * and, if a route of the host conflicts, that route.
 */
int pool_take(struct pool *pool, bool need4, bool need6, uint32_t *ret_slot,
	      struct error *err);
void pool_mark(struct pool *pool, uint32_t slot);
void pool_release(struct pool *pool, uint32_t slot);

/* The slot's pair, with /31 or /127; AF_UNSPEC where there is no pool. */
void pool_addresses(const struct inet_prefix *pool, uint32_t slot,
		    struct inet_prefix *ret_host,
		    struct inet_prefix *ret_inner);

/* npam<slot>, and its slot; false for other interfaces. */
void pool_ifname(uint32_t slot, char ret[static 16]);
bool pool_slot_of(const char *ifname, uint32_t *ret_slot);

void pool_routes_clear(struct pool *pool);
void pool_route_add(struct pool *pool, const struct inet_prefix *route);
/* Return: a route that has an address in common with p, or NULL. */
const struct inet_prefix *pool_route_clash(const struct pool *pool,
					   const struct inet_prefix *p);

#endif
