/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface inside. The names and functions of the first part serve every
 * link; the others serve macvlan.c and device.c, whose packets never pass the
 * host's stack: configure, watch and describe the interface.
 */
#ifndef NETNS_PAM_HELPER_LINK_INTERFACE_H
#define NETNS_PAM_HELPER_LINK_INTERFACE_H

#include <net/if.h>
#include <stdbool.h>

#include "common/error.h"

struct helper;
struct instance;
struct link_site;
struct policy_namespace;
struct proto_namespace;
struct rtnl_link;

#define INSIDE_IFNAME  "eth0" /* default of `ifname` */
#define INSIDE_IFINDEX 32 /* above tunl0, sit0, gre0, ...: ip_tunnel_core.c */

/* Sets instance->ifname: `ifname`, else `fallback`. */
void inside_set_ifname(const struct link_site *site, const char *fallback);

/*
 * The interface of the host that a key of the section names, with %u, %U and %n
 * replaced. key: "interface" or "parent", for messages.
 * Return: 0 and *ret; -EINVAL with err set when the name is invalid or that of
 * one of netns-pam's own interfaces; -errno with err set.
 */
int inside_host_ifname(const struct link_site *site, const char *key,
		       const char *text, char ret[static IFNAMSIZ],
		       struct error *err);

/* Queries it. Return: 0 and *ret, or -errno with err set. */
int inside_look_on_host(struct helper *h, const char *key, const char *name,
			struct rtnl_link *ret, struct error *err);

/*
 * Brings instance->ifname up and configures it as `address` says. From then on
 * its deletion calls instance_broken(), with the reason `lost`.
 * release: the DHCP lease is released at the end.
 * Return: 0, LINK_LATER, or -errno with err set.
 */
int inside_start(const struct link_site *site, const char *lost, bool release,
		 struct error *err);

/*
 * From adopt(). Return: FOUND; ABSENT when the interface does not exist;
 * -errno.
 */
int inside_adopt(struct instance *i, const char *lost, bool release);

/* link_ops.lost: stops the DHCP client. */
void inside_lost(struct helper *h, struct instance *i);

/*
 * link_ops.cut: deletes the interface, although processes are inside. They
 * cannot bring it up again, not even as root. Return: 0, also when it does not
 * exist; -errno with err set.
 */
int inside_delete(struct helper *h, struct instance *i, struct error *err);

/* link_ops.remove: stops the DHCP client, frees memory. Idempotent. */
int inside_remove(struct helper *h, struct instance *i, int netns,
		  struct error *err);

/* link_ops.leave: frees memory; the DHCP client keeps running. Idempotent. */
void inside_free(struct instance *i);

/* link_ops.has_ipv6: whether `address` has IPv6. */
bool inside_has_ipv6(const struct helper *h, const struct policy_namespace *ns);

/* From describe(): the counters. */
void inside_describe(const struct instance *i, struct proto_namespace *ret);

#endif
