/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of DHCP and VPN clients, by the script that they run: it writes its
 * environment (env -0) to a file below STATE_DIR/events, its first argument in
 * it as NETNS_PAM_ARGUMENT; a new file replaces the previous one. The daemon
 * watches the directory and reads it. The file remains when the client or the
 * daemon ends: a restarted daemon reads the lease from it.
 *
 * Any machine on the network may have sent the values: users of a value
 * validate it. An interface's name is never taken from it.
 */
#ifndef NETNS_PAM_HELPER_LINK_DHCP_EVENT_H
#define NETNS_PAM_HELPER_LINK_DHCP_EVENT_H

#include <stdbool.h>

#include "common/error.h"

struct event;
struct helper;
struct instance;

/* The script that clients run (packaging/link-event). */
#define EVENT_SCRIPT LIBEXECDIR "/link-event"

/*
 * At start, and at the end of the daemon: opens STATE_DIR/events, and closes
 * all. Return: 0, or -errno with err set.
 */
int event_open(struct helper *h, struct error *err);
void event_close(struct helper *h);

/*
 * A client that is not root cannot open the directory by its path, because only
 * root may enter STATE_DIR. It gets a descriptor by child_command.pass_fd and
 * pass_as, and this variable. (Not fd 3, which udhcpc uses itself.)
 * Return: a descriptor, valid from event_watch() to event_forget(); or -ENOENT.
 */
#define EVENT_FD	     9
#define EVENT_VARIABLE_BY_FD "NETNS_PAM_EVENT=/proc/self/fd/9/event"
int event_directory(const struct instance *i);

/*
 * Watches the events of instance->id; the event loop calls changed() for each.
 * A file that exists already counts, unless the instance is MAKING: it is that
 * of an earlier one. Called again after a restart, in adopt(). Return: 0, or
 * -errno with err set.
 */
int event_watch(struct instance *i,
		void (*changed)(struct instance *i, const struct event *e),
		struct error *err);

/*
 * From within changed(): the event is completely processed. A restarted daemon
 * gets it before newer ones, as one that event_is_done(), for the current
 * state.
 */
void event_done(struct instance *i);
bool event_is_done(const struct event *e);

/*
 * Stops watching and removes the directory. Idempotent. From within changed(),
 * the event is invalid afterwards.
 */
void event_forget(struct instance *i);

/*
 * Removes the directories of instances that do not exist. Return: 0, or -errno
 * when something is left.
 */
int event_sweep(struct helper *h);

/* Return: the value of a variable, or NULL. */
const char *event_get(const struct event *e, const char *name);

#endif
