/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files instance*.c share; nobody else. */
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

/* Out of the list; not out of the tree. */
void instance_take_out(struct instance *i);

/* Out of the tree: LEAVING from now on. */
void instance_unname(struct instance *i);

/* Forgotten now, or as soon as the hook that is being ended has ended. */
void instance_abandon(struct instance *i);

/*
 * The last of it is gone: link given back, out of list and tree, record and
 * memory freed, and the host as it was before.
 */
void instance_forget(struct instance *i);

/*
 * Ends the `up` or `down` that runs. The instance is kept until it has ended:
 * a helper after this one must know of it.
 */
void instance_end_hook(struct instance *i);

/* Its addresses may be somebody else's from now on. */
void instance_drop_addresses(struct instance *i);

/*
 * Its interface is gone: whatever goes by that name or these addresses next is
 * somebody else's.
 */
void instance_let_go(struct instance *i);

/* Gives the link back, once. netns: an fd, or < 0 when it is gone. */
void instance_detach(struct instance *i, int netns);

/*
 * From now on it is there until instance_unkeep(), whatever becomes of its name
 * and of this helper (instance_keep.c). On failure for as long as this one is.
 */
int instance_keep(struct instance *i, int netns, struct error *err);
/* After a restart. */
void instance_keep_adopt(struct instance *i);
/* Also of one that is not kept. */
void instance_unkeep(struct instance *i);

/* Tells the links of all others that it is live, or (false) cut off. */
void instance_announce(struct instance *i, bool there);

/* What of a section makes a namespace another one when it changes. */
uint64_t instance_plan(const struct policy_namespace *ns);

/*
 * Makes one. Return: 0, *ret and *ret_fd; INSTANCE_LATER: it is MAKING and w
 * waits; -errno with a sentence.
 */
int instance_make(struct helper *h, const struct policy_namespace *ns,
		  const struct instance_user *who, const char *name,
		  struct instance_waiter *w, struct instance **ret, int *ret_fd,
		  struct error *err);

/* The namespace of one that is MAKING: not the caller's to close. */
int instance_making_netns(const struct instance *i);

/* Gives one up that is MAKING: undone, those who wait are told, freed. */
void instance_give_up(struct instance *i, int r, const struct error *why);

/* Tells all who wait. made: the instance when r is 0 and it is LIVE. */
void instance_wake(struct instance *i, struct instance *made, int r,
		   const struct error *why);

#endif
