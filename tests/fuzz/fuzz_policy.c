/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a policy. What is accepted is used as by the programs, and is
 * accepted again with the same result; what is refused has a reason, no policy.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/policy/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int member(void *data, const char *name)
{
	return name[0] & 1;
}

static void rules_use(const struct policy *policy)
{
	static const uid_t uids[] = {0, 1000, 4294967295u};
	struct policy_login login = {
		.service = "sshd",
		.tty = "/dev/pts/0",
		.rhost = "::ffff:192.0.2.1",
		.in_group = member,
		.in_netgroup = member,
	};

	for (size_t n = 0; n < sizeof(uids) / sizeof(uids[0]); n++) {
		const struct policy_rule *rule = NULL;
		const char *why;

		login.user = uids[n] ? "alice" : "root";
		login.uid = uids[n];
		if (policy_match(policy, &login, &rule) < 0)
			abort();
		if (policy_guards(policy, &login) < 0)
			abort();
		if (!rule)
			continue;
		if (policy_rule_match(rule, &login, &why) < 0 || why)
			abort();
		if (strcmp(rule->namespace, POLICY_HOST) != 0 &&
		    !policy_namespace_find(policy, rule->namespace))
			abort();
		if (!name_is_policy(rule->name) || rule->timeout_ms < 100 ||
		    rule->timeout_ms > 600000)
			abort();
	}
	(void)policy_excludes(policy, "sshd");
}

static void address_use(const struct policy_address *address)
{
	char *text = NULL;

	if (policy_expand(address->text, "alice", 1000, "vpn.alice", &text,
			  NULL) < 0)
		abort();
	if (!address->prefix.family != policy_is_template(address->text))
		abort();
	free(text);
}

static void namespaces_use(const struct policy *policy)
{
	for (size_t n = 0; n < policy->n_namespaces; n++) {
		const struct policy_namespace *ns = &policy->namespaces[n];
		char name[NAME_MAX_INSTANCE + 1];
		const struct policy_whose whose = {"al.ice", 1000, name};
		char *text;

		if (!name_is_policy(ns->name) || ns->link >= LINK_KINDS)
			abort();
		if (name_instance(ns->name, "al.ice", 1000, 7, name) < 0 ||
		    !name_is_instance(name))
			abort();
		if ((ns->link == LINK_WIREGUARD) != (ns->wireguard != NULL) ||
		    (ns->link == LINK_BRIDGE) != (ns->network != NULL))
			abort();
		if (ns->ifname && !name_is_ifname(ns->ifname))
			abort();
		for (size_t k = 0; k < ns->address.n; k++)
			address_use(&ns->address.items[k]);
		for (size_t k = 0; k < ns->gateway.n; k++)
			address_use(&ns->gateway.items[k]);
		for (size_t k = 0; k < ns->routes.n; k++)
			if (policy_is_template(ns->routes.items[k].text) !=
			    !ns->routes.items[k].to.prefix.family)
				abort();
		if (policy_describe_link(policy, ns, &whose, &text) < 0 ||
		    !*text)
			abort();
		free(text);
	}
}

/* Reading it again, with the warnings, gives the same result. */
static void again(const uint8_t *data, size_t size, int wanted, uint64_t digest)
{
	struct policy *policy = NULL;
	struct policy_notes notes;
	struct error err;
	int r = policy_parse("again", (const char *)data, size, &policy, &notes,
			     &err);

	if (r != wanted || (r < 0) != (notes.errors > 0) ||
	    (policy && policy->digest != digest))
		abort();
	policy_notes_clear(&notes);
	policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = NULL;
	struct error err = {.text = ""};
	int r = policy_parse("fuzz", (const char *)data, size, &policy, NULL,
			     &err);

	if (r < 0 && (policy || !err.text[0]))
		abort();
	if (r == 0) {
		rules_use(policy);
		namespaces_use(policy);
	}
	again(data, size, r, policy ? policy->digest : 0);
	policy_free(policy);
	return 0;
}
