/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways a login can end: what each means to PAM, what the user is told, and
 * the one line in the log. Mustn't: let an error become a success.
 */
#ifndef NETNS_PAM_PAM_NETNS_OUTCOME_H
#define NETNS_PAM_PAM_NETNS_OUTCOME_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "common/error.h"
#include "options.h"

enum outcome {
	OUTCOME_NO_RULE,     /* not ours */
	OUTCOME_DISABLED,    /* root's break-glass switch is on */
	OUTCOME_ROOT_PASSES, /* no policy, wrong options; root mends that */
	OUTCOME_STAYS,	     /* by policy it stays where it is */
	OUTCOME_MOVED,	     /* in its namespace (or was there already) */
	OUTCOME_REPEATED,    /* this handle has its session already */
	OUTCOME_DENIED,	     /* refused by policy */
	OUTCOME_UNAVAILABLE, /* mapped, but the namespace cannot be had */
	OUTCOME_UNDECIDED,   /* not known whether it is mapped */
	OUTCOME_STRANDED,    /* half inside, and the way back is barred */
	OUTCOMES_
};

/*
 * The PAM code of an outcome. Never PAM_SESSION_ERR: sudo(8) lets a session
 * through on that. host_on_error: the rule says `on_error = host`.
 */
int outcome_code(enum outcome outcome, bool host_on_error);

struct outcome_report {
	enum outcome outcome;
	bool host_on_error;
	const char *user, *rule, *namespace;
	unsigned long long session;
	const char *why; /* a sentence, for what is not a success */
};

/* Logs it, and tells the user unless `silent`. Return: the PAM code. */
int outcome_report(pam_handle_t *pamh, const struct options *options,
		   const struct outcome_report *report, bool silent);

/*
 * pam_syslog(3) with control bytes escaped: names and texts come from outside.
 */
void outcome_log(const pam_handle_t *pamh, int priority, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));

#endif
