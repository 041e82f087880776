/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records are complete or absent, whatever happens while they are written. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/inet.h"
#include "ground.h"
#include "helper/base/record.h"

static char dir[] = "/tmp/record-XXXXXX";
static int dirfd_;

static int record_setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/record-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ < 0 ? -1 : 0;
}

static int record_teardown(void **state)
{
	close(dirfd_);
	ground_remove(dir);
	return 0;
}

static const char *path_of(const char *name)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct record sample(void)
{
	struct record r;

	record_begin(&r);
	record_add(&r, "name", "%s", "vpn.alice");
	record_add(&r, "user", "%s", "a l i c e");
	record_add(&r, "ino", "%llu", 18446744073709551615ULL);
	record_add(&r, "empty", "%s", "");
	return r;
}

static void a_saved_record_is_loaded(void **state)
{
	struct record r = sample(), back;
	struct stat st;

	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	assert_int_equal(record_load(&back, dirfd_, "1"), 0);
	assert_string_equal(record_get(&back, "name"), "vpn.alice");
	assert_string_equal(record_get(&back, "user"), "a l i c e");
	assert_true(record_get_number(&back, "ino") == UINT64_MAX);
	assert_string_equal(record_get(&back, "empty"), "");
	assert_string_equal(record_get(&back, "nam"), "");
	assert_string_equal(record_get(&back, "names"), "");
	assert_string_equal(record_get(&back, "alice"), "");
	assert_int_equal(record_get_number(&back, "missing"), 0);
	assert_int_equal(stat(path_of("1"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(record_load(&back, dirfd_, "2"), -ENOENT);
}

static void a_record_is_replaced_only_with_replace(void **state)
{
	struct record r = sample(), other, back;

	record_begin(&other);
	record_add(&other, "name", "%s", "other");
	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	assert_int_equal(record_save(&other, dirfd_, "1", false), -EEXIST);
	assert_int_equal(record_load(&back, dirfd_, "1"), 0);
	assert_string_equal(record_get(&back, "name"), "vpn.alice");
	assert_int_equal(record_save(&other, dirfd_, "1", true), 0);
	assert_int_equal(record_load(&back, dirfd_, "1"), 0);
	assert_string_equal(record_get(&back, "name"), "other");
	assert_int_equal(ground_count(dir), 1);
}

/* F58: killed in the middle of write(2). */
static void F58_every_incomplete_record_is_void(void **state)
{
	struct record r = sample(), back;
	char whole[RECORD_MAX];
	size_t bytes;

	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	bytes = strlen(ground_read(path_of("1")));
	memcpy(whole, ground_read(path_of("1")), bytes);
	for (size_t cut = 0; cut < bytes; cut++) {
		ground_write(path_of("torn"), "%.*s", (int)cut, whole);
		assert_int_equal(record_load(&back, dirfd_, "torn"), -EBADMSG);
	}
	ground_write(path_of("torn"), "%.*s", (int)bytes, whole);
	assert_int_equal(record_load(&back, dirfd_, "torn"), 0);
	ground_write(path_of("torn"), "%.*send\n", (int)bytes - 5, whole);
	assert_int_equal(record_load(&back, dirfd_, "torn"), -EBADMSG);
}

static void F64_a_record_of_another_boot_is_void(void **state)
{
	struct record back;

	ground_write(path_of("1"), "boot 01234567-89ab-cdef-0123-456789abcdef\n"
				   "name vpn\nend\n");
	assert_int_equal(record_load(&back, dirfd_, "1"), -ESTALE);
	ground_write(path_of("1"), "name vpn\nend\n");
	assert_int_equal(record_load(&back, dirfd_, "1"), -ESTALE);
	/* the value of another key is not the boot id */
	ground_write(path_of("1"), "name boot x\nboot \nend\n");
	assert_int_equal(record_load(&back, dirfd_, "1"), -ESTALE);
}

static void invalid_text_is_no_record(void **state)
{
	struct record back;
	FILE *f;

	ground_write(path_of("1"), "\n");
	assert_int_equal(record_load(&back, dirfd_, "1"), -EBADMSG);
	ground_write(path_of("1"), "end\n");
	assert_int_equal(record_load(&back, dirfd_, "1"), -EBADMSG);
	f = fopen(path_of("1"), "we"); /* a NUL */
	assert_non_null(f);
	fwrite("boot x\0y\nend\n", 1, 13, f);
	fclose(f);
	assert_int_equal(record_load(&back, dirfd_, "1"), -EBADMSG);
	f = fopen(path_of("1"), "we"); /* too long, with a valid last line */
	assert_non_null(f);
	for (int i = 0; i < RECORD_MAX; i++)
		fputs("key value\n", f);
	fputs("end\n", f);
	fclose(f);
	assert_int_equal(record_load(&back, dirfd_, "1"), -EBADMSG);
}

static void links_FIFOs_and_directories_are_no_records(void **state)
{
	struct record r = sample(), back;

	assert_int_equal(record_save(&r, dirfd_, "real", false), 0);
	assert_int_equal(symlinkat("real", dirfd_, "link"), 0);
	assert_int_equal(mkfifoat(dirfd_, "fifo", 0600), 0);
	assert_int_equal(mkdirat(dirfd_, "dir", 0700), 0);
	alarm(10); /* a FIFO without a writer must not hang the start */
	assert_int_equal(record_load(&back, dirfd_, "link"), -ELOOP);
	assert_int_equal(record_load(&back, dirfd_, "fifo"), -EBADMSG);
	assert_int_equal(record_load(&back, dirfd_, "dir"), -EISDIR);
	alarm(0);
}

static void
a_record_that_is_too_long_is_refused_and_leaves_no_file(void **state)
{
	struct record r, back;
	char value[RECORD_MAX];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	record_begin(&r);
	record_add(&r, "long", "%s", value);
	record_add(&r, "short",
		   "1"); /* a later call does not clear the error */
	assert_int_equal(record_save(&r, dirfd_, "1", false), -E2BIG);
	assert_int_equal(record_save(&r, dirfd_, "1", true), -E2BIG);
	assert_int_equal(ground_count(dir), 0);

	record_begin(&r); /* many short fields */
	for (int i = 0; i < 1000; i++)
		record_add(&r, "key", "%d", i);
	assert_int_equal(record_save(&r, dirfd_, "1", false), -E2BIG);
	assert_int_equal(ground_count(dir), 0);

	/* each length up to the limit is accepted, the next one is refused */
	for (size_t n = RECORD_MAX - 90, ok = 1; n < RECORD_MAX; n++) {
		int result;

		record_begin(&r);
		record_add(&r, "long", "%.*s", (int)n, value);
		result = record_save(&r, dirfd_, "1", true);
		if (result == 0) {
			assert_int_equal(ok, 1);
			assert_int_equal(record_load(&back, dirfd_, "1"), 0);
			assert_int_equal(strlen(record_get(&back, "long")), n);
		} else {
			assert_int_equal(result, -E2BIG);
			ok = 0;
		}
		assert_true(n > RECORD_MAX - 80 || ok);
	}
}

/*
 * The login program supplies the terminal and the remote host without checks:
 * no text in them may add a key.
 */
static void F56_a_value_with_newlines_adds_no_key(void **state)
{
	struct record r, back;

	record_begin(&r);
	record_add(&r, "pid", "%d", 42);
	record_add(&r, "rhost", "%s", "x\npid 1\nend\n");
	record_add(&r, "uid", "%d", 1000);
	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	assert_int_equal(record_load(&back, dirfd_, "1"), 0);
	assert_string_equal(record_get(&back, "rhost"), "x pid 1 end ");
	assert_int_equal(record_get_number(&back, "pid"), 42);
	assert_int_equal(record_get_number(&back, "uid"), 1000);
}

static void F56_a_value_with_newlines_hides_no_later_key(void **state)
{
	static const char *const hostile[] = {
		"x\nuid 0", "\nuid 0\n", "uid 0",
		"\n\n\n",   "end\n",	 "\r\nuid 0",
	};
	struct record r, back;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		record_begin(&r);
		record_add(&r, "tty", "%s", hostile[i]);
		record_add(&r, "uid", "%d", 1000);
		assert_int_equal(record_save(&r, dirfd_, "1", true), 0);
		assert_int_equal(record_load(&back, dirfd_, "1"), 0);
		assert_int_equal(record_get_number(&back, "uid"), 1000);
	}
}

#define SEEN_MAX 200

static int seen(void *data, const char *name)
{
	char *names = data;
	size_t used = strlen(names);

	snprintf(names + used, SEEN_MAX - used, "%s,", name);
	return 0;
}

static bool known(void *data, const char *name)
{
	return strcmp(name, data) == 0;
}

static void F58_temporary_files_are_removed(void **state)
{
	struct record r = sample();
	char names[SEEN_MAX] = "", kept[] = "12";

	ground_write(path_of(".1"), "half a rec");
	ground_write(path_of(".77"), "%s", "");
	assert_int_equal(record_save(&r, dirfd_, "1", true), 0);
	assert_int_equal(record_save(&r, dirfd_, "12", false), 0);
	ground_write(path_of(".3"), "killed before rename");
	assert_int_equal(record_each(dirfd_, seen, names), 0);
	assert_true(!strcmp(names, "1,12,") || !strcmp(names, "12,1,"));
	assert_int_equal(record_sweep(dirfd_, known, kept), 0);
	assert_int_equal(ground_count(dir), 1);
	assert_int_equal(access(path_of("12"), F_OK), 0);
}

static int fails(void *data, const char *name)
{
	++*(int *)data;
	return -EMFILE;
}

static void F101_an_error_ends_the_reading_of_records(void **state)
{
	struct record r = sample();
	int calls = 0;

	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	assert_int_equal(record_save(&r, dirfd_, "2", false), 0);
	assert_int_equal(record_each(dirfd_, fails, &calls), -EMFILE);
	assert_int_equal(calls, 1);
	assert_int_equal(record_each(-1, fails, &calls), -EBADF);
}

static void
F103_a_name_that_cannot_be_removed_does_not_stop_a_sweep(void **state)
{
	char none[] = "";
	int calls = 0;

	for (char name[] = "1"; *name < '6'; ++*name)
		ground_write(path_of(name), "%s", "");
	assert_int_equal(record_clear(dirfd_, fails, &calls), -EMFILE);
	assert_int_equal(calls, 5);
	assert_int_equal(record_clear(-1, fails, &calls), -EBADF);
	/* unlink(2) does not remove a directory. */
	assert_int_equal(mkdirat(dirfd_, "6", 0700), 0);
	assert_int_equal(record_sweep(dirfd_, known, none), -EISDIR);
	assert_int_equal(ground_count(dir), 1);
}

static void F101_only_a_void_record_is_absent(void **state)
{
	struct record r = sample(), back;
	struct rlimit limit, none;

	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	assert_int_equal(record_find(&back, dirfd_, "1"), FOUND);
	assert_int_equal(record_find(&back, dirfd_, "2"), ABSENT);
	ground_write(path_of("torn"), "boot x\nna");
	assert_int_equal(record_find(&back, dirfd_, "torn"), ABSENT);
	ground_write(path_of("old"), "boot x\nname y\nend\n");
	assert_int_equal(record_find(&back, dirfd_, "old"), ABSENT);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(record_find(&back, dirfd_, "1"), -EMFILE);
	assert_int_equal(record_find(&back, dirfd_, "2"), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

struct fields {
	char text[8];
	bool yes;
	unsigned int narrow;
	uint64_t wide;
	struct inet_prefix prefix, none, list[2];
	size_t n;
};

static void every_kind_of_field_is_written_and_read(void **state)
{
	static const struct record_field table[] = {
		RECORD_FIELD(fields, TEXT, "text", text),
		RECORD_FIELD(fields, NUMBER, "yes", yes),
		RECORD_FIELD(fields, NUMBER, "narrow", narrow),
		RECORD_FIELD(fields, NUMBER, "wide", wide),
		RECORD_FIELD(fields, PREFIX, "prefix", prefix),
		RECORD_FIELD(fields, PREFIX, "none", none),
		RECORD_LIST(fields, "list", list, n),
	};
	const size_t n = sizeof(table) / sizeof(table[0]);
	struct fields in = {.text = "a b",
			    .yes = true,
			    .narrow = UINT32_MAX,
			    .wide = UINT64_MAX,
			    .n = 2},
		      out = {.n = 0};
	struct record r, back;

	assert_int_equal(inet_prefix_parse("192.0.2.1/31", &in.prefix), 0);
	assert_int_equal(inet_prefix_parse("192.0.2.53", &in.list[0]), 0);
	assert_int_equal(inet_prefix_parse("2001:db8::53", &in.list[1]), 0);
	record_begin(&r);
	record_add_fields(&r, table, n, &in);
	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	assert_int_equal(record_load(&back, dirfd_, "1"), 0);
	assert_string_equal(record_get(&back, "list"),
			    "192.0.2.53 2001:db8::53 ");
	record_get_fields(&back, table, n, &out);
	assert_memory_equal(&in, &out, sizeof(in));
	/* A list that is longer than the array, a text than the member. */
	record_begin(&r);
	record_add(&r, "list", "192.0.2.1 192.0.2.2 192.0.2.3");
	record_add(&r, "text", "12345678");
	assert_int_equal(record_save(&r, dirfd_, "1", true), 0);
	assert_int_equal(record_load(&back, dirfd_, "1"), 0);
	record_get_fields(&back, table, n, &out);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.text, "1234567");
	assert_false(out.yes);
}

/* A symbolic link at the place of the temporary file is not followed. */
static void F49_a_symbolic_link_is_not_followed(void **state)
{
	struct record r = sample();

	ground_write(path_of("victim"), "precious");
	assert_int_equal(symlinkat("victim", dirfd_, ".1"), 0);
	assert_int_equal(record_save(&r, dirfd_, "1", true), -ELOOP);
	assert_int_equal(symlinkat("victim", dirfd_, "2"), 0);
	assert_int_equal(record_save(&r, dirfd_, "2", false), -EEXIST);
	assert_string_equal(ground_read(path_of("victim")), "precious");
}

static void F65_a_full_state_directory_is_an_error(void **state)
{
	struct record r = sample(), back;
	int small, filler;
	char block[4096] = "";

	ground_need();
	assert_int_equal(mkdir("/run/small", 0700), 0);
	assert_int_equal(mount("tmpfs", "/run/small", "tmpfs", 0, "size=16k"),
			 0);
	small = open("/run/small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(record_save(&r, small, "old", false), 0);
	filler = openat(small, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(filler, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(filler);

	assert_int_equal(record_save(&r, small, "new", false), -ENOSPC);
	assert_int_equal(record_load(&back, small, "new"), -ENOENT);
	/* an existing record stays valid when it cannot be replaced */
	record_add(&r, "more", "1");
	assert_int_equal(record_save(&r, small, "old", true), -ENOSPC);
	assert_int_equal(record_load(&back, small, "old"), 0);
	assert_string_equal(record_get(&back, "name"), "vpn.alice");
	assert_int_equal(ground_count("/run/small"), 2);
	close(small);
	assert_int_equal(umount("/run/small"), 0);
}

static void F65_no_free_inode_and_a_read_only_directory_are_errors(void **state)
{
	struct record r = sample(), back;
	int small;

	ground_need();
	assert_int_equal(mount("tmpfs", "/run/small", "tmpfs", 0,
			       "nr_inodes=2,size=64k"),
			 0);
	small = open("/run/small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(record_save(&r, small, "1", false), 0);
	assert_int_equal(record_save(&r, small, "2", false), -ENOSPC);
	assert_int_equal(record_save(&r, small, "1", true), -ENOSPC);
	assert_int_equal(mount(NULL, "/run/small", NULL, MS_REMOUNT | MS_RDONLY,
			       NULL),
			 0);
	assert_int_equal(record_save(&r, small, "2", false), -EROFS);
	assert_int_equal(record_load(&back, small, "1"), 0);
	assert_int_equal(ground_count("/run/small"), 1);
	close(small);
	assert_int_equal(umount("/run/small"), 0);
}

/* a short write(2), as on a file system that becomes full */
static int half_write(void *data)
{
	const struct rlimit limit = {64, 64};
	struct record r = sample();

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 1;
	if (record_save(&r, dirfd_, "1", true) >= 0)
		return 2;
	return record_save(&r, dirfd_, "2", false) < 0 ? 0 : 3;
}

static void F59_a_short_write_leaves_no_file(void **state)
{
	struct record r = sample(), back;

	assert_int_equal(record_save(&r, dirfd_, "1", false), 0);
	assert_int_equal(ground_run(half_write, NULL), 0);
	assert_int_equal(record_load(&back, dirfd_, "1"), 0);
	assert_int_equal(ground_count(dir), 1);
}

#define record_test(f)                                                         \
	cmocka_unit_test_setup_teardown(f, record_setup, record_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		record_test(a_saved_record_is_loaded),
		record_test(a_record_is_replaced_only_with_replace),
		record_test(F58_every_incomplete_record_is_void),
		record_test(F64_a_record_of_another_boot_is_void),
		record_test(invalid_text_is_no_record),
		record_test(links_FIFOs_and_directories_are_no_records),
		record_test(
			a_record_that_is_too_long_is_refused_and_leaves_no_file),
		record_test(F56_a_value_with_newlines_adds_no_key),
		record_test(F56_a_value_with_newlines_hides_no_later_key),
		record_test(F58_temporary_files_are_removed),
		record_test(F101_an_error_ends_the_reading_of_records),
		record_test(
			F103_a_name_that_cannot_be_removed_does_not_stop_a_sweep),
		record_test(F101_only_a_void_record_is_absent),
		record_test(every_kind_of_field_is_written_and_read),
		record_test(F49_a_symbolic_link_is_not_followed),
		cmocka_unit_test(F65_a_full_state_directory_is_an_error),
		cmocka_unit_test(
			F65_no_free_inode_and_a_read_only_directory_are_errors),
		record_test(F59_a_short_write_leaves_no_file),
	};

	ground_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
