/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A namespace that is MAKING: shared by find.c, make.c and end.c. */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_MAKE_H
#define NETNS_PAM_HELPER_LIFECYCLE_MAKE_H

#include "helper/instance/link_ops.h"
#include "lifecycle.h"

enum making_step { STEP_LINK, STEP_CONFIGURE, STEP_UP, STEP_READY, STEP_DONE };

struct making {
	struct link_site site; /* its fd and socket are closed with it */
	enum making_step step; /* the next */
	sd_event_source *poll; /* for `ready` */
};

/* Frees instance->making, see end.c. NULL is fine. */
void making_free(struct making *m);

/* A fingerprint of the section: when it changes, a new namespace is made. */
uint64_t make_plan(const struct policy_namespace *ns);

/*
 * Makes the namespace `name`, or joins one that was not made by netns-pamd.
 * Return: 0, *ret and *ret_fd; INSTANCE_LATER: it is MAKING and w waits; -errno
 * with a sentence.
 */
int make_instance(struct helper *h, const struct policy_namespace *ns,
		  const struct instance_user *who, const char *name,
		  struct instance_waiter *w, struct instance **ret, int *ret_fd,
		  struct error *err);

/*
 * Goes on from m->step, after LINK_LATER. When it is LIVE or has failed, frees
 * m and wakes the logins that wait.
 */
void make_go_on(struct making *m);

#endif
