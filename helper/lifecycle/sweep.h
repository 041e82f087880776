/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds namespaces without a session and without a process inside. The end of a
 * process that is left is awaited by pidfd. Only a few namespaces end at a
 * time: a thousand would hold the kernel's RTNL lock, and with it the next
 * login, for a second (cleanup_net(), net/core/net_namespace.c).
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_SWEEP_H
#define NETNS_PAM_HELPER_LIFECYCLE_SWEEP_H

#include "helper/instance/instance.h"

/*
 * ask() is called with each namespace that neither a session nor a process
 * uses, run() with each whose end is unfinished. Both may free that instance.
 * Return: 0 or -errno with a sentence.
 */
int sweep_open(struct helper *h,
	       void (*ask)(struct instance *i, enum instance_end end),
	       void (*run)(struct instance *i), struct error *err);
void sweep_close(struct helper *h);

/* Looks for them after the pending events. */
void sweep_soon(struct helper *h);

/* Calls run() for them in a second. */
void sweep_retry(struct helper *h);

#endif
