/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of one operation measured many times, in nanoseconds. */
#ifndef NETNS_PAM_TESTS_BENCH_SAMPLES_H
#define NETNS_PAM_TESTS_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
	int64_t *ns;
	size_t n;
	size_t failed; /* attempts that gave no time */
};

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t samples_now(void);

/* A negative time counts as a failed attempt. Ends the program without memory.
 */
void samples_add(struct samples *samples, int64_t ns);

/*
 * The sample at that share (0.5 the median, 0.99) of the sorted ones, as
 * milliseconds; NAN when there is none.
 */
double samples_ms(struct samples *samples, double share);

#endif
