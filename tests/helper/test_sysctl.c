/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sysctls: paths stay within /proc/sys; the values of a new namespace. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/policy/policy.h"
#include "ground.h"
#include "helper/kernel/sysctl.h"

static int home;
static struct error why;

static int sysctl_setup(void **state)
{
	if (geteuid() != 0)
		return 0;
	return unshare(CLONE_NEWNET) < 0 ? -1 : sysctl_open(&why);
}

static int sysctl_teardown(void **state)
{
	sysctl_close();
	return geteuid() == 0 ? setns(home, CLONE_NEWNET) : 0;
}

static const char *value_of(const char *path)
{
	static char value[128];

	assert_int_equal(sysctl_read(path, value, sizeof(value)), 0);
	return value;
}

static void a_value_is_written_and_read(void **state)
{
	char value[64], tiny[2];

	ground_need();
	assert_int_equal(sysctl_write("net/ipv4/ip_forward", "1", &why), 0);
	assert_string_equal(value_of("net/ipv4/ip_forward"), "1");
	assert_string_equal(ground_read("/proc/sys/net/ipv4/ip_forward"),
			    "1\n");
	assert_int_equal(sysctl_write("net/ipv4/ip_default_ttl", "128", &why),
			 0);
	assert_int_equal(sysctl_read("net/ipv4/ip_default_ttl", tiny,
				     sizeof(tiny)),
			 0);
	assert_string_equal(tiny, "1"); /* truncated and terminated */
	assert_int_equal(sysctl_read("net/ipv4/none", value, sizeof(value)),
			 -ENOENT);
	assert_int_equal(sysctl_write("net/ipv4/none", "1", &why), -ENOENT);
	assert_non_null(strstr(why.text, "net/ipv4/none"));
	assert_int_equal(sysctl_write("net/ipv4/ip_default_ttl", "300", &why),
			 -EINVAL);
	assert_non_null(strstr(why.text, "net/ipv4/ip_default_ttl to 300"));
	assert_string_equal(value_of("net/ipv4/ip_default_ttl"), "128");
}

static void F52_no_path_leads_outside_proc_sys(void **state)
{
	static const char *const paths[] = {
		"/run/victim",
		"/proc/sys/net/ipv4/ip_forward",
		"../../run/victim",
		"net/../../../run/victim",
		"net/ipv4/../../../../run/victim",
		"../sysrq-trigger",
		"..",
		".",
		"",
	};
	char value[64];

	ground_need();
	ground_write("/run/victim", "precious");
	assert_int_equal(sysctl_write("net/ipv4/ip_forward", "0", &why), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (sysctl_write(paths[i], "1", &why) >= 0)
			fail_msg("%s is written", paths[i]);
		if (sysctl_read(paths[i], value, sizeof(value)) >= 0)
			fail_msg("%s is read", paths[i]);
	}
	assert_string_equal(ground_read("/run/victim"), "precious");
	assert_string_equal(value_of("net/ipv4/ip_forward"), "0");
}

/* another file system mounted over /proc */
static int with_a_fake_proc(void *data)
{
	const bool whole = *(bool *)data;
	const char *at = whole ? "/proc" : "/proc/sys/net/ipv4";

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", at, "tmpfs", 0, "mode=755") < 0)
		return 1;
	if (whole &&
	    (mkdir("/proc/sys", 0755) < 0 || mkdir("/proc/sys/net", 0755) < 0 ||
	     mkdir("/proc/sys/net/ipv4", 0755) < 0))
		return 2;
	if (symlink("/run/victim", "/proc/sys/net/ipv4/ip_forward") < 0)
		return 3;
	if (sysctl_open(&why) < 0)
		return 4;
	if (sysctl_write("net/ipv4/ip_forward", "1", &why) < 0)
		return 5;
	return strcmp(value_of("net/ipv4/ip_forward"), "1") ? 6 : 0;
}

static void F52_a_mount_over_proc_has_no_effect(void **state)
{
	bool whole = false;

	ground_need();
	ground_write("/run/victim", "precious");
	assert_int_equal(ground_run(with_a_fake_proc, &whole), 0);
	assert_string_equal(ground_read("/run/victim"), "precious");
	whole = true;
	assert_int_equal(ground_run(with_a_fake_proc, &whole), 0);
	assert_string_equal(ground_read("/run/victim"), "precious");
	/* the kernel's /proc was written, not this one */
	assert_string_equal(value_of("net/ipv4/ip_forward"), "1");
}

static void F52_a_dot_in_an_interface_name_is_no_separator(void **state)
{
	struct policy_sysctl list[] = {
		{(char[]){"net/ipv4/conf/eth0.100/forwarding"}, (char[]){"1"}},
		{(char[]){"net.ipv4.conf.lo.forwarding"}, (char[]){"1"}},
	};

	ground_need();
	assert_int_equal(ground_sh("ip link add eth0.100 type veth peer eth0"),
			 0);
	assert_int_equal(sysctl_write_interface("ipv6", "eth0.100", "accept_ra",
						"0", &why),
			 0);
	assert_string_equal(value_of("net/ipv6/conf/eth0.100/accept_ra"), "0");
	assert_string_equal(value_of("net/ipv6/conf/eth0/accept_ra"), "1");
	assert_int_equal(sysctl_apply(list, 2, &why), 0);
	assert_string_equal(value_of("net/ipv4/conf/eth0.100/forwarding"), "1");
	assert_string_equal(value_of("net/ipv4/conf/eth0/forwarding"), "0");
	assert_string_equal(value_of("net/ipv4/conf/lo/forwarding"), "1");
}

static void the_first_bad_setting_ends_the_list(void **state)
{
	struct policy_sysctl list[] = {
		{(char[]){"net.ipv4.ip_default_ttl"}, (char[]){"65"}},
		{(char[]){"net.ipv4.no_such"}, (char[]){"1"}},
		{(char[]){"net.ipv4.ip_forward"}, (char[]){"1"}},
	};

	ground_need();
	assert_int_equal(sysctl_apply(list, 3, &why), -ENOENT);
	assert_non_null(strstr(why.text, "net/ipv4/no_such"));
	assert_string_equal(value_of("net/ipv4/ip_default_ttl"), "65");
	assert_string_equal(value_of("net/ipv4/ip_forward"), "0");
}

/*
 * F90: all sysctls, also of a link that is made later, whatever the host has
 * (net.core.devconf_inherit_init_net lets a namespace begin with the host's).
 */
static const struct {
	const char *path, *value;
} golden[] = {
	{"net/ipv4/ip_forward", "0"},
	{"net/ipv4/conf/all/forwarding", "0"},
	{"net/ipv4/conf/default/forwarding", "0"},
	{"net/ipv4/conf/eth0/forwarding", "0"},
	{"net/ipv4/conf/all/accept_redirects", "0"},
	{"net/ipv4/conf/eth0/accept_redirects", "0"},
	{"net/ipv4/conf/all/send_redirects", "0"},
	{"net/ipv4/conf/eth0/send_redirects", "0"},
	{"net/ipv4/conf/all/accept_source_route", "0"},
	{"net/ipv4/conf/eth0/accept_source_route", "0"},
	{"net/ipv4/conf/all/route_localnet", "0"},
	{"net/ipv4/conf/eth0/route_localnet", "0"},
	{"net/ipv6/conf/all/forwarding", "0"},
	{"net/ipv6/conf/eth0/forwarding", "0"},
	{"net/ipv6/conf/all/accept_ra", "0"},
	{"net/ipv6/conf/eth0/accept_ra", "0"},
	{"net/ipv6/conf/eth0/autoconf", "0"},
	{"net/ipv6/conf/all/accept_redirects", "0"},
	{"net/ipv6/conf/eth0/accept_redirects", "0"},
	{"net/ipv6/conf/eth0/accept_source_route", "0"},
	{"net/ipv6/conf/eth0/accept_dad", "0"},
	{"net/ipv6/conf/eth0/disable_ipv6", "0"},
};

static void golden_is(void)
{
	char value[64];

	for (size_t i = 0; i < sizeof(golden) / sizeof(*golden); i++) {
		assert_int_equal(sysctl_read(golden[i].path, value,
					     sizeof(value)),
				 0);
		if (strcmp(value, golden[i].value) != 0)
			fail_msg("%s is %s, not %s", golden[i].path, value,
				 golden[i].value);
	}
}

static void F90_a_new_namespace_has_the_expected_sysctls(void **state)
{
	ground_need();
	assert_int_equal(sysctl_harden_namespace(&why), 0);
	assert_int_equal(ground_sh("ip link add eth0 type veth peer x"), 0);
	golden_is();
}

static void F90_sysctls_do_not_depend_on_the_initial_values(void **state)
{
	static const char *const paths[] = {
		"net/ipv4/ip_forward",
		"net/ipv4/conf/all/accept_redirects",
		"net/ipv4/conf/default/accept_redirects",
		"net/ipv4/conf/all/send_redirects",
		"net/ipv4/conf/default/send_redirects",
		"net/ipv4/conf/all/accept_source_route",
		"net/ipv4/conf/default/accept_source_route",
		"net/ipv4/conf/all/route_localnet",
		"net/ipv4/conf/default/route_localnet",
		"net/ipv4/conf/default/forwarding",
		"net/ipv6/conf/all/forwarding",
		"net/ipv6/conf/default/forwarding",
		"net/ipv6/conf/all/accept_ra",
		"net/ipv6/conf/default/accept_ra",
		"net/ipv6/conf/default/autoconf",
		"net/ipv6/conf/all/accept_redirects",
		"net/ipv6/conf/default/accept_redirects",
	};

	ground_need();
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_int_equal(sysctl_write(paths[i], "1", &why), 0);
	assert_int_equal(sysctl_harden_namespace(&why), 0);
	assert_int_equal(ground_sh("ip link add eth0 type veth peer x"), 0);
	golden_is();
}

static void F22_without_IPv6_links_get_no_IPv6_address(void **state)
{
	ground_need();
	assert_int_equal(sysctl_harden_namespace(&why), 0);
	assert_int_equal(sysctl_without_ipv6(&why), 0);
	assert_int_equal(ground_sh("ip link set lo up; "
				   "ip link add eth0 type veth peer x; "
				   "ip link set x up; ip link set eth0 up"),
			 0);
	assert_string_equal(value_of("net/ipv6/conf/eth0/disable_ipv6"), "1");
	assert_int_equal(ground_sh("ip -6 addr show dev eth0 | grep inet6"), 1);
	/* the loopback keeps its ::1 */
	assert_int_equal(ground_sh("ip -6 addr show dev lo | grep ::1/128"), 0);
}

static void F90_ports_and_ping_groups_are_copied_from_the_host(void **state)
{
	_cleanup_close_ int host = -EBADF;

	ground_need();
	assert_int_equal(sysctl_write("net/ipv4/ip_unprivileged_port_start",
				      "80", &why),
			 0);
	assert_int_equal(sysctl_write("net/ipv4/ping_group_range",
				      "0 2147483647", &why),
			 0);
	assert_int_equal(sysctl_remember_host(&why), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_string_equal(value_of("net/ipv4/ip_unprivileged_port_start"),
			    "1024");
	assert_int_equal(sysctl_harden_namespace(&why), 0);
	assert_string_equal(value_of("net/ipv4/ip_unprivileged_port_start"),
			    "80");
	assert_string_equal(value_of("net/ipv4/ping_group_range"),
			    "0\t2147483647");
}

/* Each namespace has a procfs mount of its own; none may stay open. */
static void three_hundred_namespaces_in_turn_leave_no_descriptor(void **state)
{
	int fds;

	ground_need();
	fds = ground_count("/proc/self/fd");
	for (int i = 0; i < 300; i++) {
		assert_int_equal(unshare(CLONE_NEWNET), 0);
		assert_int_equal(sysctl_harden_namespace(&why), 0);
		assert_string_equal(value_of("net/ipv6/conf/all/accept_ra"),
				    "0");
	}
	assert_int_equal(ground_count("/proc/self/fd"), fds);
}

#define sysctl_test(f)                                                         \
	cmocka_unit_test_setup_teardown(f, sysctl_setup, sysctl_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sysctl_test(a_value_is_written_and_read),
		sysctl_test(F52_no_path_leads_outside_proc_sys),
		sysctl_test(F52_a_mount_over_proc_has_no_effect),
		sysctl_test(
			three_hundred_namespaces_in_turn_leave_no_descriptor),
		sysctl_test(F52_a_dot_in_an_interface_name_is_no_separator),
		sysctl_test(the_first_bad_setting_ends_the_list),
		sysctl_test(F90_a_new_namespace_has_the_expected_sysctls),
		sysctl_test(F90_sysctls_do_not_depend_on_the_initial_values),
		sysctl_test(F22_without_IPv6_links_get_no_IPv6_address),
		sysctl_test(F90_ports_and_ping_groups_are_copied_from_the_host),
	};

	ground_make();
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
