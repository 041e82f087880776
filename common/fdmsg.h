/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SOCK_SEQPACKET packet with up to two file descriptors, both ways, under
 * a deadline (deadline.h). unix(7), cmsg(3).
 */
#ifndef NETNS_PAM_COMMON_FDMSG_H
#define NETNS_PAM_COMMON_FDMSG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FDMSG_FDS_MAX 2

/*
 * Connects to the socket at `path`. A full backlog or a missing listener is
 * waited for until the deadline, resp. refused at once. The fd is CLOEXEC,
 * non-blocking and above 2. Return: fd or -errno.
 */
int fdmsg_connect(const char *path, uint64_t deadline_ms);

/*
 * Sends head and tail as one packet (MSG_NOSIGNAL); fds stay the caller's.
 * Return: 0; -ETIMEDOUT; -errno.
 */
int fdmsg_send(int sock, const void *head, size_t head_bytes, const void *tail,
	       size_t tail_bytes, const int *fds, size_t n_fds,
	       uint64_t deadline_ms);

/*
 * Receives one packet into buf. Descriptors arrive CLOEXEC and above 2; more
 * than fds_max of them, a truncated packet or control message, or a foreign
 * control message closes them all: -EBADMSG. *n_fds is how many were stored.
 * Return: the packet's bytes (0: the peer has closed), -ETIMEDOUT, -errno.
 */
ssize_t fdmsg_recv(int sock, void *buf, size_t size, int *fds, size_t fds_max,
		   size_t *n_fds, uint64_t deadline_ms);

#endif
