/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks of a policy that was read, and what check.c and check_address.c
 * share: errors at the lines of a section.
 */
#ifndef NETNS_PAM_COMMON_POLICY_CHECK_H
#define NETNS_PAM_COMMON_POLICY_CHECK_H

#include "build.h"
#include "words.h"

/*
 * Notes as errors what only the whole policy shows: keys that need or exclude
 * each other, references between sections; and fills in the defaults that
 * [options] decides.
 */
void policy_check(struct policy_build *build);

/* Notes warnings about a policy without errors. warn.c */
void policy_warn(struct policy_build *build);

struct check {
	struct policy_build *build;
	struct policy *policy;
	const struct policy_section *section;
};

/*
 * Notes an error about the section: "KEY: SENTENCE" at the key's line, or, when
 * the key was not given, or is NULL, at the heading's.
 */
void check_error(const struct check *check, const char *key, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));

/* The line of a key of the section; 0 when it was not given. */
unsigned int check_key_line(const struct check *check, const char *name);

/* Writes the links of a bit mask: "nat, routed or bridge". */
void check_links_list(unsigned int links, char ret[static POLICY_WORDS_MAX]);

/* Addresses, gateways and mtu of a namespace. */
void policy_check_addresses(const struct check *check,
			    const struct policy_namespace *ns);

/* Notes that `address` lists this one twice. */
void check_twice(const struct check *check, const struct inet_prefix *address);

#endif
