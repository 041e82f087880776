// SPDX-License-Identifier: GPL-2.0-or-later
/* Templates of paths, warnings, and the example and manual of the policy. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/describe.h"
#include "common/policy/keys.h"

static void templates_are_filled_in(void **state)
{
	static const struct {
		const char *text, *wanted;
	} good[] = {
		{"/etc/wg/%u.conf", "/etc/wg/alice.conf"},
		{"10.0.%U.1/24", "10.0.1000.1/24"},
		{"%n", "vpn.alice"},
		{"%%u%%", "%u%"},
		{"", ""},
		{"%u%U%n", "alice1000vpn.alice"},
	};
	char *got;

	for (size_t n = 0; n < sizeof(good) / sizeof(good[0]); n++) {
		assert_int_equal(policy_expand(good[n].text, "alice", 1000,
					       "vpn.alice", &got, NULL),
				 0);
		assert_string_equal(got, good[n].wanted);
		free(got);
	}
}

static void F42_templates_do_not_leave_a_directory(void **state)
{
	static const char *const users[] = {"..", ".", "a/b", "/", "", NULL};
	static char untouched[] = "untouched";
	struct error err;
	char *got;

	for (size_t n = 0; n < sizeof(users) / sizeof(users[0]); n++) {
		got = untouched;
		assert_int_equal(policy_expand("/etc/wg/%u.conf", users[n],
					       1000, "vpn", &got, &err),
				 -EINVAL);
		assert_ptr_equal(got, untouched);
		assert_int_equal(policy_expand("/etc/wg/%U.conf", users[n],
					       1000, "vpn", &got, &err),
				 0);
		assert_string_equal(got, "/etc/wg/1000.conf");
		free(got);
	}
	assert_int_equal(policy_expand("%g", "a", 1, "n", &got, &err), -EINVAL);
	assert_int_equal(policy_expand("%", "a", 1, "n", &got, &err), -EINVAL);
}

static void templates_have_a_maximum_length(void **state)
{
	char user[257], text[4096];
	char *got;

	memset(user, 'u', sizeof(user) - 1);
	user[sizeof(user) - 1] = '\0';
	text[0] = '\0';
	for (size_t n = 0; n < 16; n++)
		memcpy(text + 2 * n, "%u", 3);
	assert_int_equal(policy_expand(text, user, 1, "n", &got, NULL),
			 -EINVAL);
	text[30] = '\0';
	assert_int_equal(policy_expand(text, user, 1, "n", &got, NULL), 0);
	assert_int_equal(strlen(got), 15 * 256);
	free(got);
}

static void rates_are_formatted_with_a_unit(void **state)
{
	static const struct {
		uint64_t bits;
		const char *wanted;
	} cases[] = {
		{0, "0bit"},
		{9001, "9001bit"},
		{8000, "8kbit"},
		{1500000, "1500kbit"},
		{10000000, "10mbit"},
		{400000000000, "400gbit"},
		{18000000000000, "18000gbit"},
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		char got[POLICY_RATE_STR];

		policy_describe_rate(cases[n].bits, got);
		assert_string_equal(got, cases[n].wanted);
	}
}

static void every_enum_value_has_its_word(void **state)
{
	assert_string_equal(policy_link_name(LINK_NONE), "none");
	assert_string_equal(policy_link_name(LINK_OPENVPN), "openvpn");
	for (unsigned int n = 0; n < LINK_KINDS; n++)
		assert_string_not_equal(policy_link_name(n), "?");
	assert_string_equal(policy_scope_words[SCOPE_SESSION], "session");
	assert_string_equal(policy_lifetime_words[LIFETIME_FOREVER], "forever");
}

static char *file_text(const char *path)
{
	static char text[1 << 17];
	FILE *in = fopen(path, "re");
	size_t n;

	if (!in)
		fail_msg("%s cannot be opened (the tests run at the top of the "
			 "source tree)",
			 path);
	n = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[n] = '\0';
	return text;
}

static void the_example_maps_no_user(void **state)
{
	struct policy_notes notes;
	struct policy *p = NULL;
	struct error err;
	char *text = file_text("conf/netns-pam.conf");

	if (policy_parse("example", text, strlen(text), &p, &notes, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(notes.n, 0);
	assert_int_equal(p->n_rules, 0);
	assert_int_equal(p->n_namespaces, 0);
	policy_notes_clear(&notes);
	policy_free(p);
}

/* In the example a ';' directly before a line comments out policy. */
static void example_uncomment(char *text)
{
	for (char *p = text; p; p = strchr(p + 1, '\n')) {
		char *line = *p == '\n' ? p + 1 : p;

		if (line[0] == ';' &&
		    ((line[1] >= 'a' && line[1] <= 'z') || line[1] == '[' ||
		     (!strncmp(line + 1, "    ", 4) && line[5] >= 'a' &&
		      line[5] <= 'z')))
			memmove(line, line + 1, strlen(line));
	}
}

static void the_example_without_its_semicolons_is_valid_too(void **state)
{
	struct policy_notes notes;
	struct policy *p = NULL;
	struct error err;
	char *text = file_text("conf/netns-pam.conf");

	example_uncomment(text);
	if (policy_parse("example", text, strlen(text), &p, &notes, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(p->n_rules, 2);
	assert_int_equal(p->rules[0].groups.n, 2);
	assert_string_equal(p->rules[0].groups.items[1], "contractors");
	assert_true(p->n_namespaces > 5);
	policy_notes_clear(&notes);
	policy_free(p);
}

static void every_key_is_in_the_example_and_the_manual(void **state)
{
	char line[64], *text;

	text = file_text("man/netns-pam.conf.5");
	for (size_t n = 0; n < policy_keys_n; n++) {
		snprintf(line, sizeof(line),
			 "\n.It Ic %s Li = ", policy_keys[n].name);
		if (!strstr(text, line))
			fail_msg("netns-pam.conf(5) lacks '%s'",
				 policy_keys[n].name);
	}
	text = file_text("conf/netns-pam.conf");
	for (size_t n = 0; n < policy_keys_n; n++) {
		const char *name = policy_keys[n].name;
		size_t len = strcspn(name, "N"); /* sysctl.NAME */
		bool found = false;

		for (char *p = text; p && !found; p = strchr(p + 1, '\n'))
			found = !strncmp(p + 1 + (p[1] == ';'), name, len);
		if (!found)
			fail_msg("conf/netns-pam.conf lacks '%s'", name);
	}
}

/* The warnings of `netns-pam check`, one line each. */
static void assert_warnings(const char *text, const char *wanted)
{
	struct policy_notes notes;
	struct policy *p = NULL;
	struct error err;
	char *got = NULL;
	size_t bytes;
	FILE *out = open_memstream(&got, &bytes);

	if (policy_parse("p", text, strlen(text), &p, &notes, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t n = 0; n < notes.n; n++) {
		assert_true(notes.items[n].warning);
		fprintf(out, "%u: %s\n", notes.items[n].line,
			notes.items[n].message);
	}
	fclose(out);
	assert_string_equal(got, wanted);
	free(got);
	policy_notes_clear(&notes);
	policy_free(p);
}

static void F97_unwise_settings_give_warnings(void **state)
{
	assert_warnings("[rule r]\nusers = a\nnamespace = n\n[namespace n]\n",
			"");
	assert_warnings("[rule all]\nnamespace = n\n"
			"[rule late]\nusers = a\nnamespace = n\n"
			"[rule root]\nusers = root\nnamespace = n\n"
			"[rule zero]\nuids = 0\nnamespace = n\n"
			"[namespace n]\n",
			"3: [rule late] is never used: [rule all], at p:1, "
			"matches every login before it\n");
	assert_warnings("[rule r]\nusers = a\nservices = sshd\nnamespace = n\n"
			"[namespace n]\n",
			"1: [rule r] is for some services, terminals or remote "
			"hosts only, so these users' other processes keep the "
			"host's network; write guard = yes to refuse that, or guard = no if it is intended\n");
	assert_warnings("[rule r]\nusers = a\nservices = sshd\nnamespace = n\n"
			"guard = no\n[namespace n]\n",
			"");
	assert_warnings("[rule r]\nusers = 1000\nnamespace = n\n"
			"on_error = host\n[namespace n]\n",
			"1: [rule r] has on_error = host: it fails open, into "
			"the host's network\n"
			"1: users: '1000' is read as a name; write a number in 'uids'\n");
	assert_warnings("[options]\non_error = host\n"
			"exclude_services = s[us]*\n",
			"1: [options] has on_error = host: logins fail open, "
			"into the host's network\n"
			"1: exclude_services has sshd: no login through this service is handled\n"
			"1: exclude_services has su: no login through this service is handled\n"
			"1: exclude_services has sudo: no login through this service is handled\n");
	assert_warnings("[namespace n]\n[network w]\nbridge = b\n",
			"1: [namespace n] is not used by any [rule]\n"
			"2: [network w] is not used by any [namespace]\n");
	assert_warnings("[rule r]\nnamespace = n\n[namespace n]\nlink = nat\n",
			"3: [namespace n] has no 'dns': its sessions use the "
			"host's resolv.conf and resolvers, which resolve names outside the namespace; list servers, or write dns = host\n");
	assert_warnings("[rule r]\nnamespace = n\n[namespace n]\nlink = nat\n"
			"dns = 127.0.0.53\naddress = 10.213.4.4/24\n",
			"3: [namespace n]: a name server on the loopback "
			"address must run inside the namespace; the host's cannot be reached\n"
			"3: [namespace n]: the address 10.213.4.4/24 lies in "
			"the pool that 'auto' takes addresses from\n");
	assert_warnings("[rule r]\nnamespace = n\n[namespace n]\n"
			"dns = 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4\n",
			"3: [namespace n] has 4 name servers; programs use the "
			"first 3\n");
	assert_warnings("[rule r]\nnamespace = n\n[namespace n]\nscope = user\n"
			"link = wireguard\nwireguard = /k\ndns = host\n",
			"3: [namespace n]: all instances use the one key in "
			"/k, and a peer communicates with one of them at a time\n");
	assert_warnings("[rule r]\nnamespace = n\n[namespace n]\nlink = cable\n"
			"peer = m\ndns = host\n[namespace m]\n",
			"3: [namespace n]: the far end of the cable has no "
			"address: give one in 'gateway', or name this section "
			"in a 'peer' of [namespace m]\n");
	assert_warnings("[rule r]\nnamespace = n\n[namespace n]\nlink = cable\n"
			"peer = m\ndns = host\n[namespace m]\nlink = cable\n"
			"peer = n\ndns = host\n",
			"");
	assert_warnings("[rule r]\nnamespace = n\n[namespace n]\nlink = cable\n"
			"peer = m\ndns = host\naddress = 192.0.2.7/24\n"
			"gateway = 192.0.2.1\n[namespace m]\n",
			"");
}

static void after_1000_messages_the_rest_is_omitted(void **state)
{
	static char text[100000];
	struct policy_notes notes;
	struct policy *p = NULL;
	struct error err;

	for (size_t n = 0; n + 2 < sizeof(text); n += 2)
		memcpy(text + n, "x\n", 3);
	assert_int_equal(policy_parse("p", text, strlen(text), &p, &notes,
				      &err),
			 -EINVAL);
	assert_int_equal(notes.n, 1001);
	assert_int_equal(notes.errors, 1001);
	assert_non_null(strstr(notes.items[1000].message,
			       "more than 1000 messages; correct"));
	assert_non_null(strstr(err.text, "(and 1000 more errors)"));
	policy_notes_clear(&notes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_are_filled_in),
		cmocka_unit_test(F42_templates_do_not_leave_a_directory),
		cmocka_unit_test(templates_have_a_maximum_length),
		cmocka_unit_test(rates_are_formatted_with_a_unit),
		cmocka_unit_test(every_enum_value_has_its_word),
		cmocka_unit_test(the_example_maps_no_user),
		cmocka_unit_test(
			the_example_without_its_semicolons_is_valid_too),
		cmocka_unit_test(every_key_is_in_the_example_and_the_manual),
		cmocka_unit_test(F97_unwise_settings_give_warnings),
		cmocka_unit_test(after_1000_messages_the_rest_is_omitted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
