/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <errno.h>

#include "common/cleanup.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"

int address_expand(const struct link_site *site,
		   const struct policy_address *address,
		   struct inet_prefix *ret, struct error *err)
{
	const struct instance *i = site->instance;
	_cleanup_free_ char *expanded = NULL;
	int r;

	*ret = address->prefix;
	if (ret->family)
		return 0;
	r = policy_expand(address->text, i->user, i->uid, i->name, &expanded,
			  err);
	if (r < 0)
		return r;
	if (inet_prefix_parse(expanded, ret) < 0)
		return error_set(err, -EINVAL, "`%s` is not an address",
				 expanded);
	return 0;
}

/* --- planning --- */

int address_plan(const struct link_site *site, struct addresses *ret,
		 struct error *err)
{
	const struct policy_namespace *ns = site->ns;

	ret->n = 0;
	for (size_t n = 0; n < ns->address.n; n++) {
		struct address *a = &ret->items[ret->n];
		int r;

		if (ret->n == ADDRESS_INSIDE_MAX)
			return error_set(err, -E2BIG,
					 "more than %d addresses for the namespace %s",
					 ADDRESS_INSIDE_MAX, ns->name);
		*a = (struct address){.host_route = false};
		r = address_expand(site, &ns->address.items[n], &a->inner, err);
		for (size_t k = 0; r == 0 && k < ns->gateway.n; k++) {
			struct inet_prefix gateway;

			r = address_expand(site, &ns->gateway.items[k],
					   &gateway, err);
			if (r == 0 && gateway.family == a->inner.family)
				a->gateway = gateway;
		}
		if (r < 0)
			return r;
		ret->n++;
	}
	return 0;
}

int address_check_clash(const struct link_site *site,
			const struct inet_prefix *p, struct error *err)
{
	const struct helper *h = site->helper;
	const struct inet_prefix *route = pool_route_clash(h->pool, p);
	char text[INET_PREFIX_STR], other[INET_PREFIX_STR];

	inet_address_format(p, text);
	if (route) {
		inet_prefix_format(route, other);
		return error_set(err, -EADDRINUSE,
				 "cannot use the address %s: the host has a route to %s; choose another",
				 text, other);
	}
	if (pool_address_is_taken(h->pool, p))
		return error_set(err, -EADDRINUSE,
				 "cannot use the address %s: it is a pool address in use",
				 text);
	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->host_ifindex && (inet_prefix_contains(p, &i->address4) ||
					inet_prefix_contains(p, &i->address6)))
			return error_set(err, -EADDRINUSE,
					 "cannot use the address %s: the namespace %s has it",
					 text, i->name);
	return 0;
}

/* --- on the interface --- */

static const struct inet_prefix *address_gateway(const struct addresses *plan,
						 int family)
{
	for (size_t n = 0; n < plan->n; n++)
		if (plan->items[n].inner.family == family &&
		    plan->items[n].gateway.family == family)
			return &plan->items[n].gateway;
	return NULL;
}

static int address_put_route(const struct link_site *site,
			     const struct policy_route *route,
			     const struct addresses *plan, unsigned int ifindex,
			     struct rtnl_batch *b, struct error *err)
{
	struct inet_prefix destination, named = {0};
	const struct inet_prefix *gateway = &named;
	int r = address_expand(site, &route->to, &destination, err);

	if (r == 0 && route->via.text)
		r = address_expand(site, &route->via, &named, err);
	if (r < 0)
		return r;
	if (!route->via.text)
		gateway = address_gateway(plan, destination.family);
	if (gateway && gateway->family != destination.family)
		return error_set(err, -EINVAL,
				 "the gateway of the route `%s` in the namespace %s has another address family",
				 route->text, site->ns->name);
	rtnl_put_route(b, &destination, gateway, ifindex);
	return 0;
}

/* Is there a default route of the family in `routes`? */
static bool address_routes_default(const struct policy_namespace *ns,
				   sa_family_t family)
{
	for (size_t n = 0; n < ns->routes.n; n++)
		if (ns->routes.items[n].to.prefix.family == family &&
		    !ns->routes.items[n].to.prefix.length)
			return true;
	return false;
}

int address_put(const struct link_site *site, const struct addresses *plan,
		unsigned int ifindex, struct rtnl_batch *b, struct error *err)
{
	static const struct inet_prefix any[] = {{.family = AF_INET},
						 {.family = AF_INET6}};
	int r = 0;

	for (size_t n = 0; n < plan->n; n++) {
		const struct inet_prefix *inner = &plan->items[n].inner;

		rtnl_put_address(b, ifindex, inner);
		if (inner->family == AF_INET6)
			rtnl_put_local(b, inner, ifindex);
	}
	for (size_t n = 0; n < 2; n++) {
		const struct inet_prefix *gateway =
			address_gateway(plan, any[n].family);

		if (gateway && !address_routes_default(site->ns, any[n].family))
			rtnl_put_route(b, &any[n], gateway, ifindex);
	}
	for (size_t n = 0; r == 0 && n < site->ns->routes.n; n++)
		r = address_put_route(site, &site->ns->routes.items[n], plan,
				      ifindex, b, err);
	return r;
}

void address_set_full_length(struct inet_prefix *p)
{
	p->length = (uint8_t)(8 * inet_bytes(p->family));
}

void address_note(struct instance *i, const struct addresses *plan)
{
	for (size_t n = 0; n < plan->n; n++) {
		const struct inet_prefix *p = &plan->items[n].inner;
		struct inet_prefix *first =
			p->family == AF_INET ? &i->address4 : &i->address6;

		if (first->family == AF_UNSPEC)
			*first = *p;
	}
}

/* --- the host's routes --- */

static void routes_restart(void *data)
{
	const struct helper *h = data;

	pool_routes_clear(h->pool);
}

static void routes_seen(void *data, const struct inet_prefix *p,
			unsigned int ifindex)
{
	const struct helper *h = data;

	for (const struct instance *i = h->instances; i; i = i->next)
		if (ifindex && i->host_ifindex == ifindex)
			return;
	pool_route_add(h->pool, p);
}

int address_read_routes(struct helper *h, struct error *err)
{
	int r;

	if (!h->pool->routes_stale)
		return 0;
	h->pool->routes_stale = false;
	r = rtnl_dump_routes(h->rtnl, routes_restart, routes_seen, h);
	if (r < 0) {
		h->pool->routes_stale = true;
		return error_set(err, r,
				 "cannot read the routes of the host: %m");
	}
	return 0;
}
