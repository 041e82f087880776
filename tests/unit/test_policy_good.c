// SPDX-License-Identifier: GPL-2.0-or-later
/* Valid policies: every key takes effect, and defaults are as documented. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/policy.h"

static struct policy *policy_of(const char *text)
{
	struct policy *policy = NULL;
	struct error err = {.text = ""};

	if (policy_parse("p", text, strlen(text), &policy, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return policy;
}

/* Joins a list with '|' and compares it. */
static void assert_texts(const void *items, size_t n_items, size_t size,
			 const char *wanted)
{
	char got[4096] = "";
	FILE *out = fmemopen(got, sizeof(got), "w");

	assert_non_null(out);
	for (size_t n = 0; n < n_items; n++) {
		const char *const *text =
			(const void *)((const char *)items + n * size);

		fprintf(out, "%s%s", n ? "|" : "", *text);
	}
	fclose(out);
	assert_string_equal(got, wanted);
}

/* Each item of any list of a policy begins with its text. */
#define assert_list(list, wanted)                                              \
	assert_texts((list)->items, (list)->n, sizeof(*(list)->items), wanted)

static void assert_prefix(const struct inet_prefix *p, const char *wanted)
{
	char got[INET_PREFIX_STR];

	inet_prefix_format(p, got);
	assert_string_equal(got, wanted);
}

static void an_empty_text_is_an_empty_policy(void **state)
{
	struct policy *p = policy_of("");

	assert_int_equal(p->n_rules, 0);
	assert_int_equal(p->n_namespaces, 0);
	assert_int_equal(p->n_networks, 0);
	assert_int_equal(p->on_error, POLICY_ON_ERROR_DENY);
	assert_int_equal(p->timeout_ms, 10000);
	assert_prefix(&p->pool4, "10.213.0.0/16");
	assert_prefix(&p->pool6, "fd6e:6574:6e73::/48");
	assert_int_equal(p->text_bytes, 0);
	assert_string_equal(p->text, "");
	policy_free(p);
}

static void options_take_effect(void **state)
{
	struct policy *p = policy_of("[options]\n"
				     "on_error = host\n"
				     "timeout = 2m\n"
				     "pool4 = 172.16.0.0/12\n"
				     "pool6 = none\n"
				     "exclude_services = proftpd, x*\n");

	assert_int_equal(p->on_error, POLICY_ON_ERROR_HOST);
	assert_int_equal(p->timeout_ms, 120000);
	assert_prefix(&p->pool4, "172.16.0.0/12");
	assert_int_equal(p->pool6.family, AF_UNSPEC);
	assert_true(policy_excludes(p, "proftpd"));
	assert_true(policy_excludes(p, "xrdp"));
	assert_true(policy_excludes(p, "samba"));
	policy_free(p);
}

static void times_have_three_units(void **state)
{
	static const struct {
		const char *text;
		unsigned int ms;
	} times[] = {
		{"[options]\ntimeout = 100ms\n", 100},
		{"[options]\ntimeout = 600000ms\n", 600000},
		{"[options]\ntimeout = 1s\n", 1000},
		{"[options]\ntimeout = 600s\n", 600000},
		{"[options]\ntimeout = 10m\n", 600000},
	};

	for (size_t n = 0; n < sizeof(times) / sizeof(times[0]); n++) {
		struct policy *p = policy_of(times[n].text);

		assert_int_equal(p->timeout_ms, times[n].ms);
		policy_free(p);
	}
}

static void logins_are_not_excluded_by_default(void **state)
{
	static const char *const services[] = {
		"sshd", "login",	"su",	    "sudo",	 "cron",
		"atd",	"systemd-user", "polkit-1", "runuser",	 "su-l",
		"gdm",	"xrdp-sesman",	"sudo-i",   "runuser-l",
	};
	struct policy *p = policy_of("");

	for (size_t n = 0; n < sizeof(services) / sizeof(services[0]); n++)
		assert_false(policy_excludes(p, services[n]));
	assert_true(policy_excludes(p, "samba"));
	assert_true(policy_excludes(p, "cups"));
	assert_true(policy_excludes(p, "dovecot"));
	policy_free(p);
}

static void rules_take_effect(void **state)
{
	struct policy *p = policy_of("[rule one]\n"
				     "users = alice, AD\\bob,j\xc3\xb6rg, -n, "
				     "domain\\ users, a@b.org, 1000, a$\n"
				     "groups = staff\n"
				     "netgroups = lab, ops\n"
				     "uids = 0, 1000-1999,4294967295\n"
				     "services = sshd, su*, [a-c]x\n"
				     "ttys = tty[1-6], pts/*, /dev/console\n"
				     "rhosts = 192.0.2.0/24, 2001:db8::1, "
				     "*.example.org, *\n"
				     "namespace = n\n"
				     "on_error = host\n"
				     "timeout = 500ms\n"
				     "nested = keep\n"
				     "guard = yes\n"
				     "[namespace n]\n");
	const struct policy_rule *rule = &p->rules[0];

	assert_int_equal(p->n_rules, 1);
	assert_string_equal(rule->name, "one");
	assert_string_equal(rule->file, "p");
	assert_int_equal(rule->line, 1);
	assert_list(&rule->users, "alice|AD\\bob|j\xc3\xb6rg|-n|domain users|"
				  "a@b.org|1000|a$");
	assert_list(&rule->groups, "staff");
	assert_list(&rule->netgroups, "lab|ops");
	assert_int_equal(rule->n_uids, 3);
	assert_int_equal(rule->uids[0].first, 0);
	assert_int_equal(rule->uids[0].last, 0);
	assert_int_equal(rule->uids[1].first, 1000);
	assert_int_equal(rule->uids[1].last, 1999);
	assert_int_equal(rule->uids[2].first, 4294967295u);
	assert_list(&rule->services, "sshd|su*|[a-c]x");
	assert_list(&rule->ttys, "tty[1-6]|pts/*|/dev/console");
	assert_list(&rule->rhosts, "192.0.2.0/24|2001:db8::1|*.example.org|*");
	assert_string_equal(rule->namespace, "n");
	assert_int_equal(rule->on_error, POLICY_ON_ERROR_HOST);
	assert_int_equal(rule->timeout_ms, 500);
	assert_int_equal(rule->nested, POLICY_KEEP);
	assert_true(rule->guard);
	policy_free(p);
}

static void
rules_take_their_defaults_from_options_wherever_they_stand(void **state)
{
	struct policy *p = policy_of("[rule a]\nnamespace = n\n"
				     "[rule b]\nnamespace = n\ntimeout = 1s\n"
				     "on_error = deny\nnested = deny\n"
				     "[namespace n]\n"
				     "[options]\ntimeout = 7s\n"
				     "on_error = host\n");

	assert_int_equal(p->rules[0].timeout_ms, 7000);
	assert_int_equal(p->rules[0].on_error, POLICY_ON_ERROR_HOST);
	assert_int_equal(p->rules[0].nested, POLICY_SWITCH);
	assert_int_equal(p->rules[1].timeout_ms, 1000);
	assert_int_equal(p->rules[1].on_error, POLICY_ON_ERROR_DENY);
	assert_int_equal(p->rules[1].nested, POLICY_NESTED_DENY);
	policy_free(p);
}

static void guard_is_on_for_rules_about_users_alone(void **state)
{
	static const struct {
		const char *lines;
		bool guard;
	} rules[] = {
		{"namespace = n\n", true},
		{"namespace = n\nusers = a\n", true},
		{"namespace = n\ngroups = a\nuids = 1\nnetgroups = b\n", true},
		{"namespace = n\nservices = sshd\n", false},
		{"namespace = n\nttys = tty1\n", false},
		{"namespace = n\nrhosts = *\n", false},
		{"namespace = n\nservices = sshd\nguard = yes\n", true},
		{"namespace = n\nguard = no\n", false},
		{"namespace = n\non_error = host\n", false},
		{"namespace = n\non_error = host\nguard = yes\n", true},
		{"namespace = host\n", false},
		{"namespace = host\nguard = no\n", false},
	};

	for (size_t n = 0; n < sizeof(rules) / sizeof(rules[0]); n++) {
		char text[256];
		struct policy *p;

		snprintf(text, sizeof(text), "[namespace n]\n[rule r]\n%s",
			 rules[n].lines);
		p = policy_of(text);
		assert_int_equal(p->rules[0].guard, rules[n].guard);
		policy_free(p);
	}
}

static void a_namespace_without_keys_has_defaults(void **state)
{
	struct policy *p = policy_of("[namespace jail]\n");
	const struct policy_namespace *ns = policy_namespace_find(p, "jail");

	assert_non_null(ns);
	assert_int_equal(ns->scope, SCOPE_SHARED);
	assert_int_equal(ns->link, LINK_NONE);
	assert_int_equal(ns->lifetime, LIFETIME_PROCESSES);
	assert_int_equal(ns->address_mode, ADDRESS_AUTO);
	assert_int_equal(ns->mtu, 0);
	assert_null(ns->ifname);
	assert_false(ns->dns_set);
	assert_int_equal(ns->n_sysctls, 0);
	assert_null(policy_namespace_find(p, "JAIL"));
	assert_null(policy_network_find(p, "jail"));
	policy_free(p);
}

static void route_has_the_parts_that_are_no_template(void **state)
{
	struct policy *p = policy_of("[namespace lab]\n"
				     "link = nat\n"
				     "routes = 0.0.0.0/0 via 10.9.%U.3, "
				     "10.%U.0.0/16 via 192.0.2.1\n");
	const struct policy_routes *routes =
		&policy_namespace_find(p, "lab")->routes;

	assert_prefix(&routes->items[0].to.prefix, "0.0.0.0/0");
	assert_int_equal(routes->items[0].via.prefix.family, AF_UNSPEC);
	assert_int_equal(routes->items[1].to.prefix.family, AF_UNSPEC);
	assert_prefix(&routes->items[1].via.prefix, "192.0.2.1/32");
	policy_free(p);
}

static void namespaces_take_effect(void **state)
{
	struct policy *p = policy_of(
		"[namespace lab]\n"
		"scope = shared\n"
		"link = routed\n"
		"lifetime = forever\n"
		"address = 192.0.2.7/24, 2001:db8::7/64\n"
		"gateway = 192.0.2.1, fe80::1\n"
		"routes = 198.51.100.0/24, 0.0.0.0/0 via 192.0.2.1,\n"
		"  2001:db8:1::/48 via 2001:db8::1\n"
		"mtu = 1280\n"
		"ifname = up0\n"
		"dns = 192.0.2.53, 2001:db8::53\n"
		"search = example.org, sub.example.com., _x\n"
		"sysctl.net.ipv4.ping_group_range = 0 2147483647\n"
		"sysctl.net/ipv4/conf/eth0.1/rp_filter = 1\n"
		"allow = 192.0.2.0/24:443/tcp, [2001:db8::/32]:1-65535, "
		"2001:db8::/32/icmp, 198.51.100.1, 0.0.0.0/0/udp\n"
		"deny = 203.0.113.0/24, 192.0.2.1:53\n"
		"allow_host = 53/udp, 22/tcp, 80, 6000-6010\n"
		"publish = 8080:80, 192.0.2.9:53:5353/udp, "
		"[2001:db8::9]:443:8443/tcp\n"
		"ready = route, interface:up0\n"
		"rate = 10mbit\n"
		"max_connections = 1000\n"
		"up = /usr/local/sbin/%n-up\n"
		"down = /usr/local/sbin/down\n");
	const struct policy_namespace *ns = policy_namespace_find(p, "lab");

	assert_non_null(ns);
	assert_int_equal(ns->line, 1);
	assert_int_equal(ns->link, LINK_ROUTED);
	assert_int_equal(ns->lifetime, LIFETIME_FOREVER);
	assert_int_equal(ns->address_mode, ADDRESS_STATIC);
	assert_list(&ns->address, "192.0.2.7/24|2001:db8::7/64");
	assert_list(&ns->gateway, "192.0.2.1|fe80::1");
	assert_prefix(&ns->address.items[1].prefix, "2001:db8::7/64");
	assert_prefix(&ns->gateway.items[0].prefix, "192.0.2.1/32");
	assert_prefix(&ns->routes.items[1].to.prefix, "0.0.0.0/0");
	assert_prefix(&ns->routes.items[1].via.prefix, "192.0.2.1/32");
	assert_null(ns->routes.items[0].via.text);
	assert_list(&ns->routes, "198.51.100.0/24|0.0.0.0/0 via 192.0.2.1|"
				 "2001:db8:1::/48 via 2001:db8::1");
	assert_int_equal(ns->mtu, 1280);
	assert_string_equal(ns->ifname, "up0");
	assert_true(ns->dns_set);
	assert_int_equal(ns->dns.n, 2);
	assert_prefix(&ns->dns.items[0], "192.0.2.53/32");
	assert_prefix(&ns->dns.items[1], "2001:db8::53/128");
	assert_list(&ns->search, "example.org|sub.example.com.|_x");
	assert_int_equal(ns->n_sysctls, 2);
	assert_string_equal(ns->sysctls[0].name, "net.ipv4.ping_group_range");
	assert_string_equal(ns->sysctls[0].value, "0 2147483647");
	assert_string_equal(ns->sysctls[1].name,
			    "net/ipv4/conf/eth0.1/rp_filter");
	assert_string_equal(ns->sysctls[1].value, "1");
	assert_list(&ns->allow,
		    "192.0.2.0/24:443/tcp|[2001:db8::/32]:1-65535|"
		    "2001:db8::/32/icmp|198.51.100.1|0.0.0.0/0/udp");
	assert_list(&ns->deny, "203.0.113.0/24|192.0.2.1:53");
	assert_list(&ns->allow_host, "53/udp|22/tcp|80|6000-6010");
	assert_list(&ns->publish, "8080:80|192.0.2.9:53:5353/udp|"
				  "[2001:db8::9]:443:8443/tcp");
	assert_list(&ns->ready, "route|interface:up0");
	assert_true(ns->rate_bits == 10000000);
	assert_int_equal(ns->max_connections, 1000);
	assert_string_equal(ns->up, "/usr/local/sbin/%n-up");
	assert_string_equal(ns->down, "/usr/local/sbin/down");
	policy_free(p);
}

static void links_take_their_required_keys(void **state)
{
	struct policy *p = policy_of(
		"[namespace a]\nlink = none\n"
		"[namespace b]\nlink = external\nscope = user\n"
		"[namespace c]\nlink = nat\nscope = session\n"
		"lifetime = sessions\n"
		"[namespace d]\nlink = bridge\nnetwork = w\naddress = dhcp\n"
		"[namespace e]\nlink = cable\npeer = a\n"
		"[namespace f]\nlink = macvlan\nparent = eth0\n"
		"[namespace g]\nlink = device\ninterface = tap-%U\n"
		"scope = user\naddress = 192.0.2.%U/24\n"
		"[namespace h]\nlink = wireguard\nready = handshake\n"
		"wireguard = /etc/wireguard/%u.conf\n"
		"[namespace i]\nlink = openvpn\nopenvpn = /etc/o/%%.conf\n"
		"[network w]\nbridge = br0\n");
	const struct policy_namespace *ns = p->namespaces;

	assert_int_equal(p->n_namespaces, 9);
	assert_int_equal(ns[0].link, LINK_NONE);
	assert_int_equal(ns[1].link, LINK_EXTERNAL);
	assert_int_equal(ns[1].scope, SCOPE_USER);
	assert_int_equal(ns[2].link, LINK_NAT);
	assert_int_equal(ns[2].scope, SCOPE_SESSION);
	assert_int_equal(ns[2].lifetime, LIFETIME_SESSIONS);
	assert_int_equal(ns[3].link, LINK_BRIDGE);
	assert_string_equal(ns[3].network, "w");
	assert_int_equal(ns[3].address_mode, ADDRESS_DHCP);
	assert_int_equal(ns[4].link, LINK_CABLE);
	assert_string_equal(ns[4].peer, "a");
	assert_int_equal(ns[5].link, LINK_MACVLAN);
	assert_string_equal(ns[5].parent, "eth0");
	assert_int_equal(ns[6].link, LINK_DEVICE);
	assert_string_equal(ns[6].interface, "tap-%U");
	assert_list(&ns[6].address, "192.0.2.%U/24");
	assert_int_equal(ns[6].address.items[0].prefix.family, AF_UNSPEC);
	assert_int_equal(ns[7].link, LINK_WIREGUARD);
	assert_string_equal(ns[7].wireguard, "/etc/wireguard/%u.conf");
	assert_list(&ns[7].ready, "handshake");
	assert_int_equal(ns[8].link, LINK_OPENVPN);
	assert_string_equal(ns[8].openvpn, "/etc/o/%%.conf");
	policy_free(p);
}

static void networks_take_effect(void **state)
{
	struct policy *p = policy_of(
		"[network plain]\nbridge = br0\n"
		"[network full]\ntype = ovs\nbridge = br1\n"
		"address = 192.0.2.1/24, 2001:db8::1/64\nnat = yes\n"
		"dhcp = 192.0.2.10-192.0.2.99\nuplink = eth1\nvlan = 4094\n"
		"isolate = no\n");
	const struct policy_network *plain = policy_network_find(p, "plain");
	const struct policy_network *full = policy_network_find(p, "full");

	assert_int_equal(plain->type, NETWORK_LINUX);
	assert_string_equal(plain->bridge, "br0");
	assert_true(plain->isolate);
	assert_false(plain->nat);
	assert_int_equal(plain->vlan, 0);
	assert_null(plain->uplink);
	assert_int_equal(plain->dhcp_first.family, AF_UNSPEC);
	assert_int_equal(full->type, NETWORK_OVS);
	assert_int_equal(full->address.n, 2);
	assert_prefix(&full->address.items[0], "192.0.2.1/24");
	assert_prefix(&full->address.items[1], "2001:db8::1/64");
	assert_true(full->nat);
	assert_prefix(&full->dhcp_first, "192.0.2.10/32");
	assert_prefix(&full->dhcp_last, "192.0.2.99/32");
	assert_string_equal(full->uplink, "eth1");
	assert_int_equal(full->vlan, 4094);
	assert_false(full->isolate);
	policy_free(p);
}

/* VLANs of one Open vSwitch bridge use the same uplink. */
static void networks_of_a_bridge_share_its_uplink(void **state)
{
	struct policy *p = policy_of(
		"[network red]\ntype = ovs\nbridge = br0\nvlan = 10\n"
		"uplink = eth1\n"
		"[network blue]\ntype = ovs\nbridge = br0\nvlan = 20\n"
		"uplink = eth1\n");

	assert_string_equal(policy_network_find(p, "blue")->uplink, "eth1");
	policy_free(p);
}

static void with_dns_host_there_is_no_server(void **state)
{
	struct policy *p = policy_of("[namespace a]\nlink = nat\ndns = host\n");

	assert_false(p->namespaces[0].dns_set);
	assert_int_equal(p->namespaces[0].dns.n, 0);
	policy_free(p);
}

static void indented_lines_continue_a_list(void **state)
{
	struct policy *p = policy_of("[rule r]\n"
				     "users = a, b,   ; these two\n"
				     "    c,          ; and a third\n"
				     "# a comment between\n"
				     "\n"
				     "\td, e ; more\n"
				     "  f\n"
				     "groups =\n"
				     "  g,\n"
				     "  h\n"
				     "namespace = host\n");

	assert_list(&p->rules[0].users, "a|b|c|d|e|f");
	assert_list(&p->rules[0].groups, "g|h");
	policy_free(p);
}

static void comments_blanks_and_line_ends_have_no_effect(void **state)
{
	struct policy *p = policy_of("# top\r\n\r\n[  options ] ; one\r\n"
				     "timeout=3s ; two\r\n"
				     "[rule\t x  ]\r\n"
				     "users\t=  a ,\r\n  b \r\n"
				     "namespace = host");

	assert_int_equal(p->timeout_ms, 3000);
	assert_string_equal(p->rules[0].name, "x");
	assert_list(&p->rules[0].users, "a|b");
	assert_string_equal(p->rules[0].namespace, "host");
	policy_free(p);
}

static void names_of_64_characters_are_not_truncated(void **state)
{
	static const char name[] = "0123456789012345678901234567890123456789"
				   "012345678901234567890123";
	char text[512], other[sizeof(name)];
	struct policy *p;

	/* inih keeps 49 bytes of a section; these two differ in the last. */
	assert_int_equal(strlen(name), 64);
	memcpy(other, name, sizeof(other));
	other[63] = 'x';
	snprintf(text, sizeof(text),
		 "[namespace %s]\nlink = nat\n[namespace %s]\nlink = routed\n"
		 "[rule %s]\nnamespace = %s\n",
		 name, other, name, other);
	p = policy_of(text);
	assert_int_equal(policy_namespace_find(p, name)->link, LINK_NAT);
	assert_int_equal(policy_namespace_find(p, other)->link, LINK_ROUTED);
	assert_string_equal(p->rules[0].name, name);
	assert_string_equal(p->rules[0].namespace, other);
	policy_free(p);
}

static void a_line_of_198_bytes_is_not_truncated(void **state)
{
	char text[512], user[187];
	struct policy *p;

	memset(user, 'u', sizeof(user) - 1);
	user[sizeof(user) - 1] = '\0';
	snprintf(text, sizeof(text),
		 "[rule r]\nnamespace = host\nusers = x, %sv", user);
	assert_int_equal(strlen(strrchr(text, '\n') + 1), 198);
	p = policy_of(text);
	assert_int_equal(strlen(p->rules[0].users.items[1]), 187);
	assert_int_equal(p->rules[0].users.items[1][186], 'v');
	policy_free(p);
}

static void a_sysctl_has_a_long_name(void **state)
{
	struct policy *p = policy_of("[namespace n]\nsysctl.net.ipv6.conf.all."
				     "accept_ra_rt_info_max_plen_and_more_of_it"
				     " = 1\n");

	assert_string_equal(p->namespaces[0].sysctls[0].name,
			    "net.ipv6.conf.all.accept_ra_rt_info_max_plen_and_"
			    "more_of_it");
	policy_free(p);
}

static void equal_texts_have_equal_digests(void **state)
{
	struct policy *a = policy_of("[options]\ntimeout = 3s\n");
	struct policy *b = policy_of("[options]\ntimeout = 3s\n");
	struct policy *c = policy_of("[options]\ntimeout = 4s\n");

	assert_string_equal(a->text, "[options]\ntimeout = 3s\n");
	assert_int_equal(a->text_bytes, strlen(a->text));
	assert_true(a->digest == b->digest);
	assert_true(a->digest != c->digest);
	policy_free(a);
	policy_free(b);
	policy_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_is_an_empty_policy),
		cmocka_unit_test(options_take_effect),
		cmocka_unit_test(times_have_three_units),
		cmocka_unit_test(logins_are_not_excluded_by_default),
		cmocka_unit_test(rules_take_effect),
		cmocka_unit_test(
			rules_take_their_defaults_from_options_wherever_they_stand),
		cmocka_unit_test(guard_is_on_for_rules_about_users_alone),
		cmocka_unit_test(a_namespace_without_keys_has_defaults),
		cmocka_unit_test(namespaces_take_effect),
		cmocka_unit_test(route_has_the_parts_that_are_no_template),
		cmocka_unit_test(links_take_their_required_keys),
		cmocka_unit_test(networks_take_effect),
		cmocka_unit_test(networks_of_a_bridge_share_its_uplink),
		cmocka_unit_test(with_dns_host_there_is_no_server),
		cmocka_unit_test(indented_lines_continue_a_list),
		cmocka_unit_test(comments_blanks_and_line_ends_have_no_effect),
		cmocka_unit_test(names_of_64_characters_are_not_truncated),
		cmocka_unit_test(a_line_of_198_bytes_is_not_truncated),
		cmocka_unit_test(a_sysctl_has_a_long_name),
		cmocka_unit_test(equal_texts_have_equal_digests),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
