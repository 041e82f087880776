/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of hosts to addresses, as the host itself resolves them, by a child:
 * getent(1) reads nsswitch.conf and may take as long as it likes, the helper
 * does neither.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_RESOLVE_NAME_H
#define NETNS_PAM_HELPER_PROCESS_RESOLVE_NAME_H

#include <stddef.h>

#include "common/error.h"
#include "common/inet.h"

struct helper;
struct resolve;

#define RESOLVE_MAX 8 /* addresses of one name; more are left out */

/* In the order in which programs would try them (RFC 6724). */
struct resolve_answer {
	struct inet_prefix items[RESOLVE_MAX];
	size_t n; /* never 0 when it was resolved */
};

/* r: 0 with an answer, or -errno with a sentence that names the name. */
typedef void (*resolve_done_t)(void *data, int r,
			       const struct resolve_answer *answer,
			       const struct error *why);

/*
 * Asks for a name; done() is called once, never from within this call, and
 * *ret is gone then. label: as a child's.
 * Return: 0, or -errno with a sentence.
 */
int resolve_start(struct helper *h, const char *label, const char *name,
		  resolve_done_t done, void *data, struct resolve **ret,
		  struct error *err);

/* done() is not called any more. NULL is fine. Return: NULL. */
struct resolve *resolve_stop(struct resolve *resolve);

#endif
