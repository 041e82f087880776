// SPDX-License-Identifier: GPL-2.0-or-later
/* The answer of `netns-pam explain` in columns. */
#include "json.h"

#include <stdbool.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "table.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void print_escaped(const char *before, const char *text)
{
	_cleanup_free_ char *shown = table_escape(text);

	printf("%s%s", before, shown ? shown : "?");
}

/* One line, "KEY  VALUE", the value of whatever type it is. */
static void print_value(const char *key, const json_t *value)
{
	const json_t *item;
	size_t n;

	if (json_is_null(value) ||
	    (json_is_array(value) && !json_array_size(value)))
		return;
	printf("%-17s", key);
	json_array_foreach(value, n, item)
		print_escaped(n ? ", " : "", json_string_value(item));
	if (json_is_string(value))
		print_escaped("", json_string_value(value));
	else if (json_is_integer(value))
		printf("%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		printf("%s", json_is_true(value) ? "yes" : "no");
	putchar('\n');
}

static void print_login(const json_t *answer)
{
	const char *service = text_of(answer, "service"),
		   *tty = text_of(answer, "tty"),
		   *rhost = text_of(answer, "rhost");

	printf("%-17s", "login");
	print_escaped("", text_of(answer, "user"));
	printf(" (uid %lld)",
	       (long long)json_integer_value(json_object_get(answer, "uid")));
	print_escaped(", service ", *service ? service : "unknown");
	if (*tty)
		print_escaped(", terminal ", tty);
	if (*rhost)
		print_escaped(", from ", rhost);
	putchar('\n');
	print_value("policy", json_object_get(answer, "policy"));
	putchar('\n');
}

static int print_rules(const json_t *rules, bool colour)
{
	static const struct table_column columns[] = {
		{"RULE", false},
		{"PLACE", false},
		{"MATCHES", false},
		{"WHY NOT", false},
	};
	_cleanup_(table_clear) struct table table = TABLE(columns);
	const json_t *rule;
	size_t n;

	json_array_foreach(rules, n, rule)
	{
		bool matches = json_is_true(json_object_get(rule, "matches"));

		table_add(&table, "%s", text_of(rule, "name"));
		table_add(&table, "%s:%lld", text_of(rule, "file"),
			  (long long)json_integer_value(
				  json_object_get(rule, "line")));
		table_add(&table, "%s", matches ? "yes" : "no");
		table_add(&table, "%s", text_of(rule, "why"));
	}
	return table_print(&table, stdout, colour);
}

static void print_namespace(const json_t *ns)
{
	static const char *const keys[] = {
		"scope",     "link",	"connection", "lifetime",
		"addresses", "gateway", "routes",     "mtu",
		"ifname",    "allow",	"deny",	      "allow_host",
		"publish",   "rate",	"sysctls",    "max_connections",
		"up",	     "down",	"ready",      "search",
	};
	const json_t *dns = json_object_get(ns, "dns");

	print_value("namespace", json_object_get(ns, "name"));
	for (size_t n = 0; n < sizeof(keys) / sizeof(keys[0]); n++)
		print_value(keys[n], json_object_get(ns, keys[n]));
	if (json_is_array(dns))
		print_value("dns", dns);
	else
		printf("%-17sas the host\n", "dns");
}

static void print_result(const json_t *result)
{
	const json_t *ns = json_object_get(result, "namespace");
	long long ms =
		json_integer_value(json_object_get(result, "timeout_ms"));

	if (json_is_object(ns))
		print_namespace(ns);
	else
		printf("%-17sthe host's: the session stays outside\n",
		       "namespace");
	print_value("guard", json_object_get(result, "guard"));
	print_value("on_error", json_object_get(result, "on_error"));
	print_value("nested", json_object_get(result, "nested"));
	if (ms % 1000)
		printf("%-17s%lldms\n", "timeout", ms);
	else
		printf("%-17s%llds\n", "timeout", ms / 1000);
}

int explain_print(const json_t *answer)
{
	const json_t *rules = json_object_get(answer, "rules");
	const json_t *result = json_object_get(answer, "result");
	int r;

	print_login(answer);
	if (json_is_true(json_object_get(answer, "excluded"))) {
		puts("The service is one of exclude_services (some are built in), so the session stays where it is.");
		return 0;
	}
	if (json_array_size(rules)) {
		r = print_rules(rules, table_wants_colour(stdout));
		if (r < 0)
			return r;
		putchar('\n');
	}
	if (json_is_object(result))
		print_result(result);
	else
		puts("No rule matches, so the session stays where it is.");
	return 0;
}
