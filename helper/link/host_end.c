/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_end.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/proto.h"
#include "helper/base/answer.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"

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
	/* What the host's end sends is what the namespace receives. */
	ret->rx_bytes = link.tx_bytes;
	ret->tx_bytes = link.rx_bytes;
}
