/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and prefixes, IPv4 and IPv6 alike, in network byte order. */
#ifndef NETNS_PAM_COMMON_INET_H
#define NETNS_PAM_COMMON_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define INET_PREFIX_STR 50 /* "ADDR/LEN" and its NUL */

struct inet_prefix {
	sa_family_t family; /* AF_INET, AF_INET6; AF_UNSPEC is "none" */
	uint8_t length;	    /* bits: up to 32 or 128 */
	uint8_t addr[16];   /* the first 4 bytes for AF_INET */
};

/* Return: 4, 16, or 0 for AF_UNSPEC. */
size_t inet_bytes(sa_family_t family);

/*
 * Reads "ADDR" or "ADDR/LEN"; without /LEN the length is the whole address.
 * Host bits are kept, they are the address. Return: 0 or -EINVAL.
 */
int inet_prefix_parse(const char *text, struct inet_prefix *ret);

/* Writes "ADDR/LEN" (or only "ADDR" with inet_address_format). */
void inet_prefix_format(const struct inet_prefix *p,
			char ret[static INET_PREFIX_STR]);
void inet_address_format(const struct inet_prefix *p,
			 char ret[static INET_PREFIX_STR]);

/* Are the first p->length bits of the two addresses equal? */
bool inet_prefix_contains(const struct inet_prefix *p,
			  const struct inet_prefix *address);

/* Have the two prefixes an address in common? */
bool inet_prefix_overlaps(const struct inet_prefix *a,
			  const struct inet_prefix *b);

/* Are there bits set below the prefix length? (10.0.0.1/8 has.) */
bool inet_prefix_has_host_bits(const struct inet_prefix *p);

/* 10.0.0.1/8 becomes 10.0.0.0/8. */
void inet_prefix_clear_host_bits(struct inet_prefix *p);

/*
 * The address `offset` above the first one of a prefix, as a full-length
 * prefix; offset must lie inside (the caller knows the pool's size).
 */
void inet_prefix_nth(const struct inet_prefix *p, uint64_t offset,
		     struct inet_prefix *ret);

/*
 * Converts an IPv4-mapped address or prefix, ::ffff:192.0.2.1 (RFC 4291,
 * 2.5.5.2), to IPv4. Return: was it one?
 */
bool inet_prefix_unmap(struct inet_prefix *p);

/* Are the addresses and families equal? The lengths are ignored. */
bool inet_address_equal(const struct inet_prefix *a,
			const struct inet_prefix *b);

#endif
