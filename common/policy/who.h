/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WHO logs in: the name-service answers that policy_match() asks for, and the
 * list of those answers that travels to the helper, which does no look-ups of
 * its own. All of it happens before the process moves: inside the namespace a
 * directory server may be out of reach.
 */
#ifndef NETNS_PAM_COMMON_POLICY_WHO_H
#define NETNS_PAM_COMMON_POLICY_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/proto.h"
#include "policy.h"

struct who {
	char user[NAME_MAX_USER + 1];
	uid_t uid;
	gid_t gid;
	const char *service, *tty, *rhost; /* borrowed, never NULL */

	gid_t *gids; /* supplementary, fetched at the first group question */
	int n_gids;

	/* What was learned: "gNAME\0" and "nNAME\0" for each yes. */
	char *facts;
	size_t facts_bytes;

	/* The same for each no, so that nothing is asked twice. */
	char *misses;
	size_t misses_bytes;

	/* About the question that had no answer; "" while each had one. */
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
 * Why policy_match(), policy_rule_match() or policy_guards() failed with this
 * code for who_login()'s login. Return: a text that lasts as long as who.
 */
const char *who_trouble(const struct who *who, int code);

/* A login for policy_match() whose questions are answered by NSS. */
struct policy_login who_login(struct who *who);

#endif
