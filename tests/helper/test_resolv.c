/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolv.conf of a session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/policy.h"
#include "helper/instance/instance.h"
#include "helper/instance/resolv_conf.h"

/* The DNS settings of the link; empty unless a test sets them. */
static struct instance from;

static void gives(const char *keys, const char *wanted)
{
	char text[512];
	struct policy *p = NULL;
	struct error why;
	char *got;

	snprintf(text, sizeof(text), "[namespace vpn]\nlink = nat\n%s", keys);
	if (policy_parse("test", text, strlen(text), &p, NULL, &why) < 0)
		fail_msg("%s", why.text);
	got = resolv_conf(&from, policy_namespace_find(p, "vpn"));
	assert_non_null(got);
	/* comment lines at the top are not compared */
	while (*got == '#')
		memmove(got, strchr(got, '\n') + 1,
			strlen(strchr(got, '\n') + 1) + 1);
	assert_string_equal(got, wanted);
	free(got);
	policy_free(p);
}

static void servers_are_in_the_order_of_the_policy(void **state)
{
	gives("dns = 192.0.2.53\n", "nameserver 192.0.2.53\n");
	gives("dns = 2001:db8::53, 192.0.2.53, 192.0.2.54\n",
	      "nameserver 2001:db8::53\nnameserver 192.0.2.53\n"
	      "nameserver 192.0.2.54\n");
}

static void search_is_one_line(void **state)
{
	gives("dns = 192.0.2.53\nsearch = example.net\n",
	      "nameserver 192.0.2.53\nsearch example.net\n");
	gives("dns = 192.0.2.53\nsearch = example.net, corp.example.net\n",
	      "nameserver 192.0.2.53\nsearch example.net corp.example.net\n");
}

static void servers_of_the_policy_replace_those_of_the_link(void **state)
{
	assert_int_equal(inet_prefix_parse("192.0.2.7", &from.link_dns[0]), 0);
	from.n_link_dns = 1;
	strcpy(from.link_search, "lan.example");
	gives("", "nameserver 192.0.2.7\nsearch lan.example\n");
	gives("dns = 192.0.2.53\n", "nameserver 192.0.2.53\n");
	memset(&from, 0, sizeof(from));
}

static void after_a_lease_without_servers_there_are_none(void **state)
{
	static const char text[] =
		"[namespace vpn]\nlink = macvlan\nparent = e\naddress = dhcp\n";
	const struct policy_namespace *ns;
	struct policy *p = NULL;
	struct error why;

	if (policy_parse("test", text, strlen(text), &p, NULL, &why) < 0)
		fail_msg("%s", why.text);
	ns = policy_namespace_find(p, "vpn");
	assert_true(resolv_of(&from, ns).set);
	assert_int_equal(resolv_of(&from, ns).n, 0);
	policy_free(p);
}

static void with_dns_host_no_server_is_set(void **state)
{
	static const char text[] = "[namespace vpn]\nlink = nat\ndns = host\n";
	struct policy *p = NULL;
	struct error why;

	if (policy_parse("test", text, strlen(text), &p, NULL, &why) < 0)
		fail_msg("%s", why.text);
	from.n_link_dns = 1;
	assert_false(resolv_of(&from, policy_namespace_find(p, "vpn")).set);
	from.n_link_dns = 0;
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_in_the_order_of_the_policy),
		cmocka_unit_test(search_is_one_line),
		cmocka_unit_test(
			servers_of_the_policy_replace_those_of_the_link),
		cmocka_unit_test(after_a_lease_without_servers_there_are_none),
		cmocka_unit_test(with_dns_host_no_server_is_set),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
