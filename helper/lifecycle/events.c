/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle.h"

#include <errno.h>
#include <string.h>

#include "end.h"
#include "helper/base/log.h"
#include "helper/firewall/filter.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/pool.h"
#include "helper/instance/record.h"
#include "helper/kernel/netns.h"
#include "helper/kernel/rtnl.h"
#include "make.h"
#include "sweep.h"

/* --- from links --- */

static void events_connected(struct instance *i, int r, const struct error *why)
{
	static const struct error unknown = {"its link failed"};

	if (r < 0)
		end_free(i, r, why ? why : &unknown);
	else if (i->making->step == STEP_CONFIGURE) /* not a reconnection */
		make_go_on(i->making);
}

static void events_broken(struct instance *i, const char *why)
{
	struct error text;

	if (i->making) {
		error_set(&text, 0, "%s", why);
		end_free(i, -EPIPE, &text);
		return;
	}
	if (i->broken)
		return;
	i->broken = true;
	log_error("%s: %s; new sessions get a new namespace", i->name, why);
	instance_record_save(i, NULL);
	sweep_soon(i->helper);
}

const struct instance_lifecycle lifecycle_of_links = {
	.connected = events_connected,
	.broken = events_broken,
};

/* --- from the kernel --- */

static void events_lost_link(struct instance *i)
{
	const struct error why = {"its link was deleted by another program"};

	i->host_ifindex = 0;
	filter_release(i);
	instance_release_addresses(i);
	if (i->ops->lost && i->attached)
		i->ops->lost(i->helper, i);
	if (i->making)
		end_free(i, -ENODEV, &why);
	else if (i->state == INSTANCE_LEAVING)
		/* The link ended with the namespace, unless that is kept. */
		end_ask(i, i->sessions || i->kept >= 0 ? END_KEEP : END_EMPTY);
	else if (i->state == INSTANCE_LIVE)
		log_warning("the link %s of the namespace %s was deleted",
			    i->host_ifname, i->name);
}

void events_link_removed(struct helper *h, const struct rtnl_link *link)
{
	uint32_t slot;

	for (struct instance *i = h->instances; i; i = i->next)
		if (i->host_ifindex == link->ifindex) {
			events_lost_link(i);
			break;
		}
	/* An interface that was moved into a namespace keeps its slot. */
	for (const struct instance *i = h->instances; i; i = i->next)
		if (strcmp(i->device, link->ifname) == 0)
			return;
	if (pool_slot_of(link->ifname, &slot)) {
		pool_release(h->pool, slot);
		sweep_soon(h);
	}
}

int events_resync(struct helper *h)
{
	struct instance *i;
	int r = 0;

	h->pool->routes_stale = true;
	for (i = h->instances; i; i = i->next) {
		struct rtnl_link link;
		int answer = FOUND;

		if (i->host_ifindex)
			answer = answer_of(rtnl_link_by_index(h->rtnl,
							      i->host_ifindex,
							      &link));
		i->unlinked = answer == ABSENT;
		r = answer < 0 ? answer : r;
	}
	/* From the beginning each time: lost() may free other instances. */
	for (i = h->instances; i;) {
		uint32_t slot = i->slot;

		if (!i->unlinked) {
			i = i->next;
			continue;
		}
		i->unlinked = false;
		events_lost_link(i);
		pool_release(h->pool, slot);
		i = h->instances;
	}
	return r;
}

void events_name_removed(struct helper *h, const char *name)
{
	struct instance *i = instance_find(h, name);

	/* While MAKING, it was the name of an earlier namespace. */
	if (!i || i->state == INSTANCE_MAKING ||
	    netns_find(h->netns_dir, name, &i->netns, NULL) != ABSENT)
		return;
	log_warning("another program removed the name of the namespace %s; open sessions keep it",
		    name);
	end_ask(i, END_KEEP);
}
