/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PAM code, the message and the log line of each outcome of a login. */
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "box.h"
#include "driver.h"
#include "fake_daemon.h"
#include "pam_netns/options.h"
#include "pam_netns/outcome.h"

#define POLICY                                                                 \
	"[options]\ntimeout = 1s\n"                                            \
	"[rule one]\nusers = alice\nnamespace = jail\n"                        \
	"[rule two]\nusers = carol\nnamespace = jail\non_error = host\n"       \
	"[rule three]\ngroups = nosuch\nnamespace = jail\n"                    \
	"[namespace jail]\nlink = none\n"

struct result {
	int code;
	unsigned long netns;
	int n_messages;
	char message[256];
	char environment[128];
	int n_lines, priority; /* number of log lines; priority of the last */
	char line[1024];
};

/* One open in a child, so that the test program itself is not moved. */
struct attempt {
	const char *service, *user;
	enum driver_conv conv;
	int flags;
	struct result *result; /* shared memory */
};

static struct result *shared;

/* Records the log lines of the module instead of syslog(3). */
static void line_note(int priority, const char *format, va_list args)
{
	char line[sizeof(shared->line)];

	vsnprintf(line, sizeof(line), format, args);
	if (!strstr(line, "pam_netns("))
		return;
	shared->n_lines++;
	shared->priority = LOG_PRI(priority);
	memcpy(shared->line, line, sizeof(line));
}

void syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_note(priority, format, args);
	va_end(args);
}

/* NOLINTNEXTLINE(bugprone-reserved-identifier): glibc's name */
void __syslog_chk(int priority, int flag, const char *format, ...);

void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_note(priority, format, args);
	va_end(args);
}

static void attempt_run(void *data)
{
	struct attempt *a = data;
	struct driver d;
	const char *text;

	box_check(driver_start(&d, a->service, a->user, a->conv) ==
		  PAM_SUCCESS);
	a->result->code = driver_open(&d, a->flags);
	a->result->netns = box_namespace("net");
	a->result->n_messages = d.n_messages;
	snprintf(a->result->message, sizeof(a->result->message), "%s",
		 d.message);
	text = pam_getenv(d.pamh, "NETNS_PAM_NAMESPACE");
	snprintf(a->result->environment, sizeof(a->result->environment), "%s",
		 text ? text : "(none)");
	driver_end(&d, 0);
}

static struct result attempt_conv(const char *service, const char *user,
				  enum driver_conv conv, int flags)
{
	struct attempt a = {service, user, conv, flags, shared};

	memset(shared, 0, sizeof(*shared));
	box_fork(attempt_run, &a);
	return *shared;
}

static struct result attempt(const char *user)
{
	return attempt_conv("test", user, DRIVER_CONV, 0);
}

static struct result attempt_with(const struct fake_plan *plan,
				  const char *user)
{
	struct fake_seen *seen;
	pid_t daemon_pid = fake_start(plan, &seen);
	struct result r = attempt(user);

	fake_stop(daemon_pid, seen);
	return r;
}

static int prepare(void **state)
{
	box_write(BOX_POLICY, "%s", POLICY);
	unlink(BOX_STATE "/policy");
	unlink(BOX_STATE "/disable");
	driver_service("test", NULL, 1);
	return 0;
}

static unsigned long jail_inode(void)
{
	struct stat st;

	assert_int_equal(stat(BOX_NETNS, &st), 0);
	return st.st_ino;
}

#define assert_stayed(r) assert_int_equal((r).netns, box_namespace("net"))

static void test_outcome_codes(void **state)
{
	static const int wanted[OUTCOMES_][2] = {
		[OUTCOME_NO_RULE] = {PAM_IGNORE, PAM_IGNORE},
		[OUTCOME_DISABLED] = {PAM_IGNORE, PAM_IGNORE},
		[OUTCOME_ROOT_PASSES] = {PAM_IGNORE, PAM_IGNORE},
		[OUTCOME_STAYS] = {PAM_SUCCESS, PAM_SUCCESS},
		[OUTCOME_MOVED] = {PAM_SUCCESS, PAM_SUCCESS},
		[OUTCOME_REPEATED] = {PAM_SUCCESS, PAM_SUCCESS},
		[OUTCOME_DENIED] = {PAM_PERM_DENIED, PAM_PERM_DENIED},
		[OUTCOME_UNAVAILABLE] = {PAM_SYSTEM_ERR, PAM_IGNORE},
		[OUTCOME_UNDECIDED] = {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
		[OUTCOME_STRANDED] = {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
	};

	for (int o = 0; o < OUTCOMES_; o++)
		for (int host = 0; host < 2; host++)
			assert_int_equal(outcome_code((enum outcome)o, host),
					 wanted[o][host]);
	assert_int_equal(outcome_code(OUTCOMES_, true), PAM_SYSTEM_ERR);
	assert_int_equal(outcome_code((enum outcome) - 1, true),
			 PAM_SYSTEM_ERR);
}

static void test_no_rule(void **state)
{
	struct result r;

	r = attempt("bob"); /* no daemon runs */
	assert_int_equal(r.code, PAM_IGNORE);
	assert_stayed(r);
	assert_int_equal(r.n_messages, 0);
}

static void test_no_policy(void **state)
{
	unlink(BOX_POLICY);
	assert_int_equal(attempt("alice").code, PAM_IGNORE);
	assert_int_equal(attempt("root").code, PAM_IGNORE);
}

static void test_moved(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct result r;

	r = attempt_with(&plan, "alice");
	assert_int_equal(r.code, PAM_SUCCESS);
	assert_int_equal(r.netns, jail_inode());
	assert_string_equal(r.environment, "jail");
	assert_int_equal(r.n_messages, 0);
}

static void test_stays_outside(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct result r;

	plan.n_fds = 0;
	plan.reply = (struct proto_reply){.magic = PROTO_MAGIC,
					  .version = PROTO_VERSION,
					  .verdict = PROTO_STAY};
	r = attempt_with(&plan, "alice");
	assert_int_equal(r.code, PAM_SUCCESS);
	assert_stayed(r);
	assert_string_equal(r.environment, "(none)");
}

static struct fake_plan refusal(enum proto_verdict verdict)
{
	struct fake_plan plan = fake_plan_ok();

	plan.n_fds = 0;
	plan.reply = (struct proto_reply){.magic = PROTO_MAGIC,
					  .version = PROTO_VERSION,
					  .verdict = (uint16_t)verdict,
					  .text = "secret: pool 10.1 is full"};
	return plan;
}

static void test_failures(void **state)
{
	static const struct {
		const char *user;
		enum proto_verdict verdict;
		int code;
	} cases[] = {
		{"alice", PROTO_DENIED, PAM_PERM_DENIED},
		{"carol", PROTO_DENIED, PAM_PERM_DENIED},
		{"alice", PROTO_FAILED, PAM_SYSTEM_ERR},
		{"carol", PROTO_FAILED, PAM_IGNORE},
		{"alice", PROTO_MALFORMED, PAM_SYSTEM_ERR},
		{"carol", PROTO_MALFORMED, PAM_IGNORE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_plan plan = refusal(cases[i].verdict);
		struct result r = attempt_with(&plan, cases[i].user);

		assert_int_equal(r.code, cases[i].code);
		assert_stayed(r);
		assert_int_equal(r.n_messages, r.code != PAM_IGNORE);
		assert_null(strstr(r.message, "pool"));
		assert_string_equal(r.environment, "(none)");
	}
}

static void test_no_daemon(void **state)
{
	struct result r;

	r = attempt("alice");
	assert_int_equal(r.code, PAM_SYSTEM_ERR);
	assert_stayed(r);
	assert_int_equal(r.n_messages, 1);
	r = attempt("carol"); /* on_error = host */
	assert_int_equal(r.code, PAM_IGNORE);
	assert_stayed(r);
	assert_int_equal(r.n_messages, 0);
	assert_int_equal(attempt("root").code, PAM_IGNORE);
}

static void test_conversation(void **state)
{
	struct result r;

	assert_int_equal(attempt_conv("test", "alice", DRIVER_CONV, PAM_SILENT)
				 .code,
			 PAM_SYSTEM_ERR);
	assert_int_equal(shared->n_messages, 0);
	r = attempt_conv("test", "alice", DRIVER_CONV_NULL, 0);
	assert_int_equal(r.code, PAM_SYSTEM_ERR);
	assert_stayed(r);
	r = attempt_conv("test", "alice", DRIVER_CONV_FAILS, 0);
	assert_int_equal(r.code, PAM_SYSTEM_ERR);
	assert_int_equal(r.n_messages, 1);
}

static void test_broken_policy(void **state)
{
	box_write(BOX_POLICY, "[rule one\nusers = alice\n");
	assert_int_equal(attempt("root").code, PAM_IGNORE);
	assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
	assert_int_equal(attempt("bob").code, PAM_SYSTEM_ERR);
	box_write(BOX_POLICY, "%s", POLICY);
	chmod(BOX_POLICY, 0666);
	assert_int_equal(attempt("root").code, PAM_IGNORE);
	assert_int_equal(attempt("bob").code, PAM_SYSTEM_ERR);
}

static void test_last_good_policy(void **state)
{
	struct fake_plan plan = fake_plan_ok();

	box_write(BOX_STATE "/policy", "%s", POLICY);
	chmod(BOX_STATE "/policy", 0600);
	box_write(BOX_POLICY, "[rule one\nusers = alice\n");
	assert_int_equal(attempt("bob").code, PAM_IGNORE);
	assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
	assert_int_equal(attempt_with(&plan, "alice").code, PAM_SUCCESS);
	unlink(BOX_POLICY);
	assert_int_equal(attempt("bob").code, PAM_IGNORE);
	assert_int_equal(attempt_with(&plan, "alice").code, PAM_SUCCESS);
	assert_int_equal(shared->netns, jail_inode());
}

/* The rule that the module applies to alice; or "none" or "error". */
static void module_says(char ret[static 32])
{
	struct result r = attempt("alice");
	const char *rule = strstr(r.line, "(rule ");

	snprintf(ret, 32, "%s", r.code == PAM_IGNORE ? "none" : "error");
	if (rule)
		sscanf(rule, "(rule %31[a-z]", ret);
}

/* The rule that `netns-pam explain` reports; or "none" or "error". */
static void explain_says(char ret[static 32])
{
	char command[PATH_MAX + 256], *slash;
	const char *rule = "none";
	json_t *answer;

	snprintf(ret, 32, "error");
	snprintf(command, PATH_MAX, "%s", box_module());
	slash = strrchr(command, '/');
	snprintf(slash, (size_t)(command + sizeof(command) - slash), "%s",
		 "/netns-pam --config=" BOX_POLICY " --socket=" BOX_SOCKET
		 " explain alice --service test --json >/run/out 2>/run/err");
	if (box_shell(command) != 0)
		return;
	answer = json_load_file("/run/out", 0, NULL);
	assert_non_null(answer);
	json_unpack(answer, "{s:{s:s}}", "result", "rule", &rule);
	snprintf(ret, 32, "%s", rule);
	json_decref(answer);
}

/* alice's rule has the name of its file. */
#define RULE(name)                                                             \
	"printf '[rule " name "]\\nusers = alice\\nnamespace = jail" name      \
	"\\n[namespace jail" name "]\\nlink = none\\n' >"
#define MAIN   RULE("main") BOX_POLICY "; "
#define DROPIN RULE("dropin") BOX_POLICY ".d/x.conf; "
#define COPY   RULE("last") BOX_STATE "/policy; "

static void test_same_as_explain(void **state)
{
	static const struct {
		const char *what, *expected, *make;
		bool written; /* a process has the file open for writing */
	} cases[] = {
		{"a file", "main", MAIN, false},
		{"a file and a copy", "main", MAIN COPY, false},
		{"an empty file and a copy", "none", COPY ">" BOX_POLICY,
		 false},
		{"a broken file", "error", "echo x >" BOX_POLICY, false},
		{"a broken file and a copy", "last", COPY "echo x >" BOX_POLICY,
		 false},
		{"a broken file and a broken copy", "error",
		 "echo x >" BOX_POLICY "; echo x >" BOX_STATE "/policy", false},
		{"a file being written", "error", MAIN, true},
		{"a file being written and a copy", "last", MAIN COPY, true},
		{"no file", "none", "", false},
		{"no file and a copy", "last", COPY, false},
		{"no file and a broken copy", "error",
		 "echo x >" BOX_STATE "/policy", false},
		{"drop-ins alone", "dropin", DROPIN, false},
		{"drop-ins alone and a copy of other files", "last",
		 DROPIN COPY, false},
		{"drop-ins alone and a copy of them", "dropin",
		 DROPIN "cp " BOX_POLICY ".d/x.conf " BOX_STATE "/policy",
		 false},
		{"drop-ins alone and a broken copy", "error",
		 DROPIN "echo x >" BOX_STATE "/policy", false},
		{"a broken drop-in", "error",
		 MAIN "echo x >" BOX_POLICY ".d/x.conf", false},
		{"a broken drop-in and a copy", "last",
		 MAIN COPY "echo x >" BOX_POLICY ".d/x.conf", false},
		{"a drop-in directory that others can write", "error",
		 MAIN "chmod 777 " BOX_POLICY ".d", false},
		{"the same and a copy", "last",
		 MAIN COPY "chmod 777 " BOX_POLICY ".d", false},
		{"a file that others can write", "error",
		 MAIN "chmod 666 " BOX_POLICY, false},
		{"the same and a copy", "last",
		 MAIN COPY "chmod 666 " BOX_POLICY, false},
		{"a file of another owner", "error",
		 MAIN "chown alice " BOX_POLICY, false},
		{"the same and a copy", "last",
		 MAIN COPY "chown alice " BOX_POLICY, false},
		{"a copy of another owner", "error",
		 COPY "chown alice " BOX_STATE "/policy", false},
		{"a link", "error",
		 MAIN "mv " BOX_POLICY " /etc/o; ln -s o " BOX_POLICY, false},
		{"a FIFO and a copy", "last", COPY "mkfifo " BOX_POLICY, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char module[32], explain[32];
		int fd = -1;

		assert_int_equal(box_shell("rm -rf " BOX_POLICY " " BOX_STATE
					   "/policy " BOX_POLICY
					   ".d; mkdir -m 755 " BOX_POLICY ".d"),
				 0);
		assert_int_equal(box_shell(*cases[i].make ? cases[i].make
							  : "true"),
				 0);
		if (cases[i].written)
			fd = open(BOX_POLICY, O_WRONLY | O_CLOEXEC);
		module_says(module);
		explain_says(explain);
		if (fd >= 0)
			close(fd);
		if (strcmp(module, cases[i].expected) != 0 ||
		    strcmp(explain, cases[i].expected) != 0)
			fail_msg("%s: the module says %s, explain %s, not %s",
				 cases[i].what, module, explain,
				 cases[i].expected);
	}
	assert_int_equal(box_shell("rm -rf " BOX_POLICY " " BOX_POLICY ".d"),
			 0);
}

static void test_disable(void **state)
{
	box_write(BOX_STATE "/disable", "%s", "");
	assert_int_equal(attempt("alice").code, PAM_IGNORE);
	box_write(BOX_POLICY, "%s", "[rule\n");
	assert_int_equal(attempt("alice").code, PAM_IGNORE);
	assert_int_equal(attempt("bob").code, PAM_IGNORE);
	/* Only a regular file that root alone can write has an effect. */
	box_write(BOX_POLICY, "%s", POLICY);
	assert_int_equal(chown(BOX_STATE "/disable", 5001, 0), 0);
	assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
	assert_int_equal(chown(BOX_STATE "/disable", 0, 0), 0);
	chmod(BOX_STATE "/disable", 0664);
	assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
	unlink(BOX_STATE "/disable");
	assert_int_equal(symlink("/etc/passwd", BOX_STATE "/disable"), 0);
	assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
}

static void test_bad_options(void **state)
{
	static const char *const bad[] = {
		"no_such_option", "config=relative", "config=",
		"socket=",	  "socket=/",	     "namespace=",
		"namespace=a/b",  "namespace=../x",  "Debug",
		"debug=yes",	  "config",	     "socket=relative/x",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct result r;

		unlink(BOX_STATE "/disable");
		driver_service("test", bad[i], 1);
		r = attempt("bob");
		if (r.code != PAM_SYSTEM_ERR || r.priority != LOG_ERR)
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(r.n_lines, 1);
		r = attempt("root");
		if (r.code != PAM_IGNORE || r.priority != LOG_ALERT)
			fail_msg("%s shuts root out", bad[i]);
		assert_int_equal(r.n_lines, 1);
		assert_stayed(r);
		box_write(BOX_STATE "/disable", "%s", "");
		r = attempt("bob");
		if (r.code != PAM_IGNORE || r.priority != LOG_ALERT)
			fail_msg("%s cannot be got by", bad[i]);
	}
}

/* Where the file `disable` is looked up when an option is invalid. */
static void test_bad_options_elsewhere(void **state)
{
	static const char *const good_socket[] = {
		"socket=/run/elsewhere/s typo",
		"typo socket=/run/elsewhere/s",
		"socket=/run/elsewhere/s socket=relative",
	};

	mkdir("/run/elsewhere", 0755);
	box_write("/run/elsewhere/disable", "%s", "");
	for (size_t i = 0; i < sizeof(good_socket) / sizeof(char *); i++) {
		driver_service("test", good_socket[i], 1);
		assert_int_equal(attempt("alice").code, PAM_IGNORE);
		assert_non_null(strstr(shared->line, "/run/elsewhere/disable"));
	}
	unlink("/run/elsewhere/disable");
	box_write(BOX_STATE "/disable", "%s", "");
	for (size_t i = 0; i < sizeof(good_socket) / sizeof(char *); i++) {
		driver_service("test", good_socket[i], 1);
		assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
	}
	rmdir("/run/elsewhere");
}

static void bad_options_round(void *data)
{
	struct driver d;

	box_check(driver_start(&d, "test", data, DRIVER_CONV) == PAM_SUCCESS);
	driver_open(&d, 0);
	box_check(shared->n_lines == 1);
	/*
	 * The code of the close comes from libpam, which repeats the path of
	 * the failed open; the log lines are the module's.
	 */
	driver_close(&d, 0);
	box_check(shared->n_lines == 1, "%s", shared->line);
	driver_end(&d, 0);
}

/* Invalid options affect the open only: a close logs nothing. */
static void test_bad_options_close(void **state)
{
	static char root[] = "root", bob[] = "bob";

	driver_service("test", "typo", 1);
	memset(shared, 0, sizeof(*shared));
	box_fork(bad_options_round, root);
	memset(shared, 0, sizeof(*shared));
	box_fork(bad_options_round, bob);
}

static void test_namespace_option(void **state)
{
	struct fake_plan plan = fake_plan_ok();

	driver_service("test",
		       "debug namespace=other config=" BOX_POLICY
		       " socket=" BOX_SOCKET,
		       1);
	assert_int_equal(attempt("alice").code, PAM_IGNORE);
	driver_service("test",
		       "debug namespace=jail config=" BOX_POLICY
		       " socket=" BOX_SOCKET,
		       1);
	assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
	assert_int_equal(attempt_with(&plan, "alice").code, PAM_SUCCESS);
}

static void test_unknown_user(void **state)
{
	char long_name[300];

	memset(long_name, 'u', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(attempt("nobody-has-this-name").code, PAM_SYSTEM_ERR);
	assert_int_equal(attempt(long_name).code, PAM_SYSTEM_ERR);
	assert_int_equal(attempt(NULL).code, PAM_SYSTEM_ERR);
	assert_int_equal(attempt("").code, PAM_SYSTEM_ERR);
}

static void test_excluded(void **state)
{
	box_write(BOX_POLICY,
		  "[options]\nexclude_services = test\n[rule all]\n"
		  "namespace = jail\n[namespace jail]\nlink = none\n");
	assert_int_equal(attempt("alice").code, PAM_IGNORE);
}

static void test_host_rule(void **state)
{
	box_write(BOX_POLICY, "[rule all]\nnamespace = host\n");
	/*
	 * PID 1 is in the namespace from which the box was unshared. For this
	 * process the login is nested, and the daemon decides: without a
	 * daemon it is refused.
	 */
	assert_int_equal(attempt("alice").code, PAM_SYSTEM_ERR);
}

static void test_close_alone(void **state)
{
	struct driver d;

	assert_int_equal(driver_start(&d, "test", "alice", DRIVER_CONV),
			 PAM_SUCCESS);
	assert_int_equal(driver_close(&d, 0), PAM_SUCCESS);
	assert_int_equal(driver_close(&d, 0), PAM_SUCCESS);
	driver_end(&d, 0);
}

/* One line for each result: priority, user, rule, reason, hint. */
static void test_log_lines(void **state)
{
	struct fake_plan plan = fake_plan_ok(), failed = refusal(PROTO_FAILED),
			 denied = refusal(PROTO_DENIED);
	struct result r;

	r = attempt_with(&plan, "alice");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_INFO);
	assert_non_null(strstr(r.line, "alice is in network namespace jail"));
	assert_non_null(strstr(r.line, "rule one"));

	r = attempt("bob");
	assert_int_equal(r.n_lines, 0);
	driver_service("test", "debug config=" BOX_POLICY " socket=" BOX_SOCKET,
		       1);
	r = attempt("bob");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_DEBUG);

	r = attempt("alice");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_ERR);
	assert_non_null(strstr(r.line, "alice is refused (rule one)"));
	assert_non_null(strstr(r.line, BOX_SOCKET));
	assert_non_null(strstr(r.line, "systemctl status netns-pamd"));

	r = attempt("carol");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_WARNING);
	assert_non_null(strstr(r.line, "stays outside"));

	r = attempt_with(&failed, "alice");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_ERR);
	assert_non_null(strstr(r.line, "pool 10.1 is full"));
	r = attempt_with(&denied, "carol");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_ERR);

	box_write(BOX_POLICY, "[rule one\n");
	r = attempt("alice");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_ERR);
	assert_non_null(strstr(r.line, BOX_POLICY ":1:"));
	r = attempt("root");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_ALERT);
	box_write(BOX_STATE "/disable", "%s", "");
	r = attempt("alice");
	assert_int_equal(r.n_lines, 1);
	assert_int_equal(r.priority, LOG_ALERT);
	assert_non_null(strstr(r.line, BOX_STATE "/disable"));
}

static void test_log_injection(void **state)
{
	struct result r;

	r = attempt("alice\nroot: let in");
	assert_int_equal(r.code, PAM_SYSTEM_ERR);
	assert_int_equal(r.n_lines, 1);
	assert_null(strchr(r.line, '\n'));
	assert_non_null(strstr(r.line, "alice\\x0aroot: let in"));
}

#define TEST(name, function) {name, function, prepare, NULL, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("F35 every outcome has its PAM code", test_outcome_codes),
		TEST("F29 no rule: ignored, without the daemon", test_no_rule),
		TEST("F24 no policy: nobody is mapped", test_no_policy),
		TEST("a mapped user is moved, and NETNS_PAM_NAMESPACE is set",
		     test_moved),
		TEST("the daemon answers STAY: success, not moved",
		     test_stays_outside),
		TEST("F35 each refusal has its PAM code, namespace and message",
		     test_failures),
		TEST("F1 no daemon: refused, except root and on_error = host",
		     test_no_daemon),
		TEST("F34 PAM_SILENT, no conversation, a failing conversation",
		     test_conversation),
		TEST("F25 broken policy: only root passes", test_broken_policy),
		TEST("F26 broken or missing policy: the last good policy is used",
		     test_last_good_policy),
		TEST("module and explain use the same policy in every state of the files",
		     test_same_as_explain),
		TEST("F33 the file `disable` of root lets all logins pass",
		     test_disable),
		TEST("unknown and malformed options: refused, except root and with `disable`",
		     test_bad_options),
		TEST("wrong options with a valid socket=: `disable` is found there",
		     test_bad_options_elsewhere),
		TEST("wrong options do not affect a close",
		     test_bad_options_close),
		TEST("namespace= applies only rules of that namespace",
		     test_namespace_option),
		TEST("a user without an account is refused", test_unknown_user),
		TEST("excluded services are ignored", test_excluded),
		TEST("namespace = host inside another namespace: the daemon decides",
		     test_host_rule),
		TEST("F36 close without open, twice", test_close_alone),
		TEST("one log line for each result", test_log_lines),
		TEST("F56 control bytes in a name are escaped in the log",
		     test_log_injection),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	box_make("retval");
	shared = box_share(sizeof(*shared));
	return cmocka_run_group_tests_name("pam_netns return values", tests,
					   NULL, NULL);
}
