/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets and descriptors on a socket. Never raises a signal or waits longer
 * than a deadline.
 */
#include "fdmsg.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "deadline.h"

/* A full backlog gives no event when it has room: it is polled. */
#define RETRY_FIRST_MS 1
#define RETRY_LAST_MS  20

/*
 * After a call that failed with errno: waits for an event, or without one
 * (sock < 0), at most `at_most` ms. Return: 0 try again; -ETIMEDOUT; -errno.
 */
static int retry_wait(int sock, short events, int at_most, uint64_t deadline_ms)
{
	struct pollfd p = {.fd = sock, .events = events};
	int left = deadline_left_ms(deadline_ms);
	struct timespec t;

	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN)
		return -errno;
	if (left <= 0)
		return -ETIMEDOUT;
	if (left > at_most)
		left = at_most;
	t.tv_sec = left / 1000;
	t.tv_nsec = left % 1000 * 1000000L;
	if (ppoll(&p, sock >= 0, &t, NULL) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

int fdmsg_connect(const char *path, uint64_t deadline_ms)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	_cleanup_close_ int sock = -EBADF;
	int pause = RETRY_FIRST_MS;

	if (length == 0)
		return -EINVAL;
	if (length >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, length);

	sock = fd_above_stdio(
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0));
	if (sock < 0)
		return -errno;
	while (connect(sock, (const struct sockaddr *)&address,
		       sizeof(address)) < 0) {
		int r = retry_wait(-1, 0, pause, deadline_ms);

		if (r < 0)
			return r;
		pause = pause * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : pause * 2;
	}
	return take_fd(&sock);
}

int fdmsg_send(int sock, const void *head, size_t head_bytes, const void *tail,
	       size_t tail_bytes, const int *fds, size_t n_fds,
	       uint64_t deadline_ms)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDMSG_FDS_MAX)];
	} control = {0};
	struct iovec parts[2] = {
		{.iov_base = (void *)(uintptr_t)head, .iov_len = head_bytes},
		{.iov_base = (void *)(uintptr_t)tail, .iov_len = tail_bytes},
	};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = tail_bytes ? 2 : 1,
	};

	if (n_fds > FDMSG_FDS_MAX)
		return -EINVAL;
	if (n_fds > 0) {
		struct cmsghdr *c = &control.align;

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
	}

	for (;;) {
		ssize_t n = sendmsg(sock, &message,
				    MSG_NOSIGNAL | MSG_DONTWAIT | MSG_EOR);
		int r;

		if (n >= 0)
			return (size_t)n == head_bytes + tail_bytes ? 0
								    : -EMSGSIZE;
		r = retry_wait(sock, POLLOUT, INT32_MAX, deadline_ms);
		if (r < 0)
			return r;
	}
}

/*
 * Copies the descriptors of the control message; the kernel closes those that
 * do not fit and sets MSG_CTRUNC. *n_fds of them are to be closed by the
 * caller, also after a failure. Return: 0; -EBADMSG for other contents.
 */
static int rights_take(struct msghdr *message, int fds[FDMSG_FDS_MAX],
		       size_t *n_fds)
{
	bool foreign = false;

	*n_fds = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
	     c = CMSG_NXTHDR(message, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		    c->cmsg_len < CMSG_LEN(sizeof(int)) ||
		    bytes % sizeof(int) ||
		    bytes / sizeof(int) > FDMSG_FDS_MAX - *n_fds) {
			foreign = true;
			continue;
		}
		memcpy(fds + *n_fds, CMSG_DATA(c), bytes);
		*n_fds += bytes / sizeof(int);
	}
	return foreign ? -EBADMSG : 0;
}

/* Return: verdict, or -errno; negative: all descriptors are closed. */
static int rights_settle(int *fds, size_t n, int verdict)
{
	for (size_t i = 0; i < n && verdict == 0; i++) {
		fds[i] = fd_above_stdio(fds[i]);
		if (fds[i] < 0)
			verdict = -errno;
	}
	for (size_t i = 0; i < n && verdict < 0; i++)
		fds[i] = close_fd(fds[i]);
	return verdict;
}

ssize_t fdmsg_recv(int sock, void *buf, size_t size, int *fds, size_t fds_max,
		   size_t *n_fds, uint64_t deadline_ms)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDMSG_FDS_MAX)];
	} control;
	int got[FDMSG_FDS_MAX] = {-EBADF, -EBADF};
	struct iovec part = {.iov_base = buf, .iov_len = size};
	struct msghdr message;
	size_t n_got;
	ssize_t n;
	int r;

	*n_fds = 0;
	for (;;) {
		memset(&control, 0, sizeof(control));
		message = (struct msghdr){
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof(control.bytes),
		};
		n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n >= 0)
			break;
		r = retry_wait(sock, POLLIN, INT32_MAX, deadline_ms);
		if (r < 0)
			return r;
	}

	r = rights_take(&message, got, &n_got);
	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || n_got > fds_max ||
	    (n == 0 && n_got > 0))
		r = -EBADMSG;
	r = rights_settle(got, n_got, r);
	if (r < 0)
		return r;
	if (n_got > 0)
		memcpy(fds, got, n_got * sizeof(int));
	*n_fds = n_got;
	return n;
}
