/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the lines of one file to objects and their members. */
#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/names.h"
#include "lines.h"
#include "words.h"

#define BLANKS	    " \t"
#define HEADING_MAX 256

#define BUILD_ERROR(build, line, ...)                                          \
	note_error(&(build)->book, (build)->file, line, __VA_ARGS__)

void policy_build_clear(struct policy_build *build)
{
	for (size_t n = 0; n < POLICY_KINDS; n++)
		index_clear(&build->names[n]);
	free(build->sections);
	*build = (struct policy_build){0};
}

void *policy_build_object(const struct policy_build *build,
			  const struct policy_section *section)
{
	struct policy *policy = build->policy;

	if (section->kind == KIND_RULE)
		return &policy->rules[section->object];
	if (section->kind == KIND_NAMESPACE)
		return &policy->namespaces[section->object];
	if (section->kind == KIND_NETWORK)
		return &policy->networks[section->object];
	return policy;
}

const struct policy_section *policy_build_find(const struct policy_build *build,
					       enum policy_kind kind,
					       const char *name)
{
	size_t at = index_find(&build->names[kind], name);

	return at == INDEX_NONE ? NULL : &build->sections[at];
}

unsigned int policy_section_key(const struct policy_section *section,
				const char *name)
{
	const struct policy_key *key = policy_key_find(section->kind, name);

	return section->key_lines[policy_key_slot(key)];
}

/* Adds the section's object to an array. Return: false without memory. */
#define OBJECT_ADD(section, items, n)                                          \
	({                                                                     \
		__typeof__(items) object_ = ARRAY_ADD(items, n);               \
                                                                               \
		if (object_) {                                                 \
			object_->name = (section)->name;                       \
			object_->file = (section)->file;                       \
			object_->line = (section)->line;                       \
			(section)->object = (n) - 1;                           \
		}                                                              \
		object_ != NULL;                                               \
	})

static bool object_add(struct policy_build *build,
		       struct policy_section *section)
{
	struct policy *p = build->policy;

	if (section->kind == KIND_RULE)
		return OBJECT_ADD(section, p->rules, p->n_rules);
	if (section->kind == KIND_NAMESPACE)
		return OBJECT_ADD(section, p->namespaces, p->n_namespaces);
	if (section->kind == KIND_NETWORK) {
		if (!OBJECT_ADD(section, p->networks, p->n_networks))
			return false;
		p->networks[section->object].isolate = true;
	}
	return true;
}

/* A list must have an item, unless an error about it was noted. */
static void key_finish(struct policy_build *build)
{
	if (build->key && build->key->flags & KEY_LIST && !build->key_items &&
	    build->book.notes.errors == build->key_errors)
		BUILD_ERROR(build, build->key_line,
			    "%s: the list is empty; write %s, or leave the key out",
			    build->key->name, build->key->help);
	build->key = NULL;
}

static enum policy_kind kind_find(const char *word, size_t len)
{
	unsigned int kind;

	for (kind = 0; kind < POLICY_KINDS; kind++) {
		const char *name = policy_kind_name(kind);

		if (!strncmp(name, word, len) && !name[len])
			break;
	}
	return kind;
}

static void section_unknown(struct policy_build *build, unsigned int line,
			    const char *heading, size_t word)
{
	char text[HEADING_MAX] = "";

	memcpy(text, heading, word); /* a heading is part of a line */
	for (unsigned int kind = 0; kind < POLICY_KINDS; kind++)
		if (policy_word_like(text, policy_kind_name(kind))) {
			BUILD_ERROR(build, line,
				    "unknown section [%s]; is [%s%s] meant?",
				    heading, policy_kind_name(kind),
				    heading + word);
			return;
		}
	BUILD_ERROR(build, line,
		    "unknown section [%s]; there are [options], [rule NAME], [namespace NAME] and [network NAME]",
		    heading);
}

static void section_name_check(struct policy_build *build,
			       const struct policy_section *section)
{
	const char *kind = policy_kind_name(section->kind);

	if (section->kind == KIND_OPTIONS && *section->name)
		BUILD_ERROR(build, section->line,
			    "[options] has no name; write just [options]");
	if (section->kind == KIND_OPTIONS)
		return;
	if (!*section->name)
		BUILD_ERROR(build, section->line,
			    "[%s] needs a name; write [%s NAME]", kind, kind);
	else if (!name_is_policy(section->name))
		BUILD_ERROR(build, section->line,
			    "'%s' cannot be the name of a %s; use at most %d letters, digits, '_', '.' and '-', and begin with neither '.' nor '-'",
			    section->name, kind, NAME_MAX_POLICY);
	else if (section->kind != KIND_NETWORK &&
		 !strcmp(section->name, POLICY_HOST))
		BUILD_ERROR(build, section->line,
			    "no %s can be named 'host': the word means the host's namespace",
			    kind);
}

/* Adds the section to the index, or notes an error. Return: 0, -ENOMEM. */
static int section_register(struct policy_build *build,
			    const struct policy_section *section)
{
	const struct policy_section *first =
		policy_build_find(build, section->kind, section->name);

	if (first) {
		BUILD_ERROR(build, section->line,
			    "[%s%s%s] is already defined at %s:%u; join the two",
			    policy_kind_name(section->kind),
			    *section->name ? " " : "", section->name,
			    first->file, first->line);
		return 0;
	}
	return index_put(&build->names[section->kind], section->name,
			 (size_t)(section - build->sections));
}

static bool build_section(void *data, unsigned int line, const char *heading)
{
	struct policy_build *build = data;
	size_t word = strcspn(heading, BLANKS);
	enum policy_kind kind = kind_find(heading, word);
	const char *name = heading + word + strspn(heading + word, BLANKS);
	struct policy_section *section;

	key_finish(build);
	if (kind == POLICY_KINDS) {
		section_unknown(build, line, heading, word);
		return false;
	}
	section = ARRAY_ADD(build->sections, build->n_sections);
	if (!section) {
		build->book.no_memory = true;
		return false;
	}
	section->kind = kind;
	section->file = build->file;
	section->line = line;
	section->name =
		arena_strndup(&build->policy->arena, name, strlen(name));
	if (!section->name || !object_add(build, section) ||
	    section_register(build, section) < 0) {
		build->book.no_memory = true;
		build->n_sections--;
		return false;
	}
	section_name_check(build, section);
	return true;
}

static void key_unknown(struct policy_build *build, enum policy_kind kind,
			unsigned int line, const char *key)
{
	const char *like = policy_key_like(kind, key);
	const char *name = policy_kind_name(kind);
	unsigned int other = 0;

	while (other < POLICY_KINDS && !policy_key_find(other, key))
		other++;
	if (!strncmp(key, "sysctl", strlen("sysctl")))
		BUILD_ERROR(build, line,
			    "unknown key '%s' in [%s]; write it as sysctl.net.ipv4.ip_forward",
			    key, name);
	else if (like)
		BUILD_ERROR(build, line,
			    "unknown key '%s' in [%s]; is '%s' meant?", key,
			    name, like);
	else if (other < POLICY_KINDS)
		BUILD_ERROR(build, line,
			    "the key '%s' belongs in [%s%s], not into [%s]",
			    key, policy_kind_name(other),
			    other == KIND_OPTIONS ? "" : " NAME", name);
	else
		BUILD_ERROR(build, line,
			    "unknown key '%s' in [%s]; see netns-pam.conf(5)",
			    key, name);
}

/*
 * inih ends a value only at a blank and a semicolon; anything else that looks
 * like a comment would silently become part of the value.
 */
static bool text_has_comment(struct policy_build *build, unsigned int line,
			     const char *key, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == ';' ||
		    (*p == '#' && (p == text || strchr(BLANKS, p[-1])))) {
			BUILD_ERROR(build, line,
				    "%s: '%c' in the value; a comment after a value starts with a blank and ';'",
				    key, *p);
			return true;
		}
	}
	return false;
}

/* Reads one value, or one item of a list. */
static void build_value(struct policy_build *build, unsigned int line,
			const char *name, char *text)
{
	struct policy_section *section =
		&build->sections[build->n_sections - 1];
	struct policy_value value = {
		.arena = &build->policy->arena,
		.book = &build->book,
		.file = build->file,
		.name = name,
		.text = text,
		.line = line,
		.item = build->key_items,
		.object = policy_build_object(build, section),
		.words = build->key->words,
		.min = build->key->min,
		.max = build->key->max,
	};

	value.at = (char *)value.object + build->key->offset;
	build->key_items++;
	build->key->parse(&value);
}

/* Reads items between commas; one comma may end a line. text is modified. */
static void build_items(struct policy_build *build, unsigned int line,
			char *text)
{
	char *item = text;

	while (item && *item) {
		char *comma = strchr(item, ','), *end;

		end = comma ? comma : item + strlen(item);
		item += strspn(item, BLANKS);
		if (item > end)
			item = end;
		while (end > item && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*end = '\0';
		if (*item)
			build_value(build, line, build->key->name, item);
		else if (comma)
			BUILD_ERROR(build, line,
				    "%s: an empty item before a comma; remove the comma or add the item",
				    build->key->name);
		item = comma ? comma + 1 : NULL;
	}
}

static void build_text(struct policy_build *build, unsigned int line,
		       const char *name, const char *text)
{
	char copy[POLICY_VALUE_MAX + 1];

	if (text_has_comment(build, line, name, text))
		return;
	memcpy(copy, text, strlen(text) + 1); /* is part of a line */
	if (build->key->flags & KEY_LIST)
		build_items(build, line, copy);
	else if (!*copy)
		BUILD_ERROR(build, line, "%s: no value; write %s", name,
			    build->key->help);
	else
		build_value(build, line, name, copy);
}

static void build_key(void *data, unsigned int line, const char *name,
		      const char *text)
{
	struct policy_build *build = data;
	struct policy_section *section =
		&build->sections[build->n_sections - 1];
	const struct policy_key *key = policy_key_find(section->kind, name);
	unsigned int *first;

	key_finish(build);
	if (!key) {
		key_unknown(build, section->kind, line, name);
		return;
	}
	first = &section->key_lines[policy_key_slot(key)];
	if (*first && !(key->flags & KEY_MANY)) {
		BUILD_ERROR(build, line,
			    "the key '%s' is already given in line %u; %s",
			    name, *first,
			    key->flags & KEY_LIST ? "join the two"
						  : "keep one of them");
		return;
	}
	if (!*first)
		*first = line;
	build->key = key;
	build->key_line = line;
	build->key_items = 0;
	build->key_errors = build->book.notes.errors;
	build_text(build, line, name, text);
}

static void build_more(void *data, unsigned int line, const char *text)
{
	struct policy_build *build = data;

	if (!build->key)
		return; /* of a key that was refused */
	if (!(build->key->flags & KEY_LIST)) {
		BUILD_ERROR(build, line,
			    "'%s' takes one value; an indented line goes on only with a list",
			    build->key->name);
		return;
	}
	build_text(build, line, build->key->name, text);
}

int policy_build_file(struct policy_build *build, const char *file,
		      const char *text, size_t bytes)
{
	struct policy *policy = build->policy;
	struct policy_lines_to to = {
		.section = build_section,
		.key = build_key,
		.more = build_more,
		.is_key = policy_key_is,
		.data = build,
	};
	char **slot = ARRAY_ADD(policy->files, policy->n_files);
	int r;

	if (!slot)
		return -ENOMEM;
	*slot = arena_strndup(&build->policy->arena, file, strlen(file));
	if (!*slot)
		return -ENOMEM;
	build->file = *slot;
	r = policy_lines_read(build->file, text, bytes, &to, &build->book);
	key_finish(build);
	return r;
}
