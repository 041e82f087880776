/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy in force while its files change under it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/policy/policy.h"
#include "ground.h"
#include "helper/base/policy_store.h"

#define CONF	    "/run/p/netns-pam.conf"
#define NEW	    "/run/p/netns-pam.conf.new"
#define DROPINS	    CONF ".d"
#define STATE	    "/run/state"
#define COPY	    STATE "/policy"
#define PATIENCE_MS 10000

#define RULE                                                                   \
	"[rule r]\nusers = alice\nnamespace = %s\n"                            \
	"[namespace %s]\nlink = none\n"

static sd_event *event;
static struct store *store;
static int state_dir;
static int changes;
static struct error why;

static void on_changed(void *data)
{
	assert_ptr_equal(data, &changes);
	changes++;
}

static int start(void)
{
	changes = 0;
	return store_open(&store, event, CONF, state_dir, STATE, on_changed,
			  &changes, &why);
}

static int store_setup(void **state)
{
	if (geteuid() != 0)
		return 0;
	if (mount("p", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir("/run/p", 0755) < 0 || mkdir(STATE, 0700) < 0)
		return -1;
	state_dir = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return sd_event_new(&event);
}

static int store_teardown(void **state)
{
	if (geteuid() != 0)
		return 0;
	store = store_close(store);
	event = sd_event_unref(event);
	close(state_dir);
	return umount2("/run", MNT_DETACH);
}

/* inotify queues events in the writer: all events are there now. */
static void settle(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

/* Runs the event loop until the policy has changed n times. */
static void wait_changes(int n)
{
	uint64_t deadline = deadline_in_ms(PATIENCE_MS);

	while (changes < n && deadline_left_ms(deadline))
		sd_event_run(event, 100000);
	assert_int_equal(changes, n);
}

static void put(const char *namespace)
{
	ground_write(NEW, RULE, namespace, namespace);
	assert_int_equal(rename(NEW, CONF), 0);
}

static void put_broken(void)
{
	ground_write(NEW, "[rule r]\nusers = alice\nnamespace = \n");
	assert_int_equal(rename(NEW, CONF), 0);
}

/* The namespace of alice by the policy in force; "" when no rule matches. */
static const char *verdict(void)
{
	const struct policy_login login = {.user = "alice",
					   .uid = 5001,
					   .service = "sshd",
					   .tty = "",
					   .rhost = ""};
	const struct policy_rule *rule = NULL;

	assert_int_equal(policy_match(store_policy(store), &login, &rule), 0);
	return rule ? rule->namespace : "";
}

static void no_file_is_an_empty_policy(void **state)
{
	ground_need();
	assert_int_equal(start(), 0);
	assert_string_equal(verdict(), "");
	assert_int_equal(store_policy(store)->n_rules, 0);
	assert_int_equal(access(COPY, F_OK), -1);
	put("vpn"); /* the file may be made later */
	wait_changes(1);
	assert_string_equal(verdict(), "vpn");
}

static void a_renamed_file_is_loaded_and_published(void **state)
{
	struct stat st;

	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	assert_string_equal(verdict(), "one");
	assert_int_equal(changes, 0); /* the first policy is no change */
	put("two");
	settle();
	assert_int_equal(changes, 1);
	assert_string_equal(verdict(), "two");
	assert_non_null(strstr(ground_read(COPY), "[namespace two]"));
	assert_null(strstr(ground_read(COPY), "namespace one"));
	assert_int_equal(stat(COPY, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(ground_count(STATE), 1);
}

static void an_equal_policy_is_no_change(void **state)
{
	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	put("one");
	settle();
	assert_int_equal(chmod(CONF, 0644), 0);
	settle();
	assert_int_equal(store_reload(store, true, &why), 0);
	assert_int_equal(changes, 0);
}

static void F27_a_file_that_is_being_written_is_not_read(void **state)
{
	char text[200];
	int fd, n;

	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	n = snprintf(text, sizeof(text),
		     "[rule b]\nusers = bob\nnamespace = host\n" RULE, "two",
		     "two");
	fd = open(CONF, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	/* each prefix of the file, valid or not */
	for (int i = 0; i < n; i++) {
		assert_int_equal(write(fd, text + i, 1), 1);
		settle();
		assert_string_equal(verdict(), "one");
		if (i % 16 == 0)
			assert_int_equal(store_reload(store, true, &why),
					 -EBUSY);
		assert_string_equal(verdict(), "one");
	}
	assert_int_equal(changes, 0);
	close(fd);
	wait_changes(1);
	assert_string_equal(verdict(), "two");
}

/* A writer that stays open causes no further event: it is tried again. */
static void F27_a_busy_file_is_read_again_later(void **state)
{
	uint64_t deadline = deadline_in_ms(PATIENCE_MS);
	int fd;

	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	ground_write(NEW, RULE, "two", "two");
	fd = open(NEW, O_WRONLY | O_CLOEXEC); /* open, and never written to */
	assert_int_equal(rename(NEW, CONF), 0);
	for (int i = 0; i < 3 && deadline_left_ms(deadline); i++)
		sd_event_run(event, 500000);
	assert_string_equal(verdict(), "one");
	close(fd);
	wait_changes(1);
	assert_string_equal(verdict(), "two");
}

static void
F26_an_invalid_file_the_last_valid_policy_stays_in_force(void **state)
{
	const char *said;

	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	ground_listen();
	put_broken();
	settle();
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_reload(store, true, &why), -EINVAL);
	said = ground_said();
	assert_string_equal(verdict(), "one");
	assert_non_null(strstr(ground_read(COPY), "[namespace one]"));
	assert_non_null(strstr(why.text, CONF));
	assert_non_null(strstr(said, CONF ":3: "));
	/* the same error is logged once */
	said = strstr(said, "cannot use the policy");
	assert_non_null(said);
	assert_null(strstr(said + 1, "cannot use the policy"));

	put("two");
	settle();
	assert_string_equal(verdict(), "two");
	ground_listen(); /* a different error is logged */
	put_broken();
	settle();
	assert_non_null(strstr(ground_said(), "cannot use the policy"));
	assert_string_equal(verdict(), "two");
}

static void F26_200_alternations_of_valid_and_invalid_files(void **state)
{
	char name[16];
	int wrong = 0;

	ground_need();
	put("n0");
	assert_int_equal(start(), 0);
	snprintf(name, sizeof(name), "n0");
	ground_listen();
	for (int i = 1; i <= 200; i++) {
		put_broken();
		settle();
		wrong += strcmp(verdict(), name) != 0;
		if (i % 3 == 0)
			wrong += store_reload(store, true, NULL) >= 0;
		wrong += strcmp(verdict(), name) != 0;
		snprintf(name, sizeof(name), "n%d", i);
		put(name);
		settle();
		wrong += strcmp(verdict(), name) != 0;
		wrong += !strstr(ground_read(COPY), name);
	}
	ground_said();
	assert_int_equal(wrong, 0);
	assert_int_equal(changes, 200);
}

static void a_removed_file_takes_effect_after_a_second(void **state)
{
	uint64_t began;

	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	assert_int_equal(unlink(CONF), 0);
	settle();
	assert_string_equal(verdict(), "one");
	assert_int_equal(store_reload(store, false, &why), -ENOENT);
	assert_non_null(strstr(why.text, "missing"));
	put("two");
	settle();
	assert_string_equal(verdict(), "two");
	assert_int_equal(changes, 1);

	began = deadline_now_ms();
	assert_int_equal(unlink(CONF), 0);
	wait_changes(2);
	assert_true(deadline_now_ms() - began >= 900);
	assert_string_equal(verdict(), "");
	assert_int_equal(access(COPY, F_OK), -1);
}

static void an_explicit_reload_applies_a_missing_file_at_once(void **state)
{
	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	assert_int_equal(unlink(CONF), 0);
	assert_int_equal(store_reload(store, true, &why), 0);
	assert_string_equal(verdict(), "");
	assert_int_equal(changes, 1);
}

static void F28_a_file_that_others_can_write_is_refused(void **state)
{
	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	ground_listen();
	ground_write(NEW, RULE, "evil", "evil");
	assert_int_equal(chmod(NEW, 0666), 0);
	assert_int_equal(rename(NEW, CONF), 0);
	settle();
	assert_string_equal(verdict(), "one");
	assert_int_equal(unlink(CONF), 0);
	ground_write("/run/evil", RULE, "evil", "evil");
	assert_int_equal(symlink("/run/evil", CONF), 0);
	settle();
	assert_string_equal(verdict(), "one");
	assert_int_equal(unlink(CONF), 0);
	assert_int_equal(mkfifo(CONF, 0600), 0);
	settle();
	assert_string_equal(verdict(), "one");
	ground_said();
	assert_int_equal(changes, 0);
}

static void drop_ins_are_watched(void **state)
{
	ground_need();
	ground_write(CONF, "[namespace a]\nlink = none\n");
	assert_int_equal(start(), 0);
	assert_string_equal(verdict(), "");
	assert_int_equal(mkdir(DROPINS, 0755), 0);
	settle();
	ground_write(DROPINS "/.x.swp", "garbage");
	ground_write(DROPINS "/10.conf.dpkg-new", "garbage");
	settle();
	assert_int_equal(changes, 0);
	ground_write(DROPINS "/20.conf", RULE, "late", "late");
	settle();
	assert_string_equal(verdict(), "late");
	ground_write(DROPINS "/10.conf",
		     "[rule x]\nusers = alice\nnamespace = a\n");
	settle();
	assert_string_equal(verdict(), "a");
	assert_int_equal(unlink(DROPINS "/10.conf"), 0);
	settle();
	assert_string_equal(verdict(), "late");
	assert_int_equal(rename(DROPINS "/20.conf", DROPINS "/20.off"), 0);
	settle();
	assert_string_equal(verdict(), "");
	/* a directory that is removed and made again is watched */
	ground_remove(DROPINS);
	settle();
	assert_int_equal(mkdir(DROPINS, 0755), 0);
	settle();
	ground_write(DROPINS "/20.conf", RULE, "back", "back");
	settle();
	assert_string_equal(verdict(), "back");
}

static void
F25_a_restart_with_an_invalid_file_uses_the_last_valid_one(void **state)
{
	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	store = store_close(store);
	put_broken();
	ground_listen();
	assert_int_equal(start(), 0);
	assert_non_null(strstr(ground_said(), "last good policy"));
	assert_string_equal(verdict(), "one");
	assert_non_null(strstr(ground_read(COPY), "[namespace one]"));
	put("two");
	wait_changes(1);
	assert_string_equal(verdict(), "two");
}

static void
F25_first_start_with_an_invalid_file_takes_an_empty_policy(void **state)
{
	ground_need();
	put_broken();
	ground_listen();
	assert_int_equal(start(), 0);
	assert_non_null(strstr(ground_said(), "no valid policy"));
	assert_string_equal(verdict(), "");
	put("one");
	wait_changes(1);
	assert_string_equal(verdict(), "one");
}

/* An invalid file at the place of the copy is no policy. */
static void F25_an_incomplete_copy_is_not_used(void **state)
{
	ground_need();
	ground_write(COPY, "[rule r]\nusers = al");
	put_broken();
	ground_listen();
	assert_int_equal(start(), 0);
	ground_said();
	assert_string_equal(verdict(), "");
}

static void F65_a_full_state_directory_does_not_prevent_a_reload(void **state)
{
	char block[4096] = "";
	int filler;

	ground_need();
	close(state_dir);
	assert_int_equal(mount("s", STATE, "tmpfs", 0, "mode=700,size=16k"), 0);
	state_dir = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put("one");
	assert_int_equal(start(), 0);
	filler = open(STATE "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(filler, block, sizeof(block)) > 0)
		;
	close(filler);
	ground_listen();
	put("two");
	settle();
	assert_non_null(strstr(ground_said(), "cannot keep a copy"));
	assert_string_equal(verdict(), "two");
	assert_non_null(strstr(ground_read(COPY), "[namespace one]"));
	assert_int_equal(unlink(STATE "/filler"), 0);
	put("three");
	settle();
	assert_non_null(strstr(ground_read(COPY), "[namespace three]"));
}

static void impossible_paths_are_refused(void **state)
{
	char path[5000];

	ground_need();
	assert_int_equal(store_open(&store, event, "netns-pam.conf", state_dir,
				    STATE, on_changed, &changes, &why),
			 -EINVAL);
	assert_non_null(strstr(why.text, "absolute"));
	assert_true(store_open(&store, event, "/run/no/such.conf", state_dir,
			       STATE, on_changed, &changes, &why) < 0);
	assert_non_null(strstr(why.text, "/run/no"));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(store_open(&store, event, path, state_dir, STATE,
				    on_changed, &changes, &why),
			 -EINVAL);
	assert_null(store);
}

static void opening_and_closing_leaves_no_descriptor(void **state)
{
	int fds;

	ground_need();
	put("one");
	assert_int_equal(start(), 0);
	store = store_close(store);
	fds = ground_count("/proc/self/fd");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(start(), 0);
		put(i % 2 ? "one" : "two");
		settle();
		store = store_close(store);
	}
	assert_int_equal(ground_count("/proc/self/fd"), fds);
}

#define store_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(no_file_is_an_empty_policy),
		store_test(a_renamed_file_is_loaded_and_published),
		store_test(an_equal_policy_is_no_change),
		store_test(F27_a_file_that_is_being_written_is_not_read),
		store_test(F27_a_busy_file_is_read_again_later),
		store_test(
			F26_an_invalid_file_the_last_valid_policy_stays_in_force),
		store_test(F26_200_alternations_of_valid_and_invalid_files),
		store_test(a_removed_file_takes_effect_after_a_second),
		store_test(an_explicit_reload_applies_a_missing_file_at_once),
		store_test(F28_a_file_that_others_can_write_is_refused),
		store_test(drop_ins_are_watched),
		store_test(
			F25_a_restart_with_an_invalid_file_uses_the_last_valid_one),
		store_test(
			F25_first_start_with_an_invalid_file_takes_an_empty_policy),
		store_test(F25_an_incomplete_copy_is_not_used),
		store_test(
			F65_a_full_state_directory_does_not_prevent_a_reload),
		store_test(impossible_paths_are_refused),
		store_test(opening_and_closing_leaves_no_descriptor),
	};

	ground_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
