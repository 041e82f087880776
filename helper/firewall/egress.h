/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `dns`, `allow`, `deny` and `allow_host` of a section as chains of nftables,
 * the same for the host's table and for one inside a namespace.
 *
 * The address space is cut at the ends of all prefixes; what is allowed and
 * denied is the same throughout a piece, and pieces with the same rules share
 * a chain for them. So a packet costs one look-up in an interval map and a few
 * rules, however long the lists are; and no two elements overlap, which the
 * kernel would refuse.
 *
 * A packet ends in one of three ways: `goto refuse`, `goto admitted` (past all
 * further checks), or `goto unnamed`, where is refused what is refused unless
 * it is named: other namespaces, link-local and metadata addresses. It comes to
 * the end of no chain: see firewall.nft.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_EGRESS_H
#define NETNS_PAM_HELPER_FIREWALL_EGRESS_H

#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/policy/policy.h"
#include "helper/instance/resolv_conf.h"

/*
 * Where a NAT64 translates IPv6 to IPv4 (RFC 6052, and RFC 8215 for a site's
 * own), the IPv4 address is the last 32 bits: another way to what has one.
 * (Translators that use other prefixes cannot be known here.)
 */
#define EGRESS_NAT64	   "64:ff9b::/96"
#define EGRESS_NAT64_LOCAL "64:ff9b:1::/96"

/*
 * Not reached but by name: loopback, link-local and the metadata services of
 * the clouds, and that by NAT64. IPv6's link-local addresses besides only where
 * packets are forwarded, where they have no business.
 */
#define EGRESS_REFUSED4                                                        \
	"127.0.0.0/8, 169.254.0.0/16, 100.100.100.200, 168.63.129.16, "        \
	"192.0.0.192"
#define EGRESS_REFUSED4_BY(nat64)                                              \
	nat64 "7f00:0/104, " nat64 "a9fe:0/112, " nat64 "6464:64c8, " nat64    \
	      "a83f:8110, " nat64 "c000:c0"
#define EGRESS_REFUSED6                                                        \
	"fd00:ec2::254, fd20:ce::254, " EGRESS_REFUSED4_BY(                    \
		"64:ff9b::") ", " EGRESS_REFUSED4_BY("64:ff9b:1::")
#define EGRESS_LINK_LOCAL "fe80::/10"

struct egress {
	const struct resolv *dns; /* port 53 to these alone, before all else */
	const struct policy_targets *allow, *deny;
	/*
	 * Prefixes that namespaces have their addresses from. A target of
	 * `allow` names what else is refused when it is a single address or
	 * lies within these or the ones above.
	 */
	const struct inet_prefix *pools;
	size_t n_pools;
};

#define EGRESS_NAME_MAX 128

/*
 * Commands that add a chain `name` to the table, with what it uses (all of it
 * called name-...), and (unless NULL) commands that remove all of that again.
 * Return: 0, -ENOMEM with a sentence.
 */
int egress_print(const struct egress *e, const char *table, const char *name,
		 FILE *add, FILE *remove, struct error *err);

/* The same for `allow_host`: `goto admitted`, or the last verdict. */
int egress_print_ports(const struct policy_targets *ports, const char *table,
		       const char *name, const char *otherwise, FILE *add,
		       FILE *remove, struct error *err);

#endif
