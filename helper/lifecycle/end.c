/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a namespace is kept, and its end: the link is cut, `down` runs, the
 * name is taken away, the link is given back, and what we knew of it forgotten.
 */
#include "end.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "helper/firewall/forwarding.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/firewall/filter.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/pool.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/process/child.h"
#include "hook.h"
#include "make.h"
#include "sweep.h"

/* Is there a link of ours for which the host forwards? */
static bool end_any_linked(const struct helper *h)
{
	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->ops->needs_firewall && !i->foreign)
			return true;
	return false;
}

void end_addresses(struct instance *i)
{
	struct inet_prefix *addresses[] = {&i->address4, &i->address6};

	for (size_t k = 0; k < 2; k++)
		if (addresses[k]->family != AF_UNSPEC) {
			pool_release_address(i->helper->pool, addresses[k]);
			addresses[k]->family = AF_UNSPEC;
		}
}

/* Nothing of it is left but our memory of it. */
static bool end_is_spent(const struct instance *i)
{
	if (i->sessions || i->down || i->hook)
		return false;
	if (i->foreign && !i->pinned)
		return true;
	return i->state == INSTANCE_LEAVING && !i->host_ifindex && !i->attached;
}

void end_let_go(struct instance *i)
{
	filter_release(i);
	end_addresses(i);
}

void end_link(struct instance *i, int netns)
{
	const struct link_ops *ops = i->ops;

	if (!i->attached)
		return;
	i->attached = false;
	ops->remove(i->helper, i, netns);
}

void end_free(struct instance *i)
{
	struct helper *h = i->helper;

	end_link(i, i->kept);
	instance_unkeep(i);
	instance_take_out(i);
	instance_unname(i);
	end_let_go(i);
	if (instance_record_remove(i) < 0)
		timer_arm(h->leftovers, HELPER_LEFTOVERS_US);
	if (!end_any_linked(h))
		forwarding_done(h);
	filter_free(i);
	instance_free(i);
}

/* One that was never LIVE has nothing to be taken down. */
static void end_abandon(struct instance *i)
{
	if (!i->hook) {
		end_free(i);
		return;
	}
	end_let_go(i);
	free(i->down);
	i->down = NULL;
	i->empty = true;
	instance_record_save(i, NULL);
}

static void end_on_hook(void *data, int r, const struct error *why)
{
	struct instance *i = data;

	i->hook = NULL;
	i->hook_pid = 0;
	if (end_is_spent(i)) {
		end_free(i);
		return;
	}
	instance_record_save(i, NULL);
	sweep_soon(i->helper);
}

void end_hook(struct instance *i)
{
	if (i->hook)
		child_end(i->hook, end_on_hook, i);
}

/* --- keeping and letting go --- */

void end_hold(struct instance *i)
{
	i->sessions++;
	i->straggler = sd_event_source_disable_unref(i->straggler);
}

void end_release(struct instance *i)
{
	if (--i->sessions)
		return;
	if (end_is_spent(i))
		end_free(i);
	else
		sweep_soon(i->helper);
}

void end_drop_unused(struct helper *h)
{
	struct instance *next;

	for (struct instance *i = h->instances; i; i = next) {
		next = i->next;
		if (i->state == INSTANCE_CLOSING) {
			/* Its end had begun: from the beginning once more. */
			i->state = INSTANCE_LIVE;
			end_ask(i, i->cut ? END_CUT : END_EMPTY);
		} else if (end_is_spent(i)) {
			end_free(i);
		}
	}
	if (!end_any_linked(h))
		forwarding_done(h);
}

/* --- giving up what is being made --- */

void end_making(struct making *m)
{
	struct instance *i = m->instance;

	sd_event_source_disable_unref(m->poll);
	rtnl_close(m->site.inside);
	close_fd(m->site.netns);
	store_release(i->helper->store, m->site.policy);
	i->making = NULL;
	i->making_netns = -EBADF;
	free(m);
}

void end_undo(struct instance *i, int r, const struct error *why)
{
	struct making *m = i->making;

	end_hook(i);
	/* What `up` has left inside is cut off. */
	if (i->ops->cut && i->host_ifindex) {
		i->ops->cut(i->helper, i);
		i->cut = true;
	}
	end_link(i, m->site.netns);
	if (m->published)
		netns_unpublish(i->helper->netns_dir, i->name, &i->netns);
	end_making(m);
	/* Out of the way first: who is woken may ask for a new one. */
	instance_unname(i);
	instance_wake(i, NULL, r, why);
	end_abandon(i);
}

void end_give_up(struct instance *i, int r, const struct error *why)
{
	const struct error kept = *why; /* may be a part of what is freed */

	log_error("no namespace %s: %s", i->name, kept.text);
	end_undo(i, r, &kept);
}

void end_unwait(struct instance_waiter *w)
{
	struct instance *i = w->instance;
	struct instance_waiter **p;
	struct error why;

	if (!i)
		return;
	for (p = &i->waiters; *p != w; p = &(*p)->next)
		;
	*p = w->next;
	w->instance = NULL;
	if (i->waiters || i->state != INSTANCE_MAKING)
		return;
	error_set(&why, 0, "nobody waits any more for %s",
		  instance_waits_for(i));
	end_give_up(i, -ECANCELED, &why);
}

/* --- the end --- */

static void end_name(struct instance *i, enum instance_end end)
{
	struct helper *h = i->helper;
	bool more = i->attached || i->down; /* to be done at its end */
	_cleanup_close_ int fd = more ? instance_netns(i) : -EBADF;
	struct error why;
	int r = 0;

	if (end != END_KEEP) {
		end_link(i, fd);
		instance_unkeep(i);
	} else if (fd >= 0 && instance_keep(i, fd, &why) < 0) {
		log_warning("%s: %s", i->name, why.text);
	}
	i->empty = end != END_KEEP;
	if (!i->foreign)
		r = netns_unpublish(h->netns_dir, i->name, &i->netns);
	if (r < 0 && r != -EEXIST)
		log_warning("cannot remove the name %s: %s", i->name,
			    strerror(-r));
	instance_unname(i);
	i->straggler = sd_event_source_disable_unref(i->straggler);
	instance_wake(i, NULL, 0, NULL);
	/* With a link, the kernel says when it is gone. */
	if (end_is_spent(i) || (!i->sessions && i->foreign)) {
		end_free(i);
		return;
	}
	instance_record_save(i, NULL);
	sweep_soon(h);
}

/* `down` has ended; what it said is in the log. */
static void end_on_down(void *data, int r, const struct error *why)
{
	struct instance *i = data;

	i->hook = NULL;
	i->hook_pid = 0;
	free(i->down);
	i->down = NULL;
	if (r < 0)
		log_error("%s", why->text);
	if (i->state == INSTANCE_CLOSING)
		end_name(i, END_EMPTY);
	else
		end_run(i);
}

/*
 * Return: is `down` running now? It is run once; but again, from the beginning,
 * when the helper ended before it did.
 */
static bool end_start_down(struct instance *i)
{
	const struct child_events events = {.ended = end_on_down, .data = i};
	_cleanup_close_ int fd = -EBADF;
	struct error why;

	if (!i->down)
		return false;
	if (i->kept < 0)
		fd = instance_netns(i);
	if (hook_start(i, i->down, "down", i->kept < 0 ? fd : i->kept,
		       store_policy(i->helper->store)->timeout_ms, &events,
		       &why) == 0)
		return true;
	log_error("%s: %s", i->name, why.text);
	free(i->down);
	i->down = NULL;
	return false;
}

void end_ask(struct instance *i, enum instance_end end)
{
	struct helper *h = i->helper;
	const struct link_ops *ops = i->ops;
	const struct error down = {"it is taken down by hand"};

	if (i->state == INSTANCE_MAKING) {
		end_give_up(i, -ECANCELED, &down);
		return;
	}
	if (i->state != INSTANCE_LIVE)
		return;
	/* Cut first: whoever is killed in between has cut it. */
	if (end == END_CUT && !i->foreign && (ops->cut || i->attached)) {
		_cleanup_close_ int fd = ops->cut ? -EBADF : instance_netns(i);

		if (ops->cut)
			ops->cut(h, i);
		else
			end_link(i, fd);
		i->cut = true;
		end_addresses(i);
		instance_record_save(i, NULL);
	}
	if (end == END_CUT && !i->foreign)
		instance_announce(i, false);
	if (end != END_KEEP && !i->foreign && i->down) {
		i->state = INSTANCE_CLOSING;
		if (end_start_down(i))
			return;
	}
	end_name(i, end);
}

void end_run(struct instance *i)
{
	const struct link_ops *ops = i->ops;

	/* Cut off at the last logout, whoever is inside. */
	if (i->lifetime == LIFETIME_SESSIONS && ops->cut && !i->cut) {
		ops->cut(i->helper, i);
		i->cut = true;
		instance_record_save(i, NULL);
	}
	if (i->hook || end_start_down(i))
		return;
	end_link(i, i->kept);
	instance_unkeep(i);
	if (end_is_spent(i))
		end_free(i);
}

void end_unused(struct instance *i)
{
	if (i->state == INSTANCE_LEAVING)
		end_run(i);
	else
		end_ask(i,
			i->lifetime == LIFETIME_SESSIONS ? END_CUT : END_EMPTY);
}

void end_leave(struct helper *h)
{
	const struct error why = {"netns-pamd is being stopped"};
	struct instance *next;

	for (struct instance *i = h->instances; i; i = next) {
		next = i->next;
		if (i->state == INSTANCE_MAKING) {
			end_give_up(i, -ECANCELED, &why);
			next = h->instances; /* others may be gone, too */
		}
	}
	while (h->instances) {
		struct instance *i = h->instances;
		const struct link_ops *ops = i->ops;

		h->instances = i->next;
		if (i->attached && ops->leave)
			ops->leave(i);
		instance_unname(i);
		instance_wake(i, NULL, -ECANCELED, &why);
		filter_free(i);
		instance_free(i);
	}
}
