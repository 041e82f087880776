/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, numbers, paths, and what all readers of values share. */
#include "value.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "words.h"

#define TIMEOUT_MS_MIN	100ul
#define TIMEOUT_MS_MAX	600000ul
#define RATE_MIN	8000UL	       /* bits a second */
#define RATE_MAX	400000000000UL /* 400gbit */
#define SYSCTL_NAME_MAX 128
#define SYSCTLS_MAX	256

void value_error(const struct policy_value *value, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note_error(value->book, value->file, value->line, "%s: %s", value->name,
		   text);
}

void value_wrong(const struct policy_value *value, const char *fault)
{
	value_error(value, "'%s' %s", value->text, fault);
}

char *value_strdup(const struct policy_value *value, const char *text)
{
	char *copy = arena_strndup(value->arena, text, strlen(text));

	if (!copy)
		value->book->no_memory = true;
	return copy;
}

char *value_copy(const struct policy_value *value)
{
	return value_strdup(value, value->text);
}

void value_add(const struct policy_value *value, void **items, size_t *n,
	       const void *item, size_t item_bytes)
{
	char *grown = *items;

	if (!(*n & (*n - 1))) {
		grown = arena_alloc(value->arena,
				    (*n ? *n * 2 : 1) * item_bytes, 16);
		if (!grown) {
			value->book->no_memory = true;
			return;
		}
		if (*n)
			memcpy(grown, *items, *n * item_bytes);
		*items = grown;
	}
	memcpy(grown + (*n)++ * item_bytes, item, item_bytes);
}

void value_append(const struct policy_value *value)
{
	struct policy_list *list = value->at;
	char *copy = value_copy(value);

	VALUE_ADD(value, list, copy);
}

void value_append_address(const struct policy_value *value,
			  const struct inet_prefix *prefix)
{
	struct policy_addresses *list = value->at;
	const struct policy_address item = {value_copy(value), *prefix};

	VALUE_ADD(value, list, item);
}

int value_number(const char *text, size_t len, unsigned long max,
		 unsigned long *ret)
{
	unsigned long number = 0;

	if (!len || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t n = 0; n < len; n++) {
		unsigned long digit = (unsigned long)(text[n] - '0');

		if (text[n] < '0' || text[n] > '9' ||
		    number > (max - (digit > max ? max : digit)) / 10)
			return -EINVAL;
		number = number * 10 + digit;
	}
	if (number > max)
		return -EINVAL;
	*ret = number;
	return 0;
}

/* Return: the index of the text among the words, or -1 with an error noted. */
static int word_find(const struct policy_value *value, const char *const *words)
{
	char list[POLICY_WORDS_MAX];
	size_t n;

	for (n = 0; words[n]; n++)
		if (!strcmp(value->text, words[n]))
			return (int)n;
	policy_words_join(words, n, list);
	value_error(value, "'%s' is not known; write %s", value->text, list);
	return -1;
}

void value_bool(const struct policy_value *value)
{
	static const char *const words[] = {"no", "yes", NULL};
	int word = word_find(value, words);

	if (word >= 0)
		*(bool *)value->at = word;
}

void value_word(const struct policy_value *value)
{
	int word = word_find(value, value->words);

	if (word >= 0)
		*(unsigned int *)value->at = (unsigned int)word;
}

void value_link(const struct policy_value *value)
{
	int word = word_find(value, policy_link_words);

	/* LINK_KINDS: policy_check() leaves the link's keys alone then. */
	*(enum policy_link *)value->at =
		word >= 0 ? (unsigned int)word : LINK_KINDS;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/*
 * Reads "NUMBER UNIT" without the blank; the table ends with a NULL name.
 * Return: 0; -EINVAL no such number or unit; -ERANGE.
 */
static int unit_read(const char *text, const struct unit *units, uint64_t min,
		     uint64_t max, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long number;

	while (units->name && strcmp(text + digits, units->name) != 0)
		units++;
	if (!digits || !units->name)
		return -EINVAL;
	max /= units->factor;
	if (value_number(text, digits,
			 max < ULONG_MAX ? (unsigned long)max : ULONG_MAX,
			 &number) < 0 ||
	    number * units->factor < min)
		return -ERANGE;
	*ret = number * units->factor;
	return 0;
}

void value_timeout(const struct policy_value *value)
{
	static const struct unit units[] = {{"ms", 1},
					    {"s", 1000},
					    {"m", 60000},
					    {NULL, 0}};
	const char *unit = value->text + strspn(value->text, "0123456789");
	uint64_t ms;
	int r = unit_read(value->text, units, TIMEOUT_MS_MIN, TIMEOUT_MS_MAX,
			  &ms);

	if (unit == value->text)
		value_wrong(value, "is not a time; write 500ms, 10s or 2m");
	else if (!*unit)
		value_wrong(value, "has no unit; write 500ms, 10s or 2m");
	else if (r == -EINVAL)
		value_error(value,
			    "the unit of '%s' is not known; use ms, s or m",
			    value->text);
	else if (r < 0)
		value_wrong(value,
			    "is out of range; 100ms to 10m are possible");
	else
		*(unsigned int *)value->at = (unsigned int)ms;
}

void value_unsigned(const struct policy_value *value)
{
	unsigned long number;

	if (value_number(value->text, strlen(value->text), value->max,
			 &number) < 0 ||
	    number < value->min)
		value_error(value, "'%s' is not a number from %u to %u",
			    value->text, value->min, value->max);
	else
		*(unsigned int *)value->at = (unsigned int)number;
}

void value_rate(const struct policy_value *value)
{
	static const struct unit units[] = {{"bit", 1},
					    {"kbit", 1000},
					    {"mbit", 1000000},
					    {"gbit", 1000000000},
					    {NULL, 0}};
	uint64_t bits;
	int r = unit_read(value->text, units, RATE_MIN, RATE_MAX, &bits);

	if (r == -EINVAL)
		value_wrong(value,
			    "is not a rate; write a whole number and bit, kbit, mbit or gbit, as in 10mbit");
	else if (r < 0)
		value_wrong(value,
			    "is out of range; 8kbit to 400gbit are possible");
	else
		*(uint64_t *)value->at = bits;
}

int value_template(const struct policy_value *value)
{
	int found = 0;

	for (const char *p = value->text; *p; p++) {
		if (*p != '%')
			continue;
		p++;
		if (!*p || !strchr("uUn%", *p)) {
			value_error(value,
				    "'%%%.1s' in '%s' is not known; %%u (user), %%U (uid), %%n (namespace) and %%%% are",
				    p, value->text);
			return -EINVAL;
		}
		found = 1;
	}
	return found;
}

void value_path(const struct policy_value *value)
{
	const char *text = value->text;
	const char *up = strstr(text, "/..");

	while (up && up[3] && up[3] != '/')
		up = strstr(up + 1, "/..");
	if (value_template(value) < 0)
		return;
	if (text[0] != '/')
		value_wrong(value,
			    "is not an absolute path; it must start with '/'");
	else if (text[strlen(text) - 1] == '/')
		value_wrong(value, "is a directory; name a file");
	else if (up)
		value_wrong(value, "contains '..'; write the path without it");
	else if (strpbrk(text, " \t"))
		value_wrong(value,
			    "contains a blank; name a file, without arguments");
	else
		*(char **)value->at = value_copy(value);
}

/*
 * Names as in sysctl(8): the first of '.' and '/' is the separator. Both forms
 * must not lead out of /proc/sys/net.
 */
static const char *sysctl_fault(const char *name)
{
	size_t len = strlen(name);

	if (len > SYSCTL_NAME_MAX)
		return "the name is too long";
	if (strncmp(name, "net.", 4) != 0 && strncmp(name, "net/", 4) != 0)
		return "only names below net. belong to a network namespace";
	for (size_t n = 0; n < len; n++) {
		if (name[n] <= ' ' || name[n] > '~' ||
		    strchr("*?[]\\\"'$`", name[n]))
			return "the name contains a character that no sysctl name has";
		if (strchr("./", name[n]) &&
		    (!name[n + 1] || strchr("./", name[n + 1])))
			return "the name has an empty part";
	}
	return NULL;
}

void value_sysctl(const struct policy_value *value)
{
	struct policy_namespace *ns = value->object;
	const char *name = value->name + strlen(POLICY_SYSCTL_PREFIX);
	const char *fault = sysctl_fault(name);
	struct policy_sysctl sysctl;

	for (size_t n = 0; !fault && n < ns->n_sysctls; n++)
		if (!strcmp(ns->sysctls[n].name, name))
			fault = "given twice in this section; keep one of them";
	if (fault)
		value_error(value, "%s", fault);
	else if (ns->n_sysctls == SYSCTLS_MAX)
		value_error(value, "more than %d sysctls in one section",
			    SYSCTLS_MAX);
	if (fault || ns->n_sysctls == SYSCTLS_MAX)
		return;
	sysctl.name = value_strdup(value, name);
	sysctl.value = value_copy(value);
	if (sysctl.name && sysctl.value)
		value_add(value, (void **)&ns->sysctls, &ns->n_sysctls, &sysctl,
			  sizeof(sysctl));
}
