/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolv.conf that a session is given. */
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

/* What the link brought; nothing unless a test says so. */
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
	/* a comment may come first, and nothing else that is not asked for */
	while (*got == '#')
		memmove(got, strchr(got, '\n') + 1,
			strlen(strchr(got, '\n') + 1) + 1);
	assert_string_equal(got, wanted);
	free(got);
	policy_free(p);
}

static void servers_in_their_order(void **state)
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

static void the_servers_of_the_link_unless_the_policy_has_its_own(void **state)
{
	assert_int_equal(inet_prefix_parse("192.0.2.7", &from.link_dns[0]), 0);
	from.n_link_dns = 1;
	strcpy(from.link_search, "lan.example");
	gives("", "nameserver 192.0.2.7\nsearch lan.example\n");
	gives("dns = 192.0.2.53\n", "nameserver 192.0.2.53\n");
	memset(&from, 0, sizeof(from));
}

static void a_lease_without_servers_is_not_the_hosts(void **state)
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

static void host_means_none(void **state)
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
		cmocka_unit_test(servers_in_their_order),
		cmocka_unit_test(search_is_one_line),
		cmocka_unit_test(
			the_servers_of_the_link_unless_the_policy_has_its_own),
		cmocka_unit_test(a_lease_without_servers_is_not_the_hosts),
		cmocka_unit_test(host_means_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
