/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "common/proto.h"

/* [outcome][on_error = host]; only what cannot be had is forgiven. */
static const int codes[OUTCOMES_][2] = {
	[OUTCOME_NO_RULE] = {PAM_IGNORE, PAM_IGNORE},
	[OUTCOME_DISABLED] = {PAM_IGNORE, PAM_IGNORE},
	[OUTCOME_ROOT_PASSES] = {PAM_IGNORE, PAM_IGNORE},
	[OUTCOME_STAYS] = {PAM_SUCCESS, PAM_SUCCESS},
	[OUTCOME_MOVED] = {PAM_SUCCESS, PAM_SUCCESS},
	[OUTCOME_REPEATED] = {PAM_SUCCESS, PAM_SUCCESS},
	[OUTCOME_DENIED] = {PAM_PERM_DENIED, PAM_PERM_DENIED},
	[OUTCOME_UNAVAILABLE] = {PAM_SYSTEM_ERR, PAM_IGNORE},
	[OUTCOME_UNDECIDED] = {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
	[OUTCOME_STRANDED] = {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
};

int outcome_code(enum outcome outcome, bool host_on_error)
{
	if ((int)outcome < 0 || outcome >= OUTCOMES_)
		return PAM_SYSTEM_ERR;
	return codes[outcome][host_on_error];
}

void outcome_log(const pam_handle_t *pamh, int priority, const char *format,
		 ...)
{
	char text[ERROR_TEXT_MAX];
	struct error line;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&line, 0, "%s", text);
	pam_syslog(pamh, priority, "%s", line.text);
}

/* What the user is told: no word about the policy. */
static const char *user_text(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_DENIED:
		return "Login refused by the network policy of this system (netns: denied).";
	case OUTCOME_UNAVAILABLE:
		return "Login refused: its network is not available (netns: unavailable).";
	case OUTCOME_UNDECIDED:
	case OUTCOME_STRANDED:
		return "Login refused: its network cannot be determined (netns: error).";
	case OUTCOME_NO_RULE:
	case OUTCOME_DISABLED:
	case OUTCOME_ROOT_PASSES:
	case OUTCOME_STAYS:
	case OUTCOME_MOVED:
	case OUTCOME_REPEATED:
	case OUTCOMES_:
		break;
	}
	return NULL;
}

/* The one line about how it ended. */
static void report_log(const pam_handle_t *pamh, const struct options *options,
		       const struct outcome_report *r, bool forgiven)
{
	char path[PATH_MAX];

	switch (r->outcome) {
	case OUTCOME_MOVED:
		outcome_log(
			pamh, LOG_INFO,
			"%s is in network namespace %s (rule %s, session %llu)",
			r->user, r->namespace, r->rule, r->session);
		return;
	case OUTCOME_DISABLED:
		outcome_log(
			pamh, LOG_ALERT,
			"%s exists: %s is let in and moved nowhere; remove it when the trouble is over",
			proto_state_path(options->socket, PROTO_DISABLE, path) <
					0
				? PROTO_DISABLE
				: path,
			r->user);
		return;
	case OUTCOME_ROOT_PASSES:
		outcome_log(
			pamh, LOG_ALERT,
			"%s is let in as root, since it cannot be known who is mapped: %s; mend it (see netns-pam check), everybody else is refused",
			r->user, r->why);
		return;
	case OUTCOME_DENIED:
	case OUTCOME_UNAVAILABLE:
		outcome_log(pamh, forgiven ? LOG_WARNING : LOG_ERR,
			    "%s %s (rule %s): %s", r->user,
			    forgiven ? "stays outside, as on_error = host says"
				     : "is refused",
			    r->rule, r->why);
		return;
	case OUTCOME_UNDECIDED:
	case OUTCOME_STRANDED:
		outcome_log(pamh, LOG_ERR, "%s is refused: %s", r->user,
			    r->why);
		return;
	case OUTCOME_NO_RULE:
	case OUTCOME_STAYS:
	case OUTCOME_REPEATED:
	case OUTCOMES_:
		break;
	}
	if (options->debug)
		outcome_log(pamh, LOG_DEBUG, "%s: %s (rule %s)", r->user,
			    r->outcome == OUTCOME_NO_RULE ? "no rule matches"
			    : r->outcome == OUTCOME_STAYS
				    ? "stays where it is"
				    : "has its session already",
			    r->rule);
}

int outcome_report(pam_handle_t *pamh, const struct options *options,
		   const struct outcome_report *report, bool silent)
{
	int code = outcome_code(report->outcome, report->host_on_error);
	const char *text = user_text(report->outcome);

	report_log(pamh, options, report, code == PAM_IGNORE);
	if (code != PAM_SUCCESS && code != PAM_IGNORE && !silent && text)
		(void)pam_error(pamh, "%s", text);
	return code;
}
