/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call from the command to the daemon: see proto.h. */
#ifndef NETNS_PAM_CTL_CLIENT_H
#define NETNS_PAM_CTL_CLIENT_H

#include "common/error.h"
#include "common/proto.h"
#include "user.h"

#define CLIENT_TIMEOUT_MS 10000
/*
 * Making a namespace takes up to the `timeout` of the policy, ending one as
 * long as its `down` program runs.
 */
#define CLIENT_PATIENCE_MS 610000

struct client_reply {
	struct proto_reply head;
	char *tail; /* head.tail_bytes bytes without a NUL, and a NUL; or NULL
		     */
	int fd;	    /* ENTER: the namespace, KICK: the process; or -EBADF */
};
#define CLIENT_REPLY_NONE                                                      \
	(struct client_reply)                                                  \
	{                                                                      \
		.fd = -EBADF                                                   \
	}

/*
 * Called for each packet of a STATUS reply; record is a struct
 * proto_namespace or a struct proto_session, its strings terminated, or the
 * bytes of a PROTO_TEXT. Return: 0 to go on, or -errno, which ends the call.
 */
typedef int client_each(void *data, enum proto_verdict verdict,
			const void *record, size_t bytes);

/*
 * Puts the section's name into the request and, unless user_name is NULL, looks
 * the user up (user_find()) and puts the account's name and uid into it.
 * Return: 0; -EINVAL, -ENOENT, -errno with a sentence; clear *user.
 */
int client_request_name(struct proto_request *request, const char *name,
			const char *user_name, struct user *user,
			struct error *err);

/*
 * Connects to the socket, sends the request and receives until the last
 * packet, all within CLIENT_TIMEOUT_MS. each may be NULL when op is not
 * PROTO_STATUS. *ret (free with client_reply_clear()) may be NULL.
 * Return: 0 when the daemon answered OK; else -errno with a sentence, the
 * daemon's own if it sent one (-EACCES denied, -EIO failed).
 */
int client_call(const char *socket, const struct proto_request *request,
		client_each *each, void *data, struct client_reply *ret,
		struct error *err);

void client_reply_clear(struct client_reply *reply);

#endif
