/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that is printed into memory by stdio, so that running out of memory is
 * noticed once, at its end:
 *
 *	_cleanup_(text_clear) struct text t = {NULL};
 *	FILE *f = text_open(&t, err);
 *
 *	if (!f)
 *		return -ENOMEM;
 *	fprintf(f, ...);
 *	r = text_close(&t, r, err);
 */
#ifndef NETNS_PAM_HELPER_BASE_TEXT_H
#define NETNS_PAM_HELPER_BASE_TEXT_H

#include <stdio.h>

#include "common/error.h"

struct text {
	char *s;  /* after text_close(): the text with its NUL, malloc'd */
	size_t n; /* its bytes */
	FILE *f;  /* while it is open */
};

/* Return: where to print to; NULL with a sentence (out of memory). */
FILE *text_open(struct text *t, struct error *err);

/*
 * Ends the printing. r: what the printing functions have returned.
 * Return: r when that is an error, 0, or -ENOMEM with a sentence.
 */
int text_close(struct text *t, int r, struct error *err);

/* Closes and frees it, in whichever state; idempotent. */
void text_clear(struct text *t);

#endif
