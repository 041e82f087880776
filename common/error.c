/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *format, ...)
{
	char raw[ERROR_TEXT_MAX];
	int saved = errno;
	size_t out = 0;
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);

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
