/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of addresses, gateways and mtu of a namespace. */
#include "check.h"

#include <stdarg.h>
#include <string.h>

#define IPV6_MTU_MIN 1280 /* RFC 8200 */

unsigned int check_key_line(const struct check *check, const char *name)
{
	return policy_section_key(check->section, name);
}

void check_error(const struct check *check, const char *key, const char *format,
		 ...)
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

void check_links_list(unsigned int links, char ret[static POLICY_WORDS_MAX])
{
	const char *words[LINK_KINDS];
	size_t n = 0;

	for (unsigned int kind = 0; kind < LINK_KINDS; kind++)
		if (links >> kind & 1)
			words[n++] = policy_link_name(kind);
	policy_words_join(words, n, ret);
}

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

void check_twice(const struct check *check, const struct inet_prefix *address)
{
	char text[INET_PREFIX_STR];

	inet_prefix_format(address, text);
	check_error(check, "address", "'%s' is given twice", text);
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

void policy_check_addresses(const struct check *check,
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
