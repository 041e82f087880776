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
#include <stdio.h>

#include "common/error.h"

struct nft;

struct forwarding {
	struct nft *nft;
	int state_dir; /* borrowed */
	bool on4, on6; /* we switched it on */
	/* How it was before; lists are interfaces, a space after each. */
	char listeners[1024]; /* told to go on listening to advertisements */
	char forwarders4[512], forwarders6[512]; /* that forwarded already */
	char redirects[8]; /* conf/all/accept_redirects, which a switch resets
			    */
};

/* Reads what a helper before us had switched on. */
void forwarding_init(struct forwarding *f, struct nft *nft, int state_dir);

/* Commands for the table: whose foreign packets are dropped. */
void forwarding_print(const struct forwarding *f, FILE *out);

/* Before a namespace is connected. Return: 0 or -errno with a sentence. */
int forwarding_need(struct forwarding *f, bool ipv4, bool ipv6,
		    struct error *err);

/* After the last one is gone. */
void forwarding_done(struct forwarding *f);

#endif
