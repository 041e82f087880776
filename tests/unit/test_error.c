/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of an error: its reason, and control bytes from a peer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/error.h"

static void the_reason_is_that_of_the_code(void **state)
{
	struct error err;

	errno = ENOENT;
	assert_int_equal(error_set(&err, -EACCES, "cannot open %s: %m", "x"),
			 -EACCES);
	assert_string_equal(err.text, "cannot open x: Permission denied");
	assert_int_equal(errno, ENOENT);
}

static void without_a_code_the_reason_is_that_of_errno(void **state)
{
	struct error err;

	errno = ENOENT;
	assert_int_equal(error_set(&err, 0, "x: %m"), 0);
	assert_string_equal(err.text, "x: No such file or directory");
	assert_int_equal(error_set(&err, 1, "y: %m"), 1);
	assert_string_equal(err.text, "y: No such file or directory");
	assert_int_equal(errno, ENOENT);
}

static void control_bytes_are_escaped(void **state)
{
	struct error err;

	error_set(&err, -EINVAL, "a%sb", "\n\x7f");
	assert_string_equal(err.text, "a\\x0a\\x7fb");
}

static void errno_is_unchanged_without_a_text(void **state)
{
	errno = ENOENT;
	assert_int_equal(error_set(NULL, -EINVAL, "%m"), -EINVAL);
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reason_is_that_of_the_code),
		cmocka_unit_test(without_a_code_the_reason_is_that_of_errno),
		cmocka_unit_test(control_bytes_are_escaped),
		cmocka_unit_test(errno_is_unchanged_without_a_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
