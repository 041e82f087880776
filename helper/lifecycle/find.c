/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The namespace of a login: one that exists, or a new one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "end.h"
#include "helper/base/log.h"
#include "helper/firewall/filter.h"
#include "helper/firewall/firewall.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/record.h"
#include "helper/link/rate.h"
#include "make.h"
#include "sweep.h"

/*
 * Does its name lead to the live instance, made by the current policy, with a
 * link that works? Return: 0 and its fd; -ESTALE: it must be replaced; -errno.
 */
static int find_open(struct instance *i, const struct policy_namespace *ns,
		     int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int answer = netns_find(i->helper->netns_dir, i->name, &i->netns, &fd);
	const char *why = NULL;

	if (answer < 0)
		return error_set(err, answer,
				 "cannot open the namespace %s: %m", i->name);
	if (answer == ABSENT)
		why = "another program removed the name";
	else if (!i->foreign && i->plan != make_plan(ns))
		why = "its section of the policy has changed";
	else if (!i->foreign && i->host_ifname[0] && !i->host_ifindex)
		why = "its link does not exist";
	else if (!i->broken && !i->cut)
		*ret_fd = take_fd(&fd);
	if (why)
		log_warning("namespace %s: %s; new sessions get a new namespace, open ones keep theirs",
			    i->name, why);
	return *ret_fd < 0 ? -ESTALE : 0;
}

/* Joins the live instance, with the current filter and rate applied. */
static int find_join(struct instance *i, const struct policy_namespace *ns,
		     int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = 0;

	if (!i->foreign && i->ops->needs_firewall)
		r = firewall_ensure(i->helper, err);
	if (r == 0)
		r = find_open(i, ns, &fd, err);
	if (r == 0)
		r = i->foreign ? 0 : filter_apply(i, ns, fd, err);
	if (r >= 0 && !i->foreign && rate_apply(i, ns, fd, err) < 0)
		r = -EIO;
	if (r < 0)
		return r;
	if (r > 0 && instance_record_save(i, NULL) < 0)
		log_warning("cannot record the name servers of the namespace %s",
			    i->name);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* A name without an instance and without a file, for scope = session. */
static int find_fresh_name(struct helper *h, const struct policy_namespace *ns,
			   const struct instance_user *who,
			   char ret[static NAME_MAX_INSTANCE + 1])
{
	for (uint32_t n = 1; n; n++) {
		_cleanup_close_ int fd = -EBADF;
		struct netns_id id;
		int r = name_instance(ns->name, who->user, who->uid, n, ret);

		if (r < 0)
			return r;
		if (instance_find(h, ret))
			continue;
		if (netns_open(h->netns_dir, ret, &fd, &id, NULL) == -ENOENT)
			return 0;
	}
	return -ENFILE;
}

/* Return: as lifecycle_get(), or -ENOENT when one has to be made. */
static int find_use(struct instance *i, const struct policy_namespace *ns,
		    const struct instance_user *who, struct instance_waiter *w,
		    struct instance **ret, int *ret_fd, struct error *err)
{
	int r;

	if (strcmp(i->section, ns->name) != 0 ||
	    (ns->scope != SCOPE_SHARED && i->uid != who->uid))
		return error_set(err, -EEXIST,
				 "the name %s is in use by a namespace of the section %s",
				 i->name, i->section);
	if (i->state != INSTANCE_LIVE) {
		instance_wait(i, w);
		return INSTANCE_LATER;
	}
	r = find_join(i, ns, ret_fd, err);
	if (r == -ENOENT) /* its name was removed: to the caller, an error */
		r = -EIO;
	if (r == 0)
		*ret = i;
	if (r != -ESTALE)
		return r;
	/* A static address or a device exists once: disconnected first. */
	end_ask(i, !i->sessions && (ns->address_mode == ADDRESS_STATIC ||
				    i->attached)
			   ? END_CUT
			   : END_KEEP);
	return -ENOENT;
}

/*
 * Disconnects empty namespaces of the section whose link the kernel has not
 * removed yet: the next one may have the same static address.
 */
static void find_disconnect_empty(struct helper *h,
				  const struct policy_namespace *ns)
{
	for (struct instance *i = h->instances, *next; i; i = next) {
		next = i->next;
		if (i->state == INSTANCE_LEAVING && i->end == END_EMPTY &&
		    i->host_ifindex && strcmp(i->section, ns->name) == 0)
			end_ask(i, END_CUT);
	}
}

int lifecycle_get(struct helper *h, const struct policy_namespace *ns,
		  const struct instance_user *who, struct instance *own,
		  struct instance_waiter *w, struct instance **ret, int *ret_fd,
		  struct error *err)
{
	char name[NAME_MAX_INSTANCE + 1];
	struct instance *i;
	int r;

	if (ns->scope != SCOPE_SHARED && !who->user)
		return error_set(err, -EINVAL,
				 "[namespace %s] has scope = %s: name the user",
				 ns->name, policy_scope_words[ns->scope]);
	if (own && own->scope == SCOPE_SESSION && ns->scope == SCOPE_SESSION) {
		r = find_use(own, ns, who, w, ret, ret_fd, err);
		if (r != -ENOENT)
			return r;
	}
	if (ns->scope == SCOPE_SESSION)
		r = find_fresh_name(h, ns, who, name);
	else
		r = name_instance(ns->name,
				  ns->scope == SCOPE_USER ? who->user : NULL,
				  who->uid, 0, name);
	if (r < 0)
		return error_set(err, r,
				 "cannot choose a name for [namespace %s]: %m",
				 ns->name);
	if (ns->address_mode == ADDRESS_STATIC)
		find_disconnect_empty(h, ns);
	for (;;) {
		i = instance_find(h, name);
		if (!i)
			return make_instance(h, ns, who, name, w, ret, ret_fd,
					     err);
		r = find_use(i, ns, who, w, ret, ret_fd, err);
		if (r != -ENOENT)
			return r;
	}
}

void lifecycle_pin(struct instance *i)
{
	i->pinned = true;
	if (instance_record_save(i, NULL) < 0)
		log_warning("cannot record that the namespace %s stays until `netns-pam down`",
			    i->name);
}

/* --- sessions --- */

void lifecycle_hold(struct instance *i)
{
	i->sessions++;
	i->straggler = sd_event_source_disable_unref(i->straggler);
}

void lifecycle_release(struct instance *i)
{
	if (--i->sessions)
		return;
	if (i->foreign && !i->pinned) {
		end_free(i, 0, NULL);
		return;
	}
	sweep_soon(i->helper);
	end_run(i);
}

void lifecycle_unwait(struct instance_waiter *w)
{
	struct instance *i = w->instance;
	struct instance_waiter **p;

	if (!i)
		return;
	for (p = &i->waiters; *p != w; p = &(*p)->next)
		;
	*p = w->next;
	w->instance = NULL;
	if (i->waiters || i->state != INSTANCE_MAKING)
		return;
	log_error("cannot make the namespace %s: no login waits any more for %s",
		  i->name, instance_waits_for(i));
	end_free(i, -ECANCELED, NULL);
}
