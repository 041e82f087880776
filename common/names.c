/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character classes are ASCII, whatever the locale. */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define USER_PLAIN_MAX	32 /* longer user names are written as uid-UID */
#define IFNAME_MAX	15 /* IFNAMSIZ - 1, net/if.h */
#define LABEL_MAX	63 /* of a domain, RFC 1035 */
#define DOMAIN_MAX	253
#define UID_FORM_PREFIX "uid-"

#define DIGITS	"0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define WORD	LETTERS DIGITS "_"

/* At most `max` characters of a set, the first of which is of WORD? */
static bool name_is_of(const char *name, const char *set, size_t max)
{
	size_t n = strspn(name, set);

	return n && n <= max && !name[n] && strspn(name, WORD);
}

bool name_is_policy(const char *name)
{
	return name_is_of(name, WORD ".-", NAME_MAX_POLICY);
}

bool name_is_instance(const char *name)
{
	return name_is_of(name, WORD ".-", NAME_MAX_INSTANCE);
}

bool name_is_ifname(const char *name)
{
	size_t n;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (n = 0; name[n]; n++) {
		if (n == IFNAME_MAX)
			return false;
		if (name[n] <= ' ' || name[n] > '~' || strchr("/:%", name[n]))
			return false;
	}
	return n > 0;
}

bool name_is_domain(const char *name)
{
	size_t label = 0, len = strlen(name);

	if (!len || len > DOMAIN_MAX)
		return false;
	for (const char *p = name; *p; p++) {
		if (*p == '.' && (!label || p[-1] == '-'))
			return false;
		if (!strchr(WORD ".-", *p) || (*p == '-' && !label))
			return false;
		label = *p == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	return name[len - 1] != '-';
}

/* Is it written as it is, not as "uid-" and digits? */
static bool user_is_plain(const char *user)
{
	static const char prefix[] = UID_FORM_PREFIX;
	const char *uid = user + sizeof(prefix) - 1;

	if (!strncmp(user, prefix, sizeof(prefix) - 1) && *uid &&
	    !uid[strspn(uid, DIGITS)])
		return false;
	return name_is_of(user, WORD "-", USER_PLAIN_MAX);
}

int name_instance(const char *section, const char *user, uid_t uid, uint32_t n,
		  char ret[static NAME_MAX_INSTANCE + 1])
{
	char text[NAME_MAX_INSTANCE + 1], spelt[sizeof(UID_FORM_PREFIX) + 10];
	int len;

	if (user && !user_is_plain(user)) {
		snprintf(spelt, sizeof(spelt), UID_FORM_PREFIX "%u",
			 (unsigned int)uid);
		user = spelt;
	}
	if (!user)
		len = snprintf(text, sizeof(text), "%s", section);
	else if (!n)
		len = snprintf(text, sizeof(text), "%s.%s", section, user);
	else
		len = snprintf(text, sizeof(text), "%s.%s.%u", section, user,
			       (unsigned int)n);
	if (len < 0 || (size_t)len >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(ret, text, (size_t)len + 1);
	return 0;
}
