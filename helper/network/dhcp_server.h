/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `dhcp = FIRST-LAST` of a network: a dnsmasq(8) of its own on the host's side
 * of the switch. It outlives this helper, which watches it, starts it again
 * when it dies, and ends it with the network.
 *
 * It runs as the user dnsmasq (or nobody) from the beginning, with its memory
 * and files limited, without a configuration file. It has CAP_NET_BIND_SERVICE
 * for its ports, and CAP_NET_ADMIN, without which it refuses to start (it would
 * write to the kernel's ARP table, did it not broadcast its answers).
 *
 * A client is known by its MAC address alone, of which bridge.nft sees to it
 * that it is the port's own: a port has one lease, whatever it asks for.
 *
 * With `nat` it resolves as the host does, and tells its clients so; without,
 * it is no name server.
 */
#ifndef NETNS_PAM_HELPER_NETWORK_DHCP_SERVER_H
#define NETNS_PAM_HELPER_NETWORK_DHCP_SERVER_H

#include <stdio.h>

#include "common/error.h"

struct helper;
struct network;

/*
 * Starts the server of network->dhcp_first..last; ready() is called once, from
 * the event loop: 0 when it answers, -errno with a sentence when it ended
 * before that. Return: NETWORK_LATER; -ENOENT when dnsmasq is not installed;
 * -errno with a sentence.
 */
int dhcp_server_start(struct network *network,
		      void (*ready)(struct network *network, int r,
				    const struct error *why),
		      struct error *err);

/* Ends it. Fine when there is none. */
void dhcp_server_stop(struct network *network);

/* At the end of the helper: it goes on by itself. */
void dhcp_server_forget(struct network *network);

/*
 * After a restart, when the network's record says that it has a server: watches
 * its process, or starts it again when it does not run. Return: 0; -errno when
 * it cannot be known whether it runs.
 */
int dhcp_server_adopt(struct network *network);

/*
 * Removes the leases of servers that do not exist. Return: 0, or -errno when
 * something is left.
 */
int dhcp_server_sweep(struct helper *h);

/* Commands: it may be reached ("add"), or no more ("delete"). */
void dhcp_server_print(const struct network *network, const char *verb,
		       FILE *f);

#endif
