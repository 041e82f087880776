/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `rate`: a limit of what a namespace sends and receives per second. What an
 * interface sends is queued in a token bucket (tc-tbf(8)). A link with an end
 * in the host sends both directions, one at each end; with another link, what
 * it receives is redirected through an interface of kind "ifb" in the
 * namespace, which sends it.
 *
 * Should: change a rate without losing queued packets. Must not: know kinds of
 * links.
 */
#ifndef NETNS_PAM_HELPER_LINK_RATE_H
#define NETNS_PAM_HELPER_LINK_RATE_H

#include "common/error.h"

struct helper;
struct instance;
struct policy_namespace;

/*
 * Sets the rate of the section on instance->ifname; no requests when it is set
 * already. Return: 0, also when the interface does not exist: call it again
 * when it does; -errno with err set. netns: an fd of the namespace.
 */
int rate_apply(struct instance *i, const struct policy_namespace *ns, int netns,
	       struct error *err);

/* After a reload: sets the rates of all LIVE namespaces. */
void rate_reload(struct helper *h);

#endif
