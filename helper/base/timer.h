/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One-shot timers of the event loop, on the monotonic clock. */
#ifndef NETNS_PAM_HELPER_BASE_TIMER_H
#define NETNS_PAM_HELPER_BASE_TIMER_H

#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * Makes a timer that is not armed; expired(data) is called when it expires. The
 * caller owns it (sd_event_source_disable_unref(3)), and may free it from
 * within the call. Return: 0 or -errno.
 */
int timer_new(sd_event *event, sd_event_source **ret,
	      void (*expired)(void *data), void *data);

/*
 * It expires once, `us` microseconds from now, whatever it was set to before; 0
 * disarms it. NULL: nothing is done.
 */
void timer_arm(sd_event_source *timer, uint64_t us);

#endif
