/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface that links implement. A link is a file or folder in
 * helper/link/ and a line of the table in lifecycle/link_table.c; the files of
 * one link call no function of another link.
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
 * What create() works on: a namespace without a name. After LINK_LATER it stays
 * valid until instance_connected() is called.
 */
struct link_site {
	struct helper *helper;
	struct instance *instance; /* create() sets its link's members */
	const struct policy_namespace *ns; /* valid after a reload, too */
	const struct policy *policy;	   /* that ns is part of */
	int netns;			   /* fd of the namespace */
	struct rtnl *inside; /* a socket in it; its loopback is up */
};

/* create() continues by events, and ends with instance_connected(). */
#define LINK_LATER 1

/* Where a namespace's packets are filtered, see firewall/filter.h. */
enum link_filter {
	FILTER_NONE,  /* nowhere: it has no link */
	FILTER_HOST,  /* in the host, by instance->host_ifname */
	FILTER_INSIDE /* in the namespace: they never pass the host's stack */
};

struct link_ops {
	/* false: the administrator makes the namespace, before the login. */
	bool makes_namespace;
	enum link_filter filter;

	/*
	 * Do its packets reach the host through a switch? Rules of the host
	 * then match their source address, since the input interface is the
	 * switch. For the filter (firewall/).
	 */
	bool behind_switch;

	/*
	 * Is the host's firewall required? It is then loaded before create()
	 * and before each login, and forwarding stays on.
	 */
	bool needs_firewall;

	/*
	 * The namespace is kept (instance_keep()) from before create() until
	 * after remove(): the end of the namespace would destroy the interface
	 * that is moved in.
	 */
	bool kept_first;

	/* Can its interface have IPv6 addresses? NULL: yes. */
	bool (*has_ipv6)(const struct helper *h,
			 const struct policy_namespace *ns);

	/*
	 * Connects the namespace. Never waits: what takes time is done by a
	 * child process or a timer, and ends with instance_connected(). When it
	 * fails or is given up, remove() is called. NULL: nothing to do.
	 * Return: 0, LINK_LATER, or -errno with a sentence.
	 */
	int (*create)(const struct link_site *site, struct error *err);

	/*
	 * After a restart, with the members as recorded: finds what create()
	 * made, and prepares events. Changes nothing else: an error gives the
	 * start up. NULL: nothing to look for.
	 * Return: FOUND; ABSENT when the link does not exist, and lost() is
	 * called once the start is certain; -errno.
	 */
	int (*adopt)(struct helper *h, struct instance *instance);

	/*
	 * For `ready = handshake`, a few times a second while MAKING. NULL: it
	 * is ready when it is connected.
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
	 * Removes or returns what the end of the namespace does not: programs,
	 * ports, devices, memory; also when create() has failed, and after
	 * adopt(). netns: an fd; < 0: the namespace does not exist. NULL:
	 * nothing to do. Idempotent.
	 * Return: 0: it is not called again; -errno with a sentence: it is.
	 */
	int (*remove)(struct helper *h, struct instance *instance, int netns,
		      struct error *err);

	/*
	 * The daemon stops and the link stays: frees memory and event sources.
	 * NULL: it has none.
	 */
	void (*leave)(struct instance *instance);

	/*
	 * `other` is LIVE now, or was disconnected. The instance is LIVE, or
	 * MAKING with create() over. NULL: no effect.
	 */
	void (*peer_up)(struct helper *h, struct instance *instance,
			struct instance *other);
	void (*peer_down)(struct helper *h, struct instance *instance,
			  struct instance *other);

	/*
	 * Its interface was deleted by another program: releases what belongs
	 * to that, although processes may be inside. NULL: nothing does.
	 */
	void (*lost)(struct helper *h, struct instance *instance);

	/* Traffic and state for `status`; texts end in zeros. NULL: none. */
	void (*describe)(struct helper *h, const struct instance *instance,
			 struct proto_namespace *ret);
};

extern const struct link_ops link_none_ops, link_external_ops, link_veth_ops,
	link_bridge_ops, link_cable_ops, link_macvlan_ops, link_device_ops,
	link_wireguard_ops, link_openvpn_ops;

#endif
