/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From text to sections, keys and continuation lines. inih splits the lines.
 * This file checks each line before inih does, refuses what inih would silently
 * shorten, drop or misread, and checks afterwards that inih read the same.
 */
#ifndef NETNS_PAM_COMMON_POLICY_LINES_H
#define NETNS_PAM_COMMON_POLICY_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "note.h"

/*
 * Longest line, without its newline: inih's buffer of 200 bytes also holds the
 * newline and a NUL.
 */
#define POLICY_LINE_MAX 198

/* Callbacks. Texts are borrowed, and trimmed of blanks. */
struct policy_lines_to {
	/*
	 * A heading without its brackets. Return: false when the keys that
	 * follow are to be skipped without a message.
	 */
	bool (*section)(void *data, unsigned int line, const char *heading);
	void (*key)(void *data, unsigned int line, const char *key,
		    const char *value);
	/* One more line of the last key's value. */
	void (*more)(void *data, unsigned int line, const char *value);
	/* Is this word a key, in any section? */
	bool (*is_key)(const char *word, size_t len);
	void *data;
};

/* Reads a whole file. Return: 0, also with errors noted; -ENOMEM. */
int policy_lines_read(const char *file, const char *text, size_t bytes,
		      const struct policy_lines_to *to, struct note_book *book);

#endif
