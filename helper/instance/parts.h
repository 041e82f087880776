/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instance/ offers to lifecycle/ alone. */
#ifndef NETNS_PAM_HELPER_INSTANCE_PARTS_H
#define NETNS_PAM_HELPER_INSTANCE_PARTS_H

#include "instance.h"

/* Return: one that is in no list yet, or NULL. */
struct instance *instance_new(struct helper *h);
void instance_free(struct instance *i);

/*
 * Into the list, and, unless LEAVING, the tree of names.
 * Return: 0, -EEXIST when the name is taken, -ENOMEM.
 */
int instance_insert(struct instance *i);

/* Out of both. */
void instance_remove(struct instance *i);

/*
 * The only place where a state changes; logged at debug level. One that is
 * LEAVING is out of the tree of names. The record is not written.
 */
void instance_set_state(struct instance *i, enum instance_state state);

/*
 * From now on it is there until instance_unkeep(), whatever becomes of its name
 * and of this helper (instance_keep.c). On failure for as long as this one is.
 */
int instance_keep(struct instance *i, int netns, struct error *err);
/* After a restart. Return: 0, also when it is not kept; -errno. */
int instance_keep_adopt(struct instance *i);
/* Not any more. Return: 0, or -errno with a sentence: it still is. */
int instance_unkeep(struct instance *i, struct error *err);
/*
 * Removes what is kept of instances that are not in the list. Return: 0, or
 * -errno when something is left.
 */
int instance_keep_sweep(struct helper *h);

/* Other namespaces may have its addresses from now on. */
void instance_release_addresses(struct instance *i);

/* Is there a link for which the host forwards? */
bool instance_any_forwarded(const struct helper *h);

/* Tells the links of all others that it is live, or (false) cut off. */
void instance_announce(struct instance *i, bool there);

/*
 * The logins that wait, taken out of the instance; then each one's wake() is
 * called. In two calls, since what wakes up may end the instance. made: the
 * instance when r is 0 and it is LIVE.
 */
struct instance_waiter *instance_take_waiters(struct instance *i);
void instance_wake(struct instance_waiter *all, struct instance *made, int r,
		   const struct error *why);

#endif
