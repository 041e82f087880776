/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

struct pool *pool_new(void)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->taken = calloc(POOL_SLOTS_MAX / 8, 1);
	pool->held = calloc(POOL_SLOTS_MAX / 8, 1);
	pool->next = 1;
	pool->routes_stale = true;
	return pool->taken && pool->held ? pool : pool_free(pool);
}

struct pool *pool_free(struct pool *pool)
{
	if (pool) {
		free(pool->taken);
		free(pool->held);
		free(pool->routes);
	}
	free(pool);
	return NULL;
}

/* How many slots the prefix has pairs for; slot 0 is left out. */
static uint32_t pool_size(const struct inet_prefix *p)
{
	unsigned int bits = p->family == AF_INET ? 32 : 128;

	if (p->family == AF_UNSPEC || bits - p->length > 17)
		return POOL_SLOTS_MAX;
	return 1u << (bits - p->length - 1);
}

void pool_configure(struct pool *pool, const struct inet_prefix *pool4,
		    const struct inet_prefix *pool6)
{
	pool->pool4 = *pool4;
	pool->pool6 = *pool6;
	memset(pool->held, 0, POOL_SLOTS_MAX / 8);
}

void pool_addresses(const struct inet_prefix *pool, uint32_t slot,
		    struct inet_prefix *ret_host, struct inet_prefix *ret_inner)
{
	memset(ret_host, 0, sizeof(*ret_host));
	memset(ret_inner, 0, sizeof(*ret_inner));
	if (pool->family == AF_UNSPEC)
		return;
	inet_prefix_nth(pool, (uint64_t)slot * 2, ret_host);
	inet_prefix_nth(pool, (uint64_t)slot * 2 + 1, ret_inner);
	ret_host->length--;
	ret_inner->length--;
}

static bool bit_get(const uint8_t *bits, uint32_t slot)
{
	return bits[slot / 8] & (1u << slot % 8);
}

static void bit_set(uint8_t *bits, uint32_t slot, bool on)
{
	uint8_t bit = (uint8_t)(1u << slot % 8);

	bits[slot / 8] =
		(uint8_t)(on ? bits[slot / 8] | bit : bits[slot / 8] & ~bit);
}

/* The slot whose pair holds an address; 0 for one outside the pools. */
static uint32_t pool_slot_at(const struct pool *pool,
			     const struct inet_prefix *address)
{
	const struct inet_prefix *p =
		address->family == AF_INET ? &pool->pool4 : &pool->pool6;
	size_t bytes = inet_bytes(address->family);
	struct inet_prefix first;
	uint64_t offset = 0;

	if (!inet_prefix_contains(p, address))
		return 0;
	/* The distance from the pool's first address. */
	inet_prefix_nth(p, 0, &first);
	for (size_t i = 0; i < bytes; i++) {
		if (offset >> 32)
			return 0;
		offset = offset << 8 | (address->addr[i] ^ first.addr[i]);
	}
	return offset / 2 < POOL_SLOTS_MAX ? (uint32_t)(offset / 2) : 0;
}

void pool_take_address(struct pool *pool, const struct inet_prefix *address)
{
	uint32_t slot = pool_slot_at(pool, address);

	if (slot)
		bit_set(pool->held, slot, true);
}

void pool_release_address(struct pool *pool, const struct inet_prefix *address)
{
	uint32_t slot = pool_slot_at(pool, address);

	if (slot)
		bit_set(pool->held, slot, false);
}

bool pool_address_is_taken(const struct pool *pool,
			   const struct inet_prefix *address)
{
	uint32_t slot = pool_slot_at(pool, address);

	return slot && bit_get(pool->held, slot);
}

void pool_mark(struct pool *pool, uint32_t slot)
{
	if (slot < POOL_SLOTS_MAX)
		bit_set(pool->taken, slot, true);
}

void pool_release(struct pool *pool, uint32_t slot)
{
	if (slot < POOL_SLOTS_MAX)
		bit_set(pool->taken, slot, false);
}

const struct inet_prefix *pool_route_clash(const struct pool *pool,
					   const struct inet_prefix *p)
{
	for (size_t i = 0; i < pool->n_routes; i++)
		if (inet_prefix_overlaps(&pool->routes[i], p))
			return &pool->routes[i];
	return NULL;
}

int pool_take(struct pool *pool, bool need4, bool need6, uint32_t *ret_slot,
	      struct error *err)
{
	uint32_t size4 = need4 ? pool_size(&pool->pool4) : POOL_SLOTS_MAX;
	uint32_t size6 = need6 ? pool_size(&pool->pool6) : POOL_SLOTS_MAX;
	uint32_t size = size4 < size6 ? size4 : size6;
	const struct inet_prefix *small =
		size4 <= size6 ? &pool->pool4 : &pool->pool6;
	const struct inet_prefix *clash = NULL;
	char name[INET_PREFIX_STR], route[INET_PREFIX_STR];

	for (uint32_t i = 1; i < size; i++) {
		uint32_t slot = 1 + (pool->next - 1 + i - 1) % (size - 1);
		struct inet_prefix host, inner;

		if (bit_get(pool->taken, slot) || bit_get(pool->held, slot))
			continue;
		pool_addresses(&pool->pool4, slot, &host, &inner);
		if (need4 && (clash = pool_route_clash(pool, &host)))
			continue;
		pool_addresses(&pool->pool6, slot, &host, &inner);
		if (need6 && (clash = pool_route_clash(pool, &host)))
			continue;
		pool_mark(pool, slot);
		pool->next = slot + 1;
		*ret_slot = slot;
		return 0;
	}
	inet_prefix_format(small, name);
	if (!clash)
		return error_set(err, -EADDRNOTAVAIL,
				 "all %u address pairs of the pool %s are in use: give pool%s a larger prefix",
				 size - 1, name,
				 small == &pool->pool4 ? "4" : "6");
	inet_prefix_format(clash, route);
	return error_set(err, -EADDRNOTAVAIL,
			 "no free address: the host has a route to %s, which overlaps pool%s; choose another prefix for the pool",
			 route, clash->family == AF_INET ? "4" : "6");
}

void pool_ifname(uint32_t slot, char ret[static 16])
{
	snprintf(ret, 16, POOL_IFNAME_PREFIX "%u", slot % POOL_SLOTS_MAX);
}

bool pool_slot_of(const char *ifname, uint32_t *ret_slot)
{
	const size_t skip = sizeof(POOL_IFNAME_PREFIX) - 1;
	unsigned long slot;
	char *end;

	if (strncmp(ifname, POOL_IFNAME_PREFIX, skip) != 0 ||
	    ifname[skip] < '1' || ifname[skip] > '9')
		return false;
	slot = strtoul(ifname + skip, &end, 10);
	/* network_ops.port_suffix */
	if ((*end && strcmp(end, "v") != 0) || slot >= POOL_SLOTS_MAX)
		return false;
	*ret_slot = (uint32_t)slot;
	return true;
}

void pool_routes_clear(struct pool *pool)
{
	pool->n_routes = 0;
}

void pool_route_add(struct pool *pool, const struct inet_prefix *route)
{
	struct inet_prefix *added = ARRAY_ADD(pool->routes, pool->n_routes);

	if (added)
		*added = *route;
	else
		pool->routes_stale = true; /* read again */
}
