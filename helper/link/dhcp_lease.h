/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DHCP lease as the client's script tells it (busybox udhcpc's variables),
 * with every value checked: they come from whoever answered on the network.
 *
 * What cannot be used of the address is an error. Any other value that makes no
 * sense is left out, and named in `refused`, once.
 */
#ifndef NETNS_PAM_HELPER_LINK_DHCP_LEASE_H
#define NETNS_PAM_HELPER_LINK_DHCP_LEASE_H

#include <stdint.h>

#include "common/error.h"
#include "common/inet.h"

#define DHCP_ROUTES_MAX 32
#define DHCP_DNS_MAX	6
#define DHCP_SEARCH_MAX 256
#define DHCP_FOREVER	UINT32_MAX

/* Values as they were told, or NULL. */
struct dhcp_words {
	const char *ip, *subnet, *router, *staticroutes, *msstaticroutes;
	const char *dns, *domain, *search, *mtu, *lease;
};

struct dhcp_route {
	struct inet_prefix destination; /* without host bits */
	struct inet_prefix gateway;	/* AF_UNSPEC: on the link itself */
};

struct dhcp_lease {
	struct inet_prefix address; /* ADDR/LEN; AF_UNSPEC: no lease */
	struct dhcp_route routes[DHCP_ROUTES_MAX];
	size_t n_routes;
	struct inet_prefix dns[DHCP_DNS_MAX];
	size_t n_dns;
	char search[DHCP_SEARCH_MAX]; /* domains, a space between; or "" */
	unsigned int mtu;	      /* 0: not said */
	uint32_t seconds;	      /* that it lasts */
	char refused[160];	      /* "the name server 127.0.0.1"; or "" */
};

/*
 * Routes: the classless static routes (RFC 3442, else Microsoft's), which take
 * the place of the router; domains: the search list (RFC 3397), else the
 * domain. Return: 0, or -EBADMSG with what is wrong with the address.
 */
int dhcp_lease_parse(const struct dhcp_words *words, struct dhcp_lease *ret,
		     struct error *err);

#endif
