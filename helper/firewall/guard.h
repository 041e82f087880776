/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose packets are refused in the host's namespace: the users of guarding
 * rules. Local users are known from the start (/etc/passwd and /etc/group are
 * read as the plain files they are; the helper asks no name service), others
 * from their first login on.
 *
 * uid 0 is never guarded.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_GUARD_H
#define NETNS_PAM_HELPER_FIREWALL_GUARD_H

#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

struct helper;

struct guard {
	uid_t *uids; /* what the firewall's set holds, sorted */
	size_t n;
};

/*
 * Works the set out anew, from the policy in force and the sessions that are
 * open. A file that cannot be read leaves it as it was. Return: 0 or -ENOMEM.
 */
int guard_compute(struct helper *h, struct error *err);

/* The same, and gives it to the firewall: after a reload of the policy. */
int guard_reload(struct helper *h, struct error *err);

/* A login by a guarding rule: from now on, if not before. */
int guard_ensure(struct helper *h, uid_t uid, struct error *err);

#endif
