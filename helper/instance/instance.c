/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/process/child.h"
#include "link_ops.h"
#include "parts.h"
#include "pool.h"
#include "record.h"

/* --- the list and the tree --- */

static int instance_compare(const void *a, const void *b)
{
	return strcmp(((const struct instance *)a)->name,
		      ((const struct instance *)b)->name);
}

static const struct instance *as_instance(const void *node)
{
	return *(const struct instance *const *)node;
}

struct instance *instance_find(const struct helper *h, const char *name)
{
	struct instance key;
	void *node;

	snprintf(key.name, sizeof(key.name), "%s", name);
	node = tfind(&key, &h->by_name, instance_compare);
	return node ? *(struct instance **)node : NULL;
}

static void instance_leave_tree(struct instance *i)
{
	void *node = tfind(i, &i->helper->by_name, instance_compare);

	if (node && as_instance(node) == i)
		tdelete(i, &i->helper->by_name, instance_compare);
}

const char *const instance_state_names[] = {
	[INSTANCE_MAKING] = "making",
	[INSTANCE_LIVE] = "live",
	[INSTANCE_CLOSING] = "closing",
	[INSTANCE_LEAVING] = "leaving",
};

void instance_set_state(struct instance *i, enum instance_state state)
{
	if (i->state == state)
		return;
	log_debug("namespace %s (%s, %u sessions): %s -> %s", i->name,
		  i->user[0] ? i->user : "shared", i->sessions,
		  instance_state_names[i->state], instance_state_names[state]);
	i->state = state;
	if (state != INSTANCE_LEAVING)
		return;
	instance_leave_tree(i);
	i->leaving_ms = deadline_now_ms();
}

struct instance *instance_new(struct helper *h)
{
	struct instance *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->helper = h;
	i->id = h->next_instance++;
	i->since = (uint64_t)time(NULL);
	i->kept = i->making_netns = -EBADF;
	return i;
}

void instance_free(struct instance *i)
{
	if (!i)
		return;
	sd_event_source_disable_unref(i->straggler);
	child_stop(i->hook);
	close_fd(i->kept);
	free(i->down);
	free(i);
}

int instance_insert(struct instance *i)
{
	struct helper *h = i->helper;

	if (i->state != INSTANCE_LEAVING) {
		void *node = tsearch(i, &h->by_name, instance_compare);

		if (!node)
			return -ENOMEM;
		if (as_instance(node) != i)
			return -EEXIST;
	}
	i->next = h->instances;
	h->instances = i;
	return 0;
}

void instance_remove(struct instance *i)
{
	struct helper *h = i->helper;

	instance_leave_tree(i);
	for (struct instance **p = &h->instances; *p; p = &(*p)->next)
		if (*p == i) {
			*p = i->next;
			break;
		}
}

void instance_take_addresses(const struct instance *i)
{
	pool_take_address(i->helper->pool, &i->address4);
	pool_take_address(i->helper->pool, &i->address6);
}

void instance_release_addresses(struct instance *i)
{
	pool_release_address(i->helper->pool, &i->address4);
	pool_release_address(i->helper->pool, &i->address6);
	i->address4.family = i->address6.family = AF_UNSPEC;
}

bool instance_any_forwarded(const struct helper *h)
{
	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->ops->needs_firewall && !i->foreign)
			return true;
	return false;
}

void instance_announce(struct instance *i, bool live)
{
	struct helper *h = i->helper;

	for (struct instance *j = h->instances; j; j = j->next) {
		const struct link_ops *ops = j->ops;

		if (j == i || j->foreign ||
		    (j->state != INSTANCE_LIVE && j->state != INSTANCE_MAKING))
			continue;
		if (live && ops->peer_up)
			ops->peer_up(h, j, i);
		if (!live && ops->peer_down)
			ops->peer_down(h, j, i);
	}
}

const struct policy_namespace *instance_section(const struct instance *i)
{
	return policy_namespace_find(store_policy(i->helper->store),
				     i->section);
}

int instance_netns(const struct instance *i, struct error *err)
{
	int fd = -EBADF, r = 0;

	if (i->making || i->kept >= 0) {
		fd = fcntl(i->making ? i->making_netns : i->kept,
			   F_DUPFD_CLOEXEC, 3);
		r = fd < 0 ? -errno : 0;
	} else {
		r = netns_find(i->helper->netns_dir, i->name, &i->netns, &fd);
		r = r == ABSENT ? -ENOENT : r;
	}
	return r < 0 ? error_set(err, r, "cannot open the namespace %s: %m",
				 i->name)
		     : fd;
}

/* --- waiting --- */

const char *instance_waits_for(const struct instance *i)
{
	if (i->state == INSTANCE_CLOSING)
		return "the `down` program of the earlier namespace";
	return i->making && i->waits_for[0] ? i->waits_for : "its link";
}

void instance_waiting(struct instance *i, const char *format, ...)
{
	va_list args;

	if (!i->making)
		return;
	va_start(args, format);
	vsnprintf(i->waits_for, sizeof(i->waits_for), format, args);
	va_end(args);
}

void instance_wait(struct instance *i, struct instance_waiter *w)
{
	w->instance = i;
	w->next = i->waiters;
	i->waiters = w;
}

struct instance_waiter *instance_take_waiters(struct instance *i)
{
	struct instance_waiter *all = i->waiters;

	i->waiters = NULL;
	for (struct instance_waiter *w = all; w; w = w->next)
		w->instance = NULL;
	return all;
}

void instance_wake(struct instance_waiter *all, struct instance *made, int r,
		   const struct error *why)
{
	while (all) {
		struct instance_waiter *w = all;

		all = w->next;
		w->wake(w, made, r, why);
	}
}

/* --- for links --- */

int instance_start_child(struct instance *i,
			 const struct child_command *command,
			 const struct child_events *events, struct error *err)
{
	struct child_command held = *command;
	int r;

	held.lasting = held.held = true;
	r = child_start(i->helper, &held, events, &i->child, err);
	if (r < 0)
		return r;
	i->pid = child_pid(i->child);
	i->process = child_identity(i->child);
	r = instance_record_save(i, err);
	if (r < 0) {
		i->child = child_stop(i->child);
		i->pid = 0;
		return r;
	}
	child_go(i->child);
	return 0;
}

void instance_connected(struct instance *i, int r, const struct error *why)
{
	if (i->making)
		i->helper->lifecycle->connected(i, r, why);
}

void instance_broken(struct instance *i, const char *why)
{
	i->helper->lifecycle->broken(i, why);
}
