/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which values of a DHCP server's answer are accepted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "helper/link/dhcp_lease.h"

static struct dhcp_lease lease;
static struct error why;

/* A valid answer; tests change single values. */
static struct dhcp_words good(void)
{
	return (struct dhcp_words){
		.ip = "192.0.2.9",
		.subnet = "255.255.255.0",
		.router = "192.0.2.1",
		.dns = "192.0.2.53 192.0.2.54",
		.domain = "example.net",
		.lease = "3600",
	};
}

static void parse(const struct dhcp_words *words)
{
	assert_int_equal(dhcp_lease_parse(words, &lease, &why), 0);
}

static void assert_prefix(const char *wanted, const struct inet_prefix *p)
{
	char text[INET_PREFIX_STR] = "none";

	if (p->family != AF_UNSPEC)
		inet_prefix_format(p, text);
	assert_string_equal(wanted, text);
}

static void assert_route(size_t n, const char *to, const char *via)
{
	assert_true(n < lease.n_routes);
	assert_prefix(to, &lease.routes[n].destination);
	assert_prefix(via, &lease.routes[n].gateway);
}

static void a_valid_lease_is_applied_completely(void **state)
{
	struct dhcp_words words = good();

	words.mtu = "1400";
	parse(&words);
	assert_prefix("192.0.2.9/24", &lease.address);
	assert_int_equal(lease.n_routes, 1);
	assert_route(0, "0.0.0.0/0", "192.0.2.1/32");
	assert_int_equal(lease.n_dns, 2);
	assert_prefix("192.0.2.54/32", &lease.dns[1]);
	assert_string_equal(lease.search, "example.net");
	assert_int_equal(lease.mtu, 1400);
	assert_int_equal(lease.seconds, 3600);
	assert_string_equal(lease.refused, "");
}

static void an_address_alone_is_enough(void **state)
{
	const struct dhcp_words words = {.ip = "192.0.2.9"};

	parse(&words);
	assert_prefix("192.0.2.9/32", &lease.address);
	assert_int_equal(lease.n_routes, 0);
	assert_true(lease.seconds == DHCP_FOREVER);
}

static void F95_invalid_addresses_are_refused(void **state)
{
	static const struct {
		const char *ip, *subnet;
	} cases[] = {
		{NULL, "255.255.255.0"},
		{"", "255.255.255.0"},
		{"0.0.0.0", "255.255.255.0"},
		{"0.1.2.3", "255.255.255.0"},
		{"127.0.0.1", "255.255.255.0"},
		{"224.0.0.1", "255.255.255.0"},
		{"255.255.255.255", NULL},
		{"169.254.169.254", "255.255.0.0"},
		{"192.0.2.0", "255.255.255.0"},
		{"192.0.2.255", "255.255.255.0"},
		{"192.0.2.9/24", "255.255.255.0"},
		{"2001:db8::1", "255.255.255.0"},
		{"192.0.2.9\n", "255.255.255.0"},
		{"192.0.2.9 192.0.2.10", "255.255.255.0"},
		{"192.0.2.9", "0.0.0.0"},
		{"192.0.2.9", "254.0.0.0"},
		{"192.0.2.9", "255.0.255.0"},
		{"192.0.2.9", "0.255.255.255"},
		{"192.0.2.9", "24"},
		{"192.0.2.9", ""},
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct dhcp_words words = good();

		words.ip = cases[n].ip;
		words.subnet = cases[n].subnet;
		why.text[0] = '\0';
		assert_int_equal(dhcp_lease_parse(&words, &lease, &why),
				 -EBADMSG);
		assert_string_not_equal(why.text, "");
		assert_null(strchr(why.text, '\n'));
	}
}

static void both_addresses_of_a_31_bit_prefix_are_valid(void **state)
{
	struct dhcp_words words = good();

	words.ip = "192.0.2.0";
	words.subnet = "255.255.255.254";
	parse(&words);
	assert_prefix("192.0.2.0/31", &lease.address);
}

static void classless_routes_replace_the_router(void **state)
{
	struct dhcp_words words = good();

	words.staticroutes = "198.51.100.7/24 192.0.2.3 10.0.0.0/8 0.0.0.0 "
			     "10.1.0.0/16 192.0.2.9";
	words.msstaticroutes = "172.16.0.0/12 192.0.2.4";
	parse(&words);
	assert_int_equal(lease.n_routes, 3);
	assert_route(0, "198.51.100.0/24", "192.0.2.3/32");
	assert_route(1, "10.0.0.0/8", "none");
	assert_route(2, "10.1.0.0/16", "none"); /* via the leased address */
	words.staticroutes = NULL;
	parse(&words);
	assert_int_equal(lease.n_routes, 1);
	assert_route(0, "172.16.0.0/12", "192.0.2.4/32");
}

static void F95_invalid_routes_are_ignored(void **state)
{
	static const char *const routes[] = {
		"127.0.0.0/8 192.0.2.1",
		"224.0.0.0/8 192.0.2.1",
		"10.0.0.0/33 192.0.2.1",
		"10.0.0.0/8 127.0.0.1",
		"10.0.0.0/8 224.0.0.1",
		"10.0.0.0/8 192.0.2.1/24",
		"2001:db8::/32 192.0.2.1",
		"10.0.0.0/8 2001:db8::1",
		"10.0.0.0/8",
		"x y",
		"169.254.169.254/32 192.0.2.1",
	};

	for (size_t n = 0; n < sizeof(routes) / sizeof(routes[0]); n++) {
		struct dhcp_words words = good();

		words.staticroutes = routes[n];
		parse(&words);
		assert_int_equal(lease.n_routes, 0);
		assert_non_null(strstr(lease.refused, "the route to"));
	}
}

static void the_two_halves_of_the_address_space_are_routes(void **state)
{
	struct dhcp_words words = good();

	words.staticroutes = "0.0.0.0/1 192.0.2.1 128.0.0.0/1 192.0.2.1 "
			     "0.0.0.0/1 192.0.2.2";
	parse(&words);
	assert_int_equal(lease.n_routes, 2);
	assert_route(1, "128.0.0.0/1", "192.0.2.1/32");
}

static void F95_excess_routes_are_ignored(void **state)
{
	struct dhcp_words words = good();
	char text[3000] = "", huge[5000];
	size_t used = 0;

	for (unsigned int n = 0; n < 40; n++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "10.%u.0.0/16 192.0.2.1 ", n);
	words.staticroutes = text;
	parse(&words);
	assert_int_equal(lease.n_routes, DHCP_ROUTES_MAX);
	assert_non_null(strstr(lease.refused, "more than"));
	/* A list that is too long is ignored, not truncated. */
	memset(huge, ' ', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	memcpy(huge, "10.0.0.0/8 192.0.2.1", 20);
	words.staticroutes = huge;
	parse(&words);
	assert_int_equal(lease.n_routes, 0);
	assert_non_null(strstr(lease.refused, "a list of 4999 bytes"));
}

static void F95_invalid_names_are_ignored(void **state)
{
	static const struct {
		const char *domain, *search, *wanted;
	} cases[] = {
		{"example.net", NULL, "example.net"},
		{"example.net", "a.example b.example", "a.example b.example"},
		{"x\nnameserver", NULL, ""},
		{"$(id)", NULL, ""},
		{"a;b", NULL, ""},
		{"a..b", NULL, ""},
		{"-a", NULL, ""},
		{"a.example  $(id) b.example", NULL, "a.example b.example"},
		{"", NULL, ""},
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct dhcp_words words = good();

		words.domain = cases[n].domain;
		words.search = cases[n].search;
		parse(&words);
		assert_string_equal(lease.search, cases[n].wanted);
		assert_null(strchr(lease.refused, '\n'));
	}
}

static void F95_invalid_servers_routers_mtu_and_time_are_ignored(void **state)
{
	struct dhcp_words words = good();

	words.dns = "127.0.0.1 192.0.2.53 0.0.0.0 ::1 x 192.0.2.54 192.0.2.55 "
		    "192.0.2.56 192.0.2.57 192.0.2.58 192.0.2.59";
	words.router = "127.0.0.1 192.0.2.2";
	words.mtu = "68";
	words.lease = "-1";
	parse(&words);
	assert_int_equal(lease.n_dns, DHCP_DNS_MAX);
	assert_prefix("192.0.2.53/32", &lease.dns[0]);
	assert_route(0, "0.0.0.0/0", "192.0.2.2/32");
	assert_int_equal(lease.mtu, 0);
	assert_true(lease.seconds == DHCP_FOREVER);
	assert_string_equal(lease.refused, "the router 127.0.0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_valid_lease_is_applied_completely),
		cmocka_unit_test(an_address_alone_is_enough),
		cmocka_unit_test(F95_invalid_addresses_are_refused),
		cmocka_unit_test(both_addresses_of_a_31_bit_prefix_are_valid),
		cmocka_unit_test(classless_routes_replace_the_router),
		cmocka_unit_test(F95_invalid_routes_are_ignored),
		cmocka_unit_test(
			the_two_halves_of_the_address_space_are_routes),
		cmocka_unit_test(F95_excess_routes_are_ignored),
		cmocka_unit_test(F95_invalid_names_are_ignored),
		cmocka_unit_test(
			F95_invalid_servers_routers_mtu_and_time_are_ignored),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
