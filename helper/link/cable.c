/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = cable: a veth(4) pair between two namespaces; the other one is the
 * peer. The host has no end of it.
 *
 * The pair is created when the second of the two namespaces is made: in
 * create() of the second; or, when only the section of the first names the
 * other as its `peer`, in peer_up() of the first. Until then the first has only
 * its loopback. The end of either namespace deletes the pair; the next start
 * creates another. The alias of each end names the namespace of the other end.
 *
 * Two sections that name each other share one cable: each end has its own
 * section's name and addresses. A peer that does not name this section may have
 * any number of cables: their ends there are cable0, cable1, ... with the
 * address of this section's gateway, and a route to this namespace.
 */
#include "helper/instance/link_ops.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "common/cleanup.h"
#include "common/proto.h"
#include "helper/base/answer.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "interface.h"
#include "rate.h"

#define CABLE_ALIAS	"netns-pam cable to "
#define CABLE_ALIAS_STR (sizeof(CABLE_ALIAS) + NAME_MAX_INSTANCE + 32)
#define CABLE_MAX	256 /* in one namespace, besides its own */

struct cable_end {
	struct link_site site; /* ns: NULL: its section has no such `peer` */
	char ifname[IFNAMSIZ];
	unsigned int ifindex;
	int fd;		     /* owned; < 0: none */
	struct rtnl *inside; /* owned */
};

static void cable_end_clear(struct cable_end *end)
{
	rtnl_close(end->inside);
	close_fd(end->fd);
}

static bool cable_names(const struct policy_namespace *ns, const char *section)
{
	return ns && ns->link == LINK_CABLE && !strcmp(ns->peer, section);
}

static bool cable_has_ipv6(const struct helper *h,
			   const struct policy_namespace *ns)
{
	return policy_namespace_ipv6(ns);
}

/* The alias of an end that leads to a namespace. */
static void cable_alias(const struct instance *to,
			char ret[static CABLE_ALIAS_STR])
{
	snprintf(ret, CABLE_ALIAS_STR, CABLE_ALIAS "%s #%llu", to->name,
		 (unsigned long long)to->id);
}

/*
 * Opens the namespace of an end; it has its name, or is MAKING. ns: its
 * section, or NULL when that has no such cable. The caller calls
 * cable_end_clear().
 */
static int cable_end_open(struct instance *i, const struct policy *policy,
			  const struct policy_namespace *ns,
			  struct cable_end *ret, struct error *err)
{
	int r;

	*ret = (struct cable_end){.site = {.helper = i->helper,
					   .instance = i,
					   .ns = ns,
					   .policy = policy},
				  .fd = instance_netns(i, err)};
	if (ret->fd < 0)
		return ret->fd;
	r = netns_rtnl_open(i, ret->fd, &ret->inside, err);
	if (r < 0)
		return r;
	ret->site.netns = ret->fd;
	ret->site.inside = ret->inside;
	if (ns)
		snprintf(ret->ifname, sizeof(ret->ifname), "%s",
			 ns->ifname ? ns->ifname : INSIDE_IFNAME);
	return 0;
}

/* --- earlier cables --- */

struct cable_survey {
	const char *name; /* the namespace to which they lead */
	unsigned int stale[CABLE_MAX];
	size_t n_stale;
};

/* Notes an end of a cable to the namespace, or to an earlier one. */
static void cable_seen(void *data, const struct rtnl_link *link)
{
	struct cable_survey *s = data;
	const size_t prefix = sizeof(CABLE_ALIAS) - 1, n = strlen(s->name);

	if (!strcmp(link->kind, "veth") &&
	    !strncmp(link->alias, CABLE_ALIAS, prefix) &&
	    !strncmp(link->alias + prefix, s->name, n) &&
	    !strncmp(link->alias + prefix + n, " #", 2) &&
	    s->n_stale < CABLE_MAX)
		s->stale[s->n_stale++] = link->ifindex;
}

/* The first unused name of cable0, cable1, ... */
static int cable_choose_name(struct cable_end *end, struct error *err)
{
	for (unsigned int n = 0; n < CABLE_MAX; n++) {
		struct rtnl_link link;

		snprintf(end->ifname, sizeof(end->ifname), "cable%u", n);
		if (rtnl_link_by_name(end->site.inside, end->ifname, &link) ==
		    -ENODEV)
			return 0;
	}
	return error_set(err, -ENOSPC,
			 "there are %d cables in the namespace %s already",
			 CABLE_MAX, end->site.instance->name);
}

/*
 * Deletes the ends of earlier cables to the namespace `name`, and chooses a
 * name for the end where the section has none.
 */
static int cable_prepare(struct cable_end *end, const char *name,
			 struct error *err)
{
	struct cable_survey survey = {.name = name};
	int r = rtnl_dump_links(end->site.inside, cable_seen, &survey);

	if (r < 0)
		return error_set(err, r,
				 "cannot read the links of the namespace %s: %m",
				 end->site.instance->name);
	/* Errors are ignored: it may have been deleted since. */
	for (size_t n = 0; n < survey.n_stale; n++)
		rtnl_delete(end->site.inside, survey.stale[n], NULL);
	return end->ifname[0] ? 0 : cable_choose_name(end, err);
}

/* --- connecting --- */

/* The smaller `mtu`; 0: neither section has one. */
static unsigned int cable_mtu(const struct cable_end *near,
			      const struct cable_end *far)
{
	unsigned int a = near->site.ns->mtu;
	unsigned int b = far->site.ns ? far->site.ns->mtu : 0;

	return a && b ? (a < b ? a : b) : a + b;
}

/* Creates the pair: near up, far down. */
static int cable_make(struct cable_end *near, struct cable_end *far,
		      struct error *err)
{
	const uint64_t id = near->site.instance->id;
	const uint8_t high = (uint8_t)(id >> 8), low = (uint8_t)id;
	const struct rtnl_veth veth = {
		.ifname = near->ifname,
		.peer = far->ifname,
		.peer_netns = far->site.netns,
		.mtu = cable_mtu(near, far),
		.mac = {0x02, 0x6e, 0x70, 2, high, low},
		.peer_mac = {0x02, 0x6e, 0x70, 3, high, low},
	};
	struct cable_end *const ends[] = {near, far};
	struct rtnl_batch b = {.n = 0};
	int r;

	rtnl_put_veth(&b, &veth);
	r = rtnl_run(near->site.inside, &b, err);
	if (r == -EEXIST)
		return error_set(err, r,
				 "there is an interface %s in %s, or %s in %s, of another program",
				 near->ifname, near->site.instance->name,
				 far->ifname, far->site.instance->name);
	for (size_t n = 0; r == 0 && n < 2; n++) {
		struct rtnl_link link;

		r = rtnl_link_by_name(ends[n]->site.inside, ends[n]->ifname,
				      &link);
		if (r < 0)
			return error_set(err, r,
					 "cannot find the new cable: %m");
		ends[n]->ifindex = link.ifindex;
	}
	return r;
}

struct cable_visit {
	const char *ifname;
	bool ipv6;
};

static int cable_visit(void *data, struct error *err)
{
	const struct cable_visit *v = data;
	int r = sysctl_write_interface("ipv6", v->ifname, "disable_ipv6",
				       v->ipv6 ? "0" : "1", err);

	return r == -ENOENT && !v->ipv6 ? 0 : r;
}

/*
 * Configures the end in a namespace whose section does not name this cable,
 * with the gateways of the other end. across: the addresses of the other end.
 */
static int cable_put_foreign(const struct cable_end *end,
			     const struct addresses *across,
			     struct rtnl_batch *b, struct error *err)
{
	struct cable_visit visit = {.ifname = end->ifname};
	bool done[2] = {false};
	int r;

	for (size_t n = 0; n < across->n; n++)
		if (across->items[n].gateway.family == AF_INET6)
			visit.ipv6 = true;
	r = netns_visit(end->site.helper->host, end->site.netns, cable_visit,
			&visit, NULL, NULL, err);
	for (size_t n = 0; r == 0 && n < across->n; n++) {
		struct inet_prefix here = across->items[n].gateway;
		struct inet_prefix there = across->items[n].inner;
		bool *has_address = &done[here.family == AF_INET6];

		if (here.family == AF_UNSPEC)
			continue;
		address_set_full_length(&here);
		address_set_full_length(&there);
		if (!*has_address)
			rtnl_put_address(b, end->ifindex, &here);
		*has_address = true;
		rtnl_put_route(b, &there, NULL, end->ifindex);
	}
	return r;
}

/* Sets alias and addresses, and brings it up. across: as above. */
static int cable_configure(struct cable_end *end, const struct cable_end *other,
			   const struct addresses *across, struct error *err)
{
	char alias[CABLE_ALIAS_STR];
	struct addresses own;
	struct rtnl_batch b = {.n = 0};
	int r;

	cable_alias(other->site.instance, alias);
	rtnl_put_alias_up(&b, end->ifindex, alias);
	if (!end->site.ns) {
		r = cable_put_foreign(end, across, &b, err);
	} else {
		r = address_plan(&end->site, &own, err);
		if (r == 0)
			r = address_put(&end->site, &own, end->ifindex, &b,
					err);
	}
	return r < 0 ? r : rtnl_run(end->site.inside, &b, err);
}

/* Records the new end. The rate of one that is created late is set here. */
static int cable_note(struct cable_end *end, struct error *err)
{
	struct instance *i = end->site.instance;
	int r;

	if (!end->site.ns)
		return 0;
	i->ifindex = end->ifindex;
	i->rate_bits = 0; /* none on the new interface */
	if (end->fd < 0)
		return 0; /* in create(): its caller does the rest */
	r = rate_apply(i, end->site.ns, end->site.netns, err);
	return r < 0 || i->making ? r : instance_record_save(i, err);
}

static int cable_connect(struct cable_end *near, struct cable_end *far,
			 struct error *err)
{
	struct addresses across;
	int r = address_plan(&near->site, &across, err);

	if (r == 0)
		r = cable_prepare(near, far->site.instance->name, err);
	if (r == 0)
		r = cable_prepare(far, near->site.instance->name, err);
	if (r == 0)
		r = cable_make(near, far, err);
	if (r == 0)
		r = cable_configure(far, near, &across, err);
	if (r == 0)
		r = cable_configure(near, far, &across, err);
	if (r == 0)
		r = cable_note(far, err);
	if (r == 0)
		r = cable_note(near, err);
	if (r < 0 && near->ifindex)
		rtnl_delete(near->site.inside, near->ifindex, NULL);
	if (r < 0)
		return r;
	log_info("a cable connects %s and %s", near->site.instance->name,
		 far->site.instance->name);
	return 0;
}

/* Opens the far end and creates the cable. */
static int cable_lead_to(struct cable_end *near, struct instance *peer,
			 struct error *err)
{
	_cleanup_(cable_end_clear) struct cable_end far = {.fd = -EBADF};
	const struct policy *policy = near->site.policy;
	const struct policy_namespace *ns =
		policy_namespace_find(policy, peer->section);
	struct error why = {""};
	int r;

	if (peer->link != LINK_CABLE || !cable_names(ns, near->site.ns->name))
		ns = NULL;
	r = cable_end_open(peer, policy, ns, &far, &why);
	if (r == 0)
		r = cable_connect(near, &far, &why);
	if (r < 0)
		return error_set(err, r,
				 "cannot connect %s to %s by a cable: %s",
				 near->site.instance->name, peer->name,
				 why.text);
	return 0;
}

/* --- link_ops --- */

/* Return: the other namespace, or NULL. Its scope is shared: one name. */
static struct instance *cable_peer(const struct helper *h,
				   const struct policy_namespace *ns)
{
	struct instance *peer = instance_find(h, ns->peer);

	return peer && (peer->state == INSTANCE_LIVE ||
			peer->state == INSTANCE_MAKING)
		       ? peer
		       : NULL;
}

static int cable_create(const struct link_site *site, struct error *err)
{
	struct instance *i = site->instance;
	struct instance *peer = cable_peer(site->helper, site->ns);
	struct cable_end near = {.site = *site, .fd = -EBADF};
	struct addresses plan;
	int r = address_plan(site, &plan, err);

	if (r < 0)
		return r;
	address_note(i, &plan);
	inside_set_ifname(site, INSIDE_IFNAME);
	memcpy(near.ifname, i->ifname, sizeof(near.ifname));
	if (!peer)
		return 0;
	if (peer->foreign)
		return error_set(err, -EPERM,
				 "the namespace %s was not made by netns-pam, which creates no cable to it; remove it, or the `peer` of this section",
				 peer->name);
	return cable_lead_to(&near, peer, err);
}

/* Queries the end. Return: 0; -ENODEV when there is no cable; -errno. */
static int cable_look(struct rtnl *inside, const char *ifname,
		      struct rtnl_link *ret)
{
	int r = rtnl_link_by_name(inside, ifname, ret);

	if (r == 0 &&
	    strncmp(ret->alias, CABLE_ALIAS, sizeof(CABLE_ALIAS) - 1) != 0)
		return -ENODEV;
	return r;
}

/* Opens the near end. -ESTALE: its section has no cable any more. */
static int cable_near(struct instance *i, struct cable_end *ret,
		      struct error *err)
{
	const struct policy_namespace *ns = instance_section(i);

	*ret = (struct cable_end){.fd = -EBADF};
	if (!ns || ns->link != LINK_CABLE)
		return -ESTALE;
	return cable_end_open(i, store_policy(i->helper->store), ns, ret, err);
}

static void cable_peer_up(struct helper *h, struct instance *i,
			  struct instance *other)
{
	const struct policy_namespace *ns = instance_section(i);
	char alias[CABLE_ALIAS_STR];
	_cleanup_(cable_end_clear) struct cable_end near = {.fd = -EBADF};
	struct error why = {""};
	struct rtnl_link link;
	int r;

	if (!cable_names(ns, other->section) || other->foreign ||
	    other->scope != SCOPE_SHARED)
		return;
	r = cable_near(i, &near, &why);
	if (r == 0) {
		cable_alias(other, alias);
		if (cable_look(near.inside, near.ifname, &link) == 0 &&
		    !strcmp(link.alias, alias))
			return;
		r = cable_lead_to(&near, other, &why);
	}
	if (r < 0)
		log_error("%s", why.text);
}

/* Return: 0, also when there is no cable; -errno with err set. */
static int cable_cut(struct helper *h, struct instance *i, struct error *err)
{
	_cleanup_(cable_end_clear) struct cable_end near = {.fd = -EBADF};
	struct rtnl_link link;
	int r = cable_near(i, &near, err);

	if (r == -ENOENT)
		log_warning("%s stays connected until its processes end: %s",
			    i->name, err->text);
	if (r < 0)
		return r == -ENOENT || r == -ESTALE ? 0 : r;
	r = cable_look(near.inside, near.ifname, &link);
	if (r == 0)
		r = rtnl_down(near.inside, link.ifindex, err);
	else
		error_set(err, r, "cannot find its cable: %m");
	return answer_of(r) == ABSENT ? 0 : r;
}

static void cable_peer_down(struct helper *h, struct instance *i,
			    struct instance *other)
{
	struct error why;

	if (cable_names(instance_section(i), other->section) &&
	    cable_cut(h, i, &why) < 0)
		log_error("%s: %s", i->name, why.text);
}

static void cable_describe(struct helper *h, const struct instance *i,
			   struct proto_namespace *ret)
{
	_cleanup_(cable_end_clear) struct cable_end near = {.fd = -EBADF};
	const struct policy_namespace *ns = instance_section(i);
	const char *peer = ns && ns->link == LINK_CABLE ? ns->peer : "?";
	struct rtnl_link link;

	if (netns_rtnl_open(i, -1, &near.inside, NULL) < 0)
		return;
	if (cable_look(near.inside, i->ifname, &link) < 0) {
		snprintf(ret->detail, sizeof(ret->detail),
			 "not connected: %s does not exist", peer);
		return;
	}
	ret->rx_bytes = link.rx_bytes;
	ret->tx_bytes = link.tx_bytes;
	snprintf(ret->detail, sizeof(ret->detail), "%s to %s%s", link.ifname,
		 peer, link.running ? "" : ", down");
}

const struct link_ops link_cable_ops = {
	.makes_namespace = true,
	.filter = FILTER_INSIDE,
	.has_ipv6 = cable_has_ipv6,
	.create = cable_create,
	.cut = cable_cut,
	.peer_up = cable_peer_up,
	.peer_down = cable_peer_down,
	.describe = cable_describe,
};
