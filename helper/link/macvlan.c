/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = macvlan: an interface of the namespace on the network of an interface
 * of the host, `parent`. It is created inside the namespace, in the mode
 * `private`: the kernel passes no packets between two of them, nor between one
 * and the host. All other machines of that network can reach it.
 */
#include "helper/instance/link_ops.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/index.h"
#include "common/proto.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/kernel/rtnl.h"
#include "interface.h"

#define MACVLAN_MACHINE	 "/etc/machine-id"
#define MACVLAN_ID_BYTES 32

static const char macvlan_lost[] =
	"its macvlan interface was deleted; was its parent deleted?";

/* Do processes keep an older namespace of the same name? */
static bool macvlan_is_second(const struct instance *i)
{
	for (const struct instance *o = i->helper->instances; o; o = o->next)
		if (o != i && o->link == LINK_MACVLAN &&
		    !strcmp(o->name, i->name))
			return true;
	return false;
}

/*
 * The hardware address: a hash of the machine and the namespace's name, so that
 * it is the same every time and a DHCP server can reserve an address for it. It
 * is part of the request: udev's MACAddressPolicy does not change such ones.
 */
static void macvlan_mac(const struct instance *i, uint8_t ret[static 6])
{
	char id[MACVLAN_ID_BYTES] = "";
	_cleanup_fclose_ FILE *f = fopen(MACVLAN_MACHINE, "re");
	uint64_t hash;

	if (f && fread(id, 1, sizeof(id), f) != sizeof(id))
		id[0] = '\0';
	hash = index_hash(FNV_BASIS, id, sizeof(id));
	hash = index_hash(hash, i->name, strlen(i->name));
	if (macvlan_is_second(i))
		hash = index_hash(hash, &i->id, sizeof(i->id));
	for (int n = 0; n < 6; n++)
		ret[n] = (uint8_t)(hash >> (8 * n));
	ret[0] = (uint8_t)((ret[0] & 0xfc) | 0x02); /* local, unicast */
}

static int macvlan_parent(const struct link_site *site, struct rtnl_link *ret,
			  struct error *err)
{
	struct instance *i = site->instance;
	int r = inside_host_ifname(site, "parent", site->ns->parent, i->device,
				   err);

	if (r == 0)
		r = inside_look_on_host(site->helper, "parent", i->device, ret,
					err);
	if (r < 0)
		return r;
	if (!ret->up)
		return error_set(err, -ENETDOWN,
				 "the interface %s of `parent` is down: bring it up (ip link set %s up)",
				 i->device, i->device);
	if (site->ns->mtu > ret->mtu)
		return error_set(err, -EINVAL,
				 "`mtu` is %u, and the interface %s of `parent` has no more than %u",
				 site->ns->mtu, i->device, ret->mtu);
	return 0;
}

static int macvlan_create(const struct link_site *site, struct error *err)
{
	struct instance *i = site->instance;
	struct rtnl_new new = {
		.kind = "macvlan",
		.ifname = i->ifname,
		.ifindex = INSIDE_IFINDEX,
		.netns = site->netns,
		.mtu = site->ns->mtu,
		.has_mac = true,
		.macvlan_mode = MACVLAN_MODE_PRIVATE,
	};
	struct rtnl_link parent = {0};
	struct rtnl_batch b = {.n = 0};
	struct error why;
	int r = macvlan_parent(site, &parent, err);

	if (r < 0)
		return r;
	inside_set_ifname(site, INSIDE_IFNAME);
	i->ifindex = INSIDE_IFINDEX;
	new.parent = parent.ifindex;
	macvlan_mac(i, new.mac);
	rtnl_put_new(&b, &new);
	r = rtnl_run(site->helper->rtnl, &b, &why);
	if (r == -EOPNOTSUPP)
		return error_set(err, r,
				 "the kernel does not support macvlan interfaces; modprobe macvlan");
	if (r == -EBUSY)
		return error_set(err, r,
				 "the interface %s of `parent` is in use as a port of a bridge or bond; set `parent` to that",
				 parent.ifname);
	if (r < 0)
		return error_set(err, r,
				 "cannot create a macvlan interface on %s: %s",
				 parent.ifname, why.text);
	return inside_start(site, macvlan_lost, true, err);
}

static int macvlan_adopt(struct helper *h, struct instance *i)
{
	return inside_adopt(i, macvlan_lost, true);
}

static void macvlan_describe(struct helper *h, const struct instance *i,
			     struct proto_namespace *ret)
{
	inside_describe(i, ret);
	snprintf(ret->detail, sizeof(ret->detail), "macvlan on %s", i->device);
}

const struct link_ops link_macvlan_ops = {
	.makes_namespace = true,
	.filter = FILTER_INSIDE,
	.has_ipv6 = inside_has_ipv6,
	.create = macvlan_create,
	.adopt = macvlan_adopt,
	.cut = inside_delete,
	.remove = inside_remove,
	.leave = inside_free,
	.lost = inside_lost,
	.describe = macvlan_describe,
};
