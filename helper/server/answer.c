/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/fdmsg.h"

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

void answer_fd(struct answer *a, uint32_t flag, int fd, bool own)
{
	a->reply.flags |= flag;
	a->own[a->n_fds] = own;
	a->fds[a->n_fds++] = fd;
}

int answer_send(struct answer *a, int fd)
{
	int r;

	a->reply.magic = PROTO_MAGIC;
	a->reply.version = PROTO_VERSION;
	r = fdmsg_send(fd, &a->reply, sizeof(a->reply), a->tail,
		       a->reply.tail_bytes, a->fds, a->n_fds,
		       deadline_now_ms());
	for (size_t i = 0; i < a->n_fds; i++)
		if (a->own[i])
			close_fd(a->fds[i]);
	free(a->tail);
	return r;
}
