/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a session and its namespace last: until the kernel reports the end
 * of the connection and of the processes, also when the daemon is restarted.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "ground.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/forwarding.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/pool.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "helper/lifecycle/end.h"
#include "helper/lifecycle/lifecycle.h"
#include "helper/lifecycle/spare.h"
#include "helper/lifecycle/sweep.h"
#include "helper/process/child.h"
#include "helper/process/process.h"
#include "helper/server/session.h"

#define STATE	 "/run/state"
#define POLICY	 "/run/policy.conf"
#define NETNS	 "/run/netns"
#define SESSIONS STATE "/sessions"
#define RECORDS	 STATE "/namespaces"

#define PATIENCE_MS 10000

static struct forwarding forwarding;
static struct netns_host host;
static struct helper h = {.forwarding = &forwarding};
static const struct policy *policy;
static struct error why;
static struct session *held;
static struct session_holder holder;

static void on_over(struct session_holder *over)
{
	held = NULL;
}

static void nothing(void *data)
{
}

static void begin(void)
{
	static struct spare without;

	h = (struct helper){.host = &host,
			    .forwarding = &forwarding,
			    .lifecycle = &lifecycle_of_links,
			    .spare = &without,
			    .state_path = STATE,
			    .netns_dir = NETNS,
			    .next_instance = 1,
			    .next_session = 1};
	assert_int_equal(netns_host_open(&host, &why), 0);
	assert_int_equal(netns_prepare_dir(NETNS, &why), 0);
	h.state_dir = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	h.namespaces_dir = open(RECORDS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	h.sessions_dir = open(SESSIONS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(rtnl_open(&h.rtnl), 0);
	h.pool = pool_new();
	assert_non_null(h.pool);
	assert_true(sd_event_new(&h.event) >= 0);
	assert_int_equal(store_open(&h.store, h.event, POLICY, h.state_dir,
				    STATE, nothing, NULL, &why),
			 0);
	policy = store_policy(h.store);
	assert_int_equal(forwarding_open(&h, &why), 0);
	assert_int_equal(lifecycle_adopt(&h, &why), 0);
	assert_int_equal(session_reconcile(&h, &why), 0);
	assert_int_equal(sweep_open(&h, end_ask, end_run, &why), 0);
}

/* The last step of a start. */
static void drop_unused(void)
{
	lifecycle_adopted(&h);
	session_drop_dead(&h);
	lifecycle_drop_unused(&h);
	assert_int_equal(instance_record_sweep(&h), 0);
	assert_int_equal(session_sweep(&h), 0);
}

/* As when the daemon stops: its memory is freed, everything else stays. */
static void end(void)
{
	session_free_all(&h);
	end_leave(&h);
	child_close_all(&h);
	sweep_close(&h);
	store_close(h.store);
	rtnl_close(h.rtnl);
	h.pool = pool_free(h.pool);
	sd_event_unref(h.event);
	close(h.state_dir);
	close(h.namespaces_dir);
	close(h.sessions_dir);
	close(host.fd);
	close(host.mntns_fd);
}

static void restart(void)
{
	end();
	held = NULL;
	begin();
	drop_unused();
}

static int session_setup(void **state)
{
	static const char text[] =
		"[namespace jail]\nlink = none\n"
		"[namespace own]\nlink = none\nscope = user\n"
		"[namespace once]\nlink = none\nscope = session\n"
		"[namespace cut]\nlink = none\nlifetime = sessions\n"
		"[namespace ever]\nlink = none\nlifetime = forever\n"
		"[namespace theirs]\nlink = external\n"
		"[namespace vpn]\nlink = openvpn\nscope = user\n"
		"openvpn = /run/%u.ovpn\n";

	if (geteuid() != 0)
		return 0;
	if (mount("r", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir(STATE, 0700) < 0 || mkdir(SESSIONS, 0700) < 0 ||
	    mkdir(RECORDS, 0700) < 0 || sysctl_open(&why) < 0)
		return -1;
	ground_write(POLICY, "%s", text);
	holder =
		(struct session_holder){open("/dev/null", O_RDONLY | O_CLOEXEC),
					on_over};
	begin();
	return 0;
}

static int session_teardown(void **state)
{
	if (geteuid() != 0)
		return 0;
	end();
	close(holder.fd);
	sysctl_close();
	return umount2("/run", MNT_DETACH);
}

/* Runs the loop until `condition` holds. */
#define wait_for(condition)                                                    \
	do {                                                                   \
		uint64_t until_ = deadline_in_ms(PATIENCE_MS);                 \
                                                                               \
		while (!(condition) && deadline_left_ms(until_))               \
			sd_event_run(h.event, 20000);                          \
		assert_true(condition);                                        \
	} while (0)

static void settle(void)
{
	while (sd_event_run(h.event, 0) > 0)
		;
}

/* None of the namespaces here takes time to make. */
static struct instance_waiter waiter;

static struct instance *get(const char *section, const char *user, uid_t uid,
			    int *ret_fd)
{
	const struct instance_user who = {user, uid};
	struct instance *i = NULL;
	int fd = -1;

	if (lifecycle_get(&h, policy_namespace_find(policy, section), &who,
			  NULL, &waiter, &i, &fd, &why) < 0)
		fail_msg("%s", why.text);
	if (ret_fd)
		*ret_fd = fd;
	else
		close(fd);
	return i;
}

static struct session *login(struct instance *i, pid_t pid)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct proto_request who = {.uid = 5001};
	struct session *s = NULL;

	snprintf(who.user, sizeof(who.user), "alice");
	snprintf(who.service, sizeof(who.service), "sshd");
	snprintf(who.tty, sizeof(who.tty), "ssh");
	snprintf(who.rhost, sizeof(who.rhost), "192.0.2.7");
	assert_true(pidfd >= 0);
	assert_int_equal(session_open(&h, i, &who, pid, pidfd, &holder, false,
				      &s, &why),
			 0);
	held = s;
	return s;
}

static int just_live(void *data)
{
	return 0;
}

static int live_inside(void *data)
{
	return setns(*(int *)data, CLONE_NEWNET);
}

static bool is_there(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), NETNS "/%s", name);
	return ground_mounts_at(path) == 1;
}

static bool nothing_left(void)
{
	return ground_count(NETNS) == 0 && ground_count(RECORDS) == 0 &&
	       ground_count(SESSIONS) == 0 && !h.instances && !h.sessions;
}

static void a_session_ends_with_CLOSE(void **state)
{
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	session_end(login(get("jail", "alice", 5001, NULL), pid));
	assert_null(held);
	assert_null(h.sessions);
	wait_for(nothing_left());
	ground_kill(pid);
}

static void the_process_alone_keeps_the_session(void **state)
{
	struct session *s;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	s = login(get("jail", "alice", 5001, NULL), pid);
	session_holder_closed(s);
	settle();
	assert_ptr_equal(h.sessions, s);
	assert_true(is_there("jail"));
	assert_int_equal(ground_count(SESSIONS), 1);
	ground_kill(pid);
	wait_for(nothing_left());
}

static void the_connection_alone_keeps_the_session(void **state)
{
	struct session *s;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	s = login(get("jail", "alice", 5001, NULL), pid);
	ground_kill(pid);
	wait_for(!s->exit);
	settle();
	assert_ptr_equal(h.sessions, s);
	assert_true(is_there("jail"));
	session_holder_closed(s);
	assert_null(h.sessions);
	wait_for(nothing_left());
}

static void F70_a_process_inside_keeps_the_namespace(void **state)
{
	pid_t pid, inside;
	int fd;

	ground_need();
	pid = ground_child(just_live, NULL);
	login(get("jail", "alice", 5001, &fd), pid);
	inside = ground_child(live_inside, &fd);
	close(fd);
	session_end(h.sessions);
	settle();
	assert_true(is_there("jail"));
	assert_int_equal(ground_count(RECORDS), 1);
	/* the next login finds the same one */
	assert_int_equal(get("jail", "bob", 5002, &fd)->sessions, 0);
	close(fd);
	ground_kill(inside);
	wait_for(nothing_left());
	ground_kill(pid);
}

static void
the_namespace_stays_until_the_last_of_four_processes_ends(void **state)
{
	pid_t pid, inside[4];
	int fd;

	ground_need();
	pid = ground_child(just_live, NULL);
	login(get("jail", "alice", 5001, &fd), pid);
	for (int i = 0; i < 4; i++)
		inside[i] = ground_child(live_inside, &fd);
	close(fd);
	session_end(h.sessions);
	for (int i = 0; i < 4; i++) {
		settle();
		assert_true(is_there("jail"));
		ground_kill(inside[i]);
	}
	wait_for(nothing_left());
	ground_kill(pid);
}

static void namespaces_end_as_their_lifetime_says(void **state)
{
	pid_t pid, inside;
	int fd;

	ground_need();
	pid = ground_child(just_live, NULL);
	login(get("cut", "alice", 5001, &fd), pid);
	inside = ground_child(live_inside, &fd);
	close(fd);
	session_end(h.sessions);
	wait_for(!is_there("cut")); /* although a process is inside */
	ground_kill(inside);

	login(get("ever", "alice", 5001, NULL), pid);
	session_end(h.sessions);
	settle();
	assert_true(is_there("ever"));
	ground_kill(pid);
	restart();
	settle();
	assert_true(is_there("ever"));
}

static void F71_a_logout_and_a_login_at_the_same_time(void **state)
{
	struct instance *first, *second;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	first = get("jail", "alice", 5001, NULL);
	session_end(login(first, pid));
	/* joins before the daemon has looked for processes inside */
	second = get("jail", "bob", 5002, NULL);
	assert_ptr_equal(first, second);
	login(second, pid);
	settle();
	assert_true(is_there("jail"));
	session_end(h.sessions);
	wait_for(nothing_left());
	ground_kill(pid);
}

static void each_user_or_session_has_the_namespace_of_its_scope(void **state)
{
	struct instance *a, *b;

	ground_need();
	a = get("own", "alice", 5001, NULL);
	b = get("own", "bob", 5002, NULL);
	assert_string_equal(a->name, "own.alice");
	assert_string_equal(b->name, "own.bob");
	assert_ptr_equal(get("own", "alice", 5001, NULL), a);
	a = get("once", "alice", 5001, NULL);
	b = get("once", "alice", 5001, NULL);
	assert_string_equal(a->name, "once.alice.1");
	assert_string_equal(b->name, "once.alice.2");
	assert_true(is_there("own.alice") && is_there("own.bob") &&
		    is_there("once.alice.1") && is_there("once.alice.2"));
	wait_for(nothing_left()); /* no login used it */
}

static void F69_a_foreign_namespace_is_not_removed(void **state)
{
	const struct instance_user who = {"alice", 5001};
	struct instance *i;
	pid_t pid;
	int fd;

	ground_need();
	assert_int_equal(lifecycle_get(&h,
				       policy_namespace_find(policy, "theirs"),
				       &who, NULL, &waiter, &i, &fd, &why),
			 -ENOENT);
	assert_non_null(strstr(why.text, "ip netns add theirs"));
	assert_int_equal(ground_sh("ip netns add theirs; ip netns add jail"),
			 0);
	pid = ground_child(just_live, NULL);
	session_end(login(get("theirs", "alice", 5001, NULL), pid));
	session_end(login(get("jail", "alice", 5001, NULL), pid));
	settle();
	assert_true(is_there("theirs") && is_there("jail"));
	assert_int_equal(ground_count(RECORDS), 0);
	assert_null(h.instances);
	ground_kill(pid);
}

static void
F68_another_program_removed_the_name_the_next_login_makes_one(void **state)
{
	int before, after;
	struct stat a, b;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	login(get("jail", "alice", 5001, &before), pid);
	assert_int_equal(ground_sh("ip netns del jail"), 0);
	ground_listen();
	login(get("jail", "bob", 5002, &after), pid);
	assert_non_null(
		strstr(ground_said(), "another program removed the name"));
	assert_int_equal(fstat(before, &a), 0);
	assert_int_equal(fstat(after, &b), 0);
	assert_int_not_equal(a.st_ino, b.st_ino);
	assert_true(is_there("jail"));
	session_end(h.sessions);
	session_end(h.sessions);
	close(before);
	close(after);
	wait_for(nothing_left());
	ground_kill(pid);
}

/* --- restarts --- */

static void F58_a_restart_finds_sessions_by_their_process(void **state)
{
	struct session *s;
	uint64_t id;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	s = login(get("jail", "alice", 5001, NULL), pid);
	id = s->id;
	restart();
	settle();
	s = session_find(&h, id);
	assert_non_null(s);
	assert_int_equal(s->pid, pid);
	assert_int_equal(s->uid, 5001);
	assert_string_equal(s->user, "alice");
	assert_string_equal(s->rhost, "192.0.2.7");
	assert_string_equal(s->instance->name, "jail");
	assert_int_equal(s->instance->sessions, 1);
	assert_true(is_there("jail"));
	/* a new session has another number */
	assert_int_not_equal(login(s->instance, pid)->id, id);
	ground_kill(pid);
	session_holder_closed(held);
	wait_for(nothing_left());
}

static void
F58_a_process_that_ended_without_a_daemon_has_no_session(void **state)
{
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	login(get("jail", "alice", 5001, NULL), pid);
	end();
	ground_kill(pid);
	begin();
	drop_unused();
	assert_null(h.sessions);
	wait_for(nothing_left());
}

static void F53_a_reused_pid_is_no_session(void **state)
{
	char path[64], text[4096], *start;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	snprintf(path, sizeof(path), SESSIONS "/%" PRIu64,
		 login(get("jail", "alice", 5001, NULL), pid)->id);
	end();
	/* the same pid, but not the same process */
	snprintf(text, sizeof(text), "%s", ground_read(path));
	start = strstr(text, "\nprocess ");
	assert_non_null(start);
	start[9] = start[9] == '1' ? '2' : '1';
	ground_write(path, "%s", text);
	begin();
	drop_unused();
	assert_null(h.sessions);
	wait_for(nothing_left());
	ground_kill(pid);
}

static void F58_a_lease_from_the_fd_store_is_adopted(void **state)
{
	struct session *s;
	uint64_t id;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	id = login(get("jail", "alice", 5001, NULL), pid)->id;
	end();
	ground_kill(pid);
	begin();
	held = NULL;
	assert_non_null(session_restore_holder(&h, id, &holder));
	assert_null(session_restore_holder(&h, id, &holder));
	assert_null(session_restore_holder(&h, id + 1, &holder));
	session_drop_dead(&h);
	s = session_find(&h, id);
	assert_non_null(s);
	settle();
	assert_true(is_there("jail"));
	session_holder_closed(s);
	wait_for(nothing_left());
}

static void F64_void_records_are_removed(void **state)
{
	ground_need();
	end();
	ground_write(SESSIONS "/1", "half");
	ground_write(SESSIONS "/2", "boot x\npid 1\nend\n");
	ground_write(SESSIONS "/name", "boot x\nend\n");
	ground_write(SESSIONS "/.3", "x");
	ground_write(RECORDS "/1", "half");
	ground_write(RECORDS "/.2", "x");
	ground_write(RECORDS "/7", "boot x\nname jail\nend\n");
	ground_listen();
	begin();
	drop_unused();
	ground_said();
	assert_true(nothing_left());
	assert_true(h.next_instance > 7);
}

static void F58_a_record_or_a_name_alone_is_removed(void **state)
{
	ground_need();
	get("jail", "alice", 5001, NULL);
	end();
	/* the name is removed, the record is not */
	assert_int_equal(ground_sh("ip netns del jail"), 0);
	begin();
	drop_unused();
	assert_int_equal(ground_count(RECORDS), 0);
	get("jail", "alice", 5001, NULL);
	end();
	/* the name is unmounted, its file is not removed */
	assert_int_equal(umount(NETNS "/jail"), 0);
	assert_int_equal(ground_count(NETNS), 1);
	begin();
	drop_unused();
	assert_true(nothing_left());
}

static void
F65_full_state_directory_no_new_namespace_open_ones_are_joined(void **state)
{
	const struct instance_user who = {"alice", 5001};
	char block[4096] = "";
	struct instance *i;
	int filler, fd;
	pid_t pid;

	ground_need();
	end();
	assert_int_equal(mount("s", STATE, "tmpfs", 0, "mode=700,size=32k"), 0);
	assert_int_equal(mkdir(SESSIONS, 0700), 0);
	assert_int_equal(mkdir(RECORDS, 0700), 0);
	begin();
	pid = ground_child(just_live, NULL);
	get("ever", "alice", 5001, NULL);
	filler = open(STATE "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(filler, block, sizeof(block)) > 0)
		;
	close(filler);
	/* no namespace is made, and nothing of one is left */
	assert_true(lifecycle_get(&h, policy_namespace_find(policy, "jail"),
				  &who, NULL, &waiter, &i, &fd, &why) < 0);
	assert_non_null(strstr(why.text, STATE));
	assert_false(is_there("jail"));
	assert_int_equal(ground_count(NETNS), 1);
	/* one that exists is joined */
	ground_listen();
	login(get("ever", "alice", 5001, NULL), pid);
	assert_non_null(
		strstr(ground_said(), "cannot write the record of session"));
	assert_non_null(h.sessions);
	session_end(h.sessions);
	ground_kill(pid);
}

static void each_change_of_a_state_is_logged(void **state)
{
	const char *said;

	ground_need();
	log_open(true);
	ground_listen();
	get("own", "alice", 5001, NULL);
	sweep_soon(&h);
	wait_for(nothing_left());
	said = ground_said();
	log_open(false);
	assert_non_null(
		strstr(said, "own.alice (alice, 0 sessions): making -> live"));
	assert_non_null(
		strstr(said, "own.alice (alice, 0 sessions): live -> leaving"));
}

/* --- ends that cannot be completed --- */

/* Read-only: a name can be unmounted, but its file cannot be removed. */
static void names_read_only(bool on)
{
	const unsigned long flags = MS_REMOUNT | MS_BIND | (on ? MS_RDONLY : 0);

	assert_int_equal(mount("none", NETNS, NULL, flags, NULL), 0);
}

static void end_with_names_read_only(void)
{
	pid_t pid = ground_child(just_live, NULL);
	struct session *s = login(get("jail", "alice", 5001, NULL), pid);

	names_read_only(true);
	session_end(s);
	wait_for(h.instances->unfinished);
	ground_kill(pid);
}

static void F103_removing_a_name_that_failed_is_tried_again(void **state)
{
	const struct instance_user who = {"alice", 5001};
	struct instance *i;
	int fd = -1;

	ground_need();
	end_with_names_read_only();
	assert_int_equal(h.instances->state, INSTANCE_LEAVING);
	assert_int_equal(ground_count(RECORDS), 1);
	/* until then a login is refused, and leaves nothing */
	assert_true(lifecycle_get(&h, policy_namespace_find(policy, "jail"),
				  &who, NULL, &waiter, &i, &fd, &why) < 0);
	assert_int_equal(ground_count(RECORDS), 1);
	names_read_only(false);
	wait_for(nothing_left());
}

static void F103_a_name_cannot_be_removed_next_daemon_removes_it(void **state)
{
	ground_need();
	end_with_names_read_only();
	end();
	names_read_only(false);
	begin();
	drop_unused();
	assert_true(nothing_left());
}

static unsigned int times(const char *text, const char *part)
{
	unsigned int n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

/* As with hidepid=2 in the mount options of /proc. */
static void
F103_processes_cannot_be_seen_nothing_ends_and_polling_is_slow(void **state)
{
	uint64_t began = deadline_now_ms();
	const char *said;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	login(get("jail", "alice", 5001, NULL), pid);
	assert_int_equal(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	log_open(true);
	ground_listen();
	session_end(h.sessions);
	/* Scans after 0, 50 and 550 ms; the next after 5 s. */
	while (deadline_now_ms() - began < 2000)
		sd_event_run(h.event, 20000);
	said = ground_said();
	log_open(false);
	assert_int_equal(times(said, "cannot see which processes"), 1);
	assert_int_equal(times(said, "looked for again in"), 3);
	assert_int_equal(times(said, "looked for again in 5000 ms"), 1);
	assert_int_equal(umount("/proc"), 0);
	assert_true(is_there("jail"));
	wait_for(nothing_left());
	ground_kill(pid);
}

static int remove_works(struct helper *helper, struct instance *i, int netns,
			struct error *err)
{
	return 0;
}

static void F103_the_mount_that_keeps_it_fails_tried_again(void **state)
{
	static const struct link_ops ops = {.remove = remove_works};
	char kept[64];
	struct instance *i;
	pid_t inside;
	int fd;

	ground_need();
	i = get("ever", "alice", 5001, &fd);
	inside = ground_child(live_inside, &fd);
	close(fd);
	i->ops = &ops;
	i->attached = true;
	snprintf(kept, sizeof(kept), STATE "/kept/%" PRIu64, i->id);
	end_ask(i, END_KEEP); /* there is no directory for the mount */
	wait_for(i->unfinished);
	end_run(i);
	assert_true(is_there("ever"));
	assert_int_equal(mkdir(STATE "/kept", 0700), 0);
	wait_for(!is_there("ever"));
	assert_int_equal(ground_mounts_at(kept), 1);
	ground_kill(inside);
	wait_for(nothing_left());
	assert_int_equal(ground_mounts_at(kept), 0);
}

static void F103_killed_while_leaving_the_next_daemon_ends_it(void **state)
{
	ground_need();
	get("jail", "alice", 5001, NULL);
	end();
	assert_int_equal(ground_sh("sed -i 's/^state 1$/state 3/' " RECORDS
				   "/*"),
			 0);
	begin();
	assert_int_equal(h.instances->state, INSTANCE_LEAVING);
	assert_null(instance_find(&h, "jail"));
	drop_unused();
	assert_true(nothing_left());
}

/* --- what is recorded, and what an error means --- */

static struct link_ops fake;
static bool end_recorded;

static int cut_fails(struct helper *helper, struct instance *i,
		     struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), RECORDS "/%" PRIu64, i->id);
	end_recorded = strstr(ground_read(path), "\nend 2\n");
	return error_set(err, -EIO, "the link cannot be disconnected");
}

static int cut_works(struct helper *helper, struct instance *i,
		     struct error *err)
{
	return 0;
}

static void F58_a_forced_end_is_recorded_before_it_begins(void **state)
{
	struct instance *i;

	ground_need();
	i = get("ever", "alice", 5001, NULL);
	fake.cut = cut_fails;
	i->ops = &fake;
	end_recorded = false;
	end_ask(i, END_CUT);
	assert_true(end_recorded);
	fake.cut = cut_works;
	wait_for(nothing_left());
}

static void F58_killed_before_a_forced_end_the_next_daemon_ends_it(void **state)
{
	ground_need();
	get("ever", "alice", 5001, NULL);
	end();
	assert_int_equal(ground_sh("sed -i 's/^end .*/end 2/' " RECORDS "/*"),
			 0);
	begin();
	assert_int_equal(h.instances->state, INSTANCE_CLOSING);
	drop_unused();
	wait_for(nothing_left());
}

static void
F103_a_failed_making_keeps_its_filter_until_disconnected(void **state)
{
	const struct rtnl_link lo = {.ifindex = 1};
	struct instance *i;

	ground_need();
	i = get("ever", "alice", 5001, NULL);
	instance_set_state(i, INSTANCE_MAKING);
	i->host_ifindex = lo.ifindex;
	fake.cut = cut_fails;
	i->ops = &fake;
	end_free(i, -EIO, NULL);
	assert_true(i->unfinished);
	/* filter_release() was not called: it comes with this member. */
	assert_int_equal(i->host_ifindex, lo.ifindex);
	fake.cut = cut_works;
	wait_for(i->cut);
	events_link_removed(&h, &lo);
	wait_for(nothing_left());
}

static void a_link_that_cannot_be_queried_is_not_taken_for_deleted(void **state)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_close_ int saved = -EBADF;
	struct instance *i;

	ground_need();
	i = get("ever", "alice", 5001, NULL);
	i->host_ifindex = 1;
	saved = fcntl(rtnl_fd(h.rtnl), F_DUPFD_CLOEXEC, 3);
	assert_true(dup2(null, rtnl_fd(h.rtnl)) >= 0);
	assert_true(events_resync(&h) < 0);
	assert_int_equal(i->host_ifindex, 1);
	assert_true(dup2(saved, rtnl_fd(h.rtnl)) >= 0);
	assert_int_equal(events_resync(&h), 0);
	assert_int_equal(i->host_ifindex, 1);
	i->host_ifindex = 1000000;
	assert_int_equal(events_resync(&h), 0);
	assert_int_equal(i->host_ifindex, 0);
}

static void F64_a_second_record_of_a_foreign_namespace_is_void(void **state)
{
	ground_need();
	assert_int_equal(ground_sh("ip netns add theirs"), 0);
	get("theirs", "alice", 5001, NULL);
	assert_int_equal(ground_sh("cd " RECORDS " && cp 1 8"), 0);
	end();
	begin(); /* succeeds */
	assert_non_null(h.instances);
	assert_null(h.instances->next);
	drop_unused();
	assert_int_equal(ground_count(RECORDS), 0);
	assert_true(is_there("theirs"));
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       info.si_pid == pid;
}

/* Of a shared namespace, which has no user for %u. */
static void
F62_openvpn_without_a_path_at_a_restart_ends_with_its_namespace(void **state)
{
	_cleanup_close_ int pidfd = -EBADF;
	struct instance *i;
	pid_t pid;

	ground_need();
	pid = ground_child(just_live, NULL);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	i = get("ever", "alice", 5001, NULL);
	i->link = LINK_OPENVPN;
	snprintf(i->section, sizeof(i->section), "vpn");
	i->pid = pid;
	assert_int_equal(process_identity(pid, pidfd, &i->process), 0);
	assert_int_equal(instance_record_save(i, NULL), 0);
	end();
	ground_listen();
	begin();
	assert_non_null(strstr(ground_said(), "cannot replace %u"));
	drop_unused();
	end_ask(h.instances, END_CUT);
	wait_for(has_ended(pid));
	wait_for(nothing_left());
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define session_test(f)                                                        \
	cmocka_unit_test_setup_teardown(f, session_setup, session_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		session_test(a_session_ends_with_CLOSE),
		session_test(the_process_alone_keeps_the_session),
		session_test(the_connection_alone_keeps_the_session),
		session_test(F70_a_process_inside_keeps_the_namespace),
		session_test(
			the_namespace_stays_until_the_last_of_four_processes_ends),
		session_test(namespaces_end_as_their_lifetime_says),
		session_test(F71_a_logout_and_a_login_at_the_same_time),
		session_test(
			each_user_or_session_has_the_namespace_of_its_scope),
		session_test(F69_a_foreign_namespace_is_not_removed),
		session_test(
			F68_another_program_removed_the_name_the_next_login_makes_one),
		session_test(F58_a_restart_finds_sessions_by_their_process),
		session_test(
			F58_a_process_that_ended_without_a_daemon_has_no_session),
		session_test(F53_a_reused_pid_is_no_session),
		session_test(F58_a_lease_from_the_fd_store_is_adopted),
		session_test(F64_void_records_are_removed),
		session_test(F58_a_record_or_a_name_alone_is_removed),
		session_test(
			F65_full_state_directory_no_new_namespace_open_ones_are_joined),
		session_test(each_change_of_a_state_is_logged),
		session_test(F103_removing_a_name_that_failed_is_tried_again),
		session_test(
			F103_a_name_cannot_be_removed_next_daemon_removes_it),
		session_test(F103_killed_while_leaving_the_next_daemon_ends_it),
		session_test(
			F103_processes_cannot_be_seen_nothing_ends_and_polling_is_slow),
		session_test(F103_the_mount_that_keeps_it_fails_tried_again),
		session_test(F58_a_forced_end_is_recorded_before_it_begins),
		session_test(
			F58_killed_before_a_forced_end_the_next_daemon_ends_it),
		session_test(
			F103_a_failed_making_keeps_its_filter_until_disconnected),
		session_test(
			a_link_that_cannot_be_queried_is_not_taken_for_deleted),
		session_test(
			F64_a_second_record_of_a_foreign_namespace_is_void),
		session_test(
			F62_openvpn_without_a_path_at_a_restart_ends_with_its_namespace),
	};

	ground_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
