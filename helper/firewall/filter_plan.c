/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the policy comes to for one instance: elements, and chains for them. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/index.h"
#include "common/policy/target.h"
#include "filter_parts.h"
#include "helper/base/log.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/resolv_conf.h"
#include "helper/kernel/sysctl.h"
#include "nft.h"

#define TABLE "inet " NFT_TABLE

/*
 * Connections at once, where the policy says nothing: a quarter of what the
 * host can follow, and of the ports that NAT has to a server.
 */
#define LIMIT_DEFAULT	 16384
#define LIMIT_DEFAULT_OF 4
/*
 * A new connection costs half a microsecond for each that is in the same list
 * (nf_conncount_add()): more than this are counted in parts.
 */
#define LIMIT_EXACT	1024
#define LIMIT_PART	256
#define LIMIT_PARTS_MAX 1024

struct plan {
	struct helper *helper;
	const struct instance *instance;
	const struct policy *policy;
	const struct policy_namespace *ns;
	struct filter *filter;
	struct error *err;
};

/* --- filters --- */

static void chain_free(struct filter_chain *chain)
{
	free(chain->add);
	free(chain->remove);
	free(chain);
}

static void chain_unref(struct helper *h, struct filter_chain *chain)
{
	if (--chain->users)
		return;
	for (struct filter_chain **p = &h->filter_chains; *p; p = &(*p)->next)
		if (*p == chain) {
			*p = chain->next;
			break;
		}
	chain_free(chain);
}

struct filter *filter_unref(struct helper *h, struct filter *f)
{
	if (!f)
		return NULL;
	for (size_t n = 0; n < f->n_chains; n++)
		chain_unref(h, f->chains[n]);
	for (size_t n = 0; n < f->n; n++)
		free(f->elements[n].key);
	free(f->elements);
	free(f->inside);
	free(f);
	return NULL;
}

/* Both words are copied. Return: 0 or -ENOMEM. */
static int filter_add(struct filter *f, const char *set, const char *key,
		      const char *value)
{
	struct filter_element *more;
	size_t len = strlen(key) + 1, bytes = len + strlen(value) + 1;
	char *text;

	for (size_t n = 0; n < f->n; n++)
		if (strcmp(f->elements[n].set, set) == 0 &&
		    strcmp(f->elements[n].key, key) == 0)
			return 0;
	text = malloc(bytes);
	more = realloc(f->elements, (f->n + 1) * sizeof(*more));
	if (more)
		f->elements = more;
	if (!text || !more) {
		free(text);
		return -ENOMEM;
	}
	memcpy(text, key, len);
	memcpy(text + len, value, bytes - len);
	more[f->n++] = (struct filter_element){set, text, text + len};
	return 0;
}

/* --- chains --- */

struct chain_texts {
	FILE *add, *remove;
};

/*
 * The chain of that name: the one there is, or a new one by print(). The filter
 * is a user of it from now on. Return: NULL with the error said.
 */
static const struct filter_chain *
plan_chain(const struct plan *p, const char *name,
	   int (*print)(const struct plan *p, const char *name,
			const struct chain_texts *texts))
{
	struct helper *h = p->helper;
	struct filter_chain *chain = h->filter_chains;
	struct chain_texts texts = {NULL, NULL};
	size_t bytes[2];
	int r;

	while (chain && strcmp(chain->name, name) != 0)
		chain = chain->next;
	if (chain) {
		chain->users++;
		p->filter->chains[p->filter->n_chains++] = chain;
		return chain;
	}
	chain = calloc(1, sizeof(*chain));
	if (!chain) {
		error_set(p->err, -ENOMEM, "out of memory");
		return NULL;
	}
	snprintf(chain->name, sizeof(chain->name), "%s", name);
	texts.add = open_memstream(&chain->add, &bytes[0]);
	texts.remove = open_memstream(&chain->remove, &bytes[1]);
	r = texts.add && texts.remove ? print(p, name, &texts) : -ENOMEM;
	if (r == -ENOMEM)
		error_set(p->err, r, "out of memory");
	if (texts.add && fclose(texts.add) != 0 && r == 0)
		r = error_set(p->err, -ENOMEM, "out of memory");
	if (texts.remove && fclose(texts.remove) != 0 && r == 0)
		r = error_set(p->err, -ENOMEM, "out of memory");
	if (r < 0) {
		chain_free(chain);
		return NULL;
	}
	chain->users = 1;
	chain->next = h->filter_chains;
	h->filter_chains = chain;
	p->filter->chains[p->filter->n_chains++] = chain;
	return chain;
}

static uint64_t hash_list(uint64_t hash, const struct policy_list *list)
{
	for (size_t n = 0; n < list->n; n++)
		hash = index_hash(hash, list->items[n],
				  strlen(list->items[n]) + 1);
	return index_hash(hash, "", 1);
}

static uint64_t hash_prefix(uint64_t hash, const struct inet_prefix *p)
{
	char text[INET_PREFIX_STR];

	inet_prefix_format(p, text);
	return index_hash(hash, text, strlen(text) + 1);
}

/* Named by section and content: other content is another chain. */
static void chain_name(const struct plan *p, const char *prefix, uint64_t hash,
		       char ret[static EGRESS_NAME_MAX])
{
	snprintf(ret, EGRESS_NAME_MAX, "%s%.*s_%016" PRIx64, prefix,
		 NAME_MAX_POLICY, p->ns->name, hash);
}

static int print_egress(const struct plan *p, const char *name,
			const struct chain_texts *texts)
{
	const struct inet_prefix pools[] = {p->policy->pool4, p->policy->pool6};
	const struct resolv dns = resolv_of(p->instance, p->ns);
	const struct egress egress = {&dns, &p->ns->allow, &p->ns->deny, pools,
				      2};

	return egress_print(&egress, TABLE, name, texts->add, texts->remove,
			    p->err);
}

static int print_services(const struct plan *p, const char *name,
			  const struct chain_texts *texts)
{
	return egress_print_ports(&p->ns->allow_host, TABLE, name,
				  "goto refuse", texts->add, texts->remove,
				  p->err);
}

/* --- limits --- */

static unsigned int limit_parts(unsigned int limit)
{
	unsigned int parts = 1;

	while (limit > LIMIT_EXACT && limit / parts > LIMIT_PART &&
	       parts < LIMIT_PARTS_MAX)
		parts *= 2;
	return parts;
}

static void print_limit(FILE *f, const char *chain, const char *side,
			unsigned int limit)
{
	unsigned int parts = limit_parts(limit);

	fprintf(f,
		"add rule " TABLE " %s %s . symhash mod %u @full goto refuse\n"
		"add rule " TABLE
		" %s add @connections { %s . symhash mod %u ct count over %u } update @full { %s . symhash mod %u } goto refuse\n",
		chain, side, parts, chain, side, parts, limit / parts, side,
		parts);
}

static unsigned int limit_default(void)
{
	unsigned int limit = LIMIT_DEFAULT;
	unsigned long of = 0;
	char value[32];

	/* Not there before the first rule that follows connections. */
	if (sysctl_read("net/netfilter/nf_conntrack_max", value,
			sizeof(value)) >= 0)
		of = strtoul(value, NULL, 10) / LIMIT_DEFAULT_OF;
	if (of && of < limit)
		limit = (unsigned int)of;
	return limit;
}

void filter_print_default_limit(FILE *f)
{
	unsigned int limit = limit_default();

	print_limit(f, "new", "iif", limit);
	print_limit(f, "new_in", "oif", limit);
}

void filter_print_limit_inside(unsigned int limit, FILE *f)
{
	unsigned int number = limit ? limit : limit_default();
	unsigned int parts = limit_parts(number);

	fprintf(f,
		"add set " TABLE
		" connections { typeof oif . symhash mod 2; size 4096; flags dynamic; }\n"
		"add rule " TABLE
		" admitted ct state new add @connections { oif . symhash mod %u ct count over %u } goto refuse\n",
		parts, number / parts);
}

/* (Adding first makes deleting what is not there no error.) */
void filter_print_forget(const struct filter *f, FILE *to)
{
	static const char *const verbs[] = {"add", "delete"};

	if (!f->ifindex)
		return;
	for (size_t v = 0; v < 2; v++) {
		fprintf(to,
			"%s element " TABLE " refusals { %u }\n"
			"%s element " TABLE " connections { ",
			verbs[v], f->ifindex, verbs[v]);
		for (unsigned int n = 0; n < f->parts; n++)
			fprintf(to, "%s%u . %u", n ? ", " : "", f->ifindex, n);
		fputs(" }\n", to);
	}
}

static int print_limits(const struct plan *p, const char *name,
			const struct chain_texts *texts)
{
	char in[EGRESS_NAME_MAX + 3];

	snprintf(in, sizeof(in), "%s_in", name);
	fprintf(texts->add,
		"add chain " TABLE " %s\n"
		"add chain " TABLE " %s\n",
		name, in);
	print_limit(texts->add, name, "iif", p->ns->max_connections);
	print_limit(texts->add, in, "oif", p->ns->max_connections);
	fprintf(texts->remove,
		"flush chain " TABLE " %s\n"
		"flush chain " TABLE " %s\n"
		"delete chain " TABLE " %s\n"
		"delete chain " TABLE " %s\n",
		name, in, name, in);
	return 0;
}

/* --- elements --- */

static int plan_add(const struct plan *p, const char *set, const char *value,
		    const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int plan_add(const struct plan *p, const char *set, const char *value,
		    const char *format, ...)
{
	char key[160];
	va_list args;

	va_start(args, format);
	vsnprintf(key, sizeof(key), format, args);
	va_end(args);
	if (filter_add(p->filter, set, key, value) < 0)
		return error_set(p->err, -ENOMEM, "out of memory");
	return 0;
}

/* Leads from an element to a chain. */
static void plan_verdict(const struct filter_chain *chain, const char *suffix,

			 char ret[static EGRESS_NAME_MAX + 16])
{
	snprintf(ret, EGRESS_NAME_MAX + 16, ": goto %s%s", chain->name, suffix);
}

static int plan_egress(const struct plan *p)
{
	const struct resolv dns = resolv_of(p->instance, p->ns);
	uint64_t hash = hash_list(FNV_BASIS, &p->ns->allow);
	char name[EGRESS_NAME_MAX], verdict[EGRESS_NAME_MAX + 16];
	const struct filter_chain *chain;

	if (!dns.set && !p->ns->allow.n && !p->ns->deny.n)
		return 0;
	hash = hash_list(hash, &p->ns->deny);
	hash = index_hash(hash, dns.set ? "dns" : "", 1);
	for (size_t n = 0; n < dns.n; n++)
		hash = hash_prefix(hash, &dns.servers[n]);
	hash = hash_prefix(hash, &p->policy->pool4);
	hash = hash_prefix(hash, &p->policy->pool6);
	chain_name(p, NFT_EGRESS, hash, name);
	chain = plan_chain(p, name, print_egress);
	if (!chain)
		return -ENOMEM;
	plan_verdict(chain, "", verdict);
	return plan_add(p, "egress", verdict, "%s", p->instance->host_ifname);
}

static int plan_allow_address(const struct plan *p, const char *verdict,
			      const struct inet_prefix *address)
{
	char text[INET_PREFIX_STR];

	if (address->family == AF_UNSPEC)
		return 0;
	inet_address_format(address, text);
	return plan_add(
		p, address->family == AF_INET ? "allow_host4" : "allow_host6",
		verdict, "%s", text);
}

/* By address, where the host sees the switch and not the port. */
static int plan_allow_host(const struct plan *p, bool by_address)
{
	const struct instance *i = p->instance;
	char name[EGRESS_NAME_MAX], verdict[EGRESS_NAME_MAX + 16];
	const struct filter_chain *chain;
	int r;

	if (!p->ns->allow_host.n)
		return 0;
	chain_name(p, NFT_SERVICES, hash_list(FNV_BASIS, &p->ns->allow_host),
		   name);
	chain = plan_chain(p, name, print_services);
	if (!chain)
		return -ENOMEM;
	plan_verdict(chain, "", verdict);
	if (!by_address)
		return plan_add(p, "allow_host", verdict, "%s", i->host_ifname);
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
	const struct filter_chain *chain;
	int r;

	p->filter->ifindex = p->instance->host_ifindex;
	p->filter->parts =
		limit_parts(p->ns->max_connections ? p->ns->max_connections
						   : LIMIT_DEFAULT);
	if (!p->ns->max_connections)
		return 0;
	snprintf(name, sizeof(name), NFT_LIMIT "%u", p->ns->max_connections);
	chain = plan_chain(p, name, print_limits);
	if (!chain)
		return -ENOMEM;
	plan_verdict(chain, "", verdict);
	r = plan_add(p, "limits", verdict, "%s", ifname);
	plan_verdict(chain, "_in", verdict);
	return r < 0 ? r : plan_add(p, "limits_in", verdict, "%s", ifname);
}

/* --- publish --- */

static int plan_publish_one(const struct plan *p,
			    const struct target_publish *publish, bool ipv6,
			    const char *protocol)
{
	const struct inet_prefix *to =
		ipv6 ? &p->instance->address6 : &p->instance->address4;
	char inner[INET_PREFIX_STR], outer[INET_PREFIX_STR], value[96];
	int r;

	inet_address_format(to, inner);
	snprintf(value, sizeof(value), ": %s . %u", inner, publish->port);
	if (publish->address.family == AF_UNSPEC) {
		r = plan_add(p, filter_publish_set(ipv6, false), value,
			     "%s . %u", protocol, publish->host_port);
	} else {
		inet_address_format(&publish->address, outer);
		r = plan_add(p, filter_publish_set(ipv6, true), value,
			     "%s . %s . %u", outer, protocol,
			     publish->host_port);
	}
	if (r < 0)
		return r;
	return plan_add(p, ipv6 ? "published6" : "published4", "",
			"%s . %s . %u", inner, protocol, publish->port);
}

static int plan_publish_item(const struct plan *p, const char *text)
{
	const struct instance *i = p->instance;
	struct target_publish publish;
	bool done = false;
	int r = target_parse_publish(text, &publish, p->err);

	for (int ipv6 = 0; ipv6 < 2 && r == 0; ipv6++) {
		sa_family_t family = ipv6 ? AF_INET6 : AF_INET;

		if ((ipv6 ? &i->address6 : &i->address4)->family != family ||
		    (publish.address.family != AF_UNSPEC &&
		     publish.address.family != family))
			continue;
		done = true;
		if (publish.protocol != TARGET_UDP)
			r = plan_publish_one(p, &publish, ipv6, "tcp");
		if (r == 0 && publish.protocol != TARGET_TCP)
			r = plan_publish_one(p, &publish, ipv6, "udp");
	}
	/* Cut off, without a lease: no reason to refuse all the rest. */
	if (r == 0 && !done && i->state != INSTANCE_MAKING) {
		log_warning("%s: publish: '%s' leads to no address of it now",
			    i->name, text);
		return 0;
	}
	if (r == 0 && !done)
		return error_set(
			p->err, -EADDRNOTAVAIL,
			"publish: '%s' leads to no address: the namespace %s has none of that family",
			text, i->name);
	return r;
}

/* What is leaving gives its ports to the next one. */
static int plan_publish(const struct plan *p)
{
	int r = 0;

	if (p->instance->state == INSTANCE_LEAVING)
		return 0;
	for (size_t n = 0; n < p->ns->publish.n && r == 0; n++)
		r = plan_publish_item(p, p->ns->publish.items[n]);
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

		if (!filter_publishes(e) &&
		    filter_add(f, e->set, e->key, e->value) < 0)
			return filter_unref(h, f);
	}
	return f;
}

/* --- the whole --- */

static int plan_inside(const struct plan *p)
{
	size_t bytes = 0;
	FILE *f = open_memstream(&p->filter->inside, &bytes);
	int r;

	if (!f)
		return error_set(p->err, -ENOMEM, "out of memory");
	r = filter_print_inside(p->instance, p->policy, p->ns, f, p->err);
	if (fclose(f) != 0 && r == 0)
		r = error_set(p->err, -ENOMEM, "out of memory");
	return r;
}

static int plan_all(const struct plan *p)
{
	enum link_filter where = p->instance->ops->filter;
	bool bridge = p->instance->link == LINK_BRIDGE;
	int r = 0;

	if (where == FILTER_HOST && p->instance->host_ifindex) {
		if (!p->ns)
			return plan_add(p, "egress", ": goto refuse", "%s",
					p->instance->host_ifname);
		r = plan_egress(p);
		if (r == 0)
			r = plan_limits(p);
	}
	if (!p->ns)
		return 0;
	if (r == 0 &&
	    ((where == FILTER_HOST && p->instance->host_ifindex) || bridge))
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
