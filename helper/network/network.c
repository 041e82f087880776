/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/index.h"
#include "dhcp_server.h"
#include "helper/base/log.h"
#include "helper/base/text.h"
#include "helper/base/timer.h"
#include "helper/firewall/nft.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"
#include "parts.h"

#define NETWORK_RETRY_US     1000000  /* until a removal is tried again, */
#define NETWORK_RETRY_MAX_US 60000000 /* doubled each time up to this */

/* --- the list --- */

/* The network that is LIVE or MAKING; never one that is REMOVING. */
static struct network *network_find(const struct helper *h, const char *name)
{
	for (struct network *n = h->networks; n; n = n->next)
		if (n->state != NETWORK_REMOVING && strcmp(n->name, name) == 0)
			return n;
	return NULL;
}

/* A network with the same switch or name that must be removed first. */
static const struct network *network_before(const struct network *network)
{
	for (const struct network *n = network->helper->networks; n;
	     n = n->next)
		if (n != network && n->state == NETWORK_REMOVING &&
		    (strcmp(n->bridge, network->bridge) == 0 ||
		     strcmp(n->name, network->name) == 0))
			return n;
	return NULL;
}

static void network_remove(void *data);

static struct network *network_new(struct helper *h)
{
	struct network *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->helper = h;
	if (timer_new(h->event, &n->retry, network_remove, n, NULL) < 0) {
		free(n);
		return NULL;
	}
	n->next = h->networks;
	h->networks = n;
	return n;
}

/* No longer in the list; idempotent. */
static void network_take_out(struct network *network)
{
	struct network **p = &network->helper->networks;

	while (*p && *p != network)
		p = &(*p)->next;
	if (*p)
		*p = network->next;
}

static void network_free(struct network *network)
{
	network_take_out(network);
	sd_event_source_disable_unref(network->retry);
	free(network);
}

static void network_add(struct network *network, struct network_port *port)
{
	port->network = network;
	port->next = network->ports;
	network->ports = port;
	network->n_ports++;
}

static void network_take(struct network_port *port)
{
	struct network *network = port->network;
	struct network_port **p;

	if (!network)
		return;
	p = &network->ports;
	while (*p && *p != port)
		p = &(*p)->next;
	if (*p) {
		*p = port->next;
		network->n_ports--;
	}
	port->next = NULL;
	port->network = NULL;
	port->waiting = false;
}

/* Opens the ports of its DHCP and name server in the firewall, or closes them.
 */
static int network_serve(const struct network *network, bool on,
			 struct error *err)
{
	struct helper *h = network->helper;
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f;
	int r;

	if (network->dhcp_first.family == AF_UNSPEC || !h->nft)
		return 0;
	f = text_open(&t, err);
	if (!f)
		return -ENOMEM;
	/* Adding first makes deleting an absent element no error. */
	dhcp_server_print(network, "add", f);
	if (!on)
		dhcp_server_print(network, "delete", f);
	r = text_close(&t, 0, err);
	return r < 0 ? r : nft_run(h->nft, t.s, err);
}

/* --- the end --- */

static void network_begin_next(struct helper *h);

/*
 * Calls done() of the ports that wait, one at a time: any of them may leave, or
 * join again, from within.
 */
static void network_wake(struct network *network, int r,
			 const struct error *why)
{
	network->waking = true; /* the last to leave does not end it yet */
	for (;;) {
		struct network_port *port = network->ports;

		while (port && !port->waiting)
			port = port->next;
		if (!port)
			break;
		port->waiting = false;
		if (r < 0)
			network_take(port);
		port->done(port, r, why);
	}
	network->waking = false;
}

/*
 * Nothing of it is left. Logins for which it could not be made get their error
 * only now, or when the removal fails: they may try again at once.
 */
static void network_gone(struct network *network)
{
	struct helper *h = network->helper;

	if (!network_find(h, network->name) &&
	    network_record_remove(network) < 0)
		timer_arm(h->leftovers, HELPER_LEFTOVERS_US);
	network_take_out(network);
	network_wake(network, network->failed, &network->why);
	network_free(network);
	network_begin_next(h);
}

/* ops->remove() is over. What could not be removed is tried again. */
static void network_removed(struct network *network, int r,
			    const struct error *why)
{
	if (r >= 0) {
		network_gone(network);
		return;
	}
	if (!network->retry_us) {
		log_warning("cannot remove the network %s: %s; tried again",
			    network->name, why->text);
		network_wake(network, network->failed, &network->why);
	}
	network->retry_us =
		network->retry_us ? network->retry_us * 2 : NETWORK_RETRY_US;
	if (network->retry_us > NETWORK_RETRY_MAX_US)
		network->retry_us = NETWORK_RETRY_MAX_US;
	timer_arm(network->retry, network->retry_us);
}

/* Also the timer's. */
static void network_remove(void *data)
{
	struct network *network = data;
	struct error why = {""};
	int r = network->ops->remove(network, &why);

	if (r != NETWORK_LATER)
		network_removed(network, r, &why);
}

/* No port is left. */
static void network_end(struct network *network)
{
	dhcp_server_stop(network);
	if (network_serve(network, false, NULL) < 0)
		nft_doubt(network->helper->nft);
	network->state = NETWORK_REMOVING;
	network_record_save(network, NULL);
	network_remove(network);
}

/* --- the beginning --- */

/* Making it is over. Return: 0 when it is LIVE, or r. */
static int network_settle(struct network *network, int r, struct error *err)
{
	if (r == 0) {
		network->state = NETWORK_LIVE;
		r = network_record_save(network, err);
	}
	if (r < 0)
		network->state = NETWORK_REMOVING;
	return r;
}

/* Removes what was made before it failed. */
static void network_undo(struct network *network)
{
	if (network->unremoved)
		network_end(network);
	else
		network_gone(network);
}

static void network_made(struct network *network, int r,
			 const struct error *why)
{
	network->why = why ? *why : (struct error){""};
	r = network_settle(network, r, &network->why);
	if (r < 0) {
		network->failed = r;
		network_undo(network);
		return;
	}
	network_wake(network, 0, NULL);
	if (!network->n_ports && network->state == NETWORK_LIVE)
		network_end(network);
}

/* The switch exists: configures the host's side. Return: as ops->make(). */
static int network_configure(struct network *network, struct error *err)
{
	int r;

	network->unremoved = true;
	r = network->host_ifname[0] ? network_host_put(network, err) : 0;
	if (r < 0 || network->dhcp_first.family == AF_UNSPEC)
		return r;
	/* Recorded first: a daemon that is killed now leaves no server. */
	r = network_record_save(network, err);
	if (r == 0)
		r = network_serve(network, true, err);
	if (r == 0)
		r = dhcp_server_start(network, network_made, err);
	return r;
}

void network_done(struct network *network, int r, const struct error *why)
{
	struct error kept = why ? *why : (struct error){""};

	if (network->state == NETWORK_REMOVING) {
		network_removed(network, r, &kept);
		return;
	}
	if (r == 0)
		r = network_configure(network, &kept);
	if (r != NETWORK_LATER)
		network_made(network, r, &kept);
}

/* Return: 0, NETWORK_LATER, -errno. */
static int network_begin(struct network *network, struct error *err)
{
	int r;

	network->begun = true;
	r = network_host_clash(network, err);
	/* Recorded first: if the daemon is killed, the next one removes it. */
	if (r == 0)
		r = network_record_save(network, err);
	if (r == 0)
		r = network->ops->make(network, err);
	return r == 0 ? network_configure(network, err) : r;
}

/*
 * A network was removed: makes those that waited for it, several when they are
 * on one bridge. (Each time from the beginning: any may have been freed.)
 */
static void network_begin_next(struct helper *h)
{
	for (;;) {
		struct network *network = h->networks;
		struct error why = {""};
		int r;

		while (network && (network->begun || network_before(network)))
			network = network->next;
		if (!network)
			return;
		r = network_begin(network, &why);
		if (r != NETWORK_LATER)
			network_made(network, r, &why);
	}
}

static int network_make(struct helper *h, const struct policy_network *config,
			struct network **ret, struct error *err)
{
	struct network *network;
	int r;

	network = network_new(h);
	if (!network)
		return error_set(err, -ENOMEM, "out of memory");
	network->ops = h->network_types[config->type];
	network->state = NETWORK_MAKING;
	r = network_fill(network, config, err);
	if (r < 0) {
		network_free(network);
		return r;
	}
	*ret = network;
	if (network_before(network))
		return NETWORK_LATER;
	r = network_begin(network, err);
	if (r == NETWORK_LATER)
		return r;
	r = network_settle(network, r, err);
	if (r < 0)
		network_undo(network);
	return r;
}

/* --- ports --- */

int network_join(struct helper *h, const struct policy_network *config,
		 struct network_port *port, struct error *err)
{
	struct network *network = network_find(h, config->name);
	int r = 0;

	if (!network)
		r = network_make(h, config, &network, err);
	else if (network->state == NETWORK_MAKING)
		r = NETWORK_LATER;
	if (r < 0 || !network)
		return r;
	if (network->plan != network_plan(config) && !network->change_logged) {
		log_warning("the policy of the network %s has changed; the change takes effect when its last namespace is removed",
			    network->name);
		network->change_logged = true;
	}
	network_add(network, port);
	port->waiting = r == NETWORK_LATER;
	return r;
}

int network_attach(struct network_port *port, struct error *err)
{
	int r;

	port->attached = true;
	r = port->network->ops->port_add(port, err);
	port->waiting = r == NETWORK_LATER;
	return r;
}

void network_port_done(struct network_port *port, int r,
		       const struct error *why)
{
	if (!port->waiting)
		return;
	port->waiting = false;
	port->done(port, r, why);
}

void network_leave(struct network_port *port)
{
	struct network *network = port->network;

	if (!network)
		return;
	if (port->attached)
		network->ops->port_remove(port);
	port->attached = false;
	network_take(port);
	/* One that is MAKING is removed by network_made(). */
	if (!network->n_ports && network->state == NETWORK_LIVE &&
	    !network->unsettled && !network->waking)
		network_end(network);
}

bool network_has_address(const struct network *network,
			 const struct inet_prefix *address)
{
	for (size_t n = 0; n < network->n_addresses; n++)
		if (inet_address_equal(&network->addresses[n], address))
			return true;
	for (const struct network_port *port = network->ports; port;
	     port = port->next)
		for (size_t n = 0; n < port->n_addresses; n++)
			if (inet_address_equal(&port->addresses[n], address))
				return true;
	return false;
}

void network_port_ifname(const struct network *network, uint32_t slot,
			 char ret[static IFNAMSIZ])
{
	const char *suffix = network->ops->port_suffix;
	size_t n;

	pool_ifname(slot, ret);
	n = strlen(ret);
	snprintf(ret + n, IFNAMSIZ - n, "%s", suffix ? suffix : "");
}

static bool network_has_mac(const struct network *network,
			    const uint8_t mac[static 6])
{
	for (const struct network_port *port = network->ports; port;
	     port = port->next)
		if (memcmp(port->mac, mac, sizeof(port->mac)) == 0)
			return true;
	return false;
}

void network_port_mac(const struct network *network,
		      const struct instance *instance, uint8_t ret[static 6])
{
	uint64_t hash = index_hash(network->salt, instance->name,
				   strlen(instance->name));
	uint8_t mac[6] = {0x02}; /* locally administered, of one */

	/* An older namespace of that name may still exist. */
	do {
		memcpy(mac + 1, &hash, 5);
		hash = index_hash(hash, &instance->id, sizeof(instance->id));
	} while (network_has_mac(network, mac));
	memcpy(ret, mac, sizeof(mac));
}

bool network_clears_queues(const struct instance *i)
{
	return i->port && i->port->network &&
	       i->port->network->ops->clears_queues;
}

int network_port_address(struct instance *i, const struct inet_prefix *address,
			 struct error *err)
{
	struct network_port *port = i->port;
	size_t kept = 0;
	int r = 0;

	if (!port || !port->network || !port->attached)
		return 0;
	memcpy(port->was, port->addresses, sizeof(port->was));
	port->n_was = port->n_addresses;
	for (size_t n = 0; n < port->n_was; n++)
		if (port->was[n].family != AF_INET)
			port->addresses[kept++] = port->was[n];
	port->n_addresses = kept;
	if (address && kept < NETWORK_PORT_ADDRESSES)
		port->addresses[port->n_addresses++] = *address;
	if (port->network->ops->port_addresses)
		r = port->network->ops->port_addresses(port, err);
	return r;
}

/* --- events --- */

void network_lost(struct network *network)
{
	struct error why;

	error_set(&why, 0, "the bridge %s was removed by another program",
		  network->bridge);
	/* Ports may leave, or join again, from within: a new one is made. */
	network->state = NETWORK_REMOVING;
	network->host_ifindex = 0;
	while (network->ports) {
		struct network_port *port = network->ports;
		struct instance *i = port->instance;

		if (port->attached)
			network->ops->port_remove(port);
		port->attached = false;
		network_take(port);
		instance_broken(i, why.text);
	}
	network_end(network);
}

void network_link_removed(struct helper *h, const struct rtnl_link *link)
{
	for (struct network *n = h->networks; n; n = n->next) {
		if (n->state != NETWORK_LIVE)
			continue;
		if (n->host_ifindex == link->ifindex ||
		    n->ifindex == link->ifindex) {
			network_lost(n);
			return;
		}
		if (strcmp(n->uplink, link->ifname) == 0) {
			log_warning("the uplink %s of the network %s was removed",
				    n->uplink, n->name);
			return;
		}
	}
}

/* Return: FOUND, ABSENT, -errno. */
static int network_find_link(const struct network *n, unsigned int ifindex)
{
	struct rtnl_link link;

	return ifindex ? answer_of(rtnl_link_by_index(n->helper->rtnl, ifindex,
						      &link))
		       : FOUND;
}

int network_resync(struct helper *h)
{
	struct network *n = h->networks;
	int r = 0;

	while (n) {
		int host = network_find_link(n, n->host_ifindex);
		int own = network_find_link(n, n->ifindex);

		if (n->state == NETWORK_LIVE &&
		    (host == ABSENT || own == ABSENT)) {
			network_lost(n); /* may free others, too */
			n = h->networks;
			continue;
		}
		r = host < 0 ? host : own < 0 ? own : r;
		n = n->next;
	}
	return r;
}

static int network_print(struct helper *h, FILE *f, struct error *err)
{
	fprintf(f, "flush set inet " NFT_TABLE " services\n");
	for (const struct network *n = h->networks; n; n = n->next)
		if (n->state != NETWORK_REMOVING)
			dhcp_server_print(n, "add", f);
	for (size_t k = 0; nft_has_bridge(h->nft) && k < NETWORK_TYPES; k++)
		if (h->network_types[k]->print)
			h->network_types[k]->print(h, f);
	return 0;
}

static bool network_wants_bridge(const struct helper *h)
{
	for (const struct network *n = h->networks; n; n = n->next)
		if (n->ops->print)
			return true;
	return false;
}

const struct firewall_part network_part = {
	.print = network_print,
	.wants_bridge = network_wants_bridge,
};

/* --- a restart --- */

int network_adopt(struct helper *h, struct network_port *port)
{
	struct network *network = network_find(h, port->instance->network);

	if (!network || network->state != NETWORK_LIVE)
		return ABSENT;
	network_add(network, port);
	port->attached = true;
	return network->ops->port_adopt ? network->ops->port_adopt(port)
					: FOUND;
}

/*
 * Changes nothing: an error gives the start up. A void record is removed by
 * network_sweep().
 */
static int network_read(void *data, const char *file)
{
	struct helper *h = data;
	struct network *network = network_new(h);
	int answer;

	if (!network)
		return -ENOMEM;
	network->begun = true;
	network->unsettled = true;
	answer = network_record_load(network, file);
	if (answer != FOUND) {
		if (answer == ABSENT)
			log_info("the record of the network %s is void and is removed",
				 file);
		network_free(network);
		return answer < 0 ? answer : 0;
	}
	network->ops = h->network_types[network->type];
	answer = dhcp_server_adopt(network);
	/* The daemon was killed while it made or removed it: it is removed. */
	if (answer == FOUND && network->state == NETWORK_LIVE)
		answer = network->ops->adopt(network);
	if (network->state != NETWORK_LIVE || answer == ABSENT)
		network->state = NETWORK_REMOVING;
	return answer < 0 ? answer : 0;
}

int network_sweep(struct helper *h)
{
	int r = network_record_sweep(h), left = dhcp_server_sweep(h);

	return r < 0 ? r : left;
}

int network_open(struct helper *h, struct error *err)
{
	int r = network_record_each(h, network_read);

	if (r < 0)
		return error_set(err, r, "cannot read %s/networks: %m",
				 h->state_path);
	return 0;
}

void network_drop_unused(struct helper *h)
{
	struct network *next;

	for (struct network *n = h->networks; n; n = next) {
		next = n->next;
		n->unsettled = false;
		if (n->n_ports && n->state == NETWORK_LIVE)
			continue;
		network_end(n);
	}
}

void network_close(struct helper *h)
{
	while (h->networks) {
		dhcp_server_forget(h->networks);
		network_free(h->networks);
	}
}
