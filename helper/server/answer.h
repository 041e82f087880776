/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request is answered with: one reply, its tail, and descriptors. */
#ifndef NETNS_PAM_HELPER_SERVER_ANSWER_H
#define NETNS_PAM_HELPER_SERVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/proto.h"

struct answer {
	struct proto_reply reply;
	char *tail; /* malloc'd; answer_send() frees it */
	int fds[2]; /* answer_send() closes those with own[] */
	bool own[2];
	size_t n_fds;
	char log[2 *
		 ERROR_TEXT_MAX]; /* logged once the answer is sent, or "" */
};

/*
 * Sets the verdict and the sentence, control bytes in it shown as \xNN.
 * Return: 0.
 */
int answer_set(struct answer *a, enum proto_verdict verdict, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));

/*
 * Adds a descriptor and its flag (PROTO_FD_...). own: answer_send() closes it;
 * else it stays the caller's.
 */
void answer_fd(struct answer *a, uint32_t flag, int fd, bool own);

/*
 * Sends the answer on a connected socket, without waiting: a peer that does
 * not read loses it. Releases what the answer owns, also on failure.
 * Return: 0 or -errno (-ETIMEDOUT: the socket is full).
 */
int answer_send(struct answer *a, int fd);

#endif
