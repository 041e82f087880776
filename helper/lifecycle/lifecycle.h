/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a namespace lives: found (find.c) or made (make.c) for a login, kept
 * while sessions or processes use it (sweep.c), ended (end.c), and adopted by
 * the next daemon (adopt.c). What is known of one is in instance/.
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_LIFECYCLE_H
#define NETNS_PAM_HELPER_LIFECYCLE_LIFECYCLE_H

#include "helper/instance/instance.h"

/* The user a namespace is wanted for. */
struct instance_user {
	const char *user; /* NULL: no particular user */
	uid_t uid;
};

#define INSTANCE_LATER 1

/*
 * The instance of a section for a user: found, or made. For the scope `session`
 * a new one, or `own`, which was made for this login before.
 * Return: 0, *ret, and *ret_fd, a descriptor that is the caller's;
 * INSTANCE_LATER: call again after w->wake(); -errno with a sentence, and
 * nothing is left.
 */
int lifecycle_get(struct helper *h, const struct policy_namespace *ns,
		  const struct instance_user *who, struct instance *own,
		  struct instance_waiter *w, struct instance **ret, int *ret_fd,
		  struct error *err);

/*
 * Reads what the previous daemon left, and changes nothing. Return: 0; -errno
 * with a sentence: something cannot be read, and the start must fail.
 */
int lifecycle_adopt(struct helper *h, struct error *err);

/* The start is certain: removes remains; live instances stay as they are. */
void lifecycle_adopted(struct helper *h);

/* Then, with the sessions known: goes on with ends that had begun. */
void lifecycle_drop_unused(struct helper *h);

/* A session begins, or is over; the latter may free the instance. */
void lifecycle_hold(struct instance *i);
void lifecycle_release(struct instance *i);

/*
 * The login does not wait any more; no effect when it does not. A namespace
 * being made that no login waits for is given up.
 */
void lifecycle_unwait(struct instance_waiter *w);

/* `netns-pam up`: stays until `down`. */
void lifecycle_pin(struct instance *i);

/* A link of the host was deleted (RTM_DELLINK). */
void events_link_removed(struct helper *h, const struct rtnl_link *link);

/*
 * Events were lost: looks for links that do not exist any more.
 * Return: 0, or -errno when the kernel could not be asked about one.
 */
int events_resync(struct helper *h);

/* A file below the directory of names was removed. */
void events_name_removed(struct helper *h, const char *name);

/* For main to enter in helper.lifecycle. */
extern const struct instance_lifecycle lifecycle_of_links;

/* Never NULL. */
const struct link_ops *link_ops_of(enum policy_link link);

#endif
