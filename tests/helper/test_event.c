/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs tell by the script that they run, packaging/link-event. */
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
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "ground.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/link/dhcp_event.h"

#define STATE	"/run/state"
#define DIR_7	STATE "/events/7"
#define SCRIPT	"packaging/link-event"
#define BY_PATH "NETNS_PAM_EVENT=" DIR_7 "/event"

static struct helper h;
static struct instance instance;
static struct error why;
static unsigned int told;
static char heard[256]; /* the variable `ip`, or "none" */
static bool forget;	/* from within the callback */
static bool done;	/* likewise */
static unsigned int told_done;

static void on_told(struct instance *i, const struct event *e)
{
	const char *ip = event_get(e, "ip");
	const char *argument = event_get(e, "NETNS_PAM_ARGUMENT");

	assert_ptr_equal(i, &instance);
	told++;
	told_done += event_is_done(e);
	if (done)
		event_done(i);
	snprintf(heard, sizeof(heard), "%s %s", argument ? argument : "-",
		 ip ? ip : "-");
	if (forget)
		event_forget(i);
}

static int event_setup(void **state)
{
	if (geteuid() != 0)
		return 0;
	umask(077);
	if (mount("p", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir(STATE, 0700) < 0)
		return -1;
	h = (struct helper){.state_path = STATE};
	h.state_dir = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	instance = (struct instance){
		.helper = &h,
		.id = 7,
		.state = INSTANCE_MAKING,
	};
	snprintf(instance.name, sizeof(instance.name), "office");
	told = 0;
	heard[0] = '\0';
	forget = done = false;
	told_done = 0;
	return sd_event_new(&h.event) < 0 || event_open(&h, &why) < 0;
}

static int event_teardown(void **state)
{
	if (geteuid() != 0)
		return 0;
	event_close(&h);
	h.event = sd_event_unref(h.event);
	close(h.state_dir);
	return umount2("/run", MNT_DETACH);
}

/* inotify queues events in the writer: all events are there now. */
static void settle(void)
{
	while (sd_event_run(h.event, 0) > 0)
		;
}

static void watch(void)
{
	assert_int_equal(event_watch(&instance, on_told, &why), 0);
	settle();
}

static void the_script_tells(void **state)
{
	ground_need();
	watch();
	assert_int_equal(told, 0);
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	settle();
	assert_int_equal(told, 1);
	assert_string_equal(heard, "bound 192.0.2.9");
	/* The last word counts. */
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound && "
				   "env -i %s %s deconfig",
				   BY_PATH, SCRIPT, BY_PATH, SCRIPT),
			 0);
	settle();
	assert_string_equal(heard, "deconfig -");
}

static void F95_a_program_that_is_not_root_tells_by_a_descriptor(void **state)
{
	ground_need();
	watch();
	/* Not by the path, which is root's. */
	assert_int_not_equal(ground_sh("setpriv --reuid 65534 --regid 65534 --clear-groups "
				       "env -i %s ip=192.0.2.9 %s bound",
				       BY_PATH, SCRIPT),
			     0);
	settle();
	assert_int_equal(told, 0);
	assert_int_equal(ground_sh("setpriv --reuid 65534 --regid 65534 --clear-groups "
				   "env -i " EVENT_VARIABLE_BY_FD
				   " ip=192.0.2.9 %s renew 9<%s",
				   SCRIPT, DIR_7),
			 0);
	settle();
	assert_string_equal(heard, "renew 192.0.2.9");
	assert_true(event_directory(&instance) >= 0);
}

static void a_restarted_helper_hears_the_last_word(void **state)
{
	ground_need();
	watch();
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	event_close(&h);
	assert_int_equal(told, 0);
	assert_int_equal(event_open(&h, &why), 0);
	instance.state = INSTANCE_LIVE;
	assert_int_equal(event_watch(&instance, on_told, &why), 0);
	assert_int_equal(told, 0); /* from the loop only */
	settle();
	assert_string_equal(heard, "bound 192.0.2.9");
}

static void what_is_done_is_known_after_a_restart(void **state)
{
	ground_need();
	watch();
	done = true;
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	settle();
	event_close(&h);
	assert_int_equal(ground_sh("env -i %s %s deconfig", BY_PATH, SCRIPT),
			 0);
	assert_int_equal(event_open(&h, &why), 0);
	instance.state = INSTANCE_LIVE;
	done = false;
	assert_int_equal(event_watch(&instance, on_told, &why), 0);
	settle();
	assert_int_equal(told, 3);
	assert_int_equal(told_done, 1);
	assert_string_equal(heard, "deconfig -");
}

/* What a namespace of the same number left is not this one's lease. */
static void a_new_namespace_hears_nothing_of_an_old_one(void **state)
{
	ground_need();
	watch();
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	event_close(&h);
	assert_int_equal(event_open(&h, &why), 0);
	watch();
	assert_int_equal(told, 0);
	assert_int_equal(ground_count(DIR_7), 0);
}

static void forgetting_leaves_nothing(void **state)
{
	ground_need();
	event_forget(&instance); /* fine when there is none */
	watch();
	/* All that a program has left there is removed. */
	assert_int_equal(ground_sh("mkdir %s/d && touch %s/f && mkfifo %s/p",
				   DIR_7, DIR_7, DIR_7),
			 0);
	forget = true;
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	settle();
	assert_int_equal(told, 1);
	assert_int_equal(ground_count(STATE "/events"), 0);
	assert_int_equal(event_directory(&instance), -ENOENT);
}

/* As a client that was sent SIGTERM and still writes. */
static pid_t chatter(int dir)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (setresuid(65534, 65534, 65534) < 0)
		_exit(1);
	for (;;) {
		close_fd(openat(dir, "event.new",
				O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
		renameat(dir, "event.new", dir, "event");
	}
}

static void forgetting_a_program_that_goes_on_leaves_nothing(void **state)
{
	ground_need();
	for (int n = 0; n < 50; n++) {
		pid_t pid;

		watch();
		pid = chatter(event_directory(&instance));
		assert_true(pid > 0);
		while (!ground_count(DIR_7))
			;
		event_forget(&instance);
		ground_kill(pid);
		assert_int_equal(ground_count(STATE "/events"), 0);
	}
}

/* None of it is reported, none of it blocks. */
static void F95_odd_files_are_not_told(void **state)
{
	static const char *const odd[] = {
		"mkfifo new",
		"ln -s /etc/passwd new",
		"mkdir new",
		": >new",
		"printf ip=1.2.3.4 >new", /* no NUL at its end */
		"head -c 70000 /dev/zero >new",
	};

	ground_need();
	watch();
	for (size_t n = 0; n < sizeof(odd) / sizeof(odd[0]); n++) {
		assert_int_equal(ground_sh("cd %s && rm -rf * && %s && "
					   "mv -T new event",
					   DIR_7, odd[n]),
				 0);
		ground_listen();
		settle();
		assert_non_null(strstr(ground_said(), "office"));
		assert_int_equal(told, 0);
	}
}

static void a_value_is_all_up_to_its_NUL(void **state)
{
	ground_need();
	watch();
	/* A newline is a part of the value; a longer name is another. */
	assert_int_equal(ground_sh("env -i %s ipx=1 \"ip=a\nip=b\" %s bound",
				   BY_PATH, SCRIPT),
			 0);
	settle();
	assert_string_equal(heard, "bound a\nip=b");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, event_setup, event_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_script_tells),
		TEST(F95_a_program_that_is_not_root_tells_by_a_descriptor),
		TEST(a_restarted_helper_hears_the_last_word),
		TEST(what_is_done_is_known_after_a_restart),
		TEST(a_new_namespace_hears_nothing_of_an_old_one),
		TEST(forgetting_leaves_nothing),
		TEST(forgetting_a_program_that_goes_on_leaves_nothing),
		TEST(F95_odd_files_are_not_told),
		TEST(a_value_is_all_up_to_its_NUL),
	};

	ground_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
