/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket: accepts, takes the peer's identity from the kernel once, checks
 * each packet, and hands it to the one function that answers it. The table in
 * server.c says who may ask what and when; it is the security policy of the
 * socket.
 */
#ifndef NETNS_PAM_HELPER_SERVER_SERVER_H
#define NETNS_PAM_HELPER_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "common/proto.h"
#include "helper/instance/instance.h"

struct helper;
struct session;

struct connection {
	struct helper *helper;
	struct connection *next, **self; /* in the helper's list */
	int fd;
	int pidfd; /* of the peer */
	pid_t pid;
	uid_t uid;
	sd_event_source *io, *timer;
	/*
	 * Once it is a lease it stays one, also when the session is over: it
	 * may be in the hands of a process of the user by then.
	 */
	bool lease;
	struct session *session;

	/*
	 * A request that waits for a namespace (ANSWER_LATER): it is asked
	 * again, whole, when the namespace is there; `made` is then what was
	 * made for it.
	 */
	struct instance_waiter waiter;
	char *waiting; /* the request and its tail, or NULL */
	sd_event_source *deadline;
	uint64_t waiting_since; /* monotonic, ms */
	struct instance *made;

	/* `status`: packets that did not fit into the socket yet. */
	char *pending;
	size_t pending_bytes, pending_at;
};

/*
 * Listens on the helper's socket: the one that systemd passed, or one made at
 * the path (0600, in a directory of 0700).
 */
int server_open(struct helper *h, int systemd_fd, struct error *err);

/*
 * Stops listening and lets go of the leases, at the end: the socket's file and
 * the sessions stay for the helper that comes next.
 */
void server_close(struct helper *h);

/* A connection that systemd kept for us, as the lease of a session. */
int server_restore_lease(struct helper *h, int fd, uint64_t session);

int connection_fd(const struct connection *c);
/* The session of this lease has ended; the connection may stay open. */
void connection_forget_session(struct connection *c);

/* What a handler answers with: a reply, its tail, and descriptors. */
struct answer {
	struct proto_reply reply;
	char *tail; /* malloc'd, freed by the server */
	int fds[2]; /* closed by the server when own[] says so */
	bool own[2];
	size_t n_fds;
	char log[2 * ERROR_TEXT_MAX]; /* told once the answer is on its way */
};

/* Fills verdict and sentence. Return: 0. */
int answer_set(struct answer *a, enum proto_verdict verdict, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));

#define ANSWER_PENDING 1 /* it is in c->pending */
#define ANSWER_LATER   2 /* c->waiter waits for a namespace */

/*
 * Handlers, in login.c and admin.c: read a checked request, fill the answer.
 * Return: 0; ANSWER_PENDING; ANSWER_LATER; < 0: close without an answer.
 */
int login_open(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a);
int login_close(struct connection *c, const struct proto_request *req,
		const char *facts, struct answer *a);
int admin_status(struct connection *c, const struct proto_request *req,
		 const char *facts, struct answer *a);
int admin_up(struct connection *c, const struct proto_request *req,
	     const char *facts, struct answer *a);
int admin_down(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a);
int admin_enter(struct connection *c, const struct proto_request *req,
		const char *facts, struct answer *a);
int admin_reload(struct connection *c, const struct proto_request *req,
		 const char *facts, struct answer *a);
int admin_kick(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a);

#endif
