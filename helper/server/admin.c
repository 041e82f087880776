/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the administrator's command asks: status, up, down, reload, kick. */
#include "admin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/policy/policy.h"
#include "dump.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/firewall/filter.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/lifecycle/end.h"
#include "helper/lifecycle/lifecycle.h"
#include "helper/lifecycle/spare.h"

static const struct policy_namespace *admin_section(const struct helper *h,
						    const char *name)
{
	return policy_namespace_find(store_policy(h->store), name);
}

/* --- status --- */

static void admin_status_packet(FILE *f, enum proto_verdict verdict,
				const void *tail, size_t bytes)
{
	struct proto_reply head = {.magic = PROTO_MAGIC,
				   .version = PROTO_VERSION,
				   .verdict = (uint16_t)verdict,
				   .tail_bytes = (uint32_t)bytes};

	fwrite(&head, sizeof(head), 1, f);
	if (bytes)
		fwrite(tail, bytes, 1, f);
}

static void admin_status_namespace(FILE *f, struct helper *h,
				   const struct instance *i)
{
	const struct link_ops *ops = i->ops;
	struct proto_namespace n;

	memset(&n, 0, sizeof(n));
	memcpy(n.name, i->name, strlen(i->name));
	memcpy(n.section, i->section, strlen(i->section));
	memcpy(n.user, i->user, strlen(i->user));
	snprintf(n.link, sizeof(n.link), "%s",
		 i->foreign ? "external" : policy_link_name(i->link));
	snprintf(n.scope, sizeof(n.scope), "%s", policy_scope_words[i->scope]);
	snprintf(n.lifetime, sizeof(n.lifetime), "%s",
		 policy_lifetime_words[i->lifetime]);
	snprintf(n.state, sizeof(n.state), "%s",
		 i->state != INSTANCE_LIVE ? instance_state_name(i->state)
		 : i->broken		   ? "broken"
		 : i->pinned		   ? "up"
		 : i->sessions		   ? "in use"
					   : "idle");
	n.uid = i->uid;
	n.sessions = i->sessions;
	n.netns_ino = i->netns.ino;
	n.since = i->since;
	if (ops->describe && !i->foreign)
		ops->describe(h, i, &n);
	admin_status_packet(f, PROTO_NAMESPACE, &n, sizeof(n));
}

static void admin_status_session(FILE *f, const struct session *s)
{
	struct proto_session p;

	memset(&p, 0, sizeof(p));
	p.id = s->id;
	p.since = s->since;
	p.pid = (uint32_t)s->pid;
	p.uid = s->uid;
	memcpy(p.namespace, s->instance->name, strlen(s->instance->name));
	memcpy(p.user, s->user, strlen(s->user));
	memcpy(p.service, s->service, strlen(s->service));
	memcpy(p.tty, s->tty, strlen(s->tty));
	memcpy(p.rhost, s->rhost, strlen(s->rhost));
	admin_status_packet(f, PROTO_SESSION, &p, sizeof(p));
}

/* One packet for each line. Return: 0 or -ENOMEM. */
static int admin_status_debug(FILE *f, struct helper *h)
{
	_cleanup_free_ char *text = NULL;
	size_t bytes = 0;
	FILE *lines = open_memstream(&text, &bytes);

	if (!lines)
		return -ENOMEM;
	dump_print(h, lines);
	if (fclose(lines) != 0)
		return -ENOMEM;
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (*line)
			admin_status_packet(f, PROTO_TEXT, line, strlen(line));
	return 0;
}

/* All packets are queued; the connection sends them as they fit. */
int admin_status(struct connection *c, const struct proto_request *req,
		 const char *facts, struct answer *a)
{
	bool debug = req->flags & PROTO_DEBUG;
	const struct helper *h = c->helper;
	size_t bytes = 0;
	int r = 0;
	FILE *f;

	if (c->pending)
		return -EBUSY;
	f = open_memstream(&c->pending, &bytes);
	if (!f)
		return -ENOMEM;
	if (debug)
		r = admin_status_debug(f, c->helper);
	for (const struct instance *i = h->instances; !debug && i; i = i->next)
		admin_status_namespace(f, c->helper, i);
	for (const struct session *s = h->sessions; !debug && s; s = s->next)
		admin_status_session(f, s);
	admin_status_packet(f, PROTO_OK, NULL, 0);
	if (fclose(f) != 0 || r < 0)
		return -ENOMEM;
	c->pending_bytes = bytes;
	c->pending_at = 0;
	return ANSWER_PENDING;
}

/* --- up and down --- */

int admin_up(struct connection *c, const struct proto_request *req,
	     const char *facts, struct answer *a)
{
	struct helper *h = c->helper;
	const struct policy_namespace *ns = admin_section(h, req->name);
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
		return answer_set(
			a, PROTO_FAILED,
			"the namespace %s is one per session: a login makes it",
			req->name);
	if (ns->link == LINK_EXTERNAL)
		return answer_set(
			a, PROTO_FAILED,
			"the namespace %s has link = external: somebody else makes it",
			req->name);
	r = lifecycle_get(h, ns, &who, c->made, &c->waiter, &i, &fd, &why);
	if (r == INSTANCE_LATER)
		return ANSWER_LATER;
	if (r < 0 || !i)
		return answer_set(a, PROTO_FAILED, "%s", why.text);
	if (!i->foreign)
		lifecycle_pin(i);
	log_info("%s is up by hand", i->name);
	memcpy(a->reply.namespace, i->name, strlen(i->name));
	memcpy(a->reply.section, ns->name, strlen(ns->name));
	return answer_set(a, PROTO_OK, "%s", "");
}

/* The name that `ip netns list` shows is given, or section and user. */
static int admin_name(const struct proto_request *req,
		      char ret[static NAME_MAX_INSTANCE + 1])
{
	if (req->user[0])
		return name_instance(req->name, req->user, req->uid, 0, ret);
	memcpy(ret, req->name, sizeof(req->name));
	return 0;
}

static int admin_downed(const char *name, struct answer *a)
{
	memcpy(a->reply.namespace, name, strlen(name));
	return answer_set(a, PROTO_OK, "%s", "");
}

/*
 * Asked again when it is gone: `down` has run meanwhile. What has the name by
 * then is another one.
 */
int admin_down(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a)
{
	char name[NAME_MAX_INSTANCE + 1] = "";
	struct helper *h = c->helper;
	struct instance *i = NULL;

	if (admin_name(req, name) == 0)
		i = instance_find(h, name);
	if (c->waiting)
		return admin_downed(name, a);
	if (i && i->sessions) {
		session_settle(i);
		i = instance_find(h, name);
	}
	if (!i)
		return answer_set(
			a, PROTO_FAILED,
			"there is no namespace %s%s%s that netns-pamd made: see `netns-pam status`",
			req->name, *req->user ? " of " : "", req->user);
	if (i->foreign)
		return answer_set(
			a, PROTO_FAILED,
			"the namespace %s was made by somebody else and is never removed by netns-pam",
			i->name);
	if (i->sessions && !(req->flags & PROTO_FORCE))
		return answer_set(
			a, PROTO_FAILED,
			"%u session%s in the namespace %s: kick %s, or use --force to cut %s off",
			i->sessions, i->sessions == 1 ? " is" : "s are",
			i->name, i->sessions == 1 ? "it" : "them",
			i->sessions == 1 ? "it" : "them");
	log_info("%s is taken down by hand", i->name);
	end_ask(i, END_CUT);
	i = instance_find(h, name);
	if (!i || i->state != INSTANCE_CLOSING)
		return admin_downed(name, a);
	instance_wait(i, &c->waiter);
	return ANSWER_LATER;
}

/* --- reload and kick --- */

int admin_reload(struct connection *c, const struct proto_request *req,
		 const char *facts, struct answer *a)
{
	struct helper *h = c->helper;
	struct error why;
	int r = store_reload(h->store, true, &why);

	if (r < 0)
		return answer_set(a, PROTO_FAILED, "%s", why.text);
	spare_renew(h);
	/* Tried again: what was in the way may have gone since. */
	h->filter_stale = h->filter_stale && filter_reload(h, &why) < 0;
	if (h->filter_stale)
		return answer_set(
			a, PROTO_FAILED,
			"new sessions get the new policy, but open namespaces keep the filter they have: %s",
			why.text);
	return answer_set(a, PROTO_OK, "%s", "");
}

int admin_kick(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a)
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
				  " is gone",
				  req->session);
	log_info("session %" PRIu64 " of %s is to be ended", s->id, s->user);
	a->reply.session = s->id;
	memcpy(a->reply.namespace, s->instance->name,
	       strlen(s->instance->name));
	answer_fd(a, PROTO_FD_PID, s->pidfd, false);
	return answer_set(a, PROTO_OK, "%s", "");
}
