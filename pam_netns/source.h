/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy is in force: the administrator's files, or the last good ones.
 */
#ifndef NETNS_PAM_PAM_NETNS_SOURCE_H
#define NETNS_PAM_PAM_NETNS_SOURCE_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/policy/policy.h"
#include "options.h"

/*
 * Reads the policy. While the files are being written, are broken or are not
 * there, the copy that the helper has published of the last policy without an
 * error stands in, and a warning is logged. No files and no copy: nobody is
 * mapped, *ret has no rules.
 * Return: 0 and *ret (free with policy_free()), or -errno with a sentence.
 */
int source_read(pam_handle_t *pamh, const struct options *options,
		struct policy **ret, struct error *err);

/* Does the failure come from this process's limits, not from the policy? */
bool source_is_shortage(int code);

#endif
