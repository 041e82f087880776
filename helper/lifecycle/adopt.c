/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a helper before us left: taken up from its records, or cleared away. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "end.h"
#include "helper/base/log.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/pool.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/process/child.h"
#include "hook.h"
#include "lifecycle.h"

static void mark_link(void *data, const struct rtnl_link *link)
{
	struct helper *h = data;
	uint32_t slot;

	if (pool_slot_of(link->ifname, &slot))
		pool_mark(h->pool, slot);
}

static void instance_mark_addresses(const struct instance *i)
{
	const struct inet_prefix *addresses[] = {&i->address4, &i->address6};

	for (size_t k = 0; k < 2; k++)
		if (addresses[k]->family != AF_UNSPEC)
			pool_take_address(i->helper->pool, addresses[k]);
}

/*
 * The helper was killed while it made it: undone, or, when all that was missing
 * is its end, ended.
 */
static void adopt_half_made(struct instance *i, int fd)
{
	const struct link_ops *ops = i->ops;
	struct helper *h = i->helper;

	log_info("the namespace %s was left half-made: removed", i->name);
	if (ops->cut && i->host_ifindex)
		ops->cut(h, i);
	end_link(i, fd);
	netns_unpublish(h->netns_dir, i->name, &i->netns);
	i->state = INSTANCE_LEAVING;
	i->leaving_ms = deadline_now_ms();
}

/* Its name is gone; sessions may be in it still: see end_drop_unused(). */
static void adopt_nameless(struct instance *i)
{
	const struct link_ops *ops = i->ops;

	i->state = INSTANCE_LEAVING;
	i->leaving_ms = deadline_now_ms();
	if (!i->cut)
		return;
	if (ops->cut)
		ops->cut(i->helper, i);
	else
		end_link(i, i->kept);
}

static void adopt_link(struct instance *i)
{
	const struct link_ops *ops = i->ops;

	i->attached = ops->remove && !(i->cut && !ops->cut);
	if (ops->adopt && ops->adopt(i->helper, i) < 0)
		i->broken = true;
	if (i->host_ifindex && !i->cut)
		instance_mark_addresses(i);
}

/* What waited for it is no more: undone, or begun anew. */
static void adopt_hook(struct instance *i)
{
	hook_adopt(i);
	if (!i->hook)
		return;
	if (i->state != INSTANCE_CLOSING) {
		end_hook(i);
		return;
	}
	/* `down` begins anew: this one is not to run beside it. */
	child_signal(i->hook, SIGKILL);
	i->hook = child_stop(i->hook);
	i->hook_pid = 0;
}

static void adopt_record(void *data, const char *file)
{
	struct helper *h = data;
	struct instance *i = instance_new(h);
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	bool stale = false, published;
	int r;

	if (!i)
		return;
	r = instance_record_load(i, file);
	if (i->id >= h->next_instance)
		h->next_instance = i->id + 1;
	if (r < 0) {
		log_info("the record of namespace %s is void: removed", file);
		instance_record_unlink(h, file);
		instance_free(i);
		return;
	}
	i->ops = i->foreign ? &link_external_ops : link_ops_of(i->link);
	r = netns_open(h->netns_dir, i->name, &fd, &there, &stale, NULL);
	published = r == 0 && netns_same(&there, &i->netns);
	/* Killed between umount and unlink, or between open and mount. */
	if (stale && !i->foreign)
		netns_unpublish(h->netns_dir, i->name, NULL);
	instance_keep_adopt(i);
	adopt_hook(i);
	adopt_link(i);
	if (i->state == INSTANCE_MAKING)
		adopt_half_made(i, published ? fd : i->kept);
	else if (!published)
		adopt_nameless(i);
	else if (!i->foreign && (i->state == INSTANCE_CLOSING || i->cut))
		i->state = INSTANCE_CLOSING; /* see end_drop_unused() */
	else
		i->state = INSTANCE_LIVE; /* or the name would not go */
	if (instance_insert(i) < 0)
		instance_free(i);
}

static void adopt_meet(struct helper *h, struct instance *i)
{
	for (struct instance *other = h->instances; other; other = other->next)
		if (other != i && other->state == INSTANCE_LIVE)
			i->ops->met(h, i, other);
}

int lifecycle_adopt(struct helper *h, struct error *err)
{
	int r = rtnl_dump_links(h->rtnl, mark_link, h);

	if (r < 0)
		return error_set(err, r, "cannot read the host's links: %s",
				 strerror(-r));
	instance_record_each(h, adopt_record);
	/* Killed before it had told: once more. */
	for (struct instance *i = h->instances; i; i = i->next)
		if (i->state == INSTANCE_LIVE && i->ops->met)
			adopt_meet(h, i);
	return 0;
}
