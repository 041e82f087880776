/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries of a policy, and the words of its enums. */
#include "policy.h"

#include <string.h>

const struct policy_namespace *policy_namespace_find(const struct policy *p,
						     const char *name)
{
	for (size_t n = 0; n < p->n_namespaces; n++)
		if (!strcmp(p->namespaces[n].name, name))
			return &p->namespaces[n];
	return NULL;
}

const struct policy_network *policy_network_find(const struct policy *p,
						 const char *name)
{
	for (size_t n = 0; n < p->n_networks; n++)
		if (!strcmp(p->networks[n].name, name))
			return &p->networks[n];
	return NULL;
}

bool policy_cable_is_mutual(const struct policy *p,
			    const struct policy_namespace *ns)
{
	const struct policy_namespace *peer =
		policy_namespace_find(p, ns->peer);

	return peer && peer->link == LINK_CABLE && peer->peer &&
	       !strcmp(peer->peer, ns->name);
}

bool policy_namespace_ipv6(const struct policy_namespace *ns)
{
	for (size_t n = 0; n < ns->address.n; n++)
		if (strchr(ns->address.items[n].text, ':'))
			return true;
	return false;
}

/* clang-format off */
const char *const policy_link_words[] = {
	[LINK_NONE] = "none",
	[LINK_EXTERNAL] = "external",
	[LINK_NAT] = "nat",
	[LINK_ROUTED] = "routed",
	[LINK_BRIDGE] = "bridge",
	[LINK_CABLE] = "cable",
	[LINK_MACVLAN] = "macvlan",
	[LINK_DEVICE] = "device",
	[LINK_WIREGUARD] = "wireguard",
	[LINK_OPENVPN] = "openvpn",
	[LINK_KINDS] = NULL,
};
const char *const policy_scope_words[] = {
	[SCOPE_SHARED] = "shared", [SCOPE_USER] = "user",
	[SCOPE_SESSION] = "session", NULL,
};
const char *const policy_lifetime_words[] = {
	[LIFETIME_PROCESSES] = "processes", [LIFETIME_SESSIONS] = "sessions",
	[LIFETIME_FOREVER] = "forever", NULL,
};
const char *const policy_on_error_words[] = {
	[POLICY_ON_ERROR_DENY] = "deny", [POLICY_ON_ERROR_HOST] = "host", NULL,
};
const char *const policy_nested_words[] = {
	[POLICY_SWITCH] = "switch", [POLICY_KEEP] = "keep",
	[POLICY_NESTED_DENY] = "deny", NULL,
};
const char *const policy_network_type_words[] = {
	[NETWORK_LINUX] = "linux", [NETWORK_OVS] = "ovs", NULL,
};
/* clang-format on */

const char *policy_link_name(enum policy_link link)
{
	return link < LINK_KINDS ? policy_link_words[link] : "?";
}
