/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a namespace may reach and be reached by: name servers, `allow`, `deny`,
 * `allow_host`, `publish`, `max_connections`. Namespaces whose packets pass the
 * host's stack (FILTER_HOST) are elements of sets and maps of the host's table;
 * others (FILTER_INSIDE) have a small table of their own inside.
 *
 * Should: change old for new in one transaction. Mustn't: let a packet pass in
 * between that neither allows.
 */
#ifndef NETNS_PAMD_FILTER_H
#define NETNS_PAMD_FILTER_H

#include <stdio.h>

#include "error.h"
#include "policy.h"

struct helper;
struct instance;

/*
 * Puts a section's filter in force for a namespace; what is already so costs
 * nothing. netns: an fd of it.
 * Return: 1 when something changed, 0, -errno with a sentence.
 */
int filter_apply(struct instance *i, const struct policy_namespace *ns,
		 int netns, struct error *err);

/* Its interface is gone: nothing in the host's table speaks of it any more. */
void filter_release(struct instance *i);

/* A policy has taken the place of another: all live namespaces follow. */
int filter_reload(struct helper *h, struct error *err);

/* Commands for firewall.c: everything of the above, for a table made anew. */
void filter_print(const struct helper *h, FILE *f);

#endif
