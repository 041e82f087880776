/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `dhcp = FIRST-LAST` of a network: a dnsmasq(8) on the host's side of the
 * switch. It keeps running when the daemon ends; the daemon watches it, starts
 * it again when it ends, and ends it with the network.
 *
 * It is started as the user dnsmasq (or nobody), with limits of memory and file
 * size, without a configuration file. It has CAP_NET_BIND_SERVICE for its ports
 * and CAP_NET_ADMIN, without which it refuses to start (it needs that to write
 * to the kernel's ARP table, which it does not as it broadcasts its answers).
 *
 * A client is identified by its MAC address only, and bridge.nft ensures that
 * this is the port's: a port has one lease.
 *
 * With `nat` it is also the clients' name server and resolves by the host's
 * resolv.conf; without `nat` it is no name server.
 */
#ifndef NETNS_PAM_HELPER_NETWORK_DHCP_SERVER_H
#define NETNS_PAM_HELPER_NETWORK_DHCP_SERVER_H

#include <stdio.h>

#include "common/error.h"

struct helper;
struct network;

/*
 * Starts the server of network->dhcp_first..last. ready() is called once, from
 * the event loop: r 0 when the server is ready, -errno with a sentence when it
 * has ended before.
 * Return: NETWORK_LATER; -ENOENT when dnsmasq is not installed; -errno; errors
 * with a sentence.
 */
int dhcp_server_start(struct network *network,
		      void (*ready)(struct network *network, int r,
				    const struct error *why),
		      struct error *err);

/* Ends it and removes its leases. Nothing to do when there is none. */
void dhcp_server_stop(struct network *network);

/* At the end of the daemon: frees the memory, the server keeps running. */
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

/* Prints commands that open its ports ("add") or close them ("delete"). */
void dhcp_server_print(const struct network *network, const char *verb,
		       FILE *f);

#endif
