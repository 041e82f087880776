/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces and their names below a directory like /run/netns. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "ground.h"
#include "helper/kernel/netns.h"
#include "helper/process/privs.h"

#define DIR	 "/run/netns"
#define AT(name) DIR "/" name

static struct netns_host host;
static int open_before;

static int netns_setup(void **state)
{
	struct error why;

	if (geteuid() != 0)
		return 0;
	/* as systemd makes it: mounts below propagate */
	if (mount("run", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mount(NULL, "/run", NULL, MS_SHARED, NULL) < 0 ||
	    netns_prepare_dir(DIR, &why) < 0)
		return -1;
	open_before = ground_count("/proc/self/fd");
	return 0;
}

static int netns_teardown(void **state)
{
	if (geteuid() != 0)
		return 0;
	assert_int_equal(ground_count("/proc/self/fd"), open_before);
	assert_int_equal(ground_netns(), host.id.ino);
	return umount2("/run", MNT_DETACH);
}

static struct netns_id id_of(int fd)
{
	struct netns_id id = {0};
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	id.dev = st.st_dev;
	id.ino = st.st_ino;
	id.made_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000u +
		     (uint64_t)st.st_ctim.tv_nsec;
	return id;
}

static void open_is_refused(const char *name, const char *because)
{
	struct netns_id id;
	struct error why;
	int fd = -1;

	alarm(10); /* a FIFO would hang */
	assert_int_equal(netns_open(DIR, name, &fd, &id, &why), -EEXIST);
	alarm(0);
	assert_null(strstr(why.text, "plain file"));
	assert_int_equal(fd, -1);
	assert_non_null(strstr(why.text, name));
	if (!strstr(why.text, because))
		fail_msg("%s", why.text);
}

/* The name cannot be opened, published or unpublished; its file stays. */
static void name_is_occupied(const char *name, const char *because)
{
	_cleanup_close_ int fd = ground_netns_new();
	struct netns_id mine = id_of(fd);
	char path[PATH_MAX];
	struct stat before, after;
	struct error why;

	snprintf(path, sizeof(path), DIR "/%s", name);
	assert_int_equal(lstat(path, &before), 0);
	open_is_refused(name, because);
	assert_int_equal(netns_publish(DIR, name, fd, &why), -EEXIST);
	assert_non_null(strstr(why.text, because));
	assert_int_equal(netns_unpublish(DIR, name, &mine), -EEXIST);
	assert_int_equal(netns_unpublish(DIR, name, NULL), -EEXIST);
	assert_int_equal(lstat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_dev, after.st_dev);
}

static void F41_a_file_with_contents_is_refused(void **state)
{
	ground_need();
	ground_write(AT("x"), "notes\n");
	name_is_occupied("x", "file with contents");
	assert_string_equal(ground_read(AT("x")), "notes\n");
}

static void F41_a_fifo_is_refused(void **state)
{
	ground_need();
	assert_int_equal(mkfifo(AT("x"), 0600), 0);
	name_is_occupied("x", "special file");
}

static void F41_a_directory_is_refused(void **state)
{
	ground_need();
	assert_int_equal(mkdir(AT("x"), 0700), 0);
	name_is_occupied("x", "directory");
}

static void F41_a_symbolic_link_to_a_namespace_is_refused(void **state)
{
	ground_need();
	assert_int_equal(symlink("/proc/self/ns/net", AT("x")), 0);
	name_is_occupied("x", "symbolic link");
	assert_int_equal(unlink(AT("x")), 0);
	assert_int_equal(symlink("nowhere", AT("x")), 0);
	name_is_occupied("x", "symbolic link");
}

static void F41_namespaces_of_other_types_are_refused(void **state)
{
	static const char *const kinds[] = {"uts", "ipc", "pid", "user"};
	char from[64];

	ground_need();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(from, sizeof(from), "/proc/self/ns/%s", kinds[i]);
		ground_write(AT("x"), "%s", "");
		assert_int_equal(mount(from, AT("x"), NULL, MS_BIND, NULL), 0);
		name_is_occupied("x", "no network namespace");
		assert_int_equal(umount(AT("x")), 0);
	}
}

static void F66_a_plain_file_is_stale_and_replaced(void **state)
{
	_cleanup_close_ int fd = -EBADF, back = -EBADF;
	struct netns_id there, mine;
	struct error why;

	ground_need();
	fd = ground_netns_new();
	mine = id_of(fd);
	ground_write(AT("x"), "%s", "");
	assert_int_equal(netns_open(DIR, "x", &back, &there, &why), -ENOENT);
	assert_non_null(strstr(why.text, "plain file"));
	ground_listen();
	assert_int_equal(netns_publish(DIR, "x", fd, &why), 0);
	assert_non_null(strstr(ground_said(), "replaced"));
	assert_int_equal(netns_open(DIR, "x", &back, &there, &why), 0);
	assert_int_equal(there.ino, mine.ino);
	assert_int_equal(fcntl(back, F_GETFD), FD_CLOEXEC);
	assert_int_equal(netns_unpublish(DIR, "x", &mine), 0);
	assert_int_equal(ground_count(DIR), 0);
}

/* A plain file is mounted on an empty one: another program did that. */
static void F66_a_stale_mount_is_an_error(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct error why;

	ground_need();
	fd = ground_netns_new();
	ground_write("/run/plain", "%s", "");
	ground_write(AT("x"), "%s", "");
	assert_int_equal(mount("/run/plain", AT("x"), NULL, MS_BIND, NULL), 0);
	ground_listen();
	assert_true(netns_publish(DIR, "x", fd, &why) < 0);
	ground_said();
	assert_non_null(strstr(why.text, AT("x")));
	assert_int_equal(ground_mounts_at(AT("x")), 1);
}

static void a_missing_file_is_no_error(void **state)
{
	struct netns_id id;
	struct error why;
	int fd = -1;

	ground_need();
	assert_int_equal(netns_open(DIR, "x", &fd, &id, &why), -ENOENT);
	assert_null(strstr(why.text, "plain file"));
	assert_int_equal(netns_unpublish(DIR, "x", &host.id), 0);
	assert_int_equal(netns_unpublish(DIR, "x", NULL), 0);
}

static void F42_names_that_are_too_long_are_refused(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	char name[PATH_MAX + 1];
	struct error why;

	ground_need();
	fd = ground_netns_new();
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(netns_publish(DIR, name, fd, &why), -ENAMETOOLONG);
	name[256] = '\0'; /* the file system's limit is one less */
	assert_int_equal(netns_publish(DIR, name, fd, &why), -ENAMETOOLONG);
	name[255] = '\0';
	assert_int_equal(netns_publish(DIR, name, fd, &why), 0);
	assert_int_equal(netns_unpublish(DIR, name, &(struct netns_id){0}),
			 -EEXIST);
	assert_int_equal(ground_count(DIR), 1);
}

static void a_name_in_use_is_not_replaced(void **state)
{
	_cleanup_close_ int a = -EBADF, b = -EBADF, back = -EBADF;
	struct netns_id ida, idb, there;
	struct error why;

	ground_need();
	a = ground_netns_new();
	b = ground_netns_new();
	ida = id_of(a);
	idb = id_of(b);
	assert_int_equal(netns_publish(DIR, "x", a, &why), 0);
	assert_int_equal(netns_publish(DIR, "x", b, &why), -EEXIST);
	assert_non_null(strstr(why.text, "in use"));
	assert_int_equal(netns_unpublish(DIR, "x", &idb), -EEXIST);
	assert_int_equal(netns_unpublish(DIR, "x", NULL), -EEXIST);
	assert_int_equal(netns_open(DIR, "x", &back, &there, &why), 0);
	assert_int_equal(there.ino, ida.ino);
	assert_int_equal(ground_mounts_at(AT("x")), 1);
	assert_int_equal(netns_unpublish(DIR, "x", &ida), 0);
	/* a process inside or a descriptor keeps it */
	assert_int_equal(setns(a, CLONE_NEWNET), 0);
	assert_int_equal(setns(host.fd, CLONE_NEWNET), 0);
}

static void F69_a_namespace_of_ip_netns_is_opened_and_not_removed(void **state)
{
	_cleanup_close_ int fd = -EBADF, mine = -EBADF;
	struct netns_id id, own;
	struct error why;

	ground_need();
	mine = ground_netns_new();
	own = id_of(mine);
	assert_int_equal(ground_sh("ip netns add x"), 0);
	assert_int_equal(netns_open(DIR, "x", &fd, &id, &why), 0);
	assert_int_equal(netns_unpublish(DIR, "x", &own), -EEXIST);
	assert_int_equal(ground_sh("ip netns exec x true"), 0);
	/* the other way: ip netns uses a name of the daemon */
	assert_int_equal(netns_publish(DIR, "ours", mine, &why), 0);
	assert_int_equal(ground_sh("ip netns exec ours true"), 0);
	assert_int_equal(ground_sh("ip netns del ours"), 0);
	assert_int_equal(netns_unpublish(DIR, "ours", &own), 0);
}

static void a_failed_mount_leaves_no_file(void **state)
{
	_cleanup_close_ int plain = -EBADF;
	struct error why;

	ground_need();
	assert_true(netns_publish(DIR, "x", 9999, &why) < 0);
	assert_non_null(strstr(why.text, "cannot mount"));
	plain = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(netns_publish(DIR, "x", plain, &why) < 0);
	assert_int_equal(ground_count(DIR), 0);
	assert_true(netns_publish("/run/nowhere", "x", host.fd, &why) < 0);
	assert_non_null(strstr(why.text, "/run/nowhere"));
}

/* --- other mount namespaces --- */

static int into_private_mounts(void *data)
{
	if (unshare(CLONE_NEWNS) < 0)
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
}

static bool child_sees(pid_t pid, const char *path)
{
	char mounts[64];

	snprintf(mounts, sizeof(mounts), "/proc/%d/mountinfo", pid);
	return strstr(ground_read(mounts), path) != NULL;
}

static void F67_a_name_is_removed_in_every_mount_namespace(void **state)
{
	_cleanup_close_ int a = -EBADF, b = -EBADF;
	struct netns_id ida, idb;
	struct error why;
	pid_t pid;

	ground_need();
	a = ground_netns_new();
	b = ground_netns_new();
	ida = id_of(a);
	idb = id_of(b);
	assert_int_equal(netns_publish(DIR, "before", a, &why), 0);
	pid = ground_child(into_private_mounts, NULL);
	assert_int_equal(netns_publish(DIR, "after", b, &why), 0);
	assert_true(child_sees(pid, AT("before")));
	assert_true(child_sees(pid, AT("after")));
	assert_int_equal(netns_unpublish(DIR, "before", &ida), 0);
	assert_int_equal(netns_unpublish(DIR, "after", &idb), 0);
	assert_false(child_sees(pid, AT("before")));
	assert_false(child_sees(pid, AT("after")));
	ground_kill(pid);
}

/* --- the directory --- */

static void F67_preparing_twice_mounts_once(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct error why;
	struct stat st;

	ground_need();
	fd = ground_netns_new();
	assert_int_equal(ground_mounts_at(DIR), 1);
	assert_int_equal(stat(DIR, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	for (int i = 0; i < 3; i++)
		assert_int_equal(netns_prepare_dir(DIR, &why), 0);
	assert_int_equal(ground_mounts_at(DIR), 1);
	assert_int_equal(netns_publish(DIR, "x", fd, &why), 0);
	assert_int_equal(ground_sh("ip netns add y"), 0);
	assert_int_equal(netns_prepare_dir(DIR, &why), 0);
	assert_int_equal(ground_mounts_at(DIR), 1);
	assert_int_equal(ground_mounts_at(AT("x")), 1);
	assert_int_equal(ground_mounts_at(AT("y")), 1);
}

static void the_directory_has_mode_0755_under_any_umask(void **state)
{
	struct error why;
	struct stat st;
	mode_t before;

	ground_need();
	before = umask(077);
	assert_int_equal(netns_prepare_dir("/run/other", &why), 0);
	umask(before);
	assert_int_equal(stat("/run/other", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	ground_write("/run/file", "%s", "");
	assert_true(netns_prepare_dir("/run/file", &why) < 0);
	assert_non_null(strstr(why.text, "/run/file"));
	assert_true(netns_prepare_dir("/run/no/where", &why) < 0);
	assert_non_null(strstr(why.text, "/run/no/where"));
}

struct racer {
	int go; /* becomes readable when all are to start */
	int number;
};

static int prepare_and_publish(void *data)
{
	const struct racer *racer = data;
	int fd = ground_netns_new(), r;
	char name[16], byte;
	struct error why;

	snprintf(name, sizeof(name), "n%d", racer->number);
	if (read(racer->go, &byte, 1) < 0)
		return 1;
	r = netns_prepare_dir("/run/first", &why);
	if (r == 0)
		r = netns_publish("/run/first", name, fd, &why);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", name, why.text);
	return r < 0 ? 2 : 0;
}

/* Starts n children at one moment; all of them have to end with 0. */
static void race(int (*body)(void *data), int n)
{
	pid_t pids[16];
	int go[2];

	assert_in_range(n, 1, 16);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	fflush(NULL);
	for (int i = 0; i < n; i++) {
		struct racer racer = {go[0], i};

		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			close(go[1]);
			_exit(body(&racer));
		}
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < n; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

static void F67_ten_first_uses_in_parallel_mount_once(void **state)
{
	char path[64];

	ground_need();
	for (int round = 0; round < 5; round++) {
		race(prepare_and_publish, 10);
		assert_int_equal(ground_mounts_at("/run/first"), 1);
		for (int i = 0; i < 10; i++) {
			snprintf(path, sizeof(path), "/run/first/n%d", i);
			assert_int_equal(ground_mounts_at(path), 1);
		}
		assert_int_equal(umount2("/run/first", MNT_DETACH), 0);
		ground_remove("/run/first");
	}
}

static int publish_or_ip(void *data)
{
	const struct racer *racer = data;
	char name[16], byte;
	struct error why;

	snprintf(name, sizeof(name), "n%d", racer->number);
	if (read(racer->go, &byte, 1) < 0)
		return 1;
	if (racer->number % 2) {
		execlp("ip", "ip", "netns", "add", name, NULL);
		return 127;
	}
	if (netns_prepare_dir(DIR, &why) < 0)
		return 2;
	return netns_publish(DIR, name, ground_netns_new(), &why) < 0 ? 3 : 0;
}

static void F67_names_of_the_daemon_and_of_ip_netns_in_parallel(void **state)
{
	char path[64];

	ground_need();
	race(publish_or_ip, 10);
	assert_int_equal(ground_mounts_at(DIR), 1);
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), DIR "/n%d", i);
		assert_int_equal(ground_mounts_at(path), 1);
	}
}

/*
 * One process publishes and unpublishes a name, the others open it: they get
 * the namespace or -ENOENT.
 */
static int look_or_publish(void *data)
{
	const struct racer *racer = data;
	int fd = ground_netns_new();
	struct netns_id mine = id_of(fd);
	char byte;

	if (read(racer->go, &byte, 1) < 0)
		return 1;
	for (int i = 0; i < 500; i++) {
		_cleanup_close_ int back = -EBADF;
		struct netns_id there;
		int r;

		if (racer->number == 0) {
			if (netns_publish(DIR, "x", fd, NULL) < 0)
				return 2;
			if (netns_unpublish(DIR, "x", &mine) < 0)
				return 3;
			continue;
		}
		r = netns_open(DIR, "x", &back, &there, NULL);
		if (r < 0 && r != -ENOENT)
			return 4;
		if (r == 0 && there.ino == mine.ino)
			return 5;
		/* a name of another namespace: not removed */
		r = netns_unpublish(DIR, "y", &mine);
		if (r < 0)
			return 6;
	}
	return 0;
}

static void F20_a_name_is_published_complete_or_not_at_all(void **state)
{
	ground_need();
	race(look_or_publish, 4);
	assert_int_equal(ground_mounts_at(AT("x")), 0);
	assert_int_equal(ground_count(DIR), 0);
}

/* Any process that can read the directory can hold its lock. */
static int hold_the_lock(void *data)
{
	int fd = open(DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return setuid(65534) < 0 ? -1 : flock(fd, LOCK_EX);
}

static void a_held_lock_delays_and_does_not_fail(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct netns_id mine;
	struct error why;
	pid_t pid;

	ground_need();
	fd = ground_netns_new();
	mine = id_of(fd);
	pid = ground_child(hold_the_lock, NULL);
	alarm(10);
	assert_int_equal(netns_publish(DIR, "x", fd, &why), 0);
	assert_int_equal(netns_unpublish(DIR, "x", &mine), 0);
	ground_listen();
	assert_int_equal(netns_prepare_dir(DIR, &why), 0);
	assert_non_null(strstr(ground_said(), "cannot lock"));
	alarm(0);
	ground_kill(pid);
}

/* --- visiting --- */

struct visit {
	uint64_t inside;
	int answer;
};

static int on_visit(void *data, struct error *err)
{
	struct visit *v = data;

	v->inside = ground_netns();
	return v->answer ? error_set(err, v->answer, "so be it") : 0;
}

static void a_visit_returns_to_the_host_namespace(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct visit v = {0};
	struct netns_id id;
	struct error why;

	ground_need();
	assert_int_equal(netns_visit(&host, -1, on_visit, &v, &fd, &id, &why),
			 0);
	assert_int_equal(ground_netns(), host.id.ino);
	assert_int_equal(v.inside, id.ino);
	assert_int_equal(id_of(fd).ino, id.ino);
	assert_int_not_equal(id.ino, host.id.ino);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);

	v.inside = 0;
	assert_int_equal(netns_visit(&host, fd, on_visit, &v, NULL, NULL, &why),
			 0);
	assert_int_equal(v.inside, id.ino);
	assert_int_equal(ground_netns(), host.id.ino);
}

static void a_failed_visit_returns_no_descriptor(void **state)
{
	_cleanup_close_ int uts =
		open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	struct visit v = {.answer = -EDOM};
	struct netns_id id = {0};
	struct error why;
	int fd = -1;

	ground_need();
	assert_int_equal(netns_visit(&host, -1, on_visit, &v, &fd, &id, &why),
			 -EDOM);
	assert_string_equal(why.text, "so be it");
	assert_int_equal(fd, -1);
	assert_int_equal(ground_netns(), host.id.ino);

	v.inside = 0; /* F41: a namespace of another kind is not entered */
	assert_true(netns_visit(&host, uts, on_visit, &v, NULL, NULL, &why) <
		    0);
	assert_non_null(strstr(why.text, "cannot enter"));
	assert_int_equal(v.inside, 0);
}

static int visit_without_return(void *data)
{
	struct netns_host lost = {.fd = -1};
	struct visit v = {0};
	struct netns_id id;
	int fd;

	netns_visit(&lost, -1, on_visit, &v, &fd, &id, NULL);
	return 77; /* it continued in the wrong namespace */
}

static void a_daemon_that_cannot_return_ends(void **state)
{
	ground_need();
	ground_listen();
	assert_int_equal(ground_run(visit_without_return, NULL), 1);
	assert_non_null(strstr(ground_said(), "cannot return"));
}

/* --- processes inside --- */

static int live_inside_as_nobody(void *data)
{
	if (setns(*(int *)data, CLONE_NEWNET) < 0)
		return -1;
	return setgid(65534) < 0 || setuid(65534) < 0 ? -1 : 0;
}

struct search {
	uint64_t inode;
	pid_t pid;
	int seen;
};

static bool on_found(void *data, pid_t pid, uint64_t proc_inode)
{
	struct search *s = data;

	s->seen++;
	if (proc_inode != s->inode)
		return true;
	s->pid = pid;
	return false;
}

/* As the daemon: without CAP_SYS_PTRACE, CAP_DAC_* and CAP_SETUID. */
static int scan_with_few_privileges(void *data)
{
	struct search *s = data;
	struct error why;
	pid_t wanted = s->pid;

	if (privs_drop(&why) < 0)
		return 1;
	s->pid = 0;
	if (netns_scan(on_found, s) < 0)
		return 2;
	if (s->seen < 2)
		return 3;
	return s->pid == wanted ? 0 : 4;
}

static void F70_processes_of_other_users_are_found_without_ptrace(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct search s = {0};
	struct visit v = {0};
	struct netns_id id;
	struct error why;

	ground_need();
	assert_int_equal(netns_visit(&host, -1, on_visit, &v, &fd, &id, &why),
			 0);
	s.inode = id.proc_inode;
	assert_int_equal(ground_run(scan_with_few_privileges, &s), 0);
	s.pid = ground_child(live_inside_as_nobody, &fd);
	assert_int_equal(ground_run(scan_with_few_privileges, &s), 0);
	ground_kill(s.pid);
	s.pid = 0;
	assert_int_equal(ground_run(scan_with_few_privileges, &s), 0);
	/* this process is found in the host's namespace */
	s.inode = host.id.proc_inode;
	assert_int_equal(netns_scan(on_found, &s), 0);
	assert_int_not_equal(s.pid, 0);
}

#define netns_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, netns_setup, netns_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(F41_a_file_with_contents_is_refused),
		netns_test(F41_a_fifo_is_refused),
		netns_test(F41_a_directory_is_refused),
		netns_test(F41_a_symbolic_link_to_a_namespace_is_refused),
		netns_test(F41_namespaces_of_other_types_are_refused),
		netns_test(F66_a_plain_file_is_stale_and_replaced),
		netns_test(F66_a_stale_mount_is_an_error),
		netns_test(a_missing_file_is_no_error),
		netns_test(F42_names_that_are_too_long_are_refused),
		netns_test(a_name_in_use_is_not_replaced),
		netns_test(
			F69_a_namespace_of_ip_netns_is_opened_and_not_removed),
		netns_test(a_failed_mount_leaves_no_file),
		netns_test(F67_a_name_is_removed_in_every_mount_namespace),
		netns_test(F67_preparing_twice_mounts_once),
		netns_test(the_directory_has_mode_0755_under_any_umask),
		netns_test(F67_ten_first_uses_in_parallel_mount_once),
		netns_test(F67_names_of_the_daemon_and_of_ip_netns_in_parallel),
		netns_test(F20_a_name_is_published_complete_or_not_at_all),
		netns_test(a_held_lock_delays_and_does_not_fail),
		netns_test(a_visit_returns_to_the_host_namespace),
		netns_test(a_failed_visit_returns_no_descriptor),
		netns_test(a_daemon_that_cannot_return_ends),
		netns_test(
			F70_processes_of_other_users_are_found_without_ptrace),
	};
	struct error why;

	ground_make();
	if (geteuid() == 0 && netns_host_open(&host, &why) < 0) {
		printf("Bail out! %s\n", why.text);
		return 1;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
