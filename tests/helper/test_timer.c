/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper/base/timer.c. A login's time limit leaves the daemon 250 ms to answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include <time.h>

#include <cmocka.h>

#include "helper/base/timer.h"

static void count(void *data)
{
	++*(int *)data;
}

static int loop_setup(void **state)
{
	return sd_event_new((sd_event **)state);
}

static int loop_teardown(void **state)
{
	sd_event_unref(*state);
	return 0;
}

static void timer_is_at_most_a_millisecond_late(void **state)
{
	sd_event_source *timer;
	struct error err;
	uint64_t late;
	int expired = 0;

	assert_int_equal(timer_new(*state, &timer, count, &expired, &err), 0);
	assert_int_equal(sd_event_source_get_time_accuracy(timer, &late), 0);
	assert_in_range(late, 1, 1000);
	sd_event_source_disable_unref(timer);
}

static void timer_expires_once_and_not_before(void **state)
{
	uint64_t before, after;
	sd_event_source *timer;
	struct error err;
	int expired = 0;

	assert_int_equal(timer_new(*state, &timer, count, &expired, &err), 0);
	assert_int_equal(sd_event_run(*state, 0), 0);
	assert_int_equal(sd_event_now(*state, CLOCK_MONOTONIC, &before), 0);
	timer_arm(timer, 20000);
	assert_true(sd_event_run(*state, UINT64_MAX) > 0);
	assert_int_equal(sd_event_now(*state, CLOCK_MONOTONIC, &after), 0);
	assert_int_equal(expired, 1);
	assert_true(after >= before + 20000);
	assert_int_equal(sd_event_run(*state, 30000), 0);
	assert_int_equal(expired, 1);
	sd_event_source_disable_unref(timer);
}

static void disarmed_timer_does_not_expire(void **state)
{
	sd_event_source *timer;
	struct error err;
	int expired = 0;

	assert_int_equal(timer_new(*state, &timer, count, &expired, &err), 0);
	timer_arm(timer, 1000);
	timer_arm(timer, 0);
	assert_int_equal(sd_event_run(*state, 20000), 0);
	assert_int_equal(expired, 0);
	timer_arm(NULL, 1000);
	sd_event_source_disable_unref(timer);
}

#define timer_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		timer_test(timer_is_at_most_a_millisecond_late),
		timer_test(timer_expires_once_and_not_before),
		timer_test(disarmed_timer_does_not_expire),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
