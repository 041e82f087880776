/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OPEN, CLOSE and ENTER. The module says who logs in; which rule applies is
 * decided here, by the daemon's own copy of the policy.
 */
#include "connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/policy/policy.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/guard.h"
#include "helper/helper.h"
#include "helper/instance/resolv_conf.h"
#include "helper/lifecycle/lifecycle.h"

/* Group memberships that the module looked up, from the request. */
struct login_facts {
	const char *facts;
	size_t bytes;
};

static int login_in_group(void *data, const char *name)
{
	const struct login_facts *f = data;

	return proto_has_fact(f->facts, f->bytes, 'g', name);
}

static int login_in_netgroup(void *data, const char *name)
{
	const struct login_facts *f = data;

	return proto_has_fact(f->facts, f->bytes, 'n', name);
}

/* *ret_guard: are the user's packets in the host's namespace refused? */
static int login_match(const struct policy *p, const struct proto_request *req,
		       const char *facts, const struct policy_rule **ret,
		       bool *ret_guard)
{
	struct login_facts f = {facts, req->tail_bytes};
	struct policy_login login = {
		.user = req->user,
		.uid = req->uid,
		.service = req->service,
		.tty = req->tty,
		.rhost = req->rhost,
		.in_group = login_in_group,
		.in_netgroup = login_in_netgroup,
		.data = &f,
	};
	int r;

	*ret = NULL;
	*ret_guard = false;
	if (policy_excludes(p, req->service))
		return 0;
	r = policy_match(p, &login, ret);
	if (r == 0 && *ret && (*ret)->guard)
		*ret_guard = policy_guards(p, &login) > 0;
	return r;
}

static bool login_is_in(const struct proto_request *req,
			const struct netns_id *id)
{
	return req->netns_dev == id->dev && req->netns_ino == id->ino;
}

/* Are there files for sessions of the section, see ip-netns(8)? */
static bool login_has_etc(const char *section)
{
	char path[NAME_MAX_POLICY + 16];
	struct stat st;

	snprintf(path, sizeof(path), "/etc/netns/%s", section);
	/* After another error, the module refuses when it opens it. */
	return lstat(path, &st) == 0 || errno != ENOENT;
}

static int login_mounts(struct answer *a, const struct instance *i,
			const struct policy_namespace *ns, struct error *err)
{
	if (resolv_of(i, ns).set) {
		a->tail = resolv_conf(i, ns);
		if (!a->tail)
			return error_set(err, -ENOMEM, "out of memory");
		a->reply.tail_bytes = (uint32_t)strlen(a->tail);
		a->reply.flags |= PROTO_DNS;
	}
	if (login_has_etc(ns->name))
		a->reply.flags |= PROTO_ETC;
	return 0;
}

/*
 * Finds or makes the namespace of a section, and opens the session.
 * Return: 0 and *ret; INSTANCE_LATER; -errno with a sentence, and neither is
 * left.
 */
static int login_enter(struct connection *c, const struct proto_request *req,
		       const struct policy_namespace *ns, bool guard,
		       struct answer *a, struct instance **ret,
		       struct error *err)
{
	struct helper *h = c->helper;
	const struct instance_user who = {req->user[0] ? req->user : NULL,
					  req->uid};
	_cleanup_close_ int fd = -EBADF;
	struct instance *i = NULL;
	int r = lifecycle_get(h, ns, &who, c->made, &c->waiter, &i, &fd, err);

	if (r != 0)
		return r;
	r = login_mounts(a, i, ns, err);
	if (r == 0)
		r = session_open(h, i, req, c->pid, c->pidfd, &c->holder, guard,
				 &c->session, err);
	if (r < 0) {
		free(a->tail);
		a->tail = NULL;
		a->reply.tail_bytes = 0;
		a->reply.flags = 0;
		/* Removes it when no other session uses it. */
		lifecycle_hold(i);
		lifecycle_release(i);
		return r;
	}
	c->lease = true;
	a->reply.session = c->session->id;
	answer_fd(a, PROTO_FD_NETNS, take_fd(&fd), true);
	*ret = i;
	return answer_ok(a, i->name, ns->name);
}

static int login_place(struct connection *c, const struct proto_request *req,
		       const struct policy_rule *rule, bool guard, bool nested,
		       struct answer *a)
{
	struct helper *h = c->helper;
	const struct policy_namespace *ns =
		policy_namespace_find(store_policy(h->store), rule->namespace);
	uint64_t began = c->waiting ? c->waiting_since : deadline_now_ms();
	struct instance *i = NULL;
	struct error why = {""};
	int r = 0;

	if (!ns)
		return answer_set(a, PROTO_FAILED, "no section for %s",
				  rule->namespace);
	if (guard)
		r = guard_ensure(h, req->uid, &why);
	if (r == 0)
		r = login_enter(c, req, ns, guard, a, &i, &why);
	if (r == INSTANCE_LATER)
		return ANSWER_LATER;
	if (r < 0 || !i) {
		log_error("%s (%s): no namespace %s: %s", req->user,
			  req->service, rule->namespace, why.text);
		return answer_set(a, PROTO_FAILED, "%s", why.text);
	}
	if (login_is_in(req, &i->netns))
		a->reply.flags |= PROTO_ALREADY;
	else if (nested)
		answer_fd(a, PROTO_FD_MNT, h->host->mntns_fd, false);
	snprintf(a->log, sizeof(a->log),
		 "session %" PRIu64
		 ": %s (uid %u, %s%s%s%s%s) from process %d by rule %s in %s [%" PRIu64
		 "], %" PRIu64 " ms",
		 a->reply.session, req->user, req->uid, req->service,
		 *req->tty ? " on " : "", req->tty, *req->rhost ? " from " : "",
		 req->rhost, c->pid, rule->name, i->name, i->netns.ino,
		 deadline_now_ms() - began);
	return 0;
}

int login_open(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a)
{
	struct helper *h = c->helper;
	bool guard, nested = !login_is_in(req, &h->host->id);
	const struct policy_rule *rule;
	struct error why = {""};
	int r;

	if (req->digest != store_policy(h->store)->digest)
		store_reload(h->store, false, &why);
	if (req->digest != store_policy(h->store)->digest)
		return answer_set(a, PROTO_RETRY, "the policy has changed%s%s",
				  *why.text ? ": " : "", why.text);
	r = login_match(store_policy(h->store), req, facts, &rule, &guard);
	if (r < 0)
		return answer_set(a, PROTO_FAILED,
				  "the policy cannot be matched: %s",
				  strerror(-r));
	if (!rule)
		return answer_set(a, PROTO_STAY, "no rule matches");
	if (nested && rule->nested == POLICY_KEEP)
		return answer_set(a, PROTO_STAY,
				  "rule %s leaves a login from inside a namespace there",
				  rule->name);
	if (nested && rule->nested != POLICY_SWITCH)
		return answer_set(a, PROTO_DENIED,
				  "rule %s refuses logins from inside a namespace",
				  rule->name);
	if (strcmp(rule->namespace, POLICY_HOST) != 0)
		return login_place(c, req, rule, guard, nested, a);
	if (!nested)
		return answer_set(a, PROTO_STAY,
				  "rule %s leaves this login where it is",
				  rule->name);
	answer_fd(a, PROTO_FD_NETNS, h->host->fd, false);
	answer_fd(a, PROTO_FD_MNT, h->host->mntns_fd, false);
	return answer_ok(a, POLICY_HOST, "");
}

int login_close(struct connection *c, const struct proto_request *req,
		const char *facts, struct answer *a)
{
	if (c->session)
		session_end(c->session);
	return answer_ok(a, "", "");
}

/* `netns-pam exec`: the same for a command instead of a login. */
int login_exec(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a)
{
	const struct policy_namespace *ns =
		policy_namespace_find(store_policy(c->helper->store),
				      req->name);
	struct proto_request who = *req;
	struct instance *i = NULL;
	struct error why = {""};
	int r;

	if (!ns)
		return answer_set(a, PROTO_FAILED,
				  "the policy has no section [namespace %s]",
				  req->name);
	memcpy(who.service, "netns-pam exec", sizeof("netns-pam exec"));
	r = login_enter(c, &who, ns, false, a, &i, &why);
	if (r == INSTANCE_LATER)
		return ANSWER_LATER;
	if (r < 0 || !i)
		return answer_set(a, PROTO_FAILED, "%s", why.text);
	log_info("session %" PRIu64 ": exec by process %d in %s",
		 a->reply.session, c->pid, i->name);
	return 0;
}
