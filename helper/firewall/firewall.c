/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firewall.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "common/cleanup.h"
#include "helper/base/answer.h"
#include "helper/base/log.h"
#include "helper/base/text.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "nft.h"

#define FIREWALL_TRIES	  100
#define FIREWALL_PAUSE_NS 20000000
#define FIREWALL_RETRY_US 1000000

/*
 * Loads table, rules and all elements in one transaction: at no moment do open
 * sessions have less than they need. When that fails, a timer tries again, and
 * so does every login that relies on it.
 */
static int firewall_load(struct helper *h, struct error *err)
{
	const struct firewall_part *const *part;
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f = text_open(&t, err);
	int r = f ? 0 : -ENOMEM;

	for (part = h->firewall_parts; r == 0 && *part; part++)
		if ((*part)->compute)
			r = (*part)->compute(h, err);
	for (part = h->firewall_parts; r == 0 && *part; part++)
		r = (*part)->print(h, f, err);
	if (f)
		r = text_close(&t, r, err);
	if (r == 0)
		r = nft_load(h->nft, t.s, err);
	if (r < 0)
		nft_doubt(h->nft);
	if (h->firewall_retry)
		timer_arm(h->firewall_retry, r < 0 ? FIREWALL_RETRY_US : 0);
	return r;
}

static void firewall_restore(struct helper *h)
{
	struct error why;

	if (firewall_load(h, &why) < 0)
		log_error("cannot load the firewall: %s", why.text);
}

static int firewall_on_event(sd_event_source *source, int fd, uint32_t events,
			     void *data)
{
	struct helper *h = data;

	if (nft_monitor_read(h->nft)) {
		log_warning(
			"another program has removed the firewall table inet netns_pam, or a part of it: loading it again");
		firewall_restore(h);
	}
	return 0;
}

static void firewall_on_retry(void *data)
{
	struct helper *h = data;

	if (!nft_is_loaded(h->nft))
		firewall_restore(h);
}

static int firewall_watch(struct helper *h, struct error *err)
{
	int r;

	if (!h->nft)
		return 0;
	r = sd_event_add_io(h->event, NULL, nft_monitor_fd(h->nft), EPOLLIN,
			    firewall_on_event, h);
	if (r >= 0)
		r = timer_new(h->event, &h->firewall_retry, firewall_on_retry,
			      h, NULL);
	if (r < 0)
		return error_set(err, r, "cannot watch nftables: %m");
	if (!nft_is_loaded(h->nft))
		timer_arm(h->firewall_retry, FIREWALL_RETRY_US);
	return 0;
}

static int firewall_open_nft(struct helper *h, struct error *err)
{
	int r = nft_open(&h->nft, err);

	for (const struct firewall_part *const *part = h->firewall_parts;
	     r == 0 && *part; part++)
		if ((*part)->wants_bridge && (*part)->wants_bridge(h))
			nft_want_bridge(h->nft);
	return r;
}

int firewall_open(struct helper *h, struct error *err)
{
	const struct timespec pause = {.tv_nsec = FIREWALL_PAUSE_NS};
	struct error why;
	int r = firewall_open_nft(h, &why);

	if (answer_is_failure(r))
		return error_set(err, r, "%s", why.text);
	if (r == 0)
		r = firewall_load(h, &why);
	/* A daemon that was killed just now may still own the table. */
	for (int i = 0; h->nft && r == -EPERM && i < FIREWALL_TRIES; i++) {
		nanosleep(&pause, NULL);
		r = firewall_load(h, &why);
	}
	if (r < 0)
		log_error("cannot load the firewall: %s; logins that need it are refused",
			  why.text);
	return firewall_watch(h, err);
}

/* What failed at start may succeed now: descriptors or memory were short. */
static int firewall_open_again(struct helper *h, struct error *err)
{
	int r = firewall_open_nft(h, err);

	return r < 0 ? r : firewall_watch(h, err);
}

int firewall_ensure(struct helper *h, struct error *err)
{
	int r = h->nft ? 0 : firewall_open_again(h, err);

	if (r < 0)
		return r;
	return nft_is_loaded(h->nft) ? 0 : firewall_load(h, err);
}

void firewall_close(struct helper *h)
{
	h->firewall_retry = sd_event_source_disable_unref(h->firewall_retry);
	h->nft = nft_close(h->nft);
}
