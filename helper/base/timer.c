/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define TIMER_LATE_US 1000 /* sd_event(3) alone would add up to 250 ms */

struct timer {
	void (*expired)(void *data);
	void *data;
};

static int timer_on_time(sd_event_source *source, uint64_t when, void *data)
{
	const struct timer *timer = data;

	timer->expired(timer->data); /* may free the timer */
	return 0;
}

int timer_new(sd_event *event, sd_event_source **ret,
	      void (*expired)(void *data), void *data, struct error *err)
{
	struct timer *timer = malloc(sizeof(*timer));
	int r = timer ? sd_event_add_time(event, ret, CLOCK_MONOTONIC, 0,
					  TIMER_LATE_US, timer_on_time, timer)
		      : -ENOMEM;

	if (r < 0) {
		free(timer);
		return error_set(err, r, "cannot make a timer: %m");
	}
	*timer = (struct timer){expired, data};
	sd_event_source_set_destroy_callback(*ret, free);
	sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
	return 0;
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
