// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

#include <errno.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "table.h"

json_t *json_text(const char *text)
{
	_cleanup_free_ char *escaped = NULL;
	json_t *json;

	if (!*text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	escaped = table_escape(text);
	return escaped ? json_string(escaped) : NULL;
}

int json_print(const json_t *root)
{
	if (!root)
		return -ENOMEM;
	return json_dumpf(root, stdout, JSON_INDENT(2)) < 0 ||
			       putchar('\n') == EOF
		       ? -EIO
		       : 0;
}
