/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends and receives a SOCK_SEQPACKET packet with up to two descriptors, until
 * a deadline (deadline.h). unix(7), cmsg(3). */
#ifndef NETNS_PAM_COMMON_FDMSG_H
#define NETNS_PAM_COMMON_FDMSG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FDMSG_FDS_MAX 2

/* Connects to the socket at `path`. Waits while the backlog is full; without a
 * listener it fails at once. Return: fd, CLOEXEC, non-blocking and above 2;
 * -errno. */
int fdmsg_connect(const char *path, uint64_t deadline_ms);

/* Sends head and tail as one packet, without SIGPIPE; the caller keeps fds.
 * Return: 0, -ETIMEDOUT, -errno. */
int fdmsg_send(int sock, const void *head, size_t head_bytes, const void *tail,
	       size_t tail_bytes, const int *fds, size_t n_fds,
	       uint64_t deadline_ms);

/* Receives one packet into buf. *n_fds descriptors are stored, CLOEXEC and
 * above 2. More than fds_max, or a truncated or unexpected control message or
 * packet: all are closed, -EBADMSG. Return: the packet's bytes (0: the peer has
 * closed), -ETIMEDOUT, -errno. */
ssize_t fdmsg_recv(int sock, void *buf, size_t size, int *fds, size_t fds_max,
		   size_t *n_fds, uint64_t deadline_ms);

#endif
