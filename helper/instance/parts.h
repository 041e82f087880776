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

/* Out of the list; not out of the tree. */
void instance_take_out(struct instance *i);

/* Out of the tree: LEAVING from now on. */
void instance_unname(struct instance *i);

/*
 * From now on it is there until instance_unkeep(), whatever becomes of its name
 * and of this helper (instance_keep.c). On failure for as long as this one is.
 */
int instance_keep(struct instance *i, int netns, struct error *err);
/* After a restart. Return: 0, also when it is not kept; -errno. */
int instance_keep_adopt(struct instance *i);
/* Also of one that is not kept. */
void instance_unkeep(struct instance *i);
/*
 * Removes what is kept of instances that are not in the list. Return: 0, or
 * -errno when something is left.
 */
int instance_keep_sweep(struct helper *h);

/* Tells the links of all others that it is live, or (false) cut off. */
void instance_announce(struct instance *i, bool there);

/* Tells all who wait. made: the instance when r is 0 and it is LIVE. */
void instance_wake(struct instance *i, struct instance *made, int r,
		   const struct error *why);

#endif
