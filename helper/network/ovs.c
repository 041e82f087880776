/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * type = ovs: an Open vSwitch bridge. A bridge that exists is the
 * administrator's: ports are added and removed, nothing else is changed. A
 * bridge that does not exist is made, and removed with the last port of the
 * last network on it.
 *
 * The host's side is an internal port BRIDGE.VLAN or BRIDGE.host: several
 * networks can be on one bridge, and its own interface may be in use.
 */
#include "ovs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper.h"
#include "helper/kernel/rtnl.h"
#include "parts.h"
#include "vsctl.h"

/* --- others on the same bridge --- */

/* Another network of the type on the same bridge? */
static bool ovs_shares(const struct network *n, const struct network *network)
{
	return n != network && n->ops == network->ops &&
	       strcmp(n->bridge, network->bridge) == 0;
}

/* Another network on the same bridge, and with the same uplink; or NULL. */
static struct network *ovs_other(const struct network *network, bool uplink)
{
	for (struct network *n = network->helper->networks; n; n = n->next)
		if (ovs_shares(n, network) && n->begun &&
		    n->state != NETWORK_REMOVING &&
		    (!uplink || strcmp(n->uplink, network->uplink) == 0))
			return n;
	return NULL;
}

/*
 * Has another network taken the uplink? A network that is removed leaves it,
 * with its recorded state, to another one that was begun before.
 */
static bool ovs_uplink_is_taken(const struct network *network)
{
	for (const struct network *n = network->helper->networks; n;
	     n = n->next)
		if (ovs_shares(n, network) && strtoul(n->note, NULL, 10) &&
		    strcmp(n->uplink, network->uplink) == 0)
			return true;
	return false;
}

/* Another network on the same bridge and VLAN, or NULL. */
static const struct network *ovs_twin(const struct network *network)
{
	for (const struct network *n = network->helper->networks; n;
	     n = n->next)
		if (ovs_shares(n, network) && n->state != NETWORK_REMOVING &&
		    n->vlan == network->vlan)
			return n;
	return NULL;
}

/* --- restoring --- */

/* Restores the uplink, or leaves it to another network that uses it. */
static int ovs_leave_uplink(struct network *network, struct error *err)
{
	struct network *other = ovs_other(network, true);

	if (!network->uplink[0] || !other)
		return network_uplink_give_back(network, err);
	if (!strtoul(network->note, NULL, 10))
		return 0;
	memcpy(other->note, network->note, sizeof(other->note));
	network->note[0] = '\0';
	return network_record_save(other, err);
}

/*
 * Open vSwitch may have left the host's port to the host, unconnected: its
 * addresses must not clash with those of others.
 */
static int ovs_strip_host(const struct network *network, struct error *err)
{
	struct rtnl *rtnl = network->helper->rtnl;
	struct rtnl_link link;
	struct rtnl_batch b;
	int r = network->host_ifindex
			? answer_of(rtnl_link_by_index(rtnl,
						       network->host_ifindex,
						       &link))
			: ABSENT;

	if (r < 0)
		return error_set(err, r, "cannot query the interface %s: %m",
				 network->host_ifname);
	if (r == ABSENT)
		return 0;
	/* An address that it has lost already is an error of no interest. */
	for (size_t n = 0; n < network->n_addresses; n++) {
		rtnl_batch_init(&b);
		rtnl_put_address_delete(&b, link.ifindex,
					&network->addresses[n]);
		rtnl_run(rtnl, &b, NULL);
	}
	return rtnl_down(rtnl, link.ifindex, err);
}

/* Restores what is the host's and not in Open vSwitch's database. */
static int ovs_give_back(struct network *network, struct error *err)
{
	int r = ovs_strip_host(network, err);

	return r < 0 ? r : ovs_leave_uplink(network, err);
}

/*
 * Open vSwitch does not run, does not answer, or is not installed. What the
 * database then keeps is removed when the network is used again.
 */
static bool ovs_is_away(int r)
{
	return r == -ECONNREFUSED || r == -ETIME || r == -ENOENT;
}

/* Making or removing is over: r 0 or -errno with a sentence. */
static void ovs_finish(struct ovs_work *work, int r, const struct error *why)
{
	struct network *network = work->network;
	struct error kept = why ? *why : (struct error){""};
	bool removing = work->removing;
	int left;

	free(work);
	if (removing) {
		if (ovs_is_away(r))
			r = 0;
		if (r == 0)
			r = ovs_give_back(network, &kept);
	} else if (r < 0) {
		left = ovs_give_back(network, NULL);
		network->unremoved = network->unremoved || left < 0;
	}
	network_done(network, r, &kept);
}

static void ovs_on_removed(void *data, int r, const char *text,
			   const struct error *why)
{
	ovs_finish(data, r, why);
}

static void ovs_on_undone(void *data, int r, const char *text,
			  const struct error *why)
{
	struct ovs_work *work = data;

	work->network->unremoved = r < 0 && !ovs_is_away(r);
	ovs_finish(work, work->r, &work->why);
}

/*
 * Removes what only this network uses from the database, and calls answered()
 * once. Return: 0; -errno with a sentence, and answered() is not called.
 */
static int ovs_ask_removal(struct ovs_work *work, ovs_answered *answered,
			   struct error *err)
{
	const struct network *network = work->network;
	const char *bridge = network->bridge;
	bool uplink = network->uplink[0] && work->uplink_ours &&
		      !ovs_other(network, true);
	bool alone = work->ours && !ovs_other(network, false);
	struct ovs_request *q;

	if (!network->has_host && !uplink && !alone) {
		answered(work, 0, "", NULL);
		return 0;
	}
	q = ovs_request(network, work->r != -ETIME);
	if (network->has_host)
		ovs_add_all(q, "--", "--if-exists", "del-port",
			    network->host_ifname);
	if (uplink)
		ovs_add_all(q, "--", "--if-exists", "del-port",
			    network->uplink);
	if (alone && work->others)
		ovs_add_all(q, "--", "remove", "Bridge", bridge, "external_ids",
			    "netns-pam");
	else if (alone)
		ovs_add_all(q, "--", "--if-exists", "del-br", bridge);
	return ovs_ask(q, answered, work, err);
}

static void ovs_undo(struct ovs_work *work, int r, const struct error *why)
{
	work->r = r;
	work->why = *why;
	/* A bridge that existed before stays. */
	work->ours = !work->exists;
	work->uplink_ours = true;
	if (ovs_ask_removal(work, ovs_on_undone, NULL) < 0) {
		work->network->unremoved = true;
		ovs_finish(work, r, &work->why);
	}
}

/* --- making --- */

static int ovs_uplink_up(const struct network *network, struct error *err)
{
	struct rtnl_link link;
	struct rtnl_batch b = {.n = 0};
	int r = rtnl_link_by_name(network->helper->rtnl, network->uplink,
				  &link);

	if (r < 0)
		return error_set(err, r, "cannot query the uplink %s: %m",
				 network->uplink);
	rtnl_put_up(&b, link.ifindex);
	return rtnl_run(network->helper->rtnl, &b, err);
}

/* The column `error` of each interface: "" or a reason. */
static void ovs_on_checked(void *data, int r, const char *text,
			   const struct error *why)
{
	struct ovs_work *work = data;
	struct network *network = work->network;
	struct error err = *why;
	size_t n;

	if (r == 0 && text[strspn(text, "[]\n")])
		r = error_set(&err, -EIO,
			      "Open vSwitch cannot make the bridge %s: %s",
			      network->bridge, text + strspn(text, "[]\n\""));
	if (r == 0 && network->uplink[0])
		r = ovs_uplink_up(network, &err);
	if (r < 0) {
		ovs_undo(work, r, &err);
		return;
	}
	n = strlen(network->note);
	snprintf(network->note + n, sizeof(network->note) - n, "%s",
		 work->userspace ? OVS_USERSPACE : "");
	ovs_finish(work, 0, NULL);
}

static void ovs_on_made(void *data, int r, const char *text,
			const struct error *why)
{
	struct ovs_work *work = data;
	const struct network *network = work->network;
	struct ovs_request *q;
	struct error err;

	if (r < 0) {
		ovs_undo(work, r, why);
		return;
	}
	/* ovs-vsctl returns 0 even when ovs-vswitchd has failed. */
	q = ovs_request(network, false);
	ovs_add_all(q, "get", "Interface", network->bridge, "error");
	if (network->has_host)
		ovs_add_all(q, "--", "get", "Interface", network->host_ifname,
			    "error");
	if (network->uplink[0])
		ovs_add_all(q, "--", "get", "Interface", network->uplink,
			    "error");
	r = ovs_ask(q, ovs_on_checked, work, &err);
	if (r < 0)
		ovs_undo(work, r, &err);
}

static void ovs_add_mac(struct ovs_request *q, const char *before,
			const uint8_t mac[static 6])
{
	ovs_add(q, "%s\"%02x:%02x:%02x:%02x:%02x:%02x\"", before, mac[0],
		mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* One transaction: all of it or nothing. */
static struct ovs_request *ovs_request_making(const struct ovs_work *work)
{
	const struct network *network = work->network;
	const char *bridge = network->bridge, *host = network->host_ifname;
	struct ovs_request *q = ovs_request(network, true);

	if (!work->exists) {
		ovs_add_all(q, "--", "--may-exist", "add-br", bridge, "--",
			    "set", "Bridge", bridge);
		ovs_add(q, "datapath_type=%s",
			work->userspace ? "netdev" : "system");
		ovs_add(q, OVS_MARK "=%s", network->name);
	}
	if (network->has_host) {
		ovs_add_all(q, "--", "--if-exists", "del-port", host, "--",
			    "add-port", bridge, host);
		ovs_add(q, "tag=%u", network->vlan);
		ovs_add(q, OVS_MARK "=%s", network->name);
		ovs_add_all(q, "--", "set", "Interface", host, "type=internal");
		ovs_add_mac(q, "mac=", network->mac);
	}
	if (network->uplink[0]) {
		ovs_add_all(q, "--", "--may-exist", "add-port", bridge,
			    network->uplink, "--", "set", "Port",
			    network->uplink);
		ovs_add(q, OVS_MARK "=%s", network->name);
	}
	return q;
}

/* --- what is made --- */

/* Chooses the name of the host's interface; "" when the host has none. */
static int ovs_choose_host(struct network *network, struct error *err)
{
	char name[2 * IFNAMSIZ + 8];

	network->host_ifname[0] = '\0';
	if (!network->has_host)
		return 0;
	if (network->vlan)
		snprintf(name, sizeof(name), "%s.%u", network->bridge,
			 network->vlan);
	else
		snprintf(name, sizeof(name), "%s.host", network->bridge);
	if (strlen(name) >= IFNAMSIZ)
		return error_set(err, -ENAMETOOLONG,
				 "the name %s of the host's port of the network %s is longer than %d letters; give the bridge a shorter name",
				 name, network->name, IFNAMSIZ - 1);
	memcpy(network->host_ifname, name, strlen(name) + 1);
	return 0;
}

/* Return: 0 or -errno with a sentence. */
static int ovs_choose(struct ovs_work *work, struct error *err)
{
	struct network *network = work->network;
	const struct network *twin = ovs_twin(network);
	const char *bridge = network->bridge;
	struct rtnl_link link;
	int r;

	if (twin)
		return error_set(err, -EEXIST,
				 "the networks %s and %s are on the same bridge %s; give each another `vlan`",
				 network->name, twin->name, bridge);
	if (work->uplink_port && !work->uplink_ours)
		return error_set(err, -EBUSY,
				 "the uplink %s of the network %s is already a port of an Open vSwitch bridge; remove the key `uplink`",
				 network->uplink, network->name);
	if (!work->exists &&
	    rtnl_link_by_name(network->helper->rtnl, bridge, &link) == 0 &&
	    strcmp(link.kind, "openvswitch") != 0 &&
	    strcmp(link.kind, "tun") != 0)
		return error_set(err, -EEXIST,
				 "the interface %s exists and is no Open vSwitch bridge; choose another `bridge` for the network %s",
				 bridge, network->name);
	if (!work->exists) {
		work->userspace = !ovs_kernel_has_datapath();
		work->ours = true;
	}
	r = ovs_choose_host(network, err);
	if (r == 0 && network->uplink[0] && !ovs_uplink_is_taken(network))
		r = network_uplink_take(network, &link, err);
	return r < 0 ? r : network_record_save(network, err);
}

/* --- the switch --- */

/* Bridge and uplink were queried: makes the network, or removes it. */
static void ovs_looked(struct ovs_work *work, int r, const struct error *why)
{
	struct error err = {""};

	if (r < 0) {
		ovs_finish(work, r, why);
		return;
	}
	r = work->removing ? 0 : ovs_choose(work, &err);
	if (r == 0)
		r = work->removing ? ovs_ask_removal(work, ovs_on_removed, &err)
				   : ovs_ask(ovs_request_making(work),
					     ovs_on_made, work, &err);
	if (r < 0)
		ovs_finish(work, r, &err);
}

static int ovs_make(struct network *network, struct error *err)
{
	int r = ovs_look(network, false, ovs_looked, err);

	if (r >= 0)
		ovs_sweep(network);
	return r;
}

static int ovs_adopt(struct network *network)
{
	struct rtnl_link link;

	ovs_sweep(network);
	if (!network->has_host)
		return 0;
	return answer_of(rtnl_link_by_name(network->helper->rtnl,
					   network->host_ifname, &link));
}

static int ovs_remove(struct network *network, struct error *err)
{
	int r = ovs_look(network, true, ovs_looked, err);

	return ovs_is_away(r) ? ovs_give_back(network, err) : r;
}

const struct network_ops network_ovs_ops = {
	.name = "ovs",
	.port_suffix = "v",
	.clears_queues = true,
	.make = ovs_make,
	.adopt = ovs_adopt,
	.remove = ovs_remove,
	.port_add = ovs_port_add,
	.port_remove = ovs_port_remove,
};
