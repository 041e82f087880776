/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a namespace. */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_END_H
#define NETNS_PAM_HELPER_LIFECYCLE_END_H

#include "helper/instance/instance.h"

struct making;

enum instance_end {
	END_KEEP,  /* who is inside keeps it; new logins get another */
	END_EMPTY, /* nobody is inside */
	END_CUT	   /* whoever is inside is disconnected */
};

/* A session begins, resp. is over. */
void end_hold(struct instance *i);
void end_release(struct instance *i);

/*
 * Waits no more (nothing to do when it does not). A namespace being made that
 * nobody waits for is given up.
 */
void end_unwait(struct instance_waiter *w);

/*
 * Takes the name away, once `down` has run when it is for good. A namespace
 * being made is given up. The instance may be freed by this.
 */
void end_ask(struct instance *i, enum instance_end end);

/* LEAVING, attached, and nobody is inside any more. May free it. */
void end_run(struct instance *i);

/* Nobody is inside any more: ends it. For sweep_open(). */
void end_unused(struct instance *i);

/* After a restart, when the sessions are known: forgets what nobody needs. */
void end_drop_unused(struct helper *h);

/* Gives one up that is MAKING: undone, those who wait are told, freed. */
void end_give_up(struct instance *i, int r, const struct error *why);

/* Likewise, without a line in the log: the caller's login says it. */
void end_undo(struct instance *i, int r, const struct error *why);

/*
 * The last of it is gone: link given back, out of list and tree, record and
 * memory freed, and the host as it was before.
 */
void end_free(struct instance *i);

/*
 * Ends the `up` or `down` that runs. The instance is kept until it has ended:
 * a helper after this one must know of it.
 */
void end_hook(struct instance *i);

/* Its addresses may be somebody else's from now on. */
void end_addresses(struct instance *i);

/*
 * Its interface is gone: whatever goes by that name or these addresses next is
 * somebody else's.
 */
void end_let_go(struct instance *i);

/* Gives the link back, once. netns: an fd, or < 0 when it is gone. */
void end_link(struct instance *i, int netns);

/* Frees what making it needed. The fd that was taken out of it stays. */
void end_making(struct making *m);

/* At the end of the daemon: what is being made ends with it, the rest stays. */
void end_leave(struct helper *h);

#endif
