/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall table `inet netns_pam` of the host's namespace. Its rules are
 * in firewall.nft and never change, but for what filter.c adds; this file makes
 * the table, keeps it there, and runs commands on it, by libnftables.
 *
 * Should: have the table complete or report that it is not; put it back at
 * once when somebody removes it. Mustn't: touch any other table.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_NFT_H
#define NETNS_PAM_HELPER_FIREWALL_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/inet.h"

#define NFT_GROUP_NAT	      28272
#define NFT_GROUP_ROUTED      28273
#define NFT_GROUP_BRIDGE_NAT  28274 /* the host's side of a network */
#define NFT_GROUP_BRIDGE      28275
#define NFT_GROUP_BRIDGE_PORT 28276 /* ports of it */

#define NFT_TABLE "netns_pam"

/* Chains and maps that are not in firewall.nft are called by these. */
#define NFT_EGRESS   "egress_"
#define NFT_SERVICES "services_"
#define NFT_LIMIT    "limit_"

/* The one chain with a hook that the table inside a namespace has. */
#define NFT_INSIDE_BASE "output"

struct netns_host;
struct nft;

/*
 * Opens libnftables and a socket that hears of changes to rulesets; makes no
 * table yet. Return: 0 or -errno with a sentence.
 */
int nft_open(struct nft **ret, struct error *err);
/* The table stays: sessions go on under it. NULL is fine. Return: NULL. */
struct nft *nft_close(struct nft *nft);

/*
 * Makes or adopts the table and loads the rules and `elements` (commands that
 * the nft_print_*() below have written), all of it in one transaction. On a
 * kernel before 6.9 the table cannot be owned and persistent: it is then
 * watched.
 */
int nft_load(struct nft *nft, const char *elements, struct error *err);

/* From the next nft_load() on, the table `bridge netns_pam` as well. */
void nft_want_bridge(struct nft *nft);
bool nft_has_bridge(const struct nft *nft);
/* It goes: no bridge is left, or there cannot be one. NULL is fine. */
void nft_drop_bridge(struct nft *nft);

/* For the event loop: something about rulesets has changed. */
int nft_monitor_fd(const struct nft *nft);
/*
 * Reads what has arrived. Return: true when our table is gone since the last
 * look: call nft_load(), then fill the sets again.
 */
bool nft_monitor_read(struct nft *nft);

/* Is the table there, as far as was heard? (Reads the monitor first.) */
bool nft_is_loaded(struct nft *nft);

/* What the sets hold cannot be relied on: nft_load() it again. */
void nft_doubt(struct nft *nft);

/* Runs commands that were printed, as one transaction. */
int nft_run(struct nft *nft, const char *commands, struct error *err);

/*
 * Makes the table that a namespace (an fd) has for itself anew by commands that
 * are printed, in one transaction with the removal of what it had.
 */
int nft_run_inside(const struct netns_host *host, int netns, char *commands,
		   struct error *err);

/*
 * Commands that remove all chains and maps that are not in firewall.nft, as a
 * helper before us may have left them; nothing may lead to them any more.
 */
int nft_print_clear(FILE *f, struct error *err);

/* A user's packets in the host's namespace are refused from now on. */
int nft_guard_add(struct nft *nft, uid_t uid, struct error *err);
/* Commands: the guarded users are just these. */
void nft_print_guard(FILE *f, const uid_t *uids, size_t n);

/* Commands: foreign packets of that family are (not) forwarded by this host. */
void nft_print_no_router(FILE *f, bool ipv6, bool on);

#endif
