/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line on stderr per message; under the journal with a <N> priority in
 * front (sd-daemon(3)), and without blocking: what the journal does not take is
 * lost. errno stays as it was.
 */
#ifndef NETNS_PAM_HELPER_BASE_LOG_H
#define NETNS_PAM_HELPER_BASE_LOG_H

#include <stdbool.h>

/* Reads JOURNAL_STREAM. debug: log_debug() writes, too. */
void log_open(bool debug);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
