/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Child programs: what they inherit, and how their end is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "ground.h"
#include "helper/helper.h"
#include "helper/process/child.h"
#include "helper/process/process.h"

static struct helper h;
static struct error why;
static char lines[2048];
static int ended; /* how often */
static int result;
static struct error words;

static void on_line(void *data, char *line)
{
	strncat(lines, line, sizeof(lines) - strlen(lines) - 2);
	strncat(lines, "\n", 2);
}

static void on_end(void *data, int r, const struct error *said)
{
	ended++;
	result = r;
	words = *said;
}

static const struct child_events events = {on_line, on_end, NULL};

static int setup(void **state)
{
	lines[0] = '\0';
	ended = 0;
	h.children = NULL;
	return sd_event_new(&h.event) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	child_close_all(&h);
	h.event = sd_event_unref(h.event);
	return 0;
}

#define wait_for(condition)                                                    \
	do {                                                                   \
		uint64_t until_ = deadline_in_ms(8000);                        \
		while (!(condition) && deadline_left_ms(until_))               \
			sd_event_run(h.event, 20000);                          \
		assert_true(condition);                                        \
	} while (0)

/* Starts a shell command; `more` has the other settings. */
static struct child *start(const char *script, struct child_command more)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct child *c = NULL;

	more.label = "the test";
	more.argv = argv;
	if (!more.netns)
		more.netns = -1;
	if (child_start(&h, &more, &events, &c, &why) < 0)
		fail_msg("%s", why.text);
	return c;
}

static void run(const char *script, struct child_command more)
{
	start(script, more);
	assert_int_equal(ended, 0); /* never from within child_start() */
	wait_for(ended);
	assert_int_equal(ended, 1);
	assert_null(h.children);
}

static void lines_and_the_exit_status_are_reported(void **state)
{
	run("echo one; echo; printf two", (struct child_command){0});
	assert_string_equal(lines, "one\ntwo\n");
	assert_int_equal(result, 0);
}

static void F103_output_that_cannot_be_read_is_not_empty_output(void **state)
{
	/* Its pipes are the newest two: read(2) of a directory fails. */
	int next = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), pipes = 0;
	char path[64], to[64];

	start(":", (struct child_command){.held = true});
	for (int fd = next; fd < next + 16; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		memset(to, 0, sizeof(to));
		if (fd != next && readlink(path, to, sizeof(to) - 1) > 0 &&
		    !strncmp(to, "pipe:", 5) &&
		    (fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK)) ==
			    O_NONBLOCK) {
			assert_int_equal(dup2(next, fd), fd);
			pipes++;
		}
	}
	assert_int_equal(pipes, 2);
	child_go(h.children);
	wait_for(ended);
	close(next);
	assert_int_equal(result, -EISDIR);
	assert_string_equal(words.text,
			    "cannot read the output of the test: Is a directory");
}

static void the_last_line_of_stderr_is_in_the_error(void **state)
{
	ground_listen();
	run("echo first >&2; echo it is broken >&2; exit 4",
	    (struct child_command){0});
	assert_int_equal(result, -ECHILD);
	assert_string_equal(words.text,
			    "the test failed with status 4: it is broken");
	assert_non_null(strstr(ground_said(), "the test: first\n"));
}

static void the_error_names_the_signal(void **state)
{
	run("kill -SEGV $$", (struct child_command){0});
	assert_int_equal(result, -ECHILD);
	assert_string_equal(words.text, "the test was killed by signal 11");
}

static void F57_environment_descriptors_and_signals_are_clean(void **state)
{
	static const char *const env[] = {"COLOUR=blue", NULL};

	setenv("LD_PRELOAD_TEST", "leak", 1);
	signal(SIGPIPE, SIG_IGN);
	run("env | grep -vE '^(PWD|_|SHLVL)=' | sort; pwd; umask;"
	    "echo $(ls /proc/self/fd);"
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status | "
	    "sed 's/[0-9a-f]*\\(.......\\)$/\\1/'; ulimit -c; ulimit -n",
	    (struct child_command){.env = env});
	assert_string_equal(lines, "COLOUR=blue\nLANG=C.UTF-8\nPATH=" CHILD_PATH
				   "\n/\n0022\n0 1 2 3\nSigBlk:\t0000000\n"
				   "SigIgn:\t0000000\n0\n1024\n");
}

static void a_secret_is_passed_on_stdin_only(void **state)
{
	static const char secret[] = "key = 12345\n";

	run("cat; tr '\\0' ' ' </proc/$$/cmdline /proc/$$/environ | "
	    "grep -c 12345",
	    (struct child_command){.input = secret,
				   .input_bytes = sizeof(secret) - 1});
	assert_string_equal(lines, "key = 12345\n0\n");
}

static void without_input_stdin_is_at_end_of_file(void **state)
{
	run("cat; echo done", (struct child_command){0});
	assert_string_equal(lines, "done\n");
}

static void the_error_names_a_missing_program(void **state)
{
	const char *const argv[] = {"frobnicated", NULL};
	const struct child_command command = {.label = "x",
					      .argv = argv,
					      .package = "frobnicator",
					      .netns = -1};
	struct child *c;

	assert_int_equal(child_start(&h, &command, &events, &c, &why), -ENOENT);
	assert_string_equal(why.text, "the program frobnicated is not "
				      "installed: install frobnicator");
	assert_null(h.children);
}

static void a_timeout_kills_the_program_and_its_children(void **state)
{
	pid_t grandchild;

	run("trap '' TERM; sleep 1000 & echo $!; wait; wait",
	    (struct child_command){.timeout_ms = 200});
	assert_int_equal(result, -ETIME);
	assert_string_equal(words.text, "the test took too long and was ended");
	grandchild = (pid_t)strtol(lines, NULL, 10);
	assert_true(grandchild > 1);
	wait_for(kill(grandchild, 0) < 0);
}

static void a_stopped_program_causes_no_callback(void **state)
{
	struct child *c;

	c = start("trap 'exit 0' TERM; echo here; while :; do sleep 0.05; done",
		  (struct child_command){0});
	wait_for(lines[0]);
	assert_null(child_stop(c));
	wait_for(!h.children);
	assert_int_equal(ended, 0);
}

static int other_end;

static void on_other_end(void *data, int r, const struct error *said)
{
	other_end++;
}

static void child_end_replaces_the_callback(void **state)
{
	struct child *c;

	c = start("trap '' TERM; echo here; while :; do sleep 0.05; done",
		  (struct child_command){0});
	wait_for(lines[0]);
	child_end(c, on_other_end, NULL);
	assert_non_null(h.children);
	wait_for(other_end);
	assert_int_equal(ended, 0);
	assert_null(h.children);
}

static void F58_a_held_program_starts_at_child_go(void **state)
{
	struct child *c;
	char exe[64], now[256] = "";

	c = start("echo began", (struct child_command){.held = true});
	snprintf(exe, sizeof(exe), "/proc/%d/exe", child_pid(c));
	assert_true(readlink(exe, now, sizeof(now) - 1) > 0);
	assert_non_null(strstr(now, "test_child")); /* not a shell yet */
	child_go(c);
	wait_for(ended);
	assert_string_equal(lines, "began\n");
}

static void F58_daemon_killed_a_held_program_never_starts(void **state)
{
	int pipes[2];
	char text[32] = "";
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		h.event = NULL; /* the parent's loop, unusable after fork(2) */
		if (sd_event_new(&h.event) < 0)
			_exit(1);
		start("echo began >&3",
		      (struct child_command){.held = true,
					     .pass_fd = pipes[1]});
		raise(SIGKILL);
	}
	close(pipes[1]);
	/* end of file: no process has the other end open */
	assert_int_equal(read(pipes[0], text, sizeof(text) - 1), 0);
	close(pipes[0]);
	waitpid(pid, NULL, 0);
}

static void a_flood_of_output_does_not_block_the_loop(void **state)
{
	uint64_t began;

	start("yes", (struct child_command){0});
	began = deadline_now_ms();
	for (int n = 0; n < 20; n++)
		sd_event_run(h.event, 0);
	assert_true(deadline_now_ms() - began < 3000);
	assert_int_equal(ended, 0);
}

static void a_program_runs_inside_a_namespace(void **state)
{
	_cleanup_close_ int fd = -1;
	char wanted[64];
	struct stat st;

	ground_need();
	fd = ground_netns_new();
	assert_int_equal(fstat(fd, &st), 0);
	run("readlink /proc/$$/ns/net; echo $(ls /proc/self/fd)",
	    (struct child_command){.netns = fd, .pass_fd = fd});
	snprintf(wanted, sizeof(wanted), "net:[%lu]\n0 1 2 3 4\n",
		 (unsigned long)st.st_ino);
	assert_string_equal(lines, wanted);
}

/* A daemon with many sessions has more descriptors than a program may have. */
static void a_descriptor_is_passed_when_thousands_are_open(void **state)
{
	const struct rlimit many = {4096, 4096};
	int fds[2000], pipes[2];
	char text[16] = "";

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
	for (size_t n = 0; n < 2000; n++)
		assert_true((fds[n] = open("/dev/null", O_CLOEXEC)) >= 0);
	assert_int_equal(pipe(pipes), 0);
	run("echo here >&3; ulimit -n",
	    (struct child_command){.pass_fd = pipes[1]});
	assert_int_equal(result, 0);
	assert_string_equal(lines, "1024\n");
	assert_true(read(pipes[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "here\n");
	close(pipes[0]);
	close(pipes[1]);
	for (size_t n = 0; n < 2000; n++)
		close(fds[n]);
}

static void a_program_of_another_user_has_one_capability(void **state)
{
	ground_need();
	run("id -u; id -g; id -G; grep -E 'Cap(Eff|Prm|Amb)' /proc/$$/status; "
	    "umask",
	    (struct child_command){.uid = 5001,
				   .gid = 5002,
				   .capabilities = UINT64_C(1)
						   << CAP_NET_BIND_SERVICE});
	assert_string_equal(lines, "5001\n5002\n5002\n"
				   "CapPrm:\t0000000000000400\n"
				   "CapEff:\t0000000000000400\n"
				   "CapAmb:\t0000000000000400\n0077\n");
}

static void F57_programs_of_one_user_cannot_read_each_other(void **state)
{
	const struct child_command nobody = {
		.uid = 5001,
		.gid = 5002,
		.capabilities = UINT64_C(1) << CAP_NET_ADMIN,
	};
	struct child *one;
	char script[200];

	ground_need();
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
		skip();
	one = start("echo here; exec sleep 1000", nobody);
	wait_for(lines[0]);
	snprintf(script, sizeof(script),
		 "cat /proc/%d/environ; echo; readlink /proc/$$/exe",
		 (int)child_pid(one));
	lines[0] = '\0';
	start(script, nobody);
	wait_for(ended);
	assert_int_equal(result, 0);
	assert_null(strstr(lines, "PATH"));
	assert_non_null(strstr(lines, "sh\n")); /* it can read its own */
	child_stop(one);
}

static void a_lasting_program_is_adopted_by_the_next_daemon(void **state)
{
	struct child *c;
	uint64_t identity;
	pid_t pid;

	c = start("exec sleep 1000", (struct child_command){.lasting = true});
	pid = child_pid(c);
	identity = child_identity(c);
	assert_int_not_equal(identity, 0);
	child_close_all(&h); /* the daemon ends, the program stays */
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(child_adopt(&h, pid, identity + 1, "it", &events, &c),
			 ABSENT);
	assert_int_equal(child_adopt(&h, pid, identity, "it", &events, &c), 0);
	assert_int_equal(child_signal(c, SIGTERM), 0);
	wait_for(ended);
	assert_int_equal(result, -ECHILD);
	assert_string_equal(words.text, "it ended");
}

/* The kernel's answer before 6.16 for the number of a process group. */
static int open_with_EINVAL(void *data)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {4, code};
	int fd = -EBADF;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		return 1;
	return process_open(getpid(), 0, &fd) == ABSENT ? 0 : 2;
}

static void F102_the_number_of_a_process_group_is_no_process(void **state)
{
	assert_int_equal(ground_run(open_with_EINVAL, NULL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(lines_and_the_exit_status_are_reported),
		TEST(F103_output_that_cannot_be_read_is_not_empty_output),
		TEST(the_last_line_of_stderr_is_in_the_error),
		TEST(the_error_names_the_signal),
		TEST(F57_environment_descriptors_and_signals_are_clean),
		TEST(a_secret_is_passed_on_stdin_only),
		TEST(without_input_stdin_is_at_end_of_file),
		TEST(the_error_names_a_missing_program),
		TEST(a_timeout_kills_the_program_and_its_children),
		TEST(a_stopped_program_causes_no_callback),
		TEST(child_end_replaces_the_callback),
		TEST(F58_a_held_program_starts_at_child_go),
		TEST(F58_daemon_killed_a_held_program_never_starts),
		TEST(a_flood_of_output_does_not_block_the_loop),
		TEST(a_program_runs_inside_a_namespace),
		TEST(a_descriptor_is_passed_when_thousands_are_open),
		TEST(a_program_of_another_user_has_one_capability),
		TEST(F57_programs_of_one_user_cannot_read_each_other),
		TEST(a_lasting_program_is_adopted_by_the_next_daemon),
		TEST(F102_the_number_of_a_process_group_is_no_process),
	};

	ground_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
