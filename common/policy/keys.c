/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys and look-ups in it. */
#include "keys.h"

#include <string.h>

#include "words.h"

#define LINK(kind) (1u << LINK_##kind)
#define ALL_LINKS  ((1u << LINK_KINDS) - 1)
#define BUILT	   (ALL_LINKS & ~(LINK(NONE) | LINK(EXTERNAL)))
#define HOSTED	   (LINK(NAT) | LINK(ROUTED) | LINK(BRIDGE))
#define TUNNELS	   (LINK(WIREGUARD) | LINK(OPENVPN))

#define OPTION(key) offsetof(struct policy, key)
#define RULE(key)   offsetof(struct policy_rule, key)
#define SPACE(key)  offsetof(struct policy_namespace, key)
#define NET(key)    offsetof(struct policy_network, key)

/* clang-format off */
const struct policy_key policy_keys[] = {
	{KIND_OPTIONS, "on_error", value_on_error, OPTION(on_error), 0, 0,
	 "deny or host"},
	{KIND_OPTIONS, "timeout", value_timeout, OPTION(timeout_ms), 0, 0,
	 "100ms to 10m"},
	{KIND_OPTIONS, "pool4", value_pool4, OPTION(pool4), 0, 0,
	 "an IPv4 prefix"},
	{KIND_OPTIONS, "pool6", value_pool6, OPTION(pool6), 0, 0,
	 "an IPv6 prefix or none"},
	{KIND_OPTIONS, "exclude_services", value_services,
	 OPTION(exclude_services), KEY_LIST, 0, "PAM services"},

	{KIND_RULE, "users", value_users, RULE(users), KEY_LIST, 0,
	 "user names"},
	{KIND_RULE, "groups", value_groups, RULE(groups), KEY_LIST, 0,
	 "group names"},
	{KIND_RULE, "netgroups", value_groups, RULE(netgroups), KEY_LIST, 0,
	 "netgroup names"},
	{KIND_RULE, "uids", value_uids, RULE(uids), KEY_LIST, 0,
	 "uids or ranges of them"},
	{KIND_RULE, "services", value_services, RULE(services), KEY_LIST, 0,
	 "PAM services"},
	{KIND_RULE, "ttys", value_ttys, RULE(ttys), KEY_LIST, 0, "terminals"},
	{KIND_RULE, "rhosts", value_rhosts, RULE(rhosts), KEY_LIST, 0,
	 "addresses, prefixes or host names"},
	{KIND_RULE, "namespace", value_section_name, RULE(namespace),
	 KEY_REQUIRED, 0, "a [namespace] section's name, or host"},
	{KIND_RULE, "on_error", value_on_error, RULE(on_error), 0, 0,
	 "deny or host"},
	{KIND_RULE, "timeout", value_timeout, RULE(timeout_ms), 0, 0,
	 "100ms to 10m"},
	{KIND_RULE, "nested", value_nested, RULE(nested), 0, 0,
	 "switch, keep or deny"},
	{KIND_RULE, "guard", value_bool, RULE(guard), 0, 0, "yes or no"},

	{KIND_NAMESPACE, "scope", value_scope, SPACE(scope), 0, 0,
	 "shared, user or session"},
	{KIND_NAMESPACE, "link", value_link, SPACE(link), 0, 0,
	 "a kind of link"},
	{KIND_NAMESPACE, "network", value_section_name, SPACE(network),
	 KEY_REQUIRED, LINK(BRIDGE), "a [network] section's name"},
	{KIND_NAMESPACE, "peer", value_section_name, SPACE(peer), KEY_REQUIRED,
	 LINK(CABLE), "a [namespace] section's name"},
	{KIND_NAMESPACE, "parent", value_ifname_template, SPACE(parent),
	 KEY_REQUIRED, LINK(MACVLAN), "an interface of the host"},
	{KIND_NAMESPACE, "interface", value_ifname_template, SPACE(interface),
	 KEY_REQUIRED, LINK(DEVICE), "an interface of the host"},
	{KIND_NAMESPACE, "wireguard", value_path, SPACE(wireguard),
	 KEY_REQUIRED, LINK(WIREGUARD), "an absolute path"},
	{KIND_NAMESPACE, "openvpn", value_path, SPACE(openvpn), KEY_REQUIRED,
	 LINK(OPENVPN), "an absolute path"},
	{KIND_NAMESPACE, "address", value_address, SPACE(address), KEY_LIST,
	 BUILT, "ADDRESS/LENGTH, auto or dhcp"},
	{KIND_NAMESPACE, "gateway", value_gateway, SPACE(gateway), KEY_LIST,
	 BUILT & ~TUNNELS, "addresses"},
	{KIND_NAMESPACE, "routes", value_route, SPACE(routes), KEY_LIST, BUILT,
	 "PREFIX or PREFIX via ADDRESS"},
	{KIND_NAMESPACE, "mtu", value_mtu, SPACE(mtu), 0, BUILT,
	 "68 to 65535"},
	{KIND_NAMESPACE, "ifname", value_ifname, SPACE(ifname), 0, BUILT,
	 "an interface name"},
	{KIND_NAMESPACE, "dns", value_dns, SPACE(dns), KEY_LIST, 0,
	 "addresses of name servers, or host"},
	{KIND_NAMESPACE, "search", value_search, SPACE(search), KEY_LIST, 0,
	 "domain names"},
	{KIND_NAMESPACE, "allow", value_egress, SPACE(allow), KEY_LIST, BUILT,
	 "PREFIX[:PORT[-PORT]][/tcp|udp|icmp]"},
	{KIND_NAMESPACE, "deny", value_egress, SPACE(deny), KEY_LIST, BUILT,
	 "PREFIX[:PORT[-PORT]][/tcp|udp|icmp]"},
	{KIND_NAMESPACE, "allow_host", value_allow_host, SPACE(allow_host),
	 KEY_LIST, HOSTED, "PORT[-PORT][/tcp|udp]"},
	{KIND_NAMESPACE, "publish", value_publish, SPACE(publish), KEY_LIST,
	 HOSTED, "[ADDRESS:]HOSTPORT:PORT[/tcp|udp]"},
	{KIND_NAMESPACE, "rate", value_rate, SPACE(rate_bits), 0, BUILT,
	 "a rate such as 10mbit"},
	{KIND_NAMESPACE, "max_connections", value_max_connections,
	 SPACE(max_connections), 0, BUILT, "a number"},
	{KIND_NAMESPACE, POLICY_SYSCTL_KEY, value_sysctl, 0, KEY_MANY,
	 ALL_LINKS & ~LINK(EXTERNAL), "the sysctl's value"},
	{KIND_NAMESPACE, "up", value_path, SPACE(up), 0,
	 ALL_LINKS & ~LINK(EXTERNAL), "an absolute path"},
	{KIND_NAMESPACE, "down", value_path, SPACE(down), 0,
	 ALL_LINKS & ~LINK(EXTERNAL), "an absolute path"},
	{KIND_NAMESPACE, "ready", value_ready, SPACE(ready), KEY_LIST,
	 ALL_LINKS & ~LINK(NONE), "route, interface:NAME or handshake"},
	{KIND_NAMESPACE, "lifetime", value_lifetime, SPACE(lifetime), 0,
	 ALL_LINKS & ~LINK(EXTERNAL), "processes, sessions or forever"},

	{KIND_NETWORK, "type", value_network_type, NET(type), 0, 0,
	 "linux or ovs"},
	{KIND_NETWORK, "bridge", value_ifname, NET(bridge), KEY_REQUIRED, 0,
	 "an interface name"},
	{KIND_NETWORK, "address", value_network_address, NET(address), KEY_LIST,
	 0, "ADDRESS/LENGTH of the host"},
	{KIND_NETWORK, "nat", value_bool, NET(nat), 0, 0, "yes or no"},
	{KIND_NETWORK, "dhcp", value_dhcp, NET(dhcp_first), 0, 0, "FIRST-LAST"},
	{KIND_NETWORK, "uplink", value_ifname, NET(uplink), 0, 0,
	 "an interface of the host"},
	{KIND_NETWORK, "vlan", value_vlan, NET(vlan), 0, 0, "1 to 4094"},
	{KIND_NETWORK, "isolate", value_bool, NET(isolate), 0, 0, "yes or no"},
};
/* clang-format on */
const size_t policy_keys_n = sizeof(policy_keys) / sizeof(policy_keys[0]);

const char *policy_kind_name(enum policy_kind kind)
{
	static const char *const names[POLICY_KINDS] = {
		[KIND_OPTIONS] = "options",
		[KIND_RULE] = "rule",
		[KIND_NAMESPACE] = "namespace",
		[KIND_NETWORK] = "network",
	};

	return names[kind];
}

/* Is the word, of len bytes, this key? */
static bool key_is_named(const struct policy_key *key, const char *word,
			 size_t len)
{
	size_t prefix = strlen(POLICY_SYSCTL_PREFIX);

	if (key->name[0] != word[0])
		return false;
	if (key->flags & KEY_MANY)
		return len > prefix &&
		       !strncmp(word, POLICY_SYSCTL_PREFIX, prefix);
	return !strncmp(key->name, word, len) && !key->name[len];
}

const struct policy_key *policy_key_find(enum policy_kind kind,
					 const char *name)
{
	size_t len = strlen(name);

	for (size_t n = 0; n < policy_keys_n; n++)
		if (policy_keys[n].kind == kind &&
		    key_is_named(&policy_keys[n], name, len))
			return &policy_keys[n];
	return NULL;
}

size_t policy_key_slot(const struct policy_key *key)
{
	size_t slot = 0;

	while (key > policy_keys && key[-1].kind == key->kind) {
		key--;
		slot++;
	}
	return slot;
}

bool policy_key_is(const char *word, size_t len)
{
	for (size_t n = 0; n < policy_keys_n; n++)
		if (key_is_named(&policy_keys[n], word, len))
			return true;
	return false;
}

const char *policy_key_like(enum policy_kind kind, const char *name)
{
	for (size_t n = 0; n < policy_keys_n; n++)
		if (policy_keys[n].kind == kind &&
		    policy_word_like(name, policy_keys[n].name))
			return policy_keys[n].name;
	return NULL;
}
