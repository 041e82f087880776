/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface that is in the namespace alone, its packets never passing the
 * host's stack: addressed, watched, described. What macvlan.c and
 * device.c have in common.
 */
#ifndef NETNS_PAM_HELPER_LINK_INTERFACE_H
#define NETNS_PAM_HELPER_LINK_INTERFACE_H

#include <stdbool.h>

#include "common/error.h"

struct helper;
struct instance;
struct link_site;
struct policy_namespace;
struct proto_namespace;

#define INSIDE_IFNAME "eth0" /* where no policy says */

/*
 * Brings instance->ifname up and gives it what `address` says. From then on it
 * is watched: when it is deleted the instance is broken, and `lost` is why.
 * release: the DHCP lease is given back at the end.
 * Return: 0, LINK_LATER, or -errno with a sentence.
 */
int inside_start(const struct link_site *site, const char *lost, bool release,
		 struct error *err);

/*
 * From adopt(). Return: FOUND; ABSENT when the interface does not exist;
 * -errno.
 */
int inside_adopt(struct instance *i, const char *lost, bool release);

/* link_ops.lost: the DHCP client is ended. */
void inside_lost(struct helper *h, struct instance *i);

/*
 * From cut(): deletes it, although processes are inside. Return: 0, also when
 * it does not exist; -errno with a sentence.
 */
int inside_delete(struct instance *i, struct error *err);

/* From remove(), and at the end of the helper: memory only. */
void inside_stop(struct instance *i);
void inside_free(struct instance *i);

/* link_ops.has_ipv6: only where `address` has it. */
bool inside_has_ipv6(const struct helper *h, const struct policy_namespace *ns);

/* Traffic and addresses; the host's name for it, in `detail`'s words. */
void inside_describe(struct helper *h, const struct instance *i,
		     struct proto_namespace *ret);

#endif
