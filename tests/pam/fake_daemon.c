/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

#define CLIENTS_MAX 256

static void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

struct fake_plan fake_plan_ok(void)
{
	static int jail = -1;
	struct fake_plan p = {
		.reply =
			{
				.magic = PROTO_MAGIC,
				.version = PROTO_VERSION,
				.verdict = PROTO_OK,
				.flags = PROTO_FD_NETNS,
				.session = 7,
				.namespace = "jail",
				.section = "jail",
			},
		.n_fds = 1,
	};

	if (jail < 0)
		jail = open(BOX_NETNS, O_RDONLY | O_CLOEXEC);
	p.fds[0] = jail;
	return p;
}

static void packet_send(int client, const void *data, size_t bytes,
			const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FAKE_FDS_MAX)];
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)data, bytes};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds > 0) {
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n_fds);
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
	}
	(void)sendmsg(client, &m, MSG_NOSIGNAL);
}

static void open_answer(const struct fake_plan *p, int client, int opens)
{
	static char
		packet[sizeof(struct proto_reply) + 2 * (size_t)PROTO_TAIL_MAX];
	size_t bytes = sizeof(p->reply), tail = p->tail ? strlen(p->tail) : 0;
	struct proto_reply retry = {
		.magic = PROTO_MAGIC,
		.version = PROTO_VERSION,
		.verdict = PROTO_RETRY,
	};

	if (p->delay_ms)
		pause_ms(p->delay_ms);
	if (p->retries < 0 || opens <= p->retries) {
		packet_send(client, &retry, sizeof(retry), NULL, 0);
		return;
	}
	memset(packet, 0, sizeof(packet));
	memcpy(packet, &p->reply, bytes);
	if (tail)
		memcpy(packet + bytes, p->tail, tail);
	bytes += tail + p->extra;
	packet_send(client, packet, p->cut ? p->cut : bytes, p->fds, p->n_fds);
	if (p->dies_after)
		_exit(0);
}

/* Return: false when the client has closed the connection. */
static bool client_serve(const struct fake_plan *p, struct fake_seen *seen,
			 int client)
{
	static char
		packet[sizeof(struct proto_request) + (size_t)PROTO_TAIL_MAX];
	struct proto_reply ok = {
		.magic = PROTO_MAGIC,
		.version = PROTO_VERSION,
		.verdict = PROTO_OK,
	};
	ssize_t n = recv(client, packet, sizeof(packet), 0);

	if (n <= 0) {
		seen->ended++;
		return false;
	}
	if (p->behaviour == FAKE_DIES_AT_REQUEST)
		_exit(0);
	if (proto_check_request(packet, (size_t)n, NULL) < 0) {
		seen->malformed++;
		return true;
	}
	memcpy(&seen->last, packet, sizeof(seen->last));
	if (seen->last.op == PROTO_CLOSE) {
		seen->closes++;
		if (!p->silent_close)
			packet_send(client, &ok, sizeof(ok), NULL, 0);
		return true;
	}
	if (seen->last.tail_bytes <= sizeof(seen->facts))
		memcpy(seen->facts, packet + sizeof(seen->last),
		       seen->last.tail_bytes);
	seen->opens++;
	if (p->behaviour != FAKE_NEVER_ANSWERS)
		open_answer(p, client, seen->opens);
	return true;
}

static void serve(const struct fake_plan *p, struct fake_seen *seen, int sock)
{
	struct pollfd fds[CLIENTS_MAX] = {{.fd = sock, .events = POLLIN}};
	nfds_t n = 1;

	if (p->behaviour == FAKE_NEVER_ACCEPTS)
		fds[0].events = 0;
	for (;;) {
		if (poll(fds, n, -1) < 0)
			continue;
		if ((fds[0].revents & POLLIN) && n < CLIENTS_MAX) {
			int client = accept4(sock, NULL, NULL, SOCK_CLOEXEC);

			if (p->behaviour == FAKE_DIES_AT_ACCEPT)
				_exit(0);
			if (client < 0)
				continue;
			seen->accepted++;
			fds[n].fd = client;
			fds[n].revents = 0;
			fds[n++].events =
				p->behaviour == FAKE_NEVER_READS ? 0 : POLLIN;
		}
		for (nfds_t i = 1; i < n;) {
			if (!(fds[i].revents & (POLLIN | POLLHUP)) ||
			    client_serve(p, seen, fds[i].fd)) {
				i++;
				continue;
			}
			close(fds[i].fd);
			fds[i] = fds[--n];
		}
	}
}

pid_t fake_start(const struct fake_plan *plan, struct fake_seen **seen)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	pid_t pid;

	*seen = box_share(sizeof(**seen));
	(*seen)->plan = *plan;
	unlink(BOX_SOCKET);
	snprintf(address.sun_path, sizeof(address.sun_path), BOX_SOCKET);
	if (sock < 0 ||
	    bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(sock, plan->backlog ? plan->backlog : 64) < 0) {
		printf("Bail out! fake daemon: %s\n", strerror(errno));
		exit(1);
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(&(*seen)->plan, *seen, sock);
	}
	close(sock);
	return pid;
}

void fake_stop(pid_t pid, struct fake_seen *seen)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(seen, sizeof(*seen));
	unlink(BOX_SOCKET);
}

bool fake_wait(const int *counter, int n)
{
	for (int i = 0; i < 400; i++) {
		if (*(const volatile int *)counter >= n)
			return true;
		pause_ms(5);
	}
	return false;
}
