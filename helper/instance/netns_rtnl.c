/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netns_rtnl.h"

#include <errno.h>

#include "common/cleanup.h"
#include "helper/helper.h"
#include "helper/kernel/netns.h"
#include "helper/kernel/rtnl.h"
#include "instance.h"

struct netns_rtnl {
	int (*open)(struct rtnl **ret);
	struct rtnl *rtnl;
};

static int netns_rtnl_visit(void *data, struct error *err)
{
	struct netns_rtnl *visit = data;
	int r = visit->open(&visit->rtnl);

	return r < 0 ? error_set(err, r, "cannot open rtnetlink: %m") : 0;
}

static int netns_rtnl(const struct instance *i, int netns,
		      int (*open)(struct rtnl **ret), struct rtnl **ret,
		      struct error *err)
{
	struct netns_rtnl visit = {.open = open};
	_cleanup_close_ int fd = netns < 0 ? instance_netns(i, err) : -EBADF;
	int r;

	if (netns < 0 && fd < 0)
		return fd;
	r = netns_visit(i->helper->host, netns < 0 ? fd : netns,
			netns_rtnl_visit, &visit, NULL, NULL, err);
	if (r == 0)
		*ret = visit.rtnl;
	return r;
}

int netns_rtnl_open(const struct instance *i, int netns, struct rtnl **ret,
		    struct error *err)
{
	return netns_rtnl(i, netns, rtnl_open, ret, err);
}

int netns_rtnl_monitor(const struct instance *i, int netns, struct rtnl **ret,
		       struct error *err)
{
	return netns_rtnl(i, netns, rtnl_monitor_open, ret, err);
}

int netns_rtnl_look(const struct instance *i, struct rtnl_link *ret)
{
	struct rtnl *inside = NULL;
	int r = netns_rtnl_open(i, -1, &inside, NULL);

	if (r == 0)
		r = rtnl_link_by_index(inside, i->ifindex, ret);
	rtnl_close(inside);
	return r;
}

int netns_rtnl_delete(const struct instance *i, int netns, struct error *err)
{
	struct rtnl *inside = NULL;
	int r = netns_rtnl_open(i, netns, &inside, err);

	if (r == 0)
		r = rtnl_delete(inside, i->ifindex, err);
	rtnl_close(inside);
	return r == -ENODEV ? 0 : r;
}
