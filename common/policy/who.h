/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user who logs in: the name service's answers for policy_match(), and the
 * list of those answers that is sent to the daemon, which does no look-ups
 * itself. All look-ups happen before the process changes its namespace: inside,
 * a directory server may be unreachable.
 */
#ifndef NETNS_PAM_COMMON_POLICY_WHO_H
#define NETNS_PAM_COMMON_POLICY_WHO_H

#include <pwd.h>

#include "common/error.h"
#include "common/proto.h"
#include "policy.h"

struct who {
	char user[NAME_MAX_USER + 1];
	uid_t uid;
	gid_t gid;
	const char *service, *tty, *rhost; /* borrowed, never NULL */

	gid_t *gids; /* supplementary, fetched at the first group query */
	int n_gids;

	/* "gNAME\0" and "nNAME\0" for each group and netgroup of the user. */
	char *facts;
	size_t facts_bytes;

	/* The same for those the user is not in: nothing is queried twice. */
	char *misses;
	size_t misses_bytes;

	/* The query that failed; "" while none did. */
	struct error trouble;
};

/*
 * Looks the user up (getpwnam_r(3)). service, tty and rhost are borrowed until
 * who_clear().
 * Return: 0, -ENOENT when there is no such user, -errno of a failed look-up.
 */
int who_init(struct who *who, const char *user, const char *service,
	     const char *tty, const char *rhost, struct error *err);
void who_clear(struct who *who);

/*
 * Return: why policy_match(), policy_rule_match() or policy_guards() failed
 * with this code for who_login()'s login; valid as long as who.
 */
const char *who_trouble(const struct who *who, int code);

/*
 * Looks a user up (getpwnam_r(3)); the strings are in *buffer, which is freed
 * and replaced. Return: 0; -ENOENT no such user; -ERANGE too large; -errno.
 */
int who_passwd(const char *user, struct passwd *ret, char **buffer);

/*
 * Fetches the user's groups (getgrouplist(3)), with gid among them.
 * Return: 0 with malloc'd *ret; -E2BIG, -ENOMEM.
 */
int who_groups(const char *user, gid_t gid, gid_t **ret, int *ret_n);

/* Return: a login for policy_match() that queries the name service. */
struct policy_login who_login(struct who *who);

#endif
