/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The administrator's programs of a section, `up` and `down`: run in the host's
 * namespace, as root with the helper's capabilities, with this environment:
 *
 *	NETNS_PAM_EVENT		up or down
 *	NETNS_PAM_NAMESPACE	its name, as `ip netns` shows it
 *	NETNS_PAM_NETNS		a path of it, for nsenter --net=
 *	NETNS_PAM_SECTION, _USER, _UID (the latter "" when shared)
 *	NETNS_PAM_LINK, _IFNAME, _HOST_IFNAME, _ADDRESS4, _ADDRESS6
 *
 * What they write goes to the log.
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_HOOK_H
#define NETNS_PAM_HELPER_LIFECYCLE_HOOK_H

#include "helper/instance/instance.h"
#include "helper/process/child.h"

#define HOOK_TIMEOUT_MS 10000 /* where no policy says */

/*
 * path: expanded; checked to be root's and nobody else's to write. netns: an
 * fd of the namespace, passed as descriptor 3. Written down before it runs.
 * Return: 0 and i->hook, or -errno with a sentence.
 */
int hook_start(struct instance *i, const char *path, const char *event,
	       int netns, unsigned int timeout_ms,
	       const struct child_events *events, struct error *err);

/*
 * Adopts the one that an earlier daemon started, as the record has it: i->hook.
 * Return: 0, also when it has ended; -errno.
 */
int hook_adopt(struct instance *i);

#endif
