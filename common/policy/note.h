/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects what is wrong and what is unwise in a policy (struct policy_notes)
 * while it is read. Never fails: running out of memory is remembered instead.
 */
#ifndef NETNS_PAM_COMMON_POLICY_NOTE_H
#define NETNS_PAM_COMMON_POLICY_NOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

struct note_book {
	struct policy_notes notes;
	bool warnings; /* does anybody want to hear them? */
	bool no_memory;
};

/*
 * Adds one error, resp. one warning: a sentence without the place, which is
 * file and line (0: the file as a whole). Control bytes are made visible.
 */
void note_error(struct note_book *book, const char *file, unsigned int line,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
void note_warning(struct note_book *book, const char *file, unsigned int line,
		  const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* In the order of the files, and of the lines in each. */
void note_sort(struct note_book *book);

/*
 * The first error and how many there are, as one sentence.
 * Return: 0 when there is none, -EINVAL, -ENOMEM.
 */
int note_verdict(const struct note_book *book, struct error *err);

#endif
