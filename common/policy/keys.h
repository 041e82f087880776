/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of all keys of all sections: for parsing, for repeated keys, for
 * the keys that a link requires and refuses, and for the test that each key is
 * in the manual page.
 */
#ifndef NETNS_PAM_COMMON_POLICY_KEYS_H
#define NETNS_PAM_COMMON_POLICY_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "value.h"

#define POLICY_KEYS_PER_KIND 32
#define POLICY_SYSCTL_KEY    POLICY_SYSCTL_PREFIX "NAME"

enum policy_kind {
	KIND_OPTIONS,
	KIND_RULE,
	KIND_NAMESPACE,
	KIND_NETWORK,
	POLICY_KINDS
};

enum {
	KEY_LIST = 1 << 0,     /* comma-separated, also on continuation lines */
	KEY_REQUIRED = 1 << 1, /* by the section, or by the links below */
	KEY_MANY = 1 << 2,     /* a family of keys, which may repeat */
};

struct policy_key {
	enum policy_kind kind;
	const char *name; /* POLICY_SYSCTL_KEY stands for all of them */
	value_reader *parse;
	size_t offset;	    /* of the member in the section's object */
	unsigned int flags; /* KEY_* */
	unsigned int links; /* [namespace]: bits of enum policy_link; 0: all */
	const char *help;   /* what to write, for messages: "yes or no" */
	const char *const *words; /* of value_word() */
	unsigned int min, max;	  /* of value_unsigned() */
};

extern const struct policy_key policy_keys[];
extern const size_t policy_keys_n;

/* "options", "rule", "namespace", "network" */
const char *policy_kind_name(enum policy_kind kind);

/* Return: the key, or NULL. A sysctl.NAME is found by its prefix. */
const struct policy_key *policy_key_find(enum policy_kind kind,
					 const char *name);

/* The key's index among those of its kind, below POLICY_KEYS_PER_KIND. */
size_t policy_key_slot(const struct policy_key *key);

/* Is the word a key of any section? */
bool policy_key_is(const char *word, size_t len);

/* The key of that kind which `name` probably misspells, or NULL. */
const char *policy_key_like(enum policy_kind kind, const char *name);

#endif
