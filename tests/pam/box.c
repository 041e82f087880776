/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#define BOX_REPORT_MAX 1024

static char *report; /* shared with the children */

#define must(what)                                                             \
	do {                                                                   \
		if ((what) < 0) {                                              \
			printf("Bail out! %s: %s\n", #what, strerror(errno));  \
			exit(1);                                               \
		}                                                              \
	} while (0)

void box_write(const char *path, const char *format, ...)
{
	va_list args;
	FILE *f = fopen(path, "we");

	if (!f) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
	chmod(path, 0644);
}

const char *box_read(const char *path)
{
	static char text[64 * 1024 + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, done = 0;

	while (fd >= 0 &&
	       (n = read(fd, text + done, sizeof(text) - 1 - (size_t)done)) > 0)
		done += n;
	if (fd >= 0)
		close(fd);
	text[done] = '\0';
	return text;
}

/* Makes a named network namespace. The caller stays in its own namespace. */
static void netns_name(const char *path)
{
	int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	must(host);
	must(unshare(CLONE_NEWNET));
	box_write(path, "%s", "");
	must(mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL));
	must(setns(host, CLONE_NEWNET));
	close(host);
}

int box_shell(const char *command)
{
	return system(command); /* NOLINT(cert-env33-c): a test's own line */
}

unsigned int box_random(unsigned int *state, unsigned int below)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % below;
}

void *box_share(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       /* cppcheck-suppress invalidFunctionArg */
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

void box_make(const char *name)
{
	report = box_share(BOX_REPORT_MAX);
	if (geteuid() != 0) {
		printf("1..1\nok 1 - %s # SKIP needs root\n", name);
		exit(0);
	}
	must(unshare(CLONE_NEWNS | CLONE_NEWNET));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"));
	must(mount("tmpfs", "/etc", "tmpfs", 0, "mode=755"));
	umask(022);
	must(mkdir(BOX_STATE, 0700));
	must(mkdir(BOX_STATE "/mnt", 0700));
	must(mkdir(BOX_PAM, 0755));
	must(mkdir("/run/netns", 0755));
	box_write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"
				 "alice:x:5001:5001::/tmp:/bin/sh\n"
				 "bob:x:5002:5002::/tmp:/bin/sh\n"
				 "carol:x:5003:5003::/tmp:/bin/sh\n");
	box_write("/etc/group", "root:x:0:\nalice:x:5001:\nbob:x:5002:\n"
				"carol:x:5003:\nstaff:x:6001:carol\n");
	box_write("/etc/nsswitch.conf",
		  "passwd: files\ngroup: files\nhosts: files resolve dns\n");
	box_write("/etc/resolv.conf", "nameserver 192.0.2.99\n");
	netns_name(BOX_NETNS);
}

unsigned long box_namespace(const char *type)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", type);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

int box_fd_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -3; /* not counted: ".", "..", and the descriptor of the
		       directory */

	/* cppcheck-suppress readdirCalled */
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

long box_rss_kib(void)
{
	const char *line = strstr(box_read("/proc/self/status"), "VmRSS:");

	return line ? strtol(line + 6, NULL, 10) : 0;
}

const char *box_module(void)
{
	static char path[PATH_MAX], real[PATH_MAX];
	const char *build = getenv("NETNS_PAM_BUILD");

	snprintf(path, sizeof(path), "%s/pam_netns.so",
		 build ? build : "build");
	return realpath(path, real) ? real : path;
}

void box_fail(const char *file, int line, const char *format, ...)
{
	va_list args;
	int n;

	n = snprintf(report, BOX_REPORT_MAX, "%s:%d: ", file, line);
	va_start(args, format);
	vsnprintf(report + n, BOX_REPORT_MAX - (size_t)n, format, args);
	va_end(args);
	_exit(1);
}

/* A child ends with _exit(2), which skips LeakSanitizer's check at exit. */
static bool leaks_found(void)
{
#ifdef __SANITIZE_ADDRESS__
	struct rlimit files;

	/* The check needs descriptors; a test may have lowered the limit. */
	getrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_cur >= 1024 && __lsan_do_recoverable_leak_check();
#else
	return false;
#endif
}

void box_fork(void (*body)(void *), void *data)
{
	int status;
	pid_t pid;

	fflush(NULL);
	report[0] = '\0';
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		body(data);
		if (leaks_found())
			box_fail(__FILE__, __LINE__, "memory is leaked");
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("child ended with status 0x%x: %s", (unsigned)status,
			 report);
}
