/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = bridge: a port of a [network] of any type. The port is the host's end
 * of a veth(4) pair.
 *
 * The network may have to be created first, and its switch may need time for a
 * port: bridge_on_network() continues after each step that takes time.
 */
#include "helper/instance/link_ops.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "dhcp_client.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/nft.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "helper/network/network.h"
#include "host_end.h"
#include "interface.h"

struct bridge_link {
	struct network_port port;     /* instance->port */
	const struct link_site *site; /* until it is connected */
	size_t step;		      /* the next one of bridge_run() */
	struct addresses plan;
};

static const struct policy_network *
bridge_network(const struct policy *policy, const struct policy_namespace *ns)
{
	return ns->network ? policy_network_find(policy, ns->network) : NULL;
}

static bool bridge_has_ipv6(const struct helper *h,
			    const struct policy_namespace *ns)
{
	const struct policy_network *network =
		bridge_network(store_policy(h->store), ns);

	if (ns->address_mode == ADDRESS_STATIC)
		return policy_namespace_ipv6(ns);
	for (size_t n = 0; network && n < network->address.n; n++)
		if (network->address.items[n].family == AF_INET6)
			return ns->address_mode == ADDRESS_AUTO;
	return false;
}

/* --- planning --- */

/* The network's own address whose prefix has the namespace's address. */
static void bridge_gateway(const struct network *network, struct address *a)
{
	for (size_t n = 0; n < network->n_addresses; n++)
		if (a->gateway.family == AF_UNSPEC &&
		    network->addresses[n].family == a->inner.family &&
		    inet_prefix_contains(&network->addresses[n], &a->inner))
			a->gateway = network->addresses[n];
	address_set_full_length(&a->gateway);
}

static int bridge_plan_auto(struct bridge_link *link, struct error *err)
{
	const struct network *network = link->port.network;
	int r = 0;

	if (!network->n_addresses)
		return error_set(err, -EINVAL,
				 "the namespace %s has `address = auto`, and the network %s has no `address`; set one of them",
				 link->site->ns->name, network->name);
	if (network->uplink[0])
		return error_set(err, -EINVAL,
				 "the namespace %s has `address = auto`, and which addresses are free beyond the uplink %s of the network %s is not known; set `address`",
				 link->site->ns->name, network->uplink,
				 network->name);
	for (size_t n = 0; r == 0 && n < network->n_addresses; n++) {
		struct address *a = &link->plan.items[link->plan.n];

		*a = (struct address){.host_route = false};
		r = network_pick(network, &network->addresses[n], &a->inner,
				 err);
		link->plan.n++;
	}
	return r;
}

static int bridge_plan_static(struct bridge_link *link, struct error *err)
{
	const struct network *network = link->port.network;
	char text[INET_PREFIX_STR];
	int r = address_plan(link->site, &link->plan, err);

	for (size_t n = 0; r == 0 && n < link->plan.n; n++) {
		const struct inet_prefix *address = &link->plan.items[n].inner;
		bool used = network_has_address(network, address);

		if (!used && !network_leases(network, address))
			continue;
		inet_address_format(address, text);
		r = error_set(err, -EADDRINUSE,
			      "the address %s is %s in the network %s; choose another",
			      text, used ? "in use" : "in its `dhcp` range",
			      network->name);
	}
	return r;
}

/* The link-local address of a MAC address (RFC 4291, appendix A). */
static struct inet_prefix bridge_link_local(const uint8_t mac[static 6])
{
	return (struct inet_prefix){
		.family = AF_INET6,
		.length = 64,
		.addr = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1],
			 mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]},
	};
}

/* Sets it in the instance, for status, the record and a restart. */
static void bridge_note(struct instance *i, const struct inet_prefix *inner)
{
	struct inet_prefix *seen =
		inner->family == AF_INET ? &i->address4 : &i->address6;

	if (seen->family == AF_UNSPEC)
		*seen = *inner;
	else if (i->n_more < INSTANCE_MORE_MAX)
		i->more[i->n_more++] = *inner;
}

/* The port may send from all addresses of the instance. */
static void bridge_port_addresses(struct network_port *port)
{
	const struct instance *i = port->instance;

	port->n_addresses = 0;
	if (i->address4.family)
		port->addresses[port->n_addresses++] = i->address4;
	if (i->address6.family) {
		port->addresses[port->n_addresses++] = i->address6;
		port->addresses[port->n_addresses++] =
			bridge_link_local(port->mac);
	}
	for (size_t n = 0;
	     n < i->n_more && port->n_addresses < NETWORK_PORT_ADDRESSES; n++)
		port->addresses[port->n_addresses++] = i->more[n];
}

static int bridge_plan(struct bridge_link *link, struct error *err)
{
	const struct policy_namespace *ns = link->site->ns;
	const struct network *network = link->port.network;
	int r;

	if (ns->address_mode == ADDRESS_DHCP) {
		if (network->dhcp_first.family || network->uplink[0])
			return 0;
		return error_set(err, -EINVAL,
				 "the namespace %s has `address = dhcp`, and the network %s has neither `dhcp` nor `uplink`; no server would answer",
				 ns->name, network->name);
	}
	r = ns->address_mode == ADDRESS_AUTO ? bridge_plan_auto(link, err)
					     : bridge_plan_static(link, err);
	for (size_t n = 0; r == 0 && n < link->plan.n; n++) {
		bridge_gateway(network, &link->plan.items[n]);
		bridge_note(link->site->instance, &link->plan.items[n].inner);
	}
	return r;
}

/* --- making --- */

/* Takes a slot and creates the pair; names of other programs are skipped. */
static int bridge_take(struct bridge_link *link, struct error *err)
{
	struct helper *h = link->site->helper;
	struct instance *i = link->site->instance;
	uint8_t host_mac[6];
	int r = -EEXIST;

	network_port_mac(link->port.network, i, link->port.mac);
	memcpy(host_mac, link->port.mac, sizeof(host_mac));
	host_mac[0] |= NETWORK_HOST_BIT;
	for (int tries = 0; r == -EEXIST && tries < HOST_END_TRIES; tries++) {
		r = pool_take(h->pool, false, false, &i->slot, err);
		if (r < 0)
			return r;
		network_port_ifname(link->port.network, i->slot,
				    i->host_ifname);
		r = host_end_make(link->site, NFT_GROUP_BRIDGE_PORT,
				  link->port.mac, host_mac, err);
	}
	if (r < 0 && r != -EEXIST)
		pool_release(h->pool, i->slot);
	return r < 0 ? r : host_end_look(i, err);
}

/* The host's end becomes a port, and has no addresses itself. */
static int bridge_attach(struct bridge_link *link, struct error *err)
{
	struct instance *i = link->site->instance;
	int r = sysctl_write_interface("ipv6", i->host_ifname, "disable_ipv6",
				       "1", err);

	if (r < 0 && r != -ENOENT)
		return r;
	bridge_port_addresses(&link->port);
	r = network_attach(&link->port, err);
	if (r == NETWORK_LATER)
		instance_waiting(i, "the switch of the network %s",
				 link->port.network->name);
	return r;
}

/* No other machine can pose as a gateway that is the host. */
static void bridge_put_gateways(const struct bridge_link *link,
				struct rtnl_batch *b)
{
	const struct network *network = link->port.network;

	for (size_t n = 0; n < network->n_addresses; n++)
		for (size_t k = 0; k < link->plan.n; k++) {
			const struct inet_prefix *gateway =
				&link->plan.items[k].gateway;

			if (inet_address_equal(gateway, &network->addresses[n]))
				rtnl_put_neighbour(b, INSIDE_IFINDEX, gateway,
						   network->mac);
		}
}

static int bridge_address(struct bridge_link *link, struct error *err)
{
	const struct link_site *site = link->site;
	const struct instance *i = site->instance;
	struct inet_prefix local = bridge_link_local(link->port.mac);
	struct rtnl_batch b;
	int r = 0;

	rtnl_batch_init(&b);
	if (i->address6.family) {
		/* `local` below, also where a sysctl selects another mode. */
		rtnl_put_no_link_local(&b, INSIDE_IFINDEX);
		r = rtnl_run(site->inside, &b, err);
		rtnl_batch_init(&b);
	}
	host_end_put_up(&b, i);
	if (r == 0)
		r = rtnl_run(site->helper->rtnl, &b, err);
	rtnl_batch_init(&b);
	if (i->address6.family) {
		rtnl_put_address(&b, INSIDE_IFINDEX, &local);
		rtnl_put_local(&b, &local, INSIDE_IFINDEX);
	}
	bridge_put_gateways(link, &b);
	if (r == 0)
		r = address_put(site, &link->plan, INSIDE_IFINDEX, &b, err);
	if (r == 0)
		r = rtnl_run(site->inside, &b, err);
	return r < 0 ? r : host_end_finish(site, err);
}

static const struct dhcp_client_owner bridge_dhcp = {
	.address = network_port_address,
	.release = true,
};

/* The DHCP client calls instance_connected(). */
static int bridge_lease(struct bridge_link *link, struct error *err)
{
	int r;

	if (link->site->ns->address_mode != ADDRESS_DHCP)
		return 0;
	r = dhcp_client_start(link->site, &bridge_dhcp, err);
	return r < 0 ? r : LINK_LATER;
}

/* Runs from the current step. Return: 0, LINK_LATER, -errno. */
static int bridge_run(struct bridge_link *link, struct error *err)
{
	static int (*const steps[])(struct bridge_link *link,
				    struct error *err) = {bridge_plan,
							  bridge_take,
							  bridge_attach,
							  bridge_address,
							  bridge_lease};
	const size_t n = sizeof(steps) / sizeof(steps[0]);
	int r = 0;

	while (r == 0 && link->step < n)
		r = steps[link->step++](link, err);
	if (link->step == n)
		link->site = NULL;
	return r == NETWORK_LATER ? LINK_LATER : r;
}

static void bridge_on_network(struct network_port *port, int r,
			      const struct error *why)
{
	struct bridge_link *link = port->instance->link_data;
	struct error kept = why ? *why : (struct error){""};

	if (r == 0)
		r = bridge_run(link, &kept);
	if (r != LINK_LATER)
		instance_connected(port->instance, r, &kept);
}

static struct bridge_link *bridge_new(struct instance *i)
{
	struct bridge_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->port.instance = i;
	link->port.done = bridge_on_network;
	i->port = &link->port;
	i->link_data = link;
	return link;
}

static int bridge_create(const struct link_site *site, struct error *err)
{
	const struct policy_network *config =
		bridge_network(site->policy, site->ns);
	struct instance *i = site->instance;
	struct bridge_link *link = bridge_new(i);
	int r;

	if (!link)
		return error_set(err, -ENOMEM, "out of memory");
	if (!config)
		return error_set(err, -EINVAL, "there is no [network %s]",
				 site->ns->network);
	link->site = site;
	snprintf(i->network, sizeof(i->network), "%s", config->name);
	r = network_join(site->helper, config, &link->port, err);
	if (r == NETWORK_LATER) {
		instance_waiting(i, "the network %s", config->name);
		return LINK_LATER;
	}
	return r < 0 ? r : bridge_run(link, err);
}

/* --- restart and end --- */

static int bridge_adopt(struct helper *h, struct instance *i)
{
	struct bridge_link *link = bridge_new(i);
	struct rtnl_link found;
	int answer = link ? host_end_find(h, i, &found) : -ENOMEM, r;

	if (answer < 0)
		return answer;
	/* Also without the port: the client must be stopped later. */
	r = i->by_dhcp ? dhcp_client_adopt(i, &bridge_dhcp) : 0;
	if (r < 0 || answer == ABSENT)
		return r < 0 ? r : ABSENT;
	memcpy(link->port.mac, found.mac, sizeof(link->port.mac));
	link->port.mac[0] &= (uint8_t)~NETWORK_HOST_BIT;
	r = network_adopt(h, &link->port);
	bridge_port_addresses(&link->port);
	return r;
}

/* Releases the address and the port, also while processes are inside. */
static void bridge_lost(struct helper *h, struct instance *i)
{
	struct bridge_link *link = i->link_data;

	dhcp_client_stop(i);
	if (link)
		network_leave(&link->port);
}

static void bridge_leave(struct instance *i)
{
	dhcp_client_free(i);
	i->port = NULL;
	free(i->link_data);
	i->link_data = NULL;
}

static int bridge_remove(struct helper *h, struct instance *i, int netns,
			 struct error *err)
{
	bridge_lost(h, i);
	bridge_leave(i);
	return 0;
}

const struct link_ops link_bridge_ops = {
	.makes_namespace = true,
	.filter = FILTER_INSIDE,
	.behind_switch = true,
	.needs_firewall = true,
	.has_ipv6 = bridge_has_ipv6,
	.create = bridge_create,
	.adopt = bridge_adopt,
	.cut = host_end_cut,
	.remove = bridge_remove,
	.leave = bridge_leave,
	.lost = bridge_lost,
	.describe = host_end_describe,
};
