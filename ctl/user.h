/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user of --user: looked up outside the namespace, switched to inside. */
#ifndef NETNS_PAM_CTL_USER_H
#define NETNS_PAM_CTL_USER_H

#include <pwd.h>

#include "common/error.h"

struct user {
	struct passwd pw; /* strings live in buf */
	char *buf;
	gid_t *gids; /* of user_groups() */
	int n_gids;
};

/*
 * Looks the user up (getpwnam_r(3)); free with user_clear().
 * Return: 0; -ENOENT, or -errno, with a sentence.
 */
int user_find(const char *name, struct user *ret, struct error *err);

/* Fetches the groups of a user who has none yet, for user_become(). */
int user_groups(struct user *user, struct error *err);

/*
 * Drops to the user for good: groups, gid, uid; then an environment of TERM,
 * LANG, LC_*, NETNS_PAM_NAMESPACE (those that are set) and the user's own HOME,
 * USER, LOGNAME, SHELL, PATH; then the home as working directory, or "/" when
 * the user may not enter it. Does no look-ups. Return: 0; or -errno with a
 * sentence, and the process must end.
 */
int user_become(const struct user *user, struct error *err);

void user_clear(struct user *user);

#endif
