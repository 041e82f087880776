/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection: the identity of the peer, taken from the kernel once; its
 * requests, each checked and then handed to the operation that answers it; the
 * request that waits for a namespace.
 */
#ifndef NETNS_PAM_HELPER_SERVER_CONNECTION_H
#define NETNS_PAM_HELPER_SERVER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "common/proto.h"
#include "helper/instance/instance.h"
#include "session.h"

struct helper;
struct operation;

struct connection {
	struct helper *helper;
	const struct operation *operations;
	struct connection *next, **self; /* in the daemon's list */
	struct session_holder holder;	 /* has the socket */
	int pidfd;			 /* of the peer */
	pid_t pid;
	uid_t uid;
	sd_event_source *io, *timer;
	/*
	 * It holds or has held a session. After the session's end only requests
	 * for leases are accepted, since a process of the user may have
	 * inherited the socket.
	 */
	bool lease;
	struct session *session; /* NULL: none, or it has ended */

	/*
	 * A request that waits for a namespace (ANSWER_LATER). The operation
	 * is called again with the whole request when the namespace is there;
	 * `made` is then the one that was made for this request, or NULL.
	 */
	struct instance_waiter waiter;
	char *waiting; /* the request and its tail, or NULL */
	sd_event_source *deadline;
	uint64_t waiting_since; /* monotonic, ms */
	struct instance *made;

	/* STATUS: packets that did not fit into the socket yet. */
	char *pending;
	size_t pending_bytes, pending_at;
};

struct answer {
	struct proto_reply reply;
	char *tail; /* malloc'd; freed when it was sent */
	int fds[2]; /* closed likewise, those with own[] */
	bool own[2];
	size_t n_fds;
	char log[2 * ERROR_TEXT_MAX]; /* logged once it was sent; or "" */
};

#define ANSWER_PENDING 1 /* the answer is in c->pending */
#define ANSWER_LATER   2 /* c->waiter waits for a namespace */

/*
 * Sets the verdict and the sentence, control bytes in it shown as \xNN.
 * Return: 0.
 */
int answer_set(struct answer *a, enum proto_verdict verdict, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));

/* Verdict PROTO_OK, with the namespace and the section ("": none). Return: 0.
 */
int answer_ok(struct answer *a, const char *namespace, const char *section);

/* Adds a descriptor and its flag PROTO_FD_...; own: closed when it was sent. */
void answer_fd(struct answer *a, uint32_t flag, int fd, bool own);

/*
 * An operation reads a checked request and its tail, and fills the answer.
 * Return: 0; ANSWER_PENDING; ANSWER_LATER; < 0: the connection is closed
 * without an answer.
 */
typedef int operation_handle(struct connection *c,
			     const struct proto_request *req, const char *tail,
			     struct answer *a);

/* A row of the table in server.c, indexed by enum proto_op. */
struct operation {
	bool fresh; /* allowed on a connection that never held a session */
	bool lease; /* allowed on one that holds or has held a session */
	operation_handle *handle;
};

operation_handle login_open, login_close, login_exec;		 /* login.c */
operation_handle admin_up, admin_down, admin_reload, admin_kick; /* admin.c */
operation_handle status_query;					 /* status.c */

/*
 * Takes an accepted, non-blocking socket, also on failure, and reads its first
 * request. A peer that is not root is refused with a line in the log.
 */
void connection_accept(struct helper *h, int fd,
		       const struct operation *operations);

/*
 * Takes a socket that systemd kept, which holds the session of that number
 * again. Return: 0; -ENOENT: no such session waits for it; -errno. The socket
 * is closed on failure.
 */
int connection_restore(struct helper *h, int fd,
		       const struct operation *operations, uint64_t session);

/*
 * Frees all connections but those that wait for a namespace: the end of the
 * namespace answers these. The sessions stay.
 */
void connection_free_all(struct helper *h);

#endif
