/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding (net.ipv4.ip_forward and IPv6's): switched on while a namespace
 * needs it. If it was off before, the firewall drops forwarded packets of
 * others, so that the host does not become a router for its neighbours, and it
 * is switched off with the last such namespace.
 *
 * With IPv6 forwarding an interface ignores router advertisements, from which
 * the host may have its default route, unless accept_ra is 2: interfaces with
 * accept_ra = 1 are set to 2 first (Documentation/networking/ip-sysctl.rst).
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_FORWARDING_H
#define NETNS_PAM_HELPER_FIREWALL_FORWARDING_H

#include <stdbool.h>

#include "common/error.h"
#include "firewall.h"

struct helper;

/* The daemon has one (helper->forwarding). */
struct forwarding {
	bool on4, on6; /* switched on by this or an earlier daemon */
	/* The state before that; lists: names of interfaces, a space after
	 * each. */
	char listeners[1024]; /* interfaces whose accept_ra was 1 */
	char forwarders4[512], forwarders6[512]; /* conf/IFNAME/forwarding: 1 */
	char redirects[8]; /* conf/all/accept_redirects: the kernel resets it */
};

/* The families in which forwarded packets of others are dropped. */
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
