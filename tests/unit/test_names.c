// SPDX-License-Identifier: GPL-2.0-or-later
/* F42, F43: which names are valid, and the names of the namespaces of users. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/names.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10

struct bad {
	const char *title, *name;
};

/* Invalid as names of sections and of files in /run/netns. */
static const struct bad bad[] = {
	{"nothing", ""},
	{"the directory itself", "."},
	{"the directory above", ".."},
	{"three dots", "..."},
	{"a hidden file", ".a"},
	{"a path", "a/b"},
	{"an absolute path", "/a"},
	{"a path at the end", "a/"},
	{"a climb", "../a"},
	{"a climb inside", "a/../b"},
	{"a backslash", "a\\b"},
	{"an option", "-n"},
	{"a long option", "--help"},
	{"a dash alone", "-"},
	{"a newline", "a\nb"},
	{"a newline at the end", "a\n"},
	{"a carriage return", "a\rb"},
	{"a tab", "a\tb"},
	{"a blank", "a b"},
	{"a blank in front", " a"},
	{"a blank at the end", "a "},
	{"an escape", "a\x1b[31m"},
	{"a bell", "\x07"},
	{"the lowest control byte", "\x01"},
	{"DEL", "a\x7f"},
	{"a command", "$(id)"},
	{"backquotes", "`id`"},
	{"a variable", "$HOME"},
	{"a semicolon", "a;b"},
	{"an ampersand", "a&b"},
	{"a pipe", "a|b"},
	{"a redirection", "a>b"},
	{"a less-than sign", "a<b"},
	{"a star", "*"},
	{"a question mark", "a?"},
	{"brackets", "[a]"},
	{"braces", "{a,b}"},
	{"parentheses", "(a)"},
	{"a tilde", "~"},
	{"a home", "~root"},
	{"a hash", "#a"},
	{"an exclamation mark", "!a"},
	{"a percent sign", "%n"},
	{"a template", "a%u"},
	{"a caret", "a^b"},
	{"a plus", "a+b"},
	{"a comma", "a,b"},
	{"a colon", "a:b"},
	{"an at sign", "a@b"},
	{"an equals sign", "a=b"},
	{"a double quote", "\"a\""},
	{"a single quote", "'a'"},
	{"UTF-8", "j\xc3\xb6rg"},
	{"UTF-8 in front", "\xc3\xb6"},
	{"a wide slash", "a\xe2\x88\x95"
			 "b"},
	{"an invisible blank", "a\xe2\x80\x8b"},
	{"Latin-1", "j\xf6rg"},
	{"a lone continuation byte", "\x80"},
	{"the highest byte", "\xff"},
	{"the overlong dot", "\xc0\xae"},
	{"128 bytes", A60 A60 "12345678"},
	{"256 bytes", A60 A60 A60 A60 "1234567890123456"},
};

static void bad_test(void **state)
{
	const struct bad *one = *state;

	assert_false(name_is_policy(one->name));
	assert_false(name_is_instance(one->name));
}

static void F42_sections_have_1_to_64_characters(void **state)
{
	assert_true(name_is_policy("a"));
	assert_true(name_is_policy("_"));
	assert_true(name_is_policy("0"));
	assert_true(name_is_policy("vpn"));
	assert_true(name_is_policy("VPN-2.b_c"));
	assert_true(name_is_policy("a..b--"));
	assert_true(name_is_policy(A60 "1234"));
	assert_false(name_is_policy(A60 "12345"));
}

static void F42_instances_have_1_to_127_characters(void **state)
{
	assert_true(name_is_instance("vpn.alice.12"));
	assert_true(name_is_instance(A60 A60 "1234567"));
	assert_false(name_is_instance(A60 A60 "12345678"));
}

static void F44_interface_names_are_those_the_kernel_accepts(void **state)
{
	assert_true(name_is_ifname("eth0"));
	assert_true(name_is_ifname("eth0.100"));
	assert_true(name_is_ifname("a@b-c_d"));
	assert_true(name_is_ifname("abcdefghijklmno"));
	assert_true(name_is_ifname("..."));
	assert_false(name_is_ifname("abcdefghijklmnop"));
	assert_false(name_is_ifname(""));
	assert_false(name_is_ifname("."));
	assert_false(name_is_ifname(".."));
	assert_false(name_is_ifname("a/b"));
	assert_false(name_is_ifname("a:b"));
	assert_false(name_is_ifname("a b"));
	assert_false(name_is_ifname("a\tb"));
	assert_false(name_is_ifname("a\n"));
	assert_false(name_is_ifname("eth%d"));
	assert_false(name_is_ifname("\xc3\xb6"));
	assert_false(name_is_ifname("a\x7f"));
}

static void instance(const char *wanted, const char *section, const char *user,
		     uid_t uid, uint32_t n)
{
	char got[NAME_MAX_INSTANCE + 1];

	assert_int_equal(name_instance(section, user, uid, n, got), 0);
	assert_string_equal(got, wanted);
	assert_true(name_is_instance(got));
}

static void instances_are_named_by_section_user_and_number(void **state)
{
	instance("vpn", "vpn", NULL, 1000, 0);
	instance("vpn.alice", "vpn", "alice", 1000, 0);
	instance("vpn.alice.1", "vpn", "alice", 1000, 1);
	instance("vpn.alice.4294967295", "vpn", "alice", 1000, 4294967295u);
	instance("vpn.root", "vpn", "root", 0, 0);
	instance("vpn.a-b_C9", "vpn", "a-b_C9", 1000, 0);
	instance("vpn.1000", "vpn", "1000", 1001, 0);
	instance("vpn.aaaaaaaaaabbbbbbbbbbcccccccccc32", "vpn",
		 "aaaaaaaaaabbbbbbbbbbcccccccccc32", 1000, 0);
}

static void F43_unusual_user_names_become_uids(void **state)
{
	static const char *const odd[] = {
		"",	   ".",	  "..",	   "a.b",   "a/b",	"AD\\alice",
		"a@b.org", "a b", "a$",	   "-n",    "a:b",	"j\xc3\xb6r",
		"a\nb",	   "%u",  "$(id)", "uid-1", "uid-1000", "uid-00",
		"a+b",	   "a*",  "a\xff", "\x01",  "a,b",	"'a'",
		"~",	   "a;b", "a=b",   "[a]",   "a.1",	"a|b",
		"#a",	   "a&b", "{a}",   "a?",    "(a)",	"a^b",
		"\"a\"",   "a`b",
	};

	for (size_t n = 0; n < sizeof(odd) / sizeof(odd[0]); n++) {
		instance("vpn.uid-1000", "vpn", odd[n], 1000, 0);
		instance("vpn.uid-4294967295.7", "vpn", odd[n], 4294967295u, 7);
	}
	instance("vpn.uid-1000", "vpn", A10 A10 A10 "abc", 1000, 0);
	instance("vpn.uid-1000", "vpn", A60 A60 A60 A60, 1000, 0);
}

static void F43_no_two_users_share_a_name(void **state)
{
	char one[NAME_MAX_INSTANCE + 1], other[NAME_MAX_INSTANCE + 1];

	/* The second user has the name that replaces the name of the first. */
	assert_int_equal(name_instance("vpn", "j\xf6rg", 1000, 0, one), 0);
	assert_int_equal(name_instance("vpn", "uid-1000", 1001, 0, other), 0);
	assert_string_equal(one, "vpn.uid-1000");
	assert_string_equal(other, "vpn.uid-1001");

	instance("vpn.uid-", "vpn", "uid-", 1000, 0);
	instance("vpn.uid-1x", "vpn", "uid-1x", 1000, 0);
	instance("vpn.uid1000", "vpn", "uid1000", 1000, 0);
}

static void the_longest_name_fits(void **state)
{
	char got[NAME_MAX_INSTANCE + 1];

	assert_int_equal(name_instance(A60 "1234",
				       "aaaaaaaaaabbbbbbbbbbcccccccccc32",
				       4294967295u, 4294967295u, got),
			 0);
	assert_int_equal(strlen(got), 64 + 1 + 32 + 1 + 10);
	assert_true(name_is_instance(got));

	strcpy(got, "untouched");
	assert_int_equal(name_instance(A60 A60 "1234567", "a", 1, 0, got),
			 -ENAMETOOLONG);
	assert_string_equal(got, "untouched");
}

int main(void)
{
	static const struct CMUnitTest good[] = {
		cmocka_unit_test(F42_sections_have_1_to_64_characters),
		cmocka_unit_test(F42_instances_have_1_to_127_characters),
		cmocka_unit_test(
			F44_interface_names_are_those_the_kernel_accepts),
		cmocka_unit_test(
			instances_are_named_by_section_user_and_number),
		cmocka_unit_test(F43_unusual_user_names_become_uids),
		cmocka_unit_test(F43_no_two_users_share_a_name),
		cmocka_unit_test(the_longest_name_fits),
	};
	enum {
		N_GOOD = sizeof(good) / sizeof(good[0]),
		N_BAD = sizeof(bad) / sizeof(bad[0])
	};
	static struct CMUnitTest tests[N_GOOD + N_BAD];
	static char titles[N_BAD][64];

	memcpy(tests, good, sizeof(good));
	for (size_t n = 0; n < N_BAD; n++) {
		snprintf(titles[n], sizeof(titles[n]), "F42 not a name: %s",
			 bad[n].title);
		tests[N_GOOD + n] = (struct CMUnitTest){
			.name = titles[n],
			.test_func = bad_test,
			.initial_state = (void *)(uintptr_t)&bad[n],
		};
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
