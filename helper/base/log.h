/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line a message on stderr; under the journal with its <N> priority in
 * front (sd-daemon(3)). Every logger leaves errno as it was, and a failure to
 * log is nobody's problem: under the journal stderr does not block.
 */
#ifndef NETNS_PAM_HELPER_BASE_LOG_H
#define NETNS_PAM_HELPER_BASE_LOG_H

#include <stdbool.h>

/* Reads JOURNAL_STREAM; debug messages appear only when `debug`. */
void log_open(bool debug);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
