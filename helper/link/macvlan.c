/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = macvlan: an interface of the namespace's own on the network that an
 * interface of the host's is in, `parent`. Made in place inside, in the mode
 * `private`: the kernel lets neither two of them, nor one and the host, talk
 * to each other by way of the parent. Everybody else on that network can reach
 * it, as if it were another machine.
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
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"
#include "interface.h"

#define MACVLAN_IFINDEX                                                        \
	32 /* above tunl0, sit0, gre0, ...: ip_tunnel_core.c                   \
	    */
#define MACVLAN_MACHINE	 "/etc/machine-id"
#define MACVLAN_ID_BYTES 32

static const char macvlan_lost[] =
	"its macvlan interface is gone: was its parent deleted?";

/* Is there one of that name that lives on with those who are inside? */
static bool macvlan_is_second(const struct instance *i)
{
	for (const struct instance *o = i->helper->instances; o; o = o->next)
		if (o != i && o->link == LINK_MACVLAN &&
		    !strcmp(o->name, i->name))
			return true;
	return false;
}

/*
 * The same for this namespace of this machine at any time, so that a DHCP
 * server knows it again and can have a fixed address for it. Given with the
 * request: udev's MACAddressPolicy leaves addresses alone that were set.
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
	ret[0] = (uint8_t)((ret[0] & 0xfc) | 0x02); /* local, of one */
}

static int macvlan_parent(const struct link_site *site, struct rtnl_link *ret,
			  struct error *err)
{
	struct instance *i = site->instance;
	_cleanup_free_ char *parent = NULL;
	uint32_t slot;
	int r = policy_expand(site->ns->parent, i->user, i->uid, i->name,
			      &parent, err);

	if (r < 0)
		return r;
	if (!name_is_ifname(parent))
		return error_set(
			err, -EINVAL,
			"`parent` is `%s`, which cannot be an interface's name",
			parent);
	if (pool_slot_of(parent, &slot))
		return error_set(
			err, -EINVAL,
			"the interface %s of `parent` belongs to another namespace",
			parent);
	r = rtnl_link_by_name(site->helper->rtnl, parent, ret);
	if (r == -ENODEV)
		return error_set(err, r,
				 "the interface %s of `parent` does not exist",
				 parent);
	if (r < 0)
		return error_set(err, r, "cannot look at the interface %s: %s",
				 parent, strerror(-r));
	if (!ret->up)
		return error_set(
			err, -ENETDOWN,
			"the interface %s of `parent` is down: bring it up (ip link set %s up)",
			parent, parent);
	if (site->ns->mtu > ret->mtu)
		return error_set(
			err, -EINVAL,
			"`mtu` is %u, and the interface %s of `parent` has no more than %u",
			site->ns->mtu, parent, ret->mtu);
	snprintf(i->device, sizeof(i->device), "%s", parent);
	return 0;
}

static int macvlan_create(const struct link_site *site, struct error *err)
{
	struct instance *i = site->instance;
	struct rtnl_new new = {
		.kind = "macvlan",
		.ifname = i->ifname,
		.ifindex = MACVLAN_IFINDEX,
		.netns = site->netns,
		.mtu = site->ns->mtu,
		.has_mac = true,
		.macvlan_mode = MACVLAN_MODE_PRIVATE,
	};
	struct rtnl_link parent = {0};
	struct rtnl_batch b;
	struct error why;
	int r = macvlan_parent(site, &parent, err);

	if (r < 0)
		return r;
	snprintf(i->ifname, sizeof(i->ifname), "%s",
		 site->ns->ifname ? site->ns->ifname : INSIDE_IFNAME);
	i->ifindex = MACVLAN_IFINDEX;
	new.parent = parent.ifindex;
	macvlan_mac(i, new.mac);
	rtnl_batch_init(&b);
	rtnl_put_new(&b, &new);
	r = rtnl_run(site->helper->rtnl, &b, &why);
	if (r == -EOPNOTSUPP)
		return error_set(
			err, r,
			"the kernel has no macvlan interfaces: modprobe macvlan");
	if (r == -EBUSY)
		return error_set(
			err, r,
			"the interface %s of `parent` is in use as a port of a bridge or bond: name that instead",
			parent.ifname);
	if (r < 0)
		return error_set(err, r, "cannot make a macvlan of %s: %s",
				 parent.ifname, why.text);
	return inside_start(site, macvlan_lost, true, err);
}

static int macvlan_adopt(struct helper *h, struct instance *i)
{
	return inside_adopt(i, macvlan_lost, true);
}

/* Deleted: nobody inside, not even root, can bring it up again. */
static int macvlan_cut(struct helper *h, struct instance *i, struct error *err)
{
	return inside_delete(i, err);
}

static int macvlan_remove(struct helper *h, struct instance *i, int netns,
			  struct error *err)
{
	inside_stop(i);
	return 0;
}

static void macvlan_describe(struct helper *h, const struct instance *i,
			     struct proto_namespace *ret)
{
	inside_describe(h, i, ret);
	snprintf(ret->detail, sizeof(ret->detail), "macvlan on %s", i->device);
}

const struct link_ops link_macvlan_ops = {
	.makes_namespace = true,
	.filter = FILTER_INSIDE,
	.has_ipv6 = inside_has_ipv6,
	.create = macvlan_create,
	.adopt = macvlan_adopt,
	.cut = macvlan_cut,
	.remove = macvlan_remove,
	.leave = inside_free,
	.lost = inside_lost,
	.describe = macvlan_describe,
};
