/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options pushed by an OpenVPN server: which are accepted, and their result. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "helper/link/openvpn/push.h"

/* Variables, each on a line. */
static int read_lines(const char *lines, bool tap, bool redirect4,
		      struct openvpn_push *ret)
{
	char *text = strdup(lines), *rest = text, *line;
	struct openvpn_env env = {0};
	int r;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			assert_int_equal(openvpn_env_add(&env, line), 0);
	free(text);
	r = openvpn_push_read(&env, tap, redirect4, ret);
	openvpn_env_clear(&env);
	return r;
}

static struct openvpn_push got(const char *lines, bool tap, bool redirect4)
{
	struct openvpn_push push;

	assert_int_equal(read_lines(lines, tap, redirect4, &push), 0);
	return push;
}

static void is(const struct inet_prefix *p, const char *wanted)
{
	char text[INET_PREFIX_STR];

	inet_prefix_format(p, text);
	assert_string_equal(text, wanted);
}

#define SUBNET                                                                 \
	"ifconfig_local=10.8.0.2\nifconfig_netmask=255.255.255.0\n"            \
	"route_vpn_gateway=10.8.0.1\nroute_net_gateway=192.0.2.1\n"

static void addresses_and_mtu_are_read(void **state)
{
	struct openvpn_push p = got(SUBNET "ifconfig_ipv6_local=fd08::2\n"
					   "ifconfig_ipv6_netbits=64\n"
					   "tun_mtu=1400\n",
				    false, false);

	is(&p.address4, "10.8.0.2/24");
	is(&p.address6, "fd08::2/64");
	assert_int_equal(p.peer4.family, AF_UNSPEC);
	assert_int_equal(p.mtu, 1400);
	assert_int_equal(p.n_routes, 0);
	assert_int_equal(p.ignored, 0);
	openvpn_push_clear(&p);
	/* net30, p2p */
	p = got("ifconfig_local=10.8.0.6\nifconfig_remote=10.8.0.5\n", false,
		false);
	is(&p.address4, "10.8.0.6/32");
	is(&p.peer4, "10.8.0.5/32");
	openvpn_push_clear(&p);
}

static void without_a_valid_address_the_push_is_an_error(void **state)
{
	struct openvpn_push p;

	assert_int_equal(read_lines("tun_mtu=1500\n", false, false, &p),
			 -EBADMSG);
	assert_int_equal(read_lines("ifconfig_local=127.0.0.1\n", false, false,
				    &p),
			 -EBADMSG);
	assert_int_equal(read_lines("ifconfig_local=10.8.0.2\n"
				    "ifconfig_netmask=255.0.255.0\n",
				    false, false, &p),
			 -EBADMSG);
	assert_int_equal(read_lines("ifconfig_ipv6_local=::1\n", false, false,
				    &p),
			 -EBADMSG);
	assert_int_equal(read_lines("ifconfig_local=10.8.0.2/0\n", false, false,
				    &p),
			 -EBADMSG);
}

static void routes_are_read_without_gateways(void **state)
{
	struct openvpn_push p =
		got(SUBNET
		    "route_network_1=10.99.0.7\n" /* host bits are removed */
		    "route_netmask_1=255.255.255.0\n"
		    "route_gateway_1=10.8.0.1\n"
		    "route_network_2=198.51.100.0\n" /* net_gateway */
		    "route_netmask_2=255.255.255.0\n"
		    "route_gateway_2=192.0.2.1\n"
		    "route_network_3=10.99.0.9\n" /* a duplicate */
		    "route_netmask_3=255.255.255.0\n"
		    "route_ipv6_network_1=fd99::1/64\n"
		    "route_ipv6_gateway_1=fd08::1\n",
		    false, false);

	assert_int_equal(p.n_routes, 2);
	is(&p.routes[0].to, "10.99.0.0/24");
	assert_int_equal(p.routes[0].gateway.family, AF_UNSPEC);
	is(&p.routes[1].to, "fd99::/64");
	assert_int_equal(p.ignored, 0);
	openvpn_push_clear(&p);
}

static void routes_of_a_tap_have_gateways(void **state)
{
	struct openvpn_push p = got(SUBNET "route_network_1=10.99.0.0\n"
					   "route_netmask_1=255.255.255.0\n"
					   "route_gateway_1=10.8.0.1\n",
				    true, true);

	assert_int_equal(p.n_routes, 2);
	is(&p.routes[0].to, "0.0.0.0/0");
	is(&p.routes[0].gateway, "10.8.0.1/32");
	is(&p.routes[1].gateway, "10.8.0.1/32");
	openvpn_push_clear(&p);
}

static void redirect_gateway_is_a_default_route(void **state)
{
	struct openvpn_push p = got(SUBNET, false, true);

	assert_int_equal(p.n_routes, 1);
	is(&p.routes[0].to, "0.0.0.0/0");
	openvpn_push_clear(&p);
}

static void invalid_values_are_ignored(void **state)
{
	struct openvpn_push p =
		got(SUBNET "route_network_1=hello\n"
			   "route_network_2=10.0.0.0\n"
			   "route_netmask_2=255.0.0.255\n"
			   "route_network_3=10.1.0.0\n"
			   "route_netmask_3=255.255.0.0\n"
			   "route_gateway_3=fe80::1\n"
			   "route_network_x=10.2.0.0\n"
			   "route_ipv6_network_1=10.0.0.0/8\n"
			   "foreign_option_1=dhcp-option DNS 0.0.0.0\n"
			   "foreign_option_2=dhcp-option DOMAIN a;b\n"
			   "foreign_option_3=dhcp-option DNS 127.0.0.1\n"
			   "tun_mtu=7\n",
		    false, false);

	assert_int_equal(p.n_routes, 0);
	assert_int_equal(p.n_dns, 0);
	assert_string_equal(p.search, "");
	assert_int_equal(p.mtu, 0);
	assert_int_equal(p.ignored, 8);
	assert_string_equal(p.why, "the MTU '7'");
	openvpn_push_clear(&p);
}

static void name_servers_and_domains_are_read(void **state)
{
	struct openvpn_push p =
		got(SUBNET "foreign_option_5=dhcp-option DOMAIN-SEARCH b.net\n"
			   "foreign_option_4=dhcp-option DNS6 fd99::53\n"
			   "foreign_option_3=dhcp-option NTP 10.99.0.1\n"
			   "foreign_option_2=dhcp-option DOMAIN a.example.net\n"
			   "foreign_option_1=dhcp-option DNS 10.99.0.53\n"
			   "foreign_option_6=dhcp-option DNS 10.99.0.53\n"
			   "foreign_option_7=block-outside-dns\n",
		    false, false);

	assert_int_equal(p.n_dns, 2);
	is(&p.dns[0], "10.99.0.53/32");
	is(&p.dns[1], "fd99::53/128");
	assert_string_equal(p.search, "a.example.net b.net");
	assert_int_equal(p.ignored, 0);
	openvpn_push_clear(&p);
	/* --dns of 2.6 */
	p = got(SUBNET "dns_server_1_address_1=10.99.0.54\n"
		       "dns_server_1_address_2=fd99::54\n"
		       "dns_search_domain_1=c.net\n",
		false, false);
	assert_int_equal(p.n_dns, 2);
	is(&p.dns[0], "10.99.0.54/32");
	assert_string_equal(p.search, "c.net");
	openvpn_push_clear(&p);
}

/* A domain with a newline would add a line to resolv.conf. */
static void invalid_domains_are_ignored(void **state)
{
	static const char *const bad[] = {"a b", "a\nb",	 "-a",	".a",
					  "",	 "\xc3\xa4.net", "a/b", "a#b"};

	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		struct openvpn_env env = {0};
		struct openvpn_push p;
		char text[100];

		snprintf(text, sizeof(text), "dns_search_domain_1=%s", bad[n]);
		openvpn_env_add(&env, "ifconfig_local=10.8.0.2");
		openvpn_env_add(&env, text);
		assert_int_equal(openvpn_push_read(&env, false, false, &p), 0);
		assert_string_equal(p.search, "");
		openvpn_push_clear(&p);
		openvpn_env_clear(&env);
	}
}

static void excess_routes_and_variables_are_ignored(void **state)
{
	struct openvpn_env env = {0};
	struct openvpn_push p;
	char text[100];

	openvpn_env_add(&env, "ifconfig_local=10.8.0.2");
	/* in reverse order, as openvpn lists them */
	for (int n = OPENVPN_ROUTES_MAX + 88; n > 0; n--) {
		snprintf(text, sizeof(text), "route_network_%d=10.%d.%d.0", n,
			 n / 250, n % 250);
		assert_int_equal(openvpn_env_add(&env, text), 0);
	}
	assert_int_equal(openvpn_push_read(&env, false, false, &p), 0);
	assert_int_equal(p.n_routes, OPENVPN_ROUTES_MAX);
	assert_int_equal(p.ignored, 88);
	assert_memory_equal(p.routes[0].to.addr, "\12\0\1\0", 4);
	openvpn_push_clear(&p);
	/* an openvpn that sends variables without end */
	for (int n = 0; n < 100000; n++)
		if (openvpn_env_add(&env, "a=0123456789") < 0)
			break;
	assert_true(env.bytes <= OPENVPN_ENV_MAX);
	openvpn_env_clear(&env);
}

static void redirect_gateway_is_read_from_the_log(void **state)
{
	bool redirect4 = false;

	openvpn_push_log("PUSH: Received control message: 'PUSH_REPLY,"
			 "route-gateway 10.8.0.1,ping 1'",
			 &redirect4);
	assert_false(redirect4);
	openvpn_push_log("PUSH: Received control message: 'PUSH_REPLY,"
			 "redirect-gateway-x,redirect-gateway !ipv4 ipv6'",
			 &redirect4);
	assert_false(redirect4);
	openvpn_push_log("something else, redirect-gateway", &redirect4);
	assert_false(redirect4);
	openvpn_push_log("PUSH: Received control message: 'PUSH_REPLY,"
			 "redirect-gateway def1,ping 1'",
			 &redirect4);
	assert_true(redirect4);
	openvpn_push_log("Pushed option removed by filter: 'redirect-gateway "
			 "def1'",
			 &redirect4);
	assert_false(redirect4);
	openvpn_push_log("PUSH: Received control message: 'PUSH_REPLY,"
			 "ping 1,redirect-gateway'",
			 &redirect4);
	assert_true(redirect4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_mtu_are_read),
		cmocka_unit_test(without_a_valid_address_the_push_is_an_error),
		cmocka_unit_test(routes_are_read_without_gateways),
		cmocka_unit_test(routes_of_a_tap_have_gateways),
		cmocka_unit_test(redirect_gateway_is_a_default_route),
		cmocka_unit_test(invalid_values_are_ignored),
		cmocka_unit_test(name_servers_and_domains_are_read),
		cmocka_unit_test(invalid_domains_are_ignored),
		cmocka_unit_test(excess_routes_and_variables_are_ignored),
		cmocka_unit_test(redirect_gateway_is_read_from_the_log),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
