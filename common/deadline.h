/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deadlines on CLOCK_MONOTONIC (clock_gettime(2)): setting the clock does not
 * change how long a login waits.
 */
#ifndef NETNS_PAM_COMMON_DEADLINE_H
#define NETNS_PAM_COMMON_DEADLINE_H

#include <stdint.h>
#include <time.h>

static inline uint64_t deadline_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Return: the time `ms` milliseconds from now. */
static inline uint64_t deadline_in_ms(uint64_t ms)
{
	return deadline_now_ms() + ms;
}

/* Return: milliseconds left until the deadline, 0 when it has passed. */
static inline int deadline_left_ms(uint64_t deadline)
{
	uint64_t now = deadline_now_ms();

	if (now >= deadline)
		return 0;
	return deadline - now > 3600000 ? 3600000 : (int)(deadline - now);
}

#endif
