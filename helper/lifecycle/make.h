/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A namespace that is being made: make.c's and, when it is given up, end.c's.
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_MAKE_H
#define NETNS_PAM_HELPER_LIFECYCLE_MAKE_H

#include "lifecycle.h"

struct making;

/* What of a section makes a namespace another one when it changes. */
uint64_t make_plan(const struct policy_namespace *ns);

/*
 * Makes one. Return: 0, *ret and *ret_fd; INSTANCE_LATER: it is MAKING and w
 * waits; -errno with a sentence.
 */
int make_instance(struct helper *h, const struct policy_namespace *ns,
		  const struct instance_user *who, const char *name,
		  struct instance_waiter *w, struct instance **ret, int *ret_fd,
		  struct error *err);

/*
 * On from the step where it stands, after LINK_LATER. Wakes the logins that
 * wait, and frees m, when it is over.
 */
void make_go_on(struct making *m);

#endif
