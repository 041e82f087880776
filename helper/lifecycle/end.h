/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four ways to end a namespace. The states are in instance.h. What cannot
 * be removed (its name, its link, its mount, its record) stays known, is logged
 * once, and is tried again every second until it is removed.
 *
 *		MAKING	   LIVE	      CLOSING	 LEAVING
 * end_ask()	given up   begins     no effect  goes further
 * end_run()	-	   -	      -		 goes on
 * end_free()	yes	   foreign    -		 yes
 * end_leave()	given up   stays      stays	 stays
 *
 * The first three may free the instance.
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_END_H
#define NETNS_PAM_HELPER_LIFECYCLE_END_H

#include "helper/instance/instance.h"

/*
 * Asks for the end. A live namespace: the link is disconnected (END_CUT only),
 * `down` runs (not with END_KEEP), the name is removed, the link is returned
 * (not with END_KEEP), and it is freed when the kernel has removed the link. A
 * namespace that is LEAVING already gets what `end` adds to what was asked
 * before: the sweep asks again when no process is inside any more.
 */
void end_ask(struct instance *i, enum instance_end end);

/*
 * Does all of an end that can be done now. Called whenever something may have
 * changed: a session is over, a program has ended, a link was removed, a second
 * has passed. Idempotent.
 */
void end_run(struct instance *i);

/*
 * Undoes what exists of a namespace, however little was made, without `down`,
 * and frees it; at the latest when a program of the administrator that is being
 * ended has ended. r, why: for the logins that wait for it; why is copied, and
 * logged when there are any. NULL: no login can wait.
 */
void end_free(struct instance *i, int r, const struct error *why);

/*
 * The daemon stops: gives up what is being made and frees the memory of all
 * others; namespaces, names, links and records stay for the next daemon.
 */
void end_leave(struct helper *h);

#endif
