/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolv.conf(5) that a session of a namespace gets. */
#ifndef NETNS_PAM_HELPER_INSTANCE_RESOLV_CONF_H
#define NETNS_PAM_HELPER_INSTANCE_RESOLV_CONF_H

#include <stdbool.h>
#include <stddef.h>

struct inet_prefix;
struct instance;
struct policy_namespace;

/*
 * The name servers of a session: the policy's, or, where it has none and does
 * not say `dns = host`, the link's (lease, file, push).
 */
struct resolv {
	bool set; /* false: the session resolves as the host does */
	const struct inet_prefix *servers; /* the policy's or the instance's */
	size_t n;
};
struct resolv resolv_of(const struct instance *i,
			const struct policy_namespace *ns);

/* Return: the file's text, malloc'd, or NULL when out of memory. */
char *resolv_conf(const struct instance *i, const struct policy_namespace *ns);

#endif
