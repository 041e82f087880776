/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the checks of whole sections share. Private to policy_check*.c; the way
 * in is policy_check(), see policy_build.h.
 */
#ifndef NETNS_PAM_COMMON_POLICY_CHECK_H
#define NETNS_PAM_COMMON_POLICY_CHECK_H

#include "build.h"

struct check {
	struct policy_build *build;
	struct policy *policy;
	const struct policy_section *section;
};

/* Notes an error about the section, at a line of its file. */
#define CHECK_ERROR(check, line, ...)                                          \
	note_error((check)->build->book, (check)->section->file, line,         \
		   __VA_ARGS__)

/* The line of a key of the section's kind; 0 when it was not given. */
unsigned int check_key_line(const struct check *check, const char *name);

/* The same, or the heading's line. */
unsigned int check_place(const struct check *check, const char *name);

/* Names the links of a bit mask: "nat, routed or bridge". */
void check_links_list(unsigned int links, char ret[static POLICY_WORDS_MAX]);

/* Is there a percent sign in it, to be filled in at login? */
bool policy_is_template(const char *text);

/* Addresses, gateways and mtu of a namespace. policy_check_address.c */
void policy_check_addresses(const struct check *check,
			    const struct policy_namespace *ns);

/* Is one of `address` there twice? */
void check_twice(const struct check *check, const struct policy_list *address);

#endif
