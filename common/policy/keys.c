/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys and look-ups in it. */
#include "keys.h"

#include <string.h>

#include "words.h"

#define LINK(kind) (1u << LINK_##kind)
#define ALL_LINKS  ((1u << LINK_KINDS) - 1)
#define BUILT	   (ALL_LINKS & ~(LINK(NONE) | LINK(EXTERNAL)))
#define MADE	   (ALL_LINKS & ~LINK(EXTERNAL))
#define HOSTED	   (LINK(NAT) | LINK(ROUTED) | LINK(BRIDGE))
#define TUNNELS	   (LINK(WIREGUARD) | LINK(OPENVPN))

/* The help, then words, or min and max of a number. */
#define KEY(kind_, name_, type, member, parse_, flags_, links_, ...)           \
	{.kind = kind_,                                                        \
	 .name = name_,                                                        \
	 .parse = parse_,                                                      \
	 .offset = offsetof(type, member),                                     \
	 .flags = flags_,                                                      \
	 .links = links_,                                                      \
	 .help = __VA_ARGS__}
/* Keys whose member has the key's name. */
#define OPTION(key, parse, flags, ...)                                         \
	KEY(KIND_OPTIONS, #key, struct policy, key, parse, flags, 0,           \
	    __VA_ARGS__)
#define RULE(key, parse, flags, ...)                                           \
	KEY(KIND_RULE, #key, struct policy_rule, key, parse, flags, 0,         \
	    __VA_ARGS__)
#define SPACE(key, parse, flags, links, ...)                                   \
	KEY(KIND_NAMESPACE, #key, struct policy_namespace, key, parse, flags,  \
	    links, __VA_ARGS__)
#define NET(key, parse, flags, ...)                                            \
	KEY(KIND_NETWORK, #key, struct policy_network, key, parse, flags, 0,   \
	    __VA_ARGS__)

/* clang-format off */
const struct policy_key policy_keys[] = {
	OPTION(on_error, value_word, 0, "deny or host",
	     .words = policy_on_error_words),
	KEY(KIND_OPTIONS, "timeout", struct policy, timeout_ms, value_timeout,
	     0, 0, "100ms to 10m"),
	OPTION(pool4, value_pool4, 0, "an IPv4 prefix"),
	OPTION(pool6, value_pool6, 0, "an IPv6 prefix or none"),
	OPTION(exclude_services, value_services, KEY_LIST, "PAM services"),

	RULE(users, value_users, KEY_LIST, "user names"),
	RULE(groups, value_groups, KEY_LIST, "group names"),
	RULE(netgroups, value_groups, KEY_LIST, "netgroup names"),
	RULE(uids, value_uids, KEY_LIST, "uids or ranges of them"),
	RULE(services, value_services, KEY_LIST, "PAM services"),
	RULE(ttys, value_ttys, KEY_LIST, "terminals"),
	RULE(rhosts, value_rhosts, KEY_LIST,
	     "addresses, prefixes or host names"),
	RULE(namespace, value_section_name, KEY_REQUIRED,
	     "a [namespace] section's name, or host"),
	RULE(on_error, value_word, 0, "deny or host",
	     .words = policy_on_error_words),
	KEY(KIND_RULE, "timeout", struct policy_rule, timeout_ms, value_timeout,
	     0, 0, "100ms to 10m"),
	RULE(nested, value_word, 0, "switch, keep or deny",
	     .words = policy_nested_words),
	RULE(guard, value_bool, 0, "yes or no"),

	SPACE(scope, value_word, 0, 0, "shared, user or session",
	     .words = policy_scope_words),
	SPACE(link, value_link, 0, 0, "a kind of link"),
	SPACE(network, value_section_name, KEY_REQUIRED, LINK(BRIDGE),
	     "a [network] section's name"),
	SPACE(peer, value_section_name, KEY_REQUIRED, LINK(CABLE),
	     "a [namespace] section's name"),
	SPACE(parent, value_ifname_template, KEY_REQUIRED, LINK(MACVLAN),
	     "an interface of the host"),
	SPACE(interface, value_ifname_template, KEY_REQUIRED, LINK(DEVICE),
	     "an interface of the host"),
	SPACE(wireguard, value_path, KEY_REQUIRED, LINK(WIREGUARD),
	     "an absolute path"),
	SPACE(openvpn, value_path, KEY_REQUIRED, LINK(OPENVPN),
	     "an absolute path"),
	SPACE(address, value_address, KEY_LIST, BUILT,
	     "ADDRESS/LENGTH, auto or dhcp"),
	SPACE(gateway, value_gateway, KEY_LIST, BUILT & ~TUNNELS, "addresses"),
	SPACE(routes, value_route, KEY_LIST, BUILT,
	     "PREFIX or PREFIX via ADDRESS"),
	SPACE(mtu, value_unsigned, 0, BUILT, "68 to 65535", .min = 68,
	     .max = 65535),
	SPACE(ifname, value_ifname, 0, BUILT, "an interface name"),
	SPACE(dns, value_dns, KEY_LIST, 0,
	     "addresses of name servers, or host"),
	SPACE(search, value_search, KEY_LIST, 0, "domain names"),
	SPACE(allow, value_egress, KEY_LIST, BUILT,
	     "PREFIX[:PORT[-PORT]][/tcp|udp|icmp]"),
	SPACE(deny, value_egress, KEY_LIST, BUILT,
	     "PREFIX[:PORT[-PORT]][/tcp|udp|icmp]"),
	SPACE(allow_host, value_allow_host, KEY_LIST, HOSTED,
	     "PORT[-PORT][/tcp|udp]"),
	SPACE(publish, value_publish, KEY_LIST, HOSTED,
	     "[ADDRESS:]HOSTPORT:PORT[/tcp|udp]"),
	KEY(KIND_NAMESPACE, "rate", struct policy_namespace, rate_bits,
	     value_rate, 0, BUILT, "a rate such as 10mbit"),
	SPACE(max_connections, value_unsigned, 0, BUILT, "a number", .min = 1,
	     .max = 10000000),
	KEY(KIND_NAMESPACE, POLICY_SYSCTL_KEY, struct policy_namespace, name,
	     value_sysctl, KEY_MANY, MADE, "the sysctl's value"),
	SPACE(up, value_path, 0, MADE, "an absolute path"),
	SPACE(down, value_path, 0, MADE, "an absolute path"),
	SPACE(ready, value_ready, KEY_LIST, ALL_LINKS & ~LINK(NONE),
	     "route, interface:NAME or handshake"),
	SPACE(lifetime, value_word, 0, MADE, "processes, sessions or forever",
	     .words = policy_lifetime_words),

	NET(type, value_word, 0, "linux or ovs",
	     .words = policy_network_type_words),
	NET(bridge, value_ifname, KEY_REQUIRED, "an interface name"),
	NET(address, value_network_address, KEY_LIST,
	     "ADDRESS/LENGTH of the host"),
	NET(nat, value_bool, 0, "yes or no"),
	KEY(KIND_NETWORK, "dhcp", struct policy_network, dhcp_first, value_dhcp,
	     0, 0, "FIRST-LAST"),
	NET(uplink, value_ifname, 0, "an interface of the host"),
	NET(vlan, value_unsigned, 0, "1 to 4094", .min = 1, .max = 4094),
	NET(isolate, value_bool, 0, "yes or no"),
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
