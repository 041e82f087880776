// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses and prefixes: parsing, formatting, comparing, counting. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/inet.h"

static struct inet_prefix parse(const char *text)
{
	struct inet_prefix p;

	assert_int_equal(inet_prefix_parse(text, &p), 0);
	return p;
}

/* Parses a text, formats the result and compares it with what is wanted. */
static void round_trip(const char *text, const char *wanted)
{
	struct inet_prefix p = parse(text);
	char got[INET_PREFIX_STR];

	inet_prefix_format(&p, got);
	assert_string_equal(got, wanted);
}

static void valid_text_is_parsed_and_formatted(void **state)
{
	round_trip("192.0.2.7", "192.0.2.7/32");
	round_trip("192.0.2.7/24", "192.0.2.7/24");
	round_trip("0.0.0.0/0", "0.0.0.0/0");
	round_trip("255.255.255.255/32", "255.255.255.255/32");
	round_trip("2001:db8::7", "2001:db8::7/128");
	round_trip("2001:DB8:0:0::7/64", "2001:db8::7/64");
	round_trip("::/0", "::/0");
	round_trip("::ffff:192.0.2.1/96", "::ffff:192.0.2.1/96");
	round_trip("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128",
		   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

static void invalid_text_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"/24",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.7.1",
		"192.0.2.07",
		"192.0.2.7/",
		"192.0.2.7/33",
		"192.0.2.7/-1",
		"192.0.2.7/+1",
		"192.0.2.7/024",
		"192.0.2.7/24 ",
		" 192.0.2.7/24",
		"192.0.2.7/2x",
		"192.0.2.7/24/24",
		"192.0.2.7/1000",
		"0xc0000207",
		"3221225991",
		"2001:db8::/129",
		"2001:db8:::1",
		"2001:db8::g",
		"fe80::1%eth0",
		"[2001:db8::1]",
		"example.org",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550",
		"1:2:3:4:5:6:7:8:9",
	};
	struct inet_prefix p = {.family = 99};

	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		assert_int_equal(inet_prefix_parse(bad[n], &p), -EINVAL);
	assert_int_equal(p.family, 99); /* untouched */
}

static void addresses_are_formatted_without_their_length(void **state)
{
	struct inet_prefix p = parse("2001:db8::7/64"), none = {0};
	char got[INET_PREFIX_STR];

	inet_address_format(&p, got);
	assert_string_equal(got, "2001:db8::7");
	inet_address_format(&none, got);
	assert_string_equal(got, "none");
	inet_prefix_format(&none, got);
	assert_string_equal(got, "none");
}

static bool contains(const char *prefix, const char *address)
{
	struct inet_prefix p = parse(prefix), a = parse(address);

	return inet_prefix_contains(&p, &a);
}

static void a_prefix_contains_addresses_with_its_bits(void **state)
{
	assert_true(contains("192.0.2.0/24", "192.0.2.255"));
	assert_false(contains("192.0.2.0/24", "192.0.3.0"));
	assert_true(contains("192.0.2.0/23", "192.0.3.255"));
	assert_true(contains("192.0.2.4/31", "192.0.2.5"));
	assert_false(contains("192.0.2.4/31", "192.0.2.6"));
	assert_true(contains("192.0.2.4/32", "192.0.2.4"));
	assert_true(contains("0.0.0.0/0", "203.0.113.9"));
	assert_false(contains("0.0.0.0/0", "2001:db8::1"));
	assert_false(contains("::/0", "192.0.2.1"));
	assert_true(contains("2001:db8::/32", "2001:db8:ffff::1"));
	assert_false(contains("2001:db8::/33", "2001:db8:ffff::1"));
	assert_true(contains("2001:db8::2/127", "2001:db8::3"));
	assert_true(contains("192.0.2.77/24", "192.0.2.1")); /* host bits */
}

static void an_unspecified_prefix_contains_nothing(void **state)
{
	struct inet_prefix none = {0}, p = parse("0.0.0.0/0");

	assert_false(inet_prefix_contains(&none, &p));
	assert_false(inet_prefix_contains(&p, &none));
	assert_false(inet_prefix_contains(&none, &none));
	assert_false(inet_prefix_overlaps(&none, &none));
	assert_false(inet_prefix_has_host_bits(&none));
	assert_int_equal(inet_bytes(AF_UNSPEC), 0);
	assert_int_equal(inet_bytes(AF_INET), 4);
	assert_int_equal(inet_bytes(AF_INET6), 16);
}

static bool overlaps(const char *one, const char *other)
{
	struct inet_prefix a = parse(one), b = parse(other);

	assert_int_equal(inet_prefix_overlaps(&a, &b),
			 inet_prefix_overlaps(&b, &a));
	return inet_prefix_overlaps(&a, &b);
}

static void prefixes_overlap_both_ways(void **state)
{
	assert_true(overlaps("10.0.0.0/8", "10.213.0.0/16"));
	assert_true(overlaps("10.213.0.0/16", "10.213.0.0/16"));
	assert_false(overlaps("10.213.0.0/16", "10.214.0.0/16"));
	assert_true(overlaps("0.0.0.0/0", "192.0.2.1/32"));
	assert_false(overlaps("::/0", "192.0.2.1/32"));
	assert_true(overlaps("fd00::/8", "fd6e::/48"));
	assert_false(overlaps("fd00::/16", "fd6e::/48"));
}

static bool has_host_bits(const char *text)
{
	struct inet_prefix p = parse(text);

	return inet_prefix_has_host_bits(&p);
}

static void host_bits_are_those_below_the_length(void **state)
{
	assert_true(has_host_bits("10.0.0.1/8"));
	assert_false(has_host_bits("10.0.0.0/8"));
	assert_false(has_host_bits("10.0.0.1/32"));
	assert_true(has_host_bits("10.0.0.1/31"));
	assert_true(has_host_bits("0.0.0.1/0"));
	assert_true(has_host_bits("192.0.2.128/24"));
	assert_false(has_host_bits("192.0.2.128/25"));
	assert_true(has_host_bits("2001:db8::1/127"));
	assert_false(has_host_bits("2001:db8::/64"));
	assert_true(has_host_bits("2001:db8:0:0:8000::/64"));
}

static void nth(const char *prefix, uint64_t offset, const char *wanted)
{
	struct inet_prefix p = parse(prefix), got;
	char text[INET_PREFIX_STR];

	inet_prefix_nth(&p, offset, &got);
	inet_prefix_format(&got, text);
	assert_string_equal(text, wanted);
}

static void addresses_are_counted_from_the_first(void **state)
{
	nth("10.213.0.0/16", 0, "10.213.0.0/32");
	nth("10.213.0.0/16", 1, "10.213.0.1/32");
	nth("10.213.0.0/16", 255, "10.213.0.255/32");
	nth("10.213.0.0/16", 256, "10.213.1.0/32");
	nth("10.213.0.0/16", 65535, "10.213.255.255/32");
	nth("10.213.7.7/16", 3, "10.213.0.3/32"); /* host bits are not in it */
	nth("192.0.2.128/25", 127, "192.0.2.255/32");
	nth("fd6e:6574:6e73::/48", 0x123456789abcdefULL,
	    "fd6e:6574:6e73:0:123:4567:89ab:cdef/128");
	nth("fd6e:6574:6e73::/48", UINT64_MAX,
	    "fd6e:6574:6e73:0:ffff:ffff:ffff:ffff/128");
}

static void every_length_masks_its_own_bits(void **state)
{
	char text[INET_PREFIX_STR + 8];
	struct inet_prefix p, first;

	for (unsigned int len = 0; len <= 32; len++) {
		uint32_t mask = len ? 0xffffffffu << (32 - len) : 0, got = 0;

		snprintf(text, sizeof(text), "255.255.255.255/%u", len);
		p = parse(text);
		inet_prefix_nth(&p, 0, &first);
		for (size_t n = 0; n < 4; n++)
			got = got << 8 | first.addr[n];
		assert_int_equal(got, mask);
		assert_int_equal(inet_prefix_has_host_bits(&p), len < 32);
		assert_true(inet_prefix_contains(&p, &first));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_text_is_parsed_and_formatted),
		cmocka_unit_test(invalid_text_is_refused),
		cmocka_unit_test(addresses_are_formatted_without_their_length),
		cmocka_unit_test(a_prefix_contains_addresses_with_its_bits),
		cmocka_unit_test(an_unspecified_prefix_contains_nothing),
		cmocka_unit_test(prefixes_overlap_both_ways),
		cmocka_unit_test(host_bits_are_those_below_the_length),
		cmocka_unit_test(addresses_are_counted_from_the_first),
		cmocka_unit_test(every_length_masks_its_own_bits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
