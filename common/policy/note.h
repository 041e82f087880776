/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects the errors and warnings of a policy while it is read. Calls never
 * fail: a lack of memory is recorded in the book and reported at the end.
 */
#ifndef NETNS_PAM_COMMON_POLICY_NOTE_H
#define NETNS_PAM_COMMON_POLICY_NOTE_H

#include <stdbool.h>

#include "policy.h"

struct note_book {
	struct policy_notes notes;
	bool warnings; /* keep them? */
	bool no_memory;
};

/*
 * Adds one error or warning about a line of a file (0: the whole file). Control
 * bytes are escaped.
 */
void note_add(struct note_book *book, bool warning, const char *file,
	      unsigned int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
#define note_error(book, ...)	note_add(book, false, __VA_ARGS__)
#define note_warning(book, ...) note_add(book, true, __VA_ARGS__)

/* Sorts by file, then by line. */
void note_sort(struct note_book *book);

/*
 * Return: 0 without errors; -EINVAL with the first and their number; -ENOMEM.
 */
int note_verdict(const struct note_book *book, struct error *err);

#endif
