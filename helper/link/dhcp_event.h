/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What DHCP and VPN clients tell by way of the script they run: it leaves its
 * environment (env -0) as a file below STATE_DIR/events, its first argument in
 * it as NETNS_PAM_ARGUMENT, in place of the one before, and the helper,
 * watching, reads it. The file outlives both, so that a restarted helper knows
 * the lease.
 *
 * All that is in there may come from a stranger on the network: whoever uses a
 * value checks it. An interface's name is never taken from it.
 */
#ifndef NETNS_PAM_HELPER_LINK_DHCP_EVENT_H
#define NETNS_PAM_HELPER_LINK_DHCP_EVENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct event;
struct helper;
struct instance;

/* The program that clients are told to run (packaging/link-event). */
#define EVENT_SCRIPT LIBEXECDIR "/link-event"

/* At start, and at the end. */
int event_open(struct helper *h, struct error *err);
void event_close(struct helper *h);

/*
 * A program that is not root cannot follow that path, since the state is root's
 * alone. It is given a descriptor instead, as child_command.pass_fd and
 * pass_as, and this for its environment. (Not as 3: udhcpc has a use of its own
 * for that.)
 * Return: a descriptor that event_watch() opened and event_forget() closes, or
 * -ENOENT.
 */
#define EVENT_FD	     9
#define EVENT_VARIABLE_BY_FD "NETNS_PAM_EVENT=/proc/self/fd/9/event"
int event_directory(const struct instance *i);

/*
 * From now on told() hears what instance->id's program says, from the event
 * loop; a file that is there already counts, unless the instance is MAKING:
 * then it is of another. Again after a restart, in adopt().
 */
int event_watch(struct instance *i,
		void (*told)(struct instance *i, const struct event *e),
		struct error *err);

/*
 * From within told(): what the event asks for is done. A restarted helper is
 * told of it before anything newer, as one that event_is_done(), to know how
 * things stand.
 */
void event_done(struct instance *i);
bool event_is_done(const struct event *e);

/*
 * No more of it, and the file is removed. Fine when there is none, and from
 * within told(), which must not look at the event after it.
 */
void event_forget(struct instance *i);

/*
 * Removes the directories of instances that are not in the list. Return: 0, or
 * -errno when something is left.
 */
int event_sweep(struct helper *h);

/* Return: the value of a variable, or NULL. */
const char *event_get(const struct event *e, const char *name);

#endif
