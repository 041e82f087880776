/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A namespace that is made before a login needs it: hardened, its loopback up,
 * nothing else. That takes more than half of the time in which a login waits
 * for a new namespace. There is at most one, and only when the policy makes
 * namespaces. It has no name: it ends with the daemon.
 */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_SPARE_H
#define NETNS_PAM_HELPER_LIFECYCLE_SPARE_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "helper/kernel/netns.h"

struct helper;
struct rtnl;

struct spare {
	struct rtnl *inside; /* NULL: there is none */
	int netns;
	struct netns_id id;
	sd_event_source *timer; /* then the next one is made */
};

/* After the policy is read. Return: 0 or -errno with a sentence. */
int spare_open(struct helper *h, struct error *err);
void spare_close(struct helper *h);

/*
 * Takes the spare namespace, or makes one now. without_ipv6: interfaces made in
 * it have no IPv6. Return: 0 with a descriptor (CLOEXEC) and a socket, which
 * are the caller's; -errno with a sentence.
 */
int spare_take(struct helper *h, bool without_ipv6, int *ret_netns,
	       struct netns_id *ret_id, struct rtnl **ret_inside,
	       struct error *err);

/* Replaces it: the host's sysctls or the policy may have changed. */
void spare_renew(struct helper *h);

#endif
