/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identifies a process until the next boot, although pids are reused. */
#ifndef NETNS_PAM_HELPER_PROCESS_PROCESS_H
#define NETNS_PAM_HELPER_PROCESS_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "helper/base/answer.h"

/*
 * A number that no other process has until the next boot: the inode of its
 * pidfd where those have inodes of their own (pidfs, kernel 6.9), else the
 * time at which it began. Return: FOUND; ABSENT when it has ended; -errno.
 */
int process_identity(pid_t pid, int pidfd, uint64_t *ret);

/*
 * Opens a pidfd (CLOEXEC) of the process that has this identity.
 * Return: FOUND and *ret_fd, which is the caller's; ABSENT when that process
 * has ended; -errno.
 */
int process_open(pid_t pid, uint64_t identity, int *ret_fd);

#endif
