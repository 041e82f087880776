// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cells are escaped: user, terminal and host names come from the client, and
 * control bytes in them would be obeyed by the terminal.
 */
#include "table.h"

#include <stdarg.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"

/*
 * The bytes of the printable UTF-8 character at p (RFC 3629), or 0: not UTF-8,
 * or a control character of ASCII or of Latin-1.
 */
static size_t printable_bytes(const unsigned char *p)
{
	static const unsigned int least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned int c = p[0];
	size_t n;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c >= 0xc0 && c < 0xe0)
		n = 2;
	else if (c >= 0xe0 && c < 0xf0)
		n = 3;
	else if (c >= 0xf0 && c < 0xf8)
		n = 4;
	else
		return 0;
	c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[n] || c < 0xa0 || c > 0x10ffff ||
	    (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

char *table_escape(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t size = strlen(text) * 4 + 1;
	char *out = malloc(size), *to = out;

	if (!out)
		return NULL;
	while (*p) {
		size_t n = printable_bytes(p);

		if (n) {
			memcpy(to, p, n);
			to += n;
			p += n;
		} else {
			to += snprintf(to, size - (size_t)(to - out), "\\x%02x",
				       *p++);
		}
	}
	*to = '\0';
	return out;
}

/* Columns on the screen, taking each character as one. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

void table_add(struct table *table, const char *format, ...)
{
	_cleanup_free_ char *raw = NULL;
	char **cell;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&raw, format, args);
	va_end(args);
	if (n < 0) {
		raw = NULL; /* vasprintf(3) leaves it undefined */
		table->failed = true;
		return;
	}
	cell = ARRAY_ADD(table->cells, table->n_cells);
	if (cell)
		*cell = table_escape(*raw ? raw : "-");
	if (!cell || !*cell)
		table->failed = true;
}

static int column_width(const struct table *table, size_t column)
{
	int width = text_width(table->columns[column].heading);

	for (size_t i = column; i < table->n_cells; i += table->n_columns) {
		int w = text_width(table->cells[i]);

		width = w > width ? w : width;
	}
	return width;
}

static void cell_print(const struct table *table, size_t column,
		       const char *text, int width, FILE *out)
{
	int pad = width - text_width(text);
	bool last = column + 1 == table->n_columns;

	if (table->columns[column].right)
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", out);
}

int table_print(const struct table *table, FILE *out, bool colour)
{
	_cleanup_free_ int *widths = calloc(table->n_columns, sizeof(*widths));

	if (!widths || table->failed)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = column_width(table, i);
	if (colour)
		fputs("\033[1m", out);
	for (size_t i = 0; i < table->n_columns; i++)
		cell_print(table, i, table->columns[i].heading, widths[i], out);
	if (colour)
		fputs("\033[0m", out);
	for (size_t i = 0; i < table->n_cells; i++)
		cell_print(table, i % table->n_columns, table->cells[i],
			   widths[i % table->n_columns], out);
	return 0;
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->n_cells = 0;
}

bool table_wants_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no_color && *no_color) && term && strcmp(term, "dumb") != 0 &&
	       isatty(fileno(out));
}
