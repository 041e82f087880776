/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as a router, for the namespaces' sake only. While there is a nat or
 * routed namespace, forwarding is on; where it was off before, the firewall
 * drops what is not ours, so that the host does not become a router of its
 * neighbours; and when the last such namespace is gone, it is off again.
 *
 * IPv6 forwarding would make the host deaf to router advertisements, by which
 * it may have its default route: interfaces that listened (accept_ra = 1) are
 * told to go on listening (accept_ra = 2) before it is switched on.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_FORWARDING_H
#define NETNS_PAM_HELPER_FIREWALL_FORWARDING_H

#include <stdbool.h>

#include "common/error.h"
#include "firewall.h"

struct helper;

/* The daemon has one (helper->forwarding). */
struct forwarding {
	bool on4, on6; /* we switched it on */
	/* The state before that; lists: names of interfaces, a space after
	 * each. */
	char listeners[1024]; /* interfaces whose accept_ra was 1 */
	char forwarders4[512], forwarders6[512]; /* that forwarded already */
	char redirects[8]; /* conf/all/accept_redirects, which a switch resets
			    */
};

/* Whose foreign packets are dropped. */
extern const struct firewall_part forwarding_part;

/*
 * At start: reads from the record what the daemon before this one had switched
 * on. Return: 0 or -errno with a sentence.
 */
int forwarding_open(struct helper *h, struct error *err);

/*
 * Before a namespace is connected that needs forwarding in these families.
 * Idempotent. Return: 0 or -errno with a sentence.
 */
int forwarding_need(struct helper *h, bool ipv4, bool ipv6, struct error *err);

/*
 * After the last such namespace is removed: restores the state before. What
 * fails is logged and tried again by the next call.
 */
void forwarding_done(struct helper *h);

#endif
