/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * type = ovs: an Open vSwitch bridge. One that is there already is the
 * administrator's and stays as it is, but for our ports; another one is made
 * and, with the last port of the last network on it, removed. What is ours in
 * the database bears external_ids:netns-pam, the name of a network or of a
 * namespace: the database outlives helpers and boots.
 *
 * The host's side is an internal port BRIDGE.VLAN or BRIDGE.host: several
 * networks can be on one bridge, whose own interface may be somebody else's.
 *
 * Ports of networks with `isolate` are "protected": they reach the host's side
 * and an uplink, not each other. Who sends what is not looked into: flows for
 * that would be lost, and so the check with them, whenever ovs-vswitchd starts
 * anew. (A session without privileges cannot send but in its own name.)
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "helper.h"
#include "instance.h"
#include "log.h"
#include "netns.h"
#include "network.h"
#include "ovs.h"
#include "pool.h"
#include "rtnl.h"
#include "sysctl.h"

#define OVS_MARK   "external_ids:netns-pam"
#define OVS_MARKED "external_ids:netns-pam!=\"\""

/* In network->note, after what network_uplink_take() put there. */
#define OVS_USERSPACE " userspace"

/* A network that is made or removed, and what its switch was found to be. */
struct ovs_work {
	struct network *network;
	bool removing;
	bool exists, ours, userspace; /* the bridge */
	bool others;		      /* it has ports of somebody else */
	bool uplink_port, uplink_ours;
	struct error why; /* of what is undone */
	int r;
};

/* Another network on the same bridge, and with the same uplink; or NULL. */
static struct network *ovs_other(const struct network *network, bool uplink)
{
	for (struct network *n = network->helper->networks; n; n = n->next)
		if (n != network && n->ops == network->ops && n->begun &&
		    n->state != NETWORK_REMOVING &&
		    strcmp(n->bridge, network->bridge) == 0 &&
		    (!uplink || strcmp(n->uplink, network->uplink) == 0))
			return n;
	return NULL;
}

/*
 * Has another network taken the uplink? One on its way out leaves it, and what
 * is known of it, to those that were begun before that.
 */
static bool ovs_uplink_is_taken(const struct network *network)
{
	for (const struct network *n = network->helper->networks; n;
	     n = n->next)
		if (n != network && n->ops == network->ops &&
		    strcmp(n->bridge, network->bridge) == 0 &&
		    strcmp(n->uplink, network->uplink) == 0 &&
		    strtoul(n->note, NULL, 10))
			return true;
	return false;
}

static struct ovs_request *ovs_request(const struct network *network, bool wait)
{
	char label[NAME_MAX_POLICY + 16];

	snprintf(label, sizeof(label), "network %s", network->name);
	return ovs_new(network->helper, label, wait);
}

/* As the database's language has it: "TEXT", COLUMN="TEXT". */
static void ovs_add_quoted(struct ovs_request *q, const char *before,
			   const char *text)
{
	char quoted[2 * IFNAMSIZ + 1];
	size_t n = 0;

	for (const char *p = text; *p && n < sizeof(quoted) - 2; p++) {
		if (*p == '"' || *p == '\\')
			quoted[n++] = '\\';
		quoted[n++] = *p;
	}
	quoted[n] = '\0';
	ovs_add(q, "%s\"%s\"", before, quoted);
}

/* Is one of the words of external_ids, as CSV, ours? */
static bool ovs_is_marked(const char *ids)
{
	static const char mark[] = "netns-pam=";
	const char *at = ids;

	while ((at = strstr(at, mark))) {
		if (at == ids || strchr(" ,\"\n", at[-1]))
			return true;
		at++;
	}
	return false;
}

/* The first field of a line of CSV. Return: the next line. */
static const char *ovs_next_name(const char *line, char ret[static IFNAMSIZ])
{
	size_t bytes = strcspn(line, ",\n"), n = strcspn(line, "\n");

	if (bytes >= IFNAMSIZ)
		bytes = IFNAMSIZ - 1;
	memcpy(ret, line, bytes);
	ret[bytes] = '\0';
	return line + n + (line[n] == '\n');
}

/* --- looking --- */

static void ovs_looked(struct ovs_work *work);

static void ovs_finish(struct ovs_work *work, int r, const struct error *why)
{
	struct network *network = work->network;
	struct error kept = why ? *why : (struct error){""};

	free(work);
	network_done(network, r, &kept);
}

/* Is it a port of ours, of whichever network on the bridge? */
static bool ovs_port_is_ours(const struct network *network, const char *name)
{
	uint32_t slot;

	for (const struct network *n = network->helper->networks; n;
	     n = n->next)
		if (n->ops == network->ops &&
		    strcmp(n->bridge, network->bridge) == 0 &&
		    (strcmp(n->host_ifname, name) == 0 ||
		     strcmp(n->uplink, name) == 0))
			return true;
	return pool_slot_of(name, &slot);
}

/* The names of the ports, a line each. */
static void ovs_on_ports(void *data, int r, const char *text,
			 const struct error *why)
{
	struct ovs_work *work = data;

	if (r < 0) {
		ovs_finish(work, r, why);
		return;
	}
	while (*text) {
		char name[IFNAMSIZ];

		text = ovs_next_name(text, name);
		if (!ovs_port_is_ours(work->network, name))
			work->others = true;
	}
	ovs_looked(work);
}

/* "DATAPATH,EXTERNAL_IDS", or nothing. */
static void ovs_on_bridge(void *data, int r, const char *text,
			  const struct error *why)
{
	struct ovs_work *work = data;
	const struct network *network = work->network;
	struct ovs_request *q;
	struct error err;

	if (r < 0) {
		ovs_finish(work, r, why);
		return;
	}
	work->exists = text[0] != '\0';
	work->ours = ovs_is_marked(text);
	work->userspace = strncmp(text, "netdev,", 7) == 0;
	if (!work->exists || !work->removing) {
		ovs_looked(work);
		return;
	}
	q = ovs_request(network, false);
	ovs_add_all(q, "list-ports", network->bridge);
	r = ovs_ask(q, ovs_on_ports, work, &err);
	if (r < 0)
		ovs_finish(work, r, &err);
}

static int ovs_ask_bridge(struct ovs_work *work, struct error *err)
{
	struct ovs_request *q = ovs_request(work->network, false);

	ovs_add_all(q, "--columns=datapath_type,external_ids", "find",
		    "Bridge");
	ovs_add_quoted(q, "name=", work->network->bridge);
	return ovs_ask(q, ovs_on_bridge, work, err);
}

/* "NAME,EXTERNAL_IDS", or nothing. */
static void ovs_on_uplink(void *data, int r, const char *text,
			  const struct error *why)
{
	struct ovs_work *work = data;
	struct error err;

	if (r < 0) {
		ovs_finish(work, r, why);
		return;
	}
	work->uplink_port = text[0] != '\0';
	work->uplink_ours = ovs_is_marked(text);
	r = ovs_ask_bridge(work, &err);
	if (r < 0)
		ovs_finish(work, r, &err);
}

/* Return: NETWORK_LATER or -errno with a sentence. */
static int ovs_look(struct network *network, bool removing, struct error *err)
{
	struct ovs_work *work = calloc(1, sizeof(*work));
	struct ovs_request *q;
	int r;

	if (!work)
		return error_set(err, -ENOMEM, "out of memory");
	work->network = network;
	work->removing = removing;
	if (network->uplink[0]) {
		q = ovs_request(network, false);
		ovs_add_all(q, "--columns=name,external_ids", "find", "Port");
		ovs_add_quoted(q, "name=", network->uplink);
		r = ovs_ask(q, ovs_on_uplink, work, err);
	} else {
		r = ovs_ask_bridge(work, err);
	}
	if (r < 0)
		free(work);
	return r < 0 ? r : NETWORK_LATER;
}

/* --- what helpers before us left --- */

struct ovs_sweeping {
	struct helper *helper;
};

static bool ovs_port_is_known(const struct helper *h, const char *name)
{
	struct rtnl_link link;

	for (const struct instance *i = h->instances; i; i = i->next)
		if (strcmp(i->host_ifname, name) == 0)
			return true;
	for (const struct network *n = h->networks; n; n = n->next)
		if (strcmp(n->host_ifname, name) == 0 ||
		    strcmp(n->uplink, name) == 0)
			return true;
	/* Of somebody else's namespaces, perhaps. */
	return rtnl_link_by_name(h->rtnl, name, &link) == 0;
}

/* "NAME,EXTERNAL_IDS" a line: those without an interface go. */
static void ovs_on_marked(void *data, int r, const char *text,
			  const struct error *why)
{
	struct helper *h = ((struct ovs_sweeping *)data)->helper;

	(void)why;
	free(data);
	while (r == 0 && *text) {
		char name[IFNAMSIZ];

		text = ovs_next_name(text, name);
		if (name[0] != '"' && !ovs_port_is_known(h, name)) {
			struct ovs_request *q = ovs_new(h, name, false);

			ovs_add_all(q, "--if-exists", "del-port", name);
			ovs_ask(q, NULL, NULL, NULL);
		}
	}
}

static void ovs_sweep(struct network *network)
{
	struct ovs_request *q = ovs_request(network, false);
	struct ovs_sweeping *data = malloc(sizeof(*data));

	if (data)
		data->helper = network->helper;
	ovs_add_all(q, "--columns=name,external_ids", "find", "Port",
		    OVS_MARKED);
	if (!data || ovs_ask(q, ovs_on_marked, data, NULL) < 0)
		free(data);
}

/* --- making --- */

/* Given back, or left to another network that has it, too. */
static void ovs_leave_uplink(struct network *network)
{
	struct network *other = ovs_other(network, true);

	if (!network->uplink[0] || !other) {
		network_uplink_give_back(network);
		return;
	}
	if (!strtoul(network->note, NULL, 10))
		return;
	memcpy(other->note, network->note, sizeof(other->note));
	network_note(other, NULL);
}

static void ovs_on_undone(void *data, int r, const char *text,
			  const struct error *why)
{
	struct ovs_work *work = data;

	(void)r;
	(void)text;
	(void)why;
	ovs_leave_uplink(work->network);
	ovs_finish(work, work->r, &work->why);
}

/* All that is the network's alone, out of the database. */
static struct ovs_request *ovs_request_removal(const struct ovs_work *work)
{
	const struct network *network = work->network;
	const char *bridge = network->bridge;
	struct ovs_request *q = ovs_request(network, work->r != -ETIME);

	if (network->has_host)
		ovs_add_all(q, "--", "--if-exists", "del-port",
			    network->host_ifname);
	if (work->uplink_ours && !ovs_other(network, true))
		ovs_add_all(q, "--", "--if-exists", "del-port",
			    network->uplink);
	if (!work->ours || ovs_other(network, false))
		return q;
	if (work->others)
		ovs_add_all(q, "--", "remove", "Bridge", bridge, "external_ids",
			    "netns-pam");
	else
		ovs_add_all(q, "--", "--if-exists", "del-br", bridge);
	return q;
}

static void ovs_undo(struct ovs_work *work, int r, const struct error *why)
{
	work->r = r;
	work->why = *why;
	/* What was there before stays. */
	work->ours = !work->exists;
	work->uplink_ours = true;
	if (ovs_ask(ovs_request_removal(work), ovs_on_undone, work, NULL) < 0)
		ovs_finish(work, r, why);
}

static int ovs_uplink_up(const struct network *network, struct error *err)
{
	struct rtnl_link link;
	struct rtnl_batch b;
	int r = rtnl_link_by_name(network->helper->rtnl, network->uplink,
				  &link);

	if (r < 0)
		return error_set(err, r, "the uplink %s is gone: %s",
				 network->uplink, strerror(-r));
	rtnl_batch_init(&b);
	rtnl_put_up(&b, link.ifindex);
	return rtnl_run(network->helper->rtnl, &b, err);
}

/* What went wrong with each interface: "" or a reason. */
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

	(void)text;
	if (r < 0) {
		ovs_undo(work, r, why);
		return;
	}
	/* ovs-vsctl tells of what failed, and says all is well. */
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

/* Is another network on the same bridge and VLAN? */
static const struct network *ovs_twin(const struct network *network)
{
	for (const struct network *n = network->helper->networks; n;
	     n = n->next)
		if (n != network && n->ops == network->ops &&
		    n->state != NETWORK_REMOVING && n->vlan == network->vlan &&
		    strcmp(n->bridge, network->bridge) == 0)
			return n;
	return NULL;
}

/* The host's interface on it; "" when the host has none. */
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
				 "the host's port %s of the network %s would "
				 "have a name of more than %d letters: give "
				 "the bridge a shorter one",
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
				 "the networks %s and %s are on the same "
				 "bridge %s: give each a `vlan` of its own",
				 network->name, twin->name, bridge);
	if (work->uplink_port && !work->uplink_ours)
		return error_set(err, -EBUSY,
				 "the uplink %s of the network %s is a port of "
				 "an Open vSwitch bridge already: leave out "
				 "`uplink`",
				 network->uplink, network->name);
	if (!work->exists &&
	    rtnl_link_by_name(network->helper->rtnl, bridge, &link) == 0 &&
	    strcmp(link.kind, "openvswitch") != 0 &&
	    strcmp(link.kind, "tun") != 0)
		return error_set(err, -EEXIST,
				 "the interface %s is there and is no Open "
				 "vSwitch bridge: give `bridge` of the network "
				 "%s another name",
				 bridge, network->name);
	if (!work->exists) {
		work->userspace = !ovs_kernel_has_datapath();
		work->ours = true;
	}
	r = ovs_choose_host(network, err);
	if (r == 0 && network->uplink[0] && !ovs_uplink_is_taken(network))
		r = network_uplink_take(network, &link, err);
	return r < 0 ? r : network_note(network, err);
}

/* How things are is known: the network is made, or removed. */
static void ovs_looked(struct ovs_work *work)
{
	struct ovs_request *q;
	struct error err = {""};
	int r = work->removing ? 0 : ovs_choose(work, &err);

	if (r == 0) {
		q = work->removing ? ovs_request_removal(work)
				   : ovs_request_making(work);
		r = ovs_ask(q, work->removing ? ovs_on_undone : ovs_on_made,
			    work, &err);
	}
	if (r < 0) {
		ovs_leave_uplink(work->network);
		ovs_finish(work, r, &err);
	}
}

static int ovs_make(struct network *network, struct error *err)
{
	int r = ovs_look(network, false, err);

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
	return rtnl_link_by_name(network->helper->rtnl, network->host_ifname,
				 &link);
}

static int ovs_remove(struct network *network)
{
	struct error err;

	if (ovs_look(network, true, &err) == NETWORK_LATER)
		return NETWORK_LATER;
	log_warning("the network %s may have left something behind: %s",
		    network->name, err.text);
	return 0;
}

/* --- ports --- */

/*
 * The userspace datapath reads and writes whole frames: those of the namespace
 * must have their checksums when they leave it, which the kernel else leaves to
 * the next device.
 */
static int ovs_checksums_inside(void *data, struct error *err)
{
	const struct instance *i = data;
	struct ethtool_value value = {.cmd = ETHTOOL_STXCSUM, .data = 0};
	struct ifreq ifr = {.ifr_data = (char *)&value};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", i->ifname);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		return error_set(err, -errno,
				 "cannot have %s of the namespace %s compute "
				 "checksums: %s",
				 i->ifname, i->name, strerror(errno));
	return 0;
}

static int ovs_checksums(struct instance *i, struct error *err)
{
	_cleanup_close_ int netns = instance_netns(i);

	if (netns < 0)
		return error_set(err, netns, "the namespace %s is gone",
				 i->name);
	return netns_visit(&i->helper->host, netns, ovs_checksums_inside, i,
			   NULL, NULL, err);
}

static void ovs_on_port_checked(void *data, int r, const char *text,
				const struct error *why)
{
	struct network_port *port = data;
	struct error err = *why;

	port->type_data = NULL;
	if (r == 0 && strcmp(text, "[]") != 0)
		r = error_set(&err, -EIO,
			      "Open vSwitch does not take %s as a port of %s: "
			      "%s",
			      port->instance->host_ifname,
			      port->network->bridge, text);
	network_port_done(port, r, &err);
}

static void ovs_on_port_added(void *data, int r, const char *text,
			      const struct error *why)
{
	struct network_port *port = data;
	struct ovs_request *q;
	struct error err = *why;

	(void)text;
	port->type_data = NULL;
	if (r == 0) {
		q = ovs_request(port->network, false);
		ovs_add_all(q, "get", "Interface", port->instance->host_ifname,
			    "error");
		r = ovs_ask(q, ovs_on_port_checked, port, &err);
		if (r == 0)
			port->type_data = q;
	}
	if (r < 0)
		network_port_done(port, r, &err);
}

static int ovs_port_add(struct network_port *port, struct error *err)
{
	const struct network *network = port->network;
	const char *ifname = port->instance->host_ifname;
	struct ovs_request *q;
	int r = 0;

	if (strstr(network->note, OVS_USERSPACE))
		r = ovs_checksums(port->instance, err);
	/* That datapath does not keep frames from the host's own stack. */
	if (r == 0)
		r = sysctl_write_interface("ipv4", ifname, "arp_ignore", "8",
					   err);
	if (r < 0)
		return r;
	q = ovs_request(network, true);
	/* VLAN 0 is none; a port that is said nothing of carries them all. */
	ovs_add_all(q, "--if-exists", "del-port", ifname, "--", "add-port",
		    network->bridge, ifname);
	ovs_add(q, "tag=%u", network->vlan);
	ovs_add(q, "protected=%s", network->isolate ? "true" : "false");
	ovs_add(q, OVS_MARK "=%s", port->instance->name);
	r = ovs_ask(q, ovs_on_port_added, port, err);
	if (r < 0)
		return r;
	port->type_data = q;
	instance_waiting(port->instance,
			 "the port %s of the Open vSwitch "
			 "bridge %s",
			 ifname, network->bridge);
	return NETWORK_LATER;
}

static void ovs_port_remove(struct network_port *port)
{
	struct ovs_request *q;
	struct error err;

	ovs_forget(port->type_data);
	port->type_data = NULL;
	q = ovs_request(port->network, false);
	ovs_add_all(q, "--if-exists", "del-port", port->instance->host_ifname);
	if (ovs_ask(q, NULL, NULL, &err) < 0)
		log_warning("the port %s stays in Open vSwitch's database: %s",
			    port->instance->host_ifname, err.text);
}

const struct network_ops network_ovs_ops = {
	.name = "ovs",
	.port_suffix = "v",
	.make = ovs_make,
	.adopt = ovs_adopt,
	.remove = ovs_remove,
	.port_add = ovs_port_add,
	.port_remove = ovs_port_remove,
};
