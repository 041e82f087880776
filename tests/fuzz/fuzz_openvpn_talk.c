/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes on the management interface of openvpn(8), through all code that
 * reads them, up to the settings of the device. The events do not depend on the
 * pieces in which the bytes arrive.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiet.h"

/* Replaced: the only call that would change the host. */
#define openvpn_device_configure fuzz_configure

/* NOLINTBEGIN(bugprone-suspicious-include): the parts themselves */
#include "helper/link/openvpn/talk.c"
#include "helper/link/openvpn/watch.c"
/* NOLINTEND(bugprone-suspicious-include) */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	struct openvpn o; /* first: it is the handlers' data */
	struct instance instance;
	FILE *events;
};

int fuzz_configure(struct openvpn *o, const struct openvpn_push *push,
		   struct error *err)
{
	if (push->n_routes > OPENVPN_ROUTES_MAX ||
	    push->n_dns > OPENVPN_DNS_MAX || push->mtu > 65535)
		abort();
	for (size_t n = 0; n < push->n_routes; n++)
		if (inet_prefix_has_host_bits(&push->routes[n].to))
			abort();
	for (const char *p = push->search; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(" .-_", *p))
			abort();
	return push->n_dns ? 0 : error_set(err, -EIO, "no name servers");
}

static void peer_ready(struct openvpn *o)
{
	struct peer *p = (void *)o;

	fputs("ready\n", p->events);
	o->words[0] = o->last[0] = '\0';
	o->was_connected = true;
}

static void peer_failed(struct openvpn *o, const char *why)
{
	struct peer *p = (void *)o;

	fprintf(p->events, "failed %s\n", why);
}

static void peer_state(void *data, const char *name, const char *detail)
{
	fprintf(((struct peer *)data)->events, "state %s %s\n", name, detail);
	openvpn_on_state(data, name, detail);
}

static void peer_log(void *data, char flag, const char *text)
{
	fprintf(((struct peer *)data)->events, "log %c %s\n", flag, text);
	openvpn_on_log(data, flag, text);
}

static void peer_up(void *data, const struct openvpn_env *env)
{
	fprintf(((struct peer *)data)->events, "up %zu\n", env->bytes);
	openvpn_on_up(data, env);
}

/* The bytes, `piece` at a time at most. Return: the events, malloc'd. */
static char *peer_run(const uint8_t *data, size_t size, size_t piece,
		      bool *ret_broken)
{
	static const struct openvpn_events events = {peer_ready, peer_failed};
	struct peer p = {.o = {.instance = &p.instance,
			       .events = &events,
			       .remote = "vpn.example.net"},
			 .instance = {.name = "vpn.alice"}};
	struct openvpn_talk *talk = calloc(1, sizeof(*talk));
	char *text = NULL;
	size_t bytes;

	p.events = open_memstream(&text, &bytes);
	if (!talk || !p.events)
		abort();
	talk->fd = -EBADF;
	talk->data = &p;
	talk->events = (struct openvpn_talk_events){
		.state = peer_state,
		.log = peer_log,
		.up = peer_up,
		.down = openvpn_on_down,
		.asks = openvpn_on_question,
	};
	while (size && !talk->broken) {
		size_t n = sizeof(talk->line) - talk->used;

		n = n < piece ? n : piece;
		n = n < size ? n : size;
		memcpy(talk->line + talk->used, data, n);
		talk->used += n;
		data += n;
		size -= n;
		take_bytes(talk);
	}
	*ret_broken = talk->broken;
	talk_free(talk);
	fclose(p.events);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool broken, broken_too;
	char *whole, *pieces;

	if (!size)
		return 0;
	whole = peer_run(data, size, size, &broken);
	pieces =
		peer_run(data, size, 1 + data[0] % 64 + size / 64, &broken_too);
	if (broken != broken_too || (!broken && strcmp(whole, pieces) != 0))
		abort();
	free(whole);
	free(pieces);
	return 0;
}
