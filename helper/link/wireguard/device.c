/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface of a tunnel.
 *
 * The kernel's is created in place: RTM_NEWLINK on a socket of the host's
 * namespace with IFLA_NET_NS_FD puts the interface into the namespace and its
 * UDP socket into the host's (drivers/net/wireguard/device.c, wg_newlink()).
 *
 * wireguard-go's has to be moved: TUNSETIFF creates it in the namespace of the
 * program, which must be the host's, because the UDP socket is created there
 * too. It is moved before it has an address and before it is up. wg(8) keeps
 * its first name, npam<slot>.
 */
#include "wireguard.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "helper/base/answer.h"
#include "helper/helper.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/instance/pool.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/link/address.h"

#define WG_IFINDEX 32 /* above tunl0, sit0, gre0, ...: ip_tunnel_core.c */
#define WG_TRIES   64

/* wireguard-go configures its interface and may bind a port below 1024. */
#define WG_CAPABILITIES                                                        \
	(UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_BIND_SERVICE)

static unsigned int wg_mtu(const struct wg_link *l,
			   const struct link_site *site)
{
	if (site->ns->mtu)
		return site->ns->mtu;
	return l->conf->mtu ? l->conf->mtu : WG_MTU;
}

bool wg_device_answers(struct wg_link *l)
{
	if (!l->userspace || l->answered)
		return true;
	if (l->question < 0)
		l->question = wg_uapi_ask(l->device);
	if (l->question < 0 || !wg_uapi_has_answered(l->question))
		return false;
	l->question = close_fd(l->question);
	l->answered = true;
	return true;
}

/* --- creating --- */

/* Return: 0, -errno with err set; -EOPNOTSUPP: the kernel has no WireGuard. */
static int kernel_make(struct wg_link *l, const struct link_site *site,
		       struct error *err)
{
	const char *ifname = l->instance->ifname;
	const struct rtnl_new new = {
		.kind = "wireguard",
		.ifname = ifname,
		.ifindex = WG_IFINDEX,
		.netns = site->netns,
		.mtu = wg_mtu(l, site),
	};
	struct rtnl_batch b = {.n = 0};
	int r;

	rtnl_put_new(&b, &new);
	r = rtnl_run(site->helper->rtnl, &b, err);
	if (r < 0)
		return r;
	snprintf(l->device, sizeof(l->device), "%s", ifname);
	return 0;
}

/* Takes a slot of the pool whose name npamN is free. */
static int userspace_name(struct wg_link *l, struct helper *h,
			  struct error *err)
{
	struct instance *i = l->instance;
	struct rtnl_link link;

	for (int tries = 0; tries < WG_TRIES; tries++) {
		int r = pool_take(h->pool, false, false, &i->slot, err);

		if (r < 0)
			return r;
		pool_ifname(i->slot, l->device);
		/* A foreign interface: its slot stays taken and is skipped. */
		if (rtnl_link_by_name(h->rtnl, l->device, &link) == -ENODEV &&
		    !wg_uapi_is_taken(l->device)) {
			memcpy(i->device, l->device, sizeof(i->device));
			return 0;
		}
	}
	return error_set(err, -EEXIST,
			 "no free name for an interface: %s and %d before it are taken",
			 l->device, WG_TRIES - 1);
}

static int userspace_make(struct wg_link *l, const struct link_site *site,
			  const struct child_events *events, struct error *err)
{
	const char *const argv[] = {"wireguard-go", "-f", l->device, NULL};
	/* WG_PROCESS_FOREGROUND=1 suppresses a banner. */
	static const char *const env[] = {"WG_PROCESS_FOREGROUND=1",
					  "WG_UAPI_FD=3", NULL};
	_cleanup_close_ int uapi = -EBADF;
	struct child_command command = {
		.label = l->go_label,
		.argv = argv,
		.env = env,
		.netns = -1,
		.capabilities = WG_CAPABILITIES,
	};
	struct instance *i = l->instance;
	int r = userspace_name(l, site->helper, err);

	if (r < 0)
		return r;
	l->userspace = true;
	/* The next daemon removes the socket if this one is killed now. */
	r = instance_record_save(i, err);
	if (r < 0)
		return r;
	uapi = wg_uapi_listen(l->device, err);
	if (uapi < 0)
		return uapi;
	command.pass_fd = uapi;
	child_user(CHILD_USER, &command.uid, &command.gid);
	r = instance_start_child(i, &command, events, err);
	if (r == -ENOENT)
		return error_set(err, r,
				 "the kernel has no WireGuard and the program wireguard-go is not installed: load the module wireguard, or install wireguard-go");
	return r;
}

int wg_device_make(struct wg_link *l, const struct link_site *site,
		   const struct child_events *events, struct error *err)
{
	struct instance *i = l->instance;
	int r;

	snprintf(i->ifname, sizeof(i->ifname), "%s",
		 site->ns->ifname ? site->ns->ifname : WG_IFNAME);
	r = kernel_make(l, site, err);
	return r == -EOPNOTSUPP ? userspace_make(l, site, events, err) : r;
}

int wg_device_adopt(struct wg_link *l, const struct child_events *events)
{
	struct instance *i = l->instance;
	struct rtnl_link link;

	l->userspace = *i->device;
	snprintf(l->device, sizeof(l->device), "%s",
		 l->userspace ? i->device : i->ifname);
	if (!l->userspace)
		return answer_of(netns_rtnl_look(i, &link));
	l->answered = true;
	pool_mark(i->helper->pool, i->slot);
	return child_adopt(i->helper, i->pid, i->process, l->go_label, events,
			   &i->child);
}

/* --- into the namespace --- */

static int userspace_move(const struct wg_link *l, const struct link_site *site,
			  struct error *err)
{
	struct rtnl *host = site->helper->rtnl;
	struct rtnl_link link;
	struct rtnl_batch b = {.n = 0};
	int r = rtnl_link_by_name(host, l->device, &link);

	if (r < 0)
		return error_set(err, r,
				 "wireguard-go made no interface %s: %m",
				 l->device);
	rtnl_put_move(&b, link.ifindex, site->netns, l->instance->ifname);
	return rtnl_run(host, &b, err);
}

/* The addresses of the section, or else of the file. */
static int plan_addresses(const struct wg_link *l, const struct link_site *site,
			  struct addresses *plan, struct error *err)
{
	const struct wg_prefixes *address = &l->conf->address;

	*plan = (struct addresses){.n = 0};
	if (site->ns->address_mode == ADDRESS_STATIC)
		return address_plan(site, plan, err);
	if (!address->n)
		return error_set(err, -EINVAL,
				 "the tunnel has no address: %s has no Address, and the namespace %s no `address`",
				 l->path, site->ns->name);
	if (address->n > ADDRESS_INSIDE_MAX)
		return error_set(err, -E2BIG, "%s: more than %d addresses",
				 l->path, ADDRESS_INSIDE_MAX);
	for (; plan->n < address->n; plan->n++)
		plan->items[plan->n].inner = address->items[plan->n];
	return 0;
}

static bool same_network(const struct inet_prefix *a,
			 const struct inet_prefix *b)
{
	return a->length == b->length && inet_prefix_contains(a, b);
}

/* Do addresses, `routes`, or an earlier peer bring the same route? */
static bool is_routed(const struct wg_link *l, const struct link_site *site,
		      const struct addresses *plan, size_t peer, size_t item)
{
	const struct wg_peer *peers = l->conf->peers;
	const struct inet_prefix *p = &peers[peer].allowed.items[item];
	struct inet_prefix other;
	struct error ignored;

	for (size_t n = 0; n < plan->n; n++)
		if (same_network(&plan->items[n].inner, p))
			return true;
	for (size_t n = 0; n < site->ns->routes.n; n++)
		if (!site->ns->routes.items[n].via.text &&
		    address_expand(site, &site->ns->routes.items[n].to, &other,
				   &ignored) == 0 &&
		    same_network(&other, p))
			return true;
	for (size_t m = 0; m <= peer; m++)
		for (size_t n = 0; n < peers[m].allowed.n; n++) {
			if (m == peer && n == item)
				return false;
			if (same_network(&peers[m].allowed.items[n], p))
				return true;
		}
	return false;
}

/* Routes to the AllowedIPs, in batches. */
static int put_allowed(const struct wg_link *l, const struct link_site *site,
		       const struct addresses *plan, struct error *err)
{
	const struct wg_conf *conf = l->conf;
	struct rtnl_batch b;
	int r = 0;

	rtnl_batch_init(&b);
	for (size_t m = 0; m < conf->n_peers; m++)
		for (size_t n = 0; r == 0 && n < conf->peers[m].allowed.n;
		     n++) {
			if (is_routed(l, site, plan, m, n))
				continue;
			rtnl_put_route(&b, &conf->peers[m].allowed.items[n],
				       NULL, l->instance->ifindex);
			if (b.n < RTNL_BATCH_MAX / 2)
				continue;
			r = rtnl_run(site->inside, &b, err);
			rtnl_batch_init(&b);
		}
	return r < 0 || !b.n ? r : rtnl_run(site->inside, &b, err);
}

int wg_device_plug(struct wg_link *l, const struct link_site *site,
		   struct error *err)
{
	struct instance *i = l->instance;
	struct addresses plan;
	struct rtnl_link link;
	struct rtnl_batch b = {.n = 0};
	int r = plan_addresses(l, site, &plan, err);

	if (r == 0 && l->userspace)
		r = userspace_move(l, site, err);
	if (r < 0)
		return r;
	r = rtnl_link_by_name(site->inside, i->ifname, &link);
	if (r < 0)
		return error_set(err, r, "cannot find the new interface: %m");
	i->ifindex = link.ifindex;
	address_note(i, &plan);
	if (link.mtu != wg_mtu(l, site))
		rtnl_put_mtu(&b, i->ifindex, wg_mtu(l, site));
	rtnl_put_no_link_local(&b, i->ifindex);
	rtnl_put_up(&b, i->ifindex);
	r = address_put(site, &plan, i->ifindex, &b, err);
	if (r == 0)
		r = rtnl_run(site->inside, &b, err);
	return r < 0 ? r : put_allowed(l, site, &plan, err);
}

/* --- removing --- */

/*
 * wireguard-go's interface ends with it, and it ends without its interface or
 * its socket: this also ends one whose pid is in no record.
 */
static int userspace_remove(const struct wg_link *l, struct error *err)
{
	struct instance *i = l->instance;
	struct helper *h = i->helper;
	struct rtnl_link link;
	int r = 0;

	i->child = child_stop(i->child);
	wg_uapi_remove(l->device);
	if (!i->ifindex) {
		r = rtnl_link_by_name(h->rtnl, l->device, &link);
		if (r == 0)
			r = rtnl_delete(h->rtnl, link.ifindex, err);
		else
			error_set(err, r, "cannot find the interface %s: %m",
				  l->device);
	}
	r = answer_of(r) == ABSENT ? 0 : r;
	if (r == 0)
		pool_release(h->pool, i->slot);
	return r;
}

int wg_device_remove(struct wg_link *l, int netns, struct error *err)
{
	const struct instance *i = l->instance;

	if (l->userspace)
		return userspace_remove(l, err);
	return netns < 0 || !i->ifindex ? 0 : netns_rtnl_delete(i, netns, err);
}

int wg_run(struct wg_link *l, const char *const *argv, const char *input,
	   const struct child_events *events, struct error *err)
{
	_cleanup_close_ int netns =
		l->userspace ? -1 : instance_netns(l->instance, err);
	const struct child_command command = {
		.label = l->label,
		.argv = argv,
		.package = "wireguard-tools",
		.netns = netns,
		.input = input,
		.input_bytes = input ? strlen(input) : 0,
		.timeout_ms = 5000,
	};

	if (!l->userspace && netns < 0)
		return netns;
	/* wg(8) would prefer that socket, and send it the key. */
	if (!l->userspace && wg_uapi_is_taken(l->device))
		return error_set(err, -EEXIST,
				 "a program on the host serves an interface %s (/run/wireguard/%s.sock), which wg would use instead; set another `ifname`",
				 l->device, l->device);
	return child_start(l->instance->helper, &command, events, &l->tool,
			   err);
}
