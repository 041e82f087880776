// SPDX-License-Identifier: GPL-2.0-or-later
#include "client.h"

#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/fdmsg.h"

int client_request_name(struct proto_request *request, const char *name,
			const char *user_name, struct user *user,
			struct error *err)
{
	int r = user_name ? user_find(user_name, user, err) : 0;
	size_t bytes;

	if (r < 0)
		return r;
	if (!name_is_policy(name))
		return error_set(err, -EINVAL,
				 "'%s' cannot be the name of a namespace: letters, digits, '_', '.' and '-', at most %d, not starting with '.' or '-'",
				 name, NAME_MAX_POLICY);
	memcpy(request->name, name, strlen(name));
	if (!user_name)
		return 0;
	bytes = strlen(user->pw.pw_name);
	if (!bytes || bytes > NAME_MAX_USER)
		return error_set(err, -EINVAL,
				 "a user's name has 1 to %d bytes",
				 NAME_MAX_USER);
	memcpy(request->user, user->pw.pw_name, bytes);
	request->uid = user->pw.pw_uid;
	return 0;
}

static int client_connect_error(const char *socket, int code, struct error *err)
{
	switch (code) {
	case -ENOENT:
	case -ECONNREFUSED:
		return error_set(err, code,
				 "netns-pamd is not running (%s at %s): systemctl start netns-pamd.socket",
				 code == -ENOENT ? "no socket"
						 : "connection refused",
				 socket);
	case -EACCES:
	case -EPERM:
		return error_set(err, code,
				 "permission denied (%s): run as root", socket);
	case -ENAMETOOLONG:
		return error_set(err, code, "the socket's path is too long: %s",
				 socket);
	case -ETIMEDOUT:
		return error_set(err, code,
				 "netns-pamd accepts no connection at %s: is it hung or stopped?",
				 socket);
	default:
		return error_set(err, code, "cannot connect to %s: %m", socket);
	}
}

static int client_exchange_error(int code, struct error *err)
{
	switch (code) {
	case -ETIMEDOUT:
		return error_set(err, code,
				 "netns-pamd did not answer within %d s: is it hung or stopped?",
				 CLIENT_TIMEOUT_MS / 1000);
	case -EPIPE:
	case -ECONNRESET:
		return error_set(err, code,
				 "netns-pamd closed the connection without an answer; its log says why");
	case -EBADMSG:
		return error_set(err, code,
				 "netns-pamd sent an invalid reply: are netns-pam and netns-pamd of one version?");
	default:
		return error_set(err, code, "cannot talk to netns-pamd: %m");
	}
}

/* Receives and checks one packet; *ret_fd is the caller's. */
static int client_recv_packet(int sock, char *buf, size_t size,
			      uint64_t deadline, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	const struct proto_reply *head = (const struct proto_reply *)buf;
	struct error why;
	size_t n_fds = 0;
	ssize_t n;
	bool want;

	n = fdmsg_recv(sock, buf, size, &fd, 1, &n_fds, deadline);
	if (n == 0)
		n = -EPIPE;
	if (n < 0)
		return client_exchange_error((int)n, err);
	if (proto_check_reply(buf, (size_t)n, &why) < 0)
		return error_set(err, -EBADMSG,
				 "netns-pamd sent an invalid reply (%s): are netns-pam and netns-pamd of one version?",
				 why.text);
	want = head->flags & (PROTO_FD_NETNS | PROTO_FD_PID);
	if (want != (n_fds == 1))
		return client_exchange_error(-EBADMSG, err);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int client_verdict_error(const struct proto_reply *head,
				struct error *err)
{
	static const int codes[PROTO_VERDICT_MAX_] = {
		[PROTO_DENIED] = -EACCES,
		[PROTO_FAILED] = -EIO,
		[PROTO_MALFORMED] = -EPROTO,
	};

	if (head->verdict == PROTO_OK)
		return 0;
	if (!codes[head->verdict]) /* proto_check_reply(): is below the end */
		return client_exchange_error(-EBADMSG, err);
	return error_set(err, codes[head->verdict], "%s",
			 *head->text
				 ? head->text
				 : "netns-pamd refused without a reason; see its log");
}

/* Receives up to the packet that ends the answer. */
static int client_recv(int sock, uint64_t deadline, client_each *each,
		       void *data, struct client_reply *ret, struct error *err)
{
	size_t size = sizeof(struct proto_reply) + (size_t)PROTO_TAIL_MAX;
	_cleanup_free_ char *packet = malloc(size);
	const struct proto_reply *head = (const struct proto_reply *)packet;

	if (!packet)
		return error_set(err, -ENOMEM, "out of memory");
	for (;;) {
		_cleanup_close_ int fd = -EBADF;
		int r;

		r = client_recv_packet(sock, packet, size, deadline, &fd, err);
		if (r < 0)
			return r;
		if (each && (head->verdict == PROTO_NAMESPACE ||
			     head->verdict == PROTO_SESSION ||
			     head->verdict == PROTO_TEXT)) {
			r = each(data, (enum proto_verdict)head->verdict,
				 packet + sizeof(*head), head->tail_bytes);
			if (r < 0)
				return error_set(err, r, "%m");
			continue;
		}
		r = client_verdict_error(head, err);
		if (r < 0 || !ret)
			return r;
		ret->tail = strndup(packet + sizeof(*head), head->tail_bytes);
		if (!ret->tail)
			return error_set(err, -ENOMEM, "out of memory");
		ret->head = *head;
		ret->fd = take_fd(&fd);
		return 0;
	}
}

int client_call(const char *socket, const struct proto_request *request,
		client_each *each, void *data, struct client_reply *ret,
		struct error *err)
{
	bool slow = request->op == PROTO_UP || request->op == PROTO_DOWN ||
		    request->op == PROTO_ENTER;
	uint64_t deadline = deadline_in_ms(CLIENT_TIMEOUT_MS);
	_cleanup_close_ int sock = -EBADF;
	int r;

	sock = fdmsg_connect(socket, deadline);
	if (sock < 0)
		return client_connect_error(socket, sock, err);
	r = fdmsg_send(sock, request, sizeof(*request), NULL, 0, NULL, 0,
		       deadline);
	if (r < 0)
		return client_exchange_error(r, err);
	if (slow)
		deadline = deadline_in_ms(CLIENT_PATIENCE_MS);
	return client_recv(sock, deadline, each, data, ret, err);
}

void client_reply_clear(struct client_reply *reply)
{
	free(reply->tail);
	close_fd(reply->fd);
	*reply = CLIENT_REPLY_NONE;
}
