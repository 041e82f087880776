/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The uplink of a network: an interface of the host that becomes a port of the
 * switch, and is restored when the network is removed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/base/answer.h"
#include "helper/helper.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "parts.h"

/*
 * Is it a port of another switch? Open vSwitch may have kept it, when it did
 * not run at the end of the network: its database has the owner of the port.
 * Return: 1, 0, -errno.
 */
static int uplink_is_taken(const struct network *network,
			   const struct rtnl_link *link)
{
	struct rtnl_link master;
	int r;

	if (!link->master || link->master == network->ifindex)
		return 0;
	if (network->type != NETWORK_OVS)
		return 1;
	r = answer_of(rtnl_link_by_index(network->helper->rtnl, link->master,
					 &master));
	return r < 0 ? r
		     : r == ABSENT || strcmp(master.kind, "openvswitch") != 0;
}

/* An interface that the host uses itself is refused. */
static int uplink_check(const struct network *network, struct rtnl_link *ret,
			struct error *err)
{
	struct inet_prefix route = {.family = AF_UNSPEC};
	char text[INET_PREFIX_STR];
	int r = rtnl_link_by_name(network->helper->rtnl, network->uplink, ret);

	if (r == -ENODEV)
		return error_set(err, r,
				 "the uplink %s of the network %s does not exist",
				 network->uplink, network->name);
	if (r == 0)
		r = uplink_is_taken(network, ret);
	if (r > 0)
		return error_set(err, -EBUSY,
				 "the uplink %s of the network %s is a port of another bridge or bond",
				 network->uplink, network->name);
	if (r == 0)
		r = network_find_route(network->helper, network, ret->ifindex,
				       &route);
	if (r < 0)
		return error_set(err, r, "cannot query the uplink %s: %m",
				 network->uplink);
	if (route.family == AF_UNSPEC)
		return 0;
	inet_prefix_format(&route, text);
	return error_set(err, -EBUSY,
			 "the uplink %s of the network %s has an address or route of the host (%s), which would stop working; remove it, or set it as `address` of the network",
			 network->uplink, network->name, text);
}

int network_uplink_take(struct network *network, struct rtnl_link *ret,
			struct error *err)
{
	char v6[8] = "0", path[64 + IFNAMSIZ];
	int r = uplink_check(network, ret, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/disable_ipv6",
		 network->uplink);
	sysctl_read(path, v6, sizeof(v6));
	snprintf(network->note, sizeof(network->note), "%u %d %d", ret->ifindex,
		 ret->up, v6[0] == '1');
	r = network_record_save(network, err);
	if (r == 0)
		r = sysctl_write_interface("ipv6", network->uplink,
					   "disable_ipv6", "1", err);
	/* A kernel without IPv6 has no such setting. */
	return r == -ENOENT ? 0 : r;
}

int network_uplink_give_back(struct network *network, struct error *err)
{
	struct helper *h = network->helper;
	struct rtnl_link link;
	struct rtnl_batch b = {.n = 0};
	char *end = network->note;
	unsigned long ifindex = strtoul(end, &end, 10);
	unsigned long up = strtoul(end, &end, 10);
	unsigned long v6 = strtoul(end, &end, 10);
	bool attached;
	int r, taken;

	if (!ifindex)
		return 0;
	/* By the index: it may have another name by now. */
	r = answer_of(
		rtnl_link_by_index(h->rtnl, (unsigned int)ifindex, &link));
	taken = r == FOUND ? uplink_is_taken(network, &link) : r;
	if (taken < 0)
		return error_set(err, taken, "cannot query the uplink %s: %m",
				 network->uplink);
	if (taken) {
		network->note[0] = '\0';
		return 0;
	}
	attached = link.master && link.master == network->ifindex;
	if (attached)
		rtnl_put_master(&b, link.ifindex, 0);
	if (!up)
		rtnl_put_down(&b, link.ifindex);
	r = attached || !up ? rtnl_run(h->rtnl, &b, err) : 0;
	if (r == 0 && !v6)
		r = sysctl_write_interface("ipv6", link.ifname, "disable_ipv6",
					   "0", err);
	/* A kernel without IPv6 has no such setting. */
	if (r < 0 && r != -ENOENT)
		return r;
	network->note[0] = '\0';
	return 0;
}
