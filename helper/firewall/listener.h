/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of the host that wait for packets on a port, see proc_net_tcp. */
#ifndef NETNS_PAM_HELPER_FIREWALL_LISTENER_H
#define NETNS_PAM_HELPER_FIREWALL_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/inet.h"

/*
 * Does one wait for what comes to this port ("tcp" or "udp") of this address of
 * the host, or, with AF_UNSPEC, of any but the loopback's?
 */
bool listener_find(sa_family_t family, const char *protocol,
		   const struct inet_prefix *address, uint16_t port);

#endif
