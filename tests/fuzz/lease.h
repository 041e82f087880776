/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the harnesses of leases: what is accepted is valid for the kernel
 * and for resolv.conf.
 */
#ifndef NETNS_PAM_TESTS_FUZZ_LEASE_H
#define NETNS_PAM_TESTS_FUZZ_LEASE_H

#include <stdlib.h>
#include <string.h>

#include "helper/link/dhcp_lease.c" // NOLINT(bugprone-suspicious-include)

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void lease_use(const struct dhcp_lease *lease)
{
	must(lease->address.family == AF_INET && lease->address.length >= 8 &&
	     lease_is_host(&lease->address));
	must(lease->n_routes <= DHCP_ROUTES_MAX &&
	     lease->n_dns <= DHCP_DNS_MAX);
	for (size_t n = 0; n < lease->n_routes; n++) {
		const struct dhcp_route *route = &lease->routes[n];

		must(!inet_prefix_has_host_bits(&route->destination));
		must(route->gateway.family == AF_UNSPEC ||
		     lease_is_host(&route->gateway));
	}
	for (size_t n = 0; n < lease->n_dns; n++)
		must(lease_is_host(&lease->dns[n]));
	must(strspn(lease->search, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_. ") == strlen(lease->search));
	must(!lease->mtu || lease->mtu >= DHCP_MTU_MIN);
	must(lease->seconds > 0);
}

#endif
