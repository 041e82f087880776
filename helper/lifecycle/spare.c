/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spare.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/policy/policy.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/instance/link_ops.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "lifecycle.h"

/* After the last login that took one, whose other requests come first. */
#define SPARE_PAUSE_US 5000

static int spare_visit(void *data, struct error *err)
{
	struct spare *s = data;
	int r = sysctl_harden_namespace(err);

	if (r < 0)
		return r;
	r = rtnl_open(&s->inside);
	return r < 0 ? error_set(err, r, "cannot open rtnetlink: %m") : 0;
}

static int spare_visit_without_ipv6(void *data, struct error *err)
{
	return sysctl_without_ipv6(err);
}

static void spare_drop(struct spare *s)
{
	if (!s->inside)
		return;
	s->inside = rtnl_close(s->inside);
	s->netns = close_fd(s->netns);
}

static int spare_make(struct helper *h, struct error *err)
{
	struct spare *s = h->spare;
	struct rtnl_batch b = {.n = 0};
	int r = netns_visit(h->host, -1, spare_visit, s, &s->netns, &s->id,
			    err);

	rtnl_put_up(&b, 1); /* its loopback */
	if (r == 0)
		r = rtnl_run(s->inside, &b, err);
	if (r < 0)
		spare_drop(s);
	return r;
}

static bool spare_is_wanted(const struct helper *h)
{
	const struct policy *p = store_policy(h->store);

	for (size_t n = 0; n < p->n_namespaces; n++)
		if (link_ops_of(p->namespaces[n].link)->makes_namespace)
			return true;
	return false;
}

/* A failure is not reported: the next login makes one, and reports it. */
static void spare_on_timer(void *data)
{
	struct helper *h = data;
	struct error why;

	if (!h->spare->inside && spare_is_wanted(h) && spare_make(h, &why) < 0)
		log_debug("cannot make a spare namespace: %s", why.text);
}

int spare_take(struct helper *h, bool without_ipv6, int *ret_netns,
	       struct netns_id *ret_id, struct rtnl **ret_inside,
	       struct error *err)
{
	struct spare *s = h->spare;
	int r = s->inside ? 0 : spare_make(h, err);

	timer_arm(s->timer, SPARE_PAUSE_US);
	if (r == 0 && without_ipv6) {
		r = netns_visit(h->host, s->netns, spare_visit_without_ipv6,
				NULL, NULL, NULL, err);
		if (r < 0)
			spare_drop(s);
	}
	if (r < 0)
		return r;
	*ret_netns = take_fd(&s->netns);
	*ret_id = s->id;
	*ret_inside = take_ptr(s->inside);
	return 0;
}

void spare_renew(struct helper *h)
{
	if (!h->spare)
		return;
	spare_drop(h->spare);
	timer_arm(h->spare->timer, SPARE_PAUSE_US);
}

int spare_open(struct helper *h, struct error *err)
{
	struct spare *s = h->spare = calloc(1, sizeof(*s));
	int r = s ? timer_new(h->event, &s->timer, spare_on_timer, h, err)
		  : -ENOMEM;

	if (r < 0)
		return error_set(err, r, "cannot set up the event loop: %m");
	/* After pending logins. */
	sd_event_source_set_priority(s->timer, SD_EVENT_PRIORITY_IDLE);
	timer_arm(s->timer, SPARE_PAUSE_US);
	return 0;
}

void spare_close(struct helper *h)
{
	if (!h->spare)
		return;
	sd_event_source_disable_unref(h->spare->timer);
	spare_drop(h->spare);
	free(h->spare);
	h->spare = NULL;
}
