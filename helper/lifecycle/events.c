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

/* --- what links cause --- */

static void events_connected(struct instance *i, int r, const struct error *why)
{
	static const struct error unknown = {"its link cannot be made"};

	if (r < 0)
		end_free(i, r, why ? why : &unknown);
	else if (i->making->step == STEP_DRESS) /* not one that connects anew */
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

/* --- what the kernel says --- */

static void events_lost_link(struct instance *i)
{
	const struct error why = {"its link was deleted meanwhile"};

	i->host_ifindex = 0;
	filter_release(i);
	instance_release_addresses(i);
	if (i->ops->lost && i->attached)
		i->ops->lost(i->helper, i);
	if (i->making)
		end_free(i, -ENODEV, &why);
	else if (i->state == INSTANCE_LEAVING)
		/* With the link, the namespace has ended, but for its users. */
		end_ask(i, i->sessions || i->kept >= 0 ? END_KEEP : END_EMPTY);
	else if (i->state == INSTANCE_LIVE)
		log_warning("the link %s of the namespace %s was deleted",
			    i->host_ifname, i->name);
}

void events_link_gone(struct helper *h, const struct rtnl_link *link)
{
	uint32_t slot;

	for (struct instance *i = h->instances; i; i = i->next)
		if (i->host_ifindex == link->ifindex) {
			events_lost_link(i);
			break;
		}
	/* What was moved into a namespace has left, and keeps its slot. */
	for (const struct instance *i = h->instances; i; i = i->next)
		if (strcmp(i->device, link->ifname) == 0)
			return;
	if (pool_slot_of(link->ifname, &slot)) {
		pool_release(h->pool, slot);
		sweep_soon(h);
	}
}

void events_resync(struct helper *h)
{
	struct instance *i;

	h->pool->routes_stale = true;
	for (i = h->instances; i; i = i->next) {
		struct rtnl_link link;

		i->unlinked = i->host_ifindex &&
			      rtnl_link_by_index(h->rtnl, i->host_ifindex,
						 &link) == -ENODEV;
	}
	/* From the beginning each time: who hears of one may free others. */
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
}

void events_name_gone(struct helper *h, const char *name)
{
	struct instance *i = instance_find(h, name);

	/* One that is being made: it was the name of the one before. */
	if (!i || i->state == INSTANCE_MAKING ||
	    netns_find(h->netns_dir, name, &i->netns, NULL) != ABSENT)
		return;
	log_warning(
		"somebody removed the name of the namespace %s; its sessions keep it",
		name);
	end_ask(i, END_KEEP);
}
