/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UP, DOWN, RELOAD and KICK: requests of the command netns-pam. */
#include "connection.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/policy/policy.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/filter.h"
#include "helper/helper.h"
#include "helper/lifecycle/end.h"
#include "helper/lifecycle/lifecycle.h"
#include "helper/lifecycle/spare.h"

int admin_up(struct connection *c, const struct proto_request *req,
	     const char *tail, struct answer *a)
{
	struct helper *h = c->helper;
	const struct policy_namespace *ns =
		policy_namespace_find(store_policy(h->store), req->name);
	const struct instance_user who = {req->user[0] ? req->user : NULL,
					  req->uid};
	_cleanup_close_ int fd = -EBADF;
	struct instance *i = NULL;
	struct error why = {""};
	int r;

	if (!ns)
		return answer_set(a, PROTO_FAILED,
				  "the policy has no section [namespace %s]",
				  req->name);
	if (ns->scope == SCOPE_SESSION)
		return answer_set(a, PROTO_FAILED,
				  "the namespace %s is one per session: a login makes it",
				  req->name);
	if (ns->link == LINK_EXTERNAL)
		return answer_set(a, PROTO_FAILED,
				  "the namespace %s has link = external: another program makes it",
				  req->name);
	r = lifecycle_get(h, ns, &who, c->made, &c->waiter, &i, &fd, &why);
	if (r == INSTANCE_LATER)
		return ANSWER_LATER;
	if (r < 0 || !i)
		return answer_set(a, PROTO_FAILED, "%s", why.text);
	if (!i->foreign)
		lifecycle_pin(i);
	log_info("%s is up by hand", i->name);
	return answer_ok(a, i->name, ns->name);
}

/*
 * Called a second time when the `down` program has run and the namespace is
 * removed: a namespace of that name is another one by then.
 */
int admin_down(struct connection *c, const struct proto_request *req,
	       const char *tail, struct answer *a)
{
	char name[NAME_MAX_INSTANCE + 1] = "";
	struct helper *h = c->helper;
	struct instance *i = NULL;

	/* The request has the name of the namespace, or section and user. */
	if (!req->user[0])
		memcpy(name, req->name, sizeof(req->name));
	if (!req->user[0] ||
	    name_instance(req->name, req->user, req->uid, 0, name) == 0)
		i = instance_find(h, name);
	if (c->waiting)
		return answer_ok(a, name, "");
	if (i && i->sessions) {
		session_settle(i);
		i = instance_find(h, name);
	}
	if (!i)
		return answer_set(a, PROTO_FAILED,
				  "there is no namespace %s%s%s that netns-pamd made: see `netns-pam status`",
				  req->name, *req->user ? " of " : "",
				  req->user);
	if (i->foreign)
		return answer_set(a, PROTO_FAILED,
				  "the namespace %s was not made by netns-pam and is never removed by it",
				  i->name);
	if (i->sessions && !(req->flags & PROTO_FORCE))
		return answer_set(a, PROTO_FAILED,
				  "%u session%s in the namespace %s: kick %s, or use --force to disconnect %s",
				  i->sessions,
				  i->sessions == 1 ? " is" : "s are", i->name,
				  i->sessions == 1 ? "it" : "them",
				  i->sessions == 1 ? "it" : "them");
	log_info("%s is taken down by hand", i->name);
	end_ask(i, END_CUT);
	i = instance_find(h, name);
	if (!i || i->state != INSTANCE_CLOSING)
		return answer_ok(a, name, "");
	instance_wait(i, &c->waiter);
	return ANSWER_LATER;
}

/* --- reload and kick --- */

int admin_reload(struct connection *c, const struct proto_request *req,
		 const char *tail, struct answer *a)
{
	struct helper *h = c->helper;
	struct error why;
	int r = store_reload(h->store, true, &why);

	if (r < 0)
		return answer_set(a, PROTO_FAILED, "%s", why.text);
	spare_renew(h);
	/* What made it fail may have changed. */
	h->filter_stale = h->filter_stale && filter_reload(h, &why) < 0;
	if (h->filter_stale)
		return answer_set(a, PROTO_FAILED,
				  "new sessions get the new policy, but open namespaces keep the filter they have: %s",
				  why.text);
	return answer_ok(a, "", "");
}

int admin_kick(struct connection *c, const struct proto_request *req,
	       const char *tail, struct answer *a)
{
	const struct session *s = session_find(c->helper, req->session);

	if (!s)
		return answer_set(a, PROTO_FAILED,
				  "there is no session %" PRIu64
				  ": see `netns-pam status`",
				  req->session);
	if (s->pidfd < 0)
		return answer_set(a, PROTO_FAILED,
				  "the process that opened session %" PRIu64
				  " has ended",
				  req->session);
	log_info("session %" PRIu64 " of %s is to be ended", s->id, s->user);
	a->reply.session = s->id;
	answer_fd(a, PROTO_FD_PID, s->pidfd, false);
	return answer_ok(a, s->instance->name, "");
}
