/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `address = dhcp`: a lease for an interface of a namespace. The client is
 * busybox's udhcpc, run inside while the namespace exists, as CHILD_USER,
 * with only the capabilities for raw sockets and its port. It only reports
 * (dhcp_event.h): the daemon validates the lease (dhcp_lease.h) and sets
 * address, routes, MTU and name servers.
 *
 * Without a lease the interface has no address and no route: a session whose
 * lease expires has no network, rather than another one.
 */
#ifndef NETNS_PAM_HELPER_LINK_DHCP_CLIENT_H
#define NETNS_PAM_HELPER_LINK_DHCP_CLIENT_H

#include <stdbool.h>

#include "common/error.h"

struct inet_prefix;
struct instance;
struct link_site;

struct dhcp_client_owner {
	/*
	 * For a link that filters by address: the address is this one from now
	 * on, or none (NULL). Called before the address is set, and after it is
	 * removed. On -errno the address is not used. NULL: no effect.
	 */
	int (*address)(struct instance *i, const struct inet_prefix *address,
		       struct error *err);
	/* Releases the lease at the end; false: it expires. */
	bool release;
};

/*
 * Starts the client on instance->ifname, which is up; creates instance->dhcp.
 * Called by create(), which then returns LINK_LATER: instance_connected() is
 * called when the first lease is on the interface. owner must stay valid.
 * Return: 0, or -errno with err set.
 */
int dhcp_client_start(const struct link_site *site,
		      const struct dhcp_client_owner *owner, struct error *err);

/* From adopt(). Starts a client that has ended. Return: 0 or -errno. */
int dhcp_client_adopt(struct instance *i,
		      const struct dhcp_client_owner *owner);

/* From remove(): stops the client, forgets the lease. Idempotent. */
void dhcp_client_stop(struct instance *i);

/* From leave(): frees memory; the client keeps running. Idempotent. */
void dhcp_client_free(struct instance *i);

#endif
