/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which policy is in force: the administrator's files, or the copy of the last
 * good policy that the daemon has published. Module, daemon and `explain` all
 * use this function, so that they cannot differ.
 */
#ifndef NETNS_PAM_COMMON_POLICY_CURRENT_H
#define NETNS_PAM_COMMON_POLICY_CURRENT_H

#include <stdbool.h>

#include "common/error.h"
#include "policy.h"

struct policy_sources {
	const char *path;      /* of the main file; drop-ins are in "PATH.d" */
	const char *last_good; /* the daemon's published copy */
	/*
	 * The daemon's policy, kept when the files cannot be used; NULL: the
	 * published copy is read instead.
	 */
	const struct policy *in_force;
	/*
	 * A missing main file was removed on purpose: use the others at once.
	 */
	bool missing_counts;
};

struct policy_current {
	/* To be freed by the caller; NULL: none, or in_force is kept. */
	struct policy *policy;
	bool last_good; /* policy is the published copy */
	/*
	 * 0: the files are used. Else why not, with a sentence: -EBUSY a file
	 * is being written, -ENOENT the main file is missing, -EINVAL, -errno.
	 */
	int code;
	int copy; /* -errno of the published copy, when neither can be used */
	struct error why;
};

/*
 * The files are used when they have no error and the main file exists; or does
 * not exist and was not part of the last good policy either, or there is no
 * last good policy. Otherwise the last good policy is used; not when this
 * process lacks memory or descriptors, which says nothing about the files.
 *
 * notes: of the files, as in policy_load(); may be NULL.
 * Return: 0 with ret->policy; ret->code when there is no policy or in_force is
 * kept. *ret is filled in either way.
 */
int policy_current(const struct policy_sources *from,
		   struct policy_current *ret, struct policy_notes *notes);

/* Is this a lack of memory or descriptors in this process? */
bool policy_is_shortage(int code);

#endif
