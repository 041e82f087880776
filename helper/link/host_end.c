/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_end.h"

#include <stdio.h>

#include "common/proto.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/kernel/rtnl.h"

void host_end_cut(struct helper *h, struct instance *i)
{
	struct rtnl_batch b;

	if (!i->host_ifindex)
		return;
	rtnl_batch_init(&b);
	rtnl_put_down(&b, i->host_ifindex);
	rtnl_run(h->rtnl, &b, NULL);
}

void host_end_describe(struct helper *h, const struct instance *i,
		       struct proto_namespace *ret)
{
	struct rtnl_link link;

	if (!i->host_ifindex ||
	    rtnl_link_by_index(h->rtnl, i->host_ifindex, &link) < 0)
		return;
	snprintf(ret->host_ifname, sizeof(ret->host_ifname), "%s", link.ifname);
	if (i->address4.family)
		inet_prefix_format(&i->address4, ret->address4);
	if (i->address6.family)
		inet_prefix_format(&i->address6, ret->address6);
	/* What the host's end sends is what the namespace receives. */
	ret->rx_bytes = link.tx_bytes;
	ret->tx_bytes = link.rx_bytes;
}
