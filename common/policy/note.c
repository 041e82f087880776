/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An array of notes, bounded so that a hostile file cannot fill memory. */
#include "note.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#define NOTES_MAX 1000

void note_add(struct note_book *book, bool warning, const char *file,
	      unsigned int line, const char *format, ...)
{
	struct policy_note added, *note;
	struct error shown;
	va_list args;

	if (book->notes.n > NOTES_MAX || (warning && !book->warnings))
		return;
	va_start(args, format);
	error_setv(&shown, 0, format, args);
	va_end(args);
	if (book->notes.n == NOTES_MAX) {
		error_set(&shown, 0,
			  "more than %d messages; correct these first",
			  NOTES_MAX);
		warning = false;
	}
	added = (struct policy_note){
		.file = strdup(file),
		.line = line,
		.message = strdup(shown.text),
		.warning = warning,
	};
	note = added.file && added.message
		       ? ARRAY_ADD(book->notes.items, book->notes.n)
		       : NULL;
	if (!note) {
		free(added.file);
		free(added.message);
		book->no_memory = true;
		return;
	}
	*note = added;
	if (!warning)
		book->notes.errors++;
}

/* Files are read in strcmp() order: "PATH", then "PATH.d/NAME". */
static int note_compare(const void *a, const void *b)
{
	const struct policy_note *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	if (order)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->message, y->message);
}

void note_sort(struct note_book *book)
{
	if (book->notes.n > 1)
		qsort(book->notes.items, book->notes.n,
		      sizeof(*book->notes.items), note_compare);
}

int note_verdict(const struct note_book *book, struct error *err)
{
	const struct policy_notes *notes = &book->notes;
	const struct policy_note *first = NULL;
	char line[16] = "", more[48] = "";

	if (book->no_memory)
		return error_set(err, -ENOMEM,
				 "out of memory while reading the policy");
	for (size_t n = 0; n < notes->n && !first; n++)
		if (!notes->items[n].warning)
			first = &notes->items[n];
	if (!first)
		return 0;

	if (first->line)
		snprintf(line, sizeof(line), ":%u", first->line);
	if (notes->errors > 1)
		snprintf(more, sizeof(more), " (and %zu more errors)",
			 notes->errors - 1);
	return error_set(err, -EINVAL, "%s%s: %s%s", first->file, line,
			 first->message, more);
}

void policy_notes_clear(struct policy_notes *notes)
{
	for (size_t n = 0; n < notes->n; n++) {
		free(notes->items[n].file);
		free(notes->items[n].message);
	}
	free(notes->items);
	*notes = (struct policy_notes){0};
}
