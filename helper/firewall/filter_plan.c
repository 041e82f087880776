/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Computes the filter of one instance: elements and their chains. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "common/index.h"
#include "common/policy/target.h"
#include "filter_parts.h"
#include "helper/base/log.h"
#include "helper/base/text.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/resolv_conf.h"

struct plan {
	struct helper *helper;
	const struct instance *instance;
	const struct policy *policy;
	const struct policy_namespace *ns;
	struct filter *filter;
	struct error *err;
};

/* --- filters --- */

static void chain_unref(struct helper *h, struct filter_chain *chain)
{
	if (--chain->users)
		return;
	for (struct filter_chain **p = &h->filter_chains; *p; p = &(*p)->next)
		if (*p == chain) {
			*p = chain->next;
			break;
		}
	free(chain->add);
	free(chain->remove);
	free(chain);
}

struct filter *filter_unref(struct helper *h, struct filter *f)
{
	if (!f)
		return NULL;
	for (size_t n = 0; n < f->n_chains; n++)
		chain_unref(h, f->chains[n]);
	for (size_t n = 0; n < f->n; n++)
		free(f->elements[n].text);
	free(f->elements);
	free(f->inside);
	free(f);
	return NULL;
}

/* Copies the element, unless it has one of that key. Return: 0 or -ENOMEM. */
static int filter_add(struct filter *f, const struct filter_element *e)
{
	struct filter_element *added;
	char *text;

	for (size_t n = 0; n < f->n; n++)
		if (strcmp(f->elements[n].set, e->set) == 0 &&
		    strcmp(f->elements[n].key, e->key) == 0)
			return 0;
	if (asprintf(&text, "%s%c%s", e->key, '\0', e->value) < 0)
		return -ENOMEM;
	added = ARRAY_ADD(f->elements, f->n);
	if (!added) {
		free(text);
		return -ENOMEM;
	}
	*added = *e;
	added->key = added->text = text;
	added->value = text + strlen(text) + 1;
	return 0;
}

/* --- chains --- */

/* Prints the commands that add a chain, and those that remove it. */
typedef int chain_print(const struct plan *p, const char *name, FILE *add,
			FILE *remove);

/*
 * Finds the chain of that name, or makes it by print(), and makes the filter a
 * user of it. Return: 0 and in verdict the value of an element that leads to
 * it, or -errno with a sentence in p->err.
 */
static int plan_chain(const struct plan *p, const char *name,
		      chain_print *print,
		      char verdict[static EGRESS_NAME_MAX + 16])
{
	struct filter_chain **chains = &p->helper->filter_chains, *chain;
	_cleanup_(text_clear) struct text add = {NULL}, remove = {NULL};
	int r;

	snprintf(verdict, EGRESS_NAME_MAX + 16, ": goto %s", name);
	for (chain = *chains; chain; chain = chain->next)
		if (strcmp(chain->name, name) == 0)
			break;
	if (!chain) {
		if (!text_open(&add, p->err) || !text_open(&remove, p->err))
			return -ENOMEM;
		r = print(p, name, add.f, remove.f);
		r = text_close(&add, r, p->err);
		r = text_close(&remove, r, p->err);
		if (r < 0)
			return r;
		chain = calloc(1, sizeof(*chain));
		if (!chain)
			return error_set(p->err, -ENOMEM, "out of memory");
		snprintf(chain->name, sizeof(chain->name), "%s", name);
		chain->add = take_ptr(add.s);
		chain->remove = take_ptr(remove.s);
		chain->next = *chains;
		*chains = chain;
	}
	chain->users++;
	p->filter->chains[p->filter->n_chains++] = chain;
	return 0;
}

static uint64_t hash_targets(uint64_t hash, const struct policy_targets *list)
{
	for (size_t n = 0; n < list->n; n++)
		hash = index_hash(hash, list->items[n].text,
				  strlen(list->items[n].text) + 1);
	return index_hash(hash, "", 1);
}

static uint64_t hash_prefix(uint64_t hash, const struct inet_prefix *p)
{
	char text[INET_PREFIX_STR];

	inet_prefix_format(p, text);
	return index_hash(hash, text, strlen(text) + 1);
}

/* The name has a hash of the content: changed content is a new chain. */
static void chain_name(const struct plan *p, const char *prefix, uint64_t hash,
		       char ret[static EGRESS_NAME_MAX])
{
	snprintf(ret, EGRESS_NAME_MAX, "%s%.*s_%016" PRIx64, prefix,
		 NAME_MAX_POLICY, p->ns->name, hash);
}

static int print_egress(const struct plan *p, const char *name, FILE *add,
			FILE *remove)
{
	const struct inet_prefix pools[] = {p->policy->pool4, p->policy->pool6};
	const struct resolv dns = resolv_of(p->instance, p->ns);
	const struct egress egress = {&dns, &p->ns->allow, &p->ns->deny, pools,
				      2};

	return egress_print(&egress, FILTER_TABLE, name, add, remove, p->err);
}

static int print_services(const struct plan *p, const char *name, FILE *add,
			  FILE *remove)
{
	return egress_print_ports(&p->ns->allow_host, FILTER_TABLE, name,
				  "goto refuse", add, remove, p->err);
}

static int print_limits(const struct plan *p, const char *name, FILE *add,
			FILE *remove)
{
	char in[EGRESS_NAME_MAX + 3];

	snprintf(in, sizeof(in), "%s_in", name);
	fprintf(add,
		"add chain " FILTER_TABLE " %s\n"
		"add chain " FILTER_TABLE " %s\n",
		name, in);
	filter_limit_print(add, name, "iif", p->ns->max_connections);
	filter_limit_print(add, in, "oif", p->ns->max_connections);
	fprintf(remove,
		"flush chain " FILTER_TABLE " %s\n"
		"flush chain " FILTER_TABLE " %s\n"
		"delete chain " FILTER_TABLE " %s\n"
		"delete chain " FILTER_TABLE " %s\n",
		name, in, name, in);
	return 0;
}

/* --- elements --- */

static int plan_put(const struct plan *p, const struct filter_element *e)
{
	return filter_add(p->filter, e) < 0
		       ? error_set(p->err, -ENOMEM, "out of memory")
		       : 0;
}

static int plan_add(const struct plan *p, const char *set, const char *key,
		    const char *value)
{
	return plan_put(p, &(struct filter_element){.set = set,
						    .key = key,
						    .value = value});
}

static int plan_egress(const struct plan *p)
{
	const struct resolv dns = resolv_of(p->instance, p->ns);
	uint64_t hash = hash_targets(FNV_BASIS, &p->ns->allow);
	char name[EGRESS_NAME_MAX], verdict[EGRESS_NAME_MAX + 16];
	int r;

	if (!dns.set && !p->ns->allow.n && !p->ns->deny.n)
		return 0;
	hash = hash_targets(hash, &p->ns->deny);
	hash = index_hash(hash, dns.set ? "dns" : "", 1);
	for (size_t n = 0; n < dns.n; n++)
		hash = hash_prefix(hash, &dns.servers[n]);
	hash = hash_prefix(hash, &p->policy->pool4);
	hash = hash_prefix(hash, &p->policy->pool6);
	chain_name(p, NFT_EGRESS, hash, name);
	r = plan_chain(p, name, print_egress, verdict);
	return r < 0 ? r
		     : plan_add(p, "egress", p->instance->host_ifname, verdict);
}

static int plan_allow_address(const struct plan *p, const char *verdict,
			      const struct inet_prefix *address)
{
	char text[INET_PREFIX_STR];

	if (address->family == AF_UNSPEC)
		return 0;
	inet_address_format(address, text);
	return plan_add(p,
			address->family == AF_INET ? "allow_host4"
						   : "allow_host6",
			text, verdict);
}

/* by_address: behind a switch the host does not see the port. */
static int plan_allow_host(const struct plan *p, bool by_address)
{
	const struct instance *i = p->instance;
	char name[EGRESS_NAME_MAX], verdict[EGRESS_NAME_MAX + 16];
	int r;

	if (!p->ns->allow_host.n)
		return 0;
	chain_name(p, NFT_SERVICES, hash_targets(FNV_BASIS, &p->ns->allow_host),
		   name);
	r = plan_chain(p, name, print_services, verdict);
	if (r < 0)
		return r;
	if (!by_address)
		return plan_add(p, "allow_host", i->host_ifname, verdict);
	r = plan_allow_address(p, verdict, &i->address4);
	if (r == 0)
		r = plan_allow_address(p, verdict, &i->address6);
	for (size_t n = 0; n < i->n_more && r == 0; n++)
		r = plan_allow_address(p, verdict, &i->more[n]);
	return r;
}

static int plan_limits(const struct plan *p)
{
	const char *ifname = p->instance->host_ifname;
	char name[EGRESS_NAME_MAX], verdict[EGRESS_NAME_MAX + 16];
	int r;

	p->filter->ifindex = p->instance->host_ifindex;
	p->filter->parts = filter_limit_parts(p->ns->max_connections);
	if (!p->ns->max_connections)
		return 0;
	snprintf(name, sizeof(name), NFT_LIMIT "%u", p->ns->max_connections);
	r = plan_chain(p, name, print_limits, verdict);
	if (r == 0)
		r = plan_add(p, "limits", ifname, verdict);
	snprintf(verdict, sizeof(verdict), ": goto %s_in", name);
	return r < 0 ? r : plan_add(p, "limits_in", ifname, verdict);
}

/* --- publish --- */

static int plan_publish_one(const struct plan *p,
			    const struct target_publish *publish, bool ipv6,
			    bool udp)
{
	/* By family, and by whether an address of the host is given. */
	static const char *const sets[2][2] = {{"publish4", "publish4_at"},
					       {"publish6", "publish6_at"}};
	const struct inet_prefix *to =
		ipv6 ? &p->instance->address6 : &p->instance->address4;
	const bool at = publish->address.family != AF_UNSPEC;
	const char *protocol = udp ? "udp" : "tcp";
	char inner[INET_PREFIX_STR], outer[INET_PREFIX_STR] = "", key[160],
				     value[96];
	const struct filter_element e = {
		.set = sets[ipv6][at],
		.key = key,
		.value = value,
		.port = {publish->address, publish->host_port, *to,
			 publish->port},
		.udp = udp,
	};
	int r;

	inet_address_format(to, inner);
	if (at)
		inet_address_format(&publish->address, outer);
	snprintf(key, sizeof(key), "%s%s%s . %u", outer, at ? " . " : "",
		 protocol, publish->host_port);
	snprintf(value, sizeof(value), ": %s . %u", inner, publish->port);
	r = plan_put(p, &e);
	if (r < 0)
		return r;
	snprintf(key, sizeof(key), "%s . %s . %u", inner, protocol,
		 publish->port);
	return plan_add(p, ipv6 ? "published6" : "published4", key, "");
}

static int plan_publish_item(const struct plan *p,
			     const struct target_publish *publish)
{
	const struct instance *i = p->instance;
	bool done = false;
	int r = 0;

	for (int ipv6 = 0; ipv6 < 2 && r == 0; ipv6++) {
		sa_family_t family = ipv6 ? AF_INET6 : AF_INET;

		if ((ipv6 ? &i->address6 : &i->address4)->family != family ||
		    (publish->address.family != AF_UNSPEC &&
		     publish->address.family != family))
			continue;
		done = true;
		if (publish->protocol != TARGET_UDP)
			r = plan_publish_one(p, publish, ipv6, false);
		if (r == 0 && publish->protocol != TARGET_TCP)
			r = plan_publish_one(p, publish, ipv6, true);
	}
	/* Without a lease for a time: no reason to refuse the rest. */
	if (r == 0 && !done && i->state != INSTANCE_MAKING) {
		log_warning("%s: publish: '%s' has no effect: the namespace has no address of that family now",
			    i->name, publish->text);
		return 0;
	}
	if (r == 0 && !done)
		return error_set(p->err, -EADDRNOTAVAIL,
				 "publish: '%s' has no target: the namespace %s has no address of that family",
				 publish->text, i->name);
	return r;
}

/* A namespace that is LEAVING leaves its ports to the next one. */
static int plan_publish(const struct plan *p)
{
	int r = 0;

	if (p->instance->state == INSTANCE_LEAVING)
		return 0;
	for (size_t n = 0; n < p->ns->publish.n && r == 0; n++)
		r = plan_publish_item(p, &p->ns->publish.items[n]);
	return r;
}

struct filter *filter_unpublished(struct helper *h, const struct filter *from)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->ifindex = from->ifindex;
	f->parts = from->parts;
	for (size_t n = 0; n < from->n_chains; n++) {
		f->chains[f->n_chains++] = from->chains[n];
		from->chains[n]->users++;
	}
	for (size_t n = 0; n < from->n; n++) {
		const struct filter_element *e = &from->elements[n];

		if (!e->port.port && filter_add(f, e) < 0)
			return filter_unref(h, f);
	}
	return f;
}

/* --- all of it --- */

static int plan_inside(const struct plan *p)
{
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f = text_open(&t, p->err);
	int r;

	if (!f)
		return -ENOMEM;
	r = filter_inside_print(p->instance, p->policy, p->ns, f, p->err);
	r = text_close(&t, r, p->err);
	if (r == 0)
		p->filter->inside = take_ptr(t.s);
	return r;
}

static int plan_all(const struct plan *p)
{
	enum link_filter where = p->instance->ops->filter;
	bool behind = p->instance->ops->behind_switch;
	int r = 0;

	if (where == FILTER_HOST && p->instance->host_ifindex) {
		if (!p->ns)
			return plan_add(p, "egress", p->instance->host_ifname,
					": goto refuse");
		r = plan_egress(p);
		if (r == 0)
			r = plan_limits(p);
	}
	if (!p->ns)
		return 0;
	if (r == 0 &&
	    ((where == FILTER_HOST && p->instance->host_ifindex) || behind))
		r = plan_allow_host(p, where != FILTER_HOST);
	if (r == 0)
		r = plan_publish(p);
	if (r == 0 && where == FILTER_INSIDE)
		r = plan_inside(p);
	return r;
}

int filter_plan(const struct instance *i, const struct policy *policy,
		const struct policy_namespace *ns, struct filter **ret,
		struct error *err)
{
	struct plan p = {.helper = i->helper,
			 .instance = i,
			 .policy = policy,
			 .ns = ns,
			 .filter = calloc(1, sizeof(*p.filter)),
			 .err = err};
	int r;

	if (!p.filter)
		return error_set(err, -ENOMEM, "out of memory");
	r = plan_all(&p);
	if (r < 0)
		filter_unref(i->helper, p.filter);
	else
		*ret = p.filter;
	return r;
}
