/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of whole sections: keys that require or exclude each other, references
 * between sections; and the defaults from [options].
 */
#include "check.h"

#include <string.h>

#include "common/names.h"

#define TEXT_MAX 256

/*
 * Keys that the section or its link requires, and keys that the link refuses.
 */
static void check_keys(const struct check *check, const char *title,
		       unsigned int link)
{
	size_t slot = 0; /* policy_key_slot(), of one key after the other */

	for (size_t n = 0; n < policy_keys_n; n++) {
		const struct policy_key *key = &policy_keys[n];
		bool concerned = !key->links || key->links >> link & 1;
		unsigned int line;

		if (key->kind != check->section->kind)
			continue;
		line = check->section->key_lines[slot++];
		if (concerned && key->flags & KEY_REQUIRED && !line) {
			check_error(check, NULL, "%s needs the key '%s': %s",
				    title, key->name, key->help);
		} else if (!concerned && line) {
			char links[POLICY_WORDS_MAX];

			check_links_list(key->links, links);
			check_error(check, key->name,
				    "cannot be used with link = %s, only with %s%s",
				    policy_link_name(link), links,
				    check_key_line(check, "link")
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

	if (!check_key_line(check, "namespace")) {
		check_error(check, NULL,
			    "[rule %s] needs the key 'namespace': a [namespace] section's name, or host",
			    rule->name);
		return;
	}
	if (!rule->namespace)
		return; /* was noted when it was read */
	host = !strcmp(rule->namespace, POLICY_HOST);
	if (!host &&
	    !policy_build_find(check->build, KIND_NAMESPACE, rule->namespace))
		check_error(check, "namespace",
			    "there is no section [namespace %s]",
			    rule->namespace);
	if (!check_key_line(check, "on_error"))
		rule->on_error = policy->on_error;
	if (!check_key_line(check, "timeout"))
		rule->timeout_ms = policy->timeout_ms;
	/*
	 * A user who may fall back to the host's network must be able to use
	 * it.
	 */
	if (!check_key_line(check, "guard"))
		rule->guard = !host && !whence &&
			      rule->on_error == POLICY_ON_ERROR_DENY;
	else if (rule->guard && host)
		check_error(check, "guard",
			    "with namespace = host the user's processes run in the host's namespace; their packets cannot be refused");
}

static void check_scope(const struct check *check,
			const struct policy_namespace *ns)
{
	const char *scope = policy_scope_words[ns->scope];

	if (ns->scope == SCOPE_SHARED)
		return;
	if (ns->link == LINK_EXTERNAL && ns->scope == SCOPE_SESSION)
		check_error(check, "scope",
			    "an external namespace would have to exist for each session before it begins; use shared or user");
	if (ns->scope == SCOPE_SESSION && ns->lifetime == LIFETIME_FOREVER)
		check_error(check, "lifetime",
			    "with scope = session every login would leave a namespace that is never removed");
	if (ns->interface && !policy_is_template(ns->interface))
		check_error(check, "interface",
			    "'%s' can be in one namespace only, and scope = %s makes several; put %%u, %%U or %%n into it",
			    ns->interface, scope);
	if (ns->publish.n)
		check_error(check, "publish",
			    "a port of the host is forwarded to one namespace only, and scope = %s makes several",
			    scope);
}

/* Do both match the same packets? */
static bool publish_clash(const struct target_publish *a,
			  const struct target_publish *b)
{
	if (a->host_port != b->host_port)
		return false;
	if (a->protocol != b->protocol && a->protocol != TARGET_ANY &&
	    b->protocol != TARGET_ANY)
		return false;
	return a->address.family == AF_UNSPEC ||
	       b->address.family == AF_UNSPEC ||
	       inet_prefix_overlaps(&a->address, &b->address);
}

/* A port of the host is forwarded to one namespace and port. */
static void check_publish(const struct check *check,
			  const struct policy_namespace *ns)
{
	for (size_t n = 0; n < ns->publish.n; n++) {
		const struct target_publish *mine = &ns->publish.items[n];

		for (const struct policy_namespace *by =
			     check->policy->namespaces;
		     by <= ns; by++)
			for (size_t k = 0; k < (by == ns ? n : by->publish.n);
			     k++) {
				if (!publish_clash(mine, &by->publish.items[k]))
					continue;
				check_error(check, "publish",
					    "'%s' and '%s' of [namespace %s] are the same port of the host",
					    mine->text,
					    by->publish.items[k].text,
					    by->name);
				return;
			}
	}
}

static void check_references(const struct check *check,
			     const struct policy_namespace *ns)
{
	const struct policy_section *peer = NULL;
	const struct policy_namespace *other;

	if (ns->network && ns->link == LINK_BRIDGE &&
	    !policy_build_find(check->build, KIND_NETWORK, ns->network))
		check_error(check, "network",
			    "there is no section [network %s]", ns->network);
	if (!ns->peer || ns->link != LINK_CABLE)
		return;
	peer = policy_build_find(check->build, KIND_NAMESPACE, ns->peer);
	if (!peer) {
		check_error(check, "peer", "there is no section [namespace %s]",
			    ns->peer);
		return;
	}
	other = policy_build_object(check->build, peer);
	if (!strcmp(ns->peer, ns->name))
		check_error(check, "peer",
			    "the peer of a cable must be another namespace");
	else if (other->link == LINK_EXTERNAL)
		check_error(check, "peer",
			    "[namespace %s] has link = external, and external namespaces are not changed",
			    ns->peer);
	else if (other->scope != SCOPE_SHARED)
		check_error(check, "peer",
			    "[namespace %s] has scope = %s, so that there is no single namespace to connect a cable to",
			    ns->peer, policy_scope_words[other->scope]);
}

/*
 * Instances of [namespace vpn] are named vpn.USER, so that [namespace vpn.ann]
 * would have the name of one of them.
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
		check_error(check, NULL,
			    "[namespace %s] could be an instance of [namespace %s], which has scope = %s; choose another name",
			    ns->name, prefix, policy_scope_words[owner->scope]);
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
		check_error(check, "search",
			    "needs servers in 'dns'; without them the session resolves as the host does");
	if (ns->link == LINK_KINDS)
		return; /* an unknown word, noted when it was read */

	snprintf(title, sizeof(title), "link = %s", policy_link_name(ns->link));
	check_keys(check, title, ns->link);
	policy_check_addresses(check, ns);
	check_scope(check, ns);
	check_publish(check, ns);
	for (size_t n = 0; n < ns->ready.n; n++)
		if (!strcmp(ns->ready.items[n], "handshake") &&
		    ns->link != LINK_WIREGUARD && ns->link != LINK_OPENVPN)
			check_error(check, "ready",
				    "'handshake' is possible only with link = wireguard or openvpn");
}

/* Is the DHCP range inside the prefix of one of the network's addresses? */
static bool network_has_range(const struct policy_network *network)
{
	for (size_t n = 0; n < network->address.n; n++) {
		const struct inet_prefix *p = &network->address.items[n];

		if (inet_prefix_contains(p, &network->dhcp_first) &&
		    inet_prefix_contains(p, &network->dhcp_last))
			return true;
	}
	return false;
}

/*
 * An interface can be a port of one bridge only. Sections that share an Open
 * vSwitch bridge, each with its own VLAN, may share the uplink as well.
 */
static void check_uplink(const struct check *check,
			 const struct policy_network *network)
{
	const struct policy *policy = check->policy;

	for (const struct policy_network *by = policy->networks; by < network;
	     by++) {
		if (!by->uplink || strcmp(by->uplink, network->uplink) != 0 ||
		    (by->type == NETWORK_OVS && network->type == NETWORK_OVS &&
		     by->bridge && network->bridge &&
		     !strcmp(by->bridge, network->bridge)))
			continue;
		check_error(check, "uplink",
			    "'%s' is the uplink of [network %s] already: [network %s] needs another, since an interface can be a port of one bridge only",
			    network->uplink, by->name, network->name);
		return;
	}
}

/* Is it a name that the daemon gives to interfaces: npam7, npam7v? */
static bool is_npam(const char *name)
{
	static const char prefix[] = "npam";
	const char *number = name + sizeof(prefix) - 1;
	size_t digits;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	digits = strspn(number, "0123456789");
	return digits && (!number[digits] || !strcmp(number + digits, "v"));
}

/*
 * A bridge belongs to one section; with Open vSwitch to one section per VLAN.
 */
static void check_bridge(const struct check *check,
			 const struct policy_network *network)
{
	const struct policy *policy = check->policy;
	bool ovs = network->type == NETWORK_OVS;

	if (is_npam(network->bridge))
		check_error(check, "bridge",
			    "'%s' is reserved for interfaces of netns-pam; choose another name",
			    network->bridge);
	for (const struct policy_network *by = policy->networks; by < network;
	     by++) {
		bool both = ovs && by->type == NETWORK_OVS;

		if (!by->bridge || strcmp(by->bridge, network->bridge) != 0 ||
		    (both && by->vlan != network->vlan))
			continue;
		check_error(check, "bridge",
			    "'%s' is the bridge of [network %s] already: give [network %s] another%s",
			    network->bridge, by->name, network->name,
			    both ? ", or a 'vlan' of its own" : "");
		return;
	}
}

static void check_network(const struct check *check,
			  const struct policy_network *network)
{
	char title[TEXT_MAX];

	snprintf(title, sizeof(title), "[network %s]", network->name);
	check_keys(check, title, 0);
	if (network->nat && !check_key_line(check, "address"))
		check_error(check, "nat",
			    "needs an 'address' of the host on the bridge");
	if (network->uplink && network->bridge &&
	    !strcmp(network->uplink, network->bridge))
		check_error(check, "uplink",
			    "a bridge cannot be its own uplink");
	if (network->uplink)
		check_uplink(check, network);
	if (network->bridge)
		check_bridge(check, network);
	if (network->vlan && network->type != NETWORK_OVS)
		check_error(check, "vlan", "is possible only with type = ovs");
	for (size_t n = 1; n < network->address.n; n++)
		for (size_t k = 0; k < n; k++)
			if (inet_address_equal(&network->address.items[n],
					       &network->address.items[k])) {
				check_twice(check, &network->address.items[n]);
				break;
			}
	if (network->dhcp_first.family && !network_has_range(network))
		check_error(check, "dhcp",
			    "the range must lie in the prefix of an 'address' of this section");
}

static void check_options(const struct check *check)
{
	const struct policy_list *list = &check->policy->exclude_services;

	for (size_t n = 0; n < list->n; n++)
		if (!list->items[n][strspn(list->items[n], "*")])
			check_error(check, "exclude_services",
				    "'%s' matches every service; no login would be handled",
				    list->items[n]);
}

void policy_check(struct policy_build *build)
{
	for (size_t n = 0; n < build->n_sections; n++) {
		struct check check = {
			.build = build,
			.policy = build->policy,
			.section = &build->sections[n],
		};
		void *object = policy_build_object(build, check.section);

		if (check.section->kind == KIND_OPTIONS)
			check_options(&check);
		else if (check.section->kind == KIND_RULE)
			check_rule(&check, object);
		else if (check.section->kind == KIND_NAMESPACE)
			check_namespace(&check, object);
		else
			check_network(&check, object);
	}
}
