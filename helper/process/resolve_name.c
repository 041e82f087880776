/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolve_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "common/cleanup.h"

#define RESOLVE_MS 5000

struct resolve {
	struct child *child;
	resolve_done_t done;
	void *data;
	char name[256];
	struct resolve_answer answer;
};

static bool answer_has(const struct resolve_answer *answer,
		       const struct inet_prefix *p)
{
	for (size_t i = 0; i < answer->n; i++)
		if (inet_prefix_contains(&answer->items[i], p))
			return true;
	return false;
}

/*
 * "ADDRESS  STREAM name", a line for each type of socket. An address with a
 * scope (fe80::1%eth0) is ignored.
 */
static void resolve_line(void *data, char *line)
{
	struct resolve *resolve = data;
	struct resolve_answer *answer = &resolve->answer;
	struct inet_prefix p;

	line[strcspn(line, " \t")] = '\0';
	if (answer->n < RESOLVE_MAX && !strchr(line, '/') &&
	    inet_prefix_parse(line, &p) == 0 && !answer_has(answer, &p))
		answer->items[answer->n++] = p;
}

static void resolve_ended(void *data, int r, const struct error *why)
{
	_cleanup_free_ struct resolve *resolve = data;
	struct error text;

	resolve->child = NULL;
	if (r == -ETIME) {
		error_set(&text, 0,
			  "the host's name servers do not resolve %s within %d seconds",
			  resolve->name, RESOLVE_MS / 1000);
	} else if (r == -ECHILD || (r == 0 && !resolve->answer.n)) {
		r = -EHOSTUNREACH;
		error_set(&text, r, "the host cannot resolve the name %s",
			  resolve->name);
	} else if (r < 0) {
		text = *why;
	}
	resolve->done(resolve->data, r, r < 0 ? NULL : &resolve->answer,
		      r < 0 ? &text : NULL);
}

int resolve_start(struct helper *h, const char *label, const char *name,
		  resolve_done_t done, void *data, struct resolve **ret,
		  struct error *err)
{
	const char *const argv[] = {"getent", "ahosts", name, NULL};
	struct child_command command = {
		.label = label,
		.argv = argv,
		.package = "libc-bin",
		.netns = -1,
		.timeout_ms = RESOLVE_MS,
	};
	struct resolve *resolve = calloc(1, sizeof(*resolve));
	const struct child_events events = {resolve_line, resolve_ended,
					    resolve};
	int r;

	if (!resolve)
		return error_set(err, -ENOMEM, "out of memory");
	resolve->done = done;
	resolve->data = data;
	snprintf(resolve->name, sizeof(resolve->name), "%s", name);
	/* Answers from the network are not parsed as root. */
	child_user(CHILD_USER, &command.uid, &command.gid);
	r = child_start(h, &command, &events, &resolve->child, err);
	if (r < 0) {
		free(resolve);
		return r;
	}
	*ret = resolve;
	return 0;
}

struct resolve *resolve_stop(struct resolve *resolve)
{
	if (!resolve)
		return NULL;
	child_stop(resolve->child);
	free(resolve);
	return NULL;
}
