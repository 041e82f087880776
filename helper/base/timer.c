/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timer.h"

#include <time.h>

int timer_new(sd_event *event, sd_event_source **ret,
	      sd_event_time_handler_t handler, void *data)
{
	int r = sd_event_add_time(event, ret, CLOCK_MONOTONIC, 0, 0, handler,
				  data);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
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
