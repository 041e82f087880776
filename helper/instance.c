/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "instance.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "deadline.h"
#include "firewall.h"
#include "index.h"
#include "instance_record.h"
#include "link.h"
#include "log.h"
#include "nft.h"
#include "rtnl.h"
#include "sweep.h"
#include "sysctl.h"

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

static void instance_unname(struct instance *i)
{
	void *node = tfind(i, &i->helper->by_name, instance_compare);

	if (node && as_instance(node) == i)
		tdelete(i, &i->helper->by_name, instance_compare);
	i->state = INSTANCE_LEAVING;
	i->leaving_ms = deadline_now_ms();
}

static struct instance *instance_new(struct helper *h)
{
	struct instance *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->helper = h;
	i->id = h->next_instance++;
	i->since = (uint64_t)time(NULL);
	return i;
}

static void instance_free(struct instance *i)
{
	if (!i)
		return;
	sd_event_source_disable_unref(i->straggler);
	free(i->servers);
	free(i);
}

static void instance_cleanup(struct instance **i)
{
	instance_free(*i);
}

/* Return: 0, -EEXIST when a live instance has the name, -ENOMEM. */
static int instance_insert(struct instance *i)
{
	struct helper *h = i->helper;

	if (i->state == INSTANCE_LIVE) {
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

/* Runs commands that print() writes, as one change of the firewall. */
static int firewall_change(struct helper *h,
			   void (*print)(FILE *f, const struct instance *i,
					 const struct policy_namespace *ns),
			   const struct instance *i,
			   const struct policy_namespace *ns, struct error *err)
{
	_cleanup_free_ char *commands = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&commands, &bytes);

	if (!f)
		return error_set(err, -ENOMEM, "out of memory");
	print(f, i, ns);
	if (fclose(f) != 0)
		return error_set(err, -ENOMEM, "out of memory");
	return nft_run(h->nft, commands, err);
}

static void print_release(FILE *f, const struct instance *i,
			  const struct policy_namespace *ns)
{
	(void)ns;
	if (i->held)
		nft_print_dns_release(f, i->host_ifname, i->servers,
				      i->n_servers);
}

static void print_hold(FILE *f, const struct instance *i,
		       const struct policy_namespace *ns)
{
	print_release(f, i, NULL);
	if (ns->dns_set)
		nft_print_dns_hold(f, i->host_ifname, ns->dns.items, ns->dns.n);
}

/*
 * Its interface is gone: whatever goes by that name or these addresses next is
 * somebody else's.
 */
static void instance_let_go(struct instance *i)
{
	struct helper *h = i->helper;

	if (i->held && h->nft &&
	    firewall_change(h, print_release, i, NULL, NULL) < 0)
		nft_doubt(h->nft);
	i->held = false;
	instance_drop_addresses(i);
}

/* What is kept for one that is in no list: holds, record, forwarding. */
static void instance_clear(struct instance *i)
{
	struct helper *h = i->helper;

	instance_let_go(i);
	instance_record_remove(i);
	if (!instance_any_linked(h))
		forwarding_done(&h->forwarding);
}

/* The last of it is gone: record, memory, and the host as it was before. */
static void instance_forget(struct instance *i)
{
	struct helper *h = i->helper;

	for (struct instance **p = &h->instances; *p; p = &(*p)->next)
		if (*p == i) {
			*p = i->next;
			break;
		}
	instance_unname(i);
	instance_clear(i);
	instance_free(i);
}

void instance_free_all(struct helper *h)
{
	while (h->instances) {
		struct instance *i = h->instances;

		h->instances = i->next;
		instance_unname(i);
		instance_free(i);
	}
}

/* --- making --- */

/* What of a section makes a namespace another one when it changes. */
static uint64_t instance_plan(const struct policy_namespace *ns)
{
	const struct policy_list *const lists[] = {&ns->address, &ns->gateway,
						   &ns->routes, NULL};
	uint64_t hash = 0;
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		return 0;
	fprintf(f, "%d %d %u %s", ns->link, ns->address_mode, ns->mtu,
		ns->ifname ? ns->ifname : "");
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

struct instance_visit {
	const struct policy_namespace *ns;
	bool without_ipv6;
	struct rtnl *inside;
};

/* Inside the new namespace, before it has any link but its loopback. */
static int visit_first(void *data, struct error *err)
{
	struct instance_visit *v = data;
	int r = sysctl_harden_namespace(v->without_ipv6, err);

	if (r < 0)
		return r;
	r = rtnl_open(&v->inside);
	if (r < 0)
		return error_set(err, r, "cannot open rtnetlink: %s",
				 strerror(-r));
	return 0;
}

/* Inside again, when the links that sysctls may speak of are there. */
static int visit_last(void *data, struct error *err)
{
	const struct instance_visit *v = data;

	return sysctl_apply(v->ns->sysctls, v->ns->n_sysctls, err);
}

static int instance_loopback_up(struct rtnl *inside, struct error *err)
{
	struct rtnl_batch b;

	rtnl_batch_init(&b);
	rtnl_put_up(&b, 1);
	return rtnl_run(inside, &b, err);
}

/*
 * Holds the namespace to the policy's name servers; called again for each
 * login, since the list may have changed since the last. Old and new change
 * places in one transaction.
 */
static int instance_hold_dns(struct instance *i,
			     const struct policy_namespace *ns,
			     struct error *err)
{
	size_t bytes = ns->dns.n * sizeof(*ns->dns.items);
	struct inet_prefix *servers;
	int r;

	if (!i->host_ifindex || i->foreign ||
	    (i->held == ns->dns_set && i->n_servers == ns->dns.n &&
	     (!bytes || !memcmp(i->servers, ns->dns.items, bytes))))
		return 0;
	servers = malloc(bytes + 1);
	if (!servers)
		return error_set(err, -ENOMEM, "out of memory");
	if (bytes)
		memcpy(servers, ns->dns.items, bytes);
	r = firewall_change(i->helper, print_hold, i, ns, err);
	if (r < 0) {
		free(servers);
		return r;
	}
	free(i->servers);
	i->servers = servers;
	i->n_servers = ns->dns.n;
	i->held = ns->dns_set;
	return 1;
}

/*
 * Builds the namespace in the dark and publishes it last. Whatever fails, the
 * end of the unpublished namespace takes its links with it.
 */
static int instance_build(struct instance *i, const struct policy_namespace *ns,
			  int *ret_fd, struct error *err)
{
	struct helper *h = i->helper;
	const struct link_ops *ops = link_ops_of(ns->link);
	struct instance_visit visit = {
		.ns = ns,
		.without_ipv6 = ops->has_ipv6 && !ops->has_ipv6(h, ns),
	};
	_cleanup_close_ int fd = -EBADF;
	struct link_site site;
	int r;

	r = ops->needs_firewall ? firewall_ensure(h, err) : 0;
	if (r < 0)
		return r;
	r = netns_visit(&h->host, -1, visit_first, &visit, &fd, &i->netns, err);
	if (r == 0)
		r = instance_loopback_up(visit.inside, err);
	site = (struct link_site){h, i, ns, fd, visit.inside};
	if (r == 0 && ops->create)
		r = ops->create(&site, err);
	if (r == 0 && ns->n_sysctls)
		r = netns_visit(&h->host, fd, visit_last, &visit, NULL, NULL,
				err);
	rtnl_close(visit.inside);
	if (r == 0)
		r = instance_hold_dns(i, ns, err);
	if (r >= 0)
		r = instance_record_save(i, err);
	if (r == 0)
		r = netns_publish(h->netns_dir, i->name, fd, err);
	if (r < 0) {
		instance_clear(i);
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

static int instance_make(struct helper *h, const struct policy_namespace *ns,
			 const struct instance_user *who, const char *name,
			 struct instance **ret, int *ret_fd, struct error *err)
{
	_cleanup_(instance_cleanup) struct instance *i = instance_new(h);
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	bool stale = false;
	int r;

	if (!i)
		return error_set(err, -ENOMEM, "out of memory");
	snprintf(i->name, sizeof(i->name), "%s", name);
	snprintf(i->section, sizeof(i->section), "%s", ns->name);
	if (ns->scope != SCOPE_SHARED) {
		snprintf(i->user, sizeof(i->user), "%s", who->user);
		i->uid = who->uid;
	}
	i->scope = ns->scope;
	i->link = ns->link;
	i->lifetime = ns->lifetime;
	i->plan = instance_plan(ns);

	r = netns_open(h->netns_dir, name, &fd, &there, &stale, err);
	if (r == 0 && netns_same(&there, &h->host.id))
		return error_set(err, -EINVAL,
				 "%s/%s is the host's own namespace: remove it",
				 h->netns_dir, name);
	if (r == 0) {
		/* Somebody made it: joined as it is, and never removed. */
		i->foreign = true;
		i->netns = there;
		if (ns->link != LINK_EXTERNAL)
			log_info("the namespace %s was there already: joined "
				 "as it is",
				 name);
	} else if (r != -ENOENT) {
		return r;
	} else if (!link_ops_of(ns->link)->makes_namespace) {
		return error_set(err, -ENOENT,
				 "there is no namespace %s in %s: make it with "
				 "`ip netns add %s` before the login",
				 name, h->netns_dir, name);
	} else {
		r = instance_build(i, ns, &fd, err);
	}
	if (r == 0 && i->foreign)
		instance_record_save(i,
				     NULL); /* for `status` after a restart */
	if (r == 0) {
		r = instance_insert(i);
		if (r < 0) {
			error_set(err, r,
				  "cannot remember the namespace %s: %s", name,
				  strerror(-r));
			if (!i->foreign)
				netns_unpublish(h->netns_dir, name, &i->netns);
			instance_clear(i);
		}
	}
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	*ret = take_ptr(i);
	return 0;
}

/* --- finding --- */

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
	if (!i->foreign && i->slot && !i->host_ifindex) {
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
		r = instance_hold_dns(i, ns, err);
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

int instance_get(struct helper *h, const struct policy_namespace *ns,
		 const struct instance_user *who, struct instance **ret,
		 int *ret_fd, struct error *err)
{
	char name[NAME_MAX_INSTANCE + 1];
	struct instance *i;
	int r;

	if (ns->scope != SCOPE_SHARED && !who->user)
		return error_set(
			err, -EINVAL,
			"the namespace %s is one per %s: name the user",
			ns->name, policy_scope_name(ns->scope));
	if (ns->scope == SCOPE_SESSION)
		r = instance_fresh_name(h, ns, who, name);
	else
		r = name_instance(ns->name,
				  ns->scope == SCOPE_USER ? who->user : NULL,
				  who->uid, 0, name);
	if (r < 0)
		return error_set(err, r, "cannot name the namespace of %s: %s",
				 ns->name, strerror(-r));

	i = instance_find(h, name);
	if (i && (strcmp(i->section, ns->name) != 0 ||
		  (ns->scope != SCOPE_SHARED && i->uid != who->uid)))
		return error_set(err, -EEXIST,
				 "the name %s is taken by the namespace of %s",
				 name, i->section);
	if (i) {
		r = instance_join(i, ns, ret_fd, err);
		if (r == 0)
			*ret = i;
		if (r != -ESTALE)
			return r;
		/* An address of its own can be in one namespace only. */
		instance_retire(i, !i->sessions &&
					   ns->address_mode == ADDRESS_STATIC);
	}
	return instance_make(h, ns, who, name, ret, ret_fd, err);
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
	if ((i->foreign && !i->pinned) ||
	    (i->state == INSTANCE_LEAVING && !i->host_ifindex)) {
		instance_forget(i);
		return;
	}
	sweep_soon(i->helper);
}

void instance_drop_unused(struct helper *h)
{
	struct instance *next;

	for (struct instance *i = h->instances; i; i = next) {
		next = i->next;
		if (!i->sessions &&
		    ((i->foreign && !i->pinned) ||
		     (i->state == INSTANCE_LEAVING && !i->host_ifindex)))
			instance_forget(i);
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

void instance_retire(struct instance *i, bool cut)
{
	struct helper *h = i->helper;
	const struct link_ops *ops = link_ops_of(i->link);
	int r = 0;

	/* Cut first: whoever is killed in between has cut it. */
	if (cut && ops->cut && !i->foreign) {
		ops->cut(h, i);
		i->cut = true;
		instance_drop_addresses(i);
		instance_record_save(i, NULL);
	}
	if (i->state == INSTANCE_LIVE && !i->foreign)
		r = netns_unpublish(h->netns_dir, i->name, &i->netns);
	if (r < 0 && r != -EEXIST)
		log_warning("cannot remove the name %s: %s", i->name,
			    strerror(-r));
	instance_unname(i);
	i->straggler = sd_event_source_disable_unref(i->straggler);
	/* With a link, the kernel says when it is gone. */
	if (!i->sessions && (!i->host_ifindex || i->foreign))
		instance_forget(i);
	else
		instance_record_save(i, NULL);
}

static void instance_lost_link(struct instance *i)
{
	i->host_ifindex = 0;
	instance_let_go(i);
	if (i->state == INSTANCE_LEAVING && !i->sessions)
		instance_forget(i);
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
	if (pool_slot_of(link->ifname, &slot)) {
		pool_release(&h->pool, slot);
		sweep_soon(h);
	}
}

void instance_resync(struct helper *h)
{
	struct instance *next;

	h->pool.routes_stale = true;
	for (struct instance *i = h->instances; i; i = next) {
		struct rtnl_link link;

		next = i->next;
		if (i->host_ifindex &&
		    rtnl_link_by_index(h->rtnl, i->host_ifindex, &link) ==
			    -ENODEV) {
			uint32_t slot = i->slot;

			instance_lost_link(i);
			pool_release(&h->pool, slot);
		}
	}
}

void instance_print_holds(const struct helper *h, FILE *f)
{
	nft_print_dns_clear(f);
	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->held && i->host_ifindex)
			nft_print_dns_hold(f, i->host_ifname, i->servers,
					   i->n_servers);
}

void instance_name_gone(struct helper *h, const char *name)
{
	struct instance *i = instance_find(h, name);
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	bool stale;

	if (!i ||
	    (netns_open(h->netns_dir, name, &fd, &there, &stale, NULL) == 0 &&
	     netns_same(&there, &i->netns)))
		return;
	log_warning("somebody removed the name of the namespace %s; its "
		    "sessions keep it",
		    name);
	instance_retire(i, false);
}

/* --- after a restart --- */

static void mark_link(void *data, const struct rtnl_link *link)
{
	struct helper *h = data;
	uint32_t slot;

	if (pool_slot_of(link->ifname, &slot))
		pool_mark(&h->pool, slot);
}

static void instance_mark_addresses(const struct instance *i)
{
	const struct inet_prefix *addresses[] = {&i->address4, &i->address6};

	for (size_t k = 0; k < 2; k++)
		if (addresses[k]->family != AF_UNSPEC)
			pool_take_address(&i->helper->pool, addresses[k]);
}

static void adopt_record(void *data, const char *file)
{
	struct helper *h = data;
	_cleanup_(instance_cleanup) struct instance *i = instance_new(h);
	_cleanup_close_ int fd = -EBADF;
	const struct link_ops *ops;
	struct netns_id there;
	bool stale = false, published;
	int r;

	if (!i)
		return;
	r = instance_record_load(i, file);
	if (i->id >= h->next_instance)
		h->next_instance = i->id + 1;
	if (r < 0) {
		log_info("the record of namespace %s is void: removed", file);
		instance_record_unlink(h, file);
		return;
	}
	ops = i->foreign ? &link_external_ops : link_ops_of(i->link);
	r = netns_open(h->netns_dir, i->name, &fd, &there, &stale, NULL);
	published = r == 0 && netns_same(&there, &i->netns);
	/* Killed between umount and unlink, or between open and mount. */
	if (stale && !i->foreign)
		netns_unpublish(h->netns_dir, i->name, NULL);
	if (ops->adopt)
		ops->adopt(h, i);
	if (!i->host_ifindex)
		i->held = false;
	if (i->host_ifindex && !i->cut)
		instance_mark_addresses(i);
	if (!published) {
		/* Sessions may be in it still: see instance_drop_unused(). */
		i->state = INSTANCE_LEAVING;
		i->leaving_ms = deadline_now_ms();
		if (ops->cut && (i->cut || i->lifetime == LIFETIME_SESSIONS))
			ops->cut(h, i);
	}
	if (instance_insert(i) == 0)
		take_ptr(i);
}

int instance_reconcile(struct helper *h, struct error *err)
{
	int r = rtnl_dump_links(h->rtnl, mark_link, h);

	if (r < 0)
		return error_set(err, r, "cannot read the host's links: %s",
				 strerror(-r));
	instance_record_each(h, adopt_record);
	return 0;
}
