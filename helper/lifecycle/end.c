/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a namespace is kept, and its end: the link is cut, `down` runs, the
 * name is taken away, the link is given back, and what we knew of it forgotten.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/filter.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/record.h"
#include "helper/process/child.h"
#include "hook.h"
#include "sweep.h"

/* Is there a link of ours for which the host forwards? */
static bool instance_any_linked(const struct helper *h)
{
	for (const struct instance *i = h->instances; i; i = i->next)
		if (link_ops_of(i->link)->needs_firewall && !i->foreign)
			return true;
	return false;
}

void instance_drop_addresses(struct instance *i)
{
	struct inet_prefix *addresses[] = {&i->address4, &i->address6};

	for (size_t k = 0; k < 2; k++)
		if (addresses[k]->family != AF_UNSPEC) {
			pool_release_address(&i->helper->pool, addresses[k]);
			addresses[k]->family = AF_UNSPEC;
		}
}

/* Nothing of it is left but our memory of it. */
static bool instance_is_spent(const struct instance *i)
{
	if (i->sessions || i->down || i->hook)
		return false;
	if (i->foreign && !i->pinned)
		return true;
	return i->state == INSTANCE_LEAVING && !i->host_ifindex && !i->attached;
}

void instance_let_go(struct instance *i)
{
	filter_release(i);
	instance_drop_addresses(i);
}

void instance_detach(struct instance *i, int netns)
{
	const struct link_ops *ops = link_ops_of(i->link);

	if (!i->attached)
		return;
	i->attached = false;
	ops->remove(i->helper, i, netns);
}

void instance_forget(struct instance *i)
{
	struct helper *h = i->helper;

	instance_detach(i, i->kept);
	instance_unkeep(i);
	instance_take_out(i);
	instance_unname(i);
	instance_let_go(i);
	instance_record_remove(i);
	if (!instance_any_linked(h))
		forwarding_done(&h->forwarding);
	instance_free(i);
}

/* One that was never LIVE has nothing to be taken down. */
void instance_abandon(struct instance *i)
{
	if (!i->hook) {
		instance_forget(i);
		return;
	}
	instance_let_go(i);
	free(i->down);
	i->down = NULL;
	i->empty = true;
	instance_record_save(i, NULL);
}

static void instance_on_hook_ended(void *data, int r, const struct error *why)
{
	struct instance *i = data;

	i->hook = NULL;
	i->hook_pid = 0;
	if (instance_is_spent(i)) {
		instance_forget(i);
		return;
	}
	instance_record_save(i, NULL);
	sweep_soon(i->helper);
}

void instance_end_hook(struct instance *i)
{
	if (i->hook)
		child_end(i->hook, instance_on_hook_ended, i);
}

/* --- keeping and letting go --- */

void instance_hold(struct instance *i)
{
	i->sessions++;
	i->straggler = sd_event_source_disable_unref(i->straggler);
}

void instance_release(struct instance *i)
{
	if (--i->sessions)
		return;
	if (instance_is_spent(i))
		instance_forget(i);
	else
		sweep_soon(i->helper);
}

void instance_drop_unused(struct helper *h)
{
	struct instance *next;

	for (struct instance *i = h->instances; i; i = next) {
		next = i->next;
		if (i->state == INSTANCE_CLOSING) {
			/* Its end had begun: from the beginning once more. */
			i->state = INSTANCE_LIVE;
			instance_retire(i, i->cut ? END_CUT : END_EMPTY);
		} else if (instance_is_spent(i)) {
			instance_forget(i);
		}
	}
	if (!instance_any_linked(h))
		forwarding_done(&h->forwarding);
}

void instance_pin(struct instance *i)
{
	i->pinned = true;
	if (instance_record_save(i, NULL) < 0)
		log_warning("cannot write down that %s stays until `down`",
			    i->name);
}

/* --- the end --- */

static void instance_leave(struct instance *i, enum instance_end end)
{
	struct helper *h = i->helper;
	bool more = i->attached || i->down; /* to be done at its end */
	_cleanup_close_ int fd = more ? instance_netns(i) : -EBADF;
	struct error why;
	int r = 0;

	if (end != END_KEEP) {
		instance_detach(i, fd);
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
	if (instance_is_spent(i) || (!i->sessions && i->foreign)) {
		instance_forget(i);
		return;
	}
	instance_record_save(i, NULL);
	sweep_soon(h);
}

/* `down` has ended; what it said is in the log. */
static void instance_on_down(void *data, int r, const struct error *why)
{
	struct instance *i = data;

	i->hook = NULL;
	i->hook_pid = 0;
	free(i->down);
	i->down = NULL;
	if (r < 0)
		log_error("%s", why->text);
	if (i->state == INSTANCE_CLOSING)
		instance_leave(i, END_EMPTY);
	else
		instance_finish(i);
}

/*
 * Return: is `down` running now? It is run once; but again, from the beginning,
 * when the helper ended before it did.
 */
static bool instance_start_down(struct instance *i)
{
	const struct child_events events = {.ended = instance_on_down,
					    .data = i};
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

void instance_retire(struct instance *i, enum instance_end end)
{
	struct helper *h = i->helper;
	const struct link_ops *ops = link_ops_of(i->link);
	const struct error down = {"it is taken down by hand"};

	if (i->state == INSTANCE_MAKING) {
		instance_give_up(i, -ECANCELED, &down);
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
			instance_detach(i, fd);
		i->cut = true;
		instance_drop_addresses(i);
		instance_record_save(i, NULL);
	}
	if (end == END_CUT && !i->foreign)
		instance_announce(i, false);
	if (end != END_KEEP && !i->foreign && i->down) {
		i->state = INSTANCE_CLOSING;
		if (instance_start_down(i))
			return;
	}
	instance_leave(i, end);
}

void instance_finish(struct instance *i)
{
	const struct link_ops *ops = link_ops_of(i->link);

	/* Cut off at the last logout, whoever is inside. */
	if (i->lifetime == LIFETIME_SESSIONS && ops->cut && !i->cut) {
		ops->cut(i->helper, i);
		i->cut = true;
		instance_record_save(i, NULL);
	}
	if (i->hook || instance_start_down(i))
		return;
	instance_detach(i, i->kept);
	instance_unkeep(i);
	if (instance_is_spent(i))
		instance_forget(i);
}

/* At the end of the helper: what is being made ends with it, the rest stays. */
void instance_free_all(struct helper *h)
{
	const struct error why = {"netns-pamd is being stopped"};
	struct instance *next;

	for (struct instance *i = h->instances; i; i = next) {
		next = i->next;
		if (i->state == INSTANCE_MAKING) {
			instance_give_up(i, -ECANCELED, &why);
			next = h->instances; /* others may be gone, too */
		}
	}
	while (h->instances) {
		struct instance *i = h->instances;
		const struct link_ops *ops = link_ops_of(i->link);

		h->instances = i->next;
		if (i->attached && ops->leave)
			ops->leave(i);
		instance_unname(i);
		instance_wake(i, NULL, -ECANCELED, &why);
		instance_free(i);
	}
}
