/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <errno.h>
#include <stdlib.h>

FILE *text_open(struct text *t, struct error *err)
{
	*t = (struct text){NULL};
	t->f = open_memstream(&t->s, &t->n);
	if (!t->f)
		error_set(err, -ENOMEM, "out of memory");
	return t->f;
}

int text_close(struct text *t, int r, struct error *err)
{
	int failed = fclose(t->f);

	t->f = NULL;
	if (r < 0)
		return r;
	return failed ? error_set(err, -ENOMEM, "out of memory") : 0;
}

void text_clear(struct text *t)
{
	if (t->f)
		fclose(t->f);
	t->f = NULL;
	free(t->s);
	t->s = NULL;
}
