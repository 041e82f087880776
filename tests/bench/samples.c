// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps times, and finds medians and percentiles in them. */
#include "samples.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

int64_t samples_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void samples_add(struct samples *samples, int64_t ns)
{
	int64_t *grown;

	if (ns < 0) {
		samples->failed++;
		return;
	}
	grown = reallocarray(samples->ns, samples->n + 1, sizeof(*grown));
	if (!grown)
		err(1, "samples");
	samples->ns = grown;
	grown[samples->n++] = ns;
}

static int order(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double samples_ms(struct samples *samples, double share)
{
	size_t i;

	if (!samples->n)
		return NAN;
	qsort(samples->ns, samples->n, sizeof(*samples->ns), order);
	i = (size_t)((double)samples->n * share);
	if (i >= samples->n)
		i = samples->n - 1;
	return (double)samples->ns[i] / 1e6;
}
