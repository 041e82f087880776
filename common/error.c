/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int error_setv(struct error *err, int code, const char *format, va_list args)
{
	char raw[ERROR_TEXT_MAX];
	int saved = errno;
	size_t out = 0;

	if (!err)
		return code;
	errno = code < 0 ? -code : errno;
	vsnprintf(raw, sizeof(raw), format, args);
	for (const char *p = raw; *p && out + 5 < sizeof(err->text); p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f)
			out += (size_t)snprintf(err->text + out, 5, "\\x%02x",
						c);
		else
			err->text[out++] = *p;
	}
	err->text[out] = '\0';
	errno = saved;
	return code;
}

#undef error_set
int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_setv(err, code, format, args);
	va_end(args);
	return code;
}
