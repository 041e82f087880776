/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The administrator's programs of a section, `up` and `down`: run in the host's
 * namespace, as root with the daemon's capabilities, with this environment:
 *
 *	NETNS_PAM_EVENT		up or down
 *	NETNS_PAM_NAMESPACE	its name, as `ip netns` shows it
 *	NETNS_PAM_NETNS		a path of it, for nsenter --net=
 *	NETNS_PAM_SECTION, _USER, _UID (the latter "" when shared)
 *	NETNS_PAM_LINK, _IFNAME, _HOST_IFNAME, _ADDRESS4, _ADDRESS6
 *
 * Their output is logged.
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_HOOK_H
#define NETNS_PAM_HELPER_LIFECYCLE_HOOK_H

#include "helper/instance/instance.h"
#include "helper/process/child.h"

/*
 * Starts it, after it is recorded. path: expanded; the file and all directories
 * above must be root's and not writable by others. netns: an fd, passed as
 * descriptor 3. Return: 0 and i->hook; -errno with a sentence.
 */
int hook_start(struct instance *i, const char *path, const char *event,
	       int netns, unsigned int timeout_ms,
	       const struct child_events *events, struct error *err);

/*
 * Adopts the recorded program of an earlier daemon: i->hook.
 * Return: 0, also when it has ended; -errno.
 */
int hook_adopt(struct instance *i);

#endif
