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
 * boot): with the pid, it names one process only. 0 when it is gone.
 */
static uint64_t process_start(pid_t pid)
{
	char path[40], text[1024];
	_cleanup_close_ int fd = -EBADF;
	const char *p;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* The name in field 2 may hold anything; it ends with the last ')'. */
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

uint64_t process_identity(pid_t pid, int pidfd)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) == 0 && fs.f_type == PID_FS_MAGIC &&
	    fstat(pidfd, &st) == 0)
		return st.st_ino;
	return process_start(pid);
}

int process_open(pid_t pid, uint64_t identity)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return -errno;
	/* Looked at after it was opened: now the pid cannot be recycled. */
	if (process_identity(pid, fd) != identity)
		return -ESRCH;
	return take_fd(&fd);
}
