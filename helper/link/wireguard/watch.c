/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks a running tunnel: does its interface exist, when was the last
 * handshake, does each peer answer whose endpoint is a name?
 *
 * wg(8) is started only after traffic since the last check: an idle tunnel
 * costs one rtnetlink query per check.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/kernel/rtnl.h"
#include "wireguard.h"

#define WATCH_US      (10 * 1000000ULL)
#define WATCH_SOON_US 500000
#define SILENT_MAX    2 /* checks; an active peer answers within 10 s */
#define HANDSHAKE_ASK 6 /* checks between two queries of handshakes */
#define HANDSHAKE_MS  50

const struct wg_peer *wg_peer_called(const struct wg_link *l)
{
	for (size_t i = 0; l->conf && i < l->conf->n_peers; i++)
		if (l->conf->peers[i].endpoint_port)
			return &l->conf->peers[i];
	return NULL;
}

void wg_peer_format(const struct wg_peer *peer,
		    char ret[static WG_ENDPOINT_STR])
{
	if (*peer->endpoint_name)
		snprintf(ret, WG_ENDPOINT_STR, "%s:%u", peer->endpoint_name,
			 peer->endpoint_port);
	else
		wg_endpoint_format(&peer->endpoint, peer->endpoint_port, ret);
}

/* One program at a time; a look-up ends with a program of its own. */
static bool is_busy(const struct wg_link *l)
{
	return l->tool || l->resolve;
}

/* The next number of a line of wg(8), whose fields tabs separate. */
static uint64_t next_number(char **line)
{
	char *word = strsep(line, "\t");

	return word ? strtoull(word, NULL, 10) : 0;
}

/* --- the last handshake --- */

static void set_ended(void *data, int r, const struct error *why)
{
	struct wg_link *l = data;

	l->tool = NULL;
	if (r < 0)
		log_warning("%s", why->text);
}

/* Turns keepalives off for the peers for which the file has none. */
static void nudge_end(struct wg_link *l)
{
	const char *argv[4 + 4 * WG_PEERS_MAX] = {"wg", "set", l->device};
	const struct child_events events = {.ended = set_ended, .data = l};
	struct error why;
	size_t n = 3;

	l->nudged = false;
	for (size_t i = 0; l->conf && i < l->conf->n_peers; i++) {
		if (l->conf->peers[i].keepalive)
			continue;
		argv[n++] = "peer";
		argv[n++] = l->conf->peers[i].public_key;
		argv[n++] = "persistent-keepalive";
		argv[n++] = "off";
	}
	if (n > 3 && wg_run(l, argv, NULL, &events, &why) < 0)
		log_warning("%s: %s", l->label, why.text);
}

/* "KEY\tSECONDS" */
static void handshake_line(void *data, char *line)
{
	struct wg_link *l = data;
	uint64_t when;

	strsep(&line, "\t");
	when = next_number(&line);
	if (when > l->handshake)
		l->handshake = when;
}

static void handshake_ended(void *data, int r, const struct error *why)
{
	struct wg_link *l = data;

	set_ended(data, r, why);
	if (l->handshake && l->nudged)
		nudge_end(l);
}

void wg_watch_ask(struct wg_link *l)
{
	const char *const argv[] = {"wg", "show", l->device,
				    "latest-handshakes", NULL};
	const struct child_events events = {handshake_line, handshake_ended, l};
	uint64_t now = deadline_now_ms();
	struct error why;

	if (is_busy(l) || now - l->asked_ms < HANDSHAKE_MS)
		return;
	l->asked_ms = now;
	if (wg_run(l, argv, NULL, &events, &why) < 0)
		log_warning("%s: %s", l->label, why.text);
}

/* --- peers that do not answer --- */

/*
 * Chooses the address after the current one, which did not answer, or the
 * first, when the name does not resolve to the current one any more.
 */
static const struct inet_prefix *choose(const struct resolve_answer *answer,
					const struct inet_prefix *current)
{
	for (size_t i = 0; i < answer->n; i++)
		if (inet_prefix_contains(&answer->items[i], current))
			return &answer->items[(i + 1) % answer->n];
	return &answer->items[0];
}

static void resolve_silent(struct wg_link *l);

static void endpoint_ended(void *data, int r, const struct error *why)
{
	struct wg_link *l = data;

	set_ended(data, r, why);
	resolve_silent(l);
}

static void resolved(void *data, int r, const struct resolve_answer *answer,
		     const struct error *why)
{
	struct wg_link *l = data;
	struct wg_peer *peer = &l->conf->peers[l->resolving];
	struct wg_pulse *pulse = &l->pulses[l->resolving];
	const struct child_events events = {.ended = endpoint_ended, .data = l};
	char endpoint[INET_PREFIX_STR + 10], called[WG_ENDPOINT_STR];
	const char *const argv[] =
		{"wg",	     "set",    l->device, "peer", peer->public_key,
		 "endpoint", endpoint, NULL};
	const struct inet_prefix *address;
	struct error text;

	l->resolve = NULL;
	if (r < 0) {
		if (!pulse->said)
			log_warning("%s: %s", l->label, why->text);
		pulse->said = true;
		resolve_silent(l);
		return;
	}
	pulse->said = false;
	address = choose(answer, &peer->endpoint);
	wg_endpoint_format(address, peer->endpoint_port, endpoint);
	wg_peer_format(peer, called);
	if (!inet_prefix_contains(address, &peer->endpoint))
		log_info("%s: %s does not answer; trying its address %s",
			 l->label, called, endpoint);
	peer->endpoint = *address;
	/* Also when it is the same: WireGuard follows a peer that roams. */
	if (wg_run(l, argv, NULL, &events, &text) < 0)
		log_warning("%s: %s", l->label, text.text);
}

/* Resolves one name after the other, each at most once in SILENT_MAX checks. */
static void resolve_silent(struct wg_link *l)
{
	for (size_t i = 0; i < l->conf->n_peers; i++) {
		struct error why;

		if (!*l->conf->peers[i].endpoint_name ||
		    l->pulses[i].silent < SILENT_MAX)
			continue;
		l->pulses[i].silent = 0;
		l->resolving = i;
		if (resolve_start(l->instance->helper, l->label,
				  l->conf->peers[i].endpoint_name, resolved, l,
				  &l->resolve, &why) == 0)
			return;
		log_warning("%s: %s", l->label, why.text);
	}
}

/* "KEY\tRECEIVED\tSENT" */
static void transfer_line(void *data, char *line)
{
	struct wg_link *l = data;
	const char *key = strsep(&line, "\t");
	uint64_t received = next_number(&line), sent = next_number(&line);

	for (size_t i = 0; i < l->conf->n_peers; i++) {
		struct wg_pulse *pulse = &l->pulses[i];

		if (strcmp(l->conf->peers[i].public_key, key) != 0)
			continue;
		if (pulse->known && received == pulse->received &&
		    sent > pulse->sent)
			pulse->silent++;
		else
			pulse->silent = 0;
		pulse->known = true;
		pulse->received = received;
		pulse->sent = sent;
	}
}

static void transfer_ended(void *data, int r, const struct error *why)
{
	struct wg_link *l = data;

	set_ended(data, r, why);
	if (r == 0 && !l->resolve)
		resolve_silent(l);
}

/* Is there a peer with a name, and traffic that it may not have answered? */
static bool may_be_silent(const struct wg_link *l, bool traffic)
{
	bool names = false;

	for (size_t i = 0; l->conf && i < l->conf->n_peers; i++) {
		if (!*l->conf->peers[i].endpoint_name)
			continue;
		names = true;
		if (l->conf->peers[i].keepalive || l->pulses[i].silent)
			return true;
	}
	return names && traffic;
}

static void look_at_peers(struct wg_link *l, bool traffic)
{
	const char *const argv[] = {"wg", "show", l->device, "transfer", NULL};
	const struct child_events events = {transfer_line, transfer_ended, l};
	struct error why;

	if (is_busy(l))
		return;
	if (++l->looks % HANDSHAKE_ASK == 0 && traffic)
		wg_watch_ask(l);
	else if (may_be_silent(l, traffic) &&
		 wg_run(l, argv, NULL, &events, &why) < 0)
		log_warning("%s: %s", l->label, why.text);
}

static void watch_tick(void *data)
{
	struct wg_link *l = data;
	struct rtnl_link link;
	bool traffic;
	int r = netns_rtnl_look(l->instance, &link);

	if (r == -ENODEV) {
		instance_broken(l->instance, "its interface was deleted");
		return;
	}
	if (r == 0) { /* else no descriptor, no memory: check later */
		traffic = link.tx_bytes != l->sent ||
			  link.rx_bytes != l->received;
		l->sent = link.tx_bytes;
		l->received = link.rx_bytes;
		look_at_peers(l, traffic);
	}
	timer_arm(l->timer, WATCH_US);
}

int wg_watch_begin(struct wg_link *l, struct error *err)
{
	int r;

	l->timer = sd_event_source_unref(l->timer);
	r = timer_new(l->instance->helper->event, &l->timer, watch_tick, l,
		      err);
	if (r < 0)
		return r;
	/* After a restart there are no counters to compare with. */
	timer_arm(l->timer, l->site ? WATCH_US : WATCH_SOON_US);
	return 0;
}
