/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/policy/describe.h"
#include "helper/base/log.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/network/network.h"

#define RATE_IFB "rate0" /* in the namespace: delays what it receives */

#define RATE_BURST_S	100 /* 10 ms */
#define RATE_BURST_MAX	(4 << 20)
#define RATE_QUEUE_S	10 /* 100 ms; the excess is dropped */
#define RATE_QUEUE_MAX	(64 << 20)
#define RATE_FRAMES_MIN 10 /* at least, for very low rates */
#define RATE_HEADER	64 /* of the link layer, at most; the MTU excludes it */

static struct rtnl_tbf rate_tbf(uint64_t bits, const struct rtnl_link *link)
{
	const uint64_t bytes = bits / 8;
	const uint64_t frame = (uint64_t)link->mtu + RATE_HEADER;
	uint64_t burst = bytes / RATE_BURST_S, queue = bytes / RATE_QUEUE_S;

	/* The kernel splits segments that are larger (tbf_segment()). */
	if (burst < 2 * frame)
		burst = 2 * frame;
	if (burst > RATE_BURST_MAX)
		burst = RATE_BURST_MAX;
	if (queue < RATE_FRAMES_MIN * frame)
		queue = RATE_FRAMES_MIN * frame;
	if (queue > RATE_QUEUE_MAX)
		queue = RATE_QUEUE_MAX;
	return (struct rtnl_tbf){.bytes = bytes,
				 .burst = (uint32_t)burst,
				 .limit = (uint32_t)(queue + burst)};
}

/* Limits what an interface sends; bits 0: removes the limit. */
static int rate_sends(struct rtnl *rtnl, const struct rtnl_link *link,
		      uint64_t bits, struct error *err)
{
	const struct rtnl_tbf tbf = rate_tbf(bits, link);
	struct rtnl_batch b = {.n = 0};
	int r;

	if (!bits) {
		rtnl_put_tbf_delete(&b, link->ifindex);
		rtnl_run(rtnl, &b, NULL); /* -ENOENT, -EINVAL: there is none */
		return 0;
	}
	rtnl_put_tbf(&b, link->ifindex, &tbf);
	r = rtnl_run(rtnl, &b, err);
	if (r == -ENOENT)
		error_set(err, r,
			  "the kernel does not support the token bucket of `rate`; modprobe sch_tbf");
	return r;
}

/* Finds or creates the interface of kind "ifb". */
static int rate_make_ifb(struct rtnl *rtnl, struct rtnl_link *ret,
			 struct error *err)
{
	const struct rtnl_new ifb = {.kind = "ifb",
				     .ifname = RATE_IFB,
				     .netns = -1};
	struct rtnl_batch b = {.n = 0};
	int r = rtnl_link_by_name(rtnl, RATE_IFB, ret);

	if (r != -ENODEV)
		return r;
	rtnl_put_new(&b, &ifb);
	r = rtnl_run(rtnl, &b, err);
	if (r == -EOPNOTSUPP)
		return error_set(err, r,
				 "the kernel does not support interfaces of kind ifb, which `rate` needs with this link; modprobe ifb");
	return r < 0 ? r : rtnl_link_by_name(rtnl, RATE_IFB, ret);
}

/* As rate_sends(), for what an interface in the namespace receives. */
static int rate_receives(struct rtnl *rtnl, const struct rtnl_link *link,
			 uint64_t bits, struct error *err)
{
	struct rtnl_link ifb;
	struct rtnl_batch b;
	int r;

	rtnl_batch_init(&b);
	rtnl_put_redirect_delete(&b, link->ifindex);
	rtnl_run(rtnl, &b, NULL); /* there may be none */
	rtnl_batch_init(&b);
	if (!bits) {
		if (rtnl_link_by_name(rtnl, RATE_IFB, &ifb) < 0)
			return 0;
		return rtnl_delete(rtnl, ifb.ifindex, err);
	}
	r = rate_make_ifb(rtnl, &ifb, err);
	if (r == 0) {
		ifb.mtu = link->mtu;
		r = rate_sends(rtnl, &ifb, bits, err);
	}
	if (r < 0)
		return r;
	rtnl_put_up(&b, ifb.ifindex);
	rtnl_put_redirect(&b, link->ifindex, ifb.ifindex);
	r = rtnl_run(rtnl, &b, err);
	if (r == -ENOENT)
		error_set(err, r,
			  "the kernel cannot redirect packets, which `rate` needs with this link; modprobe cls_u32 act_mirred");
	return r;
}

/* Return: 1: both directions are limited; 0: no interface; -errno. */
static int rate_both(struct instance *i, struct rtnl *inside, uint64_t bits,
		     struct error *err)
{
	struct helper *h = i->helper;
	const bool outside = i->host_ifindex && !network_clears_queues(i);
	struct rtnl_link link;
	int r = rtnl_link_by_name(inside, i->ifname, &link);

	if (r == -ENODEV)
		return 0;
	if (r == 0)
		r = rate_sends(inside, &link, bits, err);
	if (r == 0 && !outside)
		r = rate_receives(inside, &link, bits, err);
	if (r == 0 && outside)
		r = rtnl_link_by_index(h->rtnl, i->host_ifindex, &link);
	if (r == 0 && outside)
		r = rate_sends(h->rtnl, &link, bits, err);
	return r < 0 ? r : 1;
}

int rate_apply(struct instance *i, const struct policy_namespace *ns, int netns,
	       struct error *err)
{
	struct rtnl *inside = NULL;
	struct error why = {""};
	char rate[POLICY_RATE_STR];
	int r;

	if (i->rate_bits == ns->rate_bits || !i->ifname[0])
		return 0;
	r = netns_rtnl_open(i, netns, &inside, &why);
	if (r == 0)
		r = rate_both(i, inside, ns->rate_bits, &why);
	rtnl_close(inside);
	if (r > 0)
		i->rate_bits = ns->rate_bits;
	if (r >= 0)
		return 0;
	policy_describe_rate(ns->rate_bits, rate);
	return error_set(err, r, "cannot limit %s to the rate %s: %s", i->name,
			 rate, why.text[0] ? why.text : strerror(-r));
}

void rate_reload(struct helper *h)
{
	for (struct instance *i = h->instances; i; i = i->next) {
		const struct policy_namespace *ns = instance_section(i);
		_cleanup_close_ int fd = -EBADF;
		struct error why;

		if (!ns || i->foreign || i->state != INSTANCE_LIVE ||
		    i->rate_bits == ns->rate_bits)
			continue;
		fd = instance_netns(i, NULL);
		if (fd < 0)
			continue;
		if (rate_apply(i, ns, fd, &why) < 0)
			log_error("%s", why.text);
		else if (instance_record_save(i, &why) < 0)
			log_warning("%s", why.text);
	}
}
