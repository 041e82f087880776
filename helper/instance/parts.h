/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instance/ offers to lifecycle/ alone. */
#ifndef NETNS_PAM_HELPER_INSTANCE_PARTS_H
#define NETNS_PAM_HELPER_INSTANCE_PARTS_H

#include "instance.h"

/* Return: an instance that is in no list yet; NULL: out of memory. */
struct instance *instance_new(struct helper *h);
/* The memory only. NULL is fine. */
void instance_free(struct instance *i);

/*
 * Puts it into the list and, unless it is LEAVING, into the tree of names.
 * Return: 0, -EEXIST when the name is taken, -ENOMEM.
 */
int instance_insert(struct instance *i);
/* Takes it out of both. */
void instance_remove(struct instance *i);

/*
 * Changes the state and logs that at debug level. An instance that becomes
 * LEAVING is removed from the tree of names. The record is not written. Only
 * lifecycle/adopt.c sets a state without this, before instance_insert().
 */
void instance_set_state(struct instance *i, enum instance_state state);

/*
 * Keeps the namespace when its name is removed: by i->kept and, for the next
 * daemon, by a mount in STATE_DIR/kept. Idempotent.
 * Return: 0; -errno with a sentence: without the mount, call it again.
 */
int instance_keep(struct instance *i, int netns, struct error *err);
/* After a restart. Return: 0, also when it is not kept; -errno. */
int instance_keep_adopt(struct instance *i);
/* Return: 0; -errno with a sentence: it is still kept. */
int instance_unkeep(struct instance *i, struct error *err);
/*
 * Removes the mounts of instances that are not in the list. Return: 0, or
 * -errno when something is left.
 */
int instance_keep_sweep(struct helper *h);

/* Other namespaces may not have its addresses; then they may. Idempotent. */
void instance_take_addresses(const struct instance *i);
void instance_release_addresses(struct instance *i);

/* Is there a link for which the host forwards? */
bool instance_any_forwarded(const struct helper *h);

/* Calls peer_up() or (live false) peer_down() of the links of all others. */
void instance_announce(struct instance *i, bool live);

/*
 * Takes the logins that wait out of the instance; instance_wake() then calls
 * each one's wake(). In two steps, since what wakes up may end the instance.
 * made: the instance when r is 0 and it is LIVE, or NULL.
 */
struct instance_waiter *instance_take_waiters(struct instance *i);
void instance_wake(struct instance_waiter *all, struct instance *made, int r,
		   const struct error *why);

#endif
