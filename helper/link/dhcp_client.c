/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcp_client.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "address.h"
#include "common/cleanup.h"
#include "dhcp_event.h"
#include "dhcp_lease.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/firewall/filter.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/process/child.h"

#define DHCP_PROGRAM "udhcpc"
#define DHCP_CAPABILITIES                                                      \
	(UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_NET_BIND_SERVICE)
#define DHCP_RETRY_MAX_S 64
#define DHCP_EXPIRY_S	 10 /* after the client's own end of the lease */
#define DHCP_SECOND_US	 UINT64_C(1000000)

_Static_assert(DHCP_DNS_MAX <= INSTANCE_DNS_MAX, "room for DNS");

struct dhcp_client {
	struct instance *instance;
	char label[160];
	const struct dhcp_client_owner *owner;
	struct dhcp_lease lease; /* in force; AF_UNSPEC: none */
	/*
	 * The client was restarted while there was a lease: that it has none is
	 * ignored until it has one again.
	 */
	bool restarted;
	unsigned int failures; /* in a row */
	sd_event_source *retry, *expiry;
};

static bool dhcp_is_bound(const struct dhcp_client *c)
{
	return c->lease.address.family != AF_UNSPEC;
}

/* --- on the interface --- */

static void dhcp_put_mtu(const struct link_site *site,
			 const struct dhcp_lease *lease)
{
	const struct instance *i = site->instance;
	struct rtnl_batch b = {.n = 0};
	struct error why;

	if (site->ns->mtu || !lease->mtu)
		return;
	rtnl_put_mtu(&b, i->ifindex, lease->mtu);
	if (rtnl_run(site->inside, &b, &why) < 0)
		log_warning("%s: cannot set the MTU %u of the lease on %s: %s",
			    i->name, lease->mtu, i->ifname, why.text);
}

/* The policy's `routes`, which are set already, take precedence. */
static void dhcp_put_routes(const struct link_site *site,
			    const struct dhcp_lease *lease)
{
	const struct instance *i = site->instance;

	for (size_t n = 0; n < lease->n_routes; n++) {
		const struct dhcp_route *route = &lease->routes[n];
		bool has_gateway = route->gateway.family != AF_UNSPEC;
		char text[INET_PREFIX_STR];
		struct rtnl_batch b;
		struct error why;
		int r;

		if (!route->destination.length && has_gateway)
			continue; /* set by address_put() */
		rtnl_batch_init(&b);
		rtnl_put_route(&b, &route->destination,
			       has_gateway ? &route->gateway : NULL,
			       i->ifindex);
		r = rtnl_run(site->inside, &b, &why);
		inet_prefix_format(&route->destination, text);
		if (r < 0 && r != -EEXIST)
			log_warning("%s: cannot add the route of the lease to %s on %s: %s",
				    i->name, text, i->ifname, why.text);
	}
}

static int dhcp_put(const struct link_site *site,
		    const struct dhcp_lease *lease, struct error *err)
{
	struct addresses plan = {.n = 1};
	struct rtnl_batch b = {.n = 0};
	int r;

	plan.items[0].inner = lease->address;
	for (size_t n = 0; n < lease->n_routes; n++)
		if (!lease->routes[n].destination.length)
			plan.items[0].gateway = lease->routes[n].gateway;
	r = address_put(site, &plan, site->instance->ifindex, &b, err);
	if (r == 0)
		r = rtnl_run(site->inside, &b, err);
	if (r < 0)
		return r;
	dhcp_put_routes(site, lease);
	dhcp_put_mtu(site, lease);
	return 0;
}

/* The last address removes all IPv4 routes, too (fib_disable_ip()). */
static void dhcp_remove_address(const struct link_site *site,
				const struct inet_prefix *address)
{
	struct rtnl_batch b = {.n = 0};

	rtnl_put_address_delete(&b, site->instance->ifindex, address);
	rtnl_run(site->inside, &b, NULL);
}

static int dhcp_allow(const struct dhcp_client *c,
		      const struct inet_prefix *address, struct error *err)
{
	return c->owner->address ? c->owner->address(c->instance, address, err)
				 : 0;
}

static bool dhcp_same_address(const struct inet_prefix *a,
			      const struct inet_prefix *b)
{
	return a->length == b->length && inet_address_equal(a, b);
}

static bool dhcp_same_routes(const struct dhcp_lease *a,
			     const struct dhcp_lease *b)
{
	if (a->n_routes != b->n_routes || a->mtu != b->mtu)
		return false;
	for (size_t n = 0; n < a->n_routes; n++)
		if (!dhcp_same_address(&a->routes[n].destination,
				       &b->routes[n].destination) ||
		    !dhcp_same_address(&a->routes[n].gateway,
				       &b->routes[n].gateway))
			return false;
	return true;
}

/* Replaces the lease (NULL: none); what is equal is not changed. */
static int dhcp_configure(struct dhcp_client *c, const struct dhcp_lease *lease,
			  struct error *err)
{
	static const struct policy_namespace empty;
	struct instance *i = c->instance;
	const struct policy *policy = store_policy(i->helper->store);
	const struct policy_namespace *ns =
		policy_namespace_find(policy, i->section);
	struct link_site site = {
		.helper = i->helper,
		.instance = i,
		.policy = policy,
		.ns = ns ? ns : &empty,
		.netns = -EBADF,
	};
	bool moved = !lease ||
		     !dhcp_same_address(&lease->address, &c->lease.address);
	int r;

	if (!moved && dhcp_same_routes(lease, &c->lease))
		return 0;
	r = netns_rtnl_open(i, -1, &site.inside, err);
	if (r < 0)
		return r;
	if (dhcp_is_bound(c))
		dhcp_remove_address(&site, &c->lease.address);
	if (lease && moved)
		r = dhcp_allow(c, &lease->address, err);
	if (lease && r == 0) {
		r = dhcp_put(&site, lease, err);
		if (r < 0)
			dhcp_remove_address(&site, &lease->address);
	}
	if (!lease || r < 0)
		dhcp_allow(c, NULL, NULL);
	rtnl_close(site.inside);
	return r;
}

/* --- in the instance --- */

/* Sets the lease in the instance. Return: have the name servers changed? */
static bool dhcp_note(struct dhcp_client *c, const struct dhcp_lease *lease)
{
	static const struct dhcp_lease none;
	struct instance *i = c->instance;
	bool same;

	c->lease = lease ? *lease : none;
	lease = &c->lease;
	i->address4 = lease->address;
	same = i->n_link_dns == lease->n_dns &&
	       !strcmp(i->link_search, lease->search);
	for (size_t n = 0; same && n < lease->n_dns; n++)
		same = dhcp_same_address(&i->link_dns[n], &lease->dns[n]);
	memcpy(i->link_dns, lease->dns, sizeof(lease->dns));
	i->n_link_dns = lease->n_dns;
	snprintf(i->link_search, sizeof(i->link_search), "%s", lease->search);
	return !same;
}

static void dhcp_record(struct instance *i)
{
	struct error why;

	if (instance_record_save(i, &why) < 0)
		log_warning("%s: %s", i->name, why.text);
}

static void dhcp_note_none(struct dhcp_client *c)
{
	timer_arm(c->expiry, 0);
	c->restarted = false;
	dhcp_note(c, NULL);
	dhcp_record(c->instance);
	filter_dns_changed(c->instance);
}

static void dhcp_lost(struct dhcp_client *c, const char *why)
{
	struct instance *i = c->instance;
	char text[INET_PREFIX_STR];
	struct error failed;

	if (!dhcp_is_bound(c))
		return;
	inet_address_format(&c->lease.address, text);
	log_warning("%s: the lease of %s on %s is lost: %s; it has no network until the next lease",
		    i->name, text, i->ifname, why);
	if (dhcp_configure(c, NULL, &failed) < 0)
		log_error("%s: %s", i->name, failed.text);
	dhcp_note_none(c);
}

/* --- the client --- */

static int dhcp_start(struct dhcp_client *c, int netns, struct error *err);

static void dhcp_start_later(struct dhcp_client *c)
{
	unsigned int seconds =
		c->failures < 6 ? 1u << c->failures : DHCP_RETRY_MAX_S;

	c->failures++;
	timer_arm(c->retry, seconds * DHCP_SECOND_US);
}

static void dhcp_ended(void *data, int r, const struct error *why)
{
	struct dhcp_client *c = data;
	struct instance *i = c->instance;

	i->child = NULL;
	i->pid = 0;
	if (i->making) {
		instance_connected(i, -ECHILD, why);
		return;
	}
	log_warning("%s; started again", why->text);
	dhcp_start_later(c);
}

static void dhcp_retry(void *data)
{
	struct dhcp_client *c = data;
	struct error why;

	c->restarted = dhcp_is_bound(c);
	if (dhcp_start(c, -1, &why) < 0) {
		log_error("%s: %s", c->instance->name, why.text);
		dhcp_start_later(c);
	}
}

static void dhcp_expired(void *data)
{
	dhcp_lost(data, "it has expired");
}

static void dhcp_arm_expiry(struct dhcp_client *c)
{
	uint64_t seconds = c->lease.seconds;

	timer_arm(c->expiry,
		  seconds == DHCP_FOREVER
			  ? 0
			  : (seconds + DHCP_EXPIRY_S) * DHCP_SECOND_US);
}

/* Requests the current address again, if any. netns: an fd; < 0: by name. */
static int dhcp_start(struct dhcp_client *c, int netns, struct error *err)
{
	struct instance *i = c->instance;
	const struct child_events events = {.ended = dhcp_ended, .data = c};
	_cleanup_close_ int found = -EBADF;
	char address[INET_PREFIX_STR];
	/*
	 * Three requests in three seconds, again after five; -o: no options but
	 * those that are used.
	 */
	/* clang-format off */
	const char *argv[24] = {
		DHCP_PROGRAM, "-f", "-i", i->ifname, "-s", EVENT_SCRIPT, "-t3",
		"-T1", "-A5", "-o", "-Osubnet", "-Orouter", "-Odns", "-Odomain",
		"-Osearch", "-Omtu", "-Ostaticroutes", "-Omsstaticroutes",
	};
	/* clang-format on */
	static const char *const env[] = {EVENT_VARIABLE_BY_FD, NULL};
	struct child_command command = {
		.label = c->label,
		.argv = argv,
		.package = DHCP_PROGRAM,
		.env = env,
		.netns = netns,
		.pass_fd = event_directory(i),
		.pass_as = EVENT_FD,
		.capabilities = DHCP_CAPABILITIES,
	};
	size_t n = 0;

	if (netns < 0) {
		found = instance_netns(i, err);
		if (found < 0)
			return found;
		command.netns = found;
	}
	child_user(CHILD_USER, &command.uid, &command.gid);
	inet_address_format(&c->lease.address, address);
	while (argv[n])
		n++;
	if (c->owner->release)
		argv[n++] = "-R";
	if (dhcp_is_bound(c)) {
		argv[n++] = "-r";
		argv[n++] = address;
	}
	return instance_start_child(i, &command, &events, err);
}

/* Restarts the client, so that it may choose another server. */
static void dhcp_restart(struct dhcp_client *c)
{
	struct instance *i = c->instance;

	i->child = child_stop(i->child);
	i->pid = 0;
	dhcp_start_later(c);
}

/* --- events --- */

static void dhcp_refused(struct dhcp_client *c, const struct error *why)
{
	struct instance *i = c->instance;

	log_warning("%s: the answer of a DHCP server on %s is invalid: %s",
		    i->name, i->ifname, why->text);
	instance_waiting(i,
			 "a DHCP lease on %s (the answer of a server is invalid: %.80s)",
			 i->ifname, why->text);
	dhcp_lost(c, "the server renewed it with an invalid one");
	dhcp_restart(c);
}

static void dhcp_bound(struct dhcp_client *c, const struct dhcp_lease *lease)
{
	struct instance *i = c->instance;
	bool moved = !dhcp_same_address(&lease->address, &c->lease.address);
	bool refused = lease->refused[0] &&
		       strcmp(lease->refused, c->lease.refused) != 0;
	char text[INET_PREFIX_STR];
	struct error why;
	bool dns_changed;

	if (dhcp_configure(c, lease, &why) < 0) {
		dhcp_note_none(c);
		dhcp_refused(c, &why);
		return;
	}
	inet_prefix_format(&lease->address, text);
	if (moved)
		log_info("%s: %s has the address %s by DHCP", i->name,
			 i->ifname, text);
	if (refused)
		log_warning("%s: ignored in the DHCP lease on %s: %s", i->name,
			    i->ifname, lease->refused);
	c->failures = 0;
	c->restarted = false;
	dns_changed = dhcp_note(c, lease);
	dhcp_arm_expiry(c);
	event_done(i);
	if (i->making) {
		instance_connected(i, 0, NULL); /* may free c */
		return;
	}
	if (moved)
		dhcp_record(i);
	if (dns_changed)
		filter_dns_changed(i); /* records it */
}

static void dhcp_changed(struct instance *i, const struct event *e)
{
	struct dhcp_client *c = i->dhcp;
	const char *what = event_get(e, "NETNS_PAM_ARGUMENT");
	const struct dhcp_words words = {
		.ip = event_get(e, "ip"),
		.subnet = event_get(e, "subnet"),
		.router = event_get(e, "router"),
		.staticroutes = event_get(e, "staticroutes"),
		.msstaticroutes = event_get(e, "msstaticroutes"),
		.dns = event_get(e, "dns"),
		.domain = event_get(e, "domain"),
		.search = event_get(e, "search"),
		.mtu = event_get(e, "mtu"),
		.lease = event_get(e, "lease"),
	};
	struct dhcp_lease lease;
	struct error why;

	if (!what || !c)
		return;
	if (!strcmp(what, "bound") || !strcmp(what, "renew")) {
		if (dhcp_lease_parse(&words, &lease, &why) < 0) {
			dhcp_refused(c, &why);
		} else if (event_is_done(e)) {
			c->lease = lease; /* by the previous daemon */
			dhcp_arm_expiry(c);
		} else {
			dhcp_bound(c, &lease);
		}
		return;
	}
	if (event_is_done(e))
		return;
	if (!strcmp(what, "nak")) {
		instance_waiting(i,
				 "a DHCP lease on %s (a server refused to give one)",
				 i->ifname);
		dhcp_lost(c, "the server revoked it");
	} else if (!c->restarted) { /* deconfig, leasefail */
		dhcp_lost(c, "the server did not renew it");
	}
	event_done(i);
}

/* --- start and end --- */

static int dhcp_new(struct instance *i, const struct dhcp_client_owner *owner,
		    struct error *err)
{
	struct dhcp_client *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return error_set(err, -ENOMEM, "out of memory");
	i->dhcp = c;
	c->instance = i;
	c->owner = owner;
	snprintf(c->label, sizeof(c->label), "%s: " DHCP_PROGRAM, i->name);
	r = timer_new(i->helper->event, &c->retry, dhcp_retry, c, err);
	if (r >= 0)
		r = timer_new(i->helper->event, &c->expiry, dhcp_expired, c,
			      err);
	if (r < 0)
		return r;
	i->by_dhcp = true;
	return event_watch(i, dhcp_changed, err);
}

int dhcp_client_start(const struct link_site *site,
		      const struct dhcp_client_owner *owner, struct error *err)
{
	struct instance *i = site->instance;
	int r;

	instance_waiting(i, "a DHCP lease on %s (no DHCP server has answered)",
			 i->ifname);
	r = dhcp_new(i, owner, err);
	return r < 0 ? r : dhcp_start(i->dhcp, site->netns, err);
}

int dhcp_client_adopt(struct instance *i, const struct dhcp_client_owner *owner)
{
	struct child_events events = {.ended = dhcp_ended};
	struct error why;
	int r = dhcp_new(i, owner, &why);

	if (r < 0) {
		log_error("%s: %s", i->name, why.text);
		return r;
	}
	/* The recorded address, until the event loop reads the event. */
	i->dhcp->lease.address = i->address4;
	events.data = i->dhcp;
	r = child_adopt(i->helper, i->pid, i->process, i->dhcp->label, &events,
			&i->child);
	if (r == ABSENT) {
		i->pid = 0;
		timer_arm(i->dhcp->retry, 1);
	}
	return r < 0 ? r : 0;
}

void dhcp_client_stop(struct instance *i)
{
	if (!i->dhcp)
		return;
	i->child = child_stop(i->child);
	i->pid = 0;
	i->by_dhcp = false;
	event_forget(i);
	dhcp_client_free(i);
}

void dhcp_client_free(struct instance *i)
{
	if (!i->dhcp)
		return;
	sd_event_source_disable_unref(i->dhcp->retry);
	sd_event_source_disable_unref(i->dhcp->expiry);
	free(i->dhcp);
	i->dhcp = NULL;
}
