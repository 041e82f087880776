/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process told from all others until the next boot, across pid reuse. */
#ifndef NETNS_PAM_HELPER_PROCESS_PROCESS_H
#define NETNS_PAM_HELPER_PROCESS_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * A number that no other process has until the next boot: the inode of its
 * pidfd where those have inodes of their own (pidfs, kernel 6.9), else the
 * time at which it began. 0 when it is gone.
 */
uint64_t process_identity(pid_t pid, int pidfd);

/* Return: a pidfd (CLOEXEC) of just that process, or -ESRCH, -errno. */
int process_open(pid_t pid, uint64_t identity);

#endif
