/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446 /* linux/magic.h of 6.9 */
#endif

/*
 * When the process began (proc(5), /proc/PID/stat, field 22, clock ticks since
 * boot): with the pid, it identifies one process. Return: as
 * process_identity().
 */
static int process_start(pid_t pid, uint64_t *ret)
{
	char path[40], text[1024];
	_cleanup_close_ int fd = -EBADF;
	const char *p;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return answer_of(-errno);
	text[n] = '\0';
	/* The name in field 2 may hold anything; it ends with the last ')'. */
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EBADMSG;
	*ret = strtoull(p, NULL, 10);
	return FOUND;
}

int process_identity(pid_t pid, int pidfd, uint64_t *ret)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
		return -errno;
	if (fs.f_type != PID_FS_MAGIC)
		return process_start(pid, ret);
	*ret = st.st_ino;
	return FOUND;
}

int process_open(pid_t pid, uint64_t identity, int *ret_fd)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	uint64_t found = 0;
	int answer;

	/*
	 * EINVAL, before Linux 6.16: the pid is not a process any more, but
	 * still the number of a process group, a session or a thread
	 * (pidfd_prepare(), kernel/fork.c).
	 */
	if (fd < 0)
		return errno == EINVAL ? ABSENT : answer_of(-errno);
	/* Read after it was opened: now the pid cannot be reused. */
	answer = process_identity(pid, fd, &found);
	if (answer == FOUND && found != identity)
		answer = ABSENT;
	if (answer == FOUND)
		*ret_fd = take_fd(&fd);
	return answer;
}
