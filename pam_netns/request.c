/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/enter.h"
#include "common/fdmsg.h"

#define PACKET_MAX (sizeof(struct proto_reply) + (size_t)PROTO_TAIL_MAX)

void request_answer_clear(struct request_answer *answer)
{
	answer->lease = close_fd(answer->lease);
	answer->netns = close_fd(answer->netns);
	answer->mntns = close_fd(answer->mntns);
	free(answer->resolv_conf);
	answer->resolv_conf = NULL;
}

/* A truncated name could be another user's or host's: refused. */
static int request_set(char *field, size_t size, const char *value,
		       const char *what, struct error *err)
{
	size_t length = strlen(value);

	if (length >= size)
		return error_set(err, -ENAMETOOLONG,
				 "the %s has %zu bytes, the maximum is %zu",
				 what, length, size - 1);
	memcpy(field, value, length + 1);
	return 0;
}

static int request_fill(const struct policy *policy, const struct who *who,
			struct proto_request *r, struct error *err)
{
	unsigned long long dev, ino;
	int ret;

	*r = PROTO_REQUEST(PROTO_OPEN, .uid = who->uid,
			   .digest = policy->digest,
			   .tail_bytes = (uint32_t)who->facts_bytes);
	memcpy(r->user, who->user, sizeof(r->user));
	if (request_set(r->service, sizeof(r->service), who->service,
			"PAM service's name", err) < 0 ||
	    request_set(r->tty, sizeof(r->tty), who->tty, "terminal's name",
			err) < 0 ||
	    request_set(r->rhost, sizeof(r->rhost), who->rhost,
			"remote host's name", err) < 0)
		return -ENAMETOOLONG;
	ret = enter_current_netns(&dev, &ino);
	if (ret < 0)
		return error_set(err, ret,
				 "cannot identify the network namespace of this process: %m (is /proc mounted?)");
	r->netns_dev = dev;
	r->netns_ino = ino;
	return 0;
}

static int request_failed(int code, const char *socket, struct error *err)
{
	if (code == -ETIMEDOUT)
		return error_set(err, code,
				 "netns-pamd does not answer on %s in time (`timeout` of the policy; see systemctl status netns-pamd)",
				 socket);
	return error_set(err, code,
			 "netns-pamd does not answer on %s: %m (see systemctl status netns-pamd)",
			 socket);
}

/* packet: has one byte more than `bytes`. fds: moved into *ret on success. */
static int request_take_answer(char *packet, size_t bytes, const int *fds,
			       size_t n_fds, struct request_answer *ret,
			       struct error *err)
{
	struct proto_reply *reply = &ret->reply;
	struct error why;
	size_t expected;
	int r;

	r = proto_check_reply(packet, bytes, &why);
	if (r < 0)
		return error_set(err, r, "reply of netns-pamd: %s", why.text);
	memcpy(reply, packet, sizeof(*reply));
	if (reply->flags & PROTO_FD_PID || reply->verdict == PROTO_NAMESPACE ||
	    reply->verdict == PROTO_SESSION || reply->verdict == PROTO_TEXT)
		return error_set(err, -EBADMSG,
				 "reply of netns-pamd: not an answer to OPEN");
	expected = !!(reply->flags & PROTO_FD_NETNS) +
		   !!(reply->flags & PROTO_FD_MNT);
	if (n_fds != expected)
		return error_set(err, -EBADMSG,
				 "reply of netns-pamd: %zu descriptors instead of %zu",
				 n_fds, expected);
	if (reply->verdict == PROTO_OK &&
	    !(reply->flags & (PROTO_FD_NETNS | PROTO_ALREADY)))
		return error_set(err, -EBADMSG,
				 "reply of netns-pamd: OK, but no namespace");
	if (reply->flags & PROTO_DNS) {
		packet[bytes] = '\0';
		ret->resolv_conf = strdup(packet + sizeof(*reply));
		if (!ret->resolv_conf)
			return error_set(err, -ENOMEM, "out of memory");
	}
	if (reply->flags & PROTO_FD_NETNS)
		ret->netns = fds[0];
	if (reply->flags & PROTO_FD_MNT)
		ret->mntns = fds[1];
	return 0;
}

static int request_exchange(const char *socket,
			    const struct proto_request *request,
			    const struct who *who, uint64_t deadline,
			    struct request_answer *ret, struct error *err)
{
	_cleanup_free_ char *packet = malloc(PACKET_MAX + 1);
	int fds[FDMSG_FDS_MAX] = {-EBADF, -EBADF};
	size_t n_fds = 0;
	ssize_t n;
	int r;

	if (!packet)
		return error_set(err, -ENOMEM, "out of memory");
	r = fdmsg_send(ret->lease, request, sizeof(*request), who->facts,
		       who->facts_bytes, NULL, 0, deadline);
	if (r < 0)
		return request_failed(r, socket, err);
	n = fdmsg_recv(ret->lease, packet, PACKET_MAX, fds, FDMSG_FDS_MAX,
		       &n_fds, deadline);
	if (n == 0)
		n = -ECONNRESET;
	if (n < 0)
		return request_failed((int)n, socket, err);
	r = request_take_answer(packet, (size_t)n, fds, n_fds, ret, err);
	if (r < 0) {
		ret->netns = ret->mntns = -EBADF;
		close_fd(fds[0]);
		close_fd(fds[1]);
	}
	return r;
}

int request_open(const char *socket, const struct policy *policy,
		 const struct who *who, uint64_t deadline,
		 struct request_answer *ret, struct error *err)
{
	struct proto_request request;
	int r;

	*ret = (struct request_answer)REQUEST_ANSWER_NONE;
	/* Connects first: the daemon accepts while the request is filled in. */
	ret->lease = fdmsg_connect(socket, deadline);
	if (ret->lease < 0)
		return request_failed(ret->lease, socket, err);
	r = request_fill(policy, who, &request, err);
	if (r < 0)
		return r;
	request.timeout_ms = (uint32_t)deadline_left_ms(deadline);
	return request_exchange(socket, &request, who, deadline, ret, err);
}
