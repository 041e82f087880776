/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_end.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/proto.h"
#include "helper/base/answer.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"
#include "interface.h"

int host_end_make(const struct link_site *site, uint32_t group,
		  const uint8_t mac[static 6], const uint8_t host_mac[static 6],
		  struct error *err)
{
	struct instance *i = site->instance;
	struct rtnl_veth veth = {
		.ifname = i->ifname,
		.ifindex = INSIDE_IFINDEX,
		.peer = i->host_ifname,
		.peer_netns = site->helper->host->fd,
		.peer_group = group,
		.mtu = site->ns->mtu,
	};
	struct rtnl_batch b = {.n = 0};

	memcpy(veth.mac, mac, sizeof(veth.mac));
	memcpy(veth.peer_mac, host_mac, sizeof(veth.peer_mac));
	inside_set_ifname(site, INSIDE_IFNAME);
	i->ifindex = INSIDE_IFINDEX;
	rtnl_put_veth(&b, &veth);
	return rtnl_run(site->inside, &b, err);
}

int host_end_look(struct instance *i, struct error *err)
{
	struct rtnl_link link;
	int r = rtnl_link_by_name(i->helper->rtnl, i->host_ifname, &link);

	if (r < 0)
		return error_set(err, r, "cannot find %s: %m", i->host_ifname);
	i->host_ifindex = link.ifindex;
	return 0;
}

void host_end_put_up(struct rtnl_batch *b, const struct instance *i)
{
	char alias[NAME_MAX_INSTANCE + 16];

	snprintf(alias, sizeof(alias), "netns-pam %s", i->name);
	rtnl_put_alias_up(b, i->host_ifindex, alias);
}

int host_end_finish(const struct link_site *site, struct error *err)
{
	struct rtnl_link link;
	int r = rtnl_link_by_index(site->inside, INSIDE_IFINDEX, &link);

	return r < 0 ? error_set(err, r, "cannot find the new interface: %m")
		     : 0;
}

int host_end_find(struct helper *h, struct instance *i, struct rtnl_link *ret)
{
	int r = i->host_ifindex
			? rtnl_link_by_index(h->rtnl, i->host_ifindex, ret)
			: -ENODEV;

	if (r == 0 && strcmp(ret->ifname, i->host_ifname) != 0)
		r = -ENODEV;
	if (answer_of(r) == ABSENT)
		i->host_ifindex = 0;
	if (r == 0)
		pool_mark(h->pool, i->slot);
	return answer_of(r);
}

int host_end_adopt(struct helper *h, struct instance *i)
{
	struct rtnl_link link;

	return host_end_find(h, i, &link);
}

int host_end_cut(struct helper *h, struct instance *i, struct error *err)
{
	return i->host_ifindex ? rtnl_down(h->rtnl, i->host_ifindex, err) : 0;
}

void host_end_describe(struct helper *h, const struct instance *i,
		       struct proto_namespace *ret)
{
	struct rtnl_link link;

	if (!i->host_ifindex ||
	    rtnl_link_by_index(h->rtnl, i->host_ifindex, &link) < 0)
		return;
	snprintf(ret->host_ifname, sizeof(ret->host_ifname), "%s", link.ifname);
	/* The host's end sends what the namespace receives. */
	ret->rx_bytes = link.tx_bytes;
	ret->tx_bytes = link.rx_bytes;
}
