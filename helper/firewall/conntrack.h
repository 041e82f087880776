/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removes connections that the kernel tracks for UDP. All packets of an
 * exchange are translated (DNAT) as its first packet was, whatever the rules
 * are now: a client that sent packets before a port was published, or while it
 * had another target, would not reach the new target until it pauses for half
 * a minute (nf_conntrack_udp_timeout). A TCP connection ends by itself.
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
 * Removes the UDP connections to the port whose target is another one than
 * port->to; removed: the port is no longer published, and those whose target is
 * port->to are removed. The next packet is then evaluated by the rules.
 * Works on the caller's network namespace. Return: 0 or -errno.
 */
int conntrack_forget(const struct conntrack_port *port, bool removed);

#endif
