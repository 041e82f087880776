/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interface.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "address.h"
#include "common/cleanup.h"
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
#include "helper/instance/pool.h"
#include "helper/kernel/rtnl.h"

#define INSIDE_RETRY_US 20000

struct inside {
	struct instance *instance;
	const char *lost;     /* the reason for instance_broken() */
	struct rtnl *monitor; /* events of links in the namespace */
	sd_event_source *monitor_source;
	bool deleted;
	const struct link_site *site; /* while the interface is not up yet */
	sd_event_source *retry;
	const struct dhcp_client_owner *owner;
};

static const struct dhcp_client_owner inside_owners[] = {
	[false] = {.release = false},
	[true] = {.release = true},
};

/* --- for every link --- */

void inside_set_ifname(const struct link_site *site, const char *fallback)
{
	snprintf(site->instance->ifname, sizeof(site->instance->ifname), "%s",
		 site->ns->ifname ? site->ns->ifname : fallback);
}

int inside_host_ifname(const struct link_site *site, const char *key,
		       const char *text, char ret[static IFNAMSIZ],
		       struct error *err)
{
	const struct instance *i = site->instance;
	_cleanup_free_ char *name = NULL;
	uint32_t slot;
	int r = policy_expand(text, i->user, i->uid, i->name, &name, err);

	if (r < 0)
		return r;
	if (!name_is_ifname(name))
		return error_set(err, -EINVAL,
				 "`%s` is `%s`, which is not a valid interface name",
				 key, name);
	if (pool_slot_of(name, &slot))
		return error_set(err, -EINVAL,
				 "the interface %s of `%s` belongs to another namespace",
				 name, key);
	snprintf(ret, IFNAMSIZ, "%s", name);
	return 0;
}

int inside_look_on_host(struct helper *h, const char *key, const char *name,
			struct rtnl_link *ret, struct error *err)
{
	int r = rtnl_link_by_name(h->rtnl, name, ret);

	if (r == -ENODEV)
		return error_set(err, r,
				 "the interface %s of `%s` does not exist on the host",
				 name, key);
	return r < 0 ? error_set(err, r, "cannot query the interface %s: %m",
				 name)
		     : 0;
}

/* --- watching --- */

static void inside_on_link(void *data, const struct rtnl_link *link)
{
	struct inside *in = data;

	if (link->ifindex == in->instance->ifindex)
		in->deleted = true;
}

static void inside_on_route(void *data, const struct inet_prefix *p,
			    unsigned int ifindex)
{
}

/* Events were lost: the state must be queried. */
static void inside_on_lost(void *data)
{
	struct inside *in = data;
	struct rtnl_link link;

	if (netns_rtnl_look(in->instance, &link) == -ENODEV)
		in->deleted = true;
}

static int inside_on_event(sd_event_source *source, int fd, uint32_t events,
			   void *data)
{
	struct inside *in = data;
	const struct rtnl_events handlers = {inside_on_link, inside_on_route,
					     inside_on_lost, in};

	rtnl_monitor_read(in->monitor, &handlers);
	if (in->deleted) {
		in->monitor_source =
			sd_event_source_disable_unref(in->monitor_source);
		instance_broken(in->instance, in->lost); /* may free in */
	}
	return 0;
}

static int inside_watch(struct instance *i, int netns, const char *lost,
			bool release, struct error *err)
{
	struct inside *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		return error_set(err, -ENOMEM, "out of memory");
	in->instance = i;
	in->lost = lost;
	in->owner = &inside_owners[release];
	i->link_data = in;
	r = netns_rtnl_monitor(i, netns, &in->monitor, err);
	if (r < 0)
		return r;
	r = sd_event_add_io(i->helper->event, &in->monitor_source,
			    rtnl_fd(in->monitor), EPOLLIN, inside_on_event, in);
	if (r < 0)
		return error_set(err, r, "cannot watch %s: %m", i->ifname);
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

/* Return: 0, LINK_LATER, -errno. */
static int inside_address(const struct inside *in, struct error *err)
{
	const struct link_site *site = in->site;
	struct instance *i = in->instance;
	struct addresses plan = {.n = 0};
	struct rtnl_batch b = {.n = 0};
	int r;

	if (site->ns->address_mode == ADDRESS_DHCP) {
		r = dhcp_client_start(site, in->owner, err);
		return r < 0 ? r : LINK_LATER;
	}
	r = address_plan(site, &plan, err);
	if (r == 0)
		r = address_put(site, &plan, i->ifindex, &b, err);
	if (r == 0)
		r = rtnl_run(site->inside, &b, err);
	if (r == 0)
		address_note(i, &plan);
	return r;
}

/*
 * The kernel refuses to bring an interface up while another one on its parent
 * has its hardware address: that of a namespace that is being removed.
 * Return: 0, LINK_LATER, -errno.
 */
static int inside_up(struct inside *in, struct error *err)
{
	const struct link_site *site = in->site;
	struct instance *i = in->instance;
	struct rtnl_batch b = {.n = 0};
	int r;

	rtnl_put_up(&b, i->ifindex);
	r = rtnl_run(site->inside, &b, err);
	if (r == -EADDRINUSE) {
		instance_waiting(i,
				 "the end of the previous namespace with this hardware address");
		timer_arm(in->retry, INSIDE_RETRY_US);
		return LINK_LATER;
	}
	return r < 0 ? r : inside_address(in, err);
}

static void inside_on_retry(void *data)
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
	int r = inside_watch(i, site->netns, lost, release, err);

	if (r < 0)
		return r;
	in = i->link_data;
	in->site = site;
	r = timer_new(i->helper->event, &in->retry, inside_on_retry, in, err);
	return r < 0 ? r : inside_up(in, err);
}

/* --- after a restart, and at the end --- */

int inside_adopt(struct instance *i, const char *lost, bool release)
{
	struct rtnl_link link;
	struct error why;
	int answer = answer_of(netns_rtnl_look(i, &link)), client = 0;

	if (answer == FOUND)
		answer = inside_watch(i, -1, lost, release, &why);
	if (answer == ABSENT)
		log_warning("%s: %s", i->name, lost);
	/* Also without the interface: the client must be stopped later. */
	if (answer >= 0 && i->by_dhcp)
		client = dhcp_client_adopt(i, &inside_owners[release]);
	return client < 0 ? client : answer;
}

void inside_lost(struct helper *h, struct instance *i)
{
	dhcp_client_stop(i);
}

int inside_delete(struct helper *h, struct instance *i, struct error *err)
{
	struct inside *in = i->link_data;
	/* Its name may be removed: the monitor is inside, too. */
	_cleanup_close_ int netns =
		in && in->monitor ? rtnl_netns(in->monitor) : -EBADF;
	struct error why;
	int r;

	/* First: its events must not report the deletion. */
	inside_remove(h, i, netns, err);
	r = netns_rtnl_delete(i, netns, &why);
	if (r == -ENOENT)
		log_warning("%s stays connected until its processes end: %s",
			    i->name, why.text);
	else if (r < 0)
		return error_set(err, r, "%s", why.text);
	return 0;
}

int inside_remove(struct helper *h, struct instance *i, int netns,
		  struct error *err)
{
	dhcp_client_stop(i);
	inside_free(i);
	return 0;
}

void inside_free(struct instance *i)
{
	struct inside *in = i->link_data;

	dhcp_client_free(i);
	i->link_data = NULL;
	if (!in)
		return;
	sd_event_source_disable_unref(in->monitor_source);
	sd_event_source_disable_unref(in->retry);
	rtnl_close(in->monitor);
	free(in);
}

void inside_describe(const struct instance *i, struct proto_namespace *ret)
{
	struct rtnl_link link;

	if (netns_rtnl_look(i, &link) < 0)
		return;
	ret->rx_bytes = link.rx_bytes;
	ret->tx_bytes = link.tx_bytes;
}
