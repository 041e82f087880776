/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of whole sections: keys that require or exclude each other, references
 * between sections; and the defaults from [options].
 */
#include "check.h"

#include <stdarg.h>
#include <string.h>

#include "common/names.h"

#define TEXT_MAX     256
#define IPV6_MTU_MIN 1280 /* RFC 8200 */

/* A section that is checked. */
struct check {
	struct policy_build *build;
	struct policy *policy;
	const struct policy_section *section;
};

/* The line of a key of the section; 0 when it was not given. */
static unsigned int check_key_line(const struct check *check, const char *name)
{
	return policy_section_key(check->section, name);
}

/*
 * Notes an error about the section: "KEY: SENTENCE" at the key's line, or, when
 * the key was not given, or is NULL, at the heading's.
 */
__attribute__((format(printf, 3, 4))) static void
check_error(const struct check *check, const char *key, const char *format, ...)
{
	unsigned int line = key ? check_key_line(check, key) : 0;
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note_error(&check->build->book, check->section->file,
		   line ? line : check->section->line, "%s%s%s", key ? key : "",
		   key ? ": " : "", text);
}

/* Writes the links of a bit mask: "nat, routed or bridge". */
static void check_links_list(unsigned int links,
			     char ret[static POLICY_WORDS_MAX])
{
	const char *words[LINK_KINDS];
	size_t n = 0;

	for (unsigned int kind = 0; kind < LINK_KINDS; kind++)
		if (links >> kind & 1)
			words[n++] = policy_link_name(kind);
	policy_words_join(words, n, ret);
}

/*
 * Keys that the section or its link requires, and keys that the link refuses.
 */
static void check_keys(const struct check *check, const char *title,
		       unsigned int link)
{
	size_t slot = 0; /* policy_key_slot(), of one key after the other */

	for (size_t n = 0; n < policy_keys_n; n++) {
		const struct policy_key *key = &policy_keys[n];
		bool concerned = !key->links || key->links >> link & 1;
		unsigned int line;

		if (key->kind != check->section->kind)
			continue;
		line = check->section->key_lines[slot++];
		if (concerned && key->flags & KEY_REQUIRED && !line) {
			check_error(check, NULL, "%s needs the key '%s': %s",
				    title, key->name, key->help);
		} else if (!concerned && line) {
			char links[POLICY_WORDS_MAX];

			check_links_list(key->links, links);
			check_error(check, key->name,
				    "cannot be used with link = %s, only with %s%s",
				    policy_link_name(link), links,
				    check_key_line(check, "link")
					    ? ""
					    : " (the section has no 'link')");
		}
	}
}

static void check_rule(const struct check *check, struct policy_rule *rule)
{
	const struct policy *policy = check->policy;
	bool whence = rule->services.n || rule->ttys.n || rule->rhosts.n;
	bool host;

	if (!check_key_line(check, "namespace")) {
		check_error(check, NULL,
			    "[rule %s] needs the key 'namespace': a [namespace] section's name, or host",
			    rule->name);
		return;
	}
	if (!rule->namespace)
		return; /* was noted when it was read */
	host = !strcmp(rule->namespace, POLICY_HOST);
	if (!host &&
	    !policy_build_find(check->build, KIND_NAMESPACE, rule->namespace))
		check_error(check, "namespace",
			    "there is no section [namespace %s]",
			    rule->namespace);
	if (!check_key_line(check, "on_error"))
		rule->on_error = policy->on_error;
	if (!check_key_line(check, "timeout"))
		rule->timeout_ms = policy->timeout_ms;
	/*
	 * A user whose login may fall back to the host's network must be able
	 * to use it.
	 */
	if (!check_key_line(check, "guard"))
		rule->guard = !host && !whence &&
			      rule->on_error == POLICY_ON_ERROR_DENY;
	else if (rule->guard && host)
		check_error(check, "guard",
			    "with namespace = host the user's processes run in the host's namespace; their packets cannot be refused");
}

static void check_scope(const struct check *check,
			const struct policy_namespace *ns)
{
	const char *scope = policy_scope_words[ns->scope];

	if (ns->scope == SCOPE_SHARED)
		return;
	if (ns->link == LINK_EXTERNAL && ns->scope == SCOPE_SESSION)
		check_error(check, "scope",
			    "an external namespace would have to exist for each session before it begins; use shared or user");
	if (ns->scope == SCOPE_SESSION && ns->lifetime == LIFETIME_FOREVER)
		check_error(check, "lifetime",
			    "with scope = session every login would leave a namespace that is never removed");
	if (ns->interface && !policy_is_template(ns->interface))
		check_error(check, "interface",
			    "'%s' can be in one namespace only, and scope = %s makes several; put %%u, %%U or %%n into it",
			    ns->interface, scope);
	if (ns->publish.n)
		check_error(check, "publish",
			    "a port of the host is forwarded to one namespace only, and scope = %s makes several",
			    scope);
}

/* Do both match the same packets? */
static bool publish_clash(const struct target_publish *a,
			  const struct target_publish *b)
{
	if (a->host_port != b->host_port)
		return false;
	if (a->protocol != b->protocol && a->protocol != TARGET_ANY &&
	    b->protocol != TARGET_ANY)
		return false;
	return a->address.family == AF_UNSPEC ||
	       b->address.family == AF_UNSPEC ||
	       inet_prefix_overlaps(&a->address, &b->address);
}

/* A port of the host is forwarded to one namespace and port. */
static void check_publish(const struct check *check,
			  const struct policy_namespace *ns)
{
	for (size_t n = 0; n < ns->publish.n; n++) {
		const struct target_publish *mine = &ns->publish.items[n];

		for (const struct policy_namespace *by =
			     check->policy->namespaces;
		     by <= ns; by++)
			for (size_t k = 0; k < (by == ns ? n : by->publish.n);
			     k++) {
				if (!publish_clash(mine, &by->publish.items[k]))
					continue;
				check_error(check, "publish",
					    "'%s' and '%s' of [namespace %s] are the same port of the host",
					    mine->text,
					    by->publish.items[k].text,
					    by->name);
				return;
			}
	}
}

static void check_references(const struct check *check,
			     const struct policy_namespace *ns)
{
	const struct policy_section *peer = NULL;
	const struct policy_namespace *other;

	if (ns->network && ns->link == LINK_BRIDGE &&
	    !policy_build_find(check->build, KIND_NETWORK, ns->network))
		check_error(check, "network",
			    "there is no section [network %s]", ns->network);
	if (!ns->peer || ns->link != LINK_CABLE)
		return;
	peer = policy_build_find(check->build, KIND_NAMESPACE, ns->peer);
	if (!peer) {
		check_error(check, "peer", "there is no section [namespace %s]",
			    ns->peer);
		return;
	}
	other = policy_build_object(check->build, peer);
	if (!strcmp(ns->peer, ns->name))
		check_error(check, "peer",
			    "the peer of a cable must be another namespace");
	else if (other->link == LINK_EXTERNAL)
		check_error(check, "peer",
			    "[namespace %s] has link = external, and external namespaces are not changed",
			    ns->peer);
	else if (other->scope != SCOPE_SHARED)
		check_error(check, "peer",
			    "[namespace %s] has scope = %s, so that there is no single namespace to connect a cable to",
			    ns->peer, policy_scope_words[other->scope]);
}

/*
 * Instances of [namespace vpn] are named vpn.USER, so that [namespace vpn.ann]
 * would have the name of one of them.
 */
static void check_name(const struct check *check,
		       const struct policy_namespace *ns)
{
	char prefix[NAME_MAX_POLICY + 1];
	const struct policy_section *other;
	const struct policy_namespace *owner;

	if (strlen(ns->name) > NAME_MAX_POLICY)
		return;
	for (const char *dot = strchr(ns->name, '.'); dot;
	     dot = strchr(dot + 1, '.')) {
		memcpy(prefix, ns->name, (size_t)(dot - ns->name));
		prefix[dot - ns->name] = '\0';
		other = policy_build_find(check->build, KIND_NAMESPACE, prefix);
		if (!other)
			continue;
		owner = policy_build_object(check->build, other);
		if (owner->scope == SCOPE_SHARED)
			continue;
		check_error(check, NULL,
			    "[namespace %s] could be an instance of [namespace %s], which has scope = %s; choose another name",
			    ns->name, prefix, policy_scope_words[owner->scope]);
		return;
	}
}

/* --- addresses --- */

/* Is this kind of address possible with this link? */
static void check_address_mode(const struct check *check,
			       const struct policy_namespace *ns)
{
	static const unsigned int links[] = {
		[ADDRESS_AUTO] =
			1u << LINK_NAT | 1u << LINK_ROUTED | 1u << LINK_BRIDGE,
		[ADDRESS_STATIC] = ~0u,
		[ADDRESS_DHCP] = 1u << LINK_BRIDGE | 1u << LINK_MACVLAN |
				 1u << LINK_DEVICE,
	};
	char list[POLICY_WORDS_MAX];

	if (links[ns->address_mode] >> ns->link & 1)
		return;
	check_links_list(links[ns->address_mode], list);
	check_error(check, "address", "'%s' is possible only with link = %s",
		    ns->address_mode == ADDRESS_DHCP ? "dhcp" : "auto", list);
}

/* Has it a static address of the family? Templates count as both families. */
static bool namespace_has_family(const struct policy_namespace *ns,
				 sa_family_t family)
{
	for (size_t n = 0; n < ns->address.n; n++)
		if (ns->address.items[n].prefix.family == family ||
		    !ns->address.items[n].prefix.family)
			return true;
	return false;
}

/*
 * Is the gateway on the link: link-local, inside the prefix of an address, or
 * is the address a single one, without a prefix to be inside?
 */
static bool gateway_is_near(const struct policy_namespace *ns,
			    const struct inet_prefix *gateway)
{
	if (gateway->family == AF_INET6 && gateway->addr[0] == 0xfe)
		return true;
	for (size_t n = 0; n < ns->address.n; n++) {
		const struct inet_prefix *p = &ns->address.items[n].prefix;

		if (!p->family) /* a template */
			return true;
		if (p->family == gateway->family &&
		    (p->length == inet_bytes(p->family) * 8 ||
		     inet_prefix_contains(p, gateway)))
			return true;
	}
	return false;
}

static bool gateway_is_own(const struct policy_namespace *ns,
			   const struct inet_prefix *gateway)
{
	for (size_t n = 0; n < ns->address.n; n++)
		if (inet_address_equal(&ns->address.items[n].prefix, gateway))
			return true;
	return false;
}

static void check_gateways(const struct check *check,
			   const struct policy_namespace *ns)
{
	unsigned int v4 = 0, v6 = 0;

	if (!ns->gateway.n || ns->link == LINK_WIREGUARD ||
	    ns->link == LINK_OPENVPN)
		return;
	if (ns->address_mode != ADDRESS_STATIC) {
		check_error(check, "gateway",
			    "needs a static 'address' (auto and dhcp bring their own gateway)");
		return;
	}
	for (size_t n = 0; n < ns->gateway.n; n++) {
		const struct inet_prefix *p = &ns->gateway.items[n].prefix;
		const char *text = ns->gateway.items[n].text;

		if (!p->family)
			continue; /* a template */
		v4 += p->family == AF_INET;
		v6 += p->family == AF_INET6;
		if (!namespace_has_family(ns, p->family))
			check_error(check, "gateway",
				    "'%s' is %s and 'address' has no address of that family",
				    text,
				    p->family == AF_INET ? "IPv4" : "IPv6");
		else if (gateway_is_own(ns, p))
			check_error(check, "gateway",
				    "'%s' is the namespace's own address",
				    text);
		else if (!gateway_is_near(ns, p))
			check_error(check, "gateway",
				    "'%s' is not in any prefix of 'address'",
				    text);
	}
	if (v4 > 1 || v6 > 1)
		check_error(check, "gateway",
			    "more than one %s gateway; keep one",
			    v4 > 1 ? "IPv4" : "IPv6");
}

static void check_addresses_twice(const struct check *check,
				  const struct policy_addresses *address)
{
	for (size_t n = 1; n < address->n; n++) {
		const struct policy_address *a = &address->items[n];
		bool twice = false;

		for (size_t k = 0; k < n && !twice; k++)
			twice = a->prefix.family
					? inet_address_equal(&a->prefix,
							     &address->items[k]
								      .prefix)
					: !strcmp(a->text,
						  address->items[k].text);
		if (twice)
			check_error(check, "address", "'%s' is given twice",
				    a->text);
	}
}

/* Do the addresses that `auto` gives include an IPv6 one? */
static bool auto_has_ipv6(const struct check *check,
			  const struct policy_namespace *ns)
{
	const struct policy_network *network;

	if (ns->link == LINK_NAT || ns->link == LINK_ROUTED)
		return check->policy->pool6.family == AF_INET6;
	if (ns->link != LINK_BRIDGE || ns->address_mode != ADDRESS_AUTO ||
	    !ns->network)
		return false;
	network = policy_network_find(check->policy, ns->network);
	for (size_t n = 0; network && n < network->address.n; n++)
		if (network->address.items[n].family == AF_INET6)
			return true;
	return false;
}

static void check_mtu(const struct check *check,
		      const struct policy_namespace *ns)
{
	bool fixed = ns->address_mode == ADDRESS_STATIC;
	bool ipv6 = fixed ? namespace_has_family(ns, AF_INET6)
			  : auto_has_ipv6(check, ns);

	if (!ns->mtu || ns->mtu >= IPV6_MTU_MIN || !ipv6)
		return;
	check_error(check, "mtu", "IPv6 needs at least %d; %s", IPV6_MTU_MIN,
		    fixed ? "leave the IPv6 address out"
		    : ns->link == LINK_BRIDGE
			    ? "set a static IPv4 address, or leave the IPv6 address of the network out"
			    : "set pool6 = none, or a static IPv4 address");
}

static void check_addresses(const struct check *check,
			    const struct policy_namespace *ns)
{
	if (ns->link == LINK_NONE || ns->link == LINK_EXTERNAL)
		return; /* check_keys() has refused them all */
	if (check_key_line(check, "address"))
		check_address_mode(check, ns);
	for (size_t n = 0; n < ns->address.n; n++)
		if (ns->scope != SCOPE_SHARED &&
		    ns->address.items[n].prefix.family)
			check_error(check, "address",
				    "'%s' would be the address of every instance of scope = %s; put %%u, %%U or %%n into it, or write auto",
				    ns->address.items[n].text,
				    policy_scope_words[ns->scope]);
	check_gateways(check, ns);
	check_addresses_twice(check, &ns->address);
	check_mtu(check, ns);
}

static void check_namespace(const struct check *check,
			    const struct policy_namespace *ns)
{
	char title[TEXT_MAX];

	check_name(check, ns);
	check_references(check, ns);
	if (ns->search.n && !ns->dns_set)
		check_error(check, "search",
			    "needs servers in 'dns'; without them the session resolves as the host does");
	if (ns->link == LINK_KINDS)
		return; /* an unknown word, noted when it was read */

	snprintf(title, sizeof(title), "link = %s", policy_link_name(ns->link));
	check_keys(check, title, ns->link);
	check_addresses(check, ns);
	check_scope(check, ns);
	check_publish(check, ns);
	for (size_t n = 0; n < ns->ready.n; n++)
		if (!strcmp(ns->ready.items[n], "handshake") &&
		    ns->link != LINK_WIREGUARD && ns->link != LINK_OPENVPN)
			check_error(check, "ready",
				    "'handshake' is possible only with link = wireguard or openvpn");
}

/* Is the DHCP range inside the prefix of one of the network's addresses? */
static bool network_has_range(const struct policy_network *network)
{
	for (size_t n = 0; n < network->address.n; n++) {
		const struct inet_prefix *p = &network->address.items[n];

		if (inet_prefix_contains(p, &network->dhcp_first) &&
		    inet_prefix_contains(p, &network->dhcp_last))
			return true;
	}
	return false;
}

/*
 * An interface can be a port of one bridge only. Sections that share an Open
 * vSwitch bridge, each with its own VLAN, may share the uplink as well.
 */
static void check_uplink(const struct check *check,
			 const struct policy_network *network)
{
	const struct policy *policy = check->policy;

	for (const struct policy_network *by = policy->networks; by < network;
	     by++) {
		if (!by->uplink || strcmp(by->uplink, network->uplink) != 0 ||
		    (by->type == NETWORK_OVS && network->type == NETWORK_OVS &&
		     by->bridge && network->bridge &&
		     !strcmp(by->bridge, network->bridge)))
			continue;
		check_error(check, "uplink",
			    "'%s' is the uplink of [network %s] already: [network %s] needs another, since an interface can be a port of one bridge only",
			    network->uplink, by->name, network->name);
		return;
	}
}

/* Is it a name that the daemon gives to interfaces: npam7, npam7v? */
static bool is_npam(const char *name)
{
	static const char prefix[] = "npam";
	const char *number = name + sizeof(prefix) - 1;
	size_t digits;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	digits = strspn(number, "0123456789");
	return digits && (!number[digits] || !strcmp(number + digits, "v"));
}

/*
 * A bridge belongs to one section; with Open vSwitch to one section per VLAN.
 */
static void check_bridge(const struct check *check,
			 const struct policy_network *network)
{
	const struct policy *policy = check->policy;
	bool ovs = network->type == NETWORK_OVS;

	if (is_npam(network->bridge))
		check_error(check, "bridge",
			    "'%s' is reserved for interfaces of netns-pam; choose another name",
			    network->bridge);
	for (const struct policy_network *by = policy->networks; by < network;
	     by++) {
		bool both = ovs && by->type == NETWORK_OVS;

		if (!by->bridge || strcmp(by->bridge, network->bridge) != 0 ||
		    (both && by->vlan != network->vlan))
			continue;
		check_error(check, "bridge",
			    "'%s' is the bridge of [network %s] already: give [network %s] another%s",
			    network->bridge, by->name, network->name,
			    both ? ", or a 'vlan' of its own" : "");
		return;
	}
}

static void check_network(const struct check *check,
			  const struct policy_network *network)
{
	char title[TEXT_MAX], text[INET_PREFIX_STR];

	snprintf(title, sizeof(title), "[network %s]", network->name);
	check_keys(check, title, 0);
	if (network->nat && !check_key_line(check, "address"))
		check_error(check, "nat",
			    "needs an 'address' of the host on the bridge");
	if (network->uplink && network->bridge &&
	    !strcmp(network->uplink, network->bridge))
		check_error(check, "uplink",
			    "a bridge cannot be its own uplink");
	if (network->uplink)
		check_uplink(check, network);
	if (network->bridge)
		check_bridge(check, network);
	if (network->vlan && network->type != NETWORK_OVS)
		check_error(check, "vlan", "is possible only with type = ovs");
	for (size_t n = 1; n < network->address.n; n++)
		for (size_t k = 0; k < n; k++)
			if (inet_address_equal(&network->address.items[n],
					       &network->address.items[k])) {
				inet_prefix_format(&network->address.items[n],
						   text);
				check_error(check, "address",
					    "'%s' is given twice", text);
				break;
			}
	if (network->dhcp_first.family && !network_has_range(network))
		check_error(check, "dhcp",
			    "the range must lie in the prefix of an 'address' of this section");
}

static void check_options(const struct check *check)
{
	const struct policy_list *list = &check->policy->exclude_services;

	for (size_t n = 0; n < list->n; n++)
		if (!list->items[n][strspn(list->items[n], "*")])
			check_error(check, "exclude_services",
				    "'%s' matches every service; no login would be handled",
				    list->items[n]);
}

void policy_check(struct policy_build *build)
{
	for (size_t n = 0; n < build->n_sections; n++) {
		struct check check = {
			.build = build,
			.policy = build->policy,
			.section = &build->sections[n],
		};
		void *object = policy_build_object(build, check.section);

		if (check.section->kind == KIND_OPTIONS)
			check_options(&check);
		else if (check.section->kind == KIND_RULE)
			check_rule(&check, object);
		else if (check.section->kind == KIND_NAMESPACE)
			check_namespace(&check, object);
		else
			check_network(&check, object);
	}
}
