/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection: the identity of the peer, taken from the kernel once; its
 * requests, each checked and handed to the operation that answers it; the
 * answer of an operation that has to wait for a namespace.
 */
#ifndef NETNS_PAM_HELPER_SERVER_CONNECTION_H
#define NETNS_PAM_HELPER_SERVER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "answer.h"
#include "common/proto.h"
#include "helper/instance/instance.h"
#include "session.h"

struct helper;
struct operation;

struct connection {
	struct helper *helper;
	const struct operation *operations;
	struct connection *next, **self; /* in the daemon's list */
	struct session_holder holder;	 /* with the socket */
	int pidfd;			 /* of the peer */
	pid_t pid;
	uid_t uid;
	sd_event_source *io, *timer;
	/*
	 * It holds or has held a session. It never becomes an ordinary
	 * connection again: after the session's end, a process of the user may
	 * have the socket.
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

	/* `status`: packets that did not fit into the socket yet. */
	char *pending;
	size_t pending_bytes, pending_at;
};

#define ANSWER_PENDING 1 /* the answer is in c->pending */
#define ANSWER_LATER   2 /* c->waiter waits for a namespace */

/* One row of the table of server.c, indexed by enum proto_op. */
struct operation {
	bool fresh; /* allowed on a connection that never held a session */
	bool lease; /* allowed on one that holds or held a session */
	/*
	 * Reads a checked request and its tail (facts), fills the answer.
	 * Return: 0; ANSWER_PENDING; ANSWER_LATER; < 0: the connection is
	 * closed without an answer.
	 */
	int (*handle)(struct connection *c, const struct proto_request *req,
		      const char *facts, struct answer *a);
};

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
