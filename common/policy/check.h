/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of a policy that was read. */
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

#endif
