/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of a network: an interface on the switch that is the gateway
 * of the namespaces; or, when the network has no address, the bridge itself, on
 * which the host answers nothing.
 */
#include <errno.h>

#include "helper/firewall/forwarding.h"
#include "helper/firewall/nft.h"
#include "helper/helper.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "parts.h"

/*
 * Packets from the switch do not configure the host, and ARP answers only for
 * addresses of this interface (without addresses: never).
 */
static int network_host_harden(const struct network *network, struct error *err)
{
	const struct {
		const char *family, *key, *value;
	} settings[] = {
		{"ipv6", "disable_ipv6", network->ipv6 ? "0" : "1"},
		{"ipv6", "accept_ra", "0"},
		{"ipv6", "accept_redirects", "0"},
		{"ipv6", "accept_dad", "0"},
		{"ipv4", "accept_redirects", "0"},
		{"ipv4", "send_redirects", "0"},
		{"ipv4", "arp_ignore", network->has_host ? "1" : "8"},
	};

	for (size_t n = 0; n < sizeof(settings) / sizeof(settings[0]); n++) {
		int r = sysctl_write_interface(settings[n].family,
					       network->host_ifname,
					       settings[n].key,
					       settings[n].value, err);

		/* A kernel without IPv6 has no such settings. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

int network_host_put(struct network *network, struct error *err)
{
	struct helper *h = network->helper;
	struct rtnl_link link;
	struct rtnl_batch b = {.n = 0};
	char alias[sizeof(network->name) + 24];
	int r = rtnl_link_by_name(h->rtnl, network->host_ifname, &link);

	if (r < 0)
		return error_set(err, r,
				 "cannot query the interface %s of the network %s: %m",
				 network->host_ifname, network->name);
	network->host_ifindex = link.ifindex;
	r = network_host_harden(network, err);
	if (r < 0)
		return r;
	snprintf(alias, sizeof(alias), "netns-pam network %s", network->name);
	rtnl_put_group(&b, link.ifindex,
		       network->nat ? NFT_GROUP_BRIDGE_NAT : NFT_GROUP_BRIDGE);
	rtnl_put_alias_up(&b, link.ifindex, alias);
	for (size_t n = 0; n < network->n_addresses; n++) {
		rtnl_put_address(&b, link.ifindex, &network->addresses[n]);
		if (network->addresses[n].family == AF_INET6)
			rtnl_put_local(&b, &network->addresses[n],
				       link.ifindex);
	}
	r = rtnl_run(h->rtnl, &b, err);
	if (r == 0 && network->has_host)
		r = forwarding_need(h, network->ipv4, network->ipv6, err);
	return r;
}

struct network_routes {
	const struct network *network;
	unsigned int ifindex;
	struct inet_prefix *found;
};

static void routes_restart(void *data)
{
	((struct network_routes *)data)->found->family = AF_UNSPEC;
}

static void routes_seen(void *data, const struct inet_prefix *p,
			unsigned int ifindex)
{
	struct network_routes *routes = data;
	const struct network *network = routes->network;

	if (routes->ifindex && ifindex == routes->ifindex &&
	    routes->found->family == AF_UNSPEC)
		*routes->found = *p;
	if (routes->ifindex || (ifindex && (ifindex == network->host_ifindex ||
					    ifindex == network->ifindex)))
		return;
	for (size_t n = 0; n < network->n_addresses; n++)
		if (network->addresses[n].family == p->family &&
		    inet_prefix_overlaps(&network->addresses[n], p))
			*routes->found = *p;
}

int network_find_route(struct helper *h, const struct network *network,
		       unsigned int ifindex, struct inet_prefix *ret)
{
	struct network_routes routes = {network, ifindex, ret};

	return rtnl_dump_routes(h->rtnl, routes_restart, routes_seen, &routes);
}

int network_host_clash(const struct network *network, struct error *err)
{
	struct inet_prefix route = {.family = AF_UNSPEC};
	char text[INET_PREFIX_STR];
	int r = network->has_host ? network_find_route(network->helper, network,
						       0, &route)
				  : 0;

	if (r < 0)
		return error_set(err, r, "cannot read the host's routes: %m");
	if (route.family == AF_UNSPEC)
		return 0;
	inet_prefix_format(&route, text);
	return error_set(err, -EADDRINUSE,
			 "the network %s has an address in %s, to which the host has another route; choose another address",
			 network->name, text);
}
