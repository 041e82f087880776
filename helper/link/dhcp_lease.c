/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcp_lease.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/names.h"

#define DHCP_TEXT_MAX	4096 /* bytes of one option */
#define DHCP_MTU_MIN	576  /* RFC 791; a smaller one blocks connections */
#define DHCP_MTU_MAX	65535
#define DHCP_PREFIX_MIN 8

/* Only the first ignored value is named. */
static void __attribute__((format(printf, 2, 3)))
lease_refuse(struct dhcp_lease *lease, const char *format, ...)
{
	struct error text;
	va_list args;
	char plain[sizeof(lease->refused)];

	if (lease->refused[0])
		return;
	va_start(args, format);
	vsnprintf(plain, sizeof(plain), format, args);
	va_end(args);
	error_set(&text, 0, "%s", plain); /* control bytes made visible */
	snprintf(lease->refused, sizeof(lease->refused), "%.*s",
		 (int)sizeof(lease->refused) - 1, text.text);
}

/* Copies a list, to be split. Return: ret, or NULL when it is too long. */
static char *lease_list(struct dhcp_lease *lease, const char *list,
			char ret[static DHCP_TEXT_MAX])
{
	size_t bytes = strlen(list);

	if (bytes < DHCP_TEXT_MAX)
		return memcpy(ret, list, bytes + 1);
	lease_refuse(lease, "a list of %zu bytes", bytes);
	return NULL;
}

/* The next word of a copy; *rest may be NULL. Return: NULL at the end. */
static char *lease_word(char **rest)
{
	char *word;

	do
		word = strsep(rest, " ");
	while (word && !*word);
	return word;
}

/* --- addresses --- */

static uint32_t lease_bits(const struct inet_prefix *p)
{
	return (uint32_t)p->addr[0] << 24 | (uint32_t)p->addr[1] << 16 |
	       (uint32_t)p->addr[2] << 8 | p->addr[3];
}

static int lease_ipv4(const char *text, struct inet_prefix *ret)
{
	if (inet_prefix_parse(text, ret) < 0 || ret->family != AF_INET ||
	    ret->length != 32)
		return -EBADMSG;
	return 0;
}

/*
 * Can it be a machine's? Not 0/8, 127/8, 169.254/16 (no server leases those,
 * and services of a cloud are there), multicast and higher ones.
 */
static bool lease_is_host(const struct inet_prefix *p)
{
	return p->addr[0] != 0 && p->addr[0] != 127 && p->addr[0] < 224 &&
	       (p->addr[0] != 169 || p->addr[1] != 254);
}

static bool lease_parse_host(const char *text, struct inet_prefix *ret)
{
	return lease_ipv4(text, ret) == 0 && lease_is_host(ret);
}

static uint32_t lease_mask(unsigned int length)
{
	return length ? ~UINT32_C(0) << (32 - length) : 0;
}

/* Return: the length of a netmask; -EBADMSG when it is not contiguous. */
static int lease_mask_length(const char *text)
{
	struct inet_prefix mask;
	uint32_t bits;
	int length = 0;

	if (lease_ipv4(text, &mask) < 0)
		return -EBADMSG;
	bits = lease_bits(&mask);
	while (length < 32 && bits & 1u << (31 - length))
		length++;
	return lease_mask((unsigned int)length) == bits ? length : -EBADMSG;
}

static int lease_address(const struct dhcp_words *words,
			 struct dhcp_lease *lease, struct error *err)
{
	struct inet_prefix p;
	uint32_t host;
	int length;

	if (!words->ip || !lease_parse_host(words->ip, &p))
		return error_set(err, -EBADMSG, "the address %.40s is invalid",
				 words->ip ? words->ip : "(none)");
	/* Without a mask, all other addresses are reached by the router. */
	length = words->subnet ? lease_mask_length(words->subnet) : 32;
	if (length < DHCP_PREFIX_MIN)
		return error_set(err, -EBADMSG,
				 "the netmask %.40s of %.40s is invalid",
				 words->subnet, words->ip);
	host = lease_bits(&p) & ~lease_mask((unsigned int)length);
	if (length < 31 && (!host || host == ~lease_mask((unsigned int)length)))
		return error_set(err, -EBADMSG,
				 "the address %.40s is the network or broadcast address of its prefix",
				 words->ip);
	p.length = (uint8_t)length;
	lease->address = p;
	return 0;
}

/* --- routes --- */

static void lease_add_route(struct dhcp_lease *lease,
			    const struct inet_prefix *destination,
			    const struct inet_prefix *gateway)
{
	struct dhcp_route *route = &lease->routes[lease->n_routes];

	for (size_t n = 0; n < lease->n_routes; n++) {
		const struct inet_prefix *p = &lease->routes[n].destination;

		if (p->length == destination->length &&
		    inet_address_equal(p, destination))
			return;
	}
	if (lease->n_routes == DHCP_ROUTES_MAX) {
		lease_refuse(lease, "more than %d routes", DHCP_ROUTES_MAX);
		return;
	}
	*route = (struct dhcp_route){.destination = *destination};
	/* The link itself: 0.0.0.0 (RFC 3442), or the address of the lease. */
	if (lease_bits(gateway) &&
	    lease_bits(gateway) != lease_bits(&lease->address))
		route->gateway = *gateway;
	lease->n_routes++;
}

/* One pair of the list. Return: 0 or -EBADMSG. */
static int lease_route(struct dhcp_lease *lease, const char *to,
		       const char *via)
{
	struct inet_prefix destination, gateway;
	uint32_t bits;

	if (inet_prefix_parse(to, &destination) < 0 ||
	    destination.family != AF_INET || lease_ipv4(via, &gateway) < 0 ||
	    (lease_bits(&gateway) && !lease_is_host(&gateway)))
		return -EBADMSG;
	bits = lease_bits(&destination) & lease_mask(destination.length);
	for (int n = 0; n < 4; n++)
		destination.addr[n] = (uint8_t)(bits >> (24 - 8 * n));
	/* Shorter ones, such as 0.0.0.0/1, may contain invalid addresses. */
	if (destination.length >= 8 && !lease_is_host(&destination))
		return -EBADMSG;
	lease_add_route(lease, &destination, &gateway);
	return 0;
}

static void lease_static_routes(struct dhcp_lease *lease, const char *list)
{
	char text[DHCP_TEXT_MAX], *rest = lease_list(lease, list, text);
	const char *to, *via;

	while ((to = lease_word(&rest))) {
		via = strsep(&rest, " ");
		if (!via || lease_route(lease, to, via) < 0)
			lease_refuse(lease, "the route to %.40s by %.40s", to,
				     via ? via : "(none)");
	}
}

static void lease_router(struct dhcp_lease *lease, const char *list)
{
	static const struct inet_prefix any = {.family = AF_INET};
	char text[DHCP_TEXT_MAX], *rest = lease_list(lease, list, text), *word;

	while ((word = lease_word(&rest))) {
		struct inet_prefix router;

		if (lease_parse_host(word, &router)) {
			lease_add_route(lease, &any, &router);
			return; /* further routers are not used */
		}
		lease_refuse(lease, "the router %.40s", word);
	}
}

/* --- names --- */

static void lease_dns(struct dhcp_lease *lease, const char *list)
{
	char text[DHCP_TEXT_MAX], *rest = lease_list(lease, list, text), *word;

	while ((word = lease_word(&rest)) && lease->n_dns < DHCP_DNS_MAX)
		if (lease_parse_host(word, &lease->dns[lease->n_dns]))
			lease->n_dns++;
		else
			lease_refuse(lease, "the name server %.40s", word);
}

static void lease_search(struct dhcp_lease *lease, const char *list)
{
	char text[DHCP_TEXT_MAX], *rest = lease_list(lease, list, text), *word;
	size_t used = 0;

	while ((word = lease_word(&rest))) {
		size_t length = strlen(word);

		if (!name_is_domain(word) ||
		    used + length + 2 > sizeof(lease->search)) {
			lease_refuse(lease, "the domain %.60s", word);
			continue;
		}
		if (used)
			lease->search[used++] = ' ';
		memcpy(lease->search + used, word, length + 1);
		used += length;
	}
}

/* --- numbers --- */

/* Return: the number; 0 when the text is not one, or it is above max. */
static uint32_t lease_number(const char *text, uint32_t max)
{
	unsigned long long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return 0;
	value = strtoull(text, &end, 10);
	return *end || value > max ? 0 : (uint32_t)value;
}

int dhcp_lease_parse(const struct dhcp_words *words, struct dhcp_lease *ret,
		     struct error *err)
{
	struct dhcp_lease lease = {.n_routes = 0};
	int r = lease_address(words, &lease, err);

	if (r < 0)
		return r;
	if (words->staticroutes)
		lease_static_routes(&lease, words->staticroutes);
	else if (words->msstaticroutes)
		lease_static_routes(&lease, words->msstaticroutes);
	else if (words->router)
		lease_router(&lease, words->router);
	if (words->dns)
		lease_dns(&lease, words->dns);
	if (words->search)
		lease_search(&lease, words->search);
	else if (words->domain)
		lease_search(&lease, words->domain);
	if (words->mtu) {
		lease.mtu = lease_number(words->mtu, DHCP_MTU_MAX);
		if (lease.mtu < DHCP_MTU_MIN) {
			lease_refuse(&lease, "the MTU %.20s", words->mtu);
			lease.mtu = 0;
		}
	}
	lease.seconds = lease_number(words->lease, DHCP_FOREVER);
	if (!lease.seconds)
		lease.seconds = DHCP_FOREVER;
	*ret = lease;
	return 0;
}
