/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = nat, link = routed: a veth(4) pair between the namespace and the host.
 *
 * Addresses come from the pools (a /31 and a /127, host even, namespace odd) or
 * from the policy; then the host's end has the gateway's address and a route to
 * each address of the namespace.
 */
#include "helper/instance/link_ops.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "helper/firewall/forwarding.h"
#include "helper/firewall/nft.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "host_end.h"
#include "interface.h"

struct veth_plan {
	struct addresses addresses;
	bool ipv4, ipv6;
};

/* --- planning --- */

static bool veth_is_auto(const struct policy_namespace *ns)
{
	return ns->address_mode != ADDRESS_STATIC;
}

static bool veth_has_ipv6(const struct helper *h,
			  const struct policy_namespace *ns)
{
	if (veth_is_auto(ns))
		return h->pool->pool6.family != AF_UNSPEC;
	return policy_namespace_ipv6(ns);
}

/* The default gateway: the first other address of a static one's prefix. */
static int veth_gateway_guess(const struct inet_prefix *inner,
			      struct inet_prefix *ret, struct error *err)
{
	unsigned int bits = inner->family == AF_INET ? 32 : 128;
	unsigned int first = bits - inner->length == 1 ? 0 : 1;
	char text[INET_PREFIX_STR];

	inet_prefix_format(inner, text);
	if (inner->length == bits)
		return error_set(err, -EINVAL,
				 "the prefix of the address %s has no room for a gateway; set `gateway`",
				 text);
	inet_prefix_nth(inner, first, ret);
	if (memcmp(ret->addr, inner->addr, sizeof(ret->addr)) == 0)
		inet_prefix_nth(inner, first + 1, ret);
	return 0;
}

static int veth_plan_static(const struct link_site *site,
			    struct veth_plan *plan, struct error *err)
{
	int r = address_plan(site, &plan->addresses, err);

	for (size_t i = 0; r == 0 && i < plan->addresses.n; i++) {
		struct address *a = &plan->addresses.items[i];
		struct inet_prefix alone = a->inner;

		address_set_full_length(&alone);
		r = address_check_clash(site, &alone, err);
		if (r == 0 && a->gateway.family == AF_UNSPEC)
			r = veth_gateway_guess(&a->inner, &a->gateway, err);
		if (r < 0)
			return r;
		address_set_full_length(&a->gateway);
		/* On the host's end, it would hide its owner from the host. */
		r = address_check_clash(site, &a->gateway, err);
		a->host_route = true;
	}
	return r;
}

static void veth_plan_slot(const struct helper *h, uint32_t slot,
			   struct veth_plan *plan)
{
	const struct inet_prefix *pools[] = {&h->pool->pool4, &h->pool->pool6};

	plan->addresses.n = 0;
	for (size_t i = 0; i < 2; i++) {
		struct address *a = &plan->addresses.items[plan->addresses.n];

		if (pools[i]->family == AF_UNSPEC)
			continue;
		pool_addresses(pools[i], slot, &a->gateway, &a->inner);
		a->host_route = false; /* the prefix is the route */
		plan->addresses.n++;
	}
}

/* --- making --- */

struct veth_macs {
	uint8_t host[6], inner[6];
};

/*
 * Locally administered, and part of the request: udev's MACAddressPolicy does
 * not change such ones.
 */
static struct veth_macs veth_macs(uint32_t slot)
{
	const uint8_t high = (uint8_t)(slot >> 8), low = (uint8_t)slot;

	return (struct veth_macs){
		.host = {0x02, 0x6e, 0x70, 0, high, low},
		.inner = {0x02, 0x6e, 0x70, 1, high, low},
	};
}

static int veth_address_inside(const struct link_site *site,
			       const struct veth_plan *plan, struct error *err)
{
	const struct veth_macs macs = veth_macs(site->instance->slot);
	struct rtnl_batch b = {.n = 0};
	int r;

	for (size_t i = 0; i < plan->addresses.n; i++)
		rtnl_put_neighbour(&b, INSIDE_IFINDEX,
				   &plan->addresses.items[i].gateway,
				   macs.host);
	r = address_put(site, &plan->addresses, INSIDE_IFINDEX, &b, err);
	return r < 0 ? r : rtnl_run(site->inside, &b, err);
}

/* Nothing received on the host's end configures the host. Up last. */
static int veth_host_end(const struct link_site *site,
			 const struct veth_plan *plan, struct error *err)
{
	struct helper *h = site->helper;
	struct instance *i = site->instance;
	const struct veth_macs macs = veth_macs(i->slot);
	struct rtnl_batch b = {.n = 0};
	int r;

	/* The host's default may differ; here the policy decides. */
	r = sysctl_write_interface("ipv6", i->host_ifname, "disable_ipv6",
				   plan->ipv6 ? "0" : "1", err);
	for (size_t n = 0; r == 0 && plan->ipv6 && n < 2; n++)
		r = sysctl_write_interface("ipv6", i->host_ifname,
					   n ? "accept_dad" : "accept_ra", "0",
					   err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (plan->ipv6)
		rtnl_put_no_link_local(&b, i->host_ifindex);
	host_end_put_up(&b, i);
	for (size_t j = 0; j < plan->addresses.n; j++) {
		const struct address *a = &plan->addresses.items[j];

		rtnl_put_address(&b, i->host_ifindex, &a->gateway);
		rtnl_put_neighbour(&b, i->host_ifindex, &a->inner, macs.inner);
	}
	for (size_t j = 0; j < plan->addresses.n; j++) {
		struct inet_prefix to = plan->addresses.items[j].inner;

		address_set_full_length(&to);
		if (plan->addresses.items[j].host_route)
			rtnl_put_route(&b, &to, NULL, i->host_ifindex);
	}
	return rtnl_run(h->rtnl, &b, err);
}

/* Takes a slot and creates the pair; names of other programs are skipped. */
static int veth_take(const struct link_site *site, struct veth_plan *plan,
		     struct error *err)
{
	struct helper *h = site->helper;
	struct instance *i = site->instance;
	bool automatic = veth_is_auto(site->ns);
	struct veth_macs macs;
	int r = -EEXIST;

	for (int tries = 0; r == -EEXIST && tries < HOST_END_TRIES; tries++) {
		r = pool_take(h->pool,
			      automatic && h->pool->pool4.family != AF_UNSPEC,
			      automatic && h->pool->pool6.family != AF_UNSPEC,
			      &i->slot, err);
		if (r < 0)
			return r;
		if (automatic)
			veth_plan_slot(h, i->slot, plan);
		pool_ifname(i->slot, i->host_ifname);
		macs = veth_macs(i->slot);
		/* -EEXIST leaves the slot marked: the name is in use. */
		r = host_end_make(site,
				  site->ns->link == LINK_NAT ? NFT_GROUP_NAT
							     : NFT_GROUP_ROUTED,
				  macs.inner, macs.host, err);
	}
	if (r < 0 && r != -EEXIST)
		pool_release(h->pool, i->slot);
	return r;
}

static int veth_choose(const struct link_site *site, struct veth_plan *plan,
		       struct error *err)
{
	int r = address_read_routes(site->helper, err);

	if (r == 0 && !veth_is_auto(site->ns))
		r = veth_plan_static(site, plan, err);
	return r < 0 ? r : veth_take(site, plan, err);
}

static int veth_create(const struct link_site *site, struct error *err)
{
	struct veth_plan plan = {.ipv4 = false};
	struct instance *i = site->instance;
	struct helper *h = site->helper;
	int r = veth_choose(site, &plan, err);

	if (r == -EADDRNOTAVAIL || r == -EADDRINUSE) {
		/* The routes are read again: they may have changed. */
		h->pool->routes_stale = true;
		plan = (struct veth_plan){.ipv4 = false};
		r = veth_choose(site, &plan, err);
	}
	if (r < 0)
		return r;
	for (size_t j = 0; j < plan.addresses.n; j++) {
		const struct inet_prefix *inner =
			&plan.addresses.items[j].inner;

		*(inner->family == AF_INET ? &plan.ipv4 : &plan.ipv6) = true;
		pool_take_address(h->pool, inner);
	}
	address_note(i, &plan.addresses);
	if (!plan.addresses.n)
		return error_set(err, -EINVAL,
				 "cannot choose an address for the namespace %s: pool4 and pool6 are none; set `address`",
				 site->ns->name);
	r = host_end_look(i, err);
	if (r == 0)
		r = forwarding_need(h, plan.ipv4, plan.ipv6, err);
	if (r == 0)
		r = veth_host_end(site, &plan, err);
	if (r == 0)
		r = veth_address_inside(site, &plan, err);
	return r < 0 ? r : host_end_finish(site, err);
}

const struct link_ops link_veth_ops = {
	.makes_namespace = true,
	.filter = FILTER_HOST,
	.needs_firewall = true,
	.has_ipv6 = veth_has_ipv6,
	.create = veth_create,
	.adopt = host_end_adopt,
	.cut = host_end_cut,
	.describe = host_end_describe,
};
