// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables on a terminal: escaped bytes, and the alignment of columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/table.c" /* NOLINT: the command is no library */

static void escapes(const char *text, const char *wanted)
{
	char *got = table_escape(text);

	assert_non_null(got);
	assert_string_equal(got, wanted);
	free(got);
}

static void printable_text_is_unchanged(void **state)
{
	escapes("", "");
	escapes("alice", "alice");
	escapes("a b\\c$", "a b\\c$");
	escapes("J\xc3\xb6rg", "J\xc3\xb6rg");
	escapes("\xe2\x82\xac", "\xe2\x82\xac");
	escapes("\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7");
	escapes("\xc2\xa0", "\xc2\xa0");
	escapes("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}

static void F56_terminal_control_sequences_are_escaped(void **state)
{
	escapes("\x1b[31m", "\\x1b[31m");
	escapes("a\nb\r\tc", "a\\x0ab\\x0d\\x09c");
	escapes("\x7f", "\\x7f");
	escapes("\xc2\x9b"
		"31m",
		"\\xc2\\x9b31m"); /* CSI in one character */
	escapes("\x9b"
		"31m",
		"\\x9b"
		"31m");
}

static void bytes_that_are_not_UTF8_are_escaped(void **state)
{
	escapes("\xff", "\\xff");
	escapes("a\xc3", "a\\xc3"); /* truncated */
	escapes("\xe2\x82", "\\xe2\\x82");
	escapes("\xc0\xaf", "\\xc0\\xaf"); /* an overlong encoding */
	escapes("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	escapes("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
	escapes("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	escapes("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
}

static void print(struct table *table, bool colour, const char *wanted)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(table_print(table, out, colour), 0);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
	table_clear(table);
}

static const struct table_column columns[] = {
	{"NAME", false},
	{"N", true},
	{"LAST", false},
};

static void columns_are_aligned(void **state)
{
	struct table table = {.columns = columns, .n_columns = 3};

	table_add(&table, "%s", "J\xc3\xb6rg");
	table_add(&table, "%d", 7);
	table_add(&table, "%s", "x");
	table_add(&table, "%s", "");
	table_add(&table, "%d", 1000);
	table_add(&table, "%s", "longer");
	print(&table, false,
	      "NAME     N  LAST\n"
	      "J\xc3\xb6rg     7  x\n"
	      "-     1000  longer\n");
}

static void only_headings_are_bold(void **state)
{
	struct table table = {.columns = columns, .n_columns = 3};

	table_add(&table, "a");
	table_add(&table, "1");
	table_add(&table, "b");
	print(&table, true, "\033[1mNAME  N  LAST\n\033[0ma     1  b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printable_text_is_unchanged),
		cmocka_unit_test(F56_terminal_control_sequences_are_escaped),
		cmocka_unit_test(bytes_that_are_not_UTF8_are_escaped),
		cmocka_unit_test(columns_are_aligned),
		cmocka_unit_test(only_headings_are_bold),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
