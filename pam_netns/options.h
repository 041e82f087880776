/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's arguments in a PAM file, see pam_netns(8). */
#ifndef NETNS_PAM_PAM_NETNS_OPTIONS_H
#define NETNS_PAM_PAM_NETNS_OPTIONS_H

#include <stdbool.h>

#include "common/error.h"

struct options {
	const char *config;
	const char *socket;
	const char *namespace; /* only rules with this one; or NULL */
	bool debug;
};

/*
 * Reads the arguments. Strings are borrowed from argv. *ret is filled in also
 * when an argument is invalid, from the valid ones: `disable` is looked for
 * below the state directory even then.
 * Return: 0, or -EINVAL with a sentence about the first invalid one.
 */
int options_parse(int argc, const char **argv, struct options *ret,
		  struct error *err);

#endif
