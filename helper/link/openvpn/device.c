/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves the tun device into the namespace and applies what the server pushed:
 * addresses, routes and name servers.
 *
 * The device cannot be created in place: openvpn opens /dev/net/tun, and the
 * device belongs to the namespace of the process that opened it
 * (tun_chr_open(), drivers/net/tun.c). It is down until it is moved.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/filter.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/kernel/netns.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "helper/link/address.h"
#include "helper/link/rate.h"
#include "openvpn.h"
#include "push.h"

const struct policy_namespace *openvpn_section(const struct instance *i)
{
	const struct policy_namespace *ns = instance_section(i);

	return ns && ns->link == LINK_OPENVPN ? ns : NULL;
}

void openvpn_device_name(const struct instance *i, char ret[static IFNAMSIZ])
{
	snprintf(ret, IFNAMSIZ, "npamv%u", (unsigned int)(i->id % 1000000000));
}

static int openvpn_move(struct instance *i, int netns, struct rtnl *inside,
			struct rtnl_link *ret, struct error *err)
{
	struct helper *h = i->helper;
	char device[IFNAMSIZ];
	struct rtnl_batch b = {.n = 0};
	int r;

	openvpn_device_name(i, device);
	r = rtnl_link_by_name(h->rtnl, device, ret);
	if (r < 0)
		return error_set(err, r, "cannot find openvpn's device %s: %m",
				 device);
	rtnl_put_move(&b, ret->ifindex, netns, i->ifname);
	r = rtnl_run(h->rtnl, &b, err);
	if (r < 0)
		return r;
	r = rtnl_link_by_name(inside, i->ifname, ret);
	if (r < 0)
		return error_set(err, r, "cannot find the moved device %s: %m",
				 i->ifname);
	i->ifindex = ret->ifindex;
	return 0;
}

/* --- configuration --- */

static void openvpn_put_address(struct rtnl_batch *b, unsigned int ifindex,
				const struct inet_prefix *address)
{
	if (address->family == AF_UNSPEC)
		return;
	rtnl_put_address(b, ifindex, address);
	if (address->family == AF_INET6)
		rtnl_put_local(b, address, ifindex);
}

/* The policy's addresses and routes, in addition to pushed ones. */
static int openvpn_put_policy(const struct instance *i, int netns,
			      struct rtnl *inside, struct rtnl_batch *b,
			      struct error *err)
{
	const struct link_site site = {
		.helper = i->helper,
		.instance = (struct instance *)(uintptr_t)i,
		.ns = openvpn_section(i),
		.policy = store_policy(i->helper->store),
		.netns = netns,
		.inside = inside,
	};
	struct addresses plan = {.n = 0};
	int r;

	if (!site.ns)
		return 0;
	r = address_plan(&site, &plan, err);
	return r < 0 ? r : address_put(&site, &plan, i->ifindex, b, err);
}

static int openvpn_address(const struct instance *i,
			   const struct openvpn_push *push, int netns,
			   struct rtnl *inside, struct error *err)
{
	const struct policy_namespace *ns = openvpn_section(i);
	unsigned int mtu = ns && ns->mtu ? ns->mtu : push->mtu;
	char alias[NAME_MAX_INSTANCE + 16];
	struct rtnl_batch b = {.n = 0};
	int r;

	snprintf(alias, sizeof(alias), "netns-pam %s", i->name);
	if (mtu)
		rtnl_put_mtu(&b, i->ifindex, mtu);
	rtnl_put_alias_up(&b, i->ifindex, alias);
	openvpn_put_address(&b, i->ifindex, &push->address4);
	openvpn_put_address(&b, i->ifindex, &push->address6);
	if (push->peer4.family)
		rtnl_put_route(&b, &push->peer4, NULL, i->ifindex);
	r = openvpn_put_policy(i, netns, inside, &b, err);
	return r < 0 ? r : rtnl_run(inside, &b, err);
}

/* A route that the kernel refuses is left out; the others are installed. */
static void openvpn_routes(const struct instance *i,
			   const struct openvpn_push *push, struct rtnl *inside)
{
	const struct openvpn_route *first = NULL;
	struct error why, ignored;
	char text[INET_PREFIX_STR];
	unsigned int n_bad = 0;
	struct rtnl_batch b;

	for (size_t n = 0; n < push->n_routes; n++) {
		const struct openvpn_route *route = &push->routes[n];
		int r;

		rtnl_batch_init(&b);
		rtnl_put_route(&b, &route->to,
			       route->gateway.family ? &route->gateway : NULL,
			       i->ifindex);
		r = rtnl_run(inside, &b, n_bad ? &ignored : &why);
		if (r < 0 && r != -EEXIST && !n_bad++)
			first = route;
	}
	if (!first)
		return;
	inet_prefix_format(&first->to, text);
	log_warning("%s: %u pushed routes could not be installed; first: %s: %s",
		    i->name, n_bad, text, why.text);
}

static void openvpn_dns(struct instance *i, const struct openvpn_push *push)
{
	const struct policy_namespace *ns = openvpn_section(i);
	bool same = i->n_link_dns == push->n_dns &&
		    !strcmp(i->link_search, push->search);

	_Static_assert(OPENVPN_DNS_MAX <= INSTANCE_DNS_MAX, "name servers");
	for (size_t n = 0; same && n < push->n_dns; n++)
		same = inet_address_equal(&push->dns[n], &i->link_dns[n]);
	if (!push->n_dns && ns && !ns->dns_set && !ns->dns_host)
		log_warning("%s: the server pushed no name servers, and the section has no 'dns': sessions use the host's resolvers, which answer from outside",
			    i->name);
	memcpy(i->link_dns, push->dns, sizeof(push->dns));
	i->n_link_dns = push->n_dns;
	snprintf(i->link_search, sizeof(i->link_search), "%s", push->search);
	if (!same)
		filter_dns_changed(i);
}

static int openvpn_visit_sysctl(void *data, struct error *err)
{
	const struct policy_namespace *ns = data;

	return sysctl_apply(ns->sysctls, ns->n_sysctls, err);
}

/*
 * Applies sysctls and `rate` to a device that replaces another one. For the
 * first device, lifecycle/make.c does it.
 */
static void openvpn_restore(const struct openvpn *o, int netns)
{
	struct instance *i = o->instance;
	const struct policy_namespace *ns = openvpn_section(i);
	struct error why = {""};
	int r = 0;

	i->rate_bits = 0; /* none on the new interface */
	if (!ns || (i->making && !o->was_connected))
		return;
	if (ns->n_sysctls)
		r = netns_visit(i->helper->host, netns, openvpn_visit_sysctl,
				(void *)(uintptr_t)ns, NULL, NULL, &why);
	if (r == 0)
		r = rate_apply(i, ns, netns, &why);
	if (r < 0)
		log_error("%s: %s", i->name, why.text);
}

int openvpn_device_configure(struct openvpn *o, const struct openvpn_push *push,
			     struct error *err)
{
	struct instance *i = o->instance;
	_cleanup_close_ int netns = instance_netns(i, err);
	struct rtnl *inside = NULL;
	struct rtnl_link link;
	int r;

	if (netns < 0)
		return netns;
	r = netns_rtnl_open(i, netns, &inside, err);
	if (r == 0)
		r = openvpn_move(i, netns, inside, &link, err);
	if (r == 0)
		r = openvpn_address(i, push, netns, inside, err);
	if (r == 0) {
		openvpn_routes(i, push, inside);
		i->address4 = push->address4;
		i->address6 = push->address6;
		openvpn_dns(i, push);
		openvpn_restore(o, netns);
	}
	rtnl_close(inside);
	return r;
}

/* --- later --- */

bool openvpn_device_is_there(const struct instance *i)
{
	struct rtnl_link link;
	int r = i->ifindex ? netns_rtnl_look(i, &link) : ABSENT;

	return r == 0 ? !strcmp(link.ifname, i->ifname)
		      : answer_of(r) != ABSENT;
}
