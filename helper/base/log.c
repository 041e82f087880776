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

static void log_line(int priority, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void log_line(int priority, const char *format, va_list args)
{
	char raw[ERROR_TEXT_MAX * 2];
	int saved = errno;
	struct error line;

	vsnprintf(raw, sizeof(raw), format, args);
	error_set(&line, 0, "%s", raw);
	if (log_journal)
		snprintf(raw, sizeof(raw), "<%d>%s\n", priority, line.text);
	else
		snprintf(raw, sizeof(raw), "netns-pamd: %s\n", line.text);
	(void)!write(STDERR_FILENO, raw, strlen(raw));
	errno = saved;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_ERR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	if (!log_verbose)
		return;
	va_start(args, format);
	log_line(LOG_DEBUG, format, args);
	va_end(args);
}
