/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interface.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "address.h"
#include "common/policy/policy.h"
#include "common/proto.h"
#include "dhcp_client.h"
#include "helper/base/answer.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/kernel/rtnl.h"

#define INSIDE_AGAIN_US 20000

struct inside {
	struct instance *instance;
	const char *lost;
	struct rtnl *monitor; /* hears of links in the namespace */
	sd_event_source *heard;
	bool gone;
	const struct link_site *site; /* while it is not up yet */
	sd_event_source *again;
	bool release;
};

static const struct dhcp_client_owner inside_dhcp = {.release = false};
static const struct dhcp_client_owner inside_dhcp_release = {.release = true};

static const struct dhcp_client_owner *inside_owner(bool release)
{
	return release ? &inside_dhcp_release : &inside_dhcp;
}

/* --- watching --- */

static void inside_on_link(void *data, const struct rtnl_link *link)
{
	struct inside *in = data;

	if (link->ifindex == in->instance->ifindex)
		in->gone = true;
}

static void inside_on_route(void *data, const struct inet_prefix *p,
			    unsigned int ifindex)
{
}

/* Events were missed: is it still there? */
static void inside_on_lost(void *data)
{
	struct inside *in = data;
	struct rtnl *rtnl = NULL;
	struct rtnl_link link;

	if (netns_rtnl_open(in->instance, -1, &rtnl, NULL) < 0)
		return;
	if (rtnl_link_by_index(rtnl, in->instance->ifindex, &link) == -ENODEV)
		in->gone = true;
	rtnl_close(rtnl);
}

static int inside_on_event(sd_event_source *source, int fd, uint32_t events,
			   void *data)
{
	struct inside *in = data;
	const struct rtnl_events handlers = {inside_on_link, inside_on_route,
					     inside_on_lost, in};

	rtnl_monitor_read(in->monitor, &handlers);
	if (in->gone) {
		in->heard = sd_event_source_disable_unref(in->heard);
		instance_broken(in->instance, in->lost); /* may free in */
	}
	return 0;
}

static int inside_watch(struct instance *i, int netns, const char *lost,
			struct error *err)
{
	struct inside *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		return error_set(err, -ENOMEM, "out of memory");
	in->instance = i;
	in->lost = lost;
	i->link_data = in;
	r = netns_rtnl_monitor(i, netns, &in->monitor, err);
	if (r < 0)
		return r;
	r = sd_event_add_io(i->helper->event, &in->heard, rtnl_fd(in->monitor),
			    EPOLLIN, inside_on_event, in);
	if (r < 0)
		return error_set(err, r, "cannot watch %s: %s", i->ifname,
				 strerror(-r));
	return 0;
}

/* --- addresses --- */

bool inside_has_ipv6(const struct helper *h, const struct policy_namespace *ns)
{
	for (size_t n = 0; n < ns->address.n; n++)
		if (ns->address.items[n].prefix.family != AF_INET)
			return true;
	return false;
}

static void inside_note(struct instance *i, const struct addresses *plan)
{
	for (size_t n = 0; n < plan->n; n++) {
		const struct inet_prefix *p = &plan->items[n].inner;
		struct inet_prefix *seen =
			p->family == AF_INET ? &i->address4 : &i->address6;

		if (seen->family == AF_UNSPEC)
			*seen = *p;
	}
}

/* Return: 0, LINK_LATER, -errno. */
static int inside_address(const struct link_site *site, bool release,
			  struct error *err)
{
	struct instance *i = site->instance;
	struct addresses plan = {.n = 0};
	struct rtnl_batch b;
	int r;

	if (site->ns->address_mode == ADDRESS_DHCP) {
		r = dhcp_client_start(site, i->ifname, i->ifindex,
				      inside_owner(release), err);
		return r < 0 ? r : LINK_LATER;
	}
	rtnl_batch_init(&b);
	r = address_plan(site, &plan, err);
	if (r == 0)
		r = address_put(site, &plan, i->ifindex, &b, err);
	if (r == 0)
		r = rtnl_run(site->inside, &b, err);
	if (r == 0)
		inside_note(i, &plan);
	return r;
}

/*
 * The kernel refuses to bring an interface up while another one of its parent
 * has its hardware address: that of a namespace that is just being taken apart.
 * Return: 0, LINK_LATER, -errno.
 */
static int inside_up(struct inside *in, struct error *err)
{
	const struct link_site *site = in->site;
	struct instance *i = in->instance;
	struct rtnl_batch b;
	int r;

	rtnl_batch_init(&b);
	rtnl_put_up(&b, i->ifindex);
	r = rtnl_run(site->inside, &b, err);
	if (r == -EADDRINUSE) {
		instance_waiting(
			i,
			"the end of the namespace that had its hardware address");
		timer_arm(in->again, INSIDE_AGAIN_US);
		return LINK_LATER;
	}
	return r < 0 ? r : inside_address(site, in->release, err);
}

static void inside_on_again(void *data)
{
	struct inside *in = data;
	struct error why;
	int r = inside_up(in, &why);

	if (r != LINK_LATER)
		instance_connected(in->instance, r, &why); /* may free in */
}

int inside_start(const struct link_site *site, const char *lost, bool release,
		 struct error *err)
{
	struct instance *i = site->instance;
	struct inside *in;
	int r = inside_watch(i, site->netns, lost, err);

	if (r < 0)
		return r;
	in = i->link_data;
	in->site = site;
	in->release = release;
	r = timer_new(i->helper->event, &in->again, inside_on_again, in, err);
	return r < 0 ? r : inside_up(in, err);
}

/* --- after a restart, and at the end --- */

int inside_adopt(struct instance *i, const char *lost, bool release)
{
	struct rtnl *rtnl = NULL;
	struct rtnl_link link;
	struct error why;
	int r = netns_rtnl_open(i, -1, &rtnl, &why), answer, client = 0;

	if (r == 0)
		r = rtnl_link_by_index(rtnl, i->ifindex, &link);
	rtnl_close(rtnl);
	answer = answer_of(r);
	if (answer == FOUND)
		answer = inside_watch(i, -1, lost, &why);
	if (answer == ABSENT)
		log_warning("%s: %s", i->name, lost);
	/* Its client is ours to end, whatever became of the interface. */
	if (answer >= 0 && i->by_dhcp)
		client = dhcp_client_adopt(i, inside_owner(release));
	return client < 0 ? client : answer;
}

void inside_lost(struct helper *h, struct instance *i)
{
	dhcp_client_stop(i);
}

int inside_delete(struct instance *i, struct error *err)
{
	int r;

	inside_stop(i); /* before: its watch need not report this */
	r = netns_rtnl_delete(i, -1, err);
	return answer_of(r) == ABSENT || r == -ESTALE ? 0 : r;
}

void inside_stop(struct instance *i)
{
	dhcp_client_stop(i);
	inside_free(i);
}

void inside_free(struct instance *i)
{
	struct inside *in = i->link_data;

	dhcp_client_free(i);
	i->link_data = NULL;
	if (!in)
		return;
	sd_event_source_disable_unref(in->heard);
	sd_event_source_disable_unref(in->again);
	rtnl_close(in->monitor);
	free(in);
}

void inside_describe(struct helper *h, const struct instance *i,
		     struct proto_namespace *ret)
{
	struct rtnl_link link;

	if (netns_rtnl_look(i, &link) < 0)
		return;
	ret->rx_bytes = link.rx_bytes;
	ret->tx_bytes = link.tx_bytes;
}
