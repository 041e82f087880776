/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any ten values as a lease. Whatever is taken, a machine can have, and a
 * resolv.conf can hold; whatever is refused leaves a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "helper/link/dhcp_lease.c"
/* NOLINTEND(bugprone-suspicious-include) */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dhcp_words words = {0};
	const char **const all[] = {&words.ip,		 &words.subnet,
				    &words.router,	 &words.dns,
				    &words.domain,	 &words.search,
				    &words.mtu,		 &words.lease,
				    &words.staticroutes, &words.msstaticroutes};
	struct dhcp_lease lease;
	struct error err = {.text = ""};
	char *text = calloc(1, size + 1);
	char *rest = text;

	if (!text)
		return 0;
	memcpy(text, data, size);
	/* A value a line; "-" is none. */
	for (size_t n = 0; n < sizeof(all) / sizeof(all[0]) && rest; n++) {
		const char *value = strsep(&rest, "\n");

		*all[n] = strcmp(value, "-") != 0 ? value : NULL;
	}
	if (dhcp_lease_parse(&words, &lease, &err) == 0)
		lease_use(&lease);
	else
		must(err.text[0]);
	free(text);
	return 0;
}
