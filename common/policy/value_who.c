/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matchers and names of sections. A matcher that never matches would silently
 * leave a user in the host's namespace, so that likely mistakes are refused.
 */
#include "value.h"

#include <stdint.h>
#include <string.h>

#include "common/names.h"
#include "common/proto.h"

#define HOST_MAX 255

/* As strpbrk(3), without its table, which takes longer than a short name. */
static bool text_has(const char *text, const char *set)
{
	for (; *text; text++)
		for (const char *c = set; *c; c++)
			if (*text == *c)
				return true;
	return false;
}

/*
 * Checks what no name or pattern may contain. Return: false with an error
 * noted.
 */
static bool text_is_plain(const struct policy_value *value, const char *what,
			  size_t max)
{
	const char *text = value->text;
	size_t len = strlen(text);

	if (len > max)
		value_error(value, "a %s of %zu bytes; the limit is %zu", what,
			    len, max);
	else if (text[0] == '"' || text[0] == '\'')
		value_error(value, "%s is in quotes; remove them", text);
	else if (strchr(text, '='))
		value_wrong(value,
			    "contains '='; a key starts in column 1 of its own line");
	else
		return true;
	return false;
}

void value_section_name(const struct policy_value *value)
{
	if (!name_is_policy(value->text))
		value_error(value,
			    "'%s' cannot be the name of a section; they have at most %d letters, digits, '_', '.' and '-'",
			    value->text, NAME_MAX_POLICY);
	else
		*(char **)value->at = value_copy(value);
}

/*
 * "alice bob" lacks a comma, and would match neither; a blank that belongs to a
 * name is written "\\ ".
 */
static void names_append(const struct policy_value *value)
{
	char name[POLICY_VALUE_MAX];
	struct policy_value plain = *value;
	size_t n = 0;

	for (const char *p = value->text; *p && n + 1 < sizeof(name); p++) {
		if (*p == ' ' || *p == '\t') {
			value_wrong(value,
				    "contains a blank; separate names by commas, and write a blank that belongs to a name as '\\ '");
			return;
		}
		if (p[0] == '\\' && p[1] == ' ')
			p++;
		name[n++] = *p;
	}
	name[n] = '\0';
	plain.text = name;
	value_append(&plain);
}

void value_users(const struct policy_value *value)
{
	if (!text_is_plain(value, "user name", NAME_MAX_USER))
		return;
	if (value->text[0] == '%' || value->text[0] == '@')
		value_error(value,
			    "'%s' is not a user; groups go into 'groups' or 'netgroups', without the '%c'",
			    value->text, value->text[0]);
	else if (text_has(value->text, "*?"))
		value_error(value,
			    "'%s': user names are compared as they are, without wildcards",
			    value->text);
	else if (text_has(value->text, ":/"))
		value_error(value,
			    "'%s': a user name cannot contain ':' or '/'",
			    value->text);
	else
		names_append(value);
}

void value_groups(const struct policy_value *value)
{
	if (!text_is_plain(value, "group name", NAME_MAX_USER))
		return;
	if (value->text[0] == '%' || value->text[0] == '@')
		value_error(value, "'%s': write the name without the '%c'",
			    value->text, value->text[0]);
	else if (text_has(value->text, "*?"))
		value_error(value,
			    "'%s': names are compared as they are, without wildcards",
			    value->text);
	else if (strchr(value->text, ':'))
		value_error(value, "'%s': a group name cannot contain ':'",
			    value->text);
	else
		names_append(value);
}

void value_uids(const struct policy_value *value)
{
	struct policy_rule *rule = value->object;
	size_t len = strlen(value->text), dash = strcspn(value->text, "-");
	struct policy_uid_range range;
	unsigned long first, last;

	if (value_number(value->text, dash, UINT32_MAX, &first) < 0 ||
	    (dash < len ? value_number(value->text + dash + 1, len - dash - 1,
				       UINT32_MAX, &last)
			: (last = first, 0)) < 0) {
		value_error(value,
			    "'%s' is neither a uid nor a range of uids; write 1000 or 1000-1999, at most %lu",
			    value->text, (unsigned long)UINT32_MAX);
		return;
	}
	if (first > last) {
		value_error(value,
			    "the range '%s' is in reverse order; write %lu-%lu",
			    value->text, last, first);
		return;
	}
	range = (struct policy_uid_range){(uid_t)first, (uid_t)last};
	value_add(value, (void **)&rule->uids, &rule->n_uids, &range,
		  sizeof(range));
}

/* fnmatch(3) reads an unclosed bracket as a literal, and never matches. */
static bool glob_is_closed(const char *glob)
{
	for (const char *p = glob; *p; p++) {
		if (*p == '\\' && !*++p)
			return false;
		if (*p != '[')
			continue;
		p++;
		if (*p == '!' || *p == '^')
			p++;
		if (*p)
			p = strchr(p + 1, ']');
		if (!p || !*p)
			return false;
	}
	return true;
}

static bool value_is_glob(const struct policy_value *value, const char *what,
			  size_t max)
{
	if (!text_is_plain(value, what, max))
		return false;
	if (text_has(value->text, " \t"))
		value_wrong(value, "contains a blank; separate with commas");
	else if (!glob_is_closed(value->text))
		value_wrong(value, "has an open '[' or ends in '\\'");
	else
		return true;
	return false;
}

void value_services(const struct policy_value *value)
{
	if (!value_is_glob(value, "service name", PROTO_SERVICE_MAX - 1))
		return;
	if (strchr(value->text, '/'))
		value_error(value,
			    "'%s': a PAM service is the name of a file in /etc/pam.d, without a path",
			    value->text);
	else
		value_append(value);
}

void value_ttys(const struct policy_value *value)
{
	if (value_is_glob(value, "terminal name", PROTO_TTY_MAX - 1))
		value_append(value);
}

void value_rhosts(const struct policy_value *value)
{
	struct inet_prefix prefix = {0};
	char ipv4[INET_PREFIX_STR];
	const char *text = value->text;
	/* A host name has no slash or colon, and not only digits and dots. */
	bool is_address =
		text_has(text, "/:") || !text[strspn(text, "0123456789.")];

	if (!value_is_glob(value, "host name", HOST_MAX))
		return;
	if (!text[strspn(text, "0123456789.*?")] && text_has(text, "*?") &&
	    strcmp(text, "*") != 0)
		value_wrong(value,
			    "would also match host names, which the owner of the client chooses; write a prefix such as 192.0.2.0/24");
	else if (!text[strspn(text, "0123456789.-")] && strchr(text, '.') &&
		 strchr(text, '-'))
		value_error(value,
			    "'%s': ranges of addresses are not supported; use prefixes such as 192.0.2.0/29",
			    text);
	else if (is_address && inet_prefix_parse(text, &prefix) < 0)
		value_wrong(value, "is neither an address nor a prefix");
	else if (is_address && inet_prefix_has_host_bits(&prefix))
		value_wrong(value, "has bits set below its prefix length");
	else if (is_address && inet_prefix_unmap(&prefix)) {
		/* A login from ::ffff:192.0.2.1 is matched as 192.0.2.1. */
		inet_prefix_format(&prefix, ipv4);
		value_error(value, "'%s' is IPv4, written as IPv6; write %s",
			    text, ipv4);
	} else
		value_append_address(value, &prefix);
}
