/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and prefixes: text to bytes and back, and arithmetic on bytes. */
#include "inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t inet_bytes(sa_family_t family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* One to three digits without a leading zero, at most `max`. */
static int length_parse(const char *text, unsigned int max, uint8_t *ret)
{
	size_t n = strspn(text, "0123456789");
	unsigned long value = strtoul(text, NULL, 10);

	if (!n || n > 3 || text[n] || (n > 1 && text[0] == '0') || value > max)
		return -EINVAL;
	*ret = (uint8_t)value;
	return 0;
}

int inet_prefix_parse(const char *text, struct inet_prefix *ret)
{
	char address[INET6_ADDRSTRLEN];
	struct inet_prefix p = {0};
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';

	p.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(p.family, address, p.addr) != 1)
		return -EINVAL;
	p.length = (uint8_t)(inet_bytes(p.family) * 8);
	if (slash && length_parse(slash + 1, p.length, &p.length) < 0)
		return -EINVAL;
	*ret = p;
	return 0;
}

void inet_address_format(const struct inet_prefix *p,
			 char ret[static INET_PREFIX_STR])
{
	if (!inet_ntop(p->family, p->addr, ret, INET_PREFIX_STR))
		memcpy(ret, "none", sizeof("none"));
}

void inet_prefix_format(const struct inet_prefix *p,
			char ret[static INET_PREFIX_STR])
{
	size_t len;

	inet_address_format(p, ret);
	if (!inet_bytes(p->family))
		return;
	len = strlen(ret);
	snprintf(ret + len, INET_PREFIX_STR - len, "/%u", p->length);
}

/* The bits of byte n that belong to the prefix. */
static uint8_t byte_mask(uint8_t length, size_t n)
{
	if (length >= (n + 1) * 8)
		return 0xff;
	if (length <= n * 8)
		return 0;
	return (uint8_t)(0xff << (8 - length % 8));
}

bool inet_prefix_contains(const struct inet_prefix *p,
			  const struct inet_prefix *address)
{
	size_t bytes = inet_bytes(p->family), n;

	if (!bytes || p->family != address->family)
		return false;
	for (n = 0; n < bytes; n++)
		if ((p->addr[n] ^ address->addr[n]) & byte_mask(p->length, n))
			return false;
	return true;
}

bool inet_prefix_overlaps(const struct inet_prefix *a,
			  const struct inet_prefix *b)
{
	return a->length <= b->length ? inet_prefix_contains(a, b)
				      : inet_prefix_contains(b, a);
}

bool inet_prefix_has_host_bits(const struct inet_prefix *p)
{
	size_t bytes = inet_bytes(p->family), n;

	for (n = 0; n < bytes; n++)
		if (p->addr[n] & (uint8_t)~byte_mask(p->length, n))
			return true;
	return false;
}

void inet_prefix_clear_host_bits(struct inet_prefix *p)
{
	for (unsigned int bit = p->length; bit < inet_bytes(p->family) * 8;
	     bit++)
		p->addr[bit / 8] &= (uint8_t)~(0x80u >> bit % 8);
}

void inet_prefix_nth(const struct inet_prefix *p, uint64_t offset,
		     struct inet_prefix *ret)
{
	size_t bytes = inet_bytes(p->family), n;
	struct inet_prefix sum = {
		.family = p->family,
		.length = (uint8_t)(bytes * 8),
	};
	unsigned int carry = 0;

	for (n = bytes; n-- > 0;) {
		carry += (p->addr[n] & byte_mask(p->length, n)) +
			 (unsigned int)(offset & 0xff);
		sum.addr[n] = (uint8_t)carry;
		carry >>= 8;
		offset >>= 8;
	}
	*ret = sum;
}

bool inet_address_equal(const struct inet_prefix *a,
			const struct inet_prefix *b)
{
	return a->family == b->family &&
	       !memcmp(a->addr, b->addr, inet_bytes(a->family));
}

bool inet_prefix_unmap(struct inet_prefix *p)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct inet_prefix v4 = {.family = AF_INET};

	if (p->family != AF_INET6 || p->length < 8 * sizeof(mapped) ||
	    memcmp(p->addr, mapped, sizeof(mapped)) != 0)
		return false;
	v4.length = (uint8_t)(p->length - 8 * sizeof(mapped));
	memcpy(v4.addr, p->addr + sizeof(mapped), 4);
	*p = v4;
	return true;
}
