/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "current.h"

#include <errno.h>

bool policy_is_shortage(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -ENOMEM;
}

/*
 * Is the main file missing, or are all files? An editor may be replacing it,
 * and the drop-ins alone are another policy.
 */
static bool is_missing(const struct policy_sources *from,
		       const struct policy *files)
{
	const struct policy *old = from->in_force;
	bool has_main = policy_has_file(files, from->path);

	if (!old)
		return !has_main;
	return (old->n_files && !files->n_files) ||
	       (policy_has_file(old, from->path) && !has_main);
}

/*
 * Uses the published copy, since the files cannot be used, see ret->code.
 * files: the drop-ins alone when the main file is missing, else NULL; freed or
 * returned.
 */
static int fall_back(const char *last_good, struct policy *files,
		     struct policy_current *ret)
{
	struct policy *last = NULL;
	struct error why;
	int r = policy_load_file(last_good, &last, NULL, &why);

	/* The daemon has taken the drop-ins alone, or has published nothing. */
	if (files &&
	    (r == -ENOENT || (last && last->digest == files->digest))) {
		policy_free(last);
		*ret = (struct policy_current){.policy = files};
		return 0;
	}
	if (r == 0) {
		policy_free(files);
		ret->policy = last;
		ret->last_good = true;
		return 0;
	}
	ret->copy = r;
	if (files) {
		struct error missing = ret->why;

		ret->code =
			error_set(&ret->why, r,
				  "%s, and the last good policy cannot be used: %s",
				  missing.text, why.text);
	}
	policy_free(files);
	return ret->code;
}

int policy_current(const struct policy_sources *from,
		   struct policy_current *ret, struct policy_notes *notes)
{
	struct policy *files = NULL;

	*ret = (struct policy_current){0};
	ret->code = policy_load(from->path, &files, notes, &ret->why);
	if (ret->code == 0 &&
	    (from->missing_counts || !is_missing(from, files))) {
		ret->policy = files;
		return 0;
	}
	if (ret->code == 0)
		ret->code = error_set(&ret->why, -ENOENT, "%s is missing",
				      from->path);
	if (!from->in_force && !policy_is_shortage(ret->code))
		return fall_back(from->last_good, files, ret);
	policy_free(files);
	return ret->code;
}
