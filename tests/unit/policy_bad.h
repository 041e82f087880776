/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Invalid policies, one test for each: what an administrator might write, and
 * the exact error messages. A test program is one table of them.
 */
#ifndef NETNS_PAM_TESTS_UNIT_POLICY_BAD_H
#define NETNS_PAM_TESTS_UNIT_POLICY_BAD_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/policy.h"

struct bad {
	const char *title, *text;
	const char *errors; /* all of them, one a line */
};

/* A valid policy with one more line: in [options], in its rule, ... */
#define OPTION(line)	"[options]\n" line "\n"
#define RULE(line)	"[namespace n]\n[rule r]\nnamespace = n\n" line "\n"
#define SPACE(line)	"[rule r]\nnamespace = n\n[namespace n]\n" line "\n"
#define NAT(line)	SPACE("link = nat\n" line)
#define WIREGUARD(line) SPACE("link = wireguard\nwireguard = /etc/wg\n" line)
#define NETWORK(line)	"[network w]\nbridge = br0\n" line "\n"

#define NAME_RULES                                                             \
	"use at most 64 letters, digits, '_', '.' and '-', and begin with "    \
	"neither '.' nor '-'\n"
#define BUILT                                                                  \
	"nat, routed, bridge, cable, macvlan, device, wireguard or openvpn"

static char *errors_text(const struct policy_notes *notes)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	for (size_t n = 0; n < notes->n; n++) {
		const struct policy_note *note = &notes->items[n];

		if (note->warning)
			continue;
		fputs(note->file, out);
		if (note->line)
			fprintf(out, ":%u", note->line);
		fprintf(out, ": %s\n", note->message);
	}
	fclose(out);
	return text;
}

static void bad_test(void **state)
{
	const struct bad *bad = *state;
	struct policy_notes notes;
	struct policy *policy = NULL;
	struct error err = {.text = ""};
	char *got;
	int r = policy_parse("p", bad->text, strlen(bad->text), &policy, &notes,
			     &err);

	got = errors_text(&notes);
	assert_string_equal(got, bad->errors);
	assert_int_equal(r, -EINVAL);
	assert_null(policy); /* no part of it can be used */

	/* The text for the log begins with the first message. */
	assert_memory_equal(err.text, got, strcspn(got, "\n"));
	free(got);
	policy_notes_clear(&notes);
}

static int bad_run(const char *name, const struct bad *bad, size_t n)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (!tests)
		return 1;
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){
			.name = bad[i].title,
			.test_func = bad_test,
			.initial_state = (void *)(uintptr_t)&bad[i],
		};
	failed = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	free(tests);
	return failed;
}
#define BAD_RUN(name, bad) bad_run(name, bad, sizeof(bad) / sizeof((bad)[0]))

#endif
