/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = nat, link = routed: a veth(4) pair between the namespace and the host.
 * The pair is made inside the namespace with its other end in the host's: a
 * device that is created in place costs a twentieth of one that is moved.
 *
 * Addresses come from the pools (a /31 and a /127, host even, namespace odd) or
 * are the policy's; then the host's end has the gateway's address and a route
 * to each of the namespace's.
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

#define VETH_IFINDEX 32 /* above tunl0, sit0, gre0, ...: ip_tunnel_core.c */
#define VETH_IFNAME  "eth0"
#define VETH_TRIES   64

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

static void full_length(struct inet_prefix *p)
{
	p->length = p->family == AF_INET ? 32 : 128;
}

/* The address across from a static one when no gateway is given. */
static int veth_gateway_guess(const struct inet_prefix *inner,
			      struct inet_prefix *ret, struct error *err)
{
	unsigned int bits = inner->family == AF_INET ? 32 : 128;
	unsigned int first = bits - inner->length == 1 ? 0 : 1;
	char text[INET_PREFIX_STR];

	inet_prefix_format(inner, text);
	if (inner->length == bits)
		return error_set(
			err, -EINVAL,
			"the address %s has no room for a gateway in its prefix: set `gateway`",
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

		full_length(&alone);
		r = address_check_clash(site, &alone, err);
		if (r == 0 && a->gateway.family == AF_UNSPEC)
			r = veth_gateway_guess(&a->inner, &a->gateway, err);
		if (r < 0)
			return r;
		full_length(&a->gateway);
		/* On the host's end, it would cut the host off from its owner.
		 */
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
 * Locally administered, and given with the request: udev's MACAddressPolicy
 * leaves addresses alone that were set.
 */
static struct veth_macs veth_macs(uint32_t slot)
{
	const uint8_t high = (uint8_t)(slot >> 8), low = (uint8_t)slot;

	return (struct veth_macs){
		.host = {0x02, 0x6e, 0x70, 0, high, low},
		.inner = {0x02, 0x6e, 0x70, 1, high, low},
	};
}

/* The pair. A name that is taken on the host's side is -EEXIST. */
static int veth_make(const struct link_site *site, uint32_t slot,
		     struct error *err)
{
	const struct policy_namespace *ns = site->ns;
	struct instance *i = site->instance;
	struct rtnl_veth veth = {
		.ifname = ns->ifname ? ns->ifname : VETH_IFNAME,
		.ifindex = VETH_IFINDEX,
		.peer = i->host_ifname,
		.peer_netns = site->helper->host->fd,
		.peer_group =
			ns->link == LINK_NAT ? NFT_GROUP_NAT : NFT_GROUP_ROUTED,
		.mtu = ns->mtu,
	};
	const struct veth_macs macs = veth_macs(slot);
	struct rtnl_batch b;

	memcpy(veth.mac, macs.inner, sizeof(macs.inner));
	memcpy(veth.peer_mac, macs.host, sizeof(macs.host));
	rtnl_batch_init(&b);
	rtnl_put_veth(&b, &veth);
	return rtnl_run(site->inside, &b, err);
}

static int veth_address_inside(const struct link_site *site,
			       const struct veth_plan *plan, struct error *err)
{
	const struct veth_macs macs = veth_macs(site->instance->slot);
	struct rtnl_batch b;
	int r;

	rtnl_batch_init(&b);
	for (size_t i = 0; i < plan->addresses.n; i++)
		rtnl_put_neighbour(&b, VETH_IFINDEX,
				   &plan->addresses.items[i].gateway,
				   macs.host);
	r = address_put(site, &plan->addresses, VETH_IFINDEX, &b, err);
	return r < 0 ? r : rtnl_run(site->inside, &b, err);
}

/* The host's end: nothing it hears configures the host; then up. */
static int veth_host_end(const struct link_site *site,
			 const struct veth_plan *plan, struct error *err)
{
	struct helper *h = site->helper;
	struct instance *i = site->instance;
	const struct veth_macs macs = veth_macs(i->slot);
	struct rtnl_batch b;
	char alias[NAME_MAX_INSTANCE + 16];
	int r;

	/* Off everywhere else on the host perhaps; here as the policy says. */
	r = sysctl_write_interface("ipv6", i->host_ifname, "disable_ipv6",
				   plan->ipv6 ? "0" : "1", err);
	if (r == 0 && plan->ipv6)
		r = sysctl_write_interface("ipv6", i->host_ifname, "accept_ra",
					   "0", err);
	if (r == 0 && plan->ipv6)
		r = sysctl_write_interface("ipv6", i->host_ifname, "accept_dad",
					   "0", err);
	if (r < 0 && r != -ENOENT)
		return r;
	snprintf(alias, sizeof(alias), "netns-pam %s", i->name);
	rtnl_batch_init(&b);
	if (plan->ipv6)
		rtnl_put_no_link_local(&b, i->host_ifindex);
	rtnl_put_alias_up(&b, i->host_ifindex, alias);
	for (size_t j = 0; j < plan->addresses.n; j++) {
		const struct address *a = &plan->addresses.items[j];

		rtnl_put_address(&b, i->host_ifindex, &a->gateway);
		rtnl_put_neighbour(&b, i->host_ifindex, &a->inner, macs.inner);
	}
	for (size_t j = 0; j < plan->addresses.n; j++) {
		struct inet_prefix to = plan->addresses.items[j].inner;

		full_length(&to);
		if (plan->addresses.items[j].host_route)
			rtnl_put_route(&b, &to, NULL, i->host_ifindex);
	}
	return rtnl_run(h->rtnl, &b, err);
}

/* Takes a slot and makes the pair; other people's npamN are passed by. */
static int veth_take(const struct link_site *site, struct veth_plan *plan,
		     struct error *err)
{
	struct helper *h = site->helper;
	struct instance *i = site->instance;
	bool automatic = veth_is_auto(site->ns);
	int r = -EEXIST;

	for (int tries = 0; r == -EEXIST && tries < VETH_TRIES; tries++) {
		r = pool_take(h->pool,
			      automatic && h->pool->pool4.family != AF_UNSPEC,
			      automatic && h->pool->pool6.family != AF_UNSPEC,
			      &i->slot, err);
		if (r < 0)
			return r;
		if (automatic)
			veth_plan_slot(h, i->slot, plan);
		pool_ifname(i->slot, i->host_ifname);
		/* -EEXIST leaves the slot marked: somebody has that name. */
		r = veth_make(site, i->slot, err);
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
	struct rtnl_link link;
	int r;

	r = veth_choose(site, &plan, err);
	if (r == -EADDRNOTAVAIL || r == -EADDRINUSE) {
		/* The route in the way may have gone since: look again. */
		h->pool->routes_stale = true;
		plan = (struct veth_plan){.ipv4 = false};
		r = veth_choose(site, &plan, err);
	}
	if (r < 0)
		return r;
	for (size_t j = 0; j < plan.addresses.n; j++) {
		const struct inet_prefix *inner =
			&plan.addresses.items[j].inner;
		bool v4 = inner->family == AF_INET;
		struct inet_prefix *seen = v4 ? &i->address4 : &i->address6;

		*(v4 ? &plan.ipv4 : &plan.ipv6) = true;
		if (seen->family == AF_UNSPEC)
			*seen = *inner;
		pool_take_address(h->pool, inner);
	}
	i->ifindex = VETH_IFINDEX;
	snprintf(i->ifname, sizeof(i->ifname), "%s",
		 site->ns->ifname ? site->ns->ifname : VETH_IFNAME);
	if (!plan.addresses.n)
		return error_set(
			err, -EINVAL,
			"no addresses for the namespace %s: pool4 and pool6 are none, and it has no `address`",
			site->ns->name);
	r = rtnl_link_by_name(h->rtnl, i->host_ifname, &link);
	if (r < 0)
		return error_set(err, r, "cannot find %s: %s", i->host_ifname,
				 strerror(-r));
	i->host_ifindex = link.ifindex;
	r = forwarding_need(h, plan.ipv4, plan.ipv6, err);
	if (r == 0)
		r = veth_host_end(site, &plan, err);
	if (r == 0)
		r = veth_address_inside(site, &plan, err);
	if (r == 0) {
		/*
		 * Asking for the link makes the kernel finish its queued
		 * link-up work: the first packet is not lost.
		 */
		r = rtnl_link_by_index(site->inside, VETH_IFINDEX, &link);
		if (r < 0)
			error_set(err, r, "the new interface is gone: %s",
				  strerror(-r));
	}
	return r;
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
