/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `address = dhcp`: a lease for an interface of a namespace. The client is
 * busybox's udhcpc, run inside for as long as the namespace lives, as nobody,
 * with no capabilities but those for raw sockets and its port. It only tells
 * (dhcp_event.h): the daemon checks what it says (dhcp_lease.h) and puts
 * address, routes, MTU and name servers where they belong.
 *
 * Without a lease the interface has no address and no route: a session whose
 * lease ran out reaches nothing, rather than somewhere else.
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
	 * The address is this from now on, or none (NULL): for a link that
	 * filters by it. Called before the address is on the interface, resp.
	 * after it has left it. A failure means: not to be used. NULL: no such
	 * thing.
	 */
	int (*address)(struct instance *i, const struct inet_prefix *address,
		       struct error *err);
	/* Gives the lease back at the end; else it is left to run out. */
	bool release;
};

/*
 * Starts the client on an interface that is up; makes instance->dhcp and notes
 * ifname, ifindex and the process in the instance. To be called by create(),
 * which then returns LINK_LATER: instance_connected() is called when the first
 * lease is on the interface. owner must stay.
 * Return: 0 or -errno with a sentence.
 */
int dhcp_client_start(const struct link_site *site, const char *ifname,
		      unsigned int ifindex,
		      const struct dhcp_client_owner *owner, struct error *err);

/* From adopt(). Return: 0 or -errno; a client that has ended is started. */
int dhcp_client_adopt(struct instance *i,
		      const struct dhcp_client_owner *owner);

/* From remove(): ends the client and forgets the lease. Fine when none is. */
void dhcp_client_stop(struct instance *i);

/* At the end of the helper: the client goes on, our memory of it is freed. */
void dhcp_client_free(struct instance *i);

#endif
