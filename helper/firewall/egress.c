/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "egress.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/inet.h"
#include "common/policy/target.h"
#include "helper/base/text.h"

#define ELEMENTS_A_COMMAND 1000
#define NAT64_PREFIXES	   2

/* The verdict of a rule, in the order in which rules are evaluated. */
enum egress_verdict { VERDICT_DENY, VERDICT_NAMED, VERDICT_ALLOW, VERDICTS };

static const char *const verdicts[VERDICTS] = {
	[VERDICT_DENY] = "goto refuse",
	[VERDICT_NAMED] = "goto admitted",
	[VERDICT_ALLOW] = "goto unnamed",
};

/* An address of either family as a number. */
typedef unsigned __int128 egress_address;

struct egress_rule {
	egress_address first, last;
	enum egress_verdict verdict;
	struct target_ports ports;
};

/* All rules of one family. */
struct egress_rules {
	sa_family_t family;
	struct egress_rule *items;
	size_t n;
	bool allow; /* the section has `allow`, of either family */
};

struct egress_printer {
	const char *table, *name;
	FILE *add, *remove;
	FILE *elements; /* of the map that is being filled */
	size_t n_elements;
	void *classes; /* a tree of tsearch(3) */
	unsigned int n_classes;
};

/* A chain that several intervals share. */
struct egress_class {
	char *text;
	unsigned int number;
};

/* The verdict for destinations that no rule mentions. */
static const char *verdict_otherwise(bool allow)
{
	return verdicts[allow ? VERDICT_DENY : VERDICT_ALLOW];
}

/* --- addresses --- */

static egress_address address_number(const struct inet_prefix *p)
{
	egress_address number = 0;

	for (size_t n = 0; n < inet_bytes(p->family); n++)
		number = number << 8 | p->addr[n];
	return number;
}

static void address_print(FILE *f, sa_family_t family, egress_address number)
{
	struct inet_prefix p = {.family = family};
	char text[INET_PREFIX_STR];

	for (size_t n = inet_bytes(family); n-- > 0; number >>= 8)
		p.addr[n] = (uint8_t)number;
	inet_address_format(&p, text);
	fputs(text, f);
}

static egress_address prefix_last(const struct inet_prefix *p)
{
	unsigned int host = (unsigned int)inet_bytes(p->family) * 8 - p->length;

	/* (A shift by the width of the type is undefined.) */
	return address_number(p) |
	       (host == 128 ? ~(egress_address)0
			    : ((egress_address)1 << host) - 1);
}

/* --- rules --- */

static bool within_words(const char *words, const struct inet_prefix *p)
{
	char copy[512], *rest = copy;
	const char *word;
	struct inet_prefix around;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, ", ")))
		if (inet_prefix_parse(word, &around) == 0 &&
		    around.length <= p->length &&
		    inet_prefix_contains(&around, p))
			return true;
	return false;
}

static bool egress_is_named(const struct egress *e, const struct inet_prefix *p)
{
	if (p->length == inet_bytes(p->family) * 8)
		return true;
	for (size_t n = 0; n < e->n_pools; n++)
		if (e->pools[n].family == p->family &&
		    e->pools[n].length <= p->length &&
		    inet_prefix_contains(&e->pools[n], p))
			return true;
	return within_words(EGRESS_REFUSED4, p) ||
	       within_words(EGRESS_REFUSED6, p) ||
	       within_words(EGRESS_LINK_LOCAL, p);
}

static enum egress_verdict egress_verdict(const struct egress *e,
					  const struct target *t)
{
	return egress_is_named(e, &t->prefix) ? VERDICT_NAMED : VERDICT_ALLOW;
}

static void rule_put(struct egress_rules *rules, const struct inet_prefix *p,
		     const struct target_ports *ports,
		     enum egress_verdict verdict)
{
	rules->items[rules->n++] = (struct egress_rule){
		.first = address_number(p),
		.last = prefix_last(p),
		.ports = *ports,
		.verdict = verdict,
	};
}

/* A denied IPv4 prefix, as it is reached through a NAT64. */
static void rules_deny_nat64(struct egress_rules *rules, const struct target *t)
{
	static const char *const around[NAT64_PREFIXES] = {EGRESS_NAT64,
							   EGRESS_NAT64_LOCAL};

	for (size_t n = 0; n < NAT64_PREFIXES; n++) {
		struct inet_prefix p;

		inet_prefix_parse(around[n], &p);
		memcpy(p.addr + p.length / 8, t->prefix.addr,
		       inet_bytes(AF_INET));
		p.length = (uint8_t)(p.length + t->prefix.length);
		rule_put(rules, &p, &t->ports, VERDICT_DENY);
	}
}

static void rules_read(const struct egress *e, struct egress_rules *rules,
		       const struct policy_targets *list, bool deny)
{
	for (size_t n = 0; n < list->n; n++) {
		const struct target *t = &list->items[n];

		if (t->prefix.family == rules->family)
			rule_put(rules, &t->prefix, &t->ports,
				 deny ? VERDICT_DENY : egress_verdict(e, t));
		else if (deny && t->prefix.family == AF_INET)
			rules_deny_nat64(rules, t);
	}
}

/* An interval without rules for all addresses: the map has no gaps. */
static void rules_ground(struct egress_rules *rules)
{
	const struct inet_prefix all = {.family = rules->family};

	rules->items[rules->n++] =
		(struct egress_rule){.last = prefix_last(&all),
				     .verdict = VERDICTS};
}

/* By the first address; of the same first address, the widest first. */
static int rule_compare(const void *a, const void *b)
{
	const struct egress_rule *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return 0;
}

/* --- the rules of one interval --- */

static int ports_compare(const void *a, const void *b)
{
	const struct target_ports *x = a, *y = b;

	return (int)x->first - (int)y->first;
}

/* "tcp dport { 80, 443-444 } VERDICT", ports of all rules joined. */
static void print_ports(FILE *f, const char *protocol,
			struct target_ports *ports, size_t n,
			const char *verdict)
{
	const char *joint = "";

	if (!n)
		return;
	qsort(ports, n, sizeof(*ports), ports_compare);
	fprintf(f, "%s dport { ", protocol);
	for (size_t i = 0; i < n;) {
		unsigned int first = ports[i].first, last = ports[i].last;

		for (i++; i < n && ports[i].first <= last + 1; i++)
			if (ports[i].last > last)
				last = ports[i].last;
		fprintf(f, "%s%u", joint, first);
		if (last > first)
			fprintf(f, "-%u", last);
		joint = ", ";
	}
	fprintf(f, " } %s\n", verdict);
}

/*
 * Prints rules, one in each line, that give these ports and protocols the
 * verdict. Return: 1 when they match every packet, 0, -ENOMEM.
 */
static int print_group(FILE *f, sa_family_t family,
		       const struct target_ports *all, size_t n,
		       const char *verdict)
{
	static const struct {
		enum target_protocol protocol;
		const char *name;
	} ported[] = {{TARGET_TCP, "tcp"}, {TARGET_UDP, "udp"}};
	_cleanup_free_ struct target_ports *some = calloc(n + 1, sizeof(*some));
	bool whole[TARGET_ICMP + 1] = {false};

	if (!some)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!all[i].first)
			whole[all[i].protocol] = true;
	if (whole[TARGET_ANY]) {
		fprintf(f, "%s\n", verdict);
		return 1;
	}
	if (whole[TARGET_ICMP])
		fprintf(f, "meta l4proto %s %s\n",
			family == AF_INET ? "icmp" : "ipv6-icmp", verdict);
	for (size_t k = 0; k < sizeof(ported) / sizeof(ported[0]); k++) {
		size_t m = 0;

		if (whole[ported[k].protocol]) {
			fprintf(f, "meta l4proto %s %s\n", ported[k].name,
				verdict);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			if (all[i].first &&
			    (all[i].protocol == ported[k].protocol ||
			     all[i].protocol == TARGET_ANY))
				some[m++] = all[i];
		print_ports(f, ported[k].name, some, m, verdict);
	}
	return 0;
}

/*
 * The rules for an interval to which `holds` apply, one in each line; the last
 * one matches all packets. Return: the text, malloc'd, or NULL.
 */
static char *piece_text(const struct egress_rules *rules,
			const struct egress_rule *holds, size_t n)
{
	_cleanup_free_ struct target_ports *ports =
		calloc(n + 1, sizeof(*ports));
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f = ports ? text_open(&t, NULL) : NULL;
	int r = 0;

	if (!f)
		return NULL;
	for (unsigned int v = 0; v < VERDICTS && r == 0; v++) {
		size_t m = 0;

		for (size_t i = 0; i < n; i++)
			if (holds[i].verdict == v)
				ports[m++] = holds[i].ports;
		if (m)
			r = print_group(f, rules->family, ports, m,
					verdicts[v]);
	}
	if (r == 0)
		fprintf(f, "%s\n", verdict_otherwise(rules->allow));
	if (text_close(&t, r, NULL) < 0)
		return NULL;
	return take_ptr(t.s);
}

/* --- chains and maps --- */

static int class_compare(const void *a, const void *b)
{
	return strcmp(((const struct egress_class *)a)->text,
		      ((const struct egress_class *)b)->text);
}

static void class_free(void *node)
{
	struct egress_class *c = node;

	free(c->text);
	free(c);
}

static void print_chain(const struct egress_printer *p, const char *suffix,
			const char *text)
{
	fprintf(p->add, "add chain %s %s%s\n", p->table, p->name, suffix);
	while (*text) {
		size_t len = strcspn(text, "\n");

		fprintf(p->add, "add rule %s %s%s %.*s\n", p->table, p->name,
			suffix, (int)len, text);
		text += len + 1;
	}
}

/* The chain for this text, which it frees. Return: its number, or 0. */
static unsigned int class_number(struct egress_printer *p, char *text)
{
	struct egress_class *class = calloc(1, sizeof(*class)), **at = NULL;
	char suffix[16];

	if (class) {
		class->text = text;
		at = tsearch(class, &p->classes, class_compare);
	}
	if (!at) {
		free(class);
		free(text);
		return 0;
	}
	if (*at != class) {
		class_free(class);
		return (*at)->number;
	}
	class->number = ++p->n_classes;
	snprintf(suffix, sizeof(suffix), "-%u", class->number);
	print_chain(p, suffix, text);
	return class->number;
}

/* One interval of addresses: an element of the map. */
static int print_piece(struct egress_printer *p,
		       const struct egress_rules *rules, egress_address first,
		       egress_address last, const struct egress_rule *holds,
		       size_t n)
{
	char *text = piece_text(rules, holds, n);
	size_t line = text ? strcspn(text, "\n") : 0;
	FILE *f = p->elements;
	unsigned int class;

	if (!text)
		return -ENOMEM;
	if (p->n_elements % ELEMENTS_A_COMMAND == 0)
		fprintf(f, "%sadd element %s %s-v%c { ",
			p->n_elements ? " }\n" : "", p->table, p->name,
			rules->family == AF_INET ? '4' : '6');
	else
		fputs(", ", f);
	p->n_elements++;
	address_print(f, rules->family, first);
	if (last > first) {
		fputc('-', f);
		address_print(f, rules->family, last);
	}
	if (!text[line + 1]) { /* a single rule needs no chain */
		fprintf(f, " : %.*s", (int)line, text);
		free(text);
		return 0;
	}
	class = class_number(p, text);
	if (!class)
		return -ENOMEM;
	fprintf(f, " : goto %s-%u", p->name, class);
	return 0;
}

/*
 * Goes through the addresses from first to last. Two prefixes are nested or
 * disjoint, so the prefixes that contain an address form a stack.
 */
static int sweep(struct egress_printer *p, const struct egress_rules *rules)
{
	_cleanup_free_ struct egress_rule *stack =
		calloc(rules->n + 1, sizeof(*stack));
	egress_address at = 0; /* all before it is printed */
	size_t depth = 0;
	bool over = false; /* `at` is past the last address of all */
	int r = 0;

	if (!stack)
		return -ENOMEM;
	for (size_t n = 0; n <= rules->n && r == 0; n++) {
		const struct egress_rule *next =
			n < rules->n ? &rules->items[n] : NULL;

		while (r == 0 && depth &&
		       (!next || stack[depth - 1].last < next->first)) {
			egress_address last = stack[depth - 1].last;

			if (!over && at <= last) {
				r = print_piece(p, rules, at, last, stack,
						depth);
				at = last + 1;
				over = !at;
			}
			depth--;
		}
		if (!next)
			break;
		if (r == 0 && depth && at < next->first)
			r = print_piece(p, rules, at, next->first - 1, stack,
					depth);
		at = next->first;
		stack[depth++] = *next;
	}
	return r;
}

/* The map of one family, and its look-up in the chain. */
static int print_family(struct egress_printer *p, struct egress_rules *rules)
{
	const char *family = rules->family == AF_INET ? "ip" : "ip6";
	char digit = rules->family == AF_INET ? '4' : '6';
	_cleanup_(text_clear) struct text t = {NULL};

	if (!rules->n) {
		fprintf(p->add, "add rule %s %s meta nfproto ipv%c %s\n",
			p->table, p->name, digit,
			verdict_otherwise(rules->allow));
		return 0;
	}
	rules_ground(rules);
	qsort(rules->items, rules->n, sizeof(*rules->items), rule_compare);
	p->elements = text_open(&t, NULL);
	if (!p->elements)
		return -ENOMEM;
	p->n_elements = 0;
	if (text_close(&t, sweep(p, rules), NULL) < 0)
		return -ENOMEM;
	fprintf(p->add,
		"add map %s %s-v%c { type ipv%c_addr : verdict; flags interval; }\n%s }\n"
		"add rule %s %s %s daddr vmap @%s-v%c\n",
		p->table, p->name, digit, digit, t.s, p->table, p->name, family,
		p->name, digit);
	return 0;
}

/* Port 53 only to the policy's servers. */
static void print_dns(const struct egress_printer *p, const struct resolv *dns)
{
	char address[INET_PREFIX_STR];

	if (!dns->set)
		return;
	fprintf(p->add, "add chain %s %s-dns\n", p->table, p->name);
	for (size_t n = 0; n < dns->n; n++) {
		inet_address_format(&dns->servers[n], address);
		fprintf(p->add, "add rule %s %s-dns %s daddr %s %s\n", p->table,
			p->name,
			dns->servers[n].family == AF_INET ? "ip" : "ip6",
			address, verdicts[VERDICT_NAMED]);
	}
	fprintf(p->add,
		"add rule %s %s-dns %s\n"
		"add rule %s %s meta l4proto { tcp, udp } th dport 53 goto %s-dns\n",
		p->table, p->name, verdicts[VERDICT_DENY], p->table, p->name,
		p->name);
}

static void print_removal(const struct egress_printer *p, bool v4, bool v6,
			  bool dns)
{
	if (!p->remove)
		return;
	fprintf(p->remove, "flush chain %s %s\n", p->table, p->name);
	if (dns)
		fprintf(p->remove, "delete chain %s %s-dns\n", p->table,
			p->name);
	if (v4)
		fprintf(p->remove, "delete map %s %s-v4\n", p->table, p->name);
	if (v6)
		fprintf(p->remove, "delete map %s %s-v6\n", p->table, p->name);
	fprintf(p->remove, "delete chain %s %s\n", p->table, p->name);
	for (unsigned int n = 1; n <= p->n_classes; n++)
		fprintf(p->remove, "delete chain %s %s-%u\n", p->table, p->name,
			n);
}

int egress_print(const struct egress *e, const char *table, const char *name,
		 FILE *add, FILE *remove, struct error *err)
{
	struct egress_printer p = {.table = table,
				   .name = name,
				   .add = add,
				   .remove = remove};
	struct egress_rules families[] = {{.family = AF_INET},
					  {.family = AF_INET6}};
	int r = 0;

	fprintf(add, "add chain %s %s\n", table, name);
	print_dns(&p, e->dns);
	for (size_t n = 0; n < 2 && r == 0; n++) {
		struct egress_rules *rules = &families[n];

		rules->allow = e->allow->n > 0;
		rules->items =
			calloc(e->allow->n + NAT64_PREFIXES * e->deny->n + 2,
			       sizeof(*rules->items));
		if (!rules->items) {
			r = -ENOMEM;
			break;
		}
		rules_read(e, rules, e->deny, true);
		rules_read(e, rules, e->allow, false);
		r = print_family(&p, rules);
	}
	if (r < 0)
		error_set(err, r, "out of memory");
	else
		print_removal(&p, families[0].n, families[1].n, e->dns->set);
	tdestroy(p.classes, class_free);
	free(families[0].items);
	free(families[1].items);
	return r;
}

int egress_print_ports(const struct policy_targets *list, const char *table,
		       const char *name, const char *otherwise, FILE *add,
		       FILE *remove, struct error *err)
{
	const struct egress_printer p = {.table = table,
					 .name = name,
					 .add = add,
					 .remove = remove};
	_cleanup_free_ struct target_ports *ports =
		calloc(list->n + 1, sizeof(*ports));
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f = ports ? text_open(&t, NULL) : NULL;
	int r = f ? 0 : -ENOMEM;

	for (size_t n = 0; r == 0 && n < list->n; n++)
		ports[n] = list->items[n].ports;
	if (f) {
		r = print_group(f, AF_INET, ports, list->n,
				verdicts[VERDICT_NAMED]);
		fprintf(f, "%s\n", otherwise);
		r = text_close(&t, r, NULL);
	}
	if (r < 0)
		return error_set(err, r, "out of memory");
	print_chain(&p, "", t.s);
	print_removal(&p, false, false, false);
	return 0;
}
