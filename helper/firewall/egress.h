/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `dns`, `allow`, `deny` and `allow_host` of a section as chains of nftables,
 * the same for the host's table and for the one inside a namespace.
 *
 * The address space is divided at the ends of all prefixes; within an interval
 * the same rules apply to all addresses, and intervals with the same rules
 * share a chain. So a packet costs one look-up in an interval map and a few
 * rules, however long the lists are, and no two elements overlap, which the
 * kernel would refuse.
 *
 * Each packet gets one of three verdicts: `goto refuse`; `goto admitted`, which
 * skips all further checks; or `goto unnamed`, which refuses the destinations
 * that must be named explicitly: other namespaces, link-local and metadata
 * addresses. No packet reaches the end of a chain: see firewall.nft.
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
 * own), the IPv4 address is the last 32 bits: a second path to every IPv4
 * destination. (Translators that use other prefixes cannot be known here.)
 */
#define EGRESS_NAT64	   "64:ff9b::/96"
#define EGRESS_NAT64_LOCAL "64:ff9b:1::/96"

/*
 * Refused unless `allow` names them: loopback, link-local and the metadata
 * services of cloud providers, also by NAT64. IPv6's link-local addresses
 * (EGRESS_LINK_LOCAL) only where packets are forwarded: they must not be.
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
	const struct resolv *dns; /* port 53 only to these; checked first */
	const struct policy_targets *allow, *deny;
	/*
	 * The pools that namespaces have their addresses from. A target of
	 * `allow` counts as explicitly named when it is a single address or
	 * lies within a pool or one of the prefixes above.
	 */
	const struct inet_prefix *pools;
	size_t n_pools;
};

#define EGRESS_NAME_MAX 128

/*
 * Prints to `add` the commands that add a chain `name` to the table, with the
 * chains and maps that it uses (NAME-...), and to `remove`, unless it is NULL,
 * the commands that remove all of these.
 * Return: 0 or -ENOMEM with a sentence.
 */
int egress_print(const struct egress *e, const char *table, const char *name,
		 FILE *add, FILE *remove, struct error *err);

/*
 * The same for `allow_host`: `goto admitted` for the ports of the list, and the
 * verdict `otherwise` for all other packets.
 */
int egress_print_ports(const struct policy_targets *ports, const char *table,
		       const char *name, const char *otherwise, FILE *add,
		       FILE *remove, struct error *err);

#endif
