/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child_run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

#define CHILD_ENV_MAX	  64
#define CHILD_FILES	  1024
#define CHILD_NOT_STARTED 127

/* linux/landlock.h of 6.12 */
#define CHILD_LANDLOCK_SCOPES 6 /* the version that has them */
#define CHILD_LANDLOCK_SIGNAL (UINT64_C(1) << 1)

static void child_die(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
	_exit(CHILD_NOT_STARTED);
}

static void child_capabilities(uint64_t wanted)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	for (int n = 0; n < 2; n++) {
		uint32_t bits = (uint32_t)(wanted >> (32 * n));

		data[n] = (struct __user_cap_data_struct){bits, bits, bits};
	}
	if (syscall(SYS_capset, &head, data) < 0)
		child_die("capabilities");
	for (int cap = 0; cap < 64; cap++)
		if (wanted >> cap & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			child_die("ambient capabilities");
}

/*
 * Raises what the daemon has of the wanted ones and drops the others. For root;
 * no_new_privs (privs.c) keeps execve(2) from adding any.
 */
static void child_keep(uint64_t wanted)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		child_die("capabilities");
	for (int n = 0; n < 2; n++) {
		data[n].permitted &= (uint32_t)(wanted >> (32 * n));
		data[n].effective = data[n].permitted;
		data[n].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, data) < 0)
		child_die("capabilities");
}

/*
 * The programs of several tunnels have one user, the same capabilities, and
 * each a private key in its memory. In a Landlock domain of its own none can
 * trace another, read its memory or descriptors, or (kernel 6.12) signal it. A
 * domain must handle an access right: making block devices, which they never
 * do.
 */
static void child_own_domain(void)
{
	struct child_ruleset {
		uint64_t fs, net, scoped;
	} rules = {.fs = LANDLOCK_ACCESS_FS_MAKE_BLOCK};
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	int fd;

	if (version >= CHILD_LANDLOCK_SCOPES)
		rules.scoped = CHILD_LANDLOCK_SIGNAL;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules),
			  0);
	if (fd >= 0)
		syscall(SYS_landlock_restrict_self, fd, 0);
	close_fd(fd);
}

static void child_become(const struct child_command *command)
{
	const struct rlimit memory = {command->memory_max, command->memory_max};
	const struct rlimit written = {command->file_max, command->file_max};
	sigset_t none;
	int fd;

	setsid();
	umask(command->uid ? 077 : 022);
	if (chdir("/") < 0)
		child_die("/");
	if (command->netns >= 0 && setns(command->netns, CLONE_NEWNET) < 0)
		child_die("the namespace");
	if (command->memory_max)
		setrlimit(RLIMIT_AS, &memory);
	if (command->file_max)
		setrlimit(RLIMIT_FSIZE, &written);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, "0", 1);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!command->uid) {
		if (command->capabilities)
			child_keep(command->capabilities);
		return;
	}
	child_keep(~UINT64_C(0)); /* to become another user */
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(0, NULL) < 0 ||
	    setresgid(command->gid, command->gid, command->gid) < 0 ||
	    setresuid(command->uid, command->uid, command->uid) < 0)
		child_die("another user");
	child_capabilities(command->capabilities);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	child_own_domain();
}

/* Ends it when the daemon is killed before child_go(). */
static void child_wait_for_go(const struct child_pipes *pipes)
{
	ssize_t n;
	char c;

	if (pipes->gate[0] < 0)
		return;
	close(pipes->gate[1]);
	do
		n = read(pipes->gate[0], &c, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(CHILD_NOT_STARTED);
}

/* Only the descriptors 0 to 2 and those of the command stay open. */
static void child_pass(const struct child_command *command)
{
	int as = command->pass_as ? command->pass_as : 3, n = 0;
	int fds[1 + CHILD_PASS_MORE];

	if (command->pass_fd > 2)
		fds[n++] = command->pass_fd;
	for (size_t k = 0; k < command->n_pass_more; k++)
		fds[n++] = command->pass_more[k];
	/* First above all the numbers that they get. */
	for (int k = 0; k < n; k++) {
		fds[k] = fcntl(fds[k], F_DUPFD_CLOEXEC, as + n);
		if (fds[k] < 0)
			child_die("its descriptors");
	}
	for (int k = 0; k < n; k++)
		if (dup2(fds[k], as + k) < 0)
			child_die("its descriptors");
	if (as > 3)
		syscall(SYS_close_range, 3, as - 1, 0);
	syscall(SYS_close_range, as + n, ~0u, 0);
}

void child_run(const struct child_command *command, const char *path,
	       const struct child_pipes *pipes)
{
	const char *env[CHILD_ENV_MAX + 3] = {"PATH=" CHILD_PATH,
					      "LANG=C.UTF-8"};
	const struct rlimit files = {CHILD_FILES, CHILD_FILES};
	size_t n = 2;

	child_wait_for_go(pipes);
	for (size_t k = 0; command->env && command->env[k]; k++)
		if (n < CHILD_ENV_MAX + 2)
			env[n++] = command->env[k];
	if (dup2(pipes->in[0], STDIN_FILENO) < 0 ||
	    dup2(pipes->out[1], STDOUT_FILENO) < 0 ||
	    dup2(pipes->err[1], STDERR_FILENO) < 0)
		_exit(CHILD_NOT_STARTED);
	child_become(command);
	child_pass(command);
	/* Not the limit of the daemon. */
	setrlimit(RLIMIT_NOFILE, &files);
	execve(path, (char *const *)(uintptr_t)command->argv,
	       (char *const *)(uintptr_t)env);
	child_die(path);
}
