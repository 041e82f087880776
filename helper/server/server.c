/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/fdmsg.h"
#include "common/policy/policy.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "session.h"

#define SERVER_BACKLOG	       512
#define SERVER_CONNECTIONS_MAX 8192
#define SERVER_IDLE_US	       10000000 /* a peer that asks nothing */
#define SERVER_ACCEPT_AT_ONCE  16
#define SERVER_PAUSE_US	       100000 /* when descriptors run out */
/* Of a login's time, left for the answer to be heard. */
#define SERVER_MARGIN_MS UINT64_C(250)
/* More than a `down` program has to end by itself when it took too long. */
#define SERVER_DOWN_MS UINT64_C(3000)

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* of kernel 6.5 */
#endif

/* Who may ask what: `lease` on a connection that is a session's. */
static const struct {
	bool fresh, lease;
	int (*handle)(struct connection *c, const struct proto_request *req,
		      const char *facts, struct answer *a);
} operations[PROTO_OP_MAX_] = {
	[PROTO_OPEN] = {.fresh = true, .handle = login_open},
	[PROTO_CLOSE] = {.lease = true, .handle = login_close},
	[PROTO_STATUS] = {.fresh = true, .handle = admin_status},
	[PROTO_UP] = {.fresh = true, .handle = admin_up},
	[PROTO_DOWN] = {.fresh = true, .handle = admin_down},
	[PROTO_ENTER] = {.fresh = true, .handle = admin_enter},
	[PROTO_RELOAD] = {.fresh = true, .handle = admin_reload},
	[PROTO_KICK] = {.fresh = true, .handle = admin_kick},
};

/* --- connections --- */

static void connection_free(struct connection *c)
{
	if (!c)
		return;
	instance_unwait(&c->waiter);
	sd_event_source_disable_unref(c->io);
	sd_event_source_disable_unref(c->timer);
	sd_event_source_disable_unref(c->deadline);
	free(c->waiting);
	close_fd(c->fd);
	close_fd(c->pidfd);
	free(c->pending);
	*c->self = c->next;
	if (c->next)
		c->next->self = c->self;
	c->helper->connections--;
	free(c);
}

static void connection_close(struct connection *c)
{
	struct session *s = c->session;

	c->session = NULL;
	if (s)
		session_lease_gone(s);
	connection_free(c);
}

int connection_fd(const struct connection *c)
{
	return c->fd;
}

void connection_forget_session(struct connection *c)
{
	c->session = NULL;
	/* It has nothing more to say: it is closed when the peer closes. */
}

/* --- answers --- */

int answer_set(struct answer *a, enum proto_verdict verdict, const char *format,
	       ...)
{
	char text[ERROR_TEXT_MAX];
	struct error safe;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&safe, 0, "%s", text);
	a->reply.verdict = (uint16_t)verdict;
	memset(a->reply.text, 0, sizeof(a->reply.text));
	memcpy(a->reply.text, safe.text, strlen(safe.text));
	return 0;
}

static int connection_send(const struct connection *c, struct answer *a)
{
	int r;

	a->reply.magic = PROTO_MAGIC;
	a->reply.version = PROTO_VERSION;
	/* Never waits: an answer that does not fit is the peer's loss. */
	r = fdmsg_send(c->fd, &a->reply, sizeof(a->reply), a->tail,
		       a->reply.tail_bytes, a->fds, a->n_fds,
		       deadline_now_ms());
	for (size_t i = 0; i < a->n_fds; i++)
		if (a->own[i])
			close_fd(a->fds[i]);
	free(a->tail);
	return r;
}

static int connection_malformed(const struct connection *c,
				const struct error *why)
{
	struct answer a = {0};

	log_warning("a malformed request from process %d: %s", c->pid,
		    why->text);
	answer_set(&a, PROTO_MALFORMED, "%s", why->text);
	connection_send(c, &a);
	return -EBADMSG;
}

/* Return: as a handler. */
static int connection_answer(struct connection *c, const char *packet)
{
	struct proto_request req;
	struct answer a = {0};
	int r;

	memcpy(&req, packet, sizeof(req));
	r = operations[req.op].handle(c, &req, packet + sizeof(req), &a);
	if (r == 0)
		r = connection_send(c, &a);
	/* A login that gave up meanwhile never knew of its session. */
	if (r < 0 && c->session)
		session_end(c->session);
	else if (a.log[0])
		log_info("%s", a.log);
	return r;
}

/* --- requests that wait for a namespace --- */

static void connection_be_patient(struct connection *c);

static void connection_stop_waiting(struct connection *c)
{
	instance_unwait(&c->waiter);
	c->deadline = sd_event_source_disable_unref(c->deadline);
	free(c->waiting);
	c->waiting = NULL;
}

/* Tells that it failed. The connection is gone after this. */
static void connection_fail(struct connection *c, const struct error *why)
{
	struct answer a = {0};

	answer_set(&a, PROTO_FAILED, "%s", why->text);
	connection_send(c, &a);
	connection_close(c);
}

static void connection_on_wake(struct instance_waiter *w, struct instance *made,
			       int r, const struct error *why)
{
	struct connection *c =
		(struct connection *)(void *)((char *)w -
					      offsetof(struct connection,
						       waiter));

	if (r < 0) {
		connection_fail(c, why);
		return;
	}
	c->made = made;
	r = connection_answer(c, c->waiting);
	c->made = NULL;
	if (r == ANSWER_LATER)
		return;
	connection_stop_waiting(c);
	if (r < 0)
		connection_close(c);
	else
		connection_be_patient(c);
}

static int connection_on_deadline(sd_event_source *source, uint64_t when,
				  void *data)
{
	struct connection *c = data;
	const struct instance *i = c->waiter.instance;
	uint64_t ms = deadline_now_ms() - c->waiting_since;
	struct proto_request req;
	struct error why;

	memcpy(&req, c->waiting, sizeof(req));
	if (req.op == PROTO_DOWN)
		error_set(
			&why, 0,
			"the namespace %s is still there after %" PRIu64
			" s, and will be gone when its `down` program %s has ended",
			i ? i->name : "", ms / 1000, i ? i->down : "");
	else
		error_set(&why, 0,
			  "the namespace %s was not ready within %" PRIu64
			  ".%" PRIu64 " s: it still waits for %s",
			  i ? i->name : "", ms / 1000, ms % 1000 / 100,
			  i ? instance_waits_for(i) : "its turn");
	log_error("%s", why.text);
	connection_fail(c, &why);
	return 0;
}

/* How long the answer may take. */
static uint64_t connection_patience_ms(const struct connection *c,
				       const struct proto_request *req)
{
	uint64_t ms = store_policy(c->helper->store)->timeout_ms;

	if (req->op == PROTO_DOWN)
		return ms + SERVER_DOWN_MS;
	if (req->timeout_ms)
		ms = req->timeout_ms;
	return ms > 2 * SERVER_MARGIN_MS ? ms - SERVER_MARGIN_MS : ms / 2;
}

/* Keeps the request, to be asked again. Return: 0 or -errno. */
static int connection_wait(struct connection *c, const char *packet,
			   size_t bytes)
{
	struct proto_request req;
	int r;

	memcpy(&req, packet, sizeof(req));
	c->waiting = malloc(bytes);
	if (!c->waiting)
		return -ENOMEM;
	memcpy(c->waiting, packet, bytes);
	c->waiting_since = deadline_now_ms();
	c->timer = sd_event_source_disable_unref(c->timer);
	r = timer_new(c->helper->event, &c->deadline, connection_on_deadline,
		      c);
	if (r < 0)
		return r;
	timer_arm(c->deadline, 1000 * connection_patience_ms(c, &req));
	return 0;
}

/* Return: 0, or < 0 when the connection is to be closed. */
static int connection_request(struct connection *c, const char *packet,
			      size_t bytes)
{
	struct proto_request req;
	struct error why;
	int r = proto_check_request(packet, bytes, &why);

	if (r < 0)
		return connection_malformed(c, &why);
	memcpy(&req, packet, sizeof(req));
	if (c->waiting || (c->lease ? !operations[req.op].lease
				    : !operations[req.op].fresh)) {
		error_set(&why, 0, "%s is not to be asked on this connection%s",
			  proto_op_name((enum proto_op)req.op),
			  c->waiting ? " now" : "");
		return connection_malformed(c, &why);
	}
	r = connection_answer(c, packet);
	return r == ANSWER_LATER ? connection_wait(c, packet, bytes) : r;
}

/* Sends what `status` left over. Return: 0, or < 0 to close. */
static int connection_flush(struct connection *c)
{
	while (c->pending_at < c->pending_bytes) {
		const char *at = c->pending + c->pending_at;
		struct proto_reply head;
		size_t bytes;
		int r;

		memcpy(&head, at, sizeof(head));
		bytes = sizeof(head) + head.tail_bytes;
		r = fdmsg_send(c->fd, at, bytes, NULL, 0, NULL, 0,
			       deadline_now_ms());
		if (r == -ETIMEDOUT)
			return sd_event_source_set_io_events(
				c->io, EPOLLIN | EPOLLOUT);
		if (r < 0)
			return r;
		c->pending_at += bytes;
	}
	free(c->pending);
	c->pending = NULL;
	c->pending_bytes = c->pending_at = 0;
	return sd_event_source_set_io_events(c->io, EPOLLIN);
}

static int connection_on_idle(sd_event_source *source, uint64_t when,
			      void *data)
{
	connection_close(data);
	return 0;
}

/* A lease may be held for months; others have ten seconds a request. */
static void connection_be_patient(struct connection *c)
{
	if (c->lease || c->waiting)
		c->timer = sd_event_source_disable_unref(c->timer);
	else if (!c->timer && timer_new(c->helper->event, &c->timer,
					connection_on_idle, c) == 0)
		timer_arm(c->timer, SERVER_IDLE_US);
}

/* Reads a request and answers it. The connection may be gone after this. */
static void connection_read(struct connection *c)
{
	static char packet[sizeof(struct proto_request) + PROTO_TAIL_MAX];
	size_t n_fds = 0;
	ssize_t n;

	/* No request brings descriptors: any that come are closed. */
	n = fdmsg_recv(c->fd, packet, sizeof(packet), NULL, 0, &n_fds,
		       deadline_now_ms());
	if (n == -ETIMEDOUT) {
		connection_be_patient(c);
		return;
	}
	if (n == -EBADMSG) {
		struct error why;

		error_set(&why, 0,
			  "the packet is too large, or holds descriptors");
		connection_malformed(c, &why);
	}
	if (n <= 0 || connection_request(c, packet, (size_t)n) < 0 ||
	    (c->pending && connection_flush(c) < 0)) {
		connection_close(c);
		return;
	}
	connection_be_patient(c);
}

static int connection_on_event(sd_event_source *source, int fd, uint32_t events,
			       void *data)
{
	struct connection *c = data;

	if (events & EPOLLOUT && connection_flush(c) < 0) {
		connection_close(c);
		return 0;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		connection_read(c);
	return 0;
}

/* What the kernel says about the peer, once and for all. */
static int connection_identify(struct connection *c)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);
	int pidfd = -EBADF;
	socklen_t m = sizeof(pidfd);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return -errno;
	c->pid = peer.pid;
	c->uid = peer.uid;
	/* Where the kernel has no such option; else the pid may be another's.
	 */
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &m) < 0 &&
	    errno == ENOPROTOOPT)
		pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	c->pidfd = pidfd;
	return pidfd < 0 ? -errno : 0;
}

/* Takes fd, also on failure. */
static int connection_new(struct helper *h, int fd, struct connection **ret)
{
	struct connection *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		close_fd(fd);
		return -ENOMEM;
	}
	c->helper = h;
	c->fd = fd;
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

static void server_accepted(struct helper *h, int fd)
{
	struct connection *c = NULL;
	int r = connection_new(h, fd, &c);

	if (r == 0)
		r = connection_identify(c);
	if (r < 0) {
		log_warning("cannot take a connection: %s", strerror(-r));
		if (c)
			connection_free(c);
		return;
	}
	if (c->uid != 0) {
		log_warning("refused: process %d of uid %u is not root", c->pid,
			    c->uid);
		connection_free(c);
		return;
	}
	/* The question has come with the connection, most likely. */
	connection_read(c);
}

static int server_on_connect(sd_event_source *source, int fd, uint32_t events,
			     void *data)
{
	struct helper *h = data;

	for (int i = 0; i < SERVER_ACCEPT_AT_ONCE; i++) {
		int peer =
			accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (peer < 0 && (errno == EMFILE || errno == ENFILE)) {
			log_error("too many open files: logins wait");
			sd_event_source_set_enabled(source, SD_EVENT_OFF);
			timer_arm(h->listen_again, SERVER_PAUSE_US);
		}
		if (peer < 0)
			return 0;
		if (h->connections >= SERVER_CONNECTIONS_MAX) {
			log_error("more than %d connections: one is refused",
				  SERVER_CONNECTIONS_MAX);
			close_fd(peer);
			continue;
		}
		server_accepted(h, peer);
	}
	return 0;
}

static int server_on_pause_over(sd_event_source *source, uint64_t when,
				void *data)
{
	struct helper *h = data;

	return sd_event_source_set_enabled(h->listener, SD_EVENT_ON);
}

int server_restore_lease(struct helper *h, int fd, uint64_t session)
{
	struct connection *c;
	int r;

	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		close_fd(fd);
		return -errno;
	}
	r = connection_new(h, fd, &c);
	if (r < 0)
		return r;
	if (!session_restore_lease(h, session, c)) {
		connection_free(c);
		return -ENOENT;
	}
	c->session = session_find(h, session);
	c->lease = true;
	return 0;
}

/* --- the socket --- */

/* Removes a socket that nobody listens on; one that answers is in use. */
static int server_clear_path(const struct sockaddr_un *address,
			     struct error *err)
{
	_cleanup_close_ int probe = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, -EEXIST, "%s is there and is no socket",
				 address->sun_path);
	if (probe < 0)
		return -errno;
	if (connect(probe, (const struct sockaddr *)address,
		    sizeof(*address)) == 0 ||
	    errno == EAGAIN)
		return error_set(err, -EADDRINUSE,
				 "another netns-pamd listens on %s",
				 address->sun_path);
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int server_listen(const char *path, struct error *err)
{
	_cleanup_close_ int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int r;

	if (fd < 0)
		return error_set(err, -errno, "cannot make a socket: %s",
				 strerror(errno));
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(
			err, -ENAMETOOLONG,
			"the socket's path has more than %zu bytes: %s",
			sizeof(address.sun_path) - 1, path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	error_set(err, 0, "cannot listen on %s", path);
	r = server_clear_path(&address, err);
	if (r < 0)
		return r;
	/* main.c's umask of 077 makes it 0600 from the first moment. */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0600) < 0 || listen(fd, SERVER_BACKLOG) < 0)
		return error_set(err, -errno, "cannot listen on %s: %s", path,
				 strerror(errno));
	return take_fd(&fd);
}

int server_open(struct helper *h, int systemd_fd, struct error *err)
{
	int fd = systemd_fd >= 0 ? systemd_fd : server_listen(h->socket, err);
	int r;

	if (fd < 0)
		return fd;
	r = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno
								    : 0;
	if (r == 0)
		r = sd_event_add_io(h->event, &h->listener, fd, EPOLLIN,
				    server_on_connect, h);
	if (r >= 0)
		r = timer_new(h->event, &h->listen_again, server_on_pause_over,
			      h);
	if (r < 0)
		return error_set(err, r, "cannot listen on %s: %s", h->socket,
				 strerror(-r));
	return 0;
}

void server_close(struct helper *h)
{
	struct connection *next;

	for (struct session *s = h->sessions; s; s = s->next)
		s->lease = NULL;
	for (struct connection *c = h->peers; c; c = next) {
		next = c->next;
		/* Who waits is told by instance_free_all(). */
		if (!c->waiter.instance)
			connection_free(c);
	}
	h->listener = sd_event_source_disable_unref(h->listener);
	h->listen_again = sd_event_source_disable_unref(h->listen_again);
}
