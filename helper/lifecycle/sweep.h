/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letting namespaces go that nobody uses any more: no session, no process
 * inside. While a process is left, it is waited for by pidfd. Only a few
 * leave at a time: a thousand at once would hold the kernel's RTNL lock, and
 * with it the next login, for a second (cleanup_net(), net_namespace.c).
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_SWEEP_H
#define NETNS_PAM_HELPER_LIFECYCLE_SWEEP_H

struct helper;
struct error;
struct instance;

/* unused(): is called for each that nobody uses, and may free it. */
int sweep_open(struct helper *h, void (*unused)(struct instance *i),
	       struct error *err);
void sweep_close(struct helper *h);

/* Looks once the events at hand are dealt with. */
void sweep_soon(struct helper *h);

#endif
