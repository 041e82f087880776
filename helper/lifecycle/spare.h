/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A namespace that is made before anybody asks for it: hardened, its loopback
 * up, nothing else. More than half of the time that a login waits for a new
 * namespace goes into these, and none of it depends on whose it will be. There
 * is one at most, and only where the policy makes any. It has no name: it ends
 * with the helper, or when it is dropped.
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
	sd_event_source *timer; /* when it is quiet, the next is made */
};

/* After the policy is read. Return: 0 or -errno with a sentence. */
int spare_open(struct helper *h, struct error *err);
void spare_close(struct helper *h);

/*
 * A fresh namespace: the spare one, or one that is made now. without_ipv6:
 * links made in it have no IPv6.
 * Return: 0 with a descriptor (CLOEXEC) and a socket, which are the caller's;
 * or -errno with a sentence.
 */
int spare_take(struct helper *h, bool without_ipv6, int *ret_netns,
	       struct netns_id *ret_id, struct rtnl **ret_inside,
	       struct error *err);

/*
 * Makes it anew: it has the sysctls that the host had when it was made, and
 * what the policy asks for may have changed.
 */
void spare_renew(struct helper *h);

#endif
