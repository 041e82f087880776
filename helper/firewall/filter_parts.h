/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files filter*.c share: filter.c compares and changes, filter_plan.c
 * computes what is wanted, filter_limit.c prints rules that count connections,
 * filter_inside.c the table inside a namespace.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_FILTER_PARTS_H
#define NETNS_PAM_HELPER_FIREWALL_FILTER_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/policy/policy.h"
#include "conntrack.h"
#include "egress.h"
#include "nft.h"

struct helper;
struct instance;

#define FILTER_TABLE "inet " NFT_TABLE

#define FILTER_CHAINS_MAX 3

/*
 * A chain of the host's table and the commands that add and remove it with all
 * that belongs to it. Filters with the same content share one chain.
 */
struct filter_chain {
	struct filter_chain *next;
	char name[EGRESS_NAME_MAX];
	unsigned int users;   /* filters that use it */
	unsigned int leaving; /* of these, the ones that are being replaced */
	bool there;	      /* in the kernel */
	char *add, *remove;   /* commands, malloc'd */
};

/* An element of a set or map of the host's table. */
struct filter_element {
	const char *set;   /* the name of the set or map, static */
	const char *key;   /* as nft(8) writes it */
	const char *value; /* ": goto CHAIN", or "" */
	char *text;	   /* malloc'd: holds key and value */
	/* Of a published port; port.port is 0 for all other elements. */
	struct conntrack_port port;
	bool udp; /* the port's protocol; else TCP */
};

struct filter {
	struct filter_chain *chains[FILTER_CHAINS_MAX];
	size_t n_chains;
	struct filter_element *elements;
	size_t n;
	unsigned int ifindex; /* of the host end; 0: none */
	unsigned int parts;   /* into which counting its connections is split */
	char *inside; /* commands for the table inside, until they are run */
};

/* --- filter_plan.c --- */

/*
 * The filter that an instance should have by a section; ns NULL: nothing may
 * leave it. Its chains are counted as used.
 * Return: 0 and *ret (for filter_unref()), or -errno with a sentence.
 */
int filter_plan(const struct instance *i, const struct policy *policy,
		const struct policy_namespace *ns, struct filter **ret,
		struct error *err);

/* A copy without published ports. Return: NULL when out of memory. */
struct filter *filter_unpublished(struct helper *h, const struct filter *from);

/* Frees it and the chains that only it uses. NULL is fine. Return: NULL. */
struct filter *filter_unref(struct helper *h, struct filter *f);

/* --- filter_limit.c --- */

/*
 * Into how many parts are `limit` connections split? 0: the most parts that the
 * default limit is split into.
 */
unsigned int filter_limit_parts(unsigned int limit);

/* The limit of namespaces without `max_connections`. */
unsigned int filter_limit_default(void);

/*
 * A rule that refuses more than `limit` connections at once.
 * side: "iif" or "oif", the interface that they are counted by.
 */
void filter_limit_print(FILE *f, const char *chain, const char *side,
			unsigned int limit);

/* The same for the chain `admitted` inside; limit 0: the default. */
void filter_limit_print_inside(FILE *f, unsigned int limit);

/* Commands that remove the counters of a filter's interface. */
void filter_limit_print_forget(FILE *f, const struct filter *filter);

/* --- filter_inside.c --- */

/* Commands for the table inside a namespace. Return: 0, -errno, sentence. */
int filter_inside_print(const struct instance *i, const struct policy *policy,
			const struct policy_namespace *ns, FILE *f,
			struct error *err);

#endif
