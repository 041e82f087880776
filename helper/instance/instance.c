/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/filter.h"
#include "helper/kernel/rtnl.h"
#include "helper/lifecycle/sweep.h"
#include "helper/link/dhcp_client.h"
#include "helper/process/child.h"
#include "link_ops.h"
#include "parts.h"
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

void instance_unname(struct instance *i)
{
	void *node = tfind(i, &i->helper->by_name, instance_compare);

	if (node && as_instance(node) == i)
		tdelete(i, &i->helper->by_name, instance_compare);
	i->state = INSTANCE_LEAVING;
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
	i->kept = -EBADF;
	return i;
}

void instance_free(struct instance *i)
{
	if (!i)
		return;
	dhcp_client_free(i);
	sd_event_source_disable_unref(i->straggler);
	child_stop(i->hook);
	close_fd(i->kept);
	free(i->down);
	filter_free(i);
	free(i->link_data);
	free(i);
}

/* Does its link want to hear of other namespaces? */
static bool instance_listens(const struct instance *i)
{
	const struct link_ops *ops = link_ops_of(i->link);

	return ops->met || ops->parted;
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
	h->n_listening += instance_listens(i);
	return 0;
}

void instance_take_out(struct instance *i)
{
	struct helper *h = i->helper;

	for (struct instance **p = &h->instances; *p; p = &(*p)->next)
		if (*p == i) {
			*p = i->next;
			h->n_listening -= instance_listens(i);
			break;
		}
}

void instance_announce(struct instance *i, bool there)
{
	struct helper *h = i->helper;

	/* Thousands need not be asked when none of them listens. */
	for (struct instance *j = h->n_listening ? h->instances : NULL; j;
	     j = j->next) {
		const struct link_ops *ops = link_ops_of(j->link);

		if (j == i || j->foreign ||
		    (j->state != INSTANCE_LIVE && j->state != INSTANCE_MAKING))
			continue;
		if (there && ops->met)
			ops->met(h, j, i);
		if (!there && ops->parted)
			ops->parted(h, j, i);
	}
}

int instance_netns(const struct instance *i)
{
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	bool stale;
	int r;

	if (i->making) {
		fd = fcntl(instance_making_netns(i), F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : take_fd(&fd);
	}
	if (i->kept >= 0) {
		fd = fcntl(i->kept, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : take_fd(&fd);
	}
	r = netns_open(i->helper->netns_dir, i->name, &fd, &there, &stale,
		       NULL);
	if (r < 0)
		return r;
	return netns_same(&there, &i->netns) ? take_fd(&fd) : -ESTALE;
}

/* --- what links tell --- */

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

int instance_note(struct instance *i, struct error *err)
{
	return instance_record_save(i, err);
}

void instance_broken(struct instance *i, const char *why)
{
	struct error text;

	if (i->making) {
		error_set(&text, 0, "%s", why);
		instance_give_up(i, -EPIPE, &text);
		return;
	}
	if (i->broken)
		return;
	i->broken = true;
	log_error("%s: %s; new sessions get a new namespace", i->name, why);
	instance_record_save(i, NULL);
	sweep_soon(i->helper);
}

void instance_dns_changed(struct instance *i)
{
	const struct policy_namespace *ns = policy_namespace_find(
		store_policy(i->helper->store), i->section);
	_cleanup_close_ int fd = -EBADF;
	struct error why;

	if (i->state != INSTANCE_LIVE)
		return;
	fd = instance_netns(i);
	if (ns && fd >= 0 && filter_apply(i, ns, fd, &why) < 0)
		log_error("%s: %s", i->name, why.text);
	instance_record_save(i, NULL);
}

static void instance_lost_link(struct instance *i)
{
	const struct error why = {"its link was deleted meanwhile"};
	const struct link_ops *ops = link_ops_of(i->link);

	i->host_ifindex = 0;
	instance_let_go(i);
	if (ops->lost)
		ops->lost(i->helper, i);
	if (i->making)
		instance_give_up(i, -ENODEV, &why);
	else if (i->state == INSTANCE_LEAVING && !i->sessions && i->kept < 0)
		instance_finish(i);
	else if (i->state == INSTANCE_LIVE)
		log_warning("the link %s of the namespace %s was deleted",
			    i->host_ifname, i->name);
}

void instance_link_gone(struct helper *h, const struct rtnl_link *link)
{
	uint32_t slot;

	for (struct instance *i = h->instances; i; i = i->next)
		if (i->host_ifindex == link->ifindex) {
			instance_lost_link(i);
			break;
		}
	/* What was moved into a namespace has left, and keeps its slot. */
	for (const struct instance *i = h->instances; i; i = i->next)
		if (strcmp(i->device, link->ifname) == 0)
			return;
	if (pool_slot_of(link->ifname, &slot)) {
		pool_release(&h->pool, slot);
		sweep_soon(h);
	}
}

void instance_resync(struct helper *h)
{
	struct instance *i;

	h->pool.routes_stale = true;
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
		instance_lost_link(i);
		pool_release(&h->pool, slot);
		i = h->instances;
	}
}

void instance_name_gone(struct helper *h, const char *name)
{
	struct instance *i = instance_find(h, name);
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	bool stale;

	/* One that is being made: it was the name of the one before. */
	if (!i || i->state == INSTANCE_MAKING ||
	    (netns_open(h->netns_dir, name, &fd, &there, &stale, NULL) == 0 &&
	     netns_same(&there, &i->netns)))
		return;
	log_warning(
		"somebody removed the name of the namespace %s; its sessions keep it",
		name);
	instance_retire(i, END_KEEP);
}
