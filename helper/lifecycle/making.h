/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a namespace needs while it is MAKING. */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_MAKING_H
#define NETNS_PAM_HELPER_LIFECYCLE_MAKING_H

#include <systemd/sd-event.h>

#include "helper/instance/link_ops.h"

enum making_step { STEP_LINK, STEP_DRESS, STEP_UP, STEP_READY, STEP_DONE };

struct making {
	struct instance *instance;
	struct link_site site; /* its fd and socket are closed with it */
	enum making_step step; /* the next */
	sd_event_source *poll; /* for `ready` */
};

/*
 * Makes instance->making; ns stays valid until making_free(), whatever is
 * reloaded. Return: 0, or -ENOMEM with a sentence.
 */
int making_new(struct instance *i, const struct policy_namespace *ns,
	       struct error *err);

/* NULL is fine. */
void making_free(struct making *m);

#endif
