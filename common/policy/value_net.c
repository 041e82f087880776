/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, prefixes, interfaces, routes, name servers. */
#include "value.h"

#include <string.h>

#include "common/names.h"

#define POOL4_LENGTH_MIN 8
#define POOL4_LENGTH_MAX 30 /* two pairs of addresses */
#define POOL6_LENGTH_MIN 16
#define POOL6_LENGTH_MAX 126

/* Prefixes without addresses of hosts. */
static const struct {
	const char *prefix, *what;
} specials[] = {
	{"0.0.0.0/8", "unspecified"},	  {"127.0.0.0/8", "loopback"},
	{"169.254.0.0/16", "link-local"}, {"224.0.0.0/4", "multicast"},
	{"240.0.0.0/4", "reserved"},	  {"::/128", "unspecified"},
	{"::1/128", "loopback"},	  {"fe80::/10", "link-local"},
	{"ff00::/8", "multicast"},
};

/* Return: the kind of special address that p is or contains, or NULL. */
static const char *prefix_special(const struct inet_prefix *p)
{
	struct inet_prefix special;

	for (size_t n = 0; n < sizeof(specials) / sizeof(specials[0]); n++)
		if (inet_prefix_parse(specials[n].prefix, &special) == 0 &&
		    inet_prefix_overlaps(&special, p))
			return specials[n].what;
	return NULL;
}

static void value_pool(const struct policy_value *value, sa_family_t family,
		       unsigned int min, unsigned int max)
{
	const char *version = family == AF_INET ? "IPv4" : "IPv6";
	const char *example =
		family == AF_INET ? "10.213.0.0/16" : "fd6e:6574:6e73::/48";
	const char *special;
	struct inet_prefix p;

	if (inet_prefix_parse(value->text, &p) < 0 || p.family != family)
		value_error(value,
			    "'%s' is not an %s prefix; write one such as %s",
			    value->text, version, example);
	else if (inet_prefix_has_host_bits(&p))
		value_wrong(value, "has bits set below its prefix length");
	else if (p.length < min || p.length > max)
		value_error(value, "the length of '%s' must be /%u to /%u",
			    value->text, min, max);
	else if ((special = prefix_special(&p)))
		value_error(value,
			    "'%s' contains %s addresses, which cannot be given to namespaces",
			    value->text, special);
	else
		*(struct inet_prefix *)value->at = p;
}

void value_pool4(const struct policy_value *value)
{
	value_pool(value, AF_INET, POOL4_LENGTH_MIN, POOL4_LENGTH_MAX);
}

void value_pool6(const struct policy_value *value)
{
	if (!strcmp(value->text, "none"))
		*(struct inet_prefix *)value->at =
			(struct inet_prefix){.family = AF_UNSPEC};
	else
		value_pool(value, AF_INET6, POOL6_LENGTH_MIN, POOL6_LENGTH_MAX);
}

static bool text_is_ifname(const struct policy_value *value, const char *text)
{
	if (!name_is_ifname(text))
		value_error(value,
			    "'%s' is not an interface name; use 1 to 15 characters without blank, '/', ':', '%%'",
			    text);
	else if (!strcmp(text, "lo"))
		value_error(value,
			    "'lo' is the loopback interface, which every namespace has");
	else if (!strcmp(text, "all") || !strcmp(text, "default"))
		value_error(value,
			    "'%s' is the kernel's name for settings of all interfaces; no interface can have it",
			    text);
	else
		return true;
	return false;
}

void value_ifname(const struct policy_value *value)
{
	if (text_is_ifname(value, value->text))
		*(char **)value->at = value_copy(value);
}

/* The daemon checks a template again, when its length is known. */
void value_ifname_template(const struct policy_value *value)
{
	int template = value_template(value);

	if (template == 0)
		value_ifname(value);
	else if (template > 0 && strpbrk(value->text, "/: \t"))
		value_wrong(value, "is not an interface name");
	else if (template > 0)
		*(char **)value->at = value_copy(value);
}

/* An interface's address, "ADDR/LEN". Return: false with an error noted. */
static bool text_is_address(const struct policy_value *value,
			    struct inet_prefix *ret)
{
	const char *special = NULL;
	struct inet_prefix p = {0}, all;
	bool parsed = inet_prefix_parse(value->text, &p) == 0;

	all = p;
	all.length = (uint8_t)(inet_bytes(p.family) * 8);
	if (!parsed)
		value_wrong(value,
			    "is not an address; write ADDRESS/LENGTH, as in 192.0.2.7/24");
	else if (!strchr(value->text, '/'))
		value_wrong(value, "has no prefix length, as in 192.0.2.7/24");
	else if ((special = prefix_special(&all)))
		value_error(value,
			    "'%s' (%s) cannot be the address of an interface",
			    value->text, special);
	else if (p.length == 0)
		value_error(value,
			    "'%s': a prefix of length 0 is the whole Internet",
			    value->text);
	else if (p.length < all.length - 1 && !inet_prefix_has_host_bits(&p))
		value_wrong(value,
			    "is the address of the network; write the address of a host");
	else {
		*ret = p;
		return true;
	}
	return false;
}

static void prefix_append(const struct policy_value *value,
			  const struct inet_prefix *prefix)
{
	struct policy_prefixes *list = value->at;

	VALUE_ADD(value, list, *prefix);
}

void value_address(const struct policy_value *value)
{
	struct policy_namespace *ns = value->object;
	enum policy_address_mode mode = ADDRESS_STATIC;
	struct inet_prefix p = {0};
	int template = 0;

	if (!strcmp(value->text, "auto"))
		mode = ADDRESS_AUTO;
	else if (!strcmp(value->text, "dhcp"))
		mode = ADDRESS_DHCP;
	if (value->item > 0 &&
	    (mode != ADDRESS_STATIC || ns->address_mode != ADDRESS_STATIC)) {
		value_error(value,
			    "'auto' and 'dhcp' cannot be combined with addresses");
		return;
	}
	ns->address_mode = mode;
	if (mode != ADDRESS_STATIC)
		return;
	template = value_template(value);
	if (template > 0 || (template == 0 && text_is_address(value, &p)))
		value_append_address(value, &p);
}

void value_network_address(const struct policy_value *value)
{
	struct inet_prefix p;

	if (text_is_address(value, &p))
		prefix_append(value, &p);
}

void value_gateway(const struct policy_value *value)
{
	int template = value_template(value);
	const char *special = NULL;
	struct inet_prefix p = {0};

	if (template <0)
		return;
	if (template == 0 && (strchr(value->text, '/') ||
			      inet_prefix_parse(value->text, &p) < 0))
		value_wrong(value,
			    "is not an address; write one without a length");
	else if (template == 0 && (special = prefix_special(&p)) &&
		 strcmp(special, "link-local") != 0)
		value_error(value,
			    "'%s' (%s) cannot be the address of an interface",
			    value->text, special);
	else
		value_append_address(value, &p);
}

void value_route(const struct policy_value *value)
{
	char text[POLICY_VALUE_MAX + 1], *prefix, *via, *gateway, *more;
	struct policy_routes *list = value->at;
	struct policy_route route = {.text = value_copy(value)};
	struct inet_prefix *to = &route.to.prefix, *by = &route.via.prefix;
	char *save = NULL;

	if (value_template(value) < 0)
		return;
	snprintf(text, sizeof(text), "%s", value->text);
	prefix = strtok_r(text, " \t", &save);
	via = strtok_r(NULL, " \t", &save);
	gateway = strtok_r(NULL, " \t", &save);
	more = strtok_r(NULL, " \t", &save);
	if ((via && strcmp(via, "via") != 0) || (via && !gateway) || more)
		value_error(value, "'%s': write PREFIX or PREFIX via ADDRESS",
			    value->text);
	else if (!policy_is_template(prefix) &&
		 inet_prefix_parse(prefix, to) < 0)
		value_error(value,
			    "'%s' is not a prefix; write one such as 192.0.2.0/24, or 0.0.0.0/0 for everything",
			    prefix);
	else if (to->family && inet_prefix_has_host_bits(to))
		value_error(value, "'%s' has bits set below its prefix length",
			    prefix);
	else if (gateway && !policy_is_template(gateway) &&
		 (strchr(gateway, '/') || inet_prefix_parse(gateway, by) < 0))
		value_error(value, "'%s' is not the address of a gateway",
			    gateway);
	else if (to->family && by->family && to->family != by->family)
		value_wrong(value, "mixes IPv4 and IPv6");
	else {
		route.to.text = value_strdup(value, prefix);
		route.via.text = gateway ? value_strdup(value, gateway) : NULL;
		VALUE_ADD(value, list, route);
	}
}

void value_dns(const struct policy_value *value)
{
	struct policy_namespace *ns = value->object;
	bool host = !strcmp(value->text, POLICY_HOST);
	struct inet_prefix p;
	const char *special;

	if (value->item > 0 && (host || !ns->dns_set)) {
		value_error(value, "'host' cannot be combined with servers");
		return;
	}
	ns->dns_set = !host;
	ns->dns_host = host;
	if (host)
		return;
	if (strchr(value->text, '/') || inet_prefix_parse(value->text, &p) < 0)
		value_wrong(value,
			    "is neither an address of a name server nor 'host'");
	else if ((special = prefix_special(&p)) &&
		 strcmp(special, "loopback") != 0)
		value_error(value,
			    "'%s' (%s) is not an address of a name server",
			    value->text, special);
	else
		prefix_append(value, &p);
}

void value_search(const struct policy_value *value)
{
	if (!name_is_domain(value->text))
		value_wrong(value, "is not a domain name");
	else
		value_append(value);
}

void value_ready(const struct policy_value *value)
{
	static const char interface[] = "interface:";

	if (!strncmp(value->text, interface, strlen(interface))) {
		if (!text_is_ifname(value, value->text + strlen(interface)))
			return;
	} else if (strcmp(value->text, "route") != 0 &&
		   strcmp(value->text, "handshake") != 0) {
		value_wrong(value,
			    "is not known; write route, interface:NAME or handshake");
		return;
	}
	value_append(value);
}

void value_dhcp(const struct policy_value *value)
{
	struct policy_network *network = value->object;
	char text[POLICY_VALUE_MAX + 1], *dash;
	struct inet_prefix first, last;

	snprintf(text, sizeof(text), "%s", value->text);
	dash = strchr(text, '-');
	if (dash)
		*dash++ = '\0';
	if (!dash || strchr(value->text, '/') ||
	    inet_prefix_parse(text, &first) < 0 ||
	    inet_prefix_parse(dash, &last) < 0 || first.family != AF_INET ||
	    last.family != AF_INET)
		value_wrong(value,
			    "is not a range; write FIRST-LAST, as in 192.0.2.10-192.0.2.99");
	else if (memcmp(first.addr, last.addr, inet_bytes(AF_INET)) > 0)
		value_error(value, "the range '%s' is in reverse order",
			    value->text);
	else
		network->dhcp_first = first, network->dhcp_last = last;
}
