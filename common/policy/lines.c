/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inih calls line_next() for each line and line_value() for each value. A line
 * with an error is noted by line_next() and passed to inih as an empty line, so
 * that all errors of a file are found in one pass.
 */
#include "lines.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

#define BOM	      "\xef\xbb\xbf"
#define INIH_NAME_MAX 49 /* inih keeps this much of a section or key */
#define BLANKS	      " \t"

enum line_kind { LINE_EMPTY, LINE_SECTION, LINE_KEY, LINE_MORE };

/* The key that an indented line would continue. */
enum line_key { LINE_KEY_NONE, LINE_KEY_GOOD, LINE_KEY_BROKEN };

struct line_reader {
	const struct policy_lines_to *to;
	struct note_book *book;
	const char *file;
	const char *next, *end; /* of the text */
	unsigned int number;

	bool in_section;   /* a heading was read */
	bool section_good; /* its keys are to be read */
	enum line_key state;
	char heading[POLICY_LINE_MAX + 1];
	char key[POLICY_LINE_MAX + 1];

	size_t keep;	     /* bytes of the line that are not a comment */
	enum line_kind kind; /* of the line inih works on */
	bool answered;	     /* inih has called line_value() for it */
};

#define LINE_ERROR(reader, ...)                                                \
	note_error((reader)->book, (reader)->file, (reader)->number,           \
		   __VA_ARGS__)

/* For a line whose contents are not passed to inih. */
#define LINE_REFUSE(reader, ...) (LINE_ERROR(reader, __VA_ARGS__), LINE_EMPTY)

static bool char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Removes blanks (and the CR of a CRLF) at both ends, in place. */
static char *text_trim(char *text)
{
	size_t len = strlen(text);

	while (len && (char_is_blank(text[len - 1]) || text[len - 1] == '\r'))
		text[--len] = '\0';
	while (char_is_blank(*text))
		text++;
	return text;
}

/* Did inih return the text, or the part of it that it keeps? */
static bool text_kept(const char *given, const char *kept)
{
	return !strcmp(given, kept) || (strlen(kept) == INIH_NAME_MAX &&
					!strncmp(given, kept, INIH_NAME_MAX));
}

static void line_lost(struct line_reader *reader)
{
	LINE_ERROR(reader, "this line cannot be read; write KEY = VALUE");
}

/*
 * Return: the start of an inline comment (a blank, then a semicolon) or of one
 * of the two stops, as inih finds it; or the end of the text.
 */
static char *text_find(char *text, char stop, char other)
{
	bool blank = false;

	for (; *text && *text != stop && *text != other; text++) {
		if (blank && *text == ';')
			break;
		blank = char_is_blank(*text);
	}
	return text;
}

static enum line_kind line_section(struct line_reader *reader, char *text)
{
	char *end = text_find(text + 1, ']', ']'), *rest;

	reader->in_section = true;
	reader->section_good = false;
	reader->state = LINE_KEY_NONE;
	if (*end != ']')
		return LINE_REFUSE(reader,
				   "the section heading has no closing ']'");
	rest = text_trim(end + 1);
	if (*rest && *rest != ';' && *rest != '#')
		return LINE_REFUSE(reader,
				   "'%s' after the section heading; keys go on lines of their own",
				   rest);
	*end = '\0';
	memcpy(reader->heading, text + 1, (size_t)(end - text));
	reader->section_good =
		reader->to->section(reader->to->data, reader->number,
				    text_trim(text + 1));
	return LINE_SECTION;
}

static enum line_kind line_key(struct line_reader *reader, char *text)
{
	char *end = text_find(text, '=', ':'), separator = *end, *name;

	reader->state = LINE_KEY_BROKEN;
	if (reader->in_section && !reader->section_good)
		return LINE_EMPTY;
	if (separator != '=')
		return LINE_REFUSE(reader,
				   separator == ':'
					   ? "write KEY = VALUE, with '=' and not ':'"
					   : "neither a [section] nor KEY = VALUE (a comment line starts with ';' or '#')");
	*end = '\0';
	name = text_trim(text);
	memcpy(reader->key, name, strlen(name) + 1); /* part of a line */
	if (!reader->key[0])
		return LINE_REFUSE(reader, "there is no key before the '='");
	if (!reader->in_section)
		return LINE_REFUSE(reader,
				   "'%s' is before the first section; put it below a heading such as [options]",
				   reader->key);
	reader->state = LINE_KEY_GOOD;
	return LINE_KEY;
}

static enum line_kind line_indented(struct line_reader *reader, char *text)
{
	size_t word = strcspn(text, BLANKS "=:");
	const char *after = text + word + strspn(text + word, BLANKS);

	if (reader->in_section && !reader->section_good && *text != '[')
		return LINE_EMPTY;
	if (*text == '[') {
		reader->in_section = true;
		reader->section_good = false;
		reader->state = LINE_KEY_BROKEN;
		return LINE_REFUSE(reader,
				   "section headings start in column 1");
	}
	if (*after == '=' && reader->to->is_key(text, word)) {
		reader->state = LINE_KEY_BROKEN;
		return LINE_REFUSE(reader,
				   "keys start in column 1: an indented line continues the list above");
	}
	if (reader->state == LINE_KEY_NONE)
		LINE_ERROR(reader,
			   "an indented line continues a list, and there is none above it");
	if (reader->state != LINE_KEY_GOOD)
		return LINE_EMPTY;
	return LINE_MORE;
}

/* Return: false, with an error noted, when the line has control bytes. */
static bool line_is_text(struct line_reader *reader, const char *line,
			 size_t len)
{
	for (size_t n = 0; n < len; n++) {
		unsigned char c = (unsigned char)line[n];

		if ((c >= 0x20 && c != 0x7f) || c == '\t' ||
		    (c == '\r' && n + 1 == len))
			continue;
		LINE_ERROR(reader, "control byte 0x%02x in the line; remove it",
			   c);
		return false;
	}
	return true;
}

static enum line_kind line_classify(struct line_reader *reader,
				    const char *line, size_t len)
{
	char copy[POLICY_LINE_MAX + 1];
	size_t start = 0;

	while (len && (char_is_blank(line[len - 1]) || line[len - 1] == '\r'))
		len--;
	while (start < len && char_is_blank(line[start]))
		start++;
	if (start == len || line[start] == ';' || line[start] == '#')
		return LINE_EMPTY;
	memcpy(copy, line + start, len - start);
	copy[len - start] = '\0';
	reader->keep = len;
	if (start) {
		/* Some versions of inih leave comments on these lines. */
		reader->keep =
			start + (size_t)(text_find(copy, '\0', '\0') - copy);
		return line_indented(reader, copy);
	}
	if (*copy == '[')
		return line_section(reader, copy);
	return line_key(reader, copy);
}

/*
 * Return: the next line, *ret_len bytes without its newline; NULL, with an
 * error noted, when it is too long or not text.
 */
static const char *line_take(struct line_reader *reader, size_t max,
			     size_t *ret_len)
{
	size_t left = (size_t)(reader->end - reader->next), len;
	const char *line = reader->next, *newline = memchr(line, '\n', left);

	len = newline ? (size_t)(newline - line) : left;
	reader->next += len + (newline != NULL);
	if (len > max) {
		LINE_ERROR(reader,
			   "the line has %zu bytes, the limit is %zu; continue lists on indented lines",
			   len, max);
		return NULL;
	}
	*ret_len = len;
	return line_is_text(reader, line, len) ? line : NULL;
}

/* ini_reader: as fgets(3), but each line is complete and was checked. */
static char *line_next(char *buf, int size, void *data)
{
	struct line_reader *reader = data;
	size_t max = POLICY_LINE_MAX, len = 0;
	const char *line = NULL;

	if ((reader->kind == LINE_KEY || reader->kind == LINE_MORE) &&
	    !reader->answered)
		line_lost(reader);
	reader->kind = LINE_EMPTY;
	reader->answered = false;
	if (reader->next >= reader->end || size < 3)
		return NULL;
	if (max > (size_t)size - 2)
		max = (size_t)size - 2;

	/* Empty lines are not passed to inih. */
	while (reader->kind == LINE_EMPTY && reader->next < reader->end) {
		reader->number++;
		line = line_take(reader, max, &len);
		if (line)
			reader->kind = line_classify(reader, line, len);
		else
			reader->state = LINE_KEY_BROKEN;
	}
	len = reader->kind == LINE_EMPTY ? 0 : reader->keep;
	if (len)
		memcpy(buf, line, len);
	memcpy(buf + len, "\n", 2); /* max leaves room for it */
	return buf;
}

/* ini_handler: one value as inih read the line. */
static int line_value(void *data, const char *section, const char *name,
		      const char *value)
{
	struct line_reader *reader = data;

	if (reader->answered || !text_kept(reader->heading, section) ||
	    !text_kept(reader->key, name)) {
		line_lost(reader);
		return 1;
	}
	reader->answered = true;
	if (reader->kind == LINE_KEY)
		reader->to->key(reader->to->data, reader->number, reader->key,
				value);
	else if (reader->kind == LINE_MORE)
		reader->to->more(reader->to->data, reader->number, value);
	else
		line_lost(reader);
	return 1;
}

int policy_lines_read(const char *file, const char *text, size_t bytes,
		      const struct policy_lines_to *to, struct note_book *book)
{
	struct line_reader reader = {
		.to = to,
		.book = book,
		.file = file,
		.next = text,
		.end = text + bytes,
	};
	size_t errors = book->notes.errors;
	int r;

	if (bytes >= strlen(BOM) && !memcmp(text, BOM, strlen(BOM))) {
		note_error(book, file, 1,
			   "the file starts with a byte order mark; save it as plain UTF-8");
		reader.next += strlen(BOM);
		errors = book->notes.errors;
	}
	r = ini_parse_stream(line_next, &reader, line_value, &reader);
	if (r == -2)
		return -ENOMEM;
	if (r != 0 && book->notes.errors == errors)
		note_error(book, file, r > 0 ? (unsigned int)r : 0,
			   "this line cannot be read; write KEY = VALUE");
	return 0;
}
