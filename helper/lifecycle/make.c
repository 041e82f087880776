/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a namespace: without a name, connected, filtered, `up`, `ready`, and
 * published last. Steps that take time go on in the event loop; logins wait,
 * each until its own deadline. When the last of them has given up, the making
 * is given up. When the daemon is killed meanwhile, the next one finds the
 * record and undoes what was made.
 */
#include "make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/index.h"
#include "end.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/firewall/filter.h"
#include "helper/firewall/firewall.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "helper/link/rate.h"
#include "helper/process/child.h"
#include "hook.h"
#include "spare.h"
#include "sweep.h"

#define MAKING_POLL_US 50000 /* between checks of `ready` */

/* --- the steps --- */

/* Runs inside, when the interfaces that sysctls may name exist. */
static int making_sysctls(void *data, struct error *err)
{
	const struct making *m = data;
	const struct policy_namespace *ns = m->site.ns;

	return sysctl_apply(ns->sysctls, ns->n_sysctls, err);
}

/* Recorded first, for a restart to undo. */
static int making_publish(struct making *m, struct error *err)
{
	struct instance *i = m->site.instance;
	int r = instance_record_save(i, err);

	if (r < 0 || i->named)
		return r;
	r = netns_publish(i->helper->netns_dir, i->name, m->site.netns, err);
	i->named = r == 0;
	return r;
}

/* The namespace and its link. Return: 0, LINK_LATER, -errno. */
static int making_link(struct making *m, struct error *err)
{
	struct instance *i = m->site.instance;
	struct helper *h = i->helper;
	const struct policy_namespace *ns = m->site.ns;
	const struct link_ops *ops = i->ops;
	int r = ops->needs_firewall ? firewall_ensure(h, err) : 0;

	if (r < 0)
		return r;
	r = spare_take(h, ops->has_ipv6 && !ops->has_ipv6(h, ns),
		       &m->site.netns, &i->netns, &m->site.inside, err);
	i->making_netns = m->site.netns;
	if (r < 0 || !ops->create)
		return r;
	if (ops->kept_first) {
		r = instance_record_save(i, err);
		if (r == 0)
			r = instance_keep(i, m->site.netns, err);
		if (r < 0)
			return r;
	}
	i->attached = ops->remove != NULL;
	return ops->create(&m->site, err);
}

/* What every link gets. */
static int making_configure(struct making *m, struct error *err)
{
	struct instance *i = m->site.instance;
	const struct policy_namespace *ns = m->site.ns;
	int r = 0;

	if (ns->n_sysctls)
		r = netns_visit(i->helper->host, m->site.netns, making_sysctls,
				m, NULL, NULL, err);
	if (r == 0)
		r = filter_apply(i, ns, m->site.netns, err);
	if (r >= 0)
		r = rate_apply(i, ns, m->site.netns, err);
	return r < 0 ? r : 0;
}

static void making_on_up(void *data, int r, const struct error *why)
{
	struct instance *i = data;

	i->hook = NULL;
	i->hook_pid = 0;
	if (r < 0)
		end_free(i, r, why);
	else
		make_go_on(i->making);
}

/* With the name published, so that `ip -n NAME` works in the program. */
static int making_up(struct making *m, struct error *err)
{
	struct instance *i = m->site.instance;
	const struct child_events events = {.ended = making_on_up, .data = i};
	_cleanup_free_ char *path = NULL;
	int r;

	if (!m->site.ns->up)
		return 0;
	r = policy_expand(m->site.ns->up, i->user, i->uid, i->name, &path, err);
	if (r == 0)
		r = making_publish(m, err);
	if (r < 0)
		return r;
	instance_waiting(i, "the `up` program %s", path);
	r = hook_start(i, path, "up", m->site.netns, m->site.policy->timeout_ms,
		       &events, err);
	return r < 0 ? r : LINK_LATER;
}

static int making_ready_one(struct making *m, const char *condition,
			    struct error *err)
{
	static const char prefix[] = "interface:";
	struct instance *i = m->site.instance;
	struct rtnl_link link;
	int r;

	if (strcmp(condition, "route") == 0) {
		instance_waiting(i, "a default route");
		return rtnl_has_default_route(m->site.inside, 0);
	}
	if (strncmp(condition, prefix, sizeof(prefix) - 1) == 0) {
		const char *name = condition + sizeof(prefix) - 1;

		instance_waiting(i, "the interface %s to be up", name);
		r = rtnl_link_by_name(m->site.inside, name, &link);
		return r == -ENODEV ? 0 : r < 0 ? r : link.up && link.running;
	}
	return i->ops->ready ? i->ops->ready(i->helper, i, err) : 1;
}

static void making_on_poll(void *data)
{
	make_go_on(data);
}

/* Return: 0: all conditions hold; LINK_LATER; -errno. */
static int making_ready(struct making *m, struct error *err)
{
	const struct policy_list *ready = &m->site.ns->ready;
	int r = 1;

	for (size_t n = 0; n < ready->n && r > 0; n++) {
		error_set(err, 0, "cannot check the condition `%s` of `ready`",
			  ready->items[n]);
		r = making_ready_one(m, ready->items[n], err);
	}
	if (r != 0)
		return r < 0 ? r : 0;
	if (!m->poll)
		r = timer_new(m->site.instance->helper->event, &m->poll,
			      making_on_poll, m, err);
	timer_arm(m->poll, MAKING_POLL_US);
	m->step = STEP_READY; /* again */
	return r < 0 ? r : LINK_LATER;
}

static int making_done(struct making *m, struct error *err)
{
	struct instance *i = m->site.instance;
	int r;

	instance_set_state(i, INSTANCE_LIVE);
	r = making_publish(m, err);
	if (r < 0)
		instance_set_state(i, INSTANCE_MAKING);
	else
		instance_announce(i, true);
	return r;
}

/* From m->step on. Return: 0: it is LIVE; LINK_LATER; -errno. */
static int making_run(struct making *m, struct error *err)
{
	static int (*const steps[])(struct making *m, struct error *err) = {
		[STEP_LINK] = making_link, [STEP_CONFIGURE] = making_configure,
		[STEP_UP] = making_up,	   [STEP_READY] = making_ready,
		[STEP_DONE] = making_done,
	};
	int r = 0;

	while (r == 0 && m->step <= STEP_DONE)
		r = steps[m->step++](m, err);
	return r;
}

void make_go_on(struct making *m)
{
	struct instance *i = m->site.instance;
	struct error why = {""};
	int r = making_run(m, &why);

	if (r == LINK_LATER)
		return;
	if (r < 0) {
		end_free(i, r, &why);
		return;
	}
	making_free(m);
	sweep_soon(i->helper);
	/* With scope = session, its one login gets it, and may free it. */
	instance_wake(instance_take_waiters(i),
		      i->scope == SCOPE_SESSION ? i : NULL, 0, NULL);
}

/* --- beginning --- */

static void plan_add(uint64_t *hash, const char *text, const char *end)
{
	*hash = index_hash(*hash, text ? text : "", text ? strlen(text) : 0);
	*hash = index_hash(*hash, end, strlen(end));
}

uint64_t make_plan(const struct policy_namespace *ns)
{
	const char *const texts[] = {ns->ifname, ns->network,	ns->peer,
				     ns->parent, ns->interface, ns->wireguard,
				     ns->openvpn};
	uint64_t hash = FNV_BASIS;
	char numbers[64];

	/*
	 * The hash is in the records: another format would make each look
	 * changed, and the next login would replace it.
	 */
	snprintf(numbers, sizeof(numbers), "%d %d %u", ns->link,
		 ns->address_mode, ns->mtu);
	plan_add(&hash, numbers, "\n");
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		plan_add(&hash, texts[n], "\n");
	for (size_t n = 0; n < ns->address.n; n++)
		plan_add(&hash, ns->address.items[n].text, ",");
	plan_add(&hash, "", "\n");
	for (size_t n = 0; n < ns->gateway.n; n++)
		plan_add(&hash, ns->gateway.items[n].text, ",");
	plan_add(&hash, "", "\n");
	for (size_t n = 0; n < ns->routes.n; n++)
		plan_add(&hash, ns->routes.items[n].text, ",");
	for (size_t n = 0; n < ns->n_sysctls; n++) {
		plan_add(&hash, "\n", ns->sysctls[n].name);
		plan_add(&hash, "=", ns->sysctls[n].value);
	}
	return hash;
}

/*
 * Makes i->making; ns stays valid until making_free(), whatever is reloaded.
 * Return: 0, or -ENOMEM with a sentence.
 */
static int making_new(struct instance *i, const struct policy_namespace *ns,
		      struct error *err)
{
	struct making *m = calloc(1, sizeof(*m));

	if (m)
		m->site.policy = store_hold(i->helper->store);
	if (!m || !m->site.policy) {
		free(m);
		return error_set(err, -ENOMEM, "out of memory");
	}
	m->site.helper = i->helper;
	m->site.instance = i;
	m->site.ns = ns;
	m->site.netns = -EBADF;
	i->making = m;
	return 0;
}

/* Return: 0 and the namespace's descriptor, LINK_LATER, -errno. */
static int make_build(struct instance *i, const struct policy_namespace *ns,
		      int *ret_fd, struct error *err)
{
	int r = 0;

	if (ns->down)
		r = policy_expand(ns->down, i->user, i->uid, i->name, &i->down,
				  err);
	if (r == 0)
		r = making_new(i, ns, err);
	if (r == 0)
		r = making_run(i->making, err);
	/* What is begun is recorded, so that the next daemon can undo it. */
	if (r == LINK_LATER && instance_record_save(i, err) < 0)
		r = -EIO;
	if (r == 0) {
		*ret_fd = take_fd(&i->making->site.netns);
		making_free(i->making);
	}
	return r;
}

/* Not made by netns-pamd: joined as it is, and never removed. */
static int make_found(struct instance *i, const struct policy_namespace *ns,
		      const struct netns_id *there, struct error *err)
{
	const struct helper *h = i->helper;

	if (netns_same(there, &h->host->id))
		return error_set(err, -EINVAL,
				 "%s/%s is the host's own network namespace: remove that name",
				 h->netns_dir, i->name);
	i->foreign = true;
	instance_set_state(i, INSTANCE_LIVE);
	i->netns = *there;
	if (ns->link != LINK_EXTERNAL)
		log_info("the namespace %s exists and was not made by netns-pamd: joined as it is",
			 i->name);
	instance_record_save(i, NULL); /* for `status` after a restart */
	return 0;
}

static void make_fill(struct instance *i, const struct policy_namespace *ns,
		      const struct instance_user *who, const char *name)
{
	snprintf(i->name, sizeof(i->name), "%s", name);
	snprintf(i->section, sizeof(i->section), "%s", ns->name);
	if (ns->scope != SCOPE_SHARED) {
		snprintf(i->user, sizeof(i->user), "%s", who->user);
		i->uid = who->uid;
	}
	i->scope = ns->scope;
	i->link = ns->link;
	i->ops = link_ops_of(ns->link);
	i->lifetime = ns->lifetime;
	i->plan = make_plan(ns);
}

/*
 * What has the name in the directory of names? An earlier namespace of ours
 * that could not be removed is not joined: its end goes on first.
 * Return: as netns_open(); -EBUSY with a sentence.
 */
static int make_look(struct helper *h, const char *name, int *ret_fd,
		     struct netns_id *ret, struct error *err)
{
	int r;

	for (struct instance *i = h->instances, *next; i; i = next) {
		next = i->next;
		if (i->unfinished && strcmp(i->name, name) == 0)
			end_run(i);
	}
	r = netns_open(h->netns_dir, name, ret_fd, ret, err);
	for (const struct instance *i = h->instances; r == 0 && i; i = i->next)
		if (i->named && i->state == INSTANCE_LEAVING &&
		    netns_same(&i->netns, ret))
			r = error_set(err, -EBUSY,
				      "cannot remove the name %s/%s of an earlier namespace: see the log of netns-pamd",
				      h->netns_dir, name);
	return r;
}

int make_instance(struct helper *h, const struct policy_namespace *ns,
		  const struct instance_user *who, const char *name,
		  struct instance_waiter *w, struct instance **ret, int *ret_fd,
		  struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct instance *i = instance_new(h);
	struct netns_id there;
	int r;

	if (!i)
		return error_set(err, -ENOMEM, "out of memory");
	make_fill(i, ns, who, name);
	r = instance_insert(i);
	if (r < 0) {
		instance_free(i);
		return error_set(err, r, "cannot add the namespace %s: %m",
				 name);
	}
	r = make_look(h, name, &fd, &there, err);
	if (r == 0)
		r = make_found(i, ns, &there, err);
	else if (r == -ENOENT && i->ops->makes_namespace)
		r = make_build(i, ns, &fd, err);
	else if (r == -ENOENT)
		error_set(err, r,
			  "there is no namespace %s in %s: make it with `ip netns add %s` before the login",
			  name, h->netns_dir, name);
	if (r < 0)
		end_free(i, r, err);
	if (r == INSTANCE_LATER)
		instance_wait(i, w);
	if (r)
		return r;
	*ret_fd = take_fd(&fd);
	*ret = i;
	return 0;
}
