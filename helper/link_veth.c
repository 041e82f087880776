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
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "helper.h"
#include "instance.h"
#include "nft.h"
#include "proto.h"
#include "rtnl.h"
#include "sysctl.h"

#define VETH_IFINDEX   32 /* above tunl0, sit0, gre0, ...: ip_tunnel_core.c */
#define VETH_IFNAME    "eth0"
#define VETH_ADDRESSES 8 /* of one namespace */
#define VETH_TRIES     64

/* One address of the namespace and how it gets out. */
struct veth_address {
	struct inet_prefix inner; /* ADDR/LEN on the namespace's interface */
	struct inet_prefix host;  /* what the host's end has */
	bool host_route;	  /* the host needs a route to inner */
};

struct veth_plan {
	struct veth_address addresses[VETH_ADDRESSES];
	size_t n;
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
		return h->pool.pool6.family != AF_UNSPEC;
	for (size_t i = 0; i < ns->address.n; i++)
		if (strchr(ns->address.items[i], ':'))
			return true;
	return false;
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
		return error_set(err, -EINVAL,
				 "the address %s has no room for a gateway in "
				 "its prefix: set `gateway`",
				 text);
	inet_prefix_nth(inner, first, ret);
	if (memcmp(ret->addr, inner->addr, sizeof(ret->addr)) == 0)
		inet_prefix_nth(inner, first + 1, ret);
	return 0;
}

static int veth_expand(const struct instance *i, const char *text,
		       struct inet_prefix *ret, struct error *err)
{
	_cleanup_free_ char *expanded = NULL;
	int r = policy_expand(text, i->user, i->uid, i->name, &expanded, err);

	if (r < 0)
		return r;
	if (inet_prefix_parse(expanded, ret) < 0)
		return error_set(err, -EINVAL, "`%s` is not an address",
				 expanded);
	return 0;
}

static int veth_check_clash(const struct helper *h, const struct inet_prefix *p,
			    struct error *err)
{
	const struct inet_prefix *route = pool_route_clash(&h->pool, p);
	char text[INET_PREFIX_STR], other[INET_PREFIX_STR];

	inet_address_format(p, text);
	if (route) {
		inet_prefix_format(route, other);
		return error_set(err, -EADDRINUSE,
				 "the address %s lies in %s, to which the host "
				 "has a route of its own: choose another",
				 text, other);
	}
	if (pool_address_is_taken(&h->pool, p))
		return error_set(err, -EADDRINUSE,
				 "the address %s is of the pool, and in use",
				 text);
	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->host_ifindex && (inet_prefix_contains(p, &i->address4) ||
					inet_prefix_contains(p, &i->address6)))
			return error_set(err, -EADDRINUSE,
					 "the address %s is in use by the "
					 "namespace %s",
					 text, i->name);
	return 0;
}

static int veth_plan_static(const struct link_site *site,
			    struct veth_plan *plan, struct error *err)
{
	const struct policy_namespace *ns = site->ns;

	for (size_t i = 0; i < ns->address.n; i++) {
		struct veth_address *a = &plan->addresses[plan->n];
		struct inet_prefix alone;
		int r;

		if (plan->n == VETH_ADDRESSES)
			return error_set(err, -E2BIG,
					 "more than %d addresses for the "
					 "namespace %s",
					 VETH_ADDRESSES, ns->name);
		r = veth_expand(site->instance, ns->address.items[i], &a->inner,
				err);
		alone = a->inner;
		full_length(&alone);
		if (r == 0)
			r = veth_check_clash(site->helper, &alone, err);
		if (r < 0)
			return r;
		a->host.family = AF_UNSPEC;
		for (size_t j = 0; j < ns->gateway.n; j++) {
			struct inet_prefix gateway;

			r = veth_expand(site->instance, ns->gateway.items[j],
					&gateway, err);
			if (r < 0)
				return r;
			if (gateway.family == a->inner.family)
				a->host = gateway;
		}
		if (a->host.family == AF_UNSPEC)
			r = veth_gateway_guess(&a->inner, &a->host, err);
		if (r < 0)
			return r;
		full_length(&a->host);
		/* On the host's end, it would cut the host off from its owner.
		 */
		r = veth_check_clash(site->helper, &a->host, err);
		if (r < 0)
			return r;
		a->host_route = true;
		plan->n++;
	}
	return 0;
}

static void veth_plan_slot(const struct helper *h, uint32_t slot,
			   struct veth_plan *plan)
{
	const struct inet_prefix *pools[] = {&h->pool.pool4, &h->pool.pool6};

	plan->n = 0;
	for (size_t i = 0; i < 2; i++) {
		struct veth_address *a = &plan->addresses[plan->n];

		if (pools[i]->family == AF_UNSPEC)
			continue;
		pool_addresses(pools[i], slot, &a->host, &a->inner);
		a->host_route = false; /* the prefix is the route */
		plan->n++;
	}
}

/* --- the host's routes, which addresses must not collide with --- */

static void routes_restart(void *data)
{
	pool_routes_clear(data);
}

struct routes_reader {
	const struct helper *helper;
	struct pool *pool;
};

static void routes_reader_restart(void *data)
{
	routes_restart(((struct routes_reader *)data)->pool);
}

static void routes_reader_seen(void *data, const struct inet_prefix *p,
			       unsigned int ifindex)
{
	const struct routes_reader *reader = data;

	for (const struct instance *i = reader->helper->instances; i;
	     i = i->next)
		if (ifindex && i->host_ifindex == ifindex)
			return;
	pool_route_add(reader->pool, p);
}

static int veth_read_routes(struct helper *h, struct error *err)
{
	struct routes_reader reader = {h, &h->pool};
	int r;

	if (!h->pool.routes_stale)
		return 0;
	h->pool.routes_stale = false;
	r = rtnl_dump_routes(h->rtnl, routes_reader_restart, routes_reader_seen,
			     &reader);
	if (r < 0) {
		h->pool.routes_stale = true;
		return error_set(err, r, "cannot read the host's routes: %s",
				 strerror(-r));
	}
	return 0;
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
		.peer_netns = site->helper->host.fd,
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

/* Return: 0 or -errno; routes are "PREFIX" or "PREFIX via ADDR". */
static int veth_put_routes(const struct link_site *site,
			   const struct veth_plan *plan, struct rtnl_batch *b,
			   struct error *err)
{
	const struct policy_namespace *ns = site->ns;
	static const char via[] = " via ";

	for (size_t i = 0; i < ns->routes.n; i++) {
		_cleanup_free_ char *text = strdup(ns->routes.items[i]);
		struct inet_prefix destination = {0}, gateway = {0};
		char *at = text ? strstr(text, via) : NULL;
		int r = text ? 0 : -ENOMEM;

		if (at) {
			*at = '\0';
			r = veth_expand(site->instance, at + sizeof(via) - 1,
					&gateway, err);
		}
		if (r == 0)
			r = veth_expand(site->instance, text, &destination,
					err);
		if (r < 0)
			return r;
		for (size_t j = 0; !at && j < plan->n; j++)
			if (plan->addresses[j].inner.family ==
			    destination.family)
				gateway = plan->addresses[j].host;
		if (gateway.family != destination.family)
			return error_set(err, -EINVAL,
					 "the route `%s` has no gateway of its "
					 "family in the namespace %s",
					 ns->routes.items[i], ns->name);
		rtnl_put_route(b, &destination, &gateway, VETH_IFINDEX);
	}
	return 0;
}

/* Does `routes` bring a default route of its own? */
static bool veth_routes_default(const struct policy_namespace *ns,
				const char *any)
{
	size_t n = strlen(any);

	for (size_t i = 0; i < ns->routes.n; i++)
		if (strncmp(ns->routes.items[i], any, n) == 0)
			return true;
	return false;
}

static int veth_address_inside(const struct link_site *site,
			       const struct veth_plan *plan, struct error *err)
{
	static const struct inet_prefix any4 = {.family = AF_INET};
	static const struct inet_prefix any6 = {.family = AF_INET6};
	const struct veth_macs macs = veth_macs(site->instance->slot);
	bool default4 = veth_routes_default(site->ns, "0.0.0.0/0");
	bool default6 = veth_routes_default(site->ns, "::/0");
	struct rtnl_batch b;
	int r;

	rtnl_batch_init(&b);
	for (size_t i = 0; i < plan->n; i++) {
		rtnl_put_address(&b, VETH_IFINDEX, &plan->addresses[i].inner);
		if (plan->addresses[i].inner.family == AF_INET6)
			rtnl_put_local(&b, &plan->addresses[i].inner,
				       VETH_IFINDEX);
		rtnl_put_neighbour(&b, VETH_IFINDEX, &plan->addresses[i].host,
				   macs.host);
	}
	for (size_t i = 0; i < plan->n; i++) {
		const struct veth_address *a = &plan->addresses[i];
		bool v4 = a->inner.family == AF_INET;
		bool *done = v4 ? &default4 : &default6;

		if (!*done)
			rtnl_put_route(&b, v4 ? &any4 : &any6, &a->host,
				       VETH_IFINDEX);
		*done = true;
	}
	r = veth_put_routes(site, plan, &b, err);
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
	for (size_t j = 0; j < plan->n; j++) {
		rtnl_put_address(&b, i->host_ifindex, &plan->addresses[j].host);
		rtnl_put_neighbour(&b, i->host_ifindex,
				   &plan->addresses[j].inner, macs.inner);
	}
	for (size_t j = 0; j < plan->n; j++) {
		struct inet_prefix to = plan->addresses[j].inner;

		full_length(&to);
		if (plan->addresses[j].host_route)
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
		r = pool_take(&h->pool,
			      automatic && h->pool.pool4.family != AF_UNSPEC,
			      automatic && h->pool.pool6.family != AF_UNSPEC,
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
		pool_release(&h->pool, i->slot);
	return r;
}

static int veth_choose(const struct link_site *site, struct veth_plan *plan,
		       struct error *err)
{
	int r = veth_read_routes(site->helper, err);

	if (r == 0 && !veth_is_auto(site->ns))
		r = veth_plan_static(site, plan, err);
	return r < 0 ? r : veth_take(site, plan, err);
}

static int veth_create(const struct link_site *site, struct error *err)
{
	struct veth_plan plan = {.n = 0};
	struct instance *i = site->instance;
	struct helper *h = site->helper;
	struct rtnl_link link;
	int r;

	if (site->ns->address_mode == ADDRESS_DHCP)
		return error_set(err, -EOPNOTSUPP,
				 "address = dhcp needs "
				 "link = bridge");
	r = veth_choose(site, &plan, err);
	if (r == -EADDRNOTAVAIL || r == -EADDRINUSE) {
		/* The route in the way may have gone since: look again. */
		h->pool.routes_stale = true;
		plan = (struct veth_plan){.n = 0};
		r = veth_choose(site, &plan, err);
	}
	if (r < 0)
		return r;
	for (size_t j = 0; j < plan.n; j++) {
		bool v4 = plan.addresses[j].inner.family == AF_INET;
		struct inet_prefix *seen = v4 ? &i->address4 : &i->address6;

		*(v4 ? &plan.ipv4 : &plan.ipv6) = true;
		if (seen->family == AF_UNSPEC)
			*seen = plan.addresses[j].inner;
		pool_take_address(&h->pool, &plan.addresses[j].inner);
	}
	if (!plan.n)
		return error_set(err, -EINVAL,
				 "no addresses for the namespace %s: pool4 and "
				 "pool6 are none, and it has no `address`",
				 site->ns->name);
	r = rtnl_link_by_name(h->rtnl, i->host_ifname, &link);
	if (r < 0)
		return error_set(err, r, "cannot find %s: %s", i->host_ifname,
				 strerror(-r));
	i->host_ifindex = link.ifindex;
	r = forwarding_need(&h->forwarding, plan.ipv4, plan.ipv6, err);
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

static int veth_adopt(struct helper *h, struct instance *i)
{
	struct rtnl_link link;
	int r = rtnl_link_by_index(h->rtnl, i->host_ifindex, &link);

	if (r < 0 || strcmp(link.ifname, i->host_ifname) != 0) {
		i->host_ifindex = 0;
		return -ENODEV;
	}
	pool_mark(&h->pool, i->slot);
	return 0;
}

/*
 * Down, not deleted: deleting keeps the caller, who is everybody's, waiting for
 * twenty milliseconds and more (netdev_run_todo(), net/core/dev.c), and the
 * kernel does it by itself when the last process has left.
 */
static void veth_cut(struct helper *h, struct instance *i)
{
	struct rtnl_batch b;

	if (!i->host_ifindex)
		return;
	rtnl_batch_init(&b);
	rtnl_put_down(&b, i->host_ifindex);
	rtnl_run(h->rtnl, &b, NULL);
}

static void veth_describe(struct helper *h, const struct instance *i,
			  struct proto_namespace *ret)
{
	struct rtnl_link link;

	if (!i->host_ifindex ||
	    rtnl_link_by_index(h->rtnl, i->host_ifindex, &link) < 0)
		return;
	snprintf(ret->host_ifname, sizeof(ret->host_ifname), "%s", link.ifname);
	if (i->address4.family)
		inet_prefix_format(&i->address4, ret->address4);
	if (i->address6.family)
		inet_prefix_format(&i->address6, ret->address6);
	/* What the host's end sends is what the namespace receives. */
	ret->rx_bytes = link.tx_bytes;
	ret->tx_bytes = link.rx_bytes;
}

const struct link_ops link_veth_ops = {
	.makes_namespace = true,
	.needs_firewall = true,
	.has_ipv6 = veth_has_ipv6,
	.create = veth_create,
	.adopt = veth_adopt,
	.cut = veth_cut,
	.describe = veth_describe,
};
