/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "describe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"

static void print_bridge(FILE *f, const struct policy *p,
			 const struct policy_namespace *ns)
{
	const struct policy_network *n = policy_network_find(p, ns->network);
	char first[INET_PREFIX_STR], last[INET_PREFIX_STR];

	fprintf(f, "a port on the network %s", ns->network);
	if (!n)
		return;
	fprintf(f, " (%s %s",
		n->type == NETWORK_OVS ? "Open vSwitch bridge" : "Linux bridge",
		n->bridge);
	if (n->vlan)
		fprintf(f, ", vlan %u", n->vlan);
	if (n->isolate)
		fputs(", isolated", f);
	if (n->nat)
		fputs(", NAT", f);
	if (n->dhcp_first.family) {
		inet_address_format(&n->dhcp_first, first);
		inet_address_format(&n->dhcp_last, last);
		fprintf(f, ", DHCP %s-%s", first, last);
	}
	if (n->uplink)
		fprintf(f, ", uplink %s", n->uplink);
	fputc(')', f);
}

static void print_cable(FILE *f, const struct policy *p,
			const struct policy_namespace *ns)
{
	fprintf(f,
		"a cable (veth) to the namespace %s, connected while that exists%s",
		ns->peer,
		policy_cable_is_mutual(p, ns)
			? ""
			: ", which has another link of its own");
}

/* The sentence for a link, with the value of one key in it. */
static const struct {
	const char *before;
	size_t key; /* offset in struct policy_namespace; 0: none */
	const char *after;
} sentences[LINK_KINDS] = {
#define KEY(name) offsetof(struct policy_namespace, name)
	[LINK_NONE] = {"none: loopback only", 0, ""},
	[LINK_NAT] = {"a veth pair to the host, which masquerades it (NAT)", 0,
		      ""},
	[LINK_ROUTED] =
		{"a veth pair to the host, which routes its addresses unchanged",
		 0, ""},
	[LINK_MACVLAN] = {"an interface beside the host's ", KEY(parent),
			  ", on the same wire (macvlan)"},
	[LINK_DEVICE] = {"the host's interface ", KEY(interface),
			 ", moved into the namespace and returned at the end"},
	[LINK_WIREGUARD] = {"a WireGuard tunnel by ", KEY(wireguard),
			    ", and no other connection"},
	[LINK_OPENVPN] = {"an OpenVPN tunnel by ", KEY(openvpn),
			  ", and no other connection"},
};

int policy_describe_link(const struct policy *p,
			 const struct policy_namespace *ns,
			 const struct policy_whose *whose, char **ret)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		return -ENOMEM;
	if (ns->link == LINK_BRIDGE) {
		print_bridge(f, p, ns);
	} else if (ns->link == LINK_CABLE) {
		print_cable(f, p, ns);
	} else if (ns->link == LINK_EXTERNAL) {
		fprintf(f,
			"/run/netns/%s as it is: made by another program, joined unchanged",
			whose->instance);
	} else {
		size_t key = sentences[ns->link].key;
		const char *value =
			key ? *(char *const *)((const char *)ns + key) : "";
		_cleanup_free_ char *expanded = NULL;

		/* As written when it cannot be expanded. */
		policy_expand(value, whose->user, whose->uid, whose->instance,
			      &expanded, NULL);
		fprintf(f, "%s%s%s", sentences[ns->link].before,
			expanded ? expanded : value, sentences[ns->link].after);
	}
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

void policy_describe_rate(uint64_t bits, char ret[static POLICY_RATE_STR])
{
	static const char *const units[] = {"bit", "kbit", "mbit", "gbit"};
	size_t unit = 0;

	while (unit + 1 < sizeof(units) / sizeof(*units) && bits &&
	       bits % 1000 == 0) {
		bits /= 1000;
		unit++;
	}
	snprintf(ret, POLICY_RATE_STR, "%" PRIu64 "%s", bits, units[unit]);
}
