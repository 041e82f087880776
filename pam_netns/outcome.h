/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outcomes of a login: the PAM code of each, the sentence for the user, and
 * the one line in the log.
 */
#ifndef NETNS_PAM_PAM_NETNS_OUTCOME_H
#define NETNS_PAM_PAM_NETNS_OUTCOME_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "common/error.h"
#include "options.h"

enum outcome {
	OUTCOME_NO_RULE,     /* no rule matches */
	OUTCOME_DISABLED,    /* the file `disable` exists */
	OUTCOME_ROOT_PASSES, /* no policy, invalid options: root may repair */
	OUTCOME_STAYS,	     /* a rule leaves it where it is */
	OUTCOME_MOVED,	     /* it is in its namespace */
	OUTCOME_REPEATED,    /* this handle has a session already */
	OUTCOME_DENIED,	     /* a rule refuses it */
	OUTCOME_UNAVAILABLE, /* a rule matches, but it has no namespace */
	OUTCOME_UNDECIDED,   /* it is not known which rule matches */
	OUTCOME_STRANDED,    /* partly inside: restoring failed as well */
	OUTCOMES_
};

/*
 * Return: the PAM code of an outcome. Never PAM_SESSION_ERR: sudo(8) runs the
 * command after that one. host_on_error: the rule has `on_error = host`.
 */
int outcome_code(enum outcome outcome, bool host_on_error);

struct outcome_report {
	enum outcome outcome;
	bool host_on_error;
	const char *user, *rule, *namespace;
	unsigned long long session;
	const char *why; /* a sentence, for what is not a success */
};

/* Logs it, and sends the user the sentence unless silent. Return: the PAM code.
 */
int outcome_report(pam_handle_t *pamh, const struct options *options,
		   const struct outcome_report *report, bool silent);

/*
 * pam_syslog(3) with control bytes escaped: names come from the client.
 */
void outcome_log(const pam_handle_t *pamh, int priority, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));

#endif
