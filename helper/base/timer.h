/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One-shot timers of the event loop, on the monotonic clock. */
#ifndef NETNS_PAM_HELPER_BASE_TIMER_H
#define NETNS_PAM_HELPER_BASE_TIMER_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/error.h"

/*
 * Makes a timer that is not armed; sd_event_source_disable_unref() frees it,
 * also from within expired(). Return: 0 or -errno with a sentence.
 */
int timer_new(sd_event *event, sd_event_source **ret,
	      void (*expired)(void *data), void *data, struct error *err);

/*
 * Expires once, `us` microseconds from the loop's time, at most 1 ms late;
 * 0 disarms it. timer: or NULL.
 */
void timer_arm(sd_event_source *timer, uint64_t us);

#endif
