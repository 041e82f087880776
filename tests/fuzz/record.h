/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the harnesses of records: any text as a record. What is read from
 * it is the same after it is written and read again.
 */
#ifndef NETNS_PAM_TESTS_FUZZ_RECORD_H
#define NETNS_PAM_TESTS_FUZZ_RECORD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/base/record.c" // NOLINT(bugprone-suspicious-include)

struct record_shape {
	const struct record_field *fields;
	size_t n, bytes; /* of the struct */
};

/* A text as it was read from a file. Return: as record_parse(). */
static int text_parse(struct record *r, const void *text, size_t bytes)
{
	if (bytes >= sizeof(r->text))
		bytes = sizeof(r->text) - 1;
	memcpy(r->text, text, bytes);
	return record_parse(r, bytes);
}

/* Writes one struct and reads another one. Return: false when it is too long.
 */
static bool record_copy(const struct record_shape *shape, const void *from,
			void *to)
{
	struct record written, r;

	memset(to, 0, shape->bytes);
	record_begin(&written);
	record_add_fields(&written, shape->fields, shape->n, from);
	if (written.error < 0)
		return false;
	memcpy(written.text + written.used, RECORD_END, sizeof(RECORD_END) - 1);
	if (text_parse(&r, written.text,
		       written.used + sizeof(RECORD_END) - 1) < 0)
		abort();
	record_get_fields(&r, shape->fields, shape->n, to);
	return true;
}

/* Each array of characters is terminated, each list fits. */
static void record_check(const struct record_shape *shape, const void *object)
{
	for (size_t n = 0; n < shape->n; n++) {
		const struct record_field *f = &shape->fields[n];
		const char *member = (const char *)object + f->offset;

		if (f->type == RECORD_TEXT && !memchr(member, '\0', f->size))
			abort();
		if (f->type == RECORD_ADDRESSES &&
		    *(const size_t *)(const void *)((const char *)object +
						    f->count) >
			    f->size / sizeof(struct inet_prefix))
			abort();
	}
}

static void record_fuzz(const struct record_shape *shape, const uint8_t *data,
			size_t size)
{
	void *first = calloc(1, shape->bytes);
	void *second = calloc(1, shape->bytes);
	void *third = calloc(1, shape->bytes);
	struct record r;

	if (first && second && third && text_parse(&r, data, size) == 0) {
		record_get_fields(&r, shape->fields, shape->n, first);
		record_check(shape, first);
		/* The lengths of a list's addresses are not kept. */
		if (record_copy(shape, first, second) &&
		    (!record_copy(shape, second, third) ||
		     memcmp(second, third, shape->bytes) != 0))
			abort();
	}
	free(first);
	free(second);
	free(third);
}

#endif
