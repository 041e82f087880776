/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is valid and probably not intended: for `netns-pam check` and reload. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define DNS_MAX 3 /* MAXNS of resolv.conf(5): the C library ignores more */

/* Services of logins and jobs; excluding one of them is rarely intended. */
static const char *const logins[] = {
	"sshd", "login", "su", "sudo", "cron", "crond", "atd", "systemd-user",
};

#define WARN(book, at, ...)                                                    \
	note_warning(book, (at)->file, (at)->line, __VA_ARGS__)

static bool rule_is_for_all(const struct policy_rule *rule)
{
	return !rule->users.n && !rule->n_uids && !rule->groups.n &&
	       !rule->netgroups.n && !rule->services.n && !rule->ttys.n &&
	       !rule->rhosts.n;
}

/* The guard does not apply to uid 0: no warning. */
static bool rule_is_for_root_alone(const struct policy_rule *rule)
{
	for (size_t n = 0; n < rule->users.n; n++)
		if (strcmp(rule->users.items[n], "root") != 0)
			return false;
	for (size_t n = 0; n < rule->n_uids; n++)
		if (rule->uids[n].last)
			return false;
	return rule->users.n || rule->n_uids;
}

static void warn_rule(struct note_book *book, const struct policy_rule *rule,
		      const struct policy_rule *all, bool guard_given)
{
	bool whence = rule->services.n || rule->ttys.n || rule->rhosts.n;
	bool fails_open = rule->on_error == POLICY_ON_ERROR_HOST;
	bool host = !strcmp(rule->namespace, POLICY_HOST);

	if (all && !policy_rule_names_root(rule))
		WARN(book, rule,
		     "[rule %s] is never used: [rule %s], at %s:%u, matches every login before it",
		     rule->name, all->name, all->file, all->line);
	if (fails_open && !host)
		WARN(book, rule,
		     "[rule %s] has on_error = host: it fails open, into the host's network",
		     rule->name);
	if (whence && !host && !guard_given && !fails_open &&
	    !rule_is_for_root_alone(rule))
		WARN(book, rule,
		     "[rule %s] is for some services, terminals or remote hosts only, so these users' other processes keep the host's network; write guard = yes to refuse that, or guard = no if it is intended",
		     rule->name);
	for (size_t n = 0; n < rule->users.n; n++) {
		const char *user = rule->users.items[n];

		if (!user[strspn(user, "0123456789")])
			WARN(book, rule,
			     "users: '%s' is read as a name; write a number in 'uids'",
			     user);
	}
}

static void warn_dns(struct note_book *book, const struct policy_namespace *ns,
		     bool dns_given)
{
	/*
	 * A tunnel or a lease may have servers; if not, the daemon reports it.
	 */
	if (!dns_given && ns->address_mode != ADDRESS_DHCP &&
	    ns->link != LINK_NONE && ns->link != LINK_EXTERNAL &&
	    ns->link != LINK_WIREGUARD && ns->link != LINK_OPENVPN)
		WARN(book, ns,
		     "[namespace %s] has no 'dns': its sessions use the host's resolv.conf and resolvers, which resolve names outside the namespace; list servers, or write dns = host",
		     ns->name);
	if (ns->dns.n > DNS_MAX)
		WARN(book, ns,
		     "[namespace %s] has %zu name servers; programs use the first %d",
		     ns->name, ns->dns.n, DNS_MAX);
	for (size_t n = 0; n < ns->dns.n; n++)
		if ((ns->dns.items[n].family == AF_INET &&
		     ns->dns.items[n].addr[0] == 127) ||
		    (ns->dns.items[n].family == AF_INET6 &&
		     ns->dns.items[n].addr[0] == 0))
			WARN(book, ns,
			     "[namespace %s]: a name server on the loopback address must run inside the namespace; the host's cannot be reached",
			     ns->name);
}

static void warn_namespace(struct note_book *book, const struct policy *policy,
			   const struct policy_namespace *ns)
{
	for (size_t n = 0; n < ns->address.n; n++) {
		const struct policy_address *a = &ns->address.items[n];

		if (inet_prefix_overlaps(&policy->pool4, &a->prefix) ||
		    inet_prefix_overlaps(&policy->pool6, &a->prefix))
			WARN(book, ns,
			     "[namespace %s]: the address %s lies in the pool that 'auto' takes addresses from",
			     ns->name, a->text);
	}
	if (ns->link == LINK_CABLE && ns->peer && !ns->gateway.n &&
	    !policy_cable_is_mutual(policy, ns))
		WARN(book, ns,
		     "[namespace %s]: the far end of the cable has no address: give one in 'gateway', or name this section in a 'peer' of [namespace %s]",
		     ns->name, ns->peer);
	if (ns->scope != SCOPE_SHARED && ns->wireguard &&
	    !strchr(ns->wireguard, '%'))
		WARN(book, ns,
		     "[namespace %s]: all instances use the one key in %s, and a peer communicates with one of them at a time",
		     ns->name, ns->wireguard);
}

static void warn_options(struct note_book *book,
			 const struct policy_section *section,
			 const struct policy *policy)
{
	if (policy->on_error == POLICY_ON_ERROR_HOST)
		WARN(book, section,
		     "[options] has on_error = host: logins fail open, into the host's network");
	for (size_t n = 0; n < sizeof(logins) / sizeof(logins[0]); n++)
		if (policy_excludes(policy, logins[n]))
			WARN(book, section,
			     "exclude_services has %s: no login through this service is handled",
			     logins[n]);
}

static void section_use(const struct policy_build *build, bool *used,
			enum policy_kind kind, const char *name)
{
	const struct policy_section *section =
		name ? policy_build_find(build, kind, name) : NULL;

	if (section)
		used[section - build->sections] = true;
}

/* Return: for each section, is it used by another? NULL without memory. */
static bool *sections_used(const struct policy_build *build)
{
	const struct policy *policy = build->policy;
	bool *used = calloc(build->n_sections + 1, sizeof(*used));

	if (!used)
		return NULL;
	for (size_t n = 0; n < policy->n_rules; n++)
		section_use(build, used, KIND_NAMESPACE,
			    policy->rules[n].namespace);
	for (size_t n = 0; n < policy->n_namespaces; n++) {
		section_use(build, used, KIND_NAMESPACE,
			    policy->namespaces[n].peer);
		section_use(build, used, KIND_NETWORK,
			    policy->namespaces[n].network);
	}
	return used;
}

void policy_warn(struct policy_build *build)
{
	const struct policy *policy = build->policy;
	const struct policy_rule *all = NULL;
	struct note_book *book = &build->book;
	bool *used = sections_used(build);

	for (size_t n = 0; n < build->n_sections; n++) {
		const struct policy_section *section = &build->sections[n];
		void *object = policy_build_object(build, section);

		if (used && !used[n] &&
		    (section->kind == KIND_NAMESPACE ||
		     section->kind == KIND_NETWORK))
			WARN(book, section, "[%s %s] is not used by any %s",
			     policy_kind_name(section->kind), section->name,
			     section->kind == KIND_NETWORK ? "[namespace]"
							   : "[rule]");
		if (section->kind == KIND_OPTIONS) {
			warn_options(book, section, policy);
		} else if (section->kind == KIND_RULE) {
			warn_rule(book, object, all,
				  policy_section_key(section, "guard"));
			if (!all && rule_is_for_all(object))
				all = object;
		} else if (section->kind == KIND_NAMESPACE) {
			warn_namespace(book, policy, object);
			warn_dns(book, object,
				 policy_section_key(section, "dns"));
		}
	}
	free(used);
}
