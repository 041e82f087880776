/* SPDX-License-Identifier: GPL-2.0-or-later */
/* %u, %U and %n in values. */
#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define EXPANDED_MAX 4096 /* PATH_MAX */

bool policy_is_template(const char *text)
{
	return strchr(text, '%') != NULL;
}

/* Can the name be one component of a path? */
static bool user_is_part(const char *user)
{
	return user && *user && !strchr(user, '/') && strcmp(user, ".") != 0 &&
	       strcmp(user, "..") != 0;
}

int policy_expand(const char *text, const char *user, uid_t uid,
		  const char *instance, char **ret, struct error *err)
{
	_cleanup_free_ char *out = malloc(EXPANDED_MAX);
	size_t len = 0;

	if (!out)
		return error_set(err, -ENOMEM, "out of memory");
	for (const char *p = text; *p; p++) {
		char number[16], plain[2] = {*p, '\0'};
		const char *part = plain;

		snprintf(number, sizeof(number), "%u", (unsigned int)uid);
		if (*p == '%') {
			p++;
			if (*p == 'u' && !user_is_part(user))
				return error_set(err, -EINVAL,
						 "the user name '%s' cannot replace %%u in '%s'; use %%U there",
						 user ? user : "", text);
			else if (*p == 'u')
				part = user;
			else if (*p == 'n')
				part = instance;
			else if (*p == 'U')
				part = number;
			else if (*p != '%')
				return error_set(err, -EINVAL,
						 "'%s': '%%%.1s' is not known",
						 text, p);
		}
		if (len + strlen(part) >= EXPANDED_MAX)
			return error_set(err, -EINVAL,
					 "'%s' after expansion is longer than %d bytes",
					 text, EXPANDED_MAX);
		memcpy(out + len, part, strlen(part));
		len += strlen(part);
	}
	out[len] = '\0';
	*ret = take_ptr(out);
	return 0;
}
