/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = wireguard: a WireGuard tunnel is the namespace's only connection.
 * Order: read the configuration, create the interface, resolve the peers' names
 * on the host, pass the configuration to wg(8) on its standard input, and last
 * move the interface into the namespace with addresses and routes. A failure
 * before that leaves the namespace unconnected.
 *
 * The key is in memory from reading the file until wg(8) has started.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/proto.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/kernel/rtnl.h"
#include "wireguard.h"

#define ANSWER_POLL_US 5000
#define ANSWER_MS      5000
#define NUDGE_SECONDS  1
#define FRESH_MS       90000 /* an older query of handshakes is not shown */

static void link_free(struct wg_link *l)
{
	if (!l)
		return;
	child_stop(l->tool);
	resolve_stop(l->resolve);
	sd_event_source_disable_unref(l->timer);
	close_fd(l->question);
	wg_conf_free(l->conf);
	free(l->pulses);
	free(l->path);
	free(l);
}

static struct wg_link *link_new(struct instance *i)
{
	struct wg_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->instance = i;
	l->question = -EBADF;
	snprintf(l->label, sizeof(l->label), "%s: wireguard", i->name);
	snprintf(l->go_label, sizeof(l->go_label), "%s-go", l->label);
	i->link_data = l;
	return l;
}

/* --- the configuration --- */

static void warn_unwise(const struct wg_link *l,
			const struct policy_namespace *ns)
{
	if (!ns->dns_set && !ns->dns_host && !l->conf->n_dns)
		log_warning("%s has no DNS, and [namespace %s] has no `dns`: its sessions resolve names by the host's resolvers, outside the tunnel",
			    l->path, ns->name);
	if (l->conf->table_line)
		log_warning("%s:%u: Table is ignored: all packets of the namespace use the tunnel",
			    l->path, l->conf->table_line);
	if (l->conf->save_config_line)
		log_warning("%s:%u: SaveConfig is ignored: the file is never written",
			    l->path, l->conf->save_config_line);
}

static int read_conf(struct wg_link *l, const struct policy_namespace *ns,
		     struct error *err)
{
	const struct instance *i = l->instance;
	int r = policy_expand(ns->wireguard, i->user, i->uid, i->name, &l->path,
			      err);

	if (r == 0)
		r = wg_conf_load(l->path, &l->conf, err);
	if (r < 0)
		return r;
	l->pulses = calloc(l->conf->n_peers, sizeof(*l->pulses));
	return l->pulses ? 0 : error_set(err, -ENOMEM, "out of memory");
}

static void set_dns(struct instance *i, const struct wg_conf *conf)
{
	_Static_assert(WG_CONF_DNS_MAX <= INSTANCE_DNS_MAX, "room for DNS");
	i->n_link_dns = conf->n_dns;
	memcpy(i->link_dns, conf->dns, sizeof(conf->dns));
	snprintf(i->link_search, sizeof(i->link_search), "%s", conf->search);
}

/* --- the steps --- */

static int next_step(struct wg_link *l, struct error *err);

static void go_on(void *data)
{
	struct wg_link *l = data;
	struct error why;
	int r = next_step(l, &why);

	if (r < 0)
		instance_connected(l->instance, r, &why); /* frees l */
}

static void endpoint_resolved(void *data, int r,
			      const struct resolve_answer *answer,
			      const struct error *why)
{
	struct wg_link *l = data;
	struct wg_peer *peer = &l->conf->peers[l->resolving];
	struct error text;

	l->resolve = NULL;
	if (r < 0) {
		error_set(&text, r, "%s:%u: the endpoint of this peer: %s",
			  l->path, peer->line, why->text);
		instance_connected(l->instance, r, &text);
		return;
	}
	peer->endpoint = answer->items[0];
	go_on(l);
}

/* Return: 1 when a look-up has started, 0 when none is needed, -errno. */
static int resolve_next(struct wg_link *l, struct error *err)
{
	for (size_t i = 0; i < l->conf->n_peers; i++) {
		const struct wg_peer *peer = &l->conf->peers[i];
		int r;

		if (!*peer->endpoint_name || peer->endpoint.family)
			continue;
		l->resolving = i;
		instance_waiting(l->instance, "the address of %s",
				 peer->endpoint_name);
		r = resolve_start(l->instance->helper, l->label,
				  peer->endpoint_name, endpoint_resolved, l,
				  &l->resolve, err);
		return r < 0 ? r : 1;
	}
	return 0;
}

/* Return: 1 while wireguard-go does not answer yet, 0, -errno. */
static int await_device(struct wg_link *l, struct error *err)
{
	int r;

	if (wg_device_answers(l))
		return 0;
	instance_waiting(l->instance, "wireguard-go to answer");
	if (deadline_now_ms() - l->started_ms > ANSWER_MS)
		return error_set(err, -ETIME,
				 "wireguard-go did not answer at its socket /run/wireguard/%s.sock in time",
				 l->device);
	if (!l->timer) {
		r = timer_new(l->instance->helper->event, &l->timer, go_on, l,
			      err);
		if (r < 0)
			return r;
	}
	timer_arm(l->timer, ANSWER_POLL_US);
	return 1;
}

/* wg(8) has configured the interface: connect the namespace. */
static void configured(void *data, int r, const struct error *why)
{
	struct wg_link *l = data;
	struct error text;

	l->tool = NULL;
	if (r < 0) {
		error_set(&text, r, "%s: %s", l->path, why->text);
		instance_connected(l->instance, r, &text);
		return;
	}
	r = wg_device_plug(l, l->site, &text);
	if (r == 0)
		r = wg_watch_begin(l, &text);
	l->site = NULL;
	instance_connected(l->instance, r, &text);
}

static bool wants_handshake(const struct policy_namespace *ns)
{
	for (size_t i = 0; i < ns->ready.n; i++)
		if (strcmp(ns->ready.items[i], "handshake") == 0)
			return true;
	return false;
}

static int configure(struct wg_link *l, struct error *err)
{
	const char *const argv[] = {"wg", "setconf", l->device, "/dev/stdin",
				    NULL};
	const struct child_events events = {.ended = configured, .data = l};
	char *text;
	int r;

	/* WireGuard shakes hands when a packet is sent: send a keepalive. */
	l->nudged = wants_handshake(l->site->ns);
	text = wg_conf_print(l->conf, l->nudged ? NUDGE_SECONDS : 0);
	if (!text)
		return error_set(err, -ENOMEM, "out of memory");
	instance_waiting(l->instance, "wg to take %s", l->path);
	r = wg_run(l, argv, text, &events, err);
	wg_conf_wipe(text);
	wg_conf_forget_keys(l->conf);
	if (r == -E2BIG)
		error_set(err, r,
			  "%s: the AllowedIPs exceed what wg accepts on its standard input; merge adjacent prefixes",
			  l->path);
	return r;
}

/* Starts the next step that takes time. Return: 0 or -errno. */
static int next_step(struct wg_link *l, struct error *err)
{
	int r = resolve_next(l, err);

	if (r == 0)
		r = await_device(l, err);
	if (r == 0)
		r = configure(l, err);
	return r < 0 ? r : 0;
}

/* wireguard-go ended, and its interface with it. */
static void userspace_ended(void *data, int r, const struct error *why)
{
	struct wg_link *l = data;
	struct instance *i = l->instance;
	const char *text = why->text;

	if (strncmp(text, l->label, strlen(i->name) + 2) == 0)
		text += strlen(i->name) + 2; /* instance_broken() adds it */
	i->child = NULL;
	instance_broken(i, text);
}

static int wireguard_create(const struct link_site *site, struct error *err)
{
	struct wg_link *l = link_new(site->instance);
	const struct child_events events = {.ended = userspace_ended,
					    .data = l};
	int r;

	if (!l)
		return error_set(err, -ENOMEM, "out of memory");
	l->site = site;
	r = read_conf(l, site->ns, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->conf->n_peers; i++)
		l->pulses[i].known = true; /* a new interface counts from 0 */
	warn_unwise(l, site->ns);
	set_dns(site->instance, l->conf);
	l->started_ms = deadline_now_ms();
	r = wg_device_make(l, site, &events, err);
	if (r == 0)
		r = next_step(l, err);
	return r < 0 ? r : LINK_LATER;
}

/* --- later --- */

/*
 * Only the file has the names of peers. It may have changed since: what is read
 * is used for the peers that wg(8) reports as well.
 */
static int read_conf_again(struct wg_link *l)
{
	const struct instance *i = l->instance;
	const struct policy_namespace *ns = instance_section(i);
	struct error why = {"the policy has no such section any more"};
	int r = ns && ns->wireguard ? read_conf(l, ns, &why) : -ENOENT;

	if (answer_is_failure(r))
		return r;
	if (r < 0) {
		log_warning("%s: cannot resolve the endpoints of its peers again: %s",
			    l->label, why.text);
		l->conf = wg_conf_free(l->conf);
		return 0;
	}
	wg_conf_forget_keys(l->conf);
	return 0;
}

static int wireguard_adopt(struct helper *h, struct instance *i)
{
	struct wg_link *l = link_new(i);
	const struct child_events events = {.ended = userspace_ended,
					    .data = l};
	int r;

	if (!l)
		return -ENOMEM;
	r = wg_device_adopt(l, &events);
	if (r != FOUND || i->state != INSTANCE_LIVE)
		return r;
	r = read_conf_again(l);
	return r < 0 ? r : wg_watch_begin(l, NULL);
}

static int wireguard_ready(struct helper *h, struct instance *i,
			   struct error *err)
{
	struct wg_link *l = i->link_data;
	const struct wg_peer *peer = wg_peer_called(l);
	char endpoint[WG_ENDPOINT_STR];

	if (l->handshake)
		return 1;
	wg_watch_ask(l);
	if (peer) {
		wg_peer_format(peer, endpoint);
		instance_waiting(i, "a handshake with the WireGuard peer %s",
				 endpoint);
	} else {
		instance_waiting(i, "a handshake of a WireGuard peer of %s",
				 l->path);
	}
	return 0;
}

static void wireguard_leave(struct instance *i)
{
	link_free(i->link_data);
	i->link_data = NULL;
}

static int wireguard_remove(struct helper *h, struct instance *i, int netns,
			    struct error *err)
{
	struct wg_link *l = i->link_data;
	int r;

	if (!l)
		return 0;
	/* If the removal fails and is tried again, l->site is freed. */
	l->tool = child_stop(l->tool);
	resolve_stop(l->resolve);
	l->resolve = NULL;
	l->timer = sd_event_source_disable_unref(l->timer);
	l->site = NULL;
	r = wg_device_remove(l, netns, err);
	if (r == 0)
		wireguard_leave(i);
	return r;
}

/* --- for `status` --- */

static void describe_peer(struct wg_link *l, char *ret, size_t bytes)
{
	const struct wg_peer *peer = wg_peer_called(l);
	uint64_t now = (uint64_t)time(NULL);
	char endpoint[WG_ENDPOINT_STR] = "its peers";
	int n;

	if (peer)
		wg_peer_format(peer, endpoint);
	n = snprintf(ret, bytes, "%.80s to %.*s",
		     l->userspace ? "wireguard-go" : "wireguard", 64, endpoint);
	if (n < 0 || (size_t)n >= bytes ||
	    deadline_now_ms() - l->asked_ms > FRESH_MS)
		return;
	if (l->handshake)
		snprintf(ret + n, bytes - (size_t)n,
			 ", last handshake %" PRIu64 " s ago",
			 now > l->handshake ? now - l->handshake : 0);
	else
		snprintf(ret + n, bytes - (size_t)n, ", no handshake");
}

static void wireguard_describe(struct helper *h, const struct instance *i,
			       struct proto_namespace *ret)
{
	struct wg_link *l = i->link_data;
	struct rtnl_link link;

	if (!l || netns_rtnl_look(l->instance, &link) < 0)
		return;
	ret->rx_bytes = link.rx_bytes;
	ret->tx_bytes = link.tx_bytes;
	describe_peer(l, ret->detail, sizeof(ret->detail));
	if (i->state == INSTANCE_LIVE)
		wg_watch_ask(l); /* for the next call */
}

const struct link_ops link_wireguard_ops = {
	.makes_namespace = true,
	.filter = FILTER_INSIDE,
	.create = wireguard_create,
	.adopt = wireguard_adopt,
	.ready = wireguard_ready,
	.remove = wireguard_remove,
	.leave = wireguard_leave,
	.describe = wireguard_describe,
};
