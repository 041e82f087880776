/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns of text, escaped for a terminal. */
#ifndef NETNS_PAM_CTL_TABLE_H
#define NETNS_PAM_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	const char *heading;
	bool right; /* aligned right: numbers */
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	char **cells; /* row by row */
	size_t n_cells;
	bool failed; /* out of memory: table_print() says so */
};
#define TABLE(headings)                                                        \
	{.columns = (headings),                                                \
	 .n_columns = sizeof(headings) / sizeof(*(headings))}

/*
 * Appends the next cell. Control characters and bytes that are not UTF-8 become
 * \xNN; an empty cell is shown as "-".
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
 * Return: text, escaped as by table_add(), malloc'd; NULL when memory is out.
 */
char *table_escape(const char *text);

/* Is it a terminal with colours, and NO_COLOR not set (no-color.org)? */
bool table_wants_colour(FILE *out);

#endif
