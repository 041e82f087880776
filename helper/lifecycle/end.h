/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four ways to end a namespace. The states are in instance.h. What cannot
 * be removed (its name, its link, its mount, its record) stays known, is logged
 * once, and is tried again every second until it is removed.
 *
 *		MAKING	   LIVE		 CLOSING    LEAVING
 * end_ask()	given up   begins	 no effect  goes further
 * end_run()	no effect  no effect	 no effect  goes on
 * end_free()	given up   foreign only	 never	    goes on
 * end_leave()	given up   stays	 stays	    stays
 *
 * foreign: not made by netns-pamd. Its name, its link and the processes inside
 * stay as they are; only what the daemon knows of it is freed. never: the
 * caller must not do that. The first three may free the instance.
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_END_H
#define NETNS_PAM_HELPER_LIFECYCLE_END_H

#include "helper/instance/instance.h"

/*
 * Asks for the end. In this order: the link of a LIVE namespace is disconnected
 * (END_CUT only), `down` runs (not with END_KEEP), link_ops.remove() is called
 * (not with END_KEEP), the name is removed. The instance is freed when the
 * kernel has removed the link, no session is inside, and nothing else is left
 * to remove. For a namespace that is LEAVING already, a larger `end` replaces
 * the earlier one: the sweep asks again when no process is inside any more.
 *
 * Called by the sweep; `netns-pam down`; lifecycle_get(), for a namespace that
 * a login must not join; events.c, when another program removed the name, or
 * the link of a namespace that is LEAVING was removed; and after a restart.
 */
void end_ask(struct instance *i, enum instance_end end);

/*
 * Does all of an end that can be done now. Idempotent. Called by the functions
 * above and below, when the last session is over, when `up` or `down` has
 * ended, one second after a step has failed, before a namespace of the same
 * name is made, and after a restart.
 */
void end_run(struct instance *i);

/*
 * Undoes what exists of a namespace that was never LIVE, or is foreign, without
 * running `down`, and frees the instance. An `up` that still runs is ended; the
 * instance is then freed after `up` has ended. r, why: the result for the
 * logins that wait for it; why is copied, and logged when there are any. NULL:
 * no login can wait.
 *
 * Called when the making fails, or end_ask() or end_leave() gives it up; when
 * no login waits for it any more; when the last session of a foreign namespace
 * is over; and after a restart.
 */
void end_free(struct instance *i, int r, const struct error *why);

/*
 * The daemon stops: gives up what is being made and frees the memory of all
 * others; namespaces, names, links and records stay for the next daemon.
 */
void end_leave(struct helper *h);

#endif
