/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a namespace may reach and be reached by: name servers, `allow`, `deny`,
 * `allow_host`, `publish`, `max_connections`. Namespaces whose packets pass the
 * host's stack (FILTER_HOST) are elements of sets and maps of the host's table;
 * others (FILTER_INSIDE) have a small table of their own inside, which only
 * root in there can touch.
 *
 * A filter is a list of elements, and of the chains they lead to, which are
 * shared. What is in force (instance->filter) and what is wanted are compared,
 * and the difference is one transaction.
 *
 * Should: change old for new in one transaction. Mustn't: let a packet pass in
 * between that neither allows.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_FILTER_H
#define NETNS_PAM_HELPER_FIREWALL_FILTER_H

#include "common/error.h"
#include "common/policy/policy.h"
#include "firewall.h"

struct helper;
struct instance;

/*
 * Puts a section's filter in force for a namespace, as the policy in force now
 * has it (ns, when it has none of that name); what is already so costs nothing.
 * netns: an fd of it.
 * Return: 1 when something changed, 0, -errno with a sentence.
 */
int filter_apply(struct instance *i, const struct policy_namespace *ns,
		 int netns, struct error *err);

/*
 * The link's name servers have changed (a lease, a push): what a live namespace
 * may ask follows, and its record. What fails is logged.
 */
void filter_dns_changed(struct instance *i);

/* Its interface is gone: nothing in the host's table speaks of it any more. */
void filter_release(struct instance *i);

/* The memory alone: what is in force stays so. */
void filter_free(struct instance *i);

/*
 * A policy has taken the place of another: all namespaces that are there
 * follow, those of the host's table in one transaction. One whose section is
 * gone keeps what it has.
 * Return: 0; -errno with a sentence, and those concerned have what they had.
 */
int filter_reload(struct helper *h, struct error *err);

/*
 * After a restart, before the firewall is loaded: what instances that were
 * found should have. One whose section is gone can reach nothing any more,
 * unless it is filtered inside: there it keeps what it has.
 */
int filter_adopt(struct helper *h, struct error *err);

/* Filters, limits and published ports of all instances. */
extern const struct firewall_part filter_part;

#endif
