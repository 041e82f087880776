/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one interface that all ways of connecting a namespace go through. A link
 * is a file link_KIND.c and a line in link.c's table; no link knows another.
 */
#ifndef NETNS_PAMD_LINK_H
#define NETNS_PAMD_LINK_H

#include <stdbool.h>

#include "error.h"
#include "policy.h"

struct helper;
struct instance;
struct proto_namespace;
struct rtnl;

/* What create() works on: a namespace that nobody can see yet. */
struct link_site {
	struct helper *helper;
	struct instance *instance; /* create() notes here what it made */
	const struct policy_namespace *ns;
	int netns;	     /* fd of the namespace */
	struct rtnl *inside; /* a socket in it; its loopback is up */
};

struct link_ops {
	/* Is the namespace made by us (or by somebody else beforehand)? */
	bool makes_namespace;

	/*
	 * Does the firewall have to be there for it?
	 */
	bool needs_firewall;

	/* Will its interface have IPv6 addresses? NULL: it has no interface. */
	bool (*has_ipv6)(const struct helper *h,
			 const struct policy_namespace *ns);

	/*
	 * Connects the namespace. What fails half-way needs no undoing where
	 * the end of the namespace undoes it. NULL: nothing to do.
	 */
	int (*create)(const struct link_site *site, struct error *err);

	/*
	 * A restarted helper found the namespace: takes up what create() noted
	 * (the instance was read back from its record). NULL: nothing to do.
	 * Return: 0; -ENODEV when the link is gone.
	 */
	int (*adopt)(struct helper *h, struct instance *instance);

	/* Cuts it off although processes are inside. NULL: nothing to cut. */
	void (*cut)(struct helper *h, struct instance *instance);

	/* Traffic and addresses for `status`. NULL: none. */
	void (*describe)(struct helper *h, const struct instance *instance,
			 struct proto_namespace *ret);
};

/* Never NULL; for a link not yet built, policy_namespace_supported() says so.
 */
const struct link_ops *link_ops_of(enum policy_link link);

extern const struct link_ops link_none_ops, link_external_ops, link_veth_ops;

#endif
