/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/fdmsg.h"
#include "common/policy/policy.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/lifecycle/lifecycle.h"

#define CONNECTION_IDLE_US 10000000 /* without a request */
/* Of the time a login waits: left for sending the answer. */
#define CONNECTION_MARGIN_MS UINT64_C(250)
/* Added for `down`: a `down` program that takes too long is killed by then. */
#define CONNECTION_DOWN_MS UINT64_C(3000)

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* since kernel 6.5 */
#endif

/* --- answers --- */

int answer_set(struct answer *a, enum proto_verdict verdict, const char *format,
	       ...)
{
	struct error safe;
	va_list args;

	va_start(args, format);
	error_setv(&safe, 0, format, args);
	va_end(args);
	a->reply.verdict = (uint16_t)verdict;
	memset(a->reply.text, 0, sizeof(a->reply.text));
	memcpy(a->reply.text, safe.text, strlen(safe.text));
	return 0;
}

int answer_ok(struct answer *a, const char *namespace, const char *section)
{
	memcpy(a->reply.namespace, namespace, strlen(namespace));
	memcpy(a->reply.section, section, strlen(section));
	return answer_set(a, PROTO_OK, "%s", "");
}

void answer_fd(struct answer *a, uint32_t flag, int fd, bool own)
{
	a->reply.flags |= flag;
	a->own[a->n_fds] = own;
	a->fds[a->n_fds++] = fd;
}

/* Never waits: a peer that does not read loses the answer. */
static int connection_send(const struct connection *c, struct answer *a)
{
	int r;

	a->reply.magic = PROTO_MAGIC;
	a->reply.version = PROTO_VERSION;
	r = fdmsg_send(c->holder.fd, &a->reply, sizeof(a->reply), a->tail,
		       a->reply.tail_bytes, a->fds, a->n_fds,
		       deadline_now_ms());
	for (size_t i = 0; i < a->n_fds; i++)
		if (a->own[i])
			close_fd(a->fds[i]);
	free(a->tail);
	return r;
}

static void connection_refuse(const struct connection *c,
			      enum proto_verdict verdict, const char *why)
{
	struct answer a = {0};

	answer_set(&a, verdict, "%s", why);
	connection_send(c, &a);
}

/* Return: -EBADMSG, which closes the connection. */
static int connection_malformed(const struct connection *c, const char *why)
{
	log_warning("a malformed request from process %d: %s", c->pid, why);
	connection_refuse(c, PROTO_MALFORMED, why);
	return -EBADMSG;
}

/* --- connections --- */

static void connection_free(struct connection *c)
{
	if (!c)
		return;
	lifecycle_unwait(&c->waiter);
	sd_event_source_disable_unref(c->io);
	sd_event_source_disable_unref(c->timer);
	sd_event_source_disable_unref(c->deadline);
	free(c->waiting);
	close_fd(c->holder.fd);
	close_fd(c->pidfd);
	free(c->pending);
	*c->self = c->next;
	if (c->next)
		c->next->self = c->self;
	c->helper->connections--;
	free(c);
}

static void connection_close(void *data)
{
	struct connection *c = data;
	struct session *s = c->session;

	c->session = NULL;
	if (s)
		session_holder_closed(s);
	connection_free(c);
}

static struct connection *connection_of(void *member, size_t offset)
{
	return (struct connection *)(void *)((char *)member - offset);
}

/* The session has ended. The connection stays until the peer closes it. */
static void connection_on_over(struct session_holder *holder)
{
	connection_of(holder, offsetof(struct connection, holder))->session =
		NULL;
}

/* A lease may be held for months; others have ten seconds for a request. */
static void connection_be_patient(struct connection *c)
{
	if (c->lease || c->waiting)
		c->timer = sd_event_source_disable_unref(c->timer);
	else if (!c->timer && timer_new(c->helper->event, &c->timer,
					connection_close, c, NULL) == 0)
		timer_arm(c->timer, CONNECTION_IDLE_US);
}

/* --- requests --- */

/* packet: a checked request and its tail. Return: as an operation. */
static int connection_answer(struct connection *c, const char *packet)
{
	const struct proto_request *req = (const void *)packet;
	struct answer a = {0};
	int r = c->operations[req->op].handle(c, req, packet + sizeof(*req),
					      &a);

	if (r == 0)
		r = connection_send(c, &a);
	/* The answer did not reach the peer: nothing would end the session. */
	if (r < 0 && c->session)
		session_end(c->session);
	else if (a.log[0])
		log_info("%s", a.log);
	return r;
}

static void connection_on_wake(struct instance_waiter *w, struct instance *made,
			       int r, const struct error *why)
{
	struct connection *c =
		connection_of(w, offsetof(struct connection, waiter));

	if (r < 0) {
		connection_refuse(c, PROTO_FAILED, why->text);
		connection_close(c);
		return;
	}
	c->made = made;
	r = connection_answer(c, c->waiting);
	c->made = NULL;
	if (r == ANSWER_LATER)
		return;
	lifecycle_unwait(&c->waiter);
	c->deadline = sd_event_source_disable_unref(c->deadline);
	free(c->waiting);
	c->waiting = NULL;
	if (r < 0)
		connection_close(c);
	else
		connection_be_patient(c);
}

static void connection_on_deadline(void *data)
{
	struct connection *c = data;
	const struct proto_request *req = (const void *)c->waiting;
	const struct instance *i = c->waiter.instance;
	uint64_t ms = deadline_now_ms() - c->waiting_since;
	struct error why;

	if (req->op == PROTO_DOWN)
		error_set(&why, 0,
			  "the namespace %s is still there after %" PRIu64
			  " s; it is removed when its `down` program %s has ended",
			  i ? i->name : "", ms / 1000, i ? i->down : "");
	else
		error_set(&why, 0,
			  "the namespace %s was not ready within %" PRIu64
			  ".%" PRIu64 " s: it still waits for %s",
			  i ? i->name : "", ms / 1000, ms % 1000 / 100,
			  i ? instance_waits_for(i) : "its turn");
	log_error("%s", why.text);
	connection_refuse(c, PROTO_FAILED, why.text);
	connection_close(c);
}

/* Return: how long the answer may take. */
static uint64_t connection_patience_ms(const struct connection *c,
				       const struct proto_request *req)
{
	uint64_t ms = store_policy(c->helper->store)->timeout_ms;

	if (req->op == PROTO_DOWN)
		return ms + CONNECTION_DOWN_MS;
	if (req->timeout_ms)
		ms = req->timeout_ms;
	return ms > 2 * CONNECTION_MARGIN_MS ? ms - CONNECTION_MARGIN_MS
					     : ms / 2;
}

/* Keeps the request for when the namespace is there. Return: 0 or -errno. */
static int connection_wait(struct connection *c, const char *packet,
			   size_t bytes)
{
	int r;

	c->waiting = malloc(bytes);
	if (!c->waiting)
		return -ENOMEM;
	memcpy(c->waiting, packet, bytes);
	c->waiting_since = deadline_now_ms();
	c->timer = sd_event_source_disable_unref(c->timer);
	r = timer_new(c->helper->event, &c->deadline, connection_on_deadline, c,
		      NULL);
	if (r < 0)
		return r;
	timer_arm(c->deadline,
		  1000 * connection_patience_ms(c, (const void *)packet));
	return 0;
}

/* Return: 0, or < 0 when the connection is to be closed. */
static int connection_request(struct connection *c, const char *packet,
			      size_t bytes)
{
	const struct proto_request *req = (const void *)packet;
	const struct operation *operation;
	struct error why;
	int r = proto_check_request(packet, bytes, &why);

	if (r < 0)
		return connection_malformed(c, why.text);
	operation = &c->operations[req->op];
	if (c->waiting || !(c->lease ? operation->lease : operation->fresh)) {
		error_set(&why, 0, "%s is not allowed on this connection%s",
			  proto_op_name((enum proto_op)req->op),
			  c->waiting ? " now" : "");
		return connection_malformed(c, why.text);
	}
	r = connection_answer(c, packet);
	return r == ANSWER_LATER ? connection_wait(c, packet, bytes) : r;
}

/* Sends what STATUS has left over. Return: 0, or < 0 to close. */
static int connection_flush(struct connection *c)
{
	while (c->pending_at < c->pending_bytes) {
		const char *at = c->pending + c->pending_at;
		struct proto_reply head;
		size_t bytes;
		int r;

		memcpy(&head, at, sizeof(head));
		bytes = sizeof(head) + head.tail_bytes;
		r = fdmsg_send(c->holder.fd, at, bytes, NULL, 0, NULL, 0,
			       deadline_now_ms());
		if (r == -ETIMEDOUT)
			return sd_event_source_set_io_events(c->io,
							     EPOLLIN |
								     EPOLLOUT);
		if (r < 0)
			return r;
		c->pending_at += bytes;
	}
	free(c->pending);
	c->pending = NULL;
	c->pending_bytes = c->pending_at = 0;
	return sd_event_source_set_io_events(c->io, EPOLLIN);
}

/* Reads a request and answers it. May free the connection. */
static void connection_read(struct connection *c)
{
	static char packet[sizeof(struct proto_request) + PROTO_TAIL_MAX]
		__attribute__((aligned(_Alignof(struct proto_request))));
	size_t n_fds = 0;
	/* No request has descriptors: any that come are closed. */
	ssize_t n = fdmsg_recv(c->holder.fd, packet, sizeof(packet), NULL, 0,
			       &n_fds, deadline_now_ms());

	if (n == -EBADMSG)
		connection_malformed(c,
				     "the packet is too large, or holds descriptors");
	if (n != -ETIMEDOUT &&
	    (n <= 0 || connection_request(c, packet, (size_t)n) < 0 ||
	     (c->pending && connection_flush(c) < 0)))
		connection_close(c);
	else
		connection_be_patient(c);
}

static int connection_on_event(sd_event_source *source, int fd, uint32_t events,
			       void *data)
{
	struct connection *c = data;

	if (events & EPOLLOUT && connection_flush(c) < 0)
		connection_close(c);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		connection_read(c);
	return 0;
}

/* Return: 0, or -errno when the kernel does not name the peer. */
static int connection_identify(struct connection *c)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);
	int pidfd = -EBADF;
	socklen_t m = sizeof(pidfd);

	if (getsockopt(c->holder.fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return -errno;
	c->pid = peer.pid;
	c->uid = peer.uid;
	/* pidfd_open() only on old kernels: the pid may be reused by now. */
	if (getsockopt(c->holder.fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &m) <
		    0 &&
	    errno == ENOPROTOOPT)
		pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	c->pidfd = pidfd;
	return pidfd < 0 ? -errno : 0;
}

/* Takes fd, also on failure. */
static int connection_new(struct helper *h, int fd,
			  const struct operation *operations,
			  struct connection **ret)
{
	struct connection *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		close_fd(fd);
		return -ENOMEM;
	}
	c->helper = h;
	c->operations = operations;
	c->holder = (struct session_holder){fd, connection_on_over};
	c->pidfd = -EBADF;
	c->waiter.wake = connection_on_wake;
	c->next = h->peers;
	c->self = &h->peers;
	if (c->next)
		c->next->self = &c->next;
	h->peers = c;
	h->connections++;
	r = sd_event_add_io(h->event, &c->io, fd, EPOLLIN, connection_on_event,
			    c);
	if (r < 0) {
		connection_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void connection_accept(struct helper *h, int fd,
		       const struct operation *operations)
{
	struct connection *c = NULL;
	int r = connection_new(h, fd, operations, &c);

	if (r == 0)
		r = connection_identify(c);
	if (r < 0)
		log_warning("cannot accept a connection: %s", strerror(-r));
	else if (c->uid != 0)
		log_warning("refused: process %d of uid %u is not root", c->pid,
			    c->uid);
	else {
		connection_read(c); /* a request usually comes at once */
		return;
	}
	connection_free(c);
}

int connection_restore(struct helper *h, int fd,
		       const struct operation *operations, uint64_t session)
{
	struct connection *c;
	int r = connection_new(h, fd, operations, &c);

	if (r < 0)
		return r;
	c->session = session_restore_holder(h, session, &c->holder);
	if (!c->session) {
		connection_free(c);
		return -ENOENT;
	}
	c->lease = true;
	return 0;
}

void connection_free_all(struct helper *h)
{
	struct connection *next;

	for (struct connection *c = h->peers; c; c = next) {
		next = c->next;
		if (c->session)
			c->session->holder = NULL;
		if (!c->waiter.instance)
			connection_free(c);
	}
}
