/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = device: an interface of the host, moved into the namespace and
 * returned at the end, with its old name. All that is needed to return it is in
 * its alias: name, state, MTU, the alias before. The kernel would delete a
 * virtual interface with the namespace, and return a physical one with its
 * current name.
 *
 * The move removes its addresses and routes on the host, as does `ip link set
 * IFACE netns NAME`.
 */
#include "helper/instance/link_ops.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto.h"
#include "helper/base/log.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/network/network.h"
#include "interface.h"

#define DEVICE_ALIAS	 "netns-pam-device"
#define DEVICE_ALIAS_MAX 256	    /* IFALIASZ */
#define DEVICE_LOST_AS	 "npback%d" /* its name is in use */

static const char device_lost[] = "its interface was deleted";

/* Its state on the host: the alias "netns-pam-device NAME up MTU ALIAS". */
struct device_home {
	char text[DEVICE_ALIAS_MAX];
	const char *name;
	bool up;
	unsigned int mtu;
	const char *alias; /* the one before */
};

static bool device_home_read(const struct rtnl_link *link,
			     struct device_home *ret)
{
	char *rest = ret->text;
	const char *tag, *state, *mtu;

	snprintf(ret->text, sizeof(ret->text), "%s", link->alias);
	tag = strsep(&rest, " ");
	ret->name = strsep(&rest, " ");
	state = strsep(&rest, " ");
	mtu = strsep(&rest, " ");
	if (!mtu || strcmp(tag, DEVICE_ALIAS) != 0 ||
	    !name_is_ifname(ret->name))
		return false;
	ret->up = !strcmp(state, "up");
	ret->mtu = (unsigned int)strtoul(mtu, NULL, 10);
	ret->alias = rest ? rest : "";
	return true;
}

static void device_put_alias(struct rtnl_batch *b, const struct rtnl_link *link)
{
	char alias[DEVICE_ALIAS_MAX];
	/* An existing one, after a SIGKILL, is kept. */
	struct device_home home = {.up = false};

	if (device_home_read(link, &home))
		return;
	snprintf(alias, sizeof(alias), DEVICE_ALIAS " %s %s %u %.200s",
		 link->ifname, link->up ? "up" : "down", link->mtu,
		 link->alias);
	rtnl_put_alias(b, link->ifindex, alias);
}

/* --- returning it --- */

/*
 * Restores the state of an interface on the host. lost: it keeps the name
 * DEVICE_LOST_AS if it has that.
 */
static int device_restore(struct helper *h, const struct rtnl_link *link,
			  bool lost, struct error *err)
{
	struct device_home home = {.up = false};
	struct rtnl_batch b = {.n = 0};

	if (!device_home_read(link, &home))
		return 0;
	if (strcmp(link->ifname, home.name) != 0 &&
	    !(lost && !strncmp(link->ifname, "npback", 6))) {
		rtnl_put_down(&b, link->ifindex);
		rtnl_put_rename(&b, link->ifindex, home.name);
	}
	if (home.mtu != link->mtu)
		rtnl_put_mtu(&b, link->ifindex, home.mtu);
	rtnl_put_alias(&b, link->ifindex, home.alias);
	if (home.up)
		rtnl_put_up(&b, link->ifindex);
	return rtnl_run(h->rtnl, &b, err);
}

struct device_search {
	const char *name;
	struct rtnl_link found; /* ifindex 0: none */
};

static void device_seen(void *data, const struct rtnl_link *link)
{
	struct device_search *search = data;
	struct device_home home = {.up = false};

	if (device_home_read(link, &home) && !strcmp(home.name, search->name))
		search->found = *link;
}

/*
 * Restores one that is on the host: moved back, returned by the kernel, or not
 * moved yet when the daemon was killed. lost: as above.
 * Return: 0; -ENODEV; -errno with err set.
 */
static int device_find_stray(struct helper *h, const char *name, bool lost,
			     struct error *err)
{
	struct device_search search = {.name = name};
	int r = rtnl_dump_links(h->rtnl, device_seen, &search);

	if (r < 0)
		return error_set(err, r,
				 "cannot read the links of the host: %m");
	return search.found.ifindex
		       ? device_restore(h, &search.found, lost, err)
		       : -ENODEV;
}

static int device_move_back(struct instance *i, struct rtnl *inside,
			    const struct rtnl_link *link, struct error *err)
{
	const char *const names[] = {i->device, DEVICE_LOST_AS};
	struct helper *h = i->helper;
	int r = -EEXIST;

	for (size_t n = 0; n < 2 && r == -EEXIST; n++) {
		struct rtnl_batch b;

		rtnl_batch_init(&b);
		rtnl_put_move(&b, link->ifindex, h->host->fd, names[n]);
		r = rtnl_run(inside, &b, err);
		if (r == -EEXIST)
			log_error("%s: the host has another %s by now; the interface is returned with another name",
				  i->name, i->device);
	}
	return r;
}

/* Return: 0; -ENODEV when it is not in the namespace; -errno with err set. */
static int device_return(struct instance *i, int netns, struct error *err)
{
	struct rtnl *inside = NULL;
	struct rtnl_link link = {0};
	int r = netns_rtnl_open(i, netns, &inside, err);

	if (r < 0)
		return r;
	r = rtnl_link_by_name(inside, i->ifname, &link);
	if (r == -ENODEV && i->ifindex)
		r = rtnl_link_by_index(inside, i->ifindex, &link);
	if (r == 0)
		r = device_move_back(i, inside, &link, err);
	else
		error_set(err, r, "it is not in the namespace");
	rtnl_close(inside);
	if (r < 0)
		return r;
	r = device_find_stray(i->helper, i->device, true, err);
	return r == -ENODEV ? 0 : r;
}

/* Return: 0: it is on the host, or does not exist; -errno: called again. */
static int device_remove(struct helper *h, struct instance *i, int netns,
			 struct error *err)
{
	struct error why = {"its namespace does not exist"};
	int r = -ENODEV, stray;

	inside_remove(h, i, netns, err);
	if (!i->device[0])
		return 0;
	if (netns >= 0)
		r = device_return(i, netns, &why);
	/* Not moved yet, or returned by the kernel. */
	stray = r < 0 ? device_find_stray(h, i->device, false, err) : 0;
	if (stray < 0 && stray != -ENODEV)
		return stray;
	if (r < 0 && r != -ENODEV && stray < 0)
		return error_set(err, r,
				 "cannot return the interface %s to the host: %s",
				 i->device, why.text);
	if (stray == 0)
		log_info("%s: the host has the interface %s again", i->name,
			 i->device);
	else if (i->broken)
		log_info("%s: the interface %s was deleted", i->name,
			 i->device);
	else
		log_error("%s: cannot return the interface %s to the host: %s",
			  i->name, i->device, why.text);
	i->device[0] = '\0';
	return 0;
}

/* --- moving it in --- */

struct device_uses {
	const struct rtnl_link *link;
	char upper[IFNAMSIZ]; /* an interface on top of it */
};

static void device_upper_seen(void *data, const struct rtnl_link *link)
{
	struct device_uses *uses = data;

	/* The other end of a veth is not on top of it. */
	if (link->lower == uses->link->ifindex && !link->elsewhere &&
	    link->ifindex != link->lower && strcmp(link->kind, "veth") != 0)
		memcpy(uses->upper, link->ifname, sizeof(uses->upper));
}

/* Does the host need it? Return: 0, or -errno with err set. */
static int device_check_host(struct helper *h, const struct rtnl_link *link,
			     struct error *err)
{
	struct device_uses uses = {.link = link};
	struct rtnl_link master;
	int r;

	if (link->ifindex == 1 || !strcmp(link->ifname, "lo"))
		return error_set(err, -EINVAL,
				 "cannot move the loopback interface into a namespace");
	if (link->master)
		return error_set(err, -EBUSY,
				 "the interface %s is a port of %s; remove it from there (ip link set %s nomaster)",
				 link->ifname,
				 rtnl_link_by_index(h->rtnl, link->master,
						    &master) == 0
					 ? master.ifname
					 : "another interface",
				 link->ifname);
	r = rtnl_has_default_route(h->rtnl, link->ifindex);
	if (r > 0)
		return error_set(err, -EBUSY,
				 "the host's default route goes by the interface %s; the host would be disconnected",
				 link->ifname);
	if (r == 0)
		r = rtnl_dump_links(h->rtnl, device_upper_seen, &uses);
	if (r < 0)
		return error_set(err, r,
				 "cannot read the links of the host: %m");
	if (uses.upper[0])
		return error_set(err, -EBUSY,
				 "the interface %s carries %s on the host",
				 link->ifname, uses.upper);
	return 0;
}

/* Does another namespace use it, moved in or as a parent? */
static int device_check_ours(const struct link_site *site, const char *name,
			     struct error *err)
{
	for (const struct instance *o = site->helper->instances; o; o = o->next)
		if (o != site->instance && !o->broken &&
		    !strcmp(o->device, name))
			return error_set(err, -EBUSY,
					 o->link == LINK_DEVICE
						 ? "the interface %s is in the namespace %s"
						 : "the interface %s is the `parent` of the namespace %s",
					 name, o->name);
	return 0;
}

static int device_find(const struct link_site *site, struct rtnl_link *ret,
		       struct error *err)
{
	struct helper *h = site->helper;
	char name[IFNAMSIZ];
	int r = inside_host_ifname(site, "interface", site->ns->interface, name,
				   err);

	if (r == 0)
		r = device_check_ours(site, name, err);
	if (r < 0)
		return r;
	if (rtnl_link_by_name(h->rtnl, name, ret) == -ENODEV)
		device_find_stray(h, name, false, NULL);
	r = inside_look_on_host(h, "interface", name, ret, err);
	return r < 0 ? r : device_check_host(h, ret, err);
}

/* Warns that the host loses the addresses and routes of the interface. */
static void device_warn(const struct link_site *site,
			const struct rtnl_link *link)
{
	struct inet_prefix route = {.family = AF_UNSPEC};
	char text[INET_PREFIX_STR];

	if (network_find_route(site->helper, NULL, link->ifindex, &route) < 0 ||
	    route.family == AF_UNSPEC)
		return;
	inet_prefix_format(&route, text);
	log_warning("%s: the interface %s leaves the host, which loses its addresses and routes (%s, ...)",
		    site->instance->name, link->ifname, text);
}

static int device_create(const struct link_site *site, struct error *err)
{
	struct instance *i = site->instance;
	struct rtnl_link link = {0};
	struct rtnl_batch b;
	struct error why;
	int r = device_find(site, &link, err);

	if (r < 0)
		return r;
	device_warn(site, &link);
	inside_set_ifname(site, link.ifname);
	memcpy(i->device, link.ifname, sizeof(i->device));
	/* Recorded before the move: it is returned also after a SIGKILL. */
	r = instance_record_save(i, err);
	if (r < 0)
		return r;
	rtnl_batch_init(&b);
	device_put_alias(&b, &link);
	rtnl_put_move(&b, link.ifindex, site->netns, i->ifname);
	r = rtnl_run(site->helper->rtnl, &b, &why);
	if (r < 0)
		return error_set(err, r, "%s: %s", i->device, why.text);
	r = rtnl_link_by_name(site->inside, i->ifname, &link);
	if (r < 0)
		return error_set(err, r,
				 "cannot find the interface %s in the namespace: %m",
				 i->device);
	i->ifindex = link.ifindex;
	if (site->ns->mtu) {
		rtnl_batch_init(&b);
		rtnl_put_mtu(&b, i->ifindex, site->ns->mtu);
		r = rtnl_run(site->inside, &b, err);
	}
	return r < 0 ? r : inside_start(site, device_lost, false, err);
}

static int device_adopt(struct helper *h, struct instance *i)
{
	return inside_adopt(i, device_lost, false);
}

static void device_describe(struct helper *h, const struct instance *i,
			    struct proto_namespace *ret)
{
	inside_describe(i, ret);
	snprintf(ret->detail, sizeof(ret->detail), "the host's %s", i->device);
}

const struct link_ops link_device_ops = {
	.makes_namespace = true,
	.filter = FILTER_INSIDE,
	.kept_first = true,
	.has_ipv6 = inside_has_ipv6,
	.create = device_create,
	.adopt = device_adopt,
	.remove = device_remove,
	.leave = inside_free,
	.lost = inside_lost,
	.describe = device_describe,
};
