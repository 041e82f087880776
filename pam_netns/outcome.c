/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "common/proto.h"

#define UNDECIDED                                                              \
	"Login refused: its network cannot be determined (netns: error)."

static const struct {
	int code, code_host; /* code_host: with on_error = host */
	const char *text;    /* for the user: reveals nothing of the policy */
} outcomes[OUTCOMES_] = {
	[OUTCOME_NO_RULE] = {PAM_IGNORE, PAM_IGNORE, NULL},
	[OUTCOME_DISABLED] = {PAM_IGNORE, PAM_IGNORE, NULL},
	[OUTCOME_ROOT_PASSES] = {PAM_IGNORE, PAM_IGNORE, NULL},
	[OUTCOME_STAYS] = {PAM_SUCCESS, PAM_SUCCESS, NULL},
	[OUTCOME_MOVED] = {PAM_SUCCESS, PAM_SUCCESS, NULL},
	[OUTCOME_REPEATED] = {PAM_SUCCESS, PAM_SUCCESS, NULL},
	[OUTCOME_DENIED] =
		{PAM_PERM_DENIED, PAM_PERM_DENIED,
		 "Login refused by the network policy of this system (netns: denied)."},
	[OUTCOME_UNAVAILABLE] =
		{PAM_SYSTEM_ERR, PAM_IGNORE,
		 "Login refused: its network is not available (netns: unavailable)."},
	[OUTCOME_UNDECIDED] = {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, UNDECIDED},
	[OUTCOME_STRANDED] = {PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, UNDECIDED},
};

int outcome_code(enum outcome outcome, bool host_on_error)
{
	if ((int)outcome < 0 || outcome >= OUTCOMES_)
		return PAM_SYSTEM_ERR;
	return host_on_error ? outcomes[outcome].code_host
			     : outcomes[outcome].code;
}

void outcome_log(const pam_handle_t *pamh, int priority, const char *format,
		 ...)
{
	struct error line;
	va_list args;

	va_start(args, format);
	error_setv(&line, 0, format, args);
	va_end(args);
	pam_syslog(pamh, priority, "%s", line.text);
}

/* The one line in the log. allowed: although the namespace is unavailable. */
static void outcome_log_report(const pam_handle_t *pamh,
			       const struct options *options,
			       const struct outcome_report *r, bool allowed)
{
	char path[PATH_MAX] = PROTO_DISABLE;

	switch (r->outcome) {
	case OUTCOME_MOVED:
		outcome_log(pamh, LOG_INFO,
			    "%s is in network namespace %s (rule %s, session %llu)",
			    r->user, r->namespace, r->rule, r->session);
		break;
	case OUTCOME_DISABLED:
		proto_state_path(options->socket, PROTO_DISABLE, path);
		outcome_log(pamh, LOG_ALERT,
			    "%s exists: %s logs in without a namespace, as all users do; remove the file to enable namespaces again",
			    path, r->user);
		break;
	case OUTCOME_ROOT_PASSES:
		outcome_log(pamh, LOG_ALERT,
			    "%s may log in as root, to repair it: %s; all others are refused (see netns-pam check)",
			    r->user, r->why);
		break;
	case OUTCOME_DENIED:
	case OUTCOME_UNAVAILABLE:
		outcome_log(pamh, allowed ? LOG_WARNING : LOG_ERR,
			    "%s %s (rule %s): %s", r->user,
			    allowed ? "stays outside (on_error = host)"
				    : "is refused",
			    r->rule, r->why);
		break;
	case OUTCOME_UNDECIDED:
	case OUTCOME_STRANDED:
		outcome_log(pamh, LOG_ERR, "%s is refused: %s", r->user,
			    r->why);
		break;
	case OUTCOME_NO_RULE:
	case OUTCOME_STAYS:
	case OUTCOME_REPEATED:
	case OUTCOMES_:
		if (options->debug)
			outcome_log(pamh, LOG_DEBUG, "%s: %s (rule %s)",
				    r->user,
				    r->outcome == OUTCOME_NO_RULE
					    ? "no rule matches"
				    : r->outcome == OUTCOME_STAYS
					    ? "stays where it is"
					    : "has its session already",
				    r->rule);
	}
}

int outcome_report(pam_handle_t *pamh, const struct options *options,
		   const struct outcome_report *report, bool silent)
{
	int code = outcome_code(report->outcome, report->host_on_error);
	const char *text = outcomes[report->outcome].text;

	outcome_log_report(pamh, options, report, code == PAM_IGNORE);
	if (code != PAM_SUCCESS && code != PAM_IGNORE && !silent && text)
		(void)pam_error(pamh, "%s", text);
	return code;
}
