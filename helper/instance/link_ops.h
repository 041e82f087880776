/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one interface that all ways of connecting a namespace go through. A link
 * is a file link_KIND.c and a line in link.c's table; no link knows another.
 */
#ifndef NETNS_PAM_HELPER_INSTANCE_LINK_OPS_H
#define NETNS_PAM_HELPER_INSTANCE_LINK_OPS_H

#include <stdbool.h>

#include "common/error.h"
#include "common/policy/policy.h"

struct helper;
struct instance;
struct proto_namespace;
struct rtnl;

/*
 * What create() works on: a namespace that nobody can see yet. It is there
 * until instance_connected(), when create() said LINK_LATER, as
 * instance->making's.
 */
struct link_site {
	struct helper *helper;
	struct instance *instance; /* create() notes here what it made */
	const struct policy_namespace *ns; /* stays, whatever is reloaded */
	const struct policy *policy;	   /* that it is a part of */
	int netns;			   /* fd of the namespace */
	struct rtnl *inside; /* a socket in it; its loopback is up */
};

/* create() has begun and goes on beside the loop. */
#define LINK_LATER 1

/* Where a namespace's packets are looked at, see filter.h. */
enum link_filter {
	FILTER_NONE,  /* it has no way out */
	FILTER_HOST,  /* in the host, by instance->host_ifname */
	FILTER_INSIDE /* in the namespace: they never pass the host's stack */
};

struct link_ops {
	/* Is the namespace made by us (or by somebody else beforehand)? */
	bool makes_namespace;
	enum link_filter filter;

	/*
	 * Do its packets reach the host through a switch? The host then knows
	 * them by their address, not by the interface.
	 */
	bool behind_switch;

	/* Does the host's firewall have to be there for it? */
	bool needs_firewall;

	/*
	 * What it moves in would end with the namespace: that is kept from
	 * before create() to remove(), so that neither a helper that is killed
	 * ends it, nor who takes its name away.
	 */
	bool kept_first;

	/* Will its interface have IPv6 addresses? NULL: it may. */
	bool (*has_ipv6)(const struct helper *h,
			 const struct policy_namespace *ns);

	/*
	 * Connects the namespace. Never waits: what takes time is done by a
	 * child (child.h) or a timer, and instance_connected() is called when
	 * it is over. When that never happens, or something fails, remove() is
	 * called; what the end of the namespace undoes needs no undoing.
	 * NULL: nothing to do.
	 * Return: 0, LINK_LATER, or -errno with a sentence.
	 */
	int (*create)(const struct link_site *site, struct error *err);

	/*
	 * A restarted daemon has read the instance back from its record: finds
	 * what create() noted. It only looks, and prepares what the event loop
	 * does later: an error gives the start up, with nothing changed. NULL:
	 * nothing to look for.
	 * Return: FOUND; ABSENT when the link does not exist, and lost() is
	 * called once the start is certain; -errno.
	 */
	int (*adopt)(struct helper *h, struct instance *instance);

	/*
	 * `ready = handshake`: asked a few times a second while the namespace
	 * is being made. NULL: no such thing.
	 * Return: 1 yes, 0 not yet, -errno with a sentence.
	 */
	int (*ready)(struct helper *h, struct instance *instance,
		     struct error *err);

	/*
	 * Disconnects the namespace although processes are inside. NULL:
	 * remove() does it. Idempotent.
	 * Return: 0; -errno with a sentence: it is called again.
	 */
	int (*cut)(struct helper *h, struct instance *instance,
		   struct error *err);

	/*
	 * Gives back what the end of the namespace does not: programs, ports,
	 * devices, memory. Called whether create() was successful or not, and
	 * after adopt(). netns: an fd, or < 0 when the namespace does not
	 * exist. NULL: nothing to give back. Idempotent.
	 * Return: 0: it is not called again; -errno with a sentence: it is.
	 */
	int (*remove)(struct helper *h, struct instance *instance, int netns,
		      struct error *err);

	/*
	 * The helper ends and the link stays: gives its memory and its event
	 * sources back. NULL: it has none.
	 */
	void (*leave)(struct instance *instance);

	/*
	 * Another namespace is live now, or has been cut off. The instance is
	 * live itself, or being made and create() is over. NULL: what is that
	 * to it.
	 */
	void (*met)(struct helper *h, struct instance *instance,
		    struct instance *other);
	void (*parted)(struct helper *h, struct instance *instance,
		       struct instance *other);

	/*
	 * Its interface was deleted by another program: what it holds by that
	 * is released, although processes may be inside. NULL: it holds
	 * nothing.
	 */
	void (*lost)(struct helper *h, struct instance *instance);

	/* Traffic and state for `status`. NULL: none. */
	void (*describe)(struct helper *h, const struct instance *instance,
			 struct proto_namespace *ret);
};

extern const struct link_ops link_none_ops, link_external_ops, link_veth_ops,
	link_bridge_ops, link_cable_ops, link_macvlan_ops, link_device_ops,
	link_wireguard_ops, link_openvpn_ops;

#endif
