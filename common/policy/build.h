/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy that is being read: its objects, the line of each key of each
 * section, and the errors so far. Private to this folder: a policy is returned
 * only when it is complete and without errors.
 */
#ifndef NETNS_PAM_COMMON_POLICY_BUILD_H
#define NETNS_PAM_COMMON_POLICY_BUILD_H

#include <stddef.h>

#include "common/index.h"
#include "keys.h"
#include "note.h"
#include "policy.h"

struct policy_section {
	enum policy_kind kind;
	size_t object; /* its index in rules, namespaces or networks */
	char *name;
	const char *file;
	unsigned int line;
	/* By a key's place in its kind (policy_key_slot()); 0: not given. */
	unsigned int key_lines[POLICY_KEYS_PER_KIND];
};

struct policy_build {
	struct policy *policy;
	struct note_book book;

	struct policy_section *sections; /* in the order they were read */
	size_t n_sections;
	/* Names to their places in sections[]. */
	struct index names[POLICY_KINDS];

	/* The key that is being read, NULL between keys. */
	const char *file;
	const struct policy_key *key;
	unsigned int key_line;
	size_t key_items;
	size_t key_errors; /* errors noted before it began */
};

/* Releases what only the making needed; the policy stays. */
void policy_build_clear(struct policy_build *build);

/* Adds one file's text. Return: 0, also with errors noted; -ENOMEM. */
int policy_build_file(struct policy_build *build, const char *file,
		      const char *text, size_t bytes);

/* The object of a section: options (the policy), rule, namespace, network. */
void *policy_build_object(const struct policy_build *build,
			  const struct policy_section *section);

/* Return: the section of that kind and name, or NULL. */
const struct policy_section *policy_build_find(const struct policy_build *build,
					       enum policy_kind kind,
					       const char *name);

/* The line of a key of the section's kind; 0 when it was not given. */
unsigned int policy_section_key(const struct policy_section *section,
				const char *name);

#endif
