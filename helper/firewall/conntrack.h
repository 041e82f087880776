/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel remembers of UDP. An exchange keeps the way that its first
 * packet took for as long as packets come, whatever the rules say by now: who
 * asked before a port was published, or while it led elsewhere, would not be
 * heard before a pause of half a minute. (A TCP connection has an end.)
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_CONNTRACK_H
#define NETNS_PAM_HELPER_FIREWALL_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/inet.h"

/* A port of the host and what its packets are sent on to. */
struct conntrack_port {
	struct inet_prefix address; /* of the host; AF_UNSPEC: each of them */
	uint16_t port;
	struct inet_prefix to; /* never AF_UNSPEC */
	uint16_t to_port;
};

/*
 * Forgets what goes by the port to where it does not lead (or, gone, to where
 * it did), so that the next packet is looked at by the rules. In the caller's
 * namespace. Return: 0 or -errno.
 */
int conntrack_forget(const struct conntrack_port *port, bool gone);

#endif
