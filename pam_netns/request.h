/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request to the daemon. A reply is used only if it is valid by proto.h and
 * has exactly the descriptors that it announces.
 */
#ifndef NETNS_PAM_PAM_NETNS_REQUEST_H
#define NETNS_PAM_PAM_NETNS_REQUEST_H

#include <stdint.h>

#include "common/error.h"
#include "common/policy/policy.h"
#include "common/policy/who.h"
#include "common/proto.h"

struct request_answer {
	struct proto_reply reply;
	char *resolv_conf; /* with PROTO_DNS; else NULL */
	int lease;	   /* the connection */
	int netns;	   /* with PROTO_FD_NETNS; else -EBADF */
	int mntns;	   /* with PROTO_FD_MNT; else -EBADF */
};
#define REQUEST_ANSWER_NONE {.lease = -EBADF, .netns = -EBADF, .mntns = -EBADF}

/* Closes and frees what the answer still holds. */
void request_answer_clear(struct request_answer *answer);

/*
 * Requests a session (OPEN), until the deadline (monotonic, ms). *ret is the
 * caller's to clear, also after an error.
 * Return: 0 with a verdict (OK, STAY, RETRY, DENIED, FAILED, MALFORMED); or
 * -ETIMEDOUT, -EBADMSG, -errno with a sentence.
 */
int request_open(const char *socket, const struct policy *policy,
		 const struct who *who, uint64_t deadline,
		 struct request_answer *ret, struct error *err);

#endif
