// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `netns-pam kick`: ends a session by ending the process that opened it,
 * through the pidfd that the daemon took when the session was opened: a pid may
 * be reused by another process.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>

#include "client.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "ctl.h"

/*
 * Most programs end at SIGHUP. su(1) blocks it; at SIGTERM it ends its shell,
 * with SIGKILL two seconds later, hence the 3 seconds.
 */
static const struct kick_step {
	int sig;
	const char *name;
	unsigned int wait_ms;
} kick_steps[] = {
	{SIGHUP, "SIGHUP", 2000},
	{SIGTERM, "SIGTERM", 3000},
	{SIGKILL, "SIGKILL", 5000},
};

/* Return: 1 the process has ended, 0 not within the time, -errno. */
static int process_wait(int pidfd, unsigned int ms)
{
	uint64_t deadline = deadline_in_ms(ms);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, deadline_left_ms(deadline));
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/* Ends the process and prints which signal ended it. */
static int kick(int pidfd, uint64_t session, struct error *err)
{
	int r = process_wait(pidfd, 0);

	if (r > 0) {
		printf("session %" PRIu64 " has already ended\n", session);
		return 0;
	}
	for (size_t i = 0; !r && i < sizeof(kick_steps) / sizeof(*kick_steps);
	     i++) {
		const struct kick_step *step = &kick_steps[i];

		if (pidfd_send_signal(pidfd, step->sig, NULL, 0) < 0)
			r = errno == ESRCH ? 1 : -errno;
		else
			r = process_wait(pidfd, step->wait_ms);
		if (r > 0) {
			printf("session %" PRIu64 " ended at %s\n", session,
			       step->name);
			return 0;
		}
	}
	if (r < 0)
		return error_set(err, r, "cannot end session %" PRIu64 ": %s",
				 session, strerror(-r));
	return error_set(err, -ETIMEDOUT,
			 "session %" PRIu64
			 " does not end: its process is stuck in the kernel",
			 session);
}

static int session_parse(const char *text, uint64_t *ret, struct error *err)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !value)
		return error_set(err, -EINVAL,
				 "'%s' is not a session's number; `netns-pam status` lists them",
				 text);
	*ret = value;
	return 0;
}

int ctl_kick(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(client_reply_clear) struct client_reply reply =
		CLIENT_REPLY_NONE;
	struct proto_request request = PROTO_REQUEST(PROTO_KICK);
	struct error err;
	int r;

	if (session_parse(argv[0], &request.session, &err) < 0) {
		ctl_fail("%s", err.text);
		return CTL_USAGE;
	}
	r = client_call(ctl->socket, &request, NULL, NULL, &reply, &err);
	if (!r && reply.fd < 0)
		r = error_set(&err, -EBADMSG,
			      "netns-pamd sent no process for session %s",
			      argv[0]);
	if (!r)
		r = kick(reply.fd, request.session, &err);
	return r < 0 ? ctl_fail("%s", err.text) : CTL_YES;
}
