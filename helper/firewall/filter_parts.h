/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What filter.c (comparing, changing) and filter_plan.c (wanting) share. */
#ifndef NETNS_PAM_HELPER_FIREWALL_FILTER_PARTS_H
#define NETNS_PAM_HELPER_FIREWALL_FILTER_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/policy/policy.h"
#include "egress.h"

struct helper;
struct instance;

#define FILTER_CHAINS_MAX 3

/* A chain of the host's table, with what belongs to it: one for all users. */
struct filter_chain {
	struct filter_chain *next;
	char name[EGRESS_NAME_MAX];
	unsigned int users;   /* filters */
	unsigned int leaving; /* of which so many are being replaced */
	bool there;	      /* in the kernel */
	char *add, *remove;   /* commands */
};

/* An element of a set or map of the host's table. */
struct filter_element {
	const char *set;   /* its name, static */
	char *key;	   /* as nft(8) writes it, malloc'd together with: */
	const char *value; /* ": jump CHAIN", or "" */
};

struct filter {
	struct filter_chain *chains[FILTER_CHAINS_MAX];
	size_t n_chains;
	struct filter_element *elements;
	size_t n;
	unsigned int ifindex; /* of the host end, 0: none */
	unsigned int parts;   /* that its connections are counted in */
	char *inside; /* commands for the table inside, until they are run */
};

/*
 * What an instance should have by a section; NULL: nothing may leave it any
 * more. Its chains are counted as used.
 * Return: 0 and *ret, or -errno with a sentence.
 */
int filter_plan(const struct instance *i, const struct policy *policy,
		const struct policy_namespace *ns, struct filter **ret,
		struct error *err);

/* The same without what leads into it from the host. NULL: out of memory. */
struct filter *filter_unpublished(struct helper *h, const struct filter *from);

/* Gives up the chains, too. NULL is fine. Return: NULL. */
struct filter *filter_unref(struct helper *h, struct filter *f);

/* The map for an address of the host that is given, or for all of them. */
const char *filter_publish_set(bool ipv6, bool at);

/* Does the element publish a port of the host? */
bool filter_publishes(const struct filter_element *e);

/* "8080/tcp" or "192.0.2.2 8080/tcp", of such an element. */
void filter_port_name(const struct filter_element *e, char ret[static 96]);

/* Is the port of such an element taken by a program of the host? */
bool filter_port_is_taken(const struct filter_element *e);

/* Such an element is in force now, or gone: for those who talk already, too. */
void filter_publish_changed(const struct filter_element *e, bool gone);

/* The rule for all that have no `max_connections`. */
void filter_print_default_limit(FILE *f);

/* Rules for the chain `admitted` inside: so many (0: the default) at once. */
void filter_print_limit_inside(unsigned int limit, FILE *f);

/* Commands: what packets have put into sets for it is gone. */
void filter_print_forget(const struct filter *f, FILE *to);

/* Commands for the table inside a namespace (filter_inside.c). */
int filter_print_inside(const struct instance *i, const struct policy *policy,
			const struct policy_namespace *ns, FILE *f,
			struct error *err);

#endif
