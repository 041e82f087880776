/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/error.h"

static bool log_journal;
static bool log_verbose;

void log_open(bool debug)
{
	log_journal = getenv("JOURNAL_STREAM") != NULL;
	log_verbose = debug;
	if (log_journal)
		fcntl(STDERR_FILENO, F_SETFL,
		      fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
}

__attribute__((format(printf, 2, 0))) static void
log_line(int priority, const char *format, va_list args)
{
	char raw[ERROR_TEXT_MAX * 2];
	int saved = errno;
	struct error line;

	if (priority == LOG_DEBUG && !log_verbose)
		return;
	error_setv(&line, 0, format, args);
	if (log_journal)
		snprintf(raw, sizeof(raw), "<%d>%s\n", priority, line.text);
	else
		snprintf(raw, sizeof(raw), "netns-pamd: %s\n", line.text);
	(void)!write(STDERR_FILENO, raw, strlen(raw));
	errno = saved;
}

#define LOG_FUNCTION(name, priority)                                           \
	void name(const char *format, ...)                                     \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, format);                                        \
		log_line(priority, format, args);                              \
		va_end(args);                                                  \
	}

LOG_FUNCTION(log_error, LOG_ERR)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)
