/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses and validates a DHCP lease from the variables of busybox udhcpc. Any
 * machine on the network may have sent the values.
 *
 * An invalid address is an error. Any other invalid value is ignored, and the
 * first one is named in `refused`.
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

/* The variables, unchecked; NULL: not set. */
struct dhcp_words {
	const char *ip, *subnet, *router, *staticroutes, *msstaticroutes;
	const char *dns, *domain, *search, *mtu, *lease;
};

struct dhcp_route {
	struct inet_prefix destination; /* without host bits */
	struct inet_prefix gateway;	/* AF_UNSPEC: the link itself */
};

struct dhcp_lease {
	struct inet_prefix address; /* ADDR/LEN; AF_UNSPEC: no lease */
	struct dhcp_route routes[DHCP_ROUTES_MAX];
	size_t n_routes;
	struct inet_prefix dns[DHCP_DNS_MAX];
	size_t n_dns;
	char search[DHCP_SEARCH_MAX]; /* domains, separated by spaces */
	unsigned int mtu;	      /* 0: not given */
	uint32_t seconds;	      /* or DHCP_FOREVER */
	char refused[160];	      /* "the name server 127.0.0.1" */
};

/*
 * Routes: the classless static routes (RFC 3442, else Microsoft's option)
 * replace the router. Domains: the search list (RFC 3397), else the domain.
 * Return: 0 and *ret, or -EBADMSG with err set: the address is invalid.
 */
int dhcp_lease_parse(const struct dhcp_words *words, struct dhcp_lease *ret,
		     struct error *err);

#endif
