/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The choice of an address in a network. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "network.h"

static int address_compare(const struct inet_prefix *a,
			   const struct inet_prefix *b)
{
	return memcmp(a->addr, b->addr, inet_bytes(a->family));
}

bool network_leases(const struct network *network,
		    const struct inet_prefix *address)
{
	return network->dhcp_first.family == address->family &&
	       address_compare(&network->dhcp_first, address) <= 0 &&
	       address_compare(address, &network->dhcp_last) <= 0;
}

/* How far above the first address of the prefix; UINT64_MAX: outside of it. */
static uint64_t address_offset(const struct inet_prefix *prefix,
			       const struct inet_prefix *address)
{
	unsigned int bits = (unsigned int)inet_bytes(prefix->family) * 8;
	uint64_t offset = 0;

	if (prefix->family != address->family ||
	    !inet_prefix_contains(prefix, address))
		return UINT64_MAX;
	for (unsigned int n = prefix->length; n < bits; n++) {
		if (offset >> 62)
			return UINT64_MAX; /* too far above in a large prefix */
		offset =
			offset << 1 | (address->addr[n / 8] >> (7 - n % 8) & 1);
	}
	return offset;
}

/* The offsets below `size` that are taken. */
struct offsets {
	uint8_t *taken;
	uint64_t size;
};

static void offsets_take(struct offsets *p, const struct inet_prefix *prefix,
			 const struct inet_prefix *address)
{
	uint64_t offset = address_offset(prefix, address);

	if (offset < p->size)
		p->taken[offset] = 1;
}

static void offsets_fill(struct offsets *p, const struct network *network,
			 const struct inet_prefix *prefix)
{
	uint64_t first = address_offset(prefix, &network->dhcp_first),
		 last = address_offset(prefix, &network->dhcp_last);

	for (size_t n = 0; n < network->n_addresses; n++)
		offsets_take(p, prefix, &network->addresses[n]);
	for (const struct network_port *port = network->ports; port;
	     port = port->next)
		for (size_t n = 0; n < port->n_addresses; n++)
			offsets_take(p, prefix, &port->addresses[n]);
	if (first != UINT64_MAX)
		for (uint64_t n = first; n <= last && n < p->size; n++)
			p->taken[n] = 1;
}

int network_pick(const struct network *network,
		 const struct inet_prefix *prefix, struct inet_prefix *ret,
		 struct error *err)
{
	unsigned int host =
		(unsigned int)inet_bytes(prefix->family) * 8 - prefix->length;
	uint64_t all = host >= 32 ? UINT64_C(1) << 32 : UINT64_C(1) << host;
	/* The network's own address and broadcast; in IPv6 all routers'. */
	uint64_t at = host > 1, end = all - (prefix->family == AF_INET && at);
	uint64_t first = address_offset(prefix, &network->dhcp_first);
	uint64_t leases =
		first == UINT64_MAX
			? 0
			: address_offset(prefix, &network->dhcp_last) - first +
				  1;
	struct offsets p = {
		.size = network->n_ports * NETWORK_PORT_ADDRESSES +
			network->n_addresses + leases + 2,
	};
	_cleanup_free_ uint8_t *taken = NULL;
	char text[INET_PREFIX_STR];

	if (p.size > end)
		p.size = end;
	taken = p.taken = calloc(p.size + 1, 1);
	if (!taken)
		return error_set(err, -ENOMEM, "out of memory");
	offsets_fill(&p, network, prefix);
	while (at < p.size && taken[at])
		at++;
	if (at < end) {
		inet_prefix_nth(prefix, at, ret);
		ret->length = prefix->length;
		return 0;
	}
	inet_prefix_format(prefix, text);
	return error_set(err, -EADDRNOTAVAIL,
			 "no address of %s of the network %s is free%s", text,
			 network->name,
			 leases ? " outside of its `dhcp` range" : "");
}
