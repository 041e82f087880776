/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session sees in its namespaces, and that a failed entry leaves the
 * process exactly where it was. This program replaces the system calls of an
 * entry, so that each of them can fail in turn.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "box.h"
#include "common/enter.h"
#include "common/mounts.h"

#define TEXT	  "nameserver 192.0.2.53\nsearch example.net\n"
#define HOST_TEXT "nameserver 192.0.2.99\n"
#define SCRATCH	  BOX_STATE "/mnt"

/* ---- the system calls of an entry: call number fail_at fails */

static int calls, fail_at, fail_code;

static bool fails_now(void)
{
	calls++;
	if (calls != fail_at)
		return false;
	errno = fail_code;
	return true;
}

#define CALL(number, ...)                                                      \
	(fails_now() ? -1 : (int)(syscall)(number, __VA_ARGS__))

int setns(int fd, int type)
{
	return CALL(SYS_setns, fd, type);
}

int unshare(int flags)
{
	return CALL(SYS_unshare, flags);
}

int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data)
{
	return CALL(SYS_mount, source, target, type, flags, data);
}

int umount2(const char *target, int flags)
{
	return CALL(SYS_umount2, target, flags);
}

int fsopen(const char *type, unsigned int flags)
{
	return CALL(SYS_fsopen, type, flags);
}

int fsconfig(int fd, unsigned int command, const char *key, const void *value,
	     int aux)
{
	return CALL(SYS_fsconfig, fd, command, key, value, aux);
}

int fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	return CALL(SYS_fsmount, fd, flags, attributes);
}

int open_tree(int dir, const char *path, unsigned int flags)
{
	return CALL(SYS_open_tree, dir, path, flags);
}

int move_mount(int from_dir, const char *from, int to_dir, const char *to,
	       unsigned int flags)
{
	return CALL(SYS_move_mount, from_dir, from, to_dir, to, flags);
}

/* ---- the host before the session */

static int prepare(void **state)
{
	calls = fail_at = 0;
	if (box_shell("umount /etc/resolv.conf 2>/dev/null; "
		      "rm -rf /etc/resolv.conf /etc/netns /etc/dns /run/nscd "
		      "/run/systemd /run/avahi-daemon /etc/hosts") < 0)
		return -1;
	box_write("/etc/resolv.conf", "%s", HOST_TEXT);
	box_write("/etc/nsswitch.conf",
		  "passwd: files\n# hosts: none\nhosts:  resolve mdns dns\n"
		  "group: files\n");
	mkdir("/run/nscd", 0755);
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/resolve", 0755);
	mkdir("/run/avahi-daemon", 0755);
	box_write("/run/systemd/resolve/stub-resolv.conf", "%s", HOST_TEXT);
	return 0;
}

struct place {
	unsigned long netns, mntns;
	char cwd[4096], root[4096], mounts[64 * 1024];
};

static void place_note(struct place *p)
{
	ssize_t n;

	memset(p, 0, sizeof(*p));
	p->netns = box_namespace("net");
	p->mntns = box_namespace("mnt");
	n = readlink("/proc/self/cwd", p->cwd, sizeof(p->cwd) - 1);
	box_check(n > 0);
	n = readlink("/proc/self/root", p->root, sizeof(p->root) - 1);
	box_check(n > 0);
	snprintf(p->mounts, sizeof(p->mounts), "%s",
		 box_read("/proc/self/mountinfo"));
}

static void place_same(const struct place *a)
{
	static struct place b;

	place_note(&b);
	box_check(a->netns == b.netns);
	box_check(a->mntns == b.mntns);
	box_check(!strcmp(a->cwd, b.cwd), "%s %s", a->cwd, b.cwd);
	box_check(!strcmp(a->root, b.root));
	box_check(!strcmp(a->mounts, b.mounts));
}

static struct enter_plan plan_make(const char *text, const char *section)
{
	struct enter_plan p = {
		.netns = open(BOX_NETNS, O_RDONLY | O_CLOEXEC),
		.host_mntns = -1,
		.resolv_conf = text,
		.etc_section = section,
		.scratch = SCRATCH,
	};

	return p;
}

/* One session: its preparation, and the checks inside and outside. */
struct visit {
	const char *prepare; /* a shell command */
	const char *section;
	bool no_text;
	const char *inside;  /* a shell command that must succeed inside */
	const char *outside; /* the same outside, after the session */
	const char *refused; /* or: the entry must fail with this text */
};

static void visit_make(void *data)
{
	static struct place before;
	const struct visit *v = data;
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct error err = {""};
	struct enter_plan plan;
	int r, fds;

	if (v->prepare)
		box_check(box_shell(v->prepare) == 0, "%s", v->prepare);
	box_check(chdir("/usr") == 0);
	place_note(&before);
	fds = box_fd_count();
	plan = plan_make(v->no_text ? NULL : TEXT, v->section);
	r = enter_namespace(&plan, &origin, &err);
	close(plan.netns);
	if (v->refused) {
		box_check(r < 0, "%s went well", v->prepare);
		box_check(strstr(err.text, v->refused), "said: %s", err.text);
		place_same(&before);
		box_check(box_fd_count() == fds);
		return;
	}
	box_check(r == 0, "%s: %s", v->prepare, err.text);
	if (v->inside)
		box_check(box_shell(v->inside) == 0, "%s: inside: %s",
			  v->prepare, v->inside);
	box_check(!strstr(box_read("/proc/self/mountinfo"), SCRATCH),
		  "the scratch directory is still mounted on");
	r = enter_restore(&origin, &err);
	box_check(r == 0, "%s", err.text);
	enter_forget(&origin);
	place_same(&before);
	box_check(box_fd_count() == fds);
	if (v->outside)
		box_check(box_shell(v->outside) == 0, "%s: outside: %s",
			  v->prepare, v->outside);
}

static void visit(struct visit v)
{
	prepare(NULL);
	box_fork(visit_make, &v);
}

static void plain(void *data)
{
	static struct place before;
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(NULL, NULL);
	struct error err;
	struct stat st;

	place_note(&before);
	box_check(enter_namespace(&plan, &origin, &err) == 0);
	box_check(stat(BOX_NETNS, &st) == 0);
	box_check(box_namespace("net") == st.st_ino);
	box_check(box_namespace("mnt") == before.mntns);
	box_check(origin.mntns < 0 && origin.root < 0 && origin.cwd < 0);
	box_check(enter_restore(&origin, &err) == 0);
	box_check(enter_restore(&origin, &err) == 0); /* idempotent */
	place_same(&before);
}

static void test_network_namespace_only(void **state)
{
	box_fork(plain, NULL);
}

/* F10: inside, /etc/resolv.conf is the session's. */
#define SEES_OURS                                                              \
	"grep -q ^staff /etc/group && "                                        \
	"[ \"$(cat /etc/resolv.conf)\" = \"$(printf '" TEXT "')\" ] && "       \
	"[ $(stat -Lc %a%u%g /etc/resolv.conf) = 64400 ] && "                  \
	"grep -qx 'hosts: files dns' /etc/nsswitch.conf && "                   \
	"! grep -q '^hosts:.*resolve' /etc/nsswitch.conf && "                  \
	"grep -qx 'group: files' /etc/nsswitch.conf && "                       \
	"grep -qx '# hosts: none' /etc/nsswitch.conf && "                      \
	"! echo x 2>/dev/null >>/etc/resolv.conf"
#define SEES_HOSTS "grep -q 192.0.2.99 /etc/resolv.conf"

static void test_resolv_conf(void **state)
{
	static const struct visit visits[] = {
		{.prepare = "true", .outside = SEES_HOSTS},
		{.prepare = "umask 077", .outside = SEES_HOSTS},
		{.prepare = "mkdir /etc/dns; mv /etc/resolv.conf /etc/dns/r; "
			    "ln -s dns/r /etc/resolv.conf",
		 .outside = SEES_HOSTS " && [ -L /etc/resolv.conf ]"},
		{.prepare = "mkdir /etc/dns; mv /etc/resolv.conf /etc/dns/r; "
			    "ln -s /etc/dns/r /etc/resolv.conf",
		 .outside = SEES_HOSTS " && [ -L /etc/resolv.conf ]"},
		{.prepare = "mkdir /etc/dns; mv /etc/resolv.conf /etc/dns/r; "
			    "ln -s dns/../dns/s /etc/resolv.conf; "
			    "ln -s ./r /etc/dns/s",
		 .outside = SEES_HOSTS},
		{.prepare = "ln -sf "
			    "../run/systemd/resolve/stub-resolv.conf "
			    "/etc/resolv.conf",
		 .outside = SEES_HOSTS},
		{.prepare = "ln -sf "
			    "/run/systemd/resolve/stub-resolv.conf "
			    "/etc/resolv.conf",
		 .outside = SEES_HOSTS},
		/* the link exists, but systemd-resolved has not written the
		   file */
		{.prepare = "ln -sf "
			    "/run/systemd/resolve/stub-resolv.conf "
			    "/etc/resolv.conf; rm /run/systemd/resolve/*"},
		{.prepare = "rm /etc/resolv.conf",
		 .outside = "[ -f /etc/resolv.conf -a ! -s /etc/resolv.conf ]"},
		{.prepare = "mkdir /etc/dns; ln -sf dns/r /etc/resolv.conf",
		 .outside = "[ -f /etc/dns/r -a ! -s /etc/dns/r ] && "
			    "[ -L /etc/resolv.conf ]"},
		/* read-only: the entry does not write to it */
		{.prepare = "mount --bind /etc/resolv.conf /etc/resolv.conf && "
			    "mount -o remount,bind,ro /etc/resolv.conf",
		 .outside = SEES_HOSTS " && umount /etc/resolv.conf"},
		{.prepare = "rm /etc/resolv.conf; mkdir /etc/resolv.conf",
		 .refused = "not a regular file"},
		{.prepare = "rm /etc/resolv.conf; mkfifo /etc/resolv.conf",
		 .refused = "not a regular file"},
		{.prepare = "ln -sf /etc/nowhere/r /etc/resolv.conf",
		 .refused = "/etc/nowhere/r, whose directory does not exist"},
		{.prepare = "ln -sf resolv.conf /etc/resolv.conf",
		 .refused = "too many links"},
		{.prepare = "mkdir /run/systemd/resolve/deep; ln -sf "
			    "/run/systemd/resolve/deep/r /etc/resolv.conf",
		 .refused = "must not see"},
		/* links that the resolver's account can make in its directory
		 */
		{.prepare = "chown 5001 /run/systemd/resolve; cd "
			    "/run/systemd/resolve; ln -sf /etc/group "
			    "stub-resolv.conf; ln -sf "
			    "/run/systemd/resolve/stub-resolv.conf "
			    "/etc/resolv.conf",
		 .outside = "grep -q ^staff /etc/group"},
		{.prepare = "mkdir /etc/dns; ln -s /etc/group /etc/dns/r; "
			    "chown 5001 /etc/dns; ln -sf dns/r "
			    "/etc/resolv.conf",
		 .refused = "users other than root can change"},
		{.prepare = "ln -s /etc/group /run/avahi-daemon/socket",
		 .refused = "cannot cover /run/avahi-daemon/socket"},
		{.prepare = "rmdir " SCRATCH, .refused = SCRATCH},
	};

	for (size_t i = 0; i < sizeof(visits) / sizeof(*visits); i++) {
		struct visit v = visits[i];

		if (!v.refused)
			v.inside = SEES_OURS;
		visit(v);
		mkdir(SCRATCH, 0700);
	}
}

static void test_nsswitch(void **state)
{
	static const char *const cases[][2] = {
		{"", "hosts: files dns\n"},
		{"hosts: resolve", "hosts: files dns\n"},
		{"passwd: files", "passwd: files\nhosts: files dns\n"},
		{"a: b\nhosts: x\nc: d\n", "a: b\nhosts: files dns\nc: d\n"},
		{" \thosts \t:x\n", "hosts: files dns\n"},
		{"hosts: a\nhosts: b\n", "hosts: files dns\n"},
		{"#hosts: a\n", "#hosts: a\nhosts: files dns\n"},
		{"hostsx: a\n", "hostsx: a\nhosts: files dns\n"},
		{"\n\n", "\n\nhosts: files dns\n"},
	};
	char *made;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(mounts_nsswitch(cases[i][0], &made), 0);
		assert_string_equal(made, cases[i][1]);
		free(made);
	}
}

static void test_no_nsswitch(void **state)
{
	visit((struct visit){
		.prepare = "rm /etc/nsswitch.conf",
		.inside = "grep -q 192.0.2.53 /etc/resolv.conf && "
			  "! [ -e /etc/nsswitch.conf ]",
		.outside = "! [ -e /etc/nsswitch.conf ]",
	});
	visit((struct visit){.prepare = "head -c 70000 /dev/zero | tr '\\0' '#'"
					" >/etc/nsswitch.conf",
			     .refused = "/etc/nsswitch.conf"});
}

/* ---- sockets of resolvers */

static const char *const sockets[] = {
	"/run/nscd/socket",
	"/run/systemd/resolve/io.systemd.Resolve",
	"/run/avahi-daemon/socket",
};
#define N_SOCKETS (sizeof(sockets) / sizeof(*sockets))

static int socket_connects(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	r = connect(s, (struct sockaddr *)&a, sizeof(a));
	close(s);
	return r == 0;
}

static void covered(void *data)
{
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(TEXT, NULL);
	struct error err;

	for (size_t i = 0; i < N_SOCKETS; i++) {
		struct sockaddr_un a = {.sun_family = AF_UNIX};
		int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		snprintf(a.sun_path, sizeof(a.sun_path), "%s", sockets[i]);
		box_check(bind(s, (struct sockaddr *)&a, sizeof(a)) == 0);
		box_check(listen(s, 8) == 0);
		box_check(socket_connects(sockets[i]));
	}
	box_check(enter_namespace(&plan, &origin, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < N_SOCKETS; i++)
		box_check(!socket_connects(sockets[i]), "%s", sockets[i]);
	box_check(!socket_connects("/var/run/nscd/socket"));
	box_check(box_shell("! echo x 2>/dev/null >/run/nscd/x") == 0);
	box_check(enter_restore(&origin, &err) == 0);
	for (size_t i = 0; i < N_SOCKETS; i++)
		box_check(socket_connects(sockets[i]), "%s", sockets[i]);
}

static void test_sockets_are_covered(void **state)
{
	box_fork(covered, NULL);
}

/* ---- changes on the host during the session */

static void on_host(int mntns, const char *command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(setns(mntns, CLONE_NEWNS) < 0 || box_shell(command) ? 1
									  : 0);
	waitpid(pid, &status, 0);
	box_check(status == 0, "%s", command);
}

static void renamed_over(void *data)
{
	const char *link = data;
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(TEXT, NULL);
	struct error err;

	if (link)
		box_check(box_shell(link) == 0);
	box_check(enter_namespace(&plan, &origin, &err) == 0, "%s", err.text);
	on_host(origin.mntns,
		"echo nameserver 192.0.2.98 >/run/new && "
		"f=$(readlink -f /etc/resolv.conf) && cp /run/new $f.new && "
		"mv $f.new $f && rm /run/new");
	if (link) /* the directory is covered: the new file is not visible */
		box_check(strstr(box_read("/etc/resolv.conf"), "192.0.2.53"));
	else /* rename(2) over a mount point removes the mount */
		box_check(box_read("/etc/resolv.conf")[0]);
	/* The other mounts of the session are unchanged. */
	box_check(box_shell("[ -z \"$(ls /run/nscd)\" ] && "
			    "grep -qx 'hosts: files dns' /etc/nsswitch.conf") ==
		  0);
	box_check(enter_restore(&origin, &err) == 0);
}

static char to_resolved[] =
	"ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf";

static void test_replaced_resolv_conf(void **state)
{
	box_fork(renamed_over, NULL);
	prepare(NULL);
	box_fork(renamed_over, to_resolved);
}

static void propagation(void *data)
{
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(TEXT, NULL);
	struct error err;

	box_check(
		box_shell(
			"mkdir -p /run/shared && mount -t tmpfs x /run/shared "
			"&& mount --make-shared /run/shared && "
			"mkdir /run/shared/in /run/shared/out") == 0);
	box_check(enter_namespace(&plan, &origin, &err) == 0, "%s", err.text);
	on_host(origin.mntns, "mount -t tmpfs y /run/shared/in && "
			      "touch /run/shared/in/seen");
	box_check(access("/run/shared/in/seen", F_OK) == 0);
	box_check(box_shell("mount -t tmpfs z /run/shared/out && "
			    "touch /run/shared/out/secret") == 0);
	on_host(origin.mntns, "! [ -e /run/shared/out/secret ]");
	box_check(enter_restore(&origin, &err) == 0);
	box_check(box_shell("umount -R /run/shared && rmdir /run/shared") == 0);
}

static void test_propagation(void **state)
{
	box_fork(propagation, NULL);
}

/* ---- /sys */

#define SYS_MOUNT                                                              \
	"umount -Rl /sys; mount -t sysfs sys /sys && "                         \
	"mount -t tmpfs cg /sys/fs/cgroup && mkdir /sys/fs/cgroup/mine && "

static void test_sys(void **state)
{
	visit((struct visit){
		.prepare = SYS_MOUNT "ip link add name dmy type bridge",
		.inside = "[ \"$(ls /sys/class/net)\" = lo ] && "
			  "[ \"$(ls /sys/devices/virtual/net)\" = lo ] && "
			  "[ -e /sys/class/net/lo/mtu ] && "
			  "[ -d /sys/fs/cgroup/mine ] && [ -d /sys/kernel ]",
		.outside = "[ -e /sys/class/net/dmy ] && ip link del dmy",
	});
	visit((struct visit){
		.prepare = SYS_MOUNT "mount -o remount,bind,ro /sys",
		.inside = "[ \"$(ls /sys/class/net)\" = lo ] && "
			  "! echo 1400 2>/dev/null >/sys/class/net/lo/mtu",
	});
	visit((struct visit){.prepare = "umount -Rl /sys",
			     .inside = "[ -z \"$(ls /sys)\" ]"});
	visit((struct visit){.prepare =
				     "umount -Rl /sys; mount -t tmpfs t /sys",
			     .inside = "[ -z \"$(ls /sys)\" ]"});
	assert_int_equal(box_shell("umount -l /sys 2>/dev/null; "
				   "mount -t sysfs sys /sys"),
			 0);
}

/* ---- /etc/netns/SECTION */

#define SECTION "mkdir -p /etc/netns/jail && "

static void test_section(void **state)
{
	static const struct visit visits[] = {
		{.prepare = SECTION "echo inside >/etc/netns/jail/hosts && "
				    "echo outside >/etc/hosts",
		 .inside = "grep -qx inside /etc/hosts && " SEES_HOSTS,
		 .outside = "grep -qx outside /etc/hosts"},
		/* its resolv.conf is one, with all that goes with it */
		{.prepare = SECTION
		 "echo nameserver 192.0.2.7 >/etc/netns/jail/resolv.conf && "
		 "touch /run/nscd/socket",
		 .inside = "grep -q 192.0.2.7 /etc/resolv.conf && "
			   "grep -qx 'hosts: files dns' /etc/nsswitch.conf && "
			   "! [ -e /run/nscd/socket ]",
		 .outside = SEES_HOSTS},
		{.prepare = SECTION "printf 'hosts: resolve\\nx: y\\n' "
				    ">/etc/netns/jail/nsswitch.conf && "
				    "touch /etc/netns/jail/resolv.conf",
		 .inside = "grep -qx 'hosts: files dns' /etc/nsswitch.conf && "
			   "grep -qx 'x: y' /etc/nsswitch.conf"},
		{.prepare = SECTION "true", .inside = SEES_HOSTS},
		{.prepare = "true", .refused = "/etc/netns/jail"},
		{.prepare = SECTION "touch /etc/netns/jail/no-such",
		 .refused = "/etc/no-such"},
		{.prepare = SECTION "ln -s /etc/shadow /etc/netns/jail/hosts",
		 .refused = "no link is followed"},
		{.prepare = SECTION "ln -s /etc/shadow "
				    "/etc/netns/jail/resolv.conf",
		 .refused = "symbolic link"},
		{.prepare = SECTION "mkdir /etc/netns/jail/ssl",
		 .refused = "not a regular file"},
		{.prepare = SECTION "mkfifo /etc/netns/jail/resolv.conf",
		 .refused = "not a regular file"},
		{.prepare = SECTION "touch /etc/hosts /etc/netns/jail/hosts && "
				    "chmod 664 /etc/netns/jail/hosts",
		 .refused = "not writable by"},
		{.prepare = SECTION "touch /etc/hosts /etc/netns/jail/hosts && "
				    "chown 5001 /etc/netns/jail/hosts",
		 .refused = "must be owned by root"},
		{.prepare = SECTION "chmod 777 /etc/netns/jail",
		 .refused = "must be owned by root"},
		{.prepare = SECTION "chown 5001 /etc/netns/jail",
		 .refused = "/etc/netns/jail must be owned by root"},
		{.prepare = SECTION "chown 5001 /etc/netns",
		 .refused = "/etc/netns must be owned by root"},
		{.prepare = SECTION "chmod 775 /etc/netns",
		 .refused = "/etc/netns must be owned by root"},
		{.prepare = SECTION "chmod 1777 /etc/netns",
		 .refused = "/etc/netns must be owned by root"},
		{.prepare = SECTION "mkdir /etc/dns && mv /etc/netns /etc/dns "
				    "&& ln -s dns/netns /etc/netns",
		 .refused = "symbolic link"},
		{.prepare = "mkdir -p /etc/netns /etc/dns && "
			    "ln -s /etc/dns /etc/netns/jail",
		 .refused = "symbolic link"},
	};

	for (size_t i = 0; i < sizeof(visits) / sizeof(*visits); i++) {
		struct visit v = visits[i];

		v.no_text = true;
		v.section = "jail";
		visit(v);
	}
	/* A resolv.conf of the policy takes precedence over the section's. */
	visit((struct visit){.prepare = SECTION "echo nameserver 192.0.2.7 "
						">/etc/netns/jail/resolv.conf",
			     .section = "jail",
			     .inside = SEES_OURS});
	visit((struct visit){.section = "../x",
			     .prepare = "true",
			     .refused = "is not a valid name of a namespace"});
}

/* ---- failures */

static void fail_each(void *data)
{
	static struct place before;
	bool mounts = data != NULL;
	struct enter_origin origin;
	struct enter_plan plan;
	struct error err;
	int total, fds;

	box_check(box_shell(SECTION "touch /etc/hosts /etc/netns/jail/hosts") ==
		  0);
	box_check(chdir("/usr") == 0);
	plan = plan_make(mounts ? TEXT : NULL, mounts ? "jail" : NULL);
	place_note(&before);
	fds = box_fd_count();

	calls = 0;
	origin = ENTER_ORIGIN_NONE;
	box_check(enter_namespace(&plan, &origin, &err) == 0, "%s", err.text);
	total = calls;
	box_check(enter_restore(&origin, &err) == 0);
	enter_forget(&origin);
	box_check(total >= (mounts ? 25 : 1), "%d calls", total);

	for (int k = 1; k <= total; k++) {
		static const int codes[] = {EIO, ENOMEM, EPERM, EINVAL};

		for (size_t c = 0; c < 4; c++) {
			int r;

			calls = 0;
			fail_at = k;
			fail_code = codes[c];
			err.text[0] = '\0';
			origin = ENTER_ORIGIN_NONE;
			r = enter_namespace(&plan, &origin, &err);
			fail_at = 0;
			/* EPERM for sysfs is accepted: /sys stays as it is */
			if (r == 0 && codes[c] == EPERM) {
				box_check(enter_restore(&origin, &err) == 0);
				enter_forget(&origin);
			} else {
				box_check(r < 0, "call %d failed unseen", k);
				box_check(r != -ENOTRECOVERABLE);
				box_check(err.text[0]);
			}
			place_same(&before);
			box_check(box_fd_count() == fds, "call %d", k);
		}
	}
}

static void test_each_call_fails(void **state)
{
	static int yes = 1;

	box_fork(fail_each, NULL);
	box_fork(fail_each, &yes);
}

/*
 * The entry fails, and the return too: the error is -ENOTRECOVERABLE, so that
 * the caller refuses the login.
 */
static void failed_return(void *data)
{
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(TEXT, NULL);
	struct error err;
	struct rlimit;

	/* The mounts fail without the directory, the return with EPERM. */
	plan.scratch = "/run/no-such-directory";
	calls = 0;
	fail_at = 5; /* unshare, mount, setns; on return: unshare, setns */
	fail_code = EPERM;
	box_check(enter_namespace(&plan, &origin, &err) == -ENOTRECOVERABLE,
		  "%s", err.text);
	box_check(strstr(err.text, "cannot return to the original namespaces"));
}

static void test_failed_return(void **state)
{
	box_fork(failed_return, NULL);
}

/* ---- a working directory that root cannot enter, as with FUSE and NFS */

static void root_is_squashed(bool yes)
{
	const unsigned int bits =
		1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	box_check((syscall)(SYS_capget, &head, data) == 0);
	data[0].effective =
		yes ? data[0].effective & ~bits : data[0].effective | bits;
	box_check((syscall)(SYS_capset, &head, data) == 0);
}

static void cwd_is(const char *path)
{
	char cwd[4096];

	box_check(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, path), "%s", cwd);
}

static void cwd_without_access(void *data)
{
	struct enter_origin first = ENTER_ORIGIN_NONE;
	struct enter_origin second = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(TEXT, NULL);
	unsigned long mntns = box_namespace("mnt");
	struct error err;

	box_check(box_shell("mkdir -m 700 /run/shut && "
			    "chown 5001 /run/shut") == 0);
	box_check(chdir("/run/shut") == 0);
	root_is_squashed(true);
	box_check(chdir(".") < 0);

	/* An entry keeps the working directory; the return goes to "/". */
	box_check(enter_namespace(&plan, &first, &err) == 0, "%s", err.text);
	box_check(strstr(box_read("/etc/resolv.conf"), "192.0.2.53"));
	cwd_is("/run/shut");
	plan.host_mntns = first.mntns;
	box_check(enter_namespace(&plan, &second, &err) == 0, "%s", err.text);
	cwd_is("/");
	box_check(enter_restore(&second, &err) == 0, "%s", err.text);
	enter_forget(&second);
	box_check(enter_restore(&first, &err) == 0, "%s", err.text);
	enter_forget(&first);
	box_check(box_namespace("mnt") == mntns);
	cwd_is("/");

	/* A failed entry has the same result. */
	root_is_squashed(false);
	box_check(chdir("/run/shut") == 0);
	root_is_squashed(true);
	plan.host_mntns = -1;
	plan.scratch = "/run/no-such-directory";
	box_check(enter_namespace(&plan, &first, &err) == -ENOENT, "%s",
		  err.text);
	box_check(box_namespace("mnt") == mntns);
	cwd_is("/");

	/* root could enter it at the begin of the session, not at its end. */
	root_is_squashed(false);
	box_check(chdir("/run/shut") == 0);
	plan.scratch = SCRATCH;
	box_check(enter_namespace(&plan, &first, &err) == 0, "%s", err.text);
	root_is_squashed(true);
	box_check(enter_restore(&first, &err) == 0, "%s", err.text);
	box_check(box_namespace("mnt") == mntns);
	cwd_is("/");
}

static void test_cwd_without_access(void **state)
{
	box_fork(cwd_without_access, NULL);
	assert_int_equal(box_shell("rmdir /run/shut"), 0);
}

/* A descriptor for the return cannot be opened: the error has name and reason.
 */
static void no_descriptors(void *data)
{
	static const char *const words[] =
		{"cannot open /proc/thread-self/ns/net",
		 "cannot open /proc/thread-self/ns/mnt", "the root directory",
		 "the working directory"};
	static struct place before;
	struct enter_plan plan = plan_make(TEXT, NULL);
	struct enter_origin origin;
	struct rlimit files;
	struct error err;
	int next = dup(0);

	close(next);
	box_check(getrlimit(RLIMIT_NOFILE, &files) == 0);
	box_check(chdir("/usr") == 0);
	for (int i = 0; i < 4; i++) {
		box_check(fcntl(next + i, F_GETFD) < 0);
		files.rlim_cur = (rlim_t)next + (rlim_t)i;
		place_note(&before);
		box_check(setrlimit(RLIMIT_NOFILE, &files) == 0);
		box_check(enter_namespace(&plan, &origin, &err) == -EMFILE);
		files.rlim_cur = files.rlim_max;
		box_check(setrlimit(RLIMIT_NOFILE, &files) == 0);
		box_check(strstr(err.text, words[i]), "%s", err.text);
		box_check(strstr(err.text, strerror(EMFILE)), "%s", err.text);
		place_same(&before);
	}
}

static void test_no_descriptors(void **state)
{
	box_fork(no_descriptors, NULL);
}

/* ---- nested */

static void nested(void *data)
{
	static struct place in_first;
	struct enter_origin first = ENTER_ORIGIN_NONE;
	struct enter_origin second = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(TEXT, NULL);
	struct error err;
	char cwd[4096];

	box_check(chdir("/usr/share") == 0);
	box_check(enter_namespace(&plan, &first, &err) == 0, "%s", err.text);
	place_note(&in_first);

	/* Starts from the host's mounts, without those of the first session. */
	plan.host_mntns = first.mntns;
	plan.resolv_conf = NULL;
	box_check(enter_namespace(&plan, &second, &err) == 0, "%s", err.text);
	box_check(strstr(box_read("/etc/resolv.conf"), "192.0.2.99"));
	box_check(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/usr/share"), "%s",
		  cwd);
	box_check(enter_restore(&second, &err) == 0, "%s", err.text);
	enter_forget(&second);
	place_same(&in_first);

	/* The same with mounts of its own. */
	plan.resolv_conf = "nameserver 192.0.2.77\n";
	box_check(enter_namespace(&plan, &second, &err) == 0, "%s", err.text);
	box_check(strstr(box_read("/etc/resolv.conf"), "192.0.2.77"));
	box_check(!strstr(box_read("/proc/self/mountinfo"), "1.0.2.53"));
	box_check(enter_restore(&second, &err) == 0, "%s", err.text);
	enter_forget(&second);
	place_same(&in_first);

	/* Another directory at the same path: the working directory is "/". */
	box_check(
		box_shell("mount -t tmpfs t /run/nscd && mkdir /run/nscd/d && "
			  "mount -t tmpfs t /run/avahi-daemon") == 0);
	box_check(chdir("/run/avahi-daemon") == 0);
	box_check(enter_namespace(&plan, &second, &err) == 0, "%s", err.text);
	box_check(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"), "%s", cwd);
	box_check(enter_restore(&second, &err) == 0, "%s", err.text);
	enter_forget(&second);

	/* A working directory that exists only in the first session. */
	box_check(chdir("/run/nscd/d") == 0);
	box_check(enter_namespace(&plan, &second, &err) == 0, "%s", err.text);
	box_check(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"), "%s", cwd);
	box_check(enter_restore(&second, &err) == 0, "%s", err.text);
	box_check(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/run/nscd/d"), "%s",
		  cwd);
}

static void nested_in_chroot(void *data)
{
	static struct place before;
	struct enter_origin first = ENTER_ORIGIN_NONE;
	struct enter_origin second = ENTER_ORIGIN_NONE;
	struct enter_plan plan = plan_make(TEXT, NULL);
	struct error err;

	box_check(enter_namespace(&plan, &first, &err) == 0, "%s", err.text);
	box_check(box_shell("mkdir -p /run/root/proc && "
			    "mount -t proc p /run/root/proc") == 0);
	box_check(chroot("/run/root") == 0 && chdir("/") == 0);
	plan.host_mntns = first.mntns;
	plan.resolv_conf = NULL;
	place_note(&before);
	box_check(enter_namespace(&plan, &second, &err) == -EXDEV, "%s",
		  err.text);
	place_same(&before);
	box_check(strstr(err.text, "chroot"));
}

static void test_nested(void **state)
{
	box_fork(nested, NULL);
	box_fork(nested_in_chroot, NULL);
	(void)!box_shell("rm -rf /run/root");
}

/* F49: a socket's directory can belong to its service: it can change any time.
 */
static void racer(void)
{
	for (;;) {
		rename("/run/avahi-daemon", "/run/avahi-old");
		(void)!symlink("/run/victim", "/run/avahi-daemon");
		unlink("/run/avahi-daemon");
		rename("/run/avahi-old", "/run/avahi-daemon");
	}
}

static void race(void *data)
{
	static struct place before;
	struct enter_plan plan = plan_make(TEXT, NULL);
	int went = 0, refused = 0;
	pid_t pid;

	box_check(box_shell("mkdir -p /run/victim && touch /run/victim/socket "
			    "/run/avahi-daemon/socket") == 0);
	place_note(&before);
	pid = fork();
	if (pid == 0)
		racer();
	for (int i = 0; i < 400; i++) {
		struct enter_origin origin = ENTER_ORIGIN_NONE;
		struct error err;

		if (enter_namespace(&plan, &origin, &err) == 0) {
			went++;
			box_check(!strstr(box_read("/proc/self/mountinfo"),
					  "/run/victim"));
			box_check(enter_restore(&origin, &err) == 0);
			enter_forget(&origin);
		} else {
			refused++;
		}
		box_check(box_namespace("net") == before.netns);
		box_check(box_namespace("mnt") == before.mntns);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	place_same(&before);
	box_check(went > 0, "%d went, %d refused", went, refused);
}

static void test_link_race(void **state)
{
	box_fork(race, NULL);
	(void)!box_shell("rm -rf /run/victim /run/avahi-*");
}

static void test_other_descriptors(void **state)
{
	static const char *const wrong[] = {"/etc/passwd",
					    "/",
					    "/dev/null",
					    "/proc/self/ns/uts",
					    "/proc/self/ns/mnt",
					    "/proc/self/ns/ipc",
					    "/proc/self/ns/pid",
					    "/proc/self/ns/cgroup"};
	struct error err;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int fd = open(wrong[i], O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		assert_int_equal(enter_check_netns(fd, &err), -EINVAL);
		close(fd);
	}
	assert_int_equal(enter_check_netns(-1, &err), -EBADF);
	assert_int_equal(enter_check_netns(999, &err), -EBADF);
}

#define TEST(name, function) {name, function, prepare, NULL, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("F41 a descriptor that is not a network namespace is refused",
		     test_other_descriptors),
		TEST("no resolv.conf and no section: only the network namespace changes",
		     test_network_namespace_only),
		TEST("F10 resolv.conf is a file, a link, missing or wrong: replaced or refused",
		     test_resolv_conf),
		TEST("nsswitch.conf: only the hosts line is replaced",
		     test_nsswitch),
		TEST("nsswitch.conf missing: nothing mounted; too long: refused",
		     test_no_nsswitch),
		TEST("F9 sockets of resolvers are covered",
		     test_sockets_are_covered),
		TEST("F10 resolv.conf is replaced while it is mounted over: the session keeps its own",
		     test_replaced_resolv_conf),
		TEST("mounts of the host appear in the session, mounts of the session not on the host",
		     test_propagation),
		TEST("F93 /sys shows the devices of the namespace and keeps mounts below it",
		     test_sys),
		TEST("F50 /etc/netns/NAME: regular files of root are mounted, all else is refused",
		     test_section),
		TEST("F59 each system call fails once: the process is where it was",
		     test_each_call_fails),
		TEST("the return fails as well: an error says so",
		     test_failed_return),
		TEST("a working directory that root cannot enter: the login works and returns to /",
		     test_cwd_without_access),
		TEST("a descriptor for the return cannot be opened: the error names it",
		     test_no_descriptors),
		TEST("F18 a nested login starts from the host's mounts and returns",
		     test_nested),
		TEST("F49 a link is put in place while mounting: it is not followed",
		     test_link_race),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	box_make("enter");
	return cmocka_run_group_tests_name("entering", tests, NULL, NULL);
}
