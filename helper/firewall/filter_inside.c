/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table inside a namespace whose packets do not pass the host's stack: the
 * same verdicts as in firewall.nft, at the output hook.
 */
#include "filter_parts.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/resolv_conf.h"

#define RULE "add rule " FILTER_TABLE " "

/*
 * The base chain stays when the policy changes; its rules are replaced, and
 * nft_run_inside() removes all other chains in the same transaction. A packet
 * that returns from `leave` is dropped.
 */
static void print_frame(FILE *f)
{
	fputs("add chain " FILTER_TABLE " leave\n"
	      "add chain " FILTER_TABLE " unnamed\n"
	      "add chain " FILTER_TABLE " admitted\n"
	      "add chain " FILTER_TABLE " refuse\n",
	      f);
}

/* What a network needs to work: neighbours, routers, leases. */
static void print_needed(const struct policy_namespace *ns, FILE *f)
{
	fputs(RULE
	      "output oifname \"lo\" accept\n" RULE
	      "output icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld-listener-done, mld2-listener-report } accept\n",
	      f);
	if (ns->address_mode == ADDRESS_DHCP)
		fputs(RULE "output udp sport 68 udp dport 67 accept\n" RULE
			   "output udp sport 546 udp dport 547 accept\n",
		      f);
}

/*
 * With `allow`, the ports of `allow_host` are allowed, too, on the addresses
 * that the host has on the switch; the host's table checks them again.
 */
static int print_services(const struct policy *policy,
			  const struct policy_namespace *ns, FILE *f,
			  struct error *err)
{
	const struct policy_network *network =
		ns->network ? policy_network_find(policy, ns->network) : NULL;
	int r;

	if (!network || !ns->allow_host.n || !ns->allow.n)
		return 0;
	r = egress_print_ports(&ns->allow_host, FILTER_TABLE, "services",
			       "return", f, NULL, err);
	for (size_t n = 0; n < network->address.n && r == 0; n++) {
		const struct inet_prefix *p = &network->address.items[n];
		char address[INET_PREFIX_STR];

		inet_address_format(p, address);
		fprintf(f, RULE "leave %s daddr %s jump services\n",
			p->family == AF_INET ? "ip" : "ip6", address);
	}
	return r;
}

static int print_egress(const struct instance *i, const struct policy *policy,
			const struct policy_namespace *ns, FILE *f,
			struct error *err)
{
	const struct inet_prefix pools[] = {policy->pool4, policy->pool6};
	const struct resolv dns = resolv_of(i, ns);
	const struct egress egress = {&dns, &ns->allow, &ns->deny, pools, 2};
	int r;

	if (!dns.set && !ns->allow.n && !ns->deny.n) {
		fputs(RULE "leave goto unnamed\n", f);
		return 0;
	}
	r = print_services(policy, ns, f, err);
	if (r == 0)
		r = egress_print(&egress, FILTER_TABLE, "egress", f, NULL, err);
	if (r == 0)
		fputs(RULE "leave goto egress\n", f);
	return r;
}

int filter_inside_print(const struct instance *i, const struct policy *policy,
			const struct policy_namespace *ns, FILE *f,
			struct error *err)
{
	const bool behind = i->ops->behind_switch;
	/* Connection tracking costs time: only where a rule needs it. */
	bool follows =
		ns->allow.n || ns->deny.n || ns->max_connections || behind;

	print_frame(f);
	/* Behind a switch the host tracks the connections: always limited. */
	if (ns->max_connections || behind)
		filter_limit_print_inside(f, ns->max_connections);
	fputs(RULE "admitted accept\n", f);
	if (follows)
		fputs(RULE
		      "refuse meta l4proto tcp ct state established reject with tcp reset\n",
		      f);
	fputs(RULE "refuse reject with icmpx admin-prohibited\n" RULE
		   "unnamed ip daddr { " EGRESS_REFUSED4 " } goto refuse\n" RULE
		   "unnamed ip6 daddr { " EGRESS_REFUSED6
		   " } goto refuse\n" RULE "unnamed goto admitted\n",
	      f);
	print_needed(ns, f);
	if (follows)
		fputs(RULE
		      "output ct direction reply accept\n" RULE
		      "output ct state related meta l4proto { icmp, ipv6-icmp } accept\n",
		      f);
	fputs(RULE "output jump leave\n" RULE "output drop\n", f);
	return print_egress(i, policy, ns, f, err);
}
