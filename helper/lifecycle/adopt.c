/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adopts what an earlier daemon left, in two steps. First records, names, links
 * and programs are read, and nothing is changed: after an error the start
 * fails, and the next start finds everything as it was. Once the start is
 * certain, remains are removed.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "end.h"
#include "helper/base/log.h"
#include "helper/base/record.h"
#include "helper/firewall/forwarding.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/pool.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/link/host_end.h"
#include "helper/process/child.h"
#include "hook.h"
#include "lifecycle.h"

/* --- reading --- */

static void adopt_slot(void *data, const struct rtnl_link *link)
{
	struct helper *h = data;
	uint32_t slot;

	if (pool_slot_of(link->ifname, &slot))
		pool_mark(h->pool, slot);
}

/* Return: 0 or -errno. */
static int adopt_link(struct instance *i)
{
	const struct link_ops *ops = i->ops;
	int answer = FOUND;

	i->attached = ops->remove && !i->returned;
	/* After remove(), the interface in the host may still exist. */
	if (i->returned && i->host_ifindex)
		answer = host_end_adopt(i->helper, i);
	else if (!i->returned && ops->adopt)
		answer = ops->adopt(i->helper, i);
	i->unlinked = answer == ABSENT; /* see adopt_finish() */
	if (answer == ABSENT)
		i->broken = true;
	if (i->host_ifindex && !i->cut)
		instance_take_addresses(i);
	return answer < 0 ? answer : 0;
}

/* named: does the file below netns_dir lead to it? */
static void adopt_state(struct instance *i, bool named)
{
	const bool half_made = i->state == INSTANCE_MAKING;
	const bool disconnect = i->cut || i->end == END_CUT;

	i->named = named && !i->foreign;
	if (half_made) {
		log_info("the making of the namespace %s was not completed: removed",
			 i->name);
		free(i->down); /* it was never live */
		i->down = NULL;
	}
	i->end = disconnect || (half_made && i->host_ifindex) ? END_CUT
		 : half_made				      ? END_EMPTY
							      : END_KEEP;
	if (half_made || !named)
		i->state = INSTANCE_LEAVING;
	else if (i->foreign)
		i->state = INSTANCE_LIVE;
	else if (i->state == INSTANCE_LIVE && disconnect)
		i->state = INSTANCE_CLOSING; /* see lifecycle_drop_unused() */
}

/* Return: 0 or -errno. */
static int adopt_look(struct instance *i)
{
	int answer = netns_find(i->helper->netns_dir, i->name, &i->netns, NULL);
	int r = answer < 0 ? answer : instance_keep_adopt(i);

	if (r == 0)
		r = hook_adopt(i);
	if (r == 0)
		r = adopt_link(i);
	if (r < 0)
		return r;
	adopt_state(i, answer == FOUND);
	r = instance_insert(i);
	/* A second record of it, which could not be removed in time. */
	return r == -EEXIST && i->foreign ? ABSENT : r;
}

/* Return: 0, also for a void record, which is left to the sweep; -errno. */
static int adopt_record(void *data, const char *file)
{
	struct helper *h = data;
	struct instance *i = instance_new(h);
	int r;

	if (!i)
		return -ENOMEM;
	r = instance_record_load(i, file);
	if (i->id >= h->next_instance)
		h->next_instance = i->id + 1;
	if (r == FOUND) {
		i->ops = i->foreign ? &link_external_ops : link_ops_of(i->link);
		r = adopt_look(i);
		if (r == 0)
			return 0;
	}
	if (r < 0) {
		log_error("cannot adopt the namespace %s: %s", i->name,
			  strerror(-r));
	} else {
		log_info("the record of namespace %s is void: removed", file);
		r = 0;
	}
	instance_free(i);
	return r;
}

int lifecycle_adopt(struct helper *h, struct error *err)
{
	int r = rtnl_dump_links(h->rtnl, adopt_slot, h);

	if (r < 0)
		return error_set(err, r, "cannot read the host's links: %m");
	r = record_each(h->namespaces_dir, adopt_record, h);
	if (r < 0)
		return error_set(err, r,
				 "cannot adopt the namespaces recorded in %s: %m",
				 h->state_path);
	return 0;
}

/* --- removing the remains --- */

/* `down` is run again, from the beginning: this one must not run beside it. */
static void adopt_hook(struct instance *i)
{
	if (!i->hook || !i->down)
		return;
	child_signal(i->hook, SIGKILL);
	i->hook = child_stop(i->hook);
	i->hook_pid = 0;
}

static void adopt_meet(struct helper *h, struct instance *i)
{
	for (struct instance *other = h->instances; other; other = other->next)
		if (other != i && other->state == INSTANCE_LIVE)
			i->ops->peer_up(h, i, other);
}

static void adopt_finish(struct instance *i)
{
	struct helper *h = i->helper;

	/* Left by a kill between umount and unlink, or open and mount. */
	if (!i->named && !i->foreign)
		netns_unpublish(h->netns_dir, i->name, NULL);
	adopt_hook(i);
	if (i->unlinked && i->attached && i->ops->lost)
		i->ops->lost(h, i);
	i->unlinked = false;
	if (i->state == INSTANCE_LEAVING)
		i->leaving_ms = deadline_now_ms();
}

void lifecycle_adopted(struct helper *h)
{
	for (struct instance *i = h->instances; i; i = i->next)
		adopt_finish(i);
	/* The daemon may have been killed before it called peer_up(). */
	for (struct instance *i = h->instances; i; i = i->next)
		if (i->state == INSTANCE_LIVE && i->ops->peer_up)
			adopt_meet(h, i);
}

void lifecycle_drop_unused(struct helper *h)
{
	for (struct instance *i = h->instances, *next; i; i = next) {
		next = i->next;
		if (i->state == INSTANCE_CLOSING) {
			/* Its end had begun: again, from the beginning. */
			instance_set_state(i, INSTANCE_LIVE);
			end_ask(i, i->end == END_CUT ? END_CUT : END_EMPTY);
		} else if (i->hook ||
			   (i->foreign && !i->pinned && !i->sessions)) {
			end_free(i, 0, NULL); /* ends the `up` that runs */
		} else {
			end_run(i);
		}
	}
	if (!instance_any_forwarded(h))
		forwarding_done(h);
}
