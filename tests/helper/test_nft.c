/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall table is created, restored and adopted; its sets are changed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ground.h"
#include "helper/firewall/nft.h"
#include "helper/kernel/netns.h"

#define TABLE "table inet netns_pam"

static int home;
static struct nft *nft;
static struct error why;

/* Each test has a network namespace of its own, with the table loaded. */
static int nft_setup(void **state)
{
	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNET) < 0 || nft_open(&nft, &why) < 0 ||
	    nft_load(nft, "", &why) < 0) {
		print_error("%s\n", why.text);
		return -1;
	}
	return 0;
}

static int nft_teardown(void **state)
{
	if (geteuid() != 0)
		return 0;
	nft = nft_close(nft);
	return setns(home, CLONE_NEWNET);
}

static void load(struct nft *of)
{
	if (nft_load(of, "", &why) < 0)
		fail_msg("%s", why.text);
}

/* Prints commands by `call`, which writes to f, and runs them. */
#define printed(of, call)                                                      \
	({                                                                     \
		char *commands_ = NULL;                                        \
		size_t bytes_ = 0;                                             \
		FILE *f = open_memstream(&commands_, &bytes_);                 \
		int r_;                                                        \
                                                                               \
		assert_non_null(f);                                            \
		call;                                                          \
		assert_int_equal(fclose(f), 0);                                \
		r_ = nft_run(of, commands_, &why);                             \
		free(commands_);                                               \
		r_;                                                            \
	})

/* As filter.c does it. */
static int egress_refuse(struct nft *of, const char *ifname)
{
	return printed(of, fprintf(f,
				   "add element inet netns_pam egress "
				   "{ %s : goto refuse }\n",
				   ifname));
}

static int guard_replace(struct nft *of, const uid_t *uids, size_t n)
{
	return printed(of, nft_print_guard(f, uids, n));
}

static int no_router(struct nft *of, bool ipv6, bool on)
{
	return printed(of, nft_print_no_router(f, ipv6, on));
}

/* What `nft` prints, with one blank for any number of them. */
static const char *listed(const char *what)
{
	static char text[64 * 1024];
	const char *from;
	char *to = text;

	assert_int_equal(ground_sh("nft list %s", what), 0);
	from = ground_read("/run/ground.out");
	for (; *from; from++)
		if (!strchr(" \t\n", *from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	*to = '\0';
	return text;
}

static bool set_has(const char *set, const char *text)
{
	char what[64];

	snprintf(what, sizeof(what), "%s inet netns_pam %s",
		 strcmp(set, "egress") == 0 ? "map" : "set", set);
	return strstr(listed(what), text) != NULL;
}

/* Elements of a set, counted by the kernel's own list. */
static int set_size(const char *set)
{
	assert_int_equal(ground_sh("nft -j list set inet netns_pam %s | "
				   "python3 -c 'import json, sys; "
				   "print(len(json.load(sys.stdin)"
				   "[\"nftables\"][-1][\"set\"]"
				   ".get(\"elem\", [])))'",
				   set),
			 0);
	return (int)strtol(ground_read("/run/ground.out"), NULL, 10);
}

static bool is_owned(void)
{
	return strstr(listed("tables"), "netns_pam") &&
	       ground_sh("nft list " TABLE " | grep -q 'flags owner'") == 0;
}

static bool wait_for_event(void)
{
	struct pollfd p = {.fd = nft_monitor_fd(nft), .events = POLLIN};

	return poll(&p, 1, 5000) == 1;
}

static void the_rules_are_those_of_the_source(void **state)
{
	char first[64 * 1024];

	ground_need();
	assert_true(nft_is_loaded(nft));
	snprintf(first, sizeof(first), "%s", listed(TABLE));
	assert_non_null(strstr(first, "fib saddr . iif oif missing drop"));
	assert_non_null(strstr(first, "meta skuid @guarded reject"));
	assert_non_null(strstr(first, "masquerade"));
	assert_int_equal(ground_sh("test $(nft list tables | wc -l) = 1"), 0);
	/* loading again duplicates no rule */
	load(nft);
	load(nft);
	assert_string_equal(listed(TABLE), first);
}

static void loading_again_keeps_the_elements(void **state)
{

	ground_need();
	assert_int_equal(nft_guard_add(nft, 5001, &why), 0);
	assert_int_equal(egress_refuse(nft, "npam1"), 0);
	load(nft);
	assert_true(set_has("guarded", "5001"));
	assert_true(set_has("egress", "\"npam1\" : goto refuse"));
}

static void F75_flush_ruleset_does_not_remove_the_owned_table(void **state)
{
	ground_need();
	assert_true(is_owned());
	assert_int_equal(nft_guard_add(nft, 5001, &why), 0);
	assert_int_equal(ground_sh("nft add table inet other"), 0);
	assert_int_equal(ground_sh("nft flush ruleset"), 0);
	assert_int_equal(ground_sh("nft list table inet other"), 1);
	assert_true(set_has("guarded", "5001"));
	assert_int_not_equal(ground_sh("nft delete " TABLE), 0);
	assert_int_not_equal(ground_sh("nft flush " TABLE), 0);
	assert_int_not_equal(ground_sh(
				     "nft delete element inet netns_pam guarded "
				     "'{ 5001 }'"),
			     0);
	assert_false(nft_monitor_read(nft));
	assert_true(nft_is_loaded(nft));
	assert_true(set_has("guarded", "5001"));
}

static void F77_the_table_survives_the_daemon_and_is_adopted(void **state)
{
	ground_need();
	assert_int_equal(nft_guard_add(nft, 5001, &why), 0);
	nft = nft_close(nft);
	assert_true(set_has("guarded", "5001"));

	assert_int_equal(nft_open(&nft, &why), 0);
	load(nft);
	assert_true(is_owned());
	assert_true(set_has("guarded", "5001"));
	assert_int_not_equal(ground_sh("nft delete " TABLE), 0);
	assert_int_equal(guard_replace(nft, NULL, 0), 0);
	assert_int_equal(set_size("guarded"), 0);
}

static void F77_a_table_flushed_without_a_daemon_is_made_again(void **state)
{
	char whole[64 * 1024];

	ground_need();
	snprintf(whole, sizeof(whole), "%s", listed(TABLE));
	nft = nft_close(nft);
	assert_int_equal(ground_sh("nft flush ruleset"), 0);
	assert_int_equal(nft_open(&nft, &why), 0);
	load(nft);
	assert_true(is_owned());
	assert_string_equal(listed(TABLE), whole);
}

static int open_and_load(void *data)
{
	struct nft *mine;

	return nft_open(&mine, &why) < 0 || nft_load(mine, "", &why) < 0;
}

static void F77_the_table_survives_SIGKILL(void **state)
{
	pid_t pid;

	ground_need();
	nft = nft_close(nft);
	pid = ground_child(open_and_load, NULL);
	ground_kill(pid);
	assert_true(strstr(listed("tables"), "netns_pam"));
	assert_int_equal(nft_open(&nft, &why), 0);
	load(nft);
	assert_true(is_owned());
}

static void a_second_daemon_gets_an_error_that_names_the_first(void **state)
{
	struct nft *second = NULL;

	ground_need();
	assert_int_equal(nft_open(&second, &why), 0);
	assert_int_equal(nft_load(second, "", &why), -EPERM);
	assert_non_null(strstr(why.text, "another netns-pamd"));
	assert_false(nft_is_loaded(second));
	nft_close(second);
	assert_true(nft_is_loaded(nft));
	assert_true(is_owned());
}

/* A table that cannot be owned, as on a kernel before 6.9. */
static void load_plain(void)
{
	nft = nft_close(nft);
	ground_sh("nft delete " TABLE);
	assert_int_equal(ground_sh("nft add " TABLE), 0);
	assert_int_equal(nft_open(&nft, &why), 0);
	load(nft);
	assert_false(is_owned());
	assert_false(nft_monitor_read(nft));
}

static void F75_a_removed_table_without_owner_is_restored(void **state)
{
	static const char *const ways[] = {
		"nft flush ruleset",
		"nft delete " TABLE,
		"printf 'flush ruleset\nadd " TABLE "\n' | nft -f -",
		"nft flush ruleset; nft add " TABLE,
	};
	char whole[64 * 1024];

	ground_need();
	load_plain();
	snprintf(whole, sizeof(whole), "%s", listed(TABLE));
	assert_non_null(strstr(whole, "masquerade"));
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		assert_true(nft_is_loaded(nft));
		assert_int_equal(ground_sh("%s", ways[i]), 0);
		assert_true(wait_for_event());
		assert_true(nft_monitor_read(nft));
		assert_false(nft_is_loaded(nft));
		assert_false(nft_monitor_read(nft)); /* reported once */
		/* as on a kernel without owners of tables */
		assert_int_equal(ground_sh("nft add " TABLE), 0);
		load(nft);
		assert_true(nft_is_loaded(nft));
		assert_string_equal(listed(TABLE), whole);
	}
	assert_int_equal(ground_sh("nft delete " TABLE), 0);
	assert_false(
		nft_is_loaded(nft)); /* found by a query, not by an event */
	/* on this kernel it is owned from then on */
	load(nft);
	assert_true(is_owned());
	assert_int_not_equal(ground_sh("nft delete " TABLE), 0);
	assert_true(nft_is_loaded(nft));
}

static void F75_a_removed_part_of_the_table_is_restored(void **state)
{
	static const char *const ways[] = {
		"nft flush " TABLE,
		"nft flush chain inet netns_pam forward",
		"nft delete rule inet netns_pam output handle "
		"$(nft -a list chain inet netns_pam output | "
		"sed -n 's/.*guarded.*handle //p')",
		"nft delete element inet netns_pam guarded '{ 5001 }'",
		"nft flush set inet netns_pam guarded",
	};
	static const char guarded[] =
		"add element inet netns_pam guarded { 5001 }\n";
	char whole[64 * 1024];

	ground_need();
	load_plain();
	assert_int_equal(nft_load(nft, guarded, &why), 0);
	snprintf(whole, sizeof(whole), "%s", listed(TABLE));
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		assert_true(nft_is_loaded(nft));
		assert_int_equal(ground_sh("%s", ways[i]), 0);
		assert_true(wait_for_event());
		assert_true(nft_monitor_read(nft));
		assert_int_equal(nft_load(nft, guarded, &why), 0);
		assert_string_equal(listed(TABLE), whole);
	}
	/* the daemon's own changes are not reported */
	assert_int_equal(guard_replace(nft, NULL, 0), 0);
	assert_int_equal(no_router(nft, true, false), 0);
	load(nft);
	assert_false(nft_monitor_read(nft));
	assert_true(nft_is_loaded(nft));
}

static void the_table_counts_as_loaded_after_the_next_load(void **state)
{
	ground_need();
	nft_doubt(nft);
	assert_false(nft_is_loaded(nft));
	assert_int_equal(nft_load(nft, "add element inet nowhere x { 1 }\n",
				  &why),
			 -EIO);
	assert_false(nft_is_loaded(nft));
	load(nft);
	assert_true(nft_is_loaded(nft));
}

static void F75_changes_of_other_tables_are_ignored(void **state)
{
	ground_need();
	load_plain();
	assert_int_equal(ground_sh("nft add table inet netns_pam2; "
				   "nft add table ip netns_pam; "
				   "nft delete table inet netns_pam2; "
				   "nft delete table ip netns_pam"),
			 0);
	assert_true(wait_for_event());
	assert_false(nft_monitor_read(nft));
	assert_true(nft_is_loaded(nft));
}

/* More events than the monitor's socket holds: the table is loaded again. */
static void F75_lost_events_count_as_removal(void **state)
{
	int bytes = 16 * 1024;

	ground_need();
	load_plain();
	assert_int_equal(setsockopt(nft_monitor_fd(nft), SOL_SOCKET,
				    SO_RCVBUFFORCE, &bytes, sizeof(bytes)),
			 0);
	assert_int_equal(ground_sh("for i in $(seq 100); do "
				   "echo add table inet other; "
				   "echo delete table inet other; "
				   "done >/run/many; nft -i </run/many"),
			 0);
	assert_true(nft_monitor_read(nft));
	assert_false(nft_is_loaded(nft));
}

static void F75_own_changes_do_not_overflow_the_monitor(void **state)
{
	static uid_t uids[20000];
	char *elements = NULL;
	size_t bytes = 0;
	FILE *f;

	ground_need();
	load_plain();
	for (uid_t i = 0; i < 20000; i++)
		uids[i] = 10000 + i;
	f = open_memstream(&elements, &bytes);
	assert_non_null(f);
	nft_print_guard(f, uids, 20000);
	fclose(f);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(nft_load(nft, elements, &why), 0);
		assert_false(nft_monitor_read(nft));
		assert_true(nft_is_loaded(nft));
	}
	free(elements);
}

/* An earlier daemon made chains and maps of sections that do not exist now. */
static void F77_elements_of_the_previous_daemon_are_removed(void **state)
{
	static const char made[] =
		"add chain inet netns_pam egress_a.b-c_0\n"
		"add chain inet netns_pam egress_a.b-c_0-1\n"
		"add map inet netns_pam egress_a.b-c_0-v4 "
		"{ type ipv4_addr : verdict; flags interval; }\n"
		"add element inet netns_pam egress_a.b-c_0-v4 "
		"{ 192.0.2.0/24 : goto egress_a.b-c_0-1 }\n"
		"add rule inet netns_pam egress_a.b-c_0 "
		"ip daddr vmap @egress_a.b-c_0-v4\n"
		"add chain inet netns_pam services_x_0\n"
		"add chain inet netns_pam limit_5\n"
		"add element inet netns_pam egress "
		"{ npam1 : jump egress_a.b-c_0 }\n";
	char whole[64 * 1024];

	ground_need();
	snprintf(whole, sizeof(whole), "%s", listed(TABLE));
	/* once with a name that is used again in the same transaction */
	assert_int_equal(nft_run(nft, made, &why), 0);
	assert_int_equal(printed(nft,
				 fprintf(f,
					 "flush map inet netns_pam egress\n");
				 nft_print_clear(f, &why); fputs(made, f)),
			 0);
	assert_non_null(strstr(listed(TABLE), "jump egress_a.b-c_0"));
	assert_int_equal(printed(nft,
				 fprintf(f,
					 "flush map inet netns_pam egress\n");
				 nft_print_clear(f, &why)),
			 0);
	assert_string_equal(listed(TABLE), whole);
}

static int run_inside(struct nft *of, int netns, const char *commands)
{
	struct netns_host host;
	char *copy = strdup(commands);
	int r;

	assert_int_equal(netns_host_open(&host, &why), 0);
	r = nft_run_inside(&host, netns, copy, &why);
	free(copy);
	close(host.fd);
	close(host.mntns_fd);
	return r;
}

static void a_namespace_has_a_table_of_its_own(void **state)
{
	static const char policy[] =
		"add chain inet netns_pam leave\n"
		"add map inet netns_pam m { type ipv4_addr : verdict; flags "
		"interval; }\n"
		"add element inet netns_pam m { 192.0.2.0/24 : drop }\n"
		"add rule inet netns_pam leave ip daddr vmap @m\n"
		"add rule inet netns_pam leave ip saddr { 192.0.2.1 } drop\n"
		"add rule inet netns_pam output jump leave\n";
	char host[64 * 1024], first[64 * 1024];
	int netns, here;

	ground_need();
	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	netns = ground_netns_new();
	snprintf(host, sizeof(host), "%s", listed("ruleset"));
	/* loading again changes nothing */
	for (int n = 0; n < 3; n++) {
		assert_int_equal(run_inside(nft, netns, policy), 0);
		assert_int_equal(setns(netns, CLONE_NEWNET), 0);
		if (n)
			assert_string_equal(listed("ruleset"), first);
		else
			snprintf(first, sizeof(first), "%s", listed("ruleset"));
		assert_int_equal(setns(here, CLONE_NEWNET), 0);
	}
	/* after a refused load the earlier table stays */
	assert_int_equal(run_inside(nft, netns, "add rule inet no no\n"), -EIO);
	assert_non_null(strstr(why.text, "inside the namespace"));
	assert_int_equal(setns(netns, CLONE_NEWNET), 0);
	assert_string_equal(listed("ruleset"), first);
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	assert_string_equal(listed("ruleset"), host);
	close(here);
	close(netns);
}

static void no_router_has_the_families_that_are_switched_on(void **state)
{
	ground_need();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(no_router(nft, false, true), 0);
		assert_true(set_has("no_router", "ipv4"));
		assert_false(set_has("no_router", "ipv6"));
	}
	assert_int_equal(no_router(nft, true, true), 0);
	assert_true(set_has("no_router", "ipv6"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(no_router(nft, false, false), 0);
		assert_false(set_has("no_router", "ipv4"));
		assert_true(set_has("no_router", "ipv6"));
	}
}

#define MANY 5000

static void five_thousand_users_are_guarded(void **state)
{
	static uid_t uids[MANY];

	ground_need();
	for (uid_t i = 0; i < MANY; i++)
		uids[i] = 4294967294U - 3 * i;
	assert_int_equal(nft_guard_add(nft, 77, &why), 0);
	assert_int_equal(guard_replace(nft, uids, MANY), 0);
	assert_int_equal(set_size("guarded"), MANY);
	assert_int_equal(ground_sh("nft get element inet netns_pam guarded '{ %u, %u }'",
				   uids[0], uids[MANY - 1]),
			 0);
	assert_int_not_equal(ground_sh(
				     "nft get element inet netns_pam guarded '{ 77 }'"),
			     0);
	for (size_t n = 999; n <= 1001; n++) { /* about a full batch */
		assert_int_equal(guard_replace(nft, uids, n), 0);
		assert_int_equal(set_size("guarded"), (int)n);
	}
	assert_int_equal(guard_replace(nft, uids, 1), 0);
	assert_int_equal(set_size("guarded"), 1);
	assert_int_equal(guard_replace(nft, NULL, 0), 0);
	assert_int_equal(set_size("guarded"), 0);
	/* the socket still owns the table after all that */
	assert_true(is_owned());
}

static void an_error_has_the_message_of_nftables(void **state)
{

	ground_need();
	assert_int_equal(egress_refuse(nft, "a{b"), -EIO);
	assert_non_null(strstr(why.text, "cannot change the nftables table"));
	assert_non_null(strstr(why.text, "syntax error"));
	assert_false(set_has("egress", "goto"));
	/* the next call does not report it again */
	assert_int_equal(nft_guard_add(nft, 1, &why), 0);
	assert_int_equal(egress_refuse(nft, "a{b"), -EIO);
}

static void without_a_table_logins_are_refused(void **state)
{
	struct nft *bare;

	ground_need();
	nft = nft_close(nft);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(nft_open(&bare, &why), 0);
	assert_false(nft_is_loaded(bare));
	assert_int_equal(nft_guard_add(bare, 5001, &why), -EIO);
	assert_int_equal(no_router(bare, false, true), -EIO);
	assert_int_equal(ground_sh("nft list ruleset | grep -q ."), 1);
	nft_close(bare);
}

static void opening_and_closing_leaves_no_descriptor(void **state)
{
	int fds;

	ground_need();
	fds = ground_count("/proc/self/fd");
	nft = nft_close(nft);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(nft_open(&nft, &why), 0);
		load(nft);
		nft = nft_close(nft);
	}
	assert_int_equal(nft_open(&nft, &why), 0);
	load(nft);
	assert_int_equal(ground_count("/proc/self/fd"), fds);
}

#define nft_test(f) cmocka_unit_test_setup_teardown(f, nft_setup, nft_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		nft_test(the_rules_are_those_of_the_source),
		nft_test(loading_again_keeps_the_elements),
		nft_test(F75_flush_ruleset_does_not_remove_the_owned_table),
		nft_test(F77_the_table_survives_the_daemon_and_is_adopted),
		nft_test(F77_a_table_flushed_without_a_daemon_is_made_again),
		nft_test(F77_the_table_survives_SIGKILL),
		nft_test(a_second_daemon_gets_an_error_that_names_the_first),
		nft_test(F75_a_removed_table_without_owner_is_restored),
		nft_test(F75_a_removed_part_of_the_table_is_restored),
		nft_test(the_table_counts_as_loaded_after_the_next_load),
		nft_test(F75_changes_of_other_tables_are_ignored),
		nft_test(F75_lost_events_count_as_removal),
		nft_test(F75_own_changes_do_not_overflow_the_monitor),
		nft_test(F77_elements_of_the_previous_daemon_are_removed),
		nft_test(a_namespace_has_a_table_of_its_own),
		nft_test(no_router_has_the_families_that_are_switched_on),
		nft_test(five_thousand_users_are_guarded),
		nft_test(an_error_has_the_message_of_nftables),
		nft_test(without_a_table_logins_are_refused),
		nft_test(opening_and_closing_leaves_no_descriptor),
	};

	ground_make();
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
