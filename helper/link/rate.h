/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `rate`: how much a namespace may send and receive in a second. What an
 * interface sends waits in a token bucket (tc-tbf(8)). Both ways of a link with
 * an end in the host are sent by an end of it; what another link receives is
 * passed through an interface of kind "ifb" in the namespace, which sends it
 * on.
 *
 * Should: change a rate without losing what waits. Mustn't: know kinds of
 * links.
 */
#ifndef NETNS_PAM_HELPER_LINK_RATE_H
#define NETNS_PAM_HELPER_LINK_RATE_H

#include "common/error.h"

struct helper;
struct instance;
struct policy_namespace;

/*
 * Holds a namespace, whose interface is instance->ifname, to its section's
 * rate; what is already so costs nothing. An interface that is not there is
 * fine: call this when it is. netns: an fd of it.
 * Return: 0 or -errno with a sentence.
 */
int rate_apply(struct instance *i, const struct policy_namespace *ns, int netns,
	       struct error *err);

/* Its interface was made anew: rate_apply() has all to do again. */
void rate_forget(struct instance *i);

/* A policy has taken the place of another: all live namespaces follow. */
void rate_reload(struct helper *h);

#endif
