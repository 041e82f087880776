/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of hosts to addresses as the host resolves them, by getent(1) in a
 * child: the daemon neither reads nsswitch.conf nor waits.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_RESOLVE_NAME_H
#define NETNS_PAM_HELPER_PROCESS_RESOLVE_NAME_H

#include <stddef.h>

#include "common/error.h"
#include "common/inet.h"

struct helper;
struct resolve;

#define RESOLVE_MAX 8 /* addresses of one name; more are ignored */

/* In the order in which programs would try them (RFC 6724). */
struct resolve_answer {
	struct inet_prefix items[RESOLVE_MAX];
	size_t n; /* at least 1 */
};

/* r: 0 with an answer; -errno with a sentence that has the name. */
typedef void (*resolve_done_t)(void *data, int r,
			       const struct resolve_answer *answer,
			       const struct error *why);

/*
 * Resolves a name; done() is called once, not from within this call, and *ret
 * is freed by then. label: as a child's. Return: 0, or -errno with a sentence.
 */
int resolve_start(struct helper *h, const char *label, const char *name,
		  resolve_done_t done, void *data, struct resolve **ret,
		  struct error *err);

/* done() is not called. resolve may be NULL. Return: NULL. */
struct resolve *resolve_stop(struct resolve *resolve);

#endif
