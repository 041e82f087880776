// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `netns-pam explain`: which rule matches a login, why the rules before it do
 * not match, and what the session gets, by the module's own code. The daemon is
 * not needed. The answer is built as JSON; explain_text.c prints it in columns.
 */
#include <limits.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/names.h"
#include "common/policy/current.h"
#include "common/policy/describe.h"
#include "common/policy/who.h"
#include "common/proto.h"
#include "ctl.h"
#include "json.h"

/*
 * The policy that the module would use now, and the path of its file.
 * Return: 0, -errno with a sentence.
 */
static int explain_load(const struct ctl *ctl, struct policy **ret,
			char path[static PATH_MAX], struct error *err)
{
	char last_good[PATH_MAX];
	const struct policy_sources sources = {.path = ctl->config,
					       .last_good = last_good};
	struct policy_current now;
	int r = proto_state_path(ctl->socket, PROTO_LAST_GOOD, last_good);

	if (r < 0)
		return error_set(err, r, "the socket's path is too long");
	r = policy_current(&sources, &now, NULL);
	*err = now.why;
	if (now.last_good)
		ctl_fail("%s; logins use the last good policy", err->text);
	snprintf(path, PATH_MAX, "%s", now.last_good ? last_good : ctl->config);
	*ret = now.policy;
	return r;
}

/* A sentence about the first matcher that does not match. */
static json_t *explain_why(const char *key, const struct who *who)
{
	const struct {
		const char *key, *value, *missing;
	} values[] = {
		{"users", who->user, NULL},
		{"services", who->service, NULL},
		{"ttys", who->tty, "the login has no terminal"},
		{"rhosts", who->rhost, "the login comes from this machine"},
	};

	if (!strcmp(key, "uids"))
		return json_sprintf("uids: %u is in none of the ranges",
				    (unsigned int)who->uid);
	if (!strcmp(key, "root"))
		return json_string(
			"uid 0 needs a rule that names root, or uid 0");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(key, values[i].key) != 0)
			continue;
		if (!*values[i].value && values[i].missing)
			return json_sprintf("%s: %s", key, values[i].missing);
		return json_sprintf("%s: %s is not one of them", key,
				    values[i].value);
	}
	return json_sprintf("%s: %s is in none of them", key, who->user);
}

/*
 * Walks the rules as policy_match() does, and keeps the reasons.
 * Return: 0 with *ret_rule the match or NULL; -errno.
 */
static int explain_rules(const struct policy *policy, struct who *who,
			 json_t *list, const struct policy_rule **ret_rule)
{
	struct policy_login login = who_login(who);

	*ret_rule = NULL;
	for (size_t n = 0; n < policy->n_rules && !*ret_rule; n++) {
		const struct policy_rule *rule = &policy->rules[n];
		const char *why;
		int r = policy_rule_match(rule, &login, &why);

		if (r < 0)
			return r;
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:i, s:b, s:o, s:o}",
						"name", rule->name, "file",
						json_text(rule->file), "line",
						(int)rule->line, "matches",
						!why, "key",
						why ? json_text(why)
						    : json_null(),
						"why",
						why ? explain_why(why, who)
						    : json_null()));
		if (!why)
			*ret_rule = rule;
	}
	return 0;
}

/* The namespace that a rule gives, and to whom. */
struct explained {
	const struct policy *policy;
	const struct policy_namespace *ns;
	const struct who *who;
	char instance[NAME_MAX_INSTANCE + 1];
};

/* A value with %u, %U and %n replaced; null when it is not given. */
static json_t *explain_value(const struct explained *e, const char *value)
{
	_cleanup_free_ char *text = NULL;

	if (!value)
		return json_null();
	if (policy_expand(value, e->who->user, e->who->uid, e->instance, &text,
			  NULL) < 0)
		return json_text(value);
	return json_text(text);
}

/* n items of `size` bytes, each of which begins with its text. */
static json_t *explain_texts(const struct explained *e, const void *items,
			     size_t n, size_t size)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *const *text =
			(const void *)((const char *)items + i * size);

		json_array_append_new(array, explain_value(e, *text));
	}
	return array;
}
#define explain_list(e, key)                                                   \
	explain_texts(e, (e)->ns->key.items, (e)->ns->key.n,                   \
		      sizeof(*(e)->ns->key.items))

/* The addresses that it has, or the pools that they will come from. */
static json_t *explain_addresses(const struct explained *e)
{
	const struct inet_prefix *const pools[] = {&e->policy->pool4,
						   &e->policy->pool6};
	bool pooled = e->ns->link == LINK_NAT || e->ns->link == LINK_ROUTED;
	char text[INET_PREFIX_STR];
	json_t *array;

	if (e->ns->address_mode == ADDRESS_STATIC)
		return explain_list(e, address);
	if (e->ns->address_mode == ADDRESS_DHCP)
		return json_pack("[s]", "dhcp");
	array = json_array();
	for (size_t n = 0; n < 2; n++) {
		if (!pooled || !pools[n]->family)
			continue;
		inet_prefix_format(pools[n], text);
		json_array_append_new(array,
				      json_sprintf("auto from %s", text));
	}
	return array;
}

static json_t *explain_dns(const struct policy_namespace *ns)
{
	char text[INET_PREFIX_STR];
	json_t *array;

	if (!ns->dns_set)
		return json_null();
	array = json_array();
	for (size_t n = 0; n < ns->dns.n; n++) {
		inet_address_format(&ns->dns.items[n], text);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

static json_t *explain_sysctls(const struct policy_namespace *ns)
{
	json_t *array = json_array();

	for (size_t n = 0; n < ns->n_sysctls; n++)
		json_array_append_new(array,
				      json_sprintf("%s=%s", ns->sysctls[n].name,
						   ns->sysctls[n].value));
	return array;
}

static json_t *explain_rate(const struct policy_namespace *ns)
{
	char text[POLICY_RATE_STR];

	if (!ns->rate_bits)
		return json_null();
	policy_describe_rate(ns->rate_bits, text);
	return json_string(text);
}

/* How it is connected, in one sentence. */
static json_t *explain_link(const struct explained *e)
{
	const struct policy_whose whose = {e->who->user, e->who->uid,
					   e->instance};
	_cleanup_free_ char *text = NULL;

	if (policy_describe_link(e->policy, e->ns, &whose, &text) < 0)
		return NULL;
	return json_text(text);
}

static json_t *explain_number(unsigned int number)
{
	return number ? json_integer(number) : json_null();
}

/* What it may reach, what may reach it, and its programs. */
static json_t *explain_limits(const struct explained *e)
{
	const struct policy_namespace *ns = e->ns;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "allow", explain_list(e, allow), "deny",
			 explain_list(e, deny), "allow_host",
			 explain_list(e, allow_host), "publish",
			 explain_list(e, publish), "rate", explain_rate(ns),
			 "max_connections", explain_number(ns->max_connections),
			 "sysctls", explain_sysctls(ns), "up",
			 explain_value(e, ns->up), "down",
			 explain_value(e, ns->down), "ready",
			 explain_list(e, ready));
}

static json_t *explain_namespace(const struct policy *policy,
				 const struct policy_namespace *ns,
				 const struct who *who)
{
	bool shared = ns->scope == SCOPE_SHARED;
	struct explained e = {policy, ns, who, ""};
	json_t *object;

	if (name_instance(ns->name, shared ? NULL : who->user, who->uid, 0,
			  e.instance) < 0)
		return NULL;
	object =
		json_pack("{s:o, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			  "name",
			  json_sprintf("%s%s", e.instance,
				       ns->scope == SCOPE_SESSION ? ".N" : ""),
			  "section", ns->name, "scope",
			  policy_scope_words[ns->scope], "link",
			  policy_link_name(ns->link), "connection",
			  explain_link(&e), "lifetime",
			  policy_lifetime_words[ns->lifetime], "addresses",
			  explain_addresses(&e), "gateway",
			  explain_list(&e, gateway), "routes",
			  explain_list(&e, routes), "mtu",
			  explain_number(ns->mtu), "ifname",
			  json_text(ns->ifname ? ns->ifname : ""), "dns",
			  explain_dns(ns), "search", explain_list(&e, search));
	if (json_object_update_new(object, explain_limits(&e)) == 0)
		return object;
	json_decref(object);
	return NULL;
}

/* What the matching rule gives. */
static json_t *explain_result(const struct policy *policy,
			      const struct policy_rule *rule,
			      const struct who *who, bool guard)
{
	const struct policy_namespace *ns =
		policy_namespace_find(policy, rule->namespace);

	return json_pack("{s:s, s:o, s:s, s:i, s:s, s:b}", "rule", rule->name,
			 "namespace",
			 ns ? explain_namespace(policy, ns, who) : json_null(),
			 "on_error", policy_on_error_words[rule->on_error],
			 "timeout_ms", (int)rule->timeout_ms, "nested",
			 policy_nested_words[rule->nested], "guard", guard);
}

/* Return: 0 and the answer; -errno when a look-up failed. */
static int explain_answer(const struct policy *policy, const char *path,
			  struct who *who, json_t **ret)
{
	bool excluded = policy_excludes(policy, who->service);
	const struct policy_rule *rule = NULL;
	json_t *rules = json_array();
	int r = excluded ? 0 : explain_rules(policy, who, rules, &rule), guard;
	struct policy_login login = who_login(who);

	guard = r < 0 || !rule ? r : policy_guards(policy, &login);
	if (guard < 0)
		r = guard;
	if (r < 0) {
		json_decref(rules);
		return r;
	}
	*ret = json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:o}",
			 "user", json_text(who->user), "uid",
			 (json_int_t)who->uid, "service",
			 json_text(who->service), "tty", json_text(who->tty),
			 "rhost", json_text(who->rhost), "policy",
			 json_text(path), "excluded", excluded, "rules", rules,
			 "result",
			 rule ? explain_result(policy, rule, who, guard > 0)
			      : json_null());
	return *ret ? 0 : -ENOMEM;
}

static int explain_run(const struct ctl *ctl, struct who *who)
{
	struct policy *policy = NULL;
	char path[PATH_MAX];
	json_t *answer = NULL;
	struct error err = {.text = ""};
	int r = explain_load(ctl, &policy, path, &err);

	if (r < 0 || !policy)
		return ctl_fail("%s", err.text);
	r = explain_answer(policy, path, who, &answer);
	policy_free(policy);
	if (r < 0)
		return ctl_fail("cannot match the rules: %s",
				who_trouble(who, r));
	r = ctl->given['j'] ? json_print(answer) : explain_print(answer);
	json_decref(answer);
	return ctl_printed(r);
}

int ctl_explain(const struct ctl *ctl, int argc, char **argv)
{
	const char *service = ctl->given['s'] ? ctl->given['s'] : "sshd";
	struct who who;
	struct error err;
	int status;

	if (who_init(&who, argv[0], service, ctl->given['t'], ctl->given['r'],
		     &err) < 0)
		return ctl_fail("%s", err.text);
	status = explain_run(ctl, &who);
	who_clear(&who);
	return status;
}
