/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a harness that runs a part of the daemon: formatted, not written.
 */
#ifndef NETNS_PAM_TESTS_FUZZ_QUIET_H
#define NETNS_PAM_TESTS_FUZZ_QUIET_H

#include <stdarg.h>
#include <stdio.h>

#include "helper/base/log.h"

static void quiet(const char *format, va_list args)
{
	char line[2048];

	vsnprintf(line, sizeof(line), format, args);
}

#define QUIET(name)                                                            \
	void name(const char *format, ...)                                     \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, format);                                        \
		quiet(format, args);                                           \
		va_end(args);                                                  \
	}

QUIET(log_error)
QUIET(log_warning)
QUIET(log_info)
QUIET(log_debug)

void log_open(bool debug)
{
}

#endif
