/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module with a daemon that fails in every way, in processes with unusual
 * limits, streams and privileges. This program replaces setns(2), so that it
 * can return success without changing the namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "box.h"
#include "common/deadline.h"
#include "driver.h"
#include "fake_daemon.h"
#include "pam_netns/guest.h"

#define DNS_TEXT "nameserver 192.0.2.53\nsearch example.net\n"

#ifdef __SANITIZE_ADDRESS__
#define RSS_SLACK_KIB (256 * 1024) /* AddressSanitizer keeps freed memory */
#else
#define RSS_SLACK_KIB 1024
#endif

static bool setns_has_no_effect;

int setns(int fd, int type)
{
	return setns_has_no_effect ? 0 : (int)syscall(SYS_setns, fd, type);
}

static int look_up_fails, n_inside, n_low;
static unsigned long jail_netns;

/* Called for each query of the name service: records where the process is. */
static int look_up(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* A descriptor opened by a query must not become a standard stream. */
	n_low += fd >= 0 && fd < 3;
	if (fd >= 0)
		close(fd);
	if (box_namespace("net") == jail_netns)
		n_inside++;
	return look_up_fails;
}

int getgrnam_r(const char *name, struct group *group, char *buffer, size_t size,
	       struct group **ret)
{
	int r = look_up();

	*ret = NULL;
	if (r == 0 && strcmp(name, "staff") == 0) {
		*group = (struct group){.gr_gid = 5003};
		*ret = group;
	}
	return r;
}

int getpwnam_r(const char *name, struct passwd *pw, char *buffer, size_t size,
	       struct passwd **ret)
{
	int r = look_up();

	*ret = NULL;
	if (r)
		return r;
	*pw = (struct passwd){.pw_name = (char *)(uintptr_t)name};
	pw->pw_uid = !strcmp(name, "alice")   ? 5001
		     : !strcmp(name, "carol") ? 5003
					      : 0;
	pw->pw_gid = pw->pw_uid;
	*ret = pw;
	return 0;
}

static unsigned long host_netns, host_mntns;
static int host_fd = -1;

static int prepare(void **state)
{
	struct stat st;

	look_up_fails = n_inside = n_low = 0;
	box_write(BOX_POLICY, "[options]\ntimeout = 1s\n"
			      "[rule one]\nusers = alice\nnamespace = jail\n"
			      "[namespace jail]\nlink = none\n");
	driver_service("test", NULL, 1);
	host_netns = box_namespace("net");
	host_mntns = box_namespace("mnt");
	if (host_fd < 0)
		host_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (stat(BOX_NETNS, &st) < 0)
		return -1;
	jail_netns = st.st_ino;
	return 0;
}

/* Starts a handle and opens the session. Return: the PAM code. */
static int open_once(struct driver *d, const char *user)
{
	int r = driver_start(d, "test", user, DRIVER_CONV);

	return r == PAM_SUCCESS ? driver_open(d, 0) : r;
}

static void assert_refused(void)
{
	struct driver d;

	assert_int_equal(open_once(&d, "alice"), PAM_SYSTEM_ERR);
	assert_int_equal(box_namespace("net"), host_netns);
	assert_int_equal(box_namespace("mnt"), host_mntns);
	assert_null(pam_getenv(d.pamh, "NETNS_PAM_NAMESPACE"));
	driver_end(&d, 0);
}

static void test_truncated_replies(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	size_t whole = sizeof(plan.reply) + sizeof(DNS_TEXT) - 1;
	struct fake_seen *seen;
	int fds = 0;
	pid_t daemon_pid;

	plan.tail = DNS_TEXT;
	plan.reply.tail_bytes = sizeof(DNS_TEXT) - 1;
	plan.reply.flags |= PROTO_DNS;
	daemon_pid = fake_start(&plan, &seen);
	for (size_t cut = 1; cut < whole; cut++) {
		seen->plan.cut = cut;
		assert_refused();
		if (cut == 1)
			fds = box_fd_count();
	}
	seen->plan.cut = 0;
	seen->plan.extra = 1;
	assert_refused();
	assert_int_equal(box_fd_count(), fds);
	fake_stop(daemon_pid, seen);
}

static void test_daemon_dies(void **state)
{
	static const enum fake_behaviour deaths[] = {FAKE_DIES_AT_ACCEPT,
						     FAKE_DIES_AT_REQUEST};
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	for (size_t i = 0; i < 2; i++) {
		plan.behaviour = deaths[i];
		daemon_pid = fake_start(&plan, &seen);
		assert_refused();
		fake_stop(daemon_pid, seen);
	}
	/* A socket on which no process listens; a file that is no socket. */
	assert_refused();
	box_write(BOX_SOCKET, "%s", "");
	assert_refused();
	unlink(BOX_SOCKET);
}

static void open_without_setns(void *data)
{
	struct driver d;

	setns_has_no_effect = true;
	box_check(open_once(&d, "alice") == PAM_SYSTEM_ERR);
	box_check(box_namespace("net") == host_netns);
	driver_end(&d, 0);
}

static void test_setns_without_effect(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	daemon_pid = fake_start(&plan, &seen);
	box_fork(open_without_setns, NULL);
	assert_true(fake_wait(&seen->closes, 1)); /* the lease is returned */
	fake_stop(daemon_pid, seen);
}

static void test_hangs(void **state)
{
	static const enum fake_behaviour hangs[] = {FAKE_NEVER_ACCEPTS,
						    FAKE_NEVER_READS,
						    FAKE_NEVER_ANSWERS};
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	uint64_t began;
	pid_t daemon_pid;

	for (size_t i = 0; i < sizeof(hangs) / sizeof(*hangs); i++) {
		plan.behaviour = hangs[i];
		daemon_pid = fake_start(&plan, &seen);
		began = deadline_now_ms();
		assert_refused();
		assert_in_range(deadline_now_ms() - began, 900, 1500);
		fake_stop(daemon_pid, seen);
	}
}

static void test_full_backlog(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = BOX_SOCKET};
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	uint64_t began;
	pid_t daemon_pid;
	int others[8];

	plan.behaviour = FAKE_NEVER_ACCEPTS;
	plan.backlog = 1;
	daemon_pid = fake_start(&plan, &seen);
	for (int i = 0; i < 8; i++) {
		others[i] =
			socket(AF_UNIX,
			       SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			       0);
		(void)connect(others[i], (struct sockaddr *)&address,
			      sizeof(address));
	}
	began = deadline_now_ms();
	assert_refused();
	assert_in_range(deadline_now_ms() - began, 900, 1500);
	for (int i = 0; i < 8; i++)
		close(others[i]);
	fake_stop(daemon_pid, seen);
}

static void test_retry_storm(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	uint64_t began;
	pid_t daemon_pid;

	plan.retries = -1;
	daemon_pid = fake_start(&plan, &seen);
	began = deadline_now_ms();
	assert_refused();
	assert_in_range(deadline_now_ms() - began, 900, 1500);
	assert_in_range(seen->opens, 2, 60);
	fake_stop(daemon_pid, seen);
}

static void open_moved(void *data)
{
	struct driver d;

	box_check(open_once(&d, "alice") == PAM_SUCCESS);
	box_check(box_namespace("net") == jail_netns);
	driver_end(&d, 0);
}

static void test_retry_then_ok(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	plan.retries = 3;
	daemon_pid = fake_start(&plan, &seen);
	box_fork(open_moved, NULL);
	assert_int_equal(seen->opens, 4);
	assert_int_equal(seen->malformed, 0);
	fake_stop(daemon_pid, seen);
}

static void test_request_fields(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	box_write(BOX_POLICY,
		  "[rule one]\ngroups = nosuch, staff\nnamespace = jail\n"
		  "[namespace jail]\nlink = none\n");
	plan.n_fds = 0; /* the open is refused: the process is not moved */
	daemon_pid = fake_start(&plan, &seen);
	{
		struct driver d;

		assert_int_equal(driver_start(&d, "test", "carol", DRIVER_CONV),
				 PAM_SUCCESS);
		pam_set_item(d.pamh, PAM_TTY, "/dev/pts/7");
		pam_set_item(d.pamh, PAM_RHOST, "192.0.2.7");
		assert_int_equal(driver_open(&d, 0), PAM_SYSTEM_ERR);
		driver_end(&d, 0);
	}
	assert_int_equal(seen->opens, 1);
	assert_string_equal(seen->last.user, "carol");
	assert_int_equal(seen->last.uid, 5003);
	assert_string_equal(seen->last.service, "test");
	assert_string_equal(seen->last.tty, "/dev/pts/7");
	assert_string_equal(seen->last.rhost, "192.0.2.7");
	assert_int_equal(seen->last.netns_ino, host_netns);
	assert_int_not_equal(seen->last.digest, 0);
	assert_int_equal(seen->last.tail_bytes, 7);
	assert_memory_equal(seen->facts, "gstaff", 7);
	fake_stop(daemon_pid, seen);
}

static void test_items_too_long(void **state)
{
	static char long_text[400];
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	struct driver d;
	pid_t daemon_pid;

	memset(long_text, 'x', sizeof(long_text) - 1);
	daemon_pid = fake_start(&plan, &seen);
	for (int item = 0; item < 2; item++) {
		assert_int_equal(driver_start(&d, "test", "alice", DRIVER_CONV),
				 PAM_SUCCESS);
		pam_set_item(d.pamh, item ? PAM_TTY : PAM_RHOST, long_text);
		assert_int_equal(driver_open(&d, 0), PAM_SYSTEM_ERR);
		driver_end(&d, 0);
	}
	/* A too long rhost does not fall through to a later rule with host. */
	box_write(BOX_POLICY,
		  "[rule one]\nrhosts = 192.0.2.0/24\nnamespace = jail\n"
		  "on_error = host\n[rule two]\nservices = none\n"
		  "namespace = host\n[namespace jail]\nlink = none\n");
	assert_int_equal(driver_start(&d, "test", "alice", DRIVER_CONV),
			 PAM_SUCCESS);
	pam_set_item(d.pamh, PAM_RHOST, "198.51.100.1");
	assert_int_equal(driver_open(&d, 0), PAM_IGNORE);
	driver_end(&d, 0);
	assert_int_equal(driver_start(&d, "test", "alice", DRIVER_CONV),
			 PAM_SUCCESS);
	pam_set_item(d.pamh, PAM_RHOST, long_text);
	assert_int_equal(driver_open(&d, 0), PAM_SYSTEM_ERR);
	driver_end(&d, 0);
	assert_int_equal(seen->opens, 0);
	fake_stop(daemon_pid, seen);
}

/* Descriptors of another kind or number than the reply says. */
static void test_wrong_fds(void **state)
{
	static const char *const wrong[] = {
		"/etc/passwd",	      "/run",
		"/dev/null",	      "/proc/self/ns/uts",
		"/proc/self/ns/mnt",  "/proc/self/ns/pid",
		"/proc/self/ns/user", "/proc/self/ns/cgroup",
		"/proc/self/stat",
	};
	struct fake_plan plan = fake_plan_ok();
	int jail = plan.fds[0], before, sock, pipes[2];
	struct fake_seen *seen;
	pid_t daemon_pid;

	before = box_fd_count();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		plan.fds[0] = open(wrong[i], O_RDONLY | O_CLOEXEC);
		assert_true(plan.fds[0] >= 0);
		daemon_pid = fake_start(&plan, &seen);
		assert_refused();
		assert_true(fake_wait(&seen->closes, 1));
		fake_stop(daemon_pid, seen);
		close(plan.fds[0]);
		assert_int_equal(box_fd_count(), before);
	}
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++) {
		plan.fds[0] = i ? sock : pipes[0];
		daemon_pid = fake_start(&plan, &seen);
		assert_refused();
		fake_stop(daemon_pid, seen);
	}
	close(sock);
	close(pipes[0]);
	close(pipes[1]);

	/* No descriptor, too many, and a second that is no mount namespace. */
	plan.fds[0] = plan.fds[1] = plan.fds[2] = plan.fds[3] = jail;
	for (size_t n = 0; n <= 4; n++) {
		if (n == 1)
			continue;
		plan.n_fds = n;
		daemon_pid = fake_start(&plan, &seen);
		assert_refused();
		fake_stop(daemon_pid, seen);
		assert_int_equal(box_fd_count(), before);
	}
	plan.n_fds = 2;
	plan.reply.flags |= PROTO_FD_MNT;
	daemon_pid = fake_start(&plan, &seen);
	assert_refused();
	fake_stop(daemon_pid, seen);
	assert_int_equal(box_fd_count(), before);
}

static void check_descriptors(void *data)
{
	struct driver d;
	bool was[256];

	box_check(driver_start(&d, "test", "alice", DRIVER_CONV) == 0);
	for (int fd = 0; fd < 256; fd++)
		was[fd] = fcntl(fd, F_GETFD) >= 0;
	box_check(driver_open(&d, 0) == PAM_SUCCESS);
	for (int fd = 0; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || was[fd])
			continue;
		box_check(fd > 2, "fd %d", fd);
		box_check(flags & FD_CLOEXEC, "fd %d is inherited", fd);
	}
	box_check(driver_close(&d, 0) == PAM_SUCCESS);
	box_check(box_namespace("net") == host_netns);
	for (int fd = 0; fd < 256; fd++)
		box_check((fcntl(fd, F_GETFD) >= 0) == was[fd], "fd %d", fd);
	driver_end(&d, 0);
}

static void test_descriptors_are_closed(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	for (int dns = 0; dns < 2; dns++) {
		if (dns) {
			plan.tail = DNS_TEXT;
			plan.reply.tail_bytes = sizeof(DNS_TEXT) - 1;
			plan.reply.flags |= PROTO_DNS;
		}
		daemon_pid = fake_start(&plan, &seen);
		box_fork(check_descriptors, NULL);
		assert_true(fake_wait(&seen->closes, 1));
		fake_stop(daemon_pid, seen);
	}
}

/* ---- the name service */

static void query_inside(void *data)
{
	struct driver d;

	box_check(driver_start(&d, "test", "carol", DRIVER_CONV) == 0);
	box_check(driver_open(&d, 0) == PAM_SUCCESS);
	box_check(box_namespace("net") == jail_netns);
	box_check(driver_open(&d, 0) == PAM_SUCCESS);
	box_check(driver_close(&d, 0) == PAM_SUCCESS);
	box_check(n_inside == 0, "asked %d times from inside", n_inside);
	driver_end(&d, 0);
}

static void test_look_ups(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	struct driver d;
	pid_t daemon_pid;

	box_write(BOX_POLICY,
		  "[rule one]\ngroups = staff\nnamespace = jail\n"
		  "on_error = host\n[namespace jail]\nlink = none\n");
	plan.tail = DNS_TEXT;
	plan.reply.tail_bytes = sizeof(DNS_TEXT) - 1;
	plan.reply.flags |= PROTO_DNS;
	daemon_pid = fake_start(&plan, &seen);
	box_fork(query_inside, NULL);
	/* A failed query is not "not a member"; on_error does not apply. */
	look_up_fails = EAGAIN;
	assert_int_equal(open_once(&d, "carol"), PAM_SYSTEM_ERR);
	driver_end(&d, 0);
	assert_int_equal(open_once(&d, "root"), PAM_IGNORE);
	driver_end(&d, 0);
	assert_int_equal(seen->opens, 1);
	fake_stop(daemon_pid, seen);
}

/* ---- unusual processes */

struct oddity {
	unsigned int closed; /* bit n: descriptor n */
	rlim_t nofile, fsize;
	long as_extra;	      /* KiB of address space left; 0: no limit */
	unsigned int signals; /* 0: unchanged, 1: blocked, 2: ignored */
	mode_t mask;
	bool cwd_gone, dns;
};

static void odd_open(void *data)
{
	static char cwd_before[4096], cwd_after[4096];
	const struct oddity *o = data;
	struct sigaction act;
	struct rlimit limit;
	sigset_t all, now;
	struct driver d;
	bool moved;
	int r;

	box_check(driver_start(&d, "test", "alice", DRIVER_CONV) == 0);
	umask(o->mask);
	if (o->cwd_gone) {
		box_check(mkdir("/run/gone", 0700) == 0 || errno == EEXIST);
		box_check(chdir("/run/gone") == 0);
		box_check(rmdir("/run/gone") == 0);
	}
	(void)!readlink("/proc/self/cwd", cwd_before, sizeof(cwd_before) - 1);
	sigfillset(&all);
	if (o->signals == 1)
		sigprocmask(SIG_BLOCK, &all, NULL);
	for (int s = 1; o->signals == 2 && s < 32; s++)
		signal(s, SIG_IGN);
	if (o->fsize != RLIM_INFINITY) {
		limit = (struct rlimit){o->fsize, RLIM_INFINITY};
		setrlimit(RLIMIT_FSIZE, &limit);
	}
	if (o->as_extra) {
		const char *size =
			strstr(box_read("/proc/self/status"), "VmSize:");

		limit.rlim_cur =
			(rlim_t)(strtol(size + 7, NULL, 10) + o->as_extra) *
			1024;
		limit.rlim_max = RLIM_INFINITY;
		setrlimit(RLIMIT_AS, &limit);
	}
	for (int fd = 0; fd < 3; fd++)
		if (o->closed & (1U << fd))
			close(fd);
	if (o->nofile != RLIM_INFINITY) {
		limit = (struct rlimit){o->nofile, 4096};
		setrlimit(RLIMIT_NOFILE, &limit);
	}

	r = driver_open(&d, 0);

	limit = (struct rlimit){1024, 4096};
	setrlimit(RLIMIT_NOFILE, &limit);
	limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	setrlimit(RLIMIT_AS, &limit);
	for (int fd = 0; fd < 3; fd++)
		if (o->closed & (1U << fd))
			box_check(fcntl(fd, F_GETFD) < 0, "fd %d was taken",
				  fd);
	box_check(n_low == 0);
	moved = box_namespace("net") == jail_netns;
	box_check(r == PAM_SUCCESS || r == PAM_SYSTEM_ERR || r == PAM_BUF_ERR ||
			  r == PAM_ABORT,
		  "code %d", r);
	box_check(moved == (r == PAM_SUCCESS), "code %d, moved %d", r, moved);
	box_check((box_namespace("mnt") != host_mntns) ==
		  (o->dns && r == PAM_SUCCESS));
	box_check(umask(0) == o->mask);
	(void)!readlink("/proc/self/cwd", cwd_after, sizeof(cwd_after) - 1);
	box_check(!strcmp(cwd_before, cwd_after), "cwd %s", cwd_after);
	sigprocmask(SIG_BLOCK, NULL, &now);
	box_check(sigismember(&now, SIGTERM) == (o->signals == 1));
	sigaction(SIGPIPE, NULL, &act);
	box_check(act.sa_handler == (o->signals == 2 ? SIG_IGN : SIG_DFL));
	if (o->nofile == RLIM_INFINITY && !o->as_extra &&
	    (!o->dns || o->fsize == RLIM_INFINITY))
		box_check(r == PAM_SUCCESS, "code %d with nothing short", r);
	driver_end(&d, 0);
}

static void test_unusual_processes(void **state)
{
	static const rlim_t nofile[] = {RLIM_INFINITY,
					RLIM_INFINITY,
					3,
					4,
					5,
					6,
					7,
					8,
					9,
					10,
					11,
					12,
					13,
					14,
					15,
					16};
	static const rlim_t fsize[] = {RLIM_INFINITY, RLIM_INFINITY, 0, 10};
	static const long as_extra[] = {0, 0, 0, 0, 4, 64, 128, 200, 1024};
	static const mode_t masks[] = {022, 077, 0777, 0};
	unsigned int dice_state = 46;
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	plan.tail = DNS_TEXT;
	for (int i = 0; i < 200; i++) {
		struct oddity o = {
			.closed = (unsigned int)i & 7,
			.nofile = nofile[box_random(&dice_state, 16)],
			.fsize = fsize[box_random(&dice_state, 4)],
			.as_extra = as_extra[box_random(&dice_state, 9)],
			.signals = box_random(&dice_state, 3),
			.mask = masks[box_random(&dice_state, 4)],
			.cwd_gone = box_random(&dice_state, 2),
			.dns = box_random(&dice_state, 2),
		};

#ifdef __SANITIZE_ADDRESS__
		o.as_extra = 0; /* AddressSanitizer maps terabytes */
#endif
		plan.tail = o.dns ? DNS_TEXT : NULL;
		plan.reply.tail_bytes = o.dns ? sizeof(DNS_TEXT) - 1 : 0;
		plan.reply.flags = PROTO_FD_NETNS | (o.dns ? PROTO_DNS : 0);
		daemon_pid = fake_start(&plan, &seen);
		box_fork(odd_open, &o);
		fake_stop(daemon_pid, seen);
	}
}

/* As su(1): only the effective uid is 0; the group is the user's. */
static void setuid_program(void *data)
{
	struct driver d;
	struct stat st;

	box_check(setresgid(5001, 5001, 5001) == 0);
	box_check(setresuid(5001, 0, 0) == 0);
	umask(077);
	box_check(open_once(&d, "alice") == PAM_SUCCESS);
	box_check(box_namespace("net") == jail_netns);
	box_check(stat("/etc/resolv.conf", &st) == 0);
	box_check(st.st_uid == 0 && st.st_gid == 0);
	box_check((st.st_mode & 07777) == 0644);
	box_check(driver_close(&d, 0) == PAM_SUCCESS);
	box_check(box_namespace("net") == host_netns);
	box_check(box_namespace("mnt") == host_mntns);
	driver_end(&d, 0);
}

/* root without CAP_SYS_ADMIN, as in a unit with CapabilityBoundingSet=. */
static void no_capability(void *data)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];
	struct driver d;

	box_check(driver_start(&d, "test", "alice", DRIVER_CONV) == 0);
	box_check(syscall(SYS_capget, &head, caps) == 0);
	caps[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &=
		~(unsigned int)CAP_TO_MASK(CAP_SYS_ADMIN);
	caps[CAP_TO_INDEX(CAP_SYS_ADMIN)].permitted =
		caps[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective;
	box_check(syscall(SYS_capset, &head, caps) == 0);
	box_check(driver_open(&d, 0) == PAM_SYSTEM_ERR);
	box_check(box_namespace("net") == host_netns);
	box_check(box_namespace("mnt") == host_mntns);
	driver_end(&d, 0);
}

/* Another file system is mounted over /proc, with plain files in ns/. */
static void false_proc(void *data)
{
	int before = open("/proc/self/ns", O_PATH | O_CLOEXEC);
	struct stat a, b;
	struct driver d;

	box_check(driver_start(&d, "test", "alice", DRIVER_CONV) == 0);
	box_check(unshare(CLONE_NEWNS) == 0);
	box_check(fstatat(before, "net", &a, 0) == 0);
	box_check(mount("t", "/proc", "tmpfs", 0, NULL) == 0);
	box_check(mkdir("/proc/thread-self", 0755) == 0);
	box_check(mkdir("/proc/thread-self/ns", 0755) == 0);
	box_write("/proc/thread-self/ns/net", "%s", "");
	box_write("/proc/thread-self/ns/mnt", "%s", "");
	box_check(driver_open(&d, 0) == PAM_SYSTEM_ERR);
	box_check(fstatat(before, "net", &b, 0) == 0);
	box_check(a.st_ino == b.st_ino);
	driver_end(&d, 0);
	box_check(umount2("/proc", MNT_DETACH) == 0);
}

/*
 * Without free descriptors the policy cannot be read. That is not a broken
 * policy, with which root passes: it must not bypass a rule for root.
 */
static void root_without_descriptors(void *data)
{
	struct rlimit limit = {3, 4096};
	struct driver d;

	box_check(driver_start(&d, "test", "root", DRIVER_CONV) == 0);
	setrlimit(RLIMIT_NOFILE, &limit);
	box_check(driver_open(&d, 0) == PAM_SYSTEM_ERR);
	limit.rlim_cur = 1024;
	setrlimit(RLIMIT_NOFILE, &limit);
	box_check(box_namespace("net") == host_netns);
	driver_end(&d, 0);
}

static void test_root_without_descriptors(void **state)
{
	box_write(BOX_POLICY, "[rule one]\nusers = root\nnamespace = jail\n"
			      "[namespace jail]\nlink = none\n");
	box_fork(root_without_descriptors, NULL);
}

static void test_unusual_root_processes(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	plan.tail = DNS_TEXT;
	plan.reply.tail_bytes = sizeof(DNS_TEXT) - 1;
	plan.reply.flags |= PROTO_DNS;
	daemon_pid = fake_start(&plan, &seen);
	box_fork(setuid_program, NULL);
	box_fork(no_capability, NULL);
	box_fork(false_proc, NULL);
	fake_stop(daemon_pid, seen);
}

static void test_guest(void **state)
{
	struct guest guest;

	errno = 4242;
	guest_enter(&guest);
	errno = 1;
	guest_leave(&guest);
	assert_int_equal(errno, 4242);
	assert_int_equal(guest.n_held, 0);
}

/* ---- sequences of calls */

static void return_to_host(void)
{
	assert_int_equal(syscall(SYS_setns, host_fd, CLONE_NEWNET), 0);
}

/*
 * Random calls on successive handles, compared with a model: the session is
 * open or not. The daemon truncates some of its replies.
 */
static void test_sequences(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	unsigned int dice_state = 36;
	struct fake_seen *seen;
	bool is_open = false, refused = false;
	struct driver d;
	int fds, steps;
	pid_t daemon_pid;

	daemon_pid = fake_start(&plan, &seen);
	assert_int_equal(driver_start(&d, "test", "alice", DRIVER_CONV), 0);
	fds = box_fd_count();
	for (steps = 0; steps < 20000; steps++) {
		unsigned int dice = box_random(&dice_state, 16);
		int r;

		seen->plan.cut = box_random(&dice_state, 8) ? 0 : 100;
		if (dice < 7) {
			r = driver_open(&d, 0);
			if (!is_open) {
				is_open = !seen->plan.cut;
				refused = !is_open;
				assert_int_equal(r, is_open ? PAM_SUCCESS
							    : PAM_SYSTEM_ERR);
			} else {
				assert_int_equal(r, PAM_SUCCESS);
			}
		} else if (dice < 14) {
			/*
			 * After a failed open, libpam itself makes the close
			 * fail: it repeats the path through the stack.
			 */
			r = driver_close(&d, 0);
			if (!refused)
				assert_int_equal(r, PAM_SUCCESS);
			is_open = false;
		} else {
			/* pam_end(3): the process stays in its namespace. */
			driver_end(&d, box_random(&dice_state, 2)
					       ? PAM_DATA_SILENT
					       : 0);
			assert_int_equal(box_namespace("net"),
					 is_open ? jail_netns : host_netns);
			return_to_host();
			is_open = refused = false;
			assert_int_equal(driver_start(&d, "test", "alice",
						      DRIVER_CONV),
					 0);
		}
		assert_int_equal(box_namespace("net"),
				 is_open ? jail_netns : host_netns);
		assert_int_equal(pam_getenv(d.pamh, "NETNS_PAM_NAMESPACE") !=
					 NULL,
				 is_open);
		if (!is_open && steps % 64 == 0)
			assert_int_equal(box_fd_count(), fds);
	}
	driver_end(&d, 0);
	return_to_host();
	/* The daemon has seen the end of every lease. */
	assert_true(fake_wait(&seen->ended, seen->accepted));
	assert_int_equal(seen->malformed, 0);
	fake_stop(daemon_pid, seen);
}

static void two_lines(void *data)
{
	struct driver d;

	box_check(open_once(&d, "alice") == PAM_SUCCESS);
	box_check(box_namespace("net") == jail_netns);
	box_check(driver_open(&d, 0) == PAM_SUCCESS);
	box_check(driver_close(&d, 0) == PAM_SUCCESS);
	box_check(box_namespace("net") == host_netns);
	driver_end(&d, 0);
}

static void test_two_module_lines(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	driver_service("test", NULL, 2);
	daemon_pid = fake_start(&plan, &seen);
	box_fork(two_lines, NULL);
	assert_true(fake_wait(&seen->closes, 1));
	assert_int_equal(seen->opens, 1);
	assert_int_equal(seen->closes, 1);
	fake_stop(daemon_pid, seen);
}

static void end_in_child(void *data)
{
	struct driver *d = data;

	driver_end(d, PAM_DATA_SILENT);
}

static void forked_handle(void *data)
{
	struct fake_seen *seen = data;
	struct driver d;

	box_check(open_once(&d, "alice") == PAM_SUCCESS);
	box_fork(end_in_child, &d);
	/* The lease still belongs to the parent. */
	box_check(!seen->closes && !seen->ended);
	box_check(driver_close(&d, 0) == PAM_SUCCESS);
	driver_end(&d, 0);
}

static void test_forked_handle(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	daemon_pid = fake_start(&plan, &seen);
	box_fork(forked_handle, seen);
	assert_true(fake_wait(&seen->ended, 1));
	assert_int_equal(seen->closes, 1);
	fake_stop(daemon_pid, seen);
}

static void close_as_user(void *data)
{
	struct driver *d = data;

	box_check(setgid(5001) == 0 && setuid(5001) == 0);
	box_check(driver_close(d, 0) == PAM_SUCCESS);
	box_check(box_namespace("net") == jail_netns);
	driver_end(d, 0);
}

static void closed_by_user(void *data)
{
	struct driver d;

	box_check(open_once(&d, "alice") == PAM_SUCCESS);
	box_fork(close_as_user, &d);
	driver_end(&d, 0);
}

static void test_closed_by_user(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	for (int dns = 0; dns < 2; dns++) {
		if (dns) {
			plan.tail = DNS_TEXT;
			plan.reply.tail_bytes = sizeof(DNS_TEXT) - 1;
			plan.reply.flags |= PROTO_DNS;
		}
		daemon_pid = fake_start(&plan, &seen);
		box_fork(closed_by_user, NULL);
		assert_true(fake_wait(&seen->closes, 1));
		fake_stop(daemon_pid, seen);
	}
}

static void slow_close(void *data)
{
	uint64_t began;
	struct driver d;

	box_check(open_once(&d, "alice") == PAM_SUCCESS);
	began = deadline_now_ms();
	box_check(driver_close(&d, 0) == PAM_SUCCESS);
	box_check(deadline_now_ms() - began < 600, "%d ms",
		  (int)(deadline_now_ms() - began));
	box_check(box_namespace("net") == host_netns);
	driver_end(&d, 0);
}

static void test_slow_close(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	plan.silent_close = true;
	daemon_pid = fake_start(&plan, &seen);
	box_fork(slow_close, NULL);
	fake_stop(daemon_pid, seen);
	/* The daemon has died before the close. */
	plan.dies_after = true;
	daemon_pid = fake_start(&plan, &seen);
	box_fork(slow_close, NULL);
	fake_stop(daemon_pid, seen);
}

static void *open_in_thread(void *data)
{
	struct driver *d = data;

	if (driver_open(d, 0) != PAM_SUCCESS)
		return NULL;
	if (box_namespace("net") != jail_netns ||
	    driver_close(d, 0) != PAM_SUCCESS ||
	    box_namespace("net") != host_netns ||
	    box_namespace("mnt") != host_mntns)
		return NULL;
	return d;
}

static void threaded(void *data)
{
	pthread_t thread;
	struct driver d;
	void *result;

	box_check(driver_start(&d, "test", "alice", DRIVER_CONV) == 0);
	box_check(pthread_create(&thread, NULL, open_in_thread, &d) == 0);
	pthread_join(thread, &result);
	box_check(result == &d);
	box_check(box_namespace("net") == host_netns);
	driver_end(&d, 0);
}

static void test_one_thread_moves(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	for (int dns = 0; dns < 2; dns++) {
		if (dns) {
			plan.tail = DNS_TEXT;
			plan.reply.tail_bytes = sizeof(DNS_TEXT) - 1;
			plan.reply.flags |= PROTO_DNS;
		}
		daemon_pid = fake_start(&plan, &seen);
		box_fork(threaded, NULL);
		fake_stop(daemon_pid, seen);
	}
}

static void open_often(void *data)
{
	struct driver d;
	long rss = 0;
	int fds = 0;

	box_check(driver_start(&d, "test", "alice", DRIVER_CONV) == 0);
	for (int i = 0; i < 10000; i++) {
		if (i == 500) {
			rss = box_rss_kib();
			fds = box_fd_count();
		}
		box_check(driver_open(&d, 0) == PAM_SUCCESS);
		box_check(driver_close(&d, 0) == PAM_SUCCESS);
	}
	box_check(box_fd_count() == fds, "%d, were %d", box_fd_count(), fds);
	box_check(box_rss_kib() < rss + RSS_SLACK_KIB, "%ld KiB, were %ld",
		  box_rss_kib(), rss);
	driver_end(&d, 0);
}

static void test_no_growth(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	daemon_pid = fake_start(&plan, &seen);
	box_fork(open_often, NULL);
	assert_int_equal(seen->opens, 10000);
	assert_int_equal(seen->closes, 10000);
	fake_stop(daemon_pid, seen);
}

static void already(void *data)
{
	struct driver d;

	box_check(open_once(&d, "alice") == PAM_SUCCESS);
	box_check(box_namespace("net") == host_netns);
	box_check(driver_close(&d, 0) == PAM_SUCCESS);
	driver_end(&d, 0);
}

static void test_already_inside(void **state)
{
	struct fake_plan plan = fake_plan_ok();
	struct fake_seen *seen;
	pid_t daemon_pid;

	plan.n_fds = 0;
	plan.reply.flags = PROTO_ALREADY;
	daemon_pid = fake_start(&plan, &seen);
	box_fork(already, NULL);
	assert_true(fake_wait(&seen->closes, 1)); /* the open had a lease */
	fake_stop(daemon_pid, seen);
	plan.tail = DNS_TEXT;
	plan.reply.tail_bytes = sizeof(DNS_TEXT) - 1;
	plan.reply.flags |= PROTO_DNS;
	daemon_pid = fake_start(&plan, &seen);
	box_fork(already, NULL);
	fake_stop(daemon_pid, seen);
}

#define TEST(name, function) {name, function, prepare, NULL, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("F1 a reply is cut at each byte, or too long: refused",
		     test_truncated_replies),
		TEST("F1 the daemon dies during a request, or does not run: refused",
		     test_daemon_dies),
		TEST("F3 setns succeeds without effect: refused",
		     test_setns_without_effect),
		TEST("F30 the daemon hangs at each stage: refused at the deadline",
		     test_hangs),
		TEST("F30 the daemon's backlog is full: refused at the deadline",
		     test_full_backlog),
		TEST("F30 a storm of RETRY ends at the deadline",
		     test_retry_storm),
		TEST("RETRY: the policy is read again and the request repeated",
		     test_retry_then_ok),
		TEST("F38 the request has the user and no path, interface or name",
		     test_request_fields),
		TEST("names longer than their field are refused",
		     test_items_too_long),
		TEST("F40 F41 a reply with wrong, too few or too many descriptors is refused",
		     test_wrong_fds),
		TEST("F45 descriptors are close-on-exec, above 2, and closed at the end",
		     test_descriptors_are_closed),
		TEST("F46 200 processes with unusual limits, streams and handlers",
		     test_unusual_processes),
		TEST("F46 F52 F99 a setuid program, no capability, a false /proc: refused",
		     test_unusual_root_processes),
		TEST("F46 a mapped root short of descriptors is refused",
		     test_root_without_descriptors),
		TEST("F31 F51 failed look-ups are refused; none happens inside the namespace",
		     test_look_ups),
		TEST("F47 errno is unchanged", test_guest),
		TEST("F36 random sequences of open and close on a handle",
		     test_sequences),
		TEST("F36 two module lines are one session",
		     test_two_module_lines),
		TEST("F36 pam_end in a forked child closes nothing",
		     test_forked_handle),
		TEST("F6 close by the user in another process ends the session",
		     test_closed_by_user),
		TEST("a close does not wait for the daemon", test_slow_close),
		TEST("F17 only the calling thread moves",
		     test_one_thread_moves),
		TEST("F80 10,000 sessions: descriptors and memory do not grow",
		     test_no_growth),
		TEST("F18 the process is already in the namespace: success, with a lease",
		     test_already_inside),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	box_make("faults");
	return cmocka_run_group_tests_name("pam_netns faults", tests, NULL,
					   NULL);
}
