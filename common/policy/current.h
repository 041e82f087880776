/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which policy counts now: the administrator's files, or the last good policy
 * that the daemon has published. Module, daemon and `explain` ask here, so
 * that they cannot differ.
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
	 * The daemon's policy in force, which it keeps when the files do not
	 * count; NULL: the published copy is read in its place.
	 */
	const struct policy *in_force;
	/* A missing main file is meant: what is left counts at once. */
	bool missing_counts;
};

struct policy_current {
	/* Owned by the caller, policy_free(); NULL: none, or in_force stays. */
	struct policy *policy;
	bool last_good; /* policy is the published copy */
	/*
	 * Why the files do not count: -EBUSY a file is being written, -ENOENT
	 * the main file is missing, -EINVAL they have errors, or -errno, with a
	 * sentence; 0: they count.
	 */
	int code;
	struct error why;
};

/*
 * The files count when they have no error and the main file is there. A main
 * file that is missing counts as removed when the policy so far had none
 * either, or when there is no policy so far: no files and no copy is an empty
 * policy. Else the last good policy counts; but not when this process ran out
 * of memory or descriptors, which says nothing about the files.
 *
 * notes: of the files, as in policy_load(); may be NULL.
 * Return: 0 with ret->policy; ret->code when there is no policy, or when
 * in_force stays. ret is filled in either way.
 */
int policy_current(const struct policy_sources *from,
		   struct policy_current *ret, struct policy_notes *notes);

/* Does the failure come from this process's limits, not from the policy? */
bool policy_is_shortage(int code);

#endif
