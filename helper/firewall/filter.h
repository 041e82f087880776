/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a namespace may reach and what may reach it: name servers, `allow`,
 * `deny`, `allow_host`, `publish`, `max_connections`. Namespaces whose packets
 * pass the host's stack (FILTER_HOST) are elements of sets and maps of the
 * host's table; others (FILTER_INSIDE) have a small table inside, which only
 * root in the namespace can change.
 *
 * A filter is a list of elements and of the chains that they lead to, which
 * are shared. The filter in force (instance->filter) and the wanted one are
 * compared, and the difference is one transaction: no packet passes in between
 * that neither of the two allows.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_FILTER_H
#define NETNS_PAM_HELPER_FIREWALL_FILTER_H

#include "common/error.h"
#include "common/policy/policy.h"
#include "firewall.h"

struct helper;
struct instance;

/*
 * Puts the filter of the instance's section in force: the section of the
 * current policy, or ns when that policy has none of that name. Idempotent; a
 * call that changes nothing costs nothing.
 * netns: an fd of the namespace, which stays the caller's; for FILTER_INSIDE.
 * Return: 1 when something changed, 0, -errno with a sentence.
 */
int filter_apply(struct instance *i, const struct policy_namespace *ns,
		 int netns, struct error *err);

/*
 * The link's name servers have changed (a lease, a push): the filter of a live
 * namespace allows the new ones, and its record is saved. Failing is logged.
 */
void filter_dns_changed(struct instance *i);

/* Its interface is removed: removes its elements from the host's table. */
void filter_release(struct instance *i);

/* Frees the memory; the tables stay as they are. */
void filter_free(struct instance *i);

/*
 * After a reload of the policy: puts the new filters of all namespaces in
 * force, those of the host's table in one transaction. A namespace whose
 * section was removed keeps its filter.
 * Return: 0; -errno with a sentence, and the namespaces concerned keep theirs.
 */
int filter_reload(struct helper *h, struct error *err);

/*
 * After a restart, before the firewall is loaded: computes the filters of the
 * instances that were adopted. One whose section was removed can reach nothing,
 * unless it is filtered inside: there it keeps its filter.
 * Return: 0 or -errno with a sentence.
 */
int filter_adopt(struct helper *h, struct error *err);

/* Filters, limits and published ports of all instances. */
extern const struct firewall_part filter_part;

#endif
