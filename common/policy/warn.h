/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_PAM_COMMON_POLICY_WARN_H
#define NETNS_PAM_COMMON_POLICY_WARN_H

#include "build.h"

/* Notes warnings about a policy without errors. */
void policy_warn(struct policy_build *build);

#endif
