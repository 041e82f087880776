/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STATUS: namespaces and sessions as records, or, with PROTO_DEBUG, the state
 * of the daemon as lines for people who debug it.
 */
#include "connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/policy/policy.h"
#include "helper/base/policy_store.h"
#include "helper/base/text.h"
#include "helper/helper.h"
#include "helper/instance/link_ops.h"
#include "helper/network/network.h"
#include "helper/process/child.h"

static void status_packet(FILE *f, enum proto_verdict verdict, const void *tail,
			  size_t bytes)
{
	struct proto_reply head = {.magic = PROTO_MAGIC,
				   .version = PROTO_VERSION,
				   .verdict = (uint16_t)verdict,
				   .tail_bytes = (uint32_t)bytes};

	fwrite(&head, sizeof(head), 1, f);
	if (bytes)
		fwrite(tail, bytes, 1, f);
}

static void status_describe(struct helper *h, const struct instance *i,
			    struct proto_namespace *ret)
{
	if (i->address4.family)
		inet_prefix_format(&i->address4, ret->address4);
	if (i->address6.family)
		inet_prefix_format(&i->address6, ret->address6);
	if (i->ops->describe && !i->foreign)
		i->ops->describe(h, i, ret);
}

static void status_namespace(FILE *f, struct helper *h,
			     const struct instance *i)
{
	struct proto_namespace n = {.uid = i->uid,
				    .sessions = i->sessions,
				    .netns_ino = i->netns.ino,
				    .since = i->since};

	memcpy(n.name, i->name, strlen(i->name));
	memcpy(n.section, i->section, strlen(i->section));
	memcpy(n.user, i->user, strlen(i->user));
	snprintf(n.link, sizeof(n.link), "%s",
		 i->foreign ? "external" : policy_link_name(i->link));
	snprintf(n.scope, sizeof(n.scope), "%s", policy_scope_words[i->scope]);
	snprintf(n.lifetime, sizeof(n.lifetime), "%s",
		 policy_lifetime_words[i->lifetime]);
	snprintf(n.state, sizeof(n.state), "%s",
		 i->state != INSTANCE_LIVE ? instance_state_names[i->state]
		 : i->broken		   ? "broken"
		 : i->pinned		   ? "up"
		 : i->sessions		   ? "in use"
					   : "idle");
	status_describe(h, i, &n);
	status_packet(f, PROTO_NAMESPACE, &n, sizeof(n));
}

static void status_session(FILE *f, const struct session *s)
{
	struct proto_session p = {.id = s->id,
				  .since = s->since,
				  .pid = (uint32_t)s->pid,
				  .uid = s->uid};

	memcpy(p.namespace, s->instance->name, strlen(s->instance->name));
	memcpy(p.user, s->user, strlen(s->user));
	memcpy(p.service, s->service, strlen(s->service));
	memcpy(p.tty, s->tty, strlen(s->tty));
	memcpy(p.rhost, s->rhost, strlen(s->rhost));
	status_packet(f, PROTO_SESSION, &p, sizeof(p));
}

/* --- --debug --- */

static const char *status_name(const char *name)
{
	return *name ? name : "-";
}

static void status_flag(FILE *f, bool set, const char *name)
{
	if (set)
		fprintf(f, ", %s", name);
}

static void status_debug_instance(FILE *f, struct helper *h,
				  const struct instance *i)
{
	struct proto_namespace n = {.uid = i->uid};
	size_t waiters = 0;

	for (const struct instance_waiter *w = i->waiters; w; w = w->next)
		waiters++;
	status_describe(h, i, &n);
	fprintf(f,
		"namespace %s: id %" PRIu64
		", state %s, link %s, inode %" PRIu64
		", sessions %u, waiters %zu",
		i->name, i->id, instance_state_names[i->state],
		policy_link_name(i->link), i->netns.ino, i->sessions, waiters);
	status_flag(f, i->foreign, "foreign");
	status_flag(f, i->pinned, "pinned");
	status_flag(f, i->broken, "broken");
	status_flag(f, i->cut, "cut");
	status_flag(f, i->attached, "attached");
	status_flag(f, i->straggler, "a process inside is watched");
	fprintf(f, "\n  section %s, plan %016" PRIx64 ", user %s, uid %u\n",
		i->section, i->plan, status_name(i->user), i->uid);
	fprintf(f,
		"  interface %s (%u), host interface %s (%u), slot %u, network %s\n",
		status_name(i->ifname), i->ifindex, status_name(i->host_ifname),
		i->host_ifindex, i->slot, status_name(i->network));
	fprintf(f,
		"  address %s %s, name servers %zu, filter %s, inside %016" PRIx64
		", rate %" PRIu64 "\n",
		status_name(n.address4), status_name(n.address6), i->n_link_dns,
		i->filter ? "set" : "none", i->filter_inside, i->rate_bits);
	fprintf(f, "  hook process %d, link process %d, kept fd %d%s%s%s%s\n",
		i->hook ? i->hook_pid : 0, i->child ? i->pid : 0, i->kept,
		i->state == INSTANCE_MAKING ? ", waits for " : "",
		i->state == INSTANCE_MAKING ? instance_waits_for(i) : "",
		*n.detail ? ", link: " : "", n.detail);
}

static void status_debug_network(FILE *f, const struct network *n)
{
	static const char *const states[] = {"making", "live", "removing"};

	fprintf(f,
		"network %s: state %s, type %s, bridge %s (%u), host interface %s (%u), ports %zu, dhcp process %d\n",
		n->name, states[n->state],
		n->type == NETWORK_OVS ? "ovs" : "linux",
		status_name(n->bridge), n->ifindex, status_name(n->host_ifname),
		n->host_ifindex, n->n_ports, n->dhcp_pid);
}

static void status_debug_session(FILE *f, const struct session *s)
{
	fprintf(f,
		"session %" PRIu64
		": namespace %s, user %s, uid %u, service %s, process %d %s, connection %d%s\n",
		s->id, s->instance->name, s->user, s->uid, s->service, s->pid,
		s->exit ? "runs" : "has ended", s->holder ? s->holder->fd : -1,
		s->guard ? ", guarded" : "");
}

static void status_debug_connection(FILE *f, const struct connection *c)
{
	fprintf(f, "connection %d: process %d", c->holder.fd, c->pid);
	if (c->session)
		fprintf(f, ", session %" PRIu64, c->session->id);
	status_flag(f, c->lease && !c->session, "its session has ended");
	if (c->waiting)
		fprintf(f, ", waits for %s since %" PRIu64 " ms",
			c->waiter.instance ? c->waiter.instance->name : "-",
			deadline_now_ms() - c->waiting_since);
	fputc('\n', f);
}

static void status_print(FILE *f, struct helper *h)
{
	fprintf(f,
		"daemon: version " VERSION ", process %d, policy %016" PRIx64
		", connections %u, next namespace %" PRIu64
		", next session %" PRIu64 ", nf_tables %s%s\n",
		getpid(), store_policy(h->store)->digest, h->connections,
		h->next_instance, h->next_session, h->nft ? "yes" : "no",
		h->filter_stale ? ", filters are older than the policy" : "");
	for (const struct instance *i = h->instances; i; i = i->next)
		status_debug_instance(f, h, i);
	for (const struct network *n = h->networks; n; n = n->next)
		status_debug_network(f, n);
	for (const struct session *s = h->sessions; s; s = s->next)
		status_debug_session(f, s);
	for (const struct connection *c = h->peers; c; c = c->next)
		status_debug_connection(f, c);
	child_print(h, f);
}

/* One packet for each line. Return: 0 or -ENOMEM. */
static int status_lines(FILE *f, struct helper *h)
{
	_cleanup_(text_clear) struct text text;
	FILE *lines = text_open(&text, NULL);

	if (lines)
		status_print(lines, h);
	if (!lines || text_close(&text, 0, NULL) < 0)
		return -ENOMEM;
	for (char *rest = text.s, *line; (line = strsep(&rest, "\n"));)
		if (*line)
			status_packet(f, PROTO_TEXT, line, strlen(line));
	return 0;
}

/* All packets are queued; the connection sends them as they fit. */
int status_query(struct connection *c, const struct proto_request *req,
		 const char *tail, struct answer *a)
{
	struct helper *h = c->helper;
	size_t bytes = 0;
	int r = 0;
	FILE *f;

	if (c->pending)
		return -EBUSY;
	f = open_memstream(&c->pending, &bytes);
	if (!f)
		return -ENOMEM;
	if (req->flags & PROTO_DEBUG) {
		r = status_lines(f, h);
	} else {
		for (const struct instance *i = h->instances; i; i = i->next)
			status_namespace(f, h, i);
		for (const struct session *s = h->sessions; s; s = s->next)
			status_session(f, s);
	}
	status_packet(f, PROTO_OK, NULL, 0);
	if (fclose(f) != 0 || r < 0)
		return -ENOMEM;
	c->pending_bytes = bytes;
	c->pending_at = 0;
	return ANSWER_PENDING;
}
