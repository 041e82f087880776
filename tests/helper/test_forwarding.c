/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * F88: the host forwards only for namespaces, and has its earlier settings
 * after the last namespace is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ground.h"
#include "helper/firewall/forwarding.h"
#include "helper/firewall/nft.h"
#include "helper/helper.h"
#include "helper/kernel/sysctl.h"

#define STATE "/run/state"

#define FORWARD4    "net/ipv4/ip_forward"
#define FORWARD6    "net/ipv6/conf/all/forwarding"
#define IN_FORWARD4 "net/ipv4/conf/eth0/forwarding"
#define IN_RA	    "net/ipv6/conf/eth0/accept_ra"

static int home;
static struct forwarding f;
static struct helper h = {.forwarding = &f, .state_path = STATE};
static struct error why;

/* A host with an uplink eth0, which routes nothing. */
static int forwarding_setup(void **state)
{
	if (geteuid() != 0)
		return 0;
	if (mount("s", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir(STATE, 0700) < 0 || unshare(CLONE_NEWNET) < 0 ||
	    sysctl_open(&why) < 0 || nft_open(&h.nft, &why) < 0 ||
	    nft_load(h.nft, "", &why) < 0 ||
	    ground_sh("ip link add eth0 type veth peer x") != 0 ||
	    sysctl_write(FORWARD4, "0", &why) < 0)
		return -1;
	h.state_dir = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(forwarding_open(&h, &why), 0);
	return 0;
}

static int forwarding_teardown(void **state)
{
	if (geteuid() != 0)
		return 0;
	h.nft = nft_close(h.nft);
	sysctl_close();
	close(h.state_dir);
	return setns(home, CLONE_NEWNET) < 0 ? -1 : umount2("/run", MNT_DETACH);
}

static void is(const char *path, const char *wanted)
{
	char value[64];

	assert_int_equal(sysctl_read(path, value, sizeof(value)), 0);
	if (strcmp(value, wanted) != 0)
		fail_msg("%s is %s, not %s", path, value, wanted);
}

static void set(const char *path, const char *value)
{
	assert_int_equal(sysctl_write(path, value, &why), 0);
}

static void need(bool ipv4, bool ipv6)
{
	if (forwarding_need(&h, ipv4, ipv6, &why) < 0)
		fail_msg("%s", why.text);
}

/* Does the firewall drop forwarded packets that are not of a namespace? */
static bool dropped(const char *family)
{
	return ground_sh("nft list set inet netns_pam no_router | "
			 "grep elements | grep -q '\\<%s\\>'",
			 family) == 0;
}

/* As if the daemon was killed and started again. */
static void restart(void)
{
	memset(&f, 0, sizeof(f));
	assert_int_equal(forwarding_open(&h, &why), 0);
}

static void forwarding_is_on_while_needed_and_off_afterwards(void **state)
{
	ground_need();
	need(true, false);
	is(FORWARD4, "1");
	is(FORWARD6, "0");
	assert_true(dropped("ipv4"));
	assert_false(dropped("ipv6"));
	assert_int_equal(ground_count(STATE), 1);
	need(true, true);
	is(FORWARD6, "1");
	assert_true(dropped("ipv6"));
	need(true, true);
	forwarding_done(&h);
	is(FORWARD4, "0");
	is(FORWARD6, "0");
	assert_false(dropped("ipv4"));
	assert_false(dropped("ipv6"));
	assert_int_equal(ground_count(STATE), 0);
	/* a second time */
	need(true, false);
	is(FORWARD4, "1");
	assert_true(dropped("ipv4"));
	forwarding_done(&h);
	is(FORWARD4, "0");
}

static void a_host_that_forwards_already_is_not_changed(void **state)
{
	ground_need();
	set(FORWARD4, "1");
	set(FORWARD6, "1");
	set(IN_RA, "1");
	need(true, true);
	assert_false(dropped("ipv4"));
	assert_false(dropped("ipv6"));
	assert_int_equal(ground_count(STATE), 0);
	is(IN_RA, "1");
	forwarding_done(&h);
	is(FORWARD4, "1");
	is(FORWARD6, "1");
	is(IN_RA, "1");
}

static void a_host_that_forwards_ipv4_still_forwards_only_ipv4(void **state)
{
	ground_need();
	set(FORWARD4, "1");
	need(true, true);
	assert_false(dropped("ipv4"));
	assert_true(dropped("ipv6"));
	restart();
	forwarding_done(&h);
	is(FORWARD4, "1");
	is(FORWARD6, "0");
	assert_false(dropped("ipv6"));
}

static void interfaces_that_accept_router_advertisements_still_do(void **state)
{
	ground_need();
	assert_int_equal(ground_sh("ip link add eth0.7 type veth peer y; "
				   "ip link add lan0 type veth peer z"),
			 0);
	set("net/ipv6/conf/lan0/accept_ra", "0");
	set("net/ipv6/conf/z/accept_ra", "2");
	is(IN_RA, "1");
	need(false, true);
	is(IN_RA, "2");
	is("net/ipv6/conf/eth0.7/accept_ra", "2");
	is("net/ipv6/conf/lan0/accept_ra", "0");
	assert_int_equal(ground_sh("ip link del y"),
			 0); /* the interface eth0.7 is removed, too */
	forwarding_done(&h);
	is(IN_RA, "1");
	is("net/ipv6/conf/lan0/accept_ra", "0");
	is("net/ipv6/conf/z/accept_ra", "2");
}

static void IPv4_alone_does_not_change_accept_ra(void **state)
{
	ground_need();
	need(true, false);
	is(IN_RA, "1");
	is(FORWARD6, "0");
}

static void interfaces_that_forwarded_before_still_do(void **state)
{
	ground_need();
	set(IN_FORWARD4, "1");
	set("net/ipv6/conf/eth0/forwarding", "1");
	set("net/ipv4/conf/all/accept_redirects", "0");
	is(FORWARD4, "0");
	need(true, true);
	is("net/ipv4/conf/all/accept_redirects", "0");
	forwarding_done(&h);
	is(FORWARD4, "0");
	is(IN_FORWARD4, "1");
	is("net/ipv4/conf/x/forwarding", "0");
	is("net/ipv6/conf/eth0/forwarding", "1");
	is("net/ipv6/conf/x/forwarding", "0");
	is("net/ipv4/conf/all/accept_redirects", "0");
}

static void settings_from_before_are_restored_after_a_restart(void **state)
{
	ground_need();
	set(IN_FORWARD4, "1");
	need(true, true);
	restart();
	assert_true(f.on4 && f.on6);
	need(true, true); /* it is on because the daemon enabled it */
	restart();
	forwarding_done(&h);
	is(FORWARD4, "0");
	is(FORWARD6, "0");
	is(IN_RA, "1");
	is(IN_FORWARD4, "1");
	assert_false(dropped("ipv4"));
	assert_false(dropped("ipv6"));
	assert_int_equal(ground_count(STATE), 0);
	/* a host that forwards by itself: nothing is undone */
	set(FORWARD4, "1");
	restart();
	forwarding_done(&h);
	is(FORWARD4, "1");
}

/* By sysctl --system or an administrator, while sessions are open. */
static void
forwarding_disabled_by_others_is_enabled_for_the_next_login(void **state)
{
	ground_need();
	need(true, true);
	set(FORWARD4, "0");
	set(FORWARD6, "0");
	need(true, true);
	is(FORWARD4, "1");
	is(FORWARD6, "1");
	is(IN_RA, "2");
	assert_true(dropped("ipv4"));
	forwarding_done(&h);
	is(FORWARD4, "0");
	is(IN_RA, "1"); /* as it was before the first time */
}

static void without_the_drop_rule_forwarding_stays_off(void **state)
{
	ground_need();
	h.nft = nft_close(h.nft);
	assert_int_equal(ground_sh("nft delete table inet netns_pam"), 0);
	assert_int_equal(nft_open(&h.nft, &why), 0);
	assert_int_equal(forwarding_open(&h, &why), 0);
	assert_true(forwarding_need(&h, true, true, &why) < 0);
	assert_non_null(strstr(why.text, "nftables"));
	is(FORWARD4, "0");
	is(FORWARD6, "0");
	is(IN_RA, "1");
}

static void a_table_made_again_has_the_drop_rule(void **state)
{
	char *elements = NULL;
	size_t bytes = 0;
	FILE *out;

	ground_need();
	need(true, false);
	h.nft = nft_close(h.nft);
	assert_int_equal(ground_sh("nft flush ruleset"), 0);
	assert_int_equal(nft_open(&h.nft, &why), 0);
	assert_int_equal(forwarding_open(&h, &why), 0);
	out = open_memstream(&elements, &bytes);
	assert_non_null(out);
	assert_int_equal(forwarding_part.print(&h, out, &why), 0);
	fclose(out);
	assert_int_equal(nft_load(h.nft, elements, &why), 0);
	free(elements);
	assert_true(dropped("ipv4"));
	assert_false(dropped("ipv6"));
}

/* Without a record nothing could disable forwarding later: it stays off. */
static void F65_a_record_that_cannot_be_written_is_an_error(void **state)
{
	ground_need();
	assert_int_equal(mount("s", STATE, "tmpfs", 0, "nr_inodes=1"), 0);
	close(h.state_dir);
	h.state_dir = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(forwarding_open(&h, &why), 0);
	assert_int_equal(forwarding_need(&h, true, false, &why), -ENOSPC);
	assert_non_null(
		strstr(why.text, "cannot record the state of forwarding"));
	is(FORWARD4, "0");
	assert_false(dropped("ipv4"));
}

/* More interfaces than f.listeners can hold; the uplink is its first. */
static void forwarding_works_on_a_host_with_many_interfaces(void **state)
{
	ground_need();
	assert_int_equal(ground_sh("for i in $(seq 150); do "
				   "echo link add interface-$i type veth "
				   "peer p$i; done | ip -batch -"),
			 0);
	need(true, true);
	is(IN_RA, "2");
	forwarding_done(&h);
	is(IN_RA, "1");
	is(FORWARD4, "0");
	is(FORWARD6, "0");
	assert_int_equal(ground_sh("cat /proc/sys/net/ipv6/conf/*/accept_ra | "
				   "sort -u | grep -qx 1 && "
				   "! grep -qx 2 "
				   "/proc/sys/net/ipv6/conf/*/accept_ra"),
			 0);
}

#define forwarding_test(f)                                                     \
	cmocka_unit_test_setup_teardown(f, forwarding_setup,                   \
					forwarding_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		forwarding_test(
			forwarding_is_on_while_needed_and_off_afterwards),
		forwarding_test(a_host_that_forwards_already_is_not_changed),
		forwarding_test(
			a_host_that_forwards_ipv4_still_forwards_only_ipv4),
		forwarding_test(
			interfaces_that_accept_router_advertisements_still_do),
		forwarding_test(IPv4_alone_does_not_change_accept_ra),
		forwarding_test(interfaces_that_forwarded_before_still_do),
		forwarding_test(
			settings_from_before_are_restored_after_a_restart),
		forwarding_test(
			forwarding_disabled_by_others_is_enabled_for_the_next_login),
		forwarding_test(without_the_drop_rule_forwarding_stays_off),
		forwarding_test(a_table_made_again_has_the_drop_rule),
		forwarding_test(
			F65_a_record_that_cannot_be_written_is_an_error),
		forwarding_test(
			forwarding_works_on_a_host_with_many_interfaces),
	};

	ground_make();
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
