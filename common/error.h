/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that go with an error code. Functions return 0 or -errno; those
 * whose failure an administrator will read also fill a `struct error` with a
 * sentence that says what, where and what to do. common/ never logs: the
 * caller that gives up prints the sentence, once.
 */
#ifndef NETNS_PAM_COMMON_ERROR_H
#define NETNS_PAM_COMMON_ERROR_H

#include <stdarg.h>

#define ERROR_TEXT_MAX 512

struct error {
	char text[ERROR_TEXT_MAX];
};

/*
 * Puts the sentence into err (which may be NULL), control bytes shown as \xNN
 * so that text from a peer or a file cannot forge a log line.
 * Return: code, unchanged, so that `return error_set(err, -EINVAL, ...)` reads
 * as one step.
 */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with a va_list. */
int error_setv(struct error *err, int code, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
