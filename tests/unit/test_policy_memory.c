// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * F60: each allocation fails once while a policy is read. The result is always
 * a complete policy or an error, and no memory stays allocated.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/policy.h"

#ifdef __SANITIZE_ADDRESS__
int main(void)
{
	puts("1..0 # SKIP the sanitizer brings its own malloc");
	return 0;
}
#else

/* The allocator of the C library; the functions below replace it. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void __libc_free(void *p);

static unsigned long calls, fail_at; /* 0: none fails */
static long living;

static bool fails(void)
{
	if (!fail_at || ++calls != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t bytes)
{
	void *p = fails() ? NULL : __libc_malloc(bytes);

	living += p != NULL;
	return p;
}

void *calloc(size_t n, size_t bytes)
{
	void *p = fails() ? NULL : __libc_calloc(n, bytes);

	living += p != NULL;
	return p;
}

void *realloc(void *old, size_t bytes)
{
	void *p = fails() ? NULL : __libc_realloc(old, bytes);

	living += p && !old;
	return p;
}

void free(void *p)
{
	living -= p != NULL;
	__libc_free(p);
}

static const char good[] =
	"[options]\nexclude_services = a, b, c\n"
	"[rule r]\nusers = a, b,\n  c, d, e\nuids = 1, 2-3, 4\n"
	"groups = g\nnamespace = n\n"
	"[rule s]\nnamespace = m\n"
	"[namespace n]\nlink = nat\ndns = 192.0.2.1, 192.0.2.2\n"
	"sysctl.net.ipv4.ip_forward = 0\nsysctl.net.ipv4.x = 1\n"
	"routes = 198.51.100.0/24\n"
	"[namespace m]\n[network w]\nbridge = b\n";
static const char bad[] = "[options]\ntimeout = x\n[rule r]\nfoo = 1\n"
			  "users = a*, b\n[what]\nhello\n";

/* Return: as policy_parse(), while allocation number `at` fails. */
static int read_once(const char *text, bool want_notes, unsigned long at)
{
	struct policy *policy = NULL;
	struct policy_notes notes = {.n = 0};
	struct error err = {.text = ""};
	long before = living;
	int r;

	calls = 0;
	fail_at = at;
	r = policy_parse("p", text, strlen(text), &policy,
			 want_notes ? &notes : NULL, &err);
	fail_at = 0;
	assert_int_equal(r == 0, policy != NULL);
	assert_int_equal(r < 0, err.text[0] != '\0');
	if (policy) {
		assert_int_equal(policy->n_rules, 2);
		assert_int_equal(policy->rules[0].users.n, 5);
		assert_int_equal(policy->rules[0].n_uids, 3);
		assert_int_equal(policy->namespaces[0].n_sysctls, 2);
	}
	policy_free(policy);
	policy_notes_clear(&notes);
	assert_int_equal(living, before);
	return r;
}

/* Repeats with 1, 2, ... until no allocation fails. */
static void read_failing(const char *text, bool want_notes, int wanted)
{
	unsigned long at = 0, failed = 0;
	int r;

	do {
		r = read_once(text, want_notes, ++at);
		assert_true(r == wanted || r == -ENOMEM);
		failed += r == -ENOMEM;
	} while (calls >= at);
	assert_int_equal(r, wanted);
	assert_true(failed > 10);
}

static void F60_a_valid_policy_is_complete_or_refused(void **state)
{
	read_failing(good, false, 0);
	read_failing(good, true, 0);
}

static void F60_an_invalid_policy_is_always_refused(void **state)
{
	read_failing(bad, false, -EINVAL);
	read_failing(bad, true, -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(F60_a_valid_policy_is_complete_or_refused),
		cmocka_unit_test(F60_an_invalid_policy_is_always_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
