/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The users whose packets are refused in the host's namespace: those of rules
 * with `guard`. Local users are read from /etc/passwd and /etc/group at start
 * (the daemon uses no name service), others are added at their first login.
 *
 * uid 0 is never guarded.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_GUARD_H
#define NETNS_PAM_HELPER_FIREWALL_GUARD_H

#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"
#include "firewall.h"

struct helper;

struct guard_set {
	uid_t *uids; /* malloc'd */
	size_t n;
};

/* The daemon has one (helper->guard). */
struct guard {
	struct guard_set set; /* what the firewall's set holds, sorted */
	/* Adds the users of open sessions. Return: 0 or -ENOMEM. */
	int (*add_sessions)(const struct helper *h, struct guard_set *set);
};

/*
 * Computes the set from the policy in force and the open sessions, and prints
 * it. A file that cannot be read leaves the set as it was.
 */
extern const struct firewall_part guard_part;

/* Return: 0 or -ENOMEM. */
int guard_set_add(struct guard_set *set, uid_t uid);

/*
 * After a reload of the policy: computes the set and changes the firewall's.
 * Return: 0 or -errno with a sentence.
 */
int guard_reload(struct helper *h, struct error *err);

/*
 * A login by a guarding rule: the user is in the set when this returns 0. Does
 * nothing for uid 0. Return: 0 or -errno with a sentence.
 */
int guard_ensure(struct helper *h, uid_t uid, struct error *err);

/* Frees the memory; the firewall's set stays. */
void guard_close(struct helper *h);

#endif
