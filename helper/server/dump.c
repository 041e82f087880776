/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dump.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/policy/policy.h"
#include "common/proto.h"
#include "connection.h"
#include "helper/base/policy_store.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/network/network.h"
#include "helper/process/child.h"
#include "session.h"

static const char *dump_name(const char *name)
{
	return *name ? name : "-";
}

static void dump_flag(FILE *f, bool set, const char *name)
{
	if (set)
		fprintf(f, ", %s", name);
}

static void dump_instance(FILE *f, struct helper *h, const struct instance *i)
{
	static const char *const states[] = {
		[INSTANCE_MAKING] = "MAKING",
		[INSTANCE_LIVE] = "LIVE",
		[INSTANCE_CLOSING] = "CLOSING",
		[INSTANCE_LEAVING] = "LEAVING",
	};
	struct proto_namespace n = {.uid = i->uid};
	size_t waiters = 0;

	for (const struct instance_waiter *w = i->waiters; w; w = w->next)
		waiters++;
	if (i->ops->describe && !i->foreign)
		i->ops->describe(h, i, &n);
	fprintf(f,
		"namespace %s: id %" PRIu64
		", state %s, link %s, inode %" PRIu64
		", sessions %u, waiters %zu",
		i->name, i->id, states[i->state], policy_link_name(i->link),
		i->netns.ino, i->sessions, waiters);
	dump_flag(f, i->foreign, "foreign");
	dump_flag(f, i->pinned, "pinned");
	dump_flag(f, i->broken, "broken");
	dump_flag(f, i->cut, "cut");
	dump_flag(f, i->attached, "attached");
	dump_flag(f, i->straggler, "a process inside is watched");
	fprintf(f, "\n  section %s, plan %016" PRIx64 ", user %s, uid %u\n",
		i->section, i->plan, dump_name(i->user), i->uid);
	fprintf(f,
		"  interface %s (%u), host interface %s (%u), slot %u, network %s\n",
		dump_name(i->ifname), i->ifindex, dump_name(i->host_ifname),
		i->host_ifindex, i->slot, dump_name(i->network));
	fprintf(f,
		"  address %s %s, name servers %zu, filter %s, inside %016" PRIx64
		", rate %" PRIu64 "\n",
		dump_name(n.address4), dump_name(n.address6), i->n_link_dns,
		i->filter ? "set" : "none", i->filter_inside, i->rate_bits);
	fprintf(f, "  hook process %d, link process %d, kept fd %d%s%s%s%s\n",
		i->hook ? i->hook_pid : 0, i->child ? i->pid : 0, i->kept,
		i->state == INSTANCE_MAKING ? ", waits for " : "",
		i->state == INSTANCE_MAKING ? instance_waits_for(i) : "",
		*n.detail ? ", link: " : "", n.detail);
}

static void dump_network(FILE *f, const struct network *n)
{
	static const char *const states[] = {
		[NETWORK_MAKING] = "MAKING",
		[NETWORK_LIVE] = "LIVE",
		[NETWORK_REMOVING] = "REMOVING",
	};

	fprintf(f,
		"network %s: state %s, type %s, bridge %s (%u), host interface %s (%u), ports %zu, dhcp process %d\n",
		n->name, states[n->state],
		n->type == NETWORK_OVS ? "ovs" : "linux", dump_name(n->bridge),
		n->ifindex, dump_name(n->host_ifname), n->host_ifindex,
		n->n_ports, n->dhcp_pid);
}

static void dump_session(FILE *f, const struct session *s)
{
	fprintf(f,
		"session %" PRIu64
		": namespace %s, user %s, uid %u, service %s, process %d %s, connection %d%s\n",
		s->id, s->instance->name, s->user, s->uid, s->service, s->pid,
		s->exit ? "runs" : "has ended", s->holder ? s->holder->fd : -1,
		s->guard ? ", guarded" : "");
}

static void dump_connection(FILE *f, const struct connection *c)
{
	fprintf(f, "connection %d: process %d", c->holder.fd, c->pid);
	if (c->session)
		fprintf(f, ", session %" PRIu64, c->session->id);
	dump_flag(f, c->lease && !c->session, "its session has ended");
	if (c->waiting)
		fprintf(f, ", waits for %s since %" PRIu64 " ms",
			c->waiter.instance ? c->waiter.instance->name : "-",
			deadline_now_ms() - c->waiting_since);
	fputc('\n', f);
}

void dump_print(struct helper *h, FILE *f)
{
	fprintf(f,
		"daemon: version " VERSION ", process %d, policy %016" PRIx64
		", connections %u, next namespace %" PRIu64
		", next session %" PRIu64 ", nf_tables %s%s\n",
		getpid(), store_policy(h->store)->digest, h->connections,
		h->next_instance, h->next_session, h->nft ? "yes" : "no",
		h->filter_stale ? ", filters are older than the policy" : "");
	for (const struct instance *i = h->instances; i; i = i->next)
		dump_instance(f, h, i);
	for (const struct network *n = h->networks; n; n = n->next)
		dump_network(f, n);
	for (const struct session *s = h->sessions; s; s = s->next)
		dump_session(f, s);
	for (const struct connection *c = h->peers; c; c = c->next)
		dump_connection(f, c);
	child_print(h, f);
}
