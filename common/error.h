/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sentence of an error. Functions return 0 or -errno; where an
 * administrator reads the failure they also fill a `struct error` with what
 * failed, where, and what to do. common/ never logs: the caller that gives up
 * logs the sentence, once.
 */
#ifndef NETNS_PAM_COMMON_ERROR_H
#define NETNS_PAM_COMMON_ERROR_H

#include <stdarg.h>

#define ERROR_TEXT_MAX 512

struct error {
	char text[ERROR_TEXT_MAX];
};

/*
 * Writes the sentence to err (may be NULL). Control bytes are written as \xNN,
 * so that text of a peer or a file cannot forge a log line. %m in the format is
 * the reason of a negative code, else of errno, which is unchanged.
 * Return: code.
 */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* does not see that error_set() returns code */
#define error_set(err, code, ...) ((error_set)(err, code, __VA_ARGS__), (code))
#endif

/* The same with a va_list. */
int error_setv(struct error *err, int code, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
