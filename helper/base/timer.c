/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct timer {
	void (*expired)(void *data);
	void *data;
};

/* The event loop holds a reference of the source during the call. */
static int timer_on_time(sd_event_source *source, uint64_t when, void *data)
{
	const struct timer *timer = data;

	timer->expired(timer->data);
	return 0;
}

int timer_new(sd_event *event, sd_event_source **ret,
	      void (*expired)(void *data), void *data)
{
	struct timer *timer = malloc(sizeof(*timer));
	int r;

	if (!timer)
		return -ENOMEM;
	*timer = (struct timer){expired, data};
	r = sd_event_add_time(event, ret, CLOCK_MONOTONIC, 0, 0, timer_on_time,
			      timer);
	if (r < 0) {
		free(timer);
		return r;
	}
	sd_event_source_set_destroy_callback(*ret, free);
	return sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

void timer_arm(sd_event_source *timer, uint64_t us)
{
	uint64_t now = 0;

	if (!timer)
		return;
	if (us) {
		sd_event_now(sd_event_source_get_event(timer), CLOCK_MONOTONIC,
			     &now);
		sd_event_source_set_time(timer, now + us);
	}
	sd_event_source_set_enabled(timer,
				    us ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}
