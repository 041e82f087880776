/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "common/index.h"
#include "filter_parts.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/text.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/record.h"
#include "listener.h"

/* The old filter and the new one of an instance. */
struct change {
	struct instance *instance;
	struct filter *want; /* owned until it is in force */
};

/* Of one or of all instances: one transaction. */
struct changes {
	struct helper *helper;
	struct change *items;
	size_t n;
};

static void changes_cleanup(struct changes *c)
{
	for (size_t n = 0; n < c->n; n++)
		filter_unref(c->helper, c->items[n].want);
	free(c->items);
}

/* Takes want over, also on failure. Return: 0 or -ENOMEM with a sentence. */
static int changes_add(struct changes *c, struct instance *i,
		       struct filter *want, struct error *err)
{
	struct change *added = ARRAY_ADD(c->items, c->n);

	if (!added) {
		filter_unref(c->helper, want);
		return error_set(err, -ENOMEM, "out of memory");
	}
	*added = (struct change){i, want};
	return 0;
}

/* key: NULL for any. */
static const struct filter_element *
filter_find(const struct filter *f, const char *set, const char *key)
{
	for (size_t n = 0; f && n < f->n; n++)
		if (strcmp(f->elements[n].set, set) == 0 &&
		    (!key || strcmp(f->elements[n].key, key) == 0))
			return &f->elements[n];
	return NULL;
}

static bool filter_has(const struct filter *f, const struct filter_element *e)
{
	const struct filter_element *same = filter_find(f, e->set, e->key);

	return same && strcmp(same->value, e->value) == 0;
}

static bool filter_same(const struct filter *a, const struct filter *b)
{
	if (a->n != b->n)
		return false;
	for (size_t n = 0; n < a->n; n++)
		if (!filter_has(b, &a->elements[n]))
			return false;
	return true;
}

/* The filter of an instance after the changes. */
static const struct filter *filter_after(const struct changes *c,
					 const struct instance *i)
{
	for (size_t n = 0; n < c->n; n++)
		if (c->items[n].instance == i)
			return c->items[n].want;
	return i->filter;
}

/* --- the host's table --- */

static void print_element(FILE *f, const struct filter_element *e)
{
	fprintf(f, "add element " FILTER_TABLE " %s { %s %s }\n", e->set,
		e->key, e->value);
}

/* An element that counts keeps the limit that it was made with. */
static bool limit_changes(const struct filter *was, const struct filter *want)
{
	const struct filter_element *a = filter_find(was, "limits", NULL);
	const struct filter_element *b = filter_find(want, "limits", NULL);

	return a && b ? strcmp(a->value, b->value) != 0 : a || b;
}

/*
 * Is the last filter removed? Then the elements that packets have added are
 * removed, too, which the kernel would remove when the connections end. (To
 * remove them one by one costs a millisecond each.)
 */
static bool changes_is_end(const struct changes *c)
{
	for (const struct instance *i = c->helper->instances; i; i = i->next) {
		const struct filter *after = filter_after(c, i);

		if (after && after->ifindex)
			return false;
	}
	for (size_t n = 0; n < c->n; n++)
		if (!c->items[n].want && c->items[n].instance->filter &&
		    c->items[n].instance->filter->ifindex)
			return true;
	return false;
}

/* New chains are added first, chains without users are removed last. */
static void changes_print(const struct changes *c, FILE *f)
{
	struct filter_chain *chains = c->helper->filter_chains;

	for (struct filter_chain *chain = chains; chain; chain = chain->next) {
		chain->leaving = 0;
		if (!chain->there)
			fputs(chain->add, f);
	}
	for (size_t n = 0; n < c->n; n++) {
		const struct filter *was = c->items[n].instance->filter;

		for (size_t k = 0; was && k < was->n_chains; k++)
			was->chains[k]->leaving++;
		for (size_t k = 0; was && k < was->n; k++)
			if (!filter_has(c->items[n].want, &was->elements[k]))
				fprintf(f,
					"delete element " FILTER_TABLE
					" %s { %s }\n",
					was->elements[k].set,
					was->elements[k].key);
		if (was && c->items[n].want &&
		    limit_changes(was, c->items[n].want))
			filter_limit_print_forget(f, was);
	}
	for (size_t n = 0; n < c->n; n++) {
		const struct filter *want = c->items[n].want;

		for (size_t k = 0; want && k < want->n; k++)
			if (!filter_has(c->items[n].instance->filter,
					&want->elements[k]))
				print_element(f, &want->elements[k]);
	}
	if (changes_is_end(c))
		fputs("flush set " FILTER_TABLE " connections\n"
		      "flush set " FILTER_TABLE " full\n"
		      "flush set " FILTER_TABLE " refusals\n",
		      f);
	for (struct filter_chain *chain = chains; chain; chain = chain->next)
		if (chain->there && chain->users == chain->leaving)
			fputs(chain->remove, f);
}

/* Writes "8080/tcp" or "192.0.2.2 8080/tcp". */
static void port_name(const struct filter_element *e, char ret[static 96])
{
	char address[INET_PREFIX_STR] = "";

	if (e->port.address.family != AF_UNSPEC)
		inet_address_format(&e->port.address, address);
	snprintf(ret, 96, "%s%s%u/%s", address, address[0] ? " " : "",
		 e->port.port, e->udp ? "udp" : "tcp");
}

/*
 * The published ports that `from` has and `to` has not: removes UDP connections
 * that would still be sent to the former target.
 */
static void ports_changed(const struct filter *from, const struct filter *to,
			  bool removed)
{
	for (size_t n = 0; from && n < from->n; n++) {
		const struct filter_element *e = &from->elements[n];
		int r = 0;

		if (e->port.port && e->udp && !filter_has(to, e))
			r = conntrack_forget(&e->port, removed);
		if (r < 0)
			log_warning("publish: cannot remove connections of port %u/udp: %s; clients that use it already may reach its former target",
				    e->port.port, strerror(-r));
	}
}

/* Runs one transaction; the wanted filters are then in force. */
static int changes_run(struct changes *c, struct error *err)
{
	_cleanup_(text_clear) struct text t = {NULL};
	struct helper *h = c->helper;
	FILE *f = text_open(&t, err);
	int r;

	if (!f)
		return -ENOMEM;
	changes_print(c, f);
	r = text_close(&t, 0, err);
	if (r < 0)
		return r;
	if (t.n && !h->nft)
		return error_set(err, -EOPNOTSUPP,
				 "the firewall could not be loaded");
	if (t.n)
		r = nft_run(h->nft, t.s, err);
	if (r < 0)
		return r;
	for (struct filter_chain *k = h->filter_chains; k; k = k->next)
		k->there = true;
	for (size_t n = 0; n < c->n; n++) {
		struct change *change = &c->items[n];
		struct filter *was = change->instance->filter;

		ports_changed(was, change->want, true);
		ports_changed(change->want, was, false);
		change->instance->filter = take_ptr(change->want);
		filter_unref(h, was);
	}
	return 0;
}

/* --- published ports: each has one target --- */

/* An instance that is LEAVING or has no section loses its ports. */
static int changes_take_over(struct changes *c, struct instance *from,
			     const struct filter_element *e, struct error *err)
{
	struct filter *without;
	char port[96];

	port_name(e, port);
	if (filter_after(c, from) != from->filter ||
	    (from->state != INSTANCE_LEAVING && instance_section(from)))
		return error_set(err, -EADDRINUSE,
				 "publish: the port %s of the host is already published for the namespace %s",
				 port, from->name);
	without = filter_unpublished(c->helper, from->filter);
	return without ? changes_add(c, from, without, err)
		       : error_set(err, -ENOMEM, "out of memory");
}

static int changes_check_port(struct changes *c, struct instance *i,
			      const struct filter_element *e, struct error *err)
{
	const struct listener l = {.udp = e->udp,
				   .family = e->port.to.family,
				   .port = e->port.port,
				   .address = &e->port.address};
	bool ours = filter_find(i->filter, e->set, e->key);
	char port[96];
	int r = 0;

	for (struct instance *k = c->helper->instances; k && r == 0;
	     k = k->next) {
		if (k == i)
			continue;
		ours = ours || filter_find(k->filter, e->set, e->key);
		if (filter_find(filter_after(c, k), e->set, e->key))
			r = changes_take_over(c, k, e, err);
	}
	if (r < 0 || ours)
		return r;
	r = listener_find(&l);
	if (r == 0)
		return 0;
	port_name(e, port);
	if (r < 0)
		return error_set(err, r,
				 "publish: cannot query whether a program uses the port %s of the host: %m; does the kernel have CONFIG_INET_DIAG and CONFIG_INET_UDP_DIAG?",
				 port);
	return error_set(err, -EADDRINUSE,
			 "publish: the port %s of the host is in use by a program of the host",
			 port);
}

static int changes_check_ports(struct changes *c, struct error *err)
{
	int r = 0;

	for (size_t n = 0; n < c->n; n++) {
		struct instance *i = c->items[n].instance;
		const struct filter *want = c->items[n].want;

		for (size_t k = 0; want && k < want->n && r == 0; k++)
			if (want->elements[k].port.port)
				r = changes_check_port(c, i, &want->elements[k],
						       err);
	}
	return r;
}

/* --- inside --- */

/* Return: 1 when the table has changed, 0, -errno. */
static int filter_run_inside(struct instance *i, struct filter *f, int netns,
			     struct error *err)
{
	_cleanup_free_ char *commands = take_ptr(f->inside);
	uint64_t hash;
	int r;

	if (!commands)
		return 0;
	hash = index_hash(FNV_BASIS, commands, strlen(commands));
	if (i->filter_inside == hash)
		return 0;
	if (netns < 0)
		return error_set(err, netns, "cannot open the namespace %s: %m",
				 i->name);
	r = nft_run_inside(i->helper->host, netns, commands, err);
	if (r < 0)
		return r;
	i->filter_inside = hash;
	return 1;
}

/* --- one --- */

static bool filter_concerns(const struct instance *i)
{
	return !i->foreign && i->ops->filter != FILTER_NONE;
}

int filter_apply(struct instance *i, const struct policy_namespace *ns,
		 int netns, struct error *err)
{
	struct helper *h = i->helper;
	_cleanup_(changes_cleanup) struct changes c = {.helper = h};
	const struct policy_namespace *now = instance_section(i);
	struct filter *want = NULL;
	int r, inside;

	if (!filter_concerns(i))
		return 0;
	r = filter_plan(i, store_policy(h->store), now ? now : ns, &want, err);
	if (r < 0)
		return r;
	inside = filter_run_inside(i, want, netns, err);
	if (inside < 0 || (i->filter && filter_same(i->filter, want))) {
		filter_unref(h, want);
		return inside;
	}
	r = changes_add(&c, i, want, err);
	if (r == 0)
		r = changes_check_ports(&c, err);
	if (r == 0)
		r = changes_run(&c, err);
	return r < 0 ? r : 1;
}

void filter_release(struct instance *i)
{
	struct helper *h = i->helper;
	_cleanup_(changes_cleanup) struct changes c = {.helper = h};

	if (!i->filter)
		return;
	if (changes_add(&c, i, NULL, NULL) == 0 && changes_run(&c, NULL) == 0)
		return;
	if (h->nft)
		nft_doubt(h->nft);
	filter_free(i);
}

void filter_free(struct instance *i)
{
	i->filter = filter_unref(i->helper, i->filter);
}

/* --- all --- */

static int reload_plan(struct changes *c, struct error *err)
{
	struct helper *h = c->helper;

	for (struct instance *i = h->instances; i; i = i->next) {
		const struct policy_namespace *ns = instance_section(i);
		struct filter *want;
		int r;

		/* An instance without a filter gets it later. */
		if (!filter_concerns(i) || !ns || !i->filter ||
		    ns->link != i->link)
			continue;
		r = filter_plan(i, store_policy(h->store), ns, &want, err);
		if (r == 0)
			r = changes_add(c, i, want, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A transaction for each: the others go on when one fails. */
static int reload_inside(struct changes *c, struct error *err)
{
	int result = 0;

	for (size_t n = 0; n < c->n; n++) {
		struct instance *i = c->items[n].instance;
		struct filter *want = c->items[n].want;
		_cleanup_close_ int fd = -EBADF;
		struct error why;
		int r;

		if (!want || !want->inside)
			continue;
		fd = instance_netns(i, NULL);
		r = filter_run_inside(i, want, fd, &why);
		if (r < 0)
			result = error_set(err, r, "%s: %s", i->name, why.text);
		if (r > 0)
			instance_record_save(i, NULL);
	}
	return result;
}

int filter_reload(struct helper *h, struct error *err)
{
	_cleanup_(changes_cleanup) struct changes c = {.helper = h};
	int inside, r = reload_plan(&c, err);

	if (r < 0 || !c.n)
		return r;
	inside = reload_inside(&c, err);
	r = changes_check_ports(&c, err);
	if (r == 0 && h->nft)
		r = firewall_ensure(h, err);
	if (r == 0)
		r = changes_run(&c, err);
	return r < 0 ? r : inside;
}

int filter_adopt(struct helper *h, struct error *err)
{
	for (struct instance *i = h->instances; i; i = i->next) {
		const struct policy_namespace *ns = instance_section(i);
		int r;

		if (!filter_concerns(i))
			continue;
		if (!ns)
			log_warning("the policy no longer has a section [namespace %s]: %s the namespace %s",
				    i->section,
				    i->ops->filter == FILTER_HOST
					    ? "nothing is allowed to leave"
					    : "the rules inside stay as they are in",
				    i->name);
		r = filter_plan(i, store_policy(h->store), ns, &i->filter, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int filter_print(struct helper *h, FILE *f, struct error *err)
{
	static const char *const sets[] = {"map egress",      "map allow_host",
					   "map allow_host4", "map allow_host6",
					   "map limits",      "map limits_in",
					   "map publish4",    "map publish4_at",
					   "map publish6",    "map publish6_at",
					   "set published4",  "set published6"};
	int r;

	for (size_t n = 0; n < sizeof(sets) / sizeof(sets[0]); n++)
		fprintf(f, "flush %.3s " FILTER_TABLE " %s\n", sets[n],
			sets[n] + 4);
	r = nft_print_clear(f, err);
	if (r < 0)
		return r;
	filter_limit_print(f, "new", "iif", filter_limit_default());
	filter_limit_print(f, "new_in", "oif", filter_limit_default());
	for (struct filter_chain *k = h->filter_chains; k; k = k->next) {
		fputs(k->add, f);
		k->there = true;
	}
	for (const struct instance *i = h->instances; i; i = i->next)
		for (size_t n = 0; i->filter && n < i->filter->n; n++)
			print_element(f, &i->filter->elements[n]);
	return 0;
}

const struct firewall_part filter_part = {.print = filter_print};

void filter_dns_changed(struct instance *i)
{
	const struct policy_namespace *ns = instance_section(i);
	_cleanup_close_ int fd = -EBADF;
	struct error why;

	if (i->state != INSTANCE_LIVE)
		return;
	fd = instance_netns(i, NULL);
	if (ns && fd >= 0 && filter_apply(i, ns, fd, &why) < 0)
		log_error("%s: %s", i->name, why.text);
	instance_record_save(i, NULL);
}
