// SPDX-License-Identifier: GPL-2.0-or-later
/* Output that the commands share: errors, and the notes of a policy. */
#include "ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int ctl_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("netns-pam: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return CTL_NO;
}

int ctl_printed(int r)
{
	if (!r && fflush(stdout))
		r = -errno;
	if (!r && ferror(stdout))
		r = -EIO;
	return r < 0 ? ctl_fail("cannot print: %s", strerror(-r)) : CTL_YES;
}

void ctl_print_notes(const struct policy_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct policy_note *note = &notes->items[i];

		fputs(note->file, stderr);
		if (note->line)
			fprintf(stderr, ":%u", note->line);
		fprintf(stderr, ": %s%s\n", note->warning ? "warning: " : "",
			note->message);
	}
}
