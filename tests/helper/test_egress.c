// SPDX-License-Identifier: GPL-2.0-or-later
/* `allow` and `deny` as chains and maps: the commands that are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/policy.h"
#include "helper/firewall/egress.h"

/* Writes "KEY = A,\n B": a list of the policy, of texts between blanks. */
static void list_print(FILE *f, const char *key, const char *texts)
{
	if (!*texts)
		return;
	fprintf(f, "%s = ", key);
	for (; *texts; texts++)
		fputs(*texts == ' ' ? ",\n " : (char[]){*texts, '\0'}, f);
	fputc('\n', f);
}

/* Elements of the map of a family as printed, or a rule instead of it. */
static char *printed(const char *allow_text, const char *deny_text)
{
	static char text[8192];
	char conf[1024] = "";
	struct policy *policy = NULL;
	struct inet_prefix pool;
	const struct resolv none = {false, NULL, 0};
	struct egress e = {.dns = &none, .pools = &pool, .n_pools = 1};
	FILE *f = fmemopen(conf, sizeof(conf), "w");
	struct error why = {""};

	assert_non_null(f);
	fputs("[namespace n]\nlink = nat\n", f);
	list_print(f, "allow", allow_text);
	list_print(f, "deny", deny_text);
	fclose(f);
	if (policy_parse("p", conf, strlen(conf), &policy, NULL, &why) < 0)
		fail_msg("%s", why.text);
	e.allow = &policy->namespaces[0].allow;
	e.deny = &policy->namespaces[0].deny;
	inet_prefix_parse("10.213.0.0/16", &pool);
	f = fmemopen(text, sizeof(text), "w");
	assert_non_null(f);
	assert_int_equal(egress_print(&e, "t", "x", f, NULL, &why), 0);
	fclose(f);
	policy_free(policy);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void addresses_that_no_prefix_contains_have_the_default(void **state)
{
	const char *text = printed("", "192.0.2.0/24");

	assert_has(text, "{ 0.0.0.0-192.0.1.255 : goto unnamed, "
			 "192.0.2.0-192.0.2.255 : goto refuse, "
			 "192.0.3.0-255.255.255.255 : goto unnamed }");
	text = printed("", "2001:db8::/32");
	assert_has(text, "add rule t x meta nfproto ipv4 goto unnamed\n");
	text = printed("192.0.2.0/24", "");
	assert_has(text, "{ 0.0.0.0-192.0.1.255 : goto refuse, "
			 "192.0.2.0-192.0.2.255 : goto unnamed, "
			 "192.0.3.0-255.255.255.255 : goto refuse }");
	assert_has(text, "add rule t x meta nfproto ipv6 goto refuse\n");
}

static void ranges_extend_to_the_first_and_the_last_address(void **state)
{
	const char *text = printed("0.0.0.0/0", "128.0.0.0/1");

	assert_has(text, "{ 0.0.0.0-127.255.255.255 : goto unnamed, "
			 "128.0.0.0-255.255.255.255 : goto refuse }");
	text = printed("::/0", "8000::/1");
	assert_has(text,
		   "{ ::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff : goto "
		   "unnamed, 8000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff : "
		   "goto refuse }");
	text = printed("", "0.0.0.0 255.255.255.255");
	assert_has(text, "{ 0.0.0.0 : goto refuse, 0.0.0.1-255.255.255.254 : "
			 "goto unnamed, 255.255.255.255 : goto refuse }");
}

static void prefixes_within_refused_ranges_are_admitted_if_named(void **state)
{
	const char *text = printed("192.0.2.1 10.213.7.0/24 169.254.0.0/17 "
				   "169.0.0.0/8 fd00:ec2::254",
				   "");

	assert_has(text, "192.0.2.1 : goto admitted");
	assert_has(text, "10.213.7.0-10.213.7.255 : goto admitted");
	assert_has(text, "169.254.0.0-169.254.127.255 : goto admitted, "
			 "169.254.128.0-169.255.255.255 : goto unnamed");
	assert_has(text, "fd00:ec2::254 : goto admitted");
}

static void ports_are_joined_and_chains_are_shared(void **state)
{
	const char *text = printed("192.0.2.0/24:80-90/tcp 192.0.2.0/24:443 "
				   "192.0.2.0/25:91/tcp 203.0.113.0/24:53/udp "
				   "203.0.113.0/24/icmp 192.0.2.0/26/tcp",
				   "192.0.2.0/25:85");

	/* prefixes within each other: the ports of all of them apply */
	assert_has(text, "192.0.2.0-192.0.2.63 : goto x-");
	assert_has(text, "192.0.2.64-192.0.2.127 : goto x-");
	assert_has(text, "tcp dport { 85 } goto refuse\n");
	assert_has(text, "meta l4proto tcp goto unnamed\n");
	assert_has(text, "tcp dport { 80-91, 443 } goto unnamed\n");
	assert_has(text, "tcp dport { 80-90, 443 } goto unnamed\n");
	assert_has(text, "udp dport { 443 } goto unnamed\n");
	assert_has(text, "meta l4proto icmp goto unnamed\n");
	/* another prefix with the same rules has the same chain */
	text = printed("192.0.2.0/24:80/tcp 198.51.100.0/24:80/tcp", "");
	assert_has(text, "192.0.2.0-192.0.2.255 : goto x-1");
	assert_has(text, "198.51.100.0-198.51.100.255 : goto x-1");
}

static void deny_takes_precedence_over_allow(void **state)
{
	const char *text = printed("192.0.2.0/24", "192.0.2.80 192.0.2.0/24");

	assert_has(text, "192.0.2.80 : goto refuse");
	assert_null(strstr(text, "goto unnamed"));
	text = printed("192.0.2.80:80/tcp", "0.0.0.0/0");
	assert_null(strstr(text, "dport"));
}

/* An IPv4 address is reached by NAT64 as well (RFC 6052, RFC 8215). */
static void deny_applies_to_NAT64_addresses(void **state)
{
	const char *text = printed("", "192.0.2.0/24 198.51.100.7:80/tcp");

	assert_has(text, "64:ff9b::c000:200-64:ff9b::c000:2ff : goto refuse");
	assert_has(text, "64:ff9b:1::c000:200-64:ff9b:1::c000:2ff : goto "
			 "refuse");
	assert_has(text, "64:ff9b::c633:6407 : goto x-1");
	assert_has(text, "64:ff9b:1::c633:6407 : goto x-1");
	assert_has(text, "64:ff9b::c000:300-64:ff9b::c633:6406 : goto unnamed");
	text = printed("::/0", "0.0.0.0/0/udp 198.51.100.0/24/icmp");
	assert_has(text, "64:ff9b::-64:ff9b::c633:63ff : goto x-");
	assert_has(text, "meta l4proto ipv6-icmp goto refuse\n");
	/* an IPv4 rule does not apply to IPv6 */
	text = printed("192.0.2.0/24", "");
	assert_has(text, "add rule t x meta nfproto ipv6 goto refuse\n");
}

/* 169.254.169.0/24 has metadata services, 127.0.0.0/8 is the loopback. */
static void
NAT64_addresses_of_refused_ranges_are_admitted_if_named(void **state)
{
	const char *text = printed("64:ff9b::/96 64:ff9b::a9fe:a900/120", "");

	assert_has(text, "64:ff9b::-64:ff9b::a9fe:a8ff : goto unnamed");
	assert_has(text, "64:ff9b::a9fe:a900-64:ff9b::a9fe:a9ff : goto "
			 "admitted");
	text = printed("64:ff9b:1::7f00:0/112", "");
	assert_has(text, "64:ff9b:1::7f00:0-64:ff9b:1::7f00:ffff : goto "
			 "admitted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			addresses_that_no_prefix_contains_have_the_default),
		cmocka_unit_test(
			ranges_extend_to_the_first_and_the_last_address),
		cmocka_unit_test(
			prefixes_within_refused_ranges_are_admitted_if_named),
		cmocka_unit_test(ports_are_joined_and_chains_are_shared),
		cmocka_unit_test(deny_takes_precedence_over_allow),
		cmocka_unit_test(deny_applies_to_NAT64_addresses),
		cmocka_unit_test(
			NAT64_addresses_of_refused_ranges_are_admitted_if_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
