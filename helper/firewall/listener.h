/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of the host's programs that wait for packets on a port. */
#ifndef NETNS_PAM_HELPER_FIREWALL_LISTENER_H
#define NETNS_PAM_HELPER_FIREWALL_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/inet.h"

struct listener {
	bool udp; /* else TCP */
	sa_family_t family;
	uint16_t port;
	/*
	 * It receives packets to this address of the host; NULL or AF_UNSPEC:
	 * to any address but the loopback's.
	 */
	const struct inet_prefix *address;
	unsigned int
		ifindex; /* it is bound to this interface; 0: any or none */
};

/*
 * Is there such a socket in the caller's network namespace? (sock_diag(7))
 * Return: 1, 0, or -errno when the query fails.
 */
int listener_find(const struct listener *wanted);

#endif
