/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * type = linux: a bridge of the kernel. The MAC addresses of its ports are
 * known beforehand and entered in its forwarding table: it learns nothing from
 * ports, and frames to unknown addresses are sent to the uplink only. With
 * `isolate` ports have IFLA_BRPORT_ISOLATED; bridge.nft checks what they send.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "helper/base/answer.h"
#include "helper/base/text.h"
#include "helper/firewall/firewall.h"
#include "helper/firewall/nft.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "parts.h"

#define LINUX_PORTS_MAX 1023 /* BR_MAX_PORTS, net/bridge/br_private.h */

/* --- the sets of bridge.nft --- */

/* A command about one element of a set. */
__attribute__((format(printf, 4, 5))) static void
put(FILE *f, const char *verb, const char *set, const char *format, ...)
{
	va_list args;

	fprintf(f, "%s element bridge " NFT_TABLE " %s { ", verb, set);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fputs(" }\n", f);
}

/* The addresses that a port may send from. */
static void print_addresses(FILE *f, const char *verb, const char *ifname,
			    const struct inet_prefix *addresses, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		char text[INET_PREFIX_STR], hex[33] = "";
		bool v4 = addresses[k].family == AF_INET;

		inet_address_format(&addresses[k], text);
		put(f, verb, v4 ? "own4" : "own6", "\"%s\" . %s", ifname, text);
		for (size_t b = 0; b < 16 && !v4; b++)
			snprintf(hex + 2 * b, 3, "%02x", addresses[k].addr[b]);
		if (!v4)
			put(f, verb, "target6", "\"%s\" . 0x%s", ifname, hex);
	}
}

static void print_port(FILE *f, const char *verb,
		       const struct network_port *port)
{
	const char *ifname = port->instance->host_ifname;
	const uint8_t *mac = port->mac;
	char text[18], hex[13];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	snprintf(hex, sizeof(hex), "%02x%02x%02x%02x%02x%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
	put(f, verb, "mac", "\"%s\" . %s", ifname, text);
	put(f, verb, "chaddr", "\"%s\" . 0x%s", ifname, hex);
	put(f, verb, "macs", "%s", text);
	if (port->network->isolate)
		put(f, verb, "isolated", "\"%s\"", ifname);
	print_addresses(f, verb, ifname, port->addresses, port->n_addresses);
}

static void print_uplink(FILE *f, const char *verb,
			 const struct network *network)
{
	const char *uplink = network->uplink;
	char text[INET_PREFIX_STR];

	if (!uplink[0])
		return;
	put(f, verb, "uplinks", "\"%s\"", uplink);
	if (network->dhcp_first.family != AF_UNSPEC)
		put(f, verb, "served", "\"%s\"", uplink);
	for (size_t n = 0; n < network->n_addresses; n++) {
		const struct inet_prefix *address = &network->addresses[n];

		inet_address_format(address, text);
		put(f, verb, address->family == AF_INET ? "host4" : "host6",
		    "\"%s\" . %s", uplink, text);
	}
}

static void linux_print(const struct helper *h, FILE *f)
{
	static const char *const sets[] = {"mac",      "chaddr",  "macs",
					   "own4",     "own6",	  "target6",
					   "isolated", "uplinks", "served",
					   "host4",    "host6"};

	for (size_t n = 0; n < sizeof(sets) / sizeof(sets[0]); n++)
		fprintf(f, "flush set bridge " NFT_TABLE " %s\n", sets[n]);
	for (const struct network *network = h->networks; network;
	     network = network->next) {
		if (network->type != NETWORK_LINUX)
			continue;
		print_uplink(f, "add", network);
		for (const struct network_port *port = network->ports; port;
		     port = port->next)
			if (port->attached)
				print_port(f, "add", port);
	}
}

enum linux_change { LINUX_ADDED, LINUX_REMOVED, LINUX_MOVED };

/* port: NULL for the uplink. */
static void print_one(FILE *f, const char *verb, const struct network *network,
		      const struct network_port *port)
{
	if (port)
		print_port(f, verb, port);
	else
		print_uplink(f, verb, network);
}

static void print_moved(FILE *f, const struct network_port *port)
{
	const char *ifname = port->instance->host_ifname;

	print_addresses(f, "add", ifname, port->was, port->n_was);
	print_addresses(f, "delete", ifname, port->was, port->n_was);
	print_addresses(f, "add", ifname, port->addresses, port->n_addresses);
}

/*
 * Changes the elements of a port, or with port NULL of the uplink. Adding first
 * makes deleting an absent element no error.
 */
static int linux_filter(enum linux_change change, const struct network *network,
			const struct network_port *port, struct error *err)
{
	struct helper *h = network->helper;
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f;
	int r;

	if (!h->nft)
		return error_set(err, -ENODEV,
				 "the firewall could not be loaded");
	f = text_open(&t, err);
	if (f && change == LINUX_MOVED)
		print_moved(f, port);
	else if (f)
		print_one(f, "add", network, port);
	if (f && change == LINUX_REMOVED)
		print_one(f, "delete", network, port);
	r = f ? text_close(&t, 0, err) : -ENOMEM;
	if (r == 0 && t.n)
		r = nft_run(h->nft, t.s, err);
	/* The elements may still allow what they allowed. */
	if (r < 0 && change != LINUX_ADDED)
		nft_doubt(h->nft);
	return r;
}

/* --- the uplink --- */

static int uplink_attach(struct network *network, struct error *err)
{
	struct rtnl_link link;
	struct rtnl_batch b = {.n = 0};
	int r = network_uplink_take(network, &link, err);

	if (r == 0)
		r = linux_filter(LINUX_ADDED, network, NULL, err);
	if (r < 0)
		return r;
	rtnl_put_master(&b, link.ifindex, network->ifindex);
	rtnl_put_up(&b, link.ifindex);
	return rtnl_run(network->helper->rtnl, &b, err);
}

static int uplink_give_back(struct network *network, struct error *err)
{
	if (!network->uplink[0] || !network->note[0])
		return 0;
	linux_filter(LINUX_REMOVED, network, NULL, NULL);
	return network_uplink_give_back(network, err);
}

/* --- the bridge --- */

/* Return: 0 when no interface has that name; -EEXIST, -errno, sentence. */
static int linux_check_name(const struct network *network, struct error *err)
{
	const struct helper *h = network->helper;
	struct rtnl_link link;
	int r = rtnl_link_by_name(h->rtnl, network->bridge, &link);

	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return error_set(err, r, "cannot query the interface %s: %m",
				 network->bridge);
	for (const struct network *n = h->networks; n; n = n->next)
		if (n != network && n->ifindex == link.ifindex)
			return error_set(err, -EEXIST,
					 "the interface %s is the bridge of the network %s until its last namespace is removed",
					 network->bridge, n->name);
	return error_set(err, -EEXIST,
			 "the interface %s exists and was not made by netns-pam; choose another `bridge` for the network %s, or remove it",
			 network->bridge, network->name);
}

static int linux_make_bridge(struct network *network, struct error *err)
{
	struct helper *h = network->helper;
	struct rtnl_new bridge = {
		.kind = "bridge",
		.ifname = network->bridge,
		.netns = -1,
		.group = network->nat ? NFT_GROUP_BRIDGE_NAT : NFT_GROUP_BRIDGE,
		.has_mac = true,
	};
	struct rtnl_link link;
	struct rtnl_batch b = {.n = 0};
	int r = linux_check_name(network, err);

	if (r < 0)
		return r;
	memcpy(bridge.mac, network->mac, sizeof(bridge.mac));
	rtnl_put_new(&b, &bridge);
	r = rtnl_run(h->rtnl, &b, err);
	if (r < 0)
		return r;
	r = rtnl_link_by_name(h->rtnl, network->bridge, &link);
	if (r < 0)
		return error_set(err, r, "cannot query the bridge %s: %m",
				 network->bridge);
	network->ifindex = link.ifindex;
	return network_record_save(network, err);
}

/*
 * The bridge of the network, also when it was renamed. Without an index it was
 * not made, or the daemon was killed before it was recorded: then its MAC
 * address is compared. Return: FOUND and *ret, ABSENT, -errno.
 */
static int linux_find_bridge(const struct network *network,
			     struct rtnl_link *ret)
{
	struct rtnl *rtnl = network->helper->rtnl;
	int r = network->ifindex
			? rtnl_link_by_index(rtnl, network->ifindex, ret)
			: rtnl_link_by_name(rtnl, network->bridge, ret);

	if (r == 0 && (strcmp(ret->kind, "bridge") != 0 ||
		       (!network->ifindex &&
			memcmp(ret->mac, network->mac, sizeof(ret->mac)) != 0)))
		return ABSENT;
	return answer_of(r);
}

static int linux_remove(struct network *network, struct error *err)
{
	struct helper *h = network->helper;
	struct rtnl_link link;
	bool other = false;
	int r = uplink_give_back(network, err);

	if (r < 0)
		return r;
	r = linux_find_bridge(network, &link);
	if (r < 0)
		return error_set(err, r, "cannot query the bridge %s: %m",
				 network->bridge);
	if (r == FOUND && rtnl_delete(h->rtnl, link.ifindex, err) < 0)
		return -EIO;
	network->ifindex = 0;
	network->host_ifindex = 0;
	for (const struct network *n = h->networks; n; n = n->next)
		other = other || (n != network && n->type == NETWORK_LINUX);
	if (!other)
		nft_drop_bridge(h->nft);
	return 0;
}

static int linux_make(struct network *network, struct error *err)
{
	struct helper *h = network->helper;
	int r;

	if (network->vlan)
		return error_set(err, -EOPNOTSUPP,
				 "[network %s]: `vlan` needs type = ovs",
				 network->name);
	/* The firewall first: ports without elements can send nothing. */
	nft_want_bridge(h->nft);
	r = firewall_ensure(h, err);
	if (r == 0)
		r = linux_make_bridge(network, err);
	if (r == 0 && network->uplink[0])
		r = uplink_attach(network, err);
	network->unremoved = r < 0 && linux_remove(network, NULL) < 0;
	return r;
}

static int linux_adopt(struct network *network)
{
	struct rtnl_link link;

	return network->ifindex ? linux_find_bridge(network, &link) : ABSENT;
}

/* --- ports --- */

static int linux_port_add(struct network_port *port, struct error *err)
{
	struct network *network = port->network;
	const struct instance *i = port->instance;
	struct rtnl_batch b = {.n = 0};
	/*
	 * Frames to a link-local group (01:80:c2:00:00:0X) are not bridged: the
	 * host's stack receives them on the port, also ARP requests.
	 */
	int r = sysctl_write_interface("ipv4", i->host_ifname, "arp_ignore",
				       "8", err);

	if (r == 0)
		r = linux_filter(LINUX_ADDED, network, port, err);
	if (r < 0)
		return r;
	rtnl_put_master(&b, i->host_ifindex, network->ifindex);
	rtnl_put_port(&b, i->host_ifindex, IFLA_BRPORT_ISOLATED,
		      network->isolate);
	rtnl_put_port(&b, i->host_ifindex, IFLA_BRPORT_LEARNING, false);
	rtnl_put_port(&b, i->host_ifindex, IFLA_BRPORT_UNICAST_FLOOD, false);
	rtnl_put_forward(&b, i->host_ifindex, port->mac);
	r = rtnl_run(network->helper->rtnl, &b, err);
	if (r == -EXFULL)
		error_set(err, r,
			  "the bridge %s of the network %s has the maximum of %d ports",
			  network->bridge, network->name, LINUX_PORTS_MAX);
	return r;
}

static int linux_port_adopt(struct network_port *port)
{
	struct rtnl_link link;
	int r = rtnl_link_by_index(port->network->helper->rtnl,
				   port->instance->host_ifindex, &link);

	return r == 0 && link.master != port->network->ifindex ? ABSENT
							       : answer_of(r);
}

static int linux_port_addresses(struct network_port *port, struct error *err)
{
	return linux_filter(LINUX_MOVED, port->network, port, err);
}

/*
 * Its elements go first: bridge.nft drops all from an interface of the group of
 * ports that has none.
 */
static void linux_port_remove(struct network_port *port)
{
	linux_filter(LINUX_REMOVED, port->network, port, NULL);
}

const struct network_ops network_linux_ops = {
	.name = "linux",
	.make = linux_make,
	.adopt = linux_adopt,
	.remove = linux_remove,
	.port_add = linux_port_add,
	.port_adopt = linux_port_adopt,
	.print = linux_print,
	.port_addresses = linux_port_addresses,
	.port_remove = linux_port_remove,
};
