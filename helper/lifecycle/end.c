/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "end.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "helper/base/answer.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/firewall/filter.h"
#include "helper/firewall/forwarding.h"
#include "helper/helper.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/process/child.h"
#include "hook.h"
#include "make.h"
#include "sweep.h"

static void end_begin(struct instance *i);

/* --- the steps; each may be repeated --- */

/*
 * *ret: a descriptor of the namespace; < 0 when it does not exist any more.
 * Return: 0; -errno when that is not known.
 */
static int end_open(const struct instance *i, int *ret, struct error *err)
{
	int fd = instance_netns(i, NULL);

	*ret = fd;
	if (fd >= 0 || fd == -ENOENT || fd == -EEXIST)
		return 0;
	return error_set(err, fd, "cannot open the namespace: %m");
}

static int end_link(struct instance *i, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!i->attached)
		return 0;
	r = end_open(i, &fd, err);
	if (r == 0)
		r = i->ops->remove(i->helper, i, fd, err);
	i->attached = r < 0;
	i->returned = r == 0;
	return r;
}

static int end_disconnect(struct instance *i, struct error *err)
{
	int r;

	if (i->cut || i->foreign || (!i->ops->cut && !i->attached))
		return 0;
	r = i->ops->cut ? i->ops->cut(i->helper, i, err) : end_link(i, err);
	if (r < 0)
		return r;
	i->cut = true;
	instance_release_addresses(i);
	instance_record_save(i, NULL);
	return 0;
}

/* `down` has ended; its output is in the log. */
static void end_on_down(void *data, int r, const struct error *why)
{
	struct instance *i = data;

	i->hook = NULL;
	i->hook_pid = 0;
	free(i->down);
	i->down = NULL;
	if (r < 0)
		log_error("%s", why->text);
	end_begin(i);
}

/* An `up` that was ended, or an adopted program, has ended. */
static void end_on_hook(void *data, int r, const struct error *why)
{
	struct instance *i = data;

	i->hook = NULL;
	i->hook_pid = 0;
	end_run(i);
}

/*
 * `down` is run once; again, from the beginning, when the daemon was stopped
 * before it ended. A program that cannot be run is logged and skipped.
 * Return: 1: it runs; 0: there is none; -errno with a sentence: try again.
 */
static int end_start_down(struct instance *i, struct error *err)
{
	const struct child_events events = {.ended = end_on_down, .data = i};
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!i->down || i->hook)
		return i->down ? 1 : 0;
	r = end_open(i, &fd, err);
	if (r == 0)
		r = hook_start(i, i->down, "down", fd,
			       store_policy(i->helper->store)->timeout_ms,
			       &events, err);
	if (r == 0)
		return 1;
	if (answer_is_failure(r))
		return r;
	log_error("%s: %s", i->name, err->text);
	free(i->down);
	i->down = NULL;
	return 0;
}

/* The link and `down` need the namespace after its name is removed. */
static int end_keep(struct instance *i, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!i->attached && !i->down)
		return i->kept < 0 ? 0 : instance_unkeep(i, err);
	r = i->kept_mounted ? 0 : end_open(i, &fd, err);
	return r < 0 || fd < 0 ? r : instance_keep(i, fd, err);
}

static int end_name(struct instance *i, struct error *err)
{
	int r = i->named ? netns_unpublish(i->helper->netns_dir, i->name,
					   &i->netns)
			 : 0;

	/* -EEXIST: another namespace has the name. */
	if (r < 0 && r != -EEXIST && r != -ENOENT)
		return error_set(err, r, "cannot remove its name: %m");
	i->named = false;
	return 0;
}

/* All that can be done now. Return: 0 or -errno, the first there was. */
static int end_steps(struct instance *i, struct error *err)
{
	struct error other;
	int r = i->end == END_CUT ? end_disconnect(i, err) : 0, name;

	if (r == 0 && i->end != END_KEEP)
		r = end_start_down(i, err);
	if (r == 0 && i->end != END_KEEP)
		r = end_link(i, err);
	name = end_keep(i, &other);
	if (name == 0)
		name = end_name(i, &other);
	if (r < 0 || name == 0)
		return r < 0 ? r : 0;
	return error_set(err, name, "%s", other.text);
}

/* Is nothing left but the record and memory? */
static bool end_is_over(const struct instance *i)
{
	return !i->sessions && !i->down && !i->hook && !i->attached &&
	       !i->named && i->kept < 0 && !i->host_ifindex;
}

static void end_memory(struct instance *i)
{
	struct helper *h = i->helper;

	filter_release(i);
	filter_free(i);
	instance_release_addresses(i);
	instance_remove(i);
	instance_free(i);
	if (!instance_any_forwarded(h))
		forwarding_done(h);
}

void end_run(struct instance *i)
{
	const bool again = i->unfinished;
	struct error why;
	int r;

	if (i->state != INSTANCE_LEAVING)
		return;
	r = end_steps(i, &why);
	i->unfinished = r < 0;
	if (r < 0 && !again)
		log_error("cannot end the namespace %s: %s; tried again every second",
			  i->name, why.text);
	else if (r == 0 && again)
		log_info("the end of the namespace %s continues", i->name);
	if (r == 0 && end_is_over(i)) {
		if (instance_record_remove(i) < 0)
			timer_arm(i->helper->leftovers, HELPER_LEFTOVERS_US);
		end_memory(i);
		return;
	}
	instance_record_save(i, NULL);
	if (r < 0)
		sweep_retry(i->helper);
	sweep_soon(i->helper);
}

/* --- asking for it --- */

/* From LIVE or CLOSING. */
static void end_begin(struct instance *i)
{
	struct instance_waiter *waiters = instance_take_waiters(i);

	i->straggler = sd_event_source_disable_unref(i->straggler);
	instance_set_state(i, INSTANCE_LEAVING);
	end_run(i);
	instance_wake(waiters, NULL, 0, NULL);
}

void end_ask(struct instance *i, enum instance_end end)
{
	static const struct error by_hand = {"`netns-pam down` ended it"};
	struct error why;

	switch (i->state) {
	case INSTANCE_MAKING:
		end_free(i, -ECANCELED, &by_hand);
		return;
	case INSTANCE_CLOSING:
		return;
	case INSTANCE_LEAVING:
		if (end > i->end)
			i->end = end;
		end_run(i);
		return;
	case INSTANCE_LIVE:
		break;
	}
	i->end = end;
	/* If the daemon is killed before it disconnects, the next one does. */
	if (end == END_CUT && !i->foreign)
		instance_record_save(i, NULL);
	/* Before `down` runs, which may take long. */
	if (end == END_CUT && end_disconnect(i, &why) < 0)
		log_error("%s: %s", i->name, why.text);
	if (end == END_CUT && !i->foreign)
		instance_announce(i, false);
	if (end != END_KEEP && !i->foreign && i->down) {
		instance_set_state(i, INSTANCE_CLOSING);
		if (end_start_down(i, &why) > 0)
			return;
	}
	end_begin(i);
}

/* --- undoing --- */

void making_free(struct making *m)
{
	struct instance *i;

	if (!m)
		return;
	i = m->site.instance;
	sd_event_source_disable_unref(m->poll);
	rtnl_close(m->site.inside);
	close_fd(m->site.netns);
	store_release(i->helper->store, m->site.policy);
	i->making = NULL;
	i->making_netns = -EBADF;
	free(m);
}

void end_free(struct instance *i, int r, const struct error *why)
{
	struct instance_waiter *waiters = instance_take_waiters(i);
	const struct error kept = why ? *why : (struct error){""};
	struct error failed;

	if (waiters)
		log_error("cannot make the namespace %s: %s", i->name,
			  kept.text);
	if (i->hook)
		child_end(i->hook, end_on_hook, i);
	/* It was never LIVE: `down` has nothing to undo. */
	free(i->down);
	i->down = NULL;
	/* Disconnects processes that `up` has left inside. */
	i->end = i->host_ifindex ? END_CUT : END_EMPTY;
	instance_set_state(i, INSTANCE_LEAVING);
	/* Now, while the fd is open; what fails is tried again below. */
	if (i->making)
		end_steps(i, &failed);
	making_free(i->making);
	/* What is not disconnected yet keeps its filter until it is. */
	if (i->end != END_CUT || i->cut) {
		filter_release(i);
		instance_release_addresses(i);
		i->host_ifindex = 0; /* removed with the namespace */
	}
	end_run(i);
	/* The logins that wait may ask for a new one. */
	instance_wake(waiters, NULL, r, &kept);
}

void end_leave(struct helper *h)
{
	static const struct error why = {"netns-pamd is being stopped"};

	for (struct instance *i = h->instances, *next; i; i = next) {
		next = i->next;
		if (i->state == INSTANCE_MAKING) {
			end_free(i, -ECANCELED, &why);
			next = h->instances; /* others may be freed as well */
		}
	}
	while (h->instances) {
		struct instance *i = h->instances;
		struct instance_waiter *waiters = instance_take_waiters(i);

		if (i->attached && i->ops->leave)
			i->ops->leave(i);
		instance_remove(i);
		filter_free(i);
		instance_free(i);
		instance_wake(waiters, NULL, -ECANCELED, &why);
	}
}
