/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one value cannot show: keys that need or exclude each other, references
 * between sections, defaults that [options] decide.
 */
#include "policy_build.h"

#include <string.h>

#include "names.h"

#define IPV6_MTU_MIN 1280 /* RFC 8200 */
#define TEXT_MAX     256

/* The keys whose lines the checks below point to. */
struct check {
	struct policy_build *build;
	struct policy *policy;
	const struct policy_section *section;
};

static unsigned int key_line(const struct check *check, const char *name)
{
	const struct policy_key *key =
		policy_key_find(check->section->kind, name);

	return check->section->key_lines[policy_key_slot(key)];
}

/* At the key's line, or at the heading when it was not given. */
static unsigned int place(const struct check *check, const char *name)
{
	unsigned int line = key_line(check, name);

	return line ? line : check->section->line;
}

#define CHECK_ERROR(check, line, ...)                                          \
	note_error((check)->build->book, (check)->section->file, line,         \
		   __VA_ARGS__)

/* "nat, routed or bridge" */
static void links_list(unsigned int links, char ret[static POLICY_WORDS_MAX])
{
	const char *words[LINK_KINDS];
	size_t n = 0;

	for (unsigned int kind = 0; kind < LINK_KINDS; kind++)
		if (links >> kind & 1)
			words[n++] = policy_link_name(kind);
	policy_words_join(words, n, ret);
}

/* Keys that the section or its link need, and those that the link refuses. */
static void check_keys(const struct check *check, const char *title,
		       unsigned int link)
{
	for (size_t n = 0; n < policy_keys_n; n++) {
		const struct policy_key *key = &policy_keys[n];
		bool concerned = !key->links || key->links >> link & 1;
		char links[POLICY_WORDS_MAX];
		unsigned int line;

		if (key->kind != check->section->kind)
			continue;
		line = check->section->key_lines[policy_key_slot(key)];
		if (concerned && key->flags & KEY_REQUIRED && !line) {
			CHECK_ERROR(check, check->section->line,
				    "%s needs the key '%s': %s", title,
				    key->name, key->help);
		} else if (!concerned && line) {
			links_list(key->links, links);
			CHECK_ERROR(check, line,
				    "%s: has no use with link = %s, only with "
				    "%s%s",
				    key->name, policy_link_name(link), links,
				    key_line(check, "link")
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

	if (!key_line(check, "namespace")) {
		CHECK_ERROR(check, rule->line,
			    "[rule %s] needs the key 'namespace': a "
			    "[namespace] section's name, or host",
			    rule->name);
		return;
	}
	if (!rule->namespace)
		return; /* was noted when it was read */
	host = !strcmp(rule->namespace, POLICY_HOST);
	if (!host &&
	    !policy_build_find(check->build, KIND_NAMESPACE, rule->namespace))
		CHECK_ERROR(check, place(check, "namespace"),
			    "namespace: there is no section [namespace %s]",
			    rule->namespace);
	if (!key_line(check, "on_error"))
		rule->on_error = policy->on_error;
	if (!key_line(check, "timeout"))
		rule->timeout_ms = policy->timeout_ms;
	/* Who may fall back to the host's network must be able to use it. */
	if (!key_line(check, "guard"))
		rule->guard = !host && !whence &&
			      rule->on_error == POLICY_ON_ERROR_DENY;
	else if (rule->guard && host)
		CHECK_ERROR(check, place(check, "guard"),
			    "guard: with namespace = host the user's packets "
			    "are at home in the host; they cannot be refused");
}

/* May this link get addresses in this way? */
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
	links_list(links[ns->address_mode], list);
	CHECK_ERROR(check, place(check, "address"),
		    "address: '%s' is possible only with link = %s",
		    ns->address_mode == ADDRESS_DHCP ? "dhcp" : "auto", list);
}

static bool text_is_template(const char *text)
{
	return strchr(text, '%') != NULL;
}

/* Which families have the static addresses? Templates count as both. */
static bool namespace_has_family(const struct policy_namespace *ns,
				 sa_family_t family)
{
	struct inet_prefix p;

	for (size_t n = 0; n < ns->address.n; n++)
		if (text_is_template(ns->address.items[n]) ||
		    (inet_prefix_parse(ns->address.items[n], &p) == 0 &&
		     p.family == family))
			return true;
	return false;
}

/*
 * Can the gateway be reached without another one: inside the prefix of one of
 * the addresses, or one of these is a single address, or it is link-local?
 */
static bool gateway_is_near(const struct policy_namespace *ns,
			    const struct inet_prefix *gateway)
{
	struct inet_prefix p;

	if (gateway->family == AF_INET6 && gateway->addr[0] == 0xfe)
		return true;
	for (size_t n = 0; n < ns->address.n; n++) {
		if (text_is_template(ns->address.items[n]))
			return true;
		if (inet_prefix_parse(ns->address.items[n], &p) < 0 ||
		    p.family != gateway->family)
			continue;
		if (p.length == inet_bytes(p.family) * 8 ||
		    inet_prefix_contains(&p, gateway))
			return true;
	}
	return false;
}

static bool gateway_is_own(const struct policy_namespace *ns,
			   const struct inet_prefix *gateway)
{
	struct inet_prefix p;

	for (size_t n = 0; n < ns->address.n; n++)
		if (inet_prefix_parse(ns->address.items[n], &p) == 0 &&
		    p.family == gateway->family &&
		    !memcmp(p.addr, gateway->addr, inet_bytes(p.family)))
			return true;
	return false;
}

static void check_gateways(const struct check *check,
			   const struct policy_namespace *ns)
{
	unsigned int line = place(check, "gateway"), v4 = 0, v6 = 0;
	struct inet_prefix p;

	if (!ns->gateway.n || ns->link == LINK_WIREGUARD ||
	    ns->link == LINK_OPENVPN)
		return;
	if (ns->address_mode != ADDRESS_STATIC) {
		CHECK_ERROR(check, line,
			    "gateway: needs a static 'address' (auto and dhcp "
			    "bring their own gateway)");
		return;
	}
	for (size_t n = 0; n < ns->gateway.n; n++) {
		const char *text = ns->gateway.items[n];

		if (inet_prefix_parse(text, &p) < 0)
			continue; /* a template */
		v4 += p.family == AF_INET;
		v6 += p.family == AF_INET6;
		if (!namespace_has_family(ns, p.family))
			CHECK_ERROR(check, line,
				    "gateway: '%s' is %s and 'address' has "
				    "none of that family",
				    text,
				    p.family == AF_INET ? "IPv4" : "IPv6");
		else if (gateway_is_own(ns, &p))
			CHECK_ERROR(check, line,
				    "gateway: '%s' is the namespace's own "
				    "address",
				    text);
		else if (!gateway_is_near(ns, &p))
			CHECK_ERROR(check, line,
				    "gateway: '%s' is in none of the prefixes "
				    "of 'address'",
				    text);
	}
	if (v4 > 1 || v6 > 1)
		CHECK_ERROR(check, line,
			    "gateway: more than one %s gateway; keep one",
			    v4 > 1 ? "IPv4" : "IPv6");
}

static void check_addresses(const struct check *check,
			    const struct policy_namespace *ns)
{
	bool veth = ns->link == LINK_NAT || ns->link == LINK_ROUTED;
	bool ipv6 = ns->address_mode == ADDRESS_STATIC
			    ? namespace_has_family(ns, AF_INET6)
			    : veth && check->policy->pool6.family == AF_INET6;

	if (ns->link == LINK_NONE || ns->link == LINK_EXTERNAL)
		return; /* check_keys() has refused them all */
	if (key_line(check, "address"))
		check_address_mode(check, ns);
	for (size_t n = 0; n < ns->address.n; n++)
		if (ns->scope != SCOPE_SHARED &&
		    !text_is_template(ns->address.items[n]))
			CHECK_ERROR(check, place(check, "address"),
				    "address: '%s' would be that of every "
				    "instance of scope = %s; put %%u, %%U or "
				    "%%n into it, or write auto",
				    ns->address.items[n],
				    policy_scope_name(ns->scope));
	check_gateways(check, ns);
	if (ns->mtu && ns->mtu < IPV6_MTU_MIN && ipv6)
		CHECK_ERROR(check, place(check, "mtu"),
			    "mtu: IPv6 needs at least %d; %s", IPV6_MTU_MIN,
			    ns->address_mode == ADDRESS_STATIC
				    ? "leave the IPv6 address out"
				    : "set pool6 = none, or a static IPv4 "
				      "address");
}

static void check_scope(const struct check *check,
			const struct policy_namespace *ns)
{
	const char *scope = policy_scope_name(ns->scope);

	if (ns->scope == SCOPE_SHARED)
		return;
	if (ns->link == LINK_EXTERNAL && ns->scope == SCOPE_SESSION)
		CHECK_ERROR(check, place(check, "scope"),
			    "scope: nobody can make an external namespace for "
			    "each session before it begins; use shared or "
			    "user");
	if (ns->scope == SCOPE_SESSION && ns->lifetime == LIFETIME_FOREVER)
		CHECK_ERROR(check, place(check, "lifetime"),
			    "lifetime: with scope = session every login would "
			    "leave a namespace for ever");
	if (ns->interface && !text_is_template(ns->interface))
		CHECK_ERROR(check, place(check, "interface"),
			    "interface: '%s' can be in one namespace only, and "
			    "scope = %s makes several; put %%u, %%U or %%n "
			    "into it",
			    ns->interface, scope);
	if (ns->publish.n)
		CHECK_ERROR(check, place(check, "publish"),
			    "publish: a port of the host leads to one "
			    "namespace, and scope = %s makes several",
			    scope);
}

static void check_references(const struct check *check,
			     const struct policy_namespace *ns)
{
	const struct policy_section *peer = NULL;
	const struct policy_namespace *other;

	if (ns->network && ns->link == LINK_BRIDGE &&
	    !policy_build_find(check->build, KIND_NETWORK, ns->network))
		CHECK_ERROR(check, place(check, "network"),
			    "network: there is no section [network %s]",
			    ns->network);
	if (!ns->peer || ns->link != LINK_CABLE)
		return;
	peer = policy_build_find(check->build, KIND_NAMESPACE, ns->peer);
	if (!peer) {
		CHECK_ERROR(check, place(check, "peer"),
			    "peer: there is no section [namespace %s]",
			    ns->peer);
		return;
	}
	other = policy_build_object(check->build, peer);
	if (!strcmp(ns->peer, ns->name))
		CHECK_ERROR(check, place(check, "peer"),
			    "peer: a cable needs another namespace at its far "
			    "end");
	else if (other->scope != SCOPE_SHARED)
		CHECK_ERROR(check, place(check, "peer"),
			    "peer: [namespace %s] has scope = %s, so that it "
			    "is not one namespace to lead a cable to",
			    ns->peer, policy_scope_name(other->scope));
}

/*
 * The instances of [namespace vpn] are called vpn.USER: a [namespace vpn.ann]
 * would be one of them.
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
		CHECK_ERROR(check, check->section->line,
			    "[namespace %s] could be an instance of [namespace "
			    "%s], which has scope = %s; choose another name",
			    ns->name, prefix, policy_scope_name(owner->scope));
		return;
	}
}

static void check_namespace(const struct check *check,
			    const struct policy_namespace *ns)
{
	char title[TEXT_MAX];

	check_name(check, ns);
	check_references(check, ns);
	if (ns->search.n && !ns->dns_set)
		CHECK_ERROR(check, place(check, "search"),
			    "search: needs servers in 'dns'; without them the "
			    "session resolves as the host does");
	if (ns->link == LINK_KINDS)
		return; /* an unknown word, noted when it was read */

	snprintf(title, sizeof(title), "link = %s", policy_link_name(ns->link));
	check_keys(check, title, ns->link);
	check_addresses(check, ns);
	check_scope(check, ns);
	for (size_t n = 0; n < ns->ready.n; n++)
		if (!strcmp(ns->ready.items[n], "handshake") &&
		    ns->link != LINK_WIREGUARD && ns->link != LINK_OPENVPN)
			CHECK_ERROR(check, place(check, "ready"),
				    "ready: 'handshake' is there only with "
				    "link = wireguard or openvpn");
}

/* Is the address one that the host has a network for? */
static bool network_contains(const struct policy_network *network,
			     const char *text)
{
	struct inet_prefix p, address;

	if (inet_prefix_parse(text, &address) < 0)
		return false;
	for (size_t n = 0; n < network->address.n; n++)
		if (inet_prefix_parse(network->address.items[n], &p) == 0 &&
		    inet_prefix_contains(&p, &address))
			return true;
	return false;
}

static void check_network(const struct check *check,
			  const struct policy_network *network)
{
	char title[TEXT_MAX], text[TEXT_MAX], *last;

	snprintf(title, sizeof(title), "[network %s]", network->name);
	check_keys(check, title, 0);
	if (network->nat && !key_line(check, "address"))
		CHECK_ERROR(check, place(check, "nat"),
			    "nat: needs an 'address' of the host on the "
			    "bridge");
	if (network->uplink && network->bridge &&
	    !strcmp(network->uplink, network->bridge))
		CHECK_ERROR(check, place(check, "uplink"),
			    "uplink: a bridge cannot be its own uplink");
	if (!network->dhcp)
		return;
	snprintf(text, sizeof(text), "%s", network->dhcp);
	last = strchr(text, '-');
	*last++ = '\0';
	if (!network_contains(network, text) ||
	    !network_contains(network, last))
		CHECK_ERROR(check, place(check, "dhcp"),
			    "dhcp: the range must lie in the prefix of an "
			    "'address' of this section");
}

static void check_options(const struct check *check)
{
	const struct policy_list *list = &check->policy->exclude_services;

	for (size_t n = 0; n < list->n; n++)
		if (!list->items[n][strspn(list->items[n], "*")])
			CHECK_ERROR(check, place(check, "exclude_services"),
				    "exclude_services: '%s' is every service; "
				    "no login would be looked at",
				    list->items[n]);
}

void policy_check(struct policy_build *build)
{
	for (size_t n = 0; n < build->n_sections; n++) {
		struct check check = {
			.build = build,
			.policy = &build->store->policy,
			.section = &build->sections[n],
		};
		void *object = policy_build_object(build, check.section);

		switch (check.section->kind) {
		case KIND_OPTIONS:
			check_options(&check);
			break;
		case KIND_RULE:
			check_rule(&check, object);
			break;
		case KIND_NAMESPACE:
			check_namespace(&check, object);
			break;
		case KIND_NETWORK:
			check_network(&check, object);
			break;
		case POLICY_KINDS:
			break;
		}
	}
}
