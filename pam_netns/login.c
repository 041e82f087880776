/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "login.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/enter.h"
#include "common/mountfd.h"
#include "common/policy/current.h"
#include "common/policy/who.h"
#include "common/proto.h"
#include "guest.h"
#include "outcome.h"
#include "request.h"
#include "session.h"

#define HOST_NETNS "/proc/1/ns/net"
#define RETRY_MS   20 /* between requests while the policy is replaced */

struct login {
	pam_handle_t *pamh;
	const struct options *options;
	const char *user, *service, *tty, *rhost; /* never NULL */

	struct policy *policy;
	struct who who;
	bool known; /* who is set */
	const struct policy_rule *rule;

	/* For the log line. */
	char namespace[NAME_MAX_INSTANCE + 1];
	unsigned long long session;
};

static const char *login_item(pam_handle_t *pamh, int item)
{
	const void *value = NULL;

	if (pam_get_item(pamh, item, &value) != PAM_SUCCESS || !value)
		return "";
	return value;
}

/* Does the file `disable` exist, which only root can create? */
static bool login_is_disabled(const struct login *l)
{
	char path[PATH_MAX];
	struct stat st;

	if (proto_state_path(l->options->socket, PROTO_DISABLE, path) < 0 ||
	    lstat(path, &st) < 0)
		return false;
	if (S_ISREG(st.st_mode) && mountfd_only_roots(&st))
		return true;
	outcome_log(l->pamh, LOG_WARNING,
		    "%s is ignored: not a regular file that only root can write",
		    path);
	return false;
}

/* Looks the user up, once. Return: 0 or -errno with a sentence. */
static int login_find_user(struct login *l, struct error *err)
{
	int r;

	if (l->known)
		return 0;
	r = who_init(&l->who, l->user, l->service, l->tty, l->rhost, err);
	l->known = r == 0;
	return r;
}

/* Reads the policy that counts. Return: 0 with l->policy; -errno with a
 * sentence. */
static int login_read_policy(struct login *l, struct error *err)
{
	char last_good[PATH_MAX];
	const struct policy_sources sources = {.path = l->options->config,
					       .last_good = last_good};
	struct policy_current now;
	int r = proto_state_path(l->options->socket, PROTO_LAST_GOOD,
				 last_good);

	if (r < 0)
		return error_set(err, r,
				 "the state directory's path is too long");
	r = policy_current(&sources, &now, NULL);
	*err = now.why;
	if (now.last_good)
		outcome_log(l->pamh, LOG_WARNING,
			    "%s: the last good policy is used instead (see netns-pam check)",
			    err->text);
	l->policy = now.policy;
	return r;
}

/* There is no valid policy, not even an old one: root may log in to repair it.
 */
static enum outcome login_without_policy(struct login *l, int code)
{
	struct error other;

	if (!policy_is_shortage(code) && login_find_user(l, &other) == 0 &&
	    l->who.uid == 0)
		return OUTCOME_ROOT_PASSES;
	return OUTCOME_UNDECIDED;
}

static bool login_is_in_host(void)
{
	unsigned long long dev, ino;
	struct stat host;

	return stat(HOST_NETNS, &host) == 0 &&
	       enter_current_netns(&dev, &ino) == 0 && host.st_dev == dev &&
	       host.st_ino == ino;
}

/*
 * Reads the policy and finds the rule. Return: OUTCOME_MOVED when the daemon
 * has to be asked for a namespace, else the outcome.
 */
static enum outcome login_decide(struct login *l, struct error *err)
{
	struct policy_login login;
	int r;

	l->rule = NULL;
	l->policy = policy_free(l->policy);
	r = login_read_policy(l, err);
	if (r < 0)
		return login_without_policy(l, r);
	if (l->policy->n_rules == 0 || policy_excludes(l->policy, l->service))
		return OUTCOME_NO_RULE;
	if (login_find_user(l, err) < 0)
		return OUTCOME_UNDECIDED;

	login = who_login(&l->who);
	r = policy_match(l->policy, &login, &l->rule);
	/* Only to look up the groups that netns-pamd needs to decide this. */
	if (r == 0 && l->rule && l->rule->guard)
		r = policy_guards(l->policy, &login);
	if (r < 0) {
		error_set(err, r, "cannot match the rules: %s",
			  who_trouble(&l->who, r));
		return OUTCOME_UNDECIDED;
	}
	if (!l->rule ||
	    (l->options->namespace &&
	     strcmp(l->options->namespace, l->rule->namespace) != 0))
		return OUTCOME_NO_RULE;
	if (strcmp(l->rule->namespace, POLICY_HOST) == 0 && login_is_in_host())
		return OUTCOME_STAYS;
	return OUTCOME_MOVED;
}

/* Enters the namespace of the answer. */
static int login_enter(struct login *l, struct request_answer *a,
		       struct enter_origin *origin, struct error *err)
{
	const struct proto_reply *reply = &a->reply;
	char scratch[PATH_MAX];
	struct enter_plan plan = {
		.netns = a->netns,
		.host_mntns = a->mntns,
		.resolv_conf = a->resolv_conf,
		.etc_section = reply->flags & PROTO_ETC ? reply->section : NULL,
		.scratch = scratch,
	};
	_cleanup_close_ int own = -EBADF;
	int r;

	r = proto_state_path(l->options->socket, "mnt", scratch);
	if (r < 0)
		return error_set(err, r,
				 "the state directory's path is too long");
	if (plan.netns < 0 && !plan.resolv_conf && !plan.etc_section)
		return 0; /* it is there already, and nothing is mounted */
	if (plan.netns < 0) {
		own = fd_above_stdio(open("/proc/thread-self/ns/net",
					  O_RDONLY | O_CLOEXEC | O_NOCTTY));
		if (own < 0)
			return error_set(err, -errno,
					 "/proc/thread-self/ns/net: %m");
		plan.netns = own;
	}
	if (guest_is_threaded())
		outcome_log(l->pamh, LOG_WARNING,
			    "%s has more than one thread: only the thread that opens the session moves into the namespace, and the processes that it starts",
			    l->service[0] ? l->service : "this program");
	return enter_namespace(&plan, origin, err);
}

static int login_set_environment(pam_handle_t *pamh, const char *namespace)
{
	char text[sizeof(SESSION_ENV) + NAME_MAX_INSTANCE + 2];

	if (!namespace[0])
		return 0;
	snprintf(text, sizeof(text), SESSION_ENV "=%s", namespace);
	return pam_putenv(pamh, text) == PAM_SUCCESS ? 0 : -ENOMEM;
}

static enum outcome login_use_answer(struct login *l, struct request_answer *a,
				     struct error *err)
{
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	struct error back;
	int r;

	memcpy(l->namespace, a->reply.namespace, sizeof(l->namespace));
	l->session = a->reply.session;
	r = login_enter(l, a, &origin, err);
	if (r == 0) {
		r = login_set_environment(l->pamh, l->namespace);
		if (r == 0)
			r = session_keep(l->pamh, a->lease, &origin);
		if (r == 0) {
			a->lease = -EBADF;
			return OUTCOME_MOVED;
		}
		error_set(err, r,
			  "cannot store the session in the PAM handle: %m");
		if (enter_restore(&origin, &back) < 0)
			r = -ENOTRECOVERABLE;
		enter_forget(&origin);
	}
	session_release(a->lease);
	return r == -ENOTRECOVERABLE ? OUTCOME_STRANDED : OUTCOME_UNAVAILABLE;
}

/* One request. *again: the daemon has another policy; read it and try again. */
static enum outcome login_request(struct login *l, uint64_t deadline,
				  bool *again, struct error *err)
{
	_cleanup_(request_answer_clear) struct request_answer a =
		REQUEST_ANSWER_NONE;

	if (request_open(l->options->socket, l->policy, &l->who, deadline, &a,
			 err) < 0)
		return OUTCOME_UNAVAILABLE;
	switch (a.reply.verdict) {
	case PROTO_OK:
		return login_use_answer(l, &a, err);
	case PROTO_STAY:
		return OUTCOME_STAYS;
	case PROTO_RETRY:
		*again = true;
		error_set(err, -ETIMEDOUT,
			  "netns-pamd has another policy than %s (see netns-pam reload)",
			  l->options->config);
		return OUTCOME_UNAVAILABLE;
	case PROTO_DENIED:
		error_set(err, -EACCES, "%s", a.reply.text);
		return OUTCOME_DENIED;
	default: /* FAILED, MALFORMED */
		error_set(err, -EREMOTEIO, "%s", a.reply.text);
		return OUTCOME_UNAVAILABLE;
	}
}

static enum outcome login_run(struct login *l, struct error *err)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	enum outcome outcome;
	uint64_t began = 0;

	for (;;) {
		bool again = false;
		uint64_t deadline;

		outcome = login_decide(l, err);
		if (outcome != OUTCOME_MOVED)
			return outcome;
		/* Look-ups have limits of their own: the time starts here. */
		if (!began)
			began = deadline_now_ms();
		deadline = began + l->rule->timeout_ms;
		outcome = login_request(l, deadline, &again, err);
		if (!again || deadline_left_ms(deadline) <= RETRY_MS)
			return outcome;
		ppoll(NULL, 0, &pause, NULL);
	}
}

int login_open(pam_handle_t *pamh, const struct options *options,
	       const char *wrong, bool silent)
{
	struct login l = {
		.pamh = pamh,
		.options = options,
		.user = login_item(pamh, PAM_USER),
		.service = login_item(pamh, PAM_SERVICE),
		.tty = login_item(pamh, PAM_TTY),
		.rhost = login_item(pamh, PAM_RHOST),
	};
	struct error err = {""};
	struct outcome_report report;
	enum outcome outcome;
	int code;

	if (!wrong && session_exists(pamh))
		outcome = OUTCOME_REPEATED;
	else if (login_is_disabled(&l))
		outcome = OUTCOME_DISABLED;
	else if (wrong)
		outcome = login_without_policy(&l, error_set(&err, -EINVAL,
							     "%s", wrong));
	else
		outcome = login_run(&l, &err);

	report = (struct outcome_report){
		.outcome = outcome,
		.host_on_error =
			l.rule && l.rule->on_error == POLICY_ON_ERROR_HOST,
		.user = l.user,
		.rule = l.rule ? l.rule->name : "none",
		.namespace = l.namespace,
		.session = l.session,
		.why = err.text,
	};
	code = outcome_report(pamh, options, &report, silent);
	policy_free(l.policy);
	if (l.known)
		who_clear(&l.who);
	return code;
}
