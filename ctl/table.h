/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns of text for people, safe to show on a terminal. */
#ifndef NETNS_PAM_CTL_TABLE_H
#define NETNS_PAM_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	const char *heading;
	bool right; /* numbers stand right */
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	char **cells; /* row by row */
	size_t n_cells;
	bool failed; /* out of memory: table_print() says so */
};

/*
 * Appends the next cell. What a terminal would obey and bytes that are not
 * UTF-8 become \xNN; an empty cell shows as "-".
 */
void table_add(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Prints headings and rows, the headings bold with colour.
 * Return: 0, or -ENOMEM when a cell could not be kept.
 */
int table_print(const struct table *table, FILE *out, bool colour);

void table_clear(struct table *table);

/*
 * Copies text as table_add() would show it. Return: malloc'd, or NULL when
 * there is no memory.
 */
char *table_escape(const char *text);

/* Colours are for a terminal, and never with NO_COLOR (no-color.org). */
bool table_wants_colour(FILE *out);

#endif
