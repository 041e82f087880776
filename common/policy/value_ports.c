/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of filters: prefixes with ports, ports of the host. */
#include "value.h"

#include <string.h>

/* Reads a port of `len` digits. Return: 0 when it is not one. */
static uint16_t port_parse(const char *text, size_t len)
{
	unsigned long port;

	return value_number(text, len, UINT16_MAX, &port) < 0 ? 0
							      : (uint16_t)port;
}

/* Reads "PORT" or "PORT-PORT". */
static bool ports_parse(const char *text, struct target_ports *ret)
{
	size_t len = strlen(text), dash = strcspn(text, "-");

	ret->first = port_parse(text, dash);
	ret->last = dash == len ? ret->first
				: port_parse(text + dash + 1, len - dash - 1);
	return ret->first && ret->last >= ret->first;
}

/* Removes "/tcp", "/udp" or "/icmp" from the end. */
static enum target_protocol cut_protocol(char *text)
{
	static const char *const suffixes[] = {
		[TARGET_TCP] = "/tcp",
		[TARGET_UDP] = "/udp",
		[TARGET_ICMP] = "/icmp",
	};
	size_t len = strlen(text);

	for (enum target_protocol p = TARGET_TCP; p <= TARGET_ICMP; p++) {
		size_t suffix = strlen(suffixes[p]);

		if (len > suffix && !strcmp(text + len - suffix, suffixes[p])) {
			text[len - suffix] = '\0';
			return p;
		}
	}
	return TARGET_ANY;
}

/*
 * Splits "PREFIX[:PORTS]", "[PREFIX]:PORTS" or a bare IPv6 prefix, in place.
 * Return: the prefix, *ret_ports NULL when there are none; NULL.
 */
static char *split_ports(char *text, char **ret_ports)
{
	char *end;

	*ret_ports = NULL;
	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return NULL;
		*ret_ports = end[1] ? end + 2 : NULL;
		*end = '\0';
		return strchr(text + 1, ':') ? text + 1 : NULL;
	}
	end = strchr(text, ':');
	if (end && !strchr(end + 1, ':')) {
		*ret_ports = end + 1;
		*end = '\0';
	}
	return text;
}

/* "PREFIX[:PORT[-PORT]][/tcp|udp|icmp]", IPv6 before a port in brackets. */
void value_egress(const struct policy_value *value)
{
	char copy[POLICY_VALUE_MAX + 1], *ports = NULL, *prefix;
	struct policy_targets *list = value->at;
	struct target t = {.text = value_copy(value)};

	snprintf(copy, sizeof(copy), "%s", value->text);
	t.ports.protocol = cut_protocol(copy);
	prefix = split_ports(copy, &ports);
	if (!prefix || inet_prefix_parse(prefix, &t.prefix) < 0)
		value_error(value,
			    "'%s': write PREFIX[:PORT[-PORT]][/tcp|udp|icmp], with IPv6 as [PREFIX]:PORT",
			    value->text);
	else if (inet_prefix_has_host_bits(&t.prefix))
		value_error(value, "'%s' has bits set below its prefix length",
			    prefix);
	else if (ports && !ports_parse(ports, &t.ports))
		value_error(value,
			    "'%s' is neither a port nor a range of ports (1 to 65535)",
			    ports);
	else if (ports && t.ports.protocol == TARGET_ICMP)
		value_error(value, "'%s': icmp has no ports", value->text);
	else
		VALUE_ADD(value, list, t);
}

/* "PORT[-PORT][/tcp|udp]" */
void value_allow_host(const struct policy_value *value)
{
	char copy[POLICY_VALUE_MAX + 1];
	struct policy_targets *list = value->at;
	struct target t = {.text = value_copy(value)};

	snprintf(copy, sizeof(copy), "%s", value->text);
	t.ports.protocol = cut_protocol(copy);
	if (!ports_parse(copy, &t.ports) || t.ports.protocol == TARGET_ICMP)
		value_error(value,
			    "'%s': write PORT[-PORT][/tcp|udp], as in 53/udp",
			    value->text);
	else
		VALUE_ADD(value, list, t);
}

/* Removes the last ":...". Return: the part after the colon, or NULL. */
static char *cut_last(char *text)
{
	char *colon = strrchr(text, ':');

	if (colon)
		*colon++ = '\0';
	return colon;
}

/* "[ADDRESS:]HOSTPORT:PORT[/tcp|udp]", IPv6 in brackets. */
void value_publish(const struct policy_value *value)
{
	char copy[POLICY_VALUE_MAX + 1], *inside, *outside, *address = copy;
	struct policy_publishes *list = value->at;
	struct target_publish p = {.text = value_copy(value)};
	size_t len;

	snprintf(copy, sizeof(copy), "%s", value->text);
	p.protocol = cut_protocol(copy);
	inside = cut_last(copy);
	outside = cut_last(copy);
	if (!outside) {
		outside = copy;
		address = NULL;
	}
	len = address ? strlen(address) : 0;
	if (len && address[0] == '[' && address[len - 1] == ']') {
		address[len - 1] = '\0';
		address++;
	} else if (address && strchr(address, ':')) {
		inside = NULL; /* IPv6 without brackets */
	}
	p.port = inside ? port_parse(inside, strlen(inside)) : 0;
	p.host_port = port_parse(outside, strlen(outside));
	if (!p.port || !p.host_port || p.protocol == TARGET_ICMP)
		value_error(value,
			    "'%s': write [ADDRESS:]HOSTPORT:PORT[/tcp|udp], as in 8080:80/tcp",
			    value->text);
	else if (address && (strchr(address, '/') ||
			     inet_prefix_parse(address, &p.address) < 0))
		value_error(value, "'%s' is not an address of the host",
			    address);
	else
		VALUE_ADD(value, list, p);
}
