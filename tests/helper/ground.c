/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ground.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define GROUND_OUT "/run/ground.out"

static bool made;
static int said = -1, real_stderr = -1;

#define must(what)                                                             \
	do {                                                                   \
		if ((what) < 0) {                                              \
			printf("Bail out! %s: %s\n", #what, strerror(errno));  \
			exit(1);                                               \
		}                                                              \
	} while (0)

void ground_make(void)
{
	said = memfd_create("said", MFD_CLOEXEC);
	real_stderr = fcntl(2, F_DUPFD_CLOEXEC, 3);
	must(said);
	must(real_stderr);
	if (geteuid() != 0)
		return;
	umask(022);
	must(unshare(CLONE_NEWNS | CLONE_NEWNET));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"));
	made = true;
}

void ground_need(void)
{
	if (!made) {
		print_message("# needs root\n");
		skip();
	}
}

void ground_write(const char *path, const char *format, ...)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	va_list args;

	assert_true(fd >= 0);
	va_start(args, format);
	assert_true(vdprintf(fd, format, args) >= 0);
	va_end(args);
	close(fd);
}

const char *ground_read(const char *path)
{
	static char text[64 * 1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	while (fd >= 0 && done < sizeof(text) - 1 &&
	       (n = read(fd, text + done, sizeof(text) - 1 - done)) > 0)
		done += (size_t)n;
	if (fd >= 0)
		close(fd);
	text[done] = '\0';
	return text;
}

int ground_count(const char *dir)
{
	struct dirent **names = NULL;
	/* cppcheck-suppress nullPointer ; scandir(3) accepts NULL for both */
	int n = scandir(dir, &names, NULL, NULL);

	assert_true(n >= 2 && names);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return n - 2;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	return remove(path);
}

void ground_remove(const char *dir)
{
	assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int ground_mounts_at(const char *path)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], at[4096];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %*s %4095s", at) == 1)
			n += strcmp(at, path) == 0;
	fclose(f);
	return n;
}

uint64_t ground_netns(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

int ground_netns_new(void)
{
	int host = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	must(host);
	must(unshare(CLONE_NEWNET));
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	must(fd);
	must(setns(host, CLONE_NEWNET));
	close(host);
	return fd;
}

int ground_sh(const char *format, ...)
{
	char command[2048], whole[2200];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "{ %s\n} >" GROUND_OUT " 2>&1", command);
	fflush(NULL);
	status = system(whole); /* NOLINT(cert-env33-c): our own command */
	assert_true(status >= 0 && WIFEXITED(status));
	if (getenv("GROUND_VERBOSE"))
		fprintf(stderr, "%d: %s: %s", status, command,
			ground_read(GROUND_OUT));
	return WEXITSTATUS(status);
}

void ground_listen(void)
{
	must(ftruncate(said, 0));
	must(lseek(said, 0, SEEK_SET));
	must(dup2(said, 2));
}

const char *ground_said(void)
{
	static char text[64 * 1024];
	ssize_t n;

	must(dup2(real_stderr, 2));
	n = pread(said, text, sizeof(text) - 1, 0);
	must(n);
	text[n] = '\0';
	return text;
}

static pid_t child_fork(void)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

pid_t ground_child(int (*body)(void *data), void *data)
{
	int done[2], result = -1;
	pid_t pid;

	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	pid = child_fork();
	if (pid == 0) {
		result = body(data);
		if (write(done[1], &result, sizeof(result)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(done[1]);
	if (read(done[0], &result, sizeof(result)) != sizeof(result))
		result = -1;
	close(done[0]);
	assert_int_equal(result, 0);
	return pid;
}

void ground_kill(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int ground_run(int (*body)(void *data), void *data)
{
	pid_t pid = child_fork();
	int status;

	if (pid == 0)
		_exit(body(data));
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
