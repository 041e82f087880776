/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter is made of: prefixes with ports, ports of the host. */
#include "policy_value.h"

#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535

/* Reads "PORT" or "PORT-PORT". */
static bool text_is_ports(const char *text)
{
	size_t len = strlen(text), dash = strcspn(text, "-");
	unsigned long first, last;

	if (value_number(text, dash, PORT_MAX, &first) < 0 || first == 0)
		return false;
	if (dash == len)
		return true;
	return value_number(text + dash + 1, len - dash - 1, PORT_MAX, &last) ==
		       0 &&
	       last >= first;
}

/* Cuts "/tcp", "/udp" or "/icmp" off the end. Return: which, or NULL. */
static const char *text_cut_protocol(char *text)
{
	static const char *const protocols[] = {"/tcp", "/udp", "/icmp"};
	size_t len = strlen(text), suffix;

	for (size_t n = 0; n < sizeof(protocols) / sizeof(protocols[0]); n++) {
		suffix = strlen(protocols[n]);
		if (len > suffix &&
		    !strcmp(text + len - suffix, protocols[n])) {
			text[len - suffix] = '\0';
			return protocols[n] + 1;
		}
	}
	return NULL;
}

/*
 * Splits "PREFIX[:PORTS]", "[PREFIX]:PORTS" or a bare IPv6 prefix, in place.
 * Return: the prefix, *ret_ports NULL when there are none; NULL.
 */
static char *text_split_ports(char *text, char **ret_ports)
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

void value_egress(const struct policy_value *value)
{
	char text[POLICY_VALUE_MAX + 1], *ports, *prefix;
	const char *protocol;
	struct inet_prefix p;

	snprintf(text, sizeof(text), "%s", value->text);
	protocol = text_cut_protocol(text);
	prefix = text_split_ports(text, &ports);
	if (!prefix || inet_prefix_parse(prefix, &p) < 0) {
		value_error(value,
			    "'%s': write PREFIX[:PORT[-PORT]][/tcp|udp|icmp], "
			    "with IPv6 as [PREFIX]:PORT",
			    value->text);
		return;
	}
	if (inet_prefix_has_host_bits(&p)) {
		value_error(value, "'%s' has bits set below its prefix length",
			    prefix);
		return;
	}
	if (ports && !text_is_ports(ports)) {
		value_error(value,
			    "'%s' is no port and no range of ports "
			    "(1 to 65535)",
			    ports);
		return;
	}
	if (ports && protocol && !strcmp(protocol, "icmp")) {
		value_error(value, "'%s': icmp has no ports", value->text);
		return;
	}
	value_append(value, value->at);
}

void value_allow_host(const struct policy_value *value)
{
	char text[POLICY_VALUE_MAX + 1];
	const char *protocol;

	snprintf(text, sizeof(text), "%s", value->text);
	protocol = text_cut_protocol(text);
	if (!text_is_ports(text) || (protocol && !strcmp(protocol, "icmp")))
		value_error(value,
			    "'%s': write PORT[-PORT][/tcp|udp], as in "
			    "53/udp",
			    value->text);
	else
		value_append(value, value->at);
}

/* Reads one port, not a range. */
static bool text_is_port(const char *text)
{
	return text_is_ports(text) && !strchr(text, '-');
}

void value_publish(const struct policy_value *value)
{
	char text[POLICY_VALUE_MAX + 1], *inside, *outside, *address = NULL;
	const char *protocol;
	struct inet_prefix p;

	snprintf(text, sizeof(text), "%s", value->text);
	protocol = text_cut_protocol(text);
	inside = strrchr(text, ':');
	if (inside)
		*inside++ = '\0';
	outside = strrchr(text, ':');
	if (outside) {
		*outside++ = '\0';
		address = text;
	} else {
		outside = text;
	}
	if (address && address[0] == '[' &&
	    address[strlen(address) - 1] == ']') {
		address[strlen(address) - 1] = '\0';
		address++;
	} else if (address && strchr(address, ':')) {
		inside = NULL; /* IPv6 without brackets */
	}
	if (!inside || !text_is_port(inside) || !text_is_port(outside) ||
	    (protocol && !strcmp(protocol, "icmp"))) {
		value_error(value,
			    "'%s': write [ADDRESS:]HOSTPORT:PORT[/tcp|udp], as "
			    "in 8080:80/tcp",
			    value->text);
		return;
	}
	if (address &&
	    (strchr(address, '/') || inet_prefix_parse(address, &p) < 0)) {
		value_error(value, "'%s' is no address of the host", address);
		return;
	}
	value_append(value, value->at);
}
