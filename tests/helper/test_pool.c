/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots and the addresses that go with them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "helper/instance/pool.h"

static struct pool *pool;

static struct inet_prefix prefix(const char *text)
{
	struct inet_prefix p = {0};

	if (strcmp(text, "none") != 0)
		assert_int_equal(inet_prefix_parse(text, &p), 0);
	return p;
}

static void configure(const char *pool4, const char *pool6)
{
	struct inet_prefix p4 = prefix(pool4), p6 = prefix(pool6);

	pool_configure(pool, &p4, &p6);
}

static void route(const char *text)
{
	struct inet_prefix p = prefix(text);

	pool_route_add(pool, &p);
}

static int pool_setup(void **state)
{
	pool = pool_new();
	return pool ? 0 : -1;
}

static int pool_teardown(void **state)
{
	pool = pool_free(pool);
	return 0;
}

static void pair_is(const char *of, uint32_t slot, const char *host,
		    const char *inner)
{
	struct inet_prefix p = prefix(of), h, i;
	char text[INET_PREFIX_STR];

	pool_addresses(&p, slot, &h, &i);
	inet_prefix_format(&h, text);
	assert_string_equal(text, host);
	inet_prefix_format(&i, text);
	assert_string_equal(text, inner);
}

static void
pairs_are_31_and_127_bit_prefixes_the_even_address_is_the_hosts(void **state)
{
	struct inet_prefix none = {0}, host, inner;

	pair_is("10.213.0.0/16", 1, "10.213.0.2/31", "10.213.0.3/31");
	pair_is("10.213.0.0/16", 127, "10.213.0.254/31", "10.213.0.255/31");
	pair_is("10.213.0.0/16", 128, "10.213.1.0/31", "10.213.1.1/31");
	pair_is("10.213.0.0/16", 32767, "10.213.255.254/31",
		"10.213.255.255/31");
	pair_is("10.0.0.0/8", 65535, "10.1.255.254/31", "10.1.255.255/31");
	pair_is("fd6e:6574:6e73::/48", 1, "fd6e:6574:6e73::2/127",
		"fd6e:6574:6e73::3/127");
	pair_is("fd6e:6574:6e73::/48", 65535, "fd6e:6574:6e73::1:fffe/127",
		"fd6e:6574:6e73::1:ffff/127");
	pool_addresses(&none, 1, &host, &inner);
	assert_int_equal(host.family, AF_UNSPEC);
	assert_int_equal(inner.family, AF_UNSPEC);
}

static void F44_only_interface_names_of_the_daemon_are_slots(void **state)
{
	static const char *const others[] = {
		"",	     "npam",	       "npam0",
		"npam01",    "npam+1",	       "npam-1",
		"npam 1",    "npam1vv",	       "npam1.5",
		"npam65536", "npam4294967297", "xnpam1",
		"Npam1",     "npamx",	       "npam18446744073709551617",
	};
	char name[16];
	uint32_t slot;

	for (uint32_t i = 1; i < POOL_SLOTS_MAX; i += 97) {
		pool_ifname(i, name);
		assert_true(pool_slot_of(name, &slot));
		assert_int_equal(slot, i);
	}
	assert_true(pool_slot_of("npam7v", &slot)); /* of Open vSwitch */
	assert_int_equal(slot, 7);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (pool_slot_of(others[i], &slot))
			fail_msg("%s is taken for ours", others[i]);
}

static void fill(uint32_t wanted)
{
	static uint8_t seen[POOL_SLOTS_MAX];
	struct error why;
	uint32_t slot, n = 0;

	memset(seen, 0, sizeof(seen));
	while (pool_take(pool, true, true, &slot, &why) == 0) {
		assert_in_range(slot, 1, wanted);
		assert_int_equal(seen[slot]++, 0);
		n++;
	}
	assert_int_equal(n, wanted);
}

static void F78_a_full_pool_is_named_with_its_size(void **state)
{
	struct error why;
	uint32_t slot;

	configure("10.213.0.0/28", "fd6e::/48");
	fill(7);
	assert_int_equal(pool_take(pool, true, true, &slot, &why),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(why.text, "all 7 address pairs"));
	assert_non_null(strstr(why.text, "10.213.0.0/28"));
	assert_non_null(strstr(why.text, "give pool4 a larger prefix"));

	pool_release(pool, 5);
	assert_int_equal(pool_take(pool, true, true, &slot, &why), 0);
	assert_int_equal(slot, 5);
	assert_int_equal(pool_take(pool, true, true, &slot, &why),
			 -EADDRNOTAVAIL);

	/* the IPv6 pool is the small one, and does not matter without IPv6 */
	configure("10.213.0.0/16", "fd6e::/125");
	assert_int_equal(pool_take(pool, true, true, &slot, &why),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(why.text, "all 3 address pairs"));
	assert_non_null(strstr(why.text, "fd6e::/125"));
	assert_non_null(strstr(why.text, "pool6"));
	assert_int_equal(pool_take(pool, true, false, &slot, &why), 0);
	assert_int_equal(slot, 8);
}

static void F78_small_pools_have_one_pair_or_none(void **state)
{
	struct error why;
	uint32_t slot;

	configure("192.0.2.0/30", "none");
	assert_int_equal(pool_take(pool, true, false, &slot, &why), 0);
	assert_int_equal(slot, 1);
	assert_int_equal(pool_take(pool, true, false, &slot, &why),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(why.text, "all 1 address pairs"));
	pool_release(pool, 1);

	configure("192.0.2.0/31", "none"); /* no pair but the first */
	assert_int_equal(pool_take(pool, true, false, &slot, &why),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(why.text, "192.0.2.0/31"));
}

static void largest_pools_have_all_slots(void **state)
{
	configure("10.0.0.0/8", "fd6e::/48");
	fill(POOL_SLOTS_MAX - 1);
}

static void slots_are_reused_as_late_as_possible(void **state)
{
	uint32_t slot, last = 0;
	struct error why;

	configure("10.213.0.0/27", "none"); /* 15 pairs */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(pool_take(pool, true, false, &slot, &why), 0);
		assert_int_equal(slot, last % 15 + 1);
		pool_release(pool, slot);
		last = slot;
	}
}

static void F78_pairs_that_overlap_a_host_route_are_skipped(void **state)
{
	struct error why;
	uint32_t slot;

	configure("10.213.0.0/28", "fd6e::/124");
	route("10.213.0.2/32"); /* one address of slot 1 */
	route("10.213.0.4/31"); /* slot 2 */
	route("fd6e::6/127");	/* slot 3, by its other pair */
	route("192.0.2.0/24");	/* outside the pool */
	route("2001:db8::/32");
	assert_int_equal(pool_take(pool, true, true, &slot, &why), 0);
	assert_int_equal(slot, 4);
	assert_int_equal(pool_take(pool, true, false, &slot, &why), 0);
	assert_int_equal(slot, 5);
	/* slot 3 is free for namespaces without IPv6 */
	for (uint32_t i = 5; i < 8; i++)
		pool_mark(pool, i);
	assert_int_equal(pool_take(pool, true, false, &slot, &why), 0);
	assert_int_equal(slot, 3);
}

static void F78_a_route_over_the_pool_is_named(void **state)
{
	struct error why;
	uint32_t slot;

	configure("10.213.0.0/16", "fd6e::/48");
	route("10.0.0.0/8");
	assert_int_equal(pool_take(pool, true, true, &slot, &why),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(why.text, "a route to 10.0.0.0/8"));
	assert_non_null(strstr(why.text, "overlaps pool4"));
	/* the refusal has reserved no slot */
	pool_routes_clear(pool);
	assert_int_equal(pool_take(pool, true, true, &slot, &why), 0);

	route("fd00::/8");
	assert_int_equal(pool_take(pool, true, true, &slot, &why),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(why.text, "a route to fd00::/8"));
	assert_non_null(strstr(why.text, "overlaps pool6"));
	assert_int_equal(pool_take(pool, true, false, &slot, &why), 0);
}

static void all_of_a_thousand_routes_are_compared(void **state)
{
	struct inet_prefix p;
	char text[INET_PREFIX_STR];

	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.0/24", i / 256, i % 256);
		route(text);
	}
	p = prefix("10.3.231.7/32");
	assert_non_null(pool_route_clash(pool, &p));
	p = prefix("10.3.232.7/32");
	assert_null(pool_route_clash(pool, &p));
	p = prefix(
		"10.3.0.0/16"); /* also when the route is within the prefix */
	assert_non_null(pool_route_clash(pool, &p));
}

/*
 * After a reload with another pool, open namespaces keep their addresses and no
 * other namespace gets these.
 */
static void a_changed_pool_assigns_no_address_twice(void **state)
{
	struct inet_prefix host, inner, old = prefix("10.0.0.0/24");
	struct error why;
	uint32_t slot;

	pool_addresses(&old, 5, &host, &inner); /* 10.0.0.10, .11 */
	configure("10.0.0.8/29", "none");
	pool_take_address(pool, &inner);
	inner.length = 32;
	for (int n = 0; pool_take(pool, true, false, &slot, &why) == 0; n++) {
		struct inet_prefix h, i;

		assert_in_range(n, 0, 1);
		pool_addresses(&pool->pool4, slot, &h, &i);
		assert_false(inet_prefix_overlaps(&h, &inner));
	}
	assert_non_null(strstr(why.text, "all 3 address pairs"));
}

/* The slot is free by its name, but its addresses are still in use. */
static void a_released_slot_frees_no_address_of_another(void **state)
{
	struct inet_prefix old = prefix("10.0.0.0/24"), host, inner;
	struct error why;
	uint32_t slot;

	configure("10.0.0.0/24", "none");
	pool_mark(pool, 1); /* npam1: 10.0.0.2 and .3 */
	pool_mark(pool, 5); /* npam5: 10.0.0.10 and .11 */
	pool_addresses(&old, 5, &host, &inner);
	configure("10.0.0.8/29", "none"); /* its slot 1 is 10.0.0.10, .11 */
	pool_take_address(pool, &inner);
	assert_true(pool_address_is_taken(pool, &inner));
	pool_release(pool, 1);
	for (int n = 0; pool_take(pool, true, false, &slot, &why) == 0; n++) {
		assert_in_range(n, 0, 1);
		assert_int_not_equal(slot, 1);
	}
	pool_release_address(pool, &inner);
	assert_false(pool_address_is_taken(pool, &inner));
	assert_int_equal(pool_take(pool, true, false, &slot, &why), 0);
	assert_int_equal(slot, 1);
	/* a reload of the same policy changes no reservation */
	configure("10.0.0.8/29", "none");
	assert_false(pool_address_is_taken(pool, &inner));
	assert_int_equal(pool_take(pool, true, false, &slot, &why),
			 -EADDRNOTAVAIL);
}

static void an_address_outside_the_pool_takes_no_slot(void **state)
{
	static const char *const addresses[] = {
		"192.0.2.1/24",	  "10.214.0.3/31", "10.213.0.1/31",
		"2001:db8::1/64", "fd6f::3/127",
	};

	configure("10.213.0.0/29", "fd6e::/48");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct inet_prefix p = prefix(addresses[i]);

		pool_take_address(pool, &p);
	}
	configure("10.213.0.0/29", "none");
	pool_take_address(pool, &(struct inet_prefix){.family = AF_INET6});
	fill(3);
}

static void slots_beyond_the_end_are_ignored(void **state)
{
	configure("10.213.0.0/29", "none");
	pool_mark(pool, POOL_SLOTS_MAX);
	pool_mark(pool, UINT32_MAX);
	pool_release(pool, POOL_SLOTS_MAX);
	pool_release(pool, UINT32_MAX);
	fill(3);
}

#define pool_test(f)                                                           \
	cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			pairs_are_31_and_127_bit_prefixes_the_even_address_is_the_hosts),
		cmocka_unit_test(
			F44_only_interface_names_of_the_daemon_are_slots),
		pool_test(F78_a_full_pool_is_named_with_its_size),
		pool_test(F78_small_pools_have_one_pair_or_none),
		pool_test(largest_pools_have_all_slots),
		pool_test(slots_are_reused_as_late_as_possible),
		pool_test(F78_pairs_that_overlap_a_host_route_are_skipped),
		pool_test(F78_a_route_over_the_pool_is_named),
		pool_test(all_of_a_thousand_routes_are_compared),
		pool_test(a_changed_pool_assigns_no_address_twice),
		pool_test(a_released_slot_frees_no_address_of_another),
		pool_test(an_address_outside_the_pool_takes_no_slot),
		pool_test(slots_beyond_the_end_are_ignored),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
