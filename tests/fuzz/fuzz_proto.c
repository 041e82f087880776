/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both checks on any bytes. What is accepted is used as by its receivers: every
 * string is read to its end, every fact is found.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t total;

static void request_use(const uint8_t *data)
{
	const struct proto_request *r = (const void *)data;
	const char *facts = (const char *)data + sizeof(*r);

	total += strlen(r->user) + strlen(r->service) + strlen(r->tty) +
		 strlen(r->rhost) + strlen(r->name);
	for (const char *f = facts; f < facts + r->tail_bytes;
	     f += strlen(f) + 1)
		if (!proto_has_fact(facts, r->tail_bytes, f[0], f + 1))
			abort();
}

static void reply_use(const uint8_t *data)
{
	const struct proto_reply *r = (const void *)data;
	const char *tail = (const char *)data + sizeof(*r);

	total += strlen(r->namespace) + strlen(r->section) + strlen(r->text);
	if ((r->flags & PROTO_DNS) && memchr(tail, '\0', r->tail_bytes))
		abort();
	if (r->verdict == PROTO_SESSION)
		total += strlen(
			((const struct proto_session *)(const void *)tail)
				->rhost);
	if (r->verdict == PROTO_NAMESPACE)
		total += strlen(
			((const struct proto_namespace *)(const void *)tail)
				->detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err;
	/* Allocated with its exact length: AddressSanitizer finds a read
	 * beyond. */
	uint8_t *copy = calloc(1, size ? size : 1);

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	err.text[0] = '\0';
	if (proto_check_request(copy, size, &err) == 0)
		request_use(copy);
	else if (!err.text[0] || strlen(err.text) >= sizeof(err.text))
		abort();
	err.text[0] = '\0';
	if (proto_check_reply(copy, size, &err) == 0)
		reply_use(copy);
	else if (!err.text[0] || strlen(err.text) >= sizeof(err.text))
		abort();
	free(copy);
	return 0;
}
