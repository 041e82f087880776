/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One-shot timers of the event loop, on the monotonic clock. */
#ifndef NETNS_PAM_HELPER_BASE_TIMER_H
#define NETNS_PAM_HELPER_BASE_TIMER_H

#include <stdint.h>
#include <systemd/sd-event.h>

/* Makes a timer that is not armed. Return: 0 or -errno. */
int timer_new(sd_event *event, sd_event_source **ret,
	      sd_event_time_handler_t handler, void *data);

/* Rings once, `us` microseconds from now; 0 disarms it. NULL is fine. */
void timer_arm(sd_event_source *timer, uint64_t us);

#endif
