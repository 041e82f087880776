/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that programs report by the script packaging/link-event. */
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
static unsigned int n_events;
static char last_event[256]; /* its argument and its variable `ip`, or "-" */
static bool forget;	     /* call event_forget() in the callback */
static bool done;	     /* call event_done() in the callback */
static unsigned int n_done;

static void on_event(struct instance *i, const struct event *e)
{
	const char *ip = event_get(e, "ip");
	const char *argument = event_get(e, "NETNS_PAM_ARGUMENT");

	assert_ptr_equal(i, &instance);
	n_events++;
	n_done += event_is_done(e);
	if (done)
		event_done(i);
	snprintf(last_event, sizeof(last_event), "%s %s",
		 argument ? argument : "-", ip ? ip : "-");
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
	n_events = 0;
	last_event[0] = '\0';
	forget = done = false;
	n_done = 0;
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
	assert_int_equal(event_watch(&instance, on_event, &why), 0);
	settle();
}

static void the_script_reports_an_event(void **state)
{
	ground_need();
	watch();
	assert_int_equal(n_events, 0);
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	settle();
	assert_int_equal(n_events, 1);
	assert_string_equal(last_event, "bound 192.0.2.9");
	/* The last event is the one that is read. */
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound && "
				   "env -i %s %s deconfig",
				   BY_PATH, SCRIPT, BY_PATH, SCRIPT),
			 0);
	settle();
	assert_string_equal(last_event, "deconfig -");
}

static void
F95_a_program_that_is_not_root_reports_through_a_descriptor(void **state)
{
	ground_need();
	watch();
	/* Not through the path: only root can write there. */
	assert_int_not_equal(ground_sh("setpriv --reuid 65534 --regid 65534 --clear-groups "
				       "env -i %s ip=192.0.2.9 %s bound",
				       BY_PATH, SCRIPT),
			     0);
	settle();
	assert_int_equal(n_events, 0);
	assert_int_equal(ground_sh("setpriv --reuid 65534 --regid 65534 --clear-groups "
				   "env -i " EVENT_VARIABLE_BY_FD
				   " ip=192.0.2.9 %s renew 9<%s",
				   SCRIPT, DIR_7),
			 0);
	settle();
	assert_string_equal(last_event, "renew 192.0.2.9");
	assert_true(event_directory(&instance) >= 0);
}

static void a_restarted_daemon_reads_the_last_event(void **state)
{
	ground_need();
	watch();
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	event_close(&h);
	assert_int_equal(n_events, 0);
	assert_int_equal(event_open(&h, &why), 0);
	instance.state = INSTANCE_LIVE;
	assert_int_equal(event_watch(&instance, on_event, &why), 0);
	assert_int_equal(n_events, 0); /* the callback runs in the loop only */
	settle();
	assert_string_equal(last_event, "bound 192.0.2.9");
}

static void a_handled_event_is_known_after_a_restart(void **state)
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
	assert_int_equal(event_watch(&instance, on_event, &why), 0);
	settle();
	assert_int_equal(n_events, 3);
	assert_int_equal(n_done, 1);
	assert_string_equal(last_event, "deconfig -");
}

/* A file left by a namespace of the same number is not an event of this one. */
static void a_new_namespace_ignores_events_of_an_earlier_one(void **state)
{
	ground_need();
	watch();
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	event_close(&h);
	assert_int_equal(event_open(&h, &why), 0);
	watch();
	assert_int_equal(n_events, 0);
	assert_int_equal(ground_count(DIR_7), 0);
}

static void event_forget_removes_the_directory(void **state)
{
	ground_need();
	event_forget(&instance); /* without a directory: no effect */
	watch();
	/* Files of any type that a program has made there are removed. */
	assert_int_equal(ground_sh("mkdir %s/d && touch %s/f && mkfifo %s/p",
				   DIR_7, DIR_7, DIR_7),
			 0);
	forget = true;
	assert_int_equal(ground_sh("env -i %s ip=192.0.2.9 %s bound", BY_PATH,
				   SCRIPT),
			 0);
	settle();
	assert_int_equal(n_events, 1);
	assert_int_equal(ground_count(STATE "/events"), 0);
	assert_int_equal(event_directory(&instance), -ENOENT);
}

/* As a client that was sent SIGTERM and still writes. */
static pid_t writer_start(int dir)
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

static void
event_forget_removes_the_directory_while_a_program_writes(void **state)
{
	ground_need();
	for (int n = 0; n < 50; n++) {
		pid_t pid;

		watch();
		pid = writer_start(event_directory(&instance));
		assert_true(pid > 0);
		while (!ground_count(DIR_7))
			;
		event_forget(&instance);
		ground_kill(pid);
		assert_int_equal(ground_count(STATE "/events"), 0);
	}
}

/* No callback is called, and reading the file does not block. */
static void F95_invalid_event_files_are_ignored(void **state)
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
		assert_int_equal(n_events, 0);
	}
}

static void a_value_ends_at_its_NUL(void **state)
{
	ground_need();
	watch();
	/* A newline is a part of the value; "ipx" is not "ip". */
	assert_int_equal(ground_sh("env -i %s ipx=1 \"ip=a\nip=b\" %s bound",
				   BY_PATH, SCRIPT),
			 0);
	settle();
	assert_string_equal(last_event, "bound a\nip=b");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, event_setup, event_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_script_reports_an_event),
		TEST(F95_a_program_that_is_not_root_reports_through_a_descriptor),
		TEST(a_restarted_daemon_reads_the_last_event),
		TEST(a_handled_event_is_known_after_a_restart),
		TEST(a_new_namespace_ignores_events_of_an_earlier_one),
		TEST(event_forget_removes_the_directory),
		TEST(event_forget_removes_the_directory_while_a_program_writes),
		TEST(F95_invalid_event_files_are_ignored),
		TEST(a_value_ends_at_its_NUL),
	};

	ground_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
