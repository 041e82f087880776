/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of an Open vSwitch bridge: added, checked, removed, swept.
 *
 * Ports of networks with `isolate` are "protected": they reach the host's side
 * and an uplink, not each other. The addresses that a port sends from are not
 * checked: that would need flows, which are lost when ovs-vswitchd restarts.
 * (A session without privileges cannot send from other addresses.)
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "helper/base/log.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/kernel/netns.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "network.h"
#include "ovs.h"
#include "vsctl.h"

/*
 * The userspace datapath reads and writes whole frames, so frames must leave
 * the namespace with their checksums, which the kernel otherwise leaves to the
 * next device.
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
				 "cannot switch off checksum offload of %s in the namespace %s: %m",
				 i->ifname, i->name);
	return 0;
}

static int ovs_checksums(struct instance *i, struct error *err)
{
	_cleanup_close_ int netns = instance_netns(i, err);

	if (netns < 0)
		return netns;
	return netns_visit(i->helper->host, netns, ovs_checksums_inside, i,
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
			      "Open vSwitch cannot make %s a port of %s: %s",
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

	port->type_data = NULL;
	if (r == 0) {
		q = ovs_request(port->network, false);
		ovs_add_all(q, "get", "Interface", port->instance->host_ifname,
			    "error");
		r = ovs_ask(q, ovs_on_port_checked, port, &err);
		if (r == 0)
			port->type_data = q;
	}
	if (r == 0)
		return;
	if (strstr(err.text, "no bridge named"))
		network_lost(port->network); /* all its ports, this one, too */
	else
		network_port_done(port, r, &err);
}

int ovs_port_add(struct network_port *port, struct error *err)
{
	const struct network *network = port->network;
	const char *ifname = port->instance->host_ifname;
	struct ovs_request *q;
	int r = 0;

	if (strstr(network->note, OVS_USERSPACE))
		r = ovs_checksums(port->instance, err);
	/* That datapath also leaves the frames to the host's stack. */
	if (r == 0)
		r = sysctl_write_interface("ipv4", ifname, "arp_ignore", "8",
					   err);
	if (r < 0)
		return r;
	q = ovs_request(network, true);
	/* VLAN 0: untagged only; without a tag a port carries all VLANs. */
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
			 "the port %s of the Open vSwitch bridge %s", ifname,
			 network->bridge);
	return NETWORK_LATER;
}

void ovs_port_remove(struct network_port *port)
{
	struct ovs_request *q;
	struct error err;

	ovs_forget(port->type_data);
	port->type_data = NULL;
	q = ovs_request(port->network, false);
	ovs_add_all(q, "--if-exists", "del-port", port->instance->host_ifname);
	if (ovs_ask(q, NULL, NULL, &err) < 0)
		log_warning("cannot remove the port %s from Open vSwitch's database: %s; removed when the network is next made",
			    port->instance->host_ifname, err.text);
}

/*
 * Ports that an earlier daemon left in the database, for example before a
 * reboot: the database survives the interfaces.
 */
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
	/* Or of another program. */
	return answer_of(rtnl_link_by_name(h->rtnl, name, &link)) != ABSENT;
}

/* Answer: lines "NAME,EXTERNAL_IDS". Removes ports without an interface. */
static void ovs_on_marked(void *data, int r, const char *text,
			  const struct error *why)
{
	struct helper *h = ((struct ovs_sweeping *)data)->helper;

	free(data);
	while (r == 0 && *text) {
		char name[IFNAMSIZ];

		text = ovs_next_name(text, name);
		if (name[0] && !ovs_port_is_known(h, name)) {
			struct ovs_request *q = ovs_new(h, name, false);

			ovs_add_all(q, "--if-exists", "del-port", name);
			ovs_ask(q, NULL, NULL, NULL);
		}
	}
}

void ovs_sweep(const struct network *network)
{
	struct ovs_request *q = ovs_request(network, false);
	struct ovs_sweeping *data = malloc(sizeof(*data));

	if (data)
		data->helper = network->helper;
	ovs_add_all(q, "--columns=name,external_ids", "find", "Port",
		    OVS_MARK "!=\"\"");
	if (!data || ovs_ask(q, ovs_on_marked, data, NULL) < 0)
		free(data);
}
