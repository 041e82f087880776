/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "child.h"
#include "cleanup.h"
#include "deadline.h"
#include "dhcp_client.h"
#include "filter.h"
#include "firewall.h"
#include "hook.h"
#include "index.h"
#include "instance_parts.h"
#include "instance_record.h"
#include "link.h"
#include "log.h"
#include "rate.h"
#include "rtnl.h"
#include "store.h"
#include "sweep.h"

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

/* Is there a link of ours for which the host forwards? */
static bool instance_any_linked(const struct helper *h)
{
	for (const struct instance *i = h->instances; i; i = i->next)
		if (link_ops_of(i->link)->needs_firewall && !i->foreign)
			return true;
	return false;
}

static void instance_drop_addresses(struct instance *i)
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

/*
 * Its interface is gone: whatever goes by that name or these addresses next is
 * somebody else's.
 */
static void instance_let_go(struct instance *i)
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
	for (struct instance **p = &h->instances; *p; p = &(*p)->next)
		if (*p == i) {
			*p = i->next;
			h->n_listening -= instance_listens(i);
			break;
		}
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

	(void)r;
	(void)why;
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

/* --- finding --- */

uint64_t instance_plan(const struct policy_namespace *ns)
{
	const struct policy_list *const lists[] = {&ns->address, &ns->gateway,
						   &ns->routes, NULL};
	const char *const texts[] = {ns->ifname, ns->network,	ns->peer,
				     ns->parent, ns->interface, ns->wireguard,
				     ns->openvpn};
	uint64_t hash = 0;
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		return 0;
	fprintf(f, "%d %d %u", ns->link, ns->address_mode, ns->mtu);
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		fprintf(f, "\n%s", texts[n] ? texts[n] : "");
	for (const struct policy_list *const *list = lists; *list; list++) {
		fputc('\n', f);
		for (size_t j = 0; j < (*list)->n; j++)
			fprintf(f, "%s,", (*list)->items[j]);
	}
	for (size_t i = 0; i < ns->n_sysctls; i++)
		fprintf(f, "\n%s=%s", ns->sysctls[i].name,
			ns->sysctls[i].value);
	if (fclose(f) == 0)
		hash = index_hash(FNV_BASIS, text, bytes);
	free(text);
	return hash;
}

/*
 * Is the live instance still what its name leads to, and what the policy asks
 * for? Return: 0 and its fd; -ESTALE when a new one has to take its place.
 */
static int instance_open(struct instance *i, const struct policy_namespace *ns,
			 int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	uint64_t plan;
	bool stale;
	int r = netns_open(i->helper->netns_dir, i->name, &fd, &there, &stale,
			   err);

	if (r == -ENOENT || (r == 0 && !netns_same(&there, &i->netns))) {
		log_warning("the name of the namespace %s was taken away by "
			    "somebody else; its sessions keep it",
			    i->name);
		return -ESTALE;
	}
	if (r < 0)
		return r;
	plan = instance_plan(ns);
	if (!i->foreign && plan && i->plan != plan) {
		log_info("the policy of the namespace %s has changed: new "
			 "sessions get a new one, old ones keep theirs",
			 i->name);
		return -ESTALE;
	}
	if (i->broken || i->cut)
		return -ESTALE;
	if (!i->foreign && i->host_ifname[0] && !i->host_ifindex) {
		log_warning("the link of the namespace %s is gone: new "
			    "sessions get a new one",
			    i->name);
		return -ESTALE;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The live instance, with all that its policy asks for in force. */
static int instance_join(struct instance *i, const struct policy_namespace *ns,
			 int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = 0;

	if (!i->foreign && link_ops_of(i->link)->needs_firewall)
		r = firewall_ensure(i->helper, err);
	if (r == 0)
		r = instance_open(i, ns, &fd, err);
	if (r == 0)
		r = i->foreign ? 0 : filter_apply(i, ns, fd, err);
	if (r >= 0 && !i->foreign && rate_apply(i, ns, fd, err) < 0)
		r = -EIO;
	if (r < 0)
		return r;
	if (r > 0 && instance_record_save(i, NULL) < 0)
		log_warning("cannot write down the name servers of %s",
			    i->name);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* A name that no live instance and no file has, for a session of its own. */
static int instance_fresh_name(struct helper *h,
			       const struct policy_namespace *ns,
			       const struct instance_user *who,
			       char ret[static NAME_MAX_INSTANCE + 1])
{
	for (uint32_t n = 1; n; n++) {
		_cleanup_close_ int fd = -EBADF;
		struct netns_id id;
		bool stale;
		int r = name_instance(ns->name, who->user, who->uid, n, ret);

		if (r < 0)
			return r;
		if (instance_find(h, ret))
			continue;
		if (netns_open(h->netns_dir, ret, &fd, &id, &stale, NULL) ==
		    -ENOENT)
			return 0;
	}
	return -ENFILE;
}

/* Return: as instance_get(), or -ENOENT when one has to be made. */
static int instance_take(struct instance *i, const struct policy_namespace *ns,
			 const struct instance_user *who,
			 struct instance_waiter *w, struct instance **ret,
			 int *ret_fd, struct error *err)
{
	int r;

	if (strcmp(i->section, ns->name) != 0 ||
	    (ns->scope != SCOPE_SHARED && i->uid != who->uid))
		return error_set(err, -EEXIST,
				 "the name %s is taken by the namespace of %s",
				 i->name, i->section);
	if (i->state != INSTANCE_LIVE) {
		instance_wait(i, w);
		return INSTANCE_LATER;
	}
	r = instance_join(i, ns, ret_fd, err);
	if (r == 0)
		*ret = i;
	if (r != -ESTALE)
		return r;
	/* An address or a device of its own can be in one namespace only. */
	instance_retire(i,
			!i->sessions && (ns->address_mode == ADDRESS_STATIC ||
					 i->attached)
				? END_CUT
				: END_KEEP);
	return -ENOENT;
}

/*
 * Of one that is empty the kernel may take its time to remove the link: that is
 * cut, so that the next can have an address which there is only one of.
 */
static void instance_make_way(struct helper *h,
			      const struct policy_namespace *ns)
{
	for (struct instance *i = h->instances; i; i = i->next) {
		const struct link_ops *ops = link_ops_of(i->link);

		if (i->state != INSTANCE_LEAVING || !i->empty || i->cut ||
		    !i->host_ifindex || !ops->cut ||
		    strcmp(i->section, ns->name) != 0)
			continue;
		ops->cut(h, i);
		i->cut = true;
		instance_drop_addresses(i);
	}
}

int instance_get(struct helper *h, const struct policy_namespace *ns,
		 const struct instance_user *who, struct instance *own,
		 struct instance_waiter *w, struct instance **ret, int *ret_fd,
		 struct error *err)
{
	char name[NAME_MAX_INSTANCE + 1];
	struct instance *i;
	int r;

	if (ns->scope != SCOPE_SHARED && !who->user)
		return error_set(
			err, -EINVAL,
			"the namespace %s is one per %s: name the user",
			ns->name, policy_scope_name(ns->scope));
	if (own && own->scope == SCOPE_SESSION && ns->scope == SCOPE_SESSION) {
		r = instance_take(own, ns, who, w, ret, ret_fd, err);
		if (r != -ENOENT)
			return r;
	}
	if (ns->scope == SCOPE_SESSION)
		r = instance_fresh_name(h, ns, who, name);
	else
		r = name_instance(ns->name,
				  ns->scope == SCOPE_USER ? who->user : NULL,
				  who->uid, 0, name);
	if (r < 0)
		return error_set(err, r, "cannot name the namespace of %s: %s",
				 ns->name, strerror(-r));
	if (ns->address_mode == ADDRESS_STATIC)
		instance_make_way(h, ns);
	for (;;) {
		i = instance_find(h, name);
		if (!i)
			return instance_make(h, ns, who, name, w, ret, ret_fd,
					     err);
		r = instance_take(i, ns, who, w, ret, ret_fd, err);
		if (r != -ENOENT)
			return r;
	}
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
	log_warning("somebody removed the name of the namespace %s; its "
		    "sessions keep it",
		    name);
	instance_retire(i, END_KEEP);
}
