/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nftables tables of netns-pam, all named netns_pam: in the host's
 * namespace `inet netns_pam` (firewall.nft) and, while there is a Linux bridge,
 * `bridge netns_pam` (bridge.nft); in a namespace with FILTER_INSIDE another
 * `inet netns_pam`. The rules in the two .nft files are static, the filter*.c
 * files add the others. nft.c makes the tables, detects when another program
 * removes one of the host's, and runs commands on them by libnftables. No table
 * of another name is changed.
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

/* Names of chains and maps that are not in firewall.nft begin with these. */
#define NFT_EGRESS   "egress_"
#define NFT_SERVICES "services_"
#define NFT_LIMIT    "limit_"

/* The one chain with a hook that the table inside a namespace has. */
#define NFT_INSIDE_BASE "output"

struct netns_host;
struct nft;

/*
 * Opens libnftables and a socket that receives the kernel's notifications of
 * changes to rulesets; makes no table yet.
 * Return: 0 and *ret (for nft_close()), or -errno with a sentence.
 */
int nft_open(struct nft **ret, struct error *err);
/* Frees it; the table stays, for open sessions. NULL is fine. Return: NULL. */
struct nft *nft_close(struct nft *nft);

/*
 * Makes or adopts the table and loads the rules and `elements` (commands), all
 * in one transaction. On a kernel before 6.9 the table cannot be owned and
 * persistent at once: then others can remove it, which is noticed.
 * Return: 0; -EPERM when another process owns the table; -errno; a sentence.
 */
int nft_load(struct nft *nft, const char *elements, struct error *err);

/* The next nft_load() makes the table `bridge netns_pam` as well. Idempotent.
 */
void nft_want_bridge(struct nft *nft);
bool nft_has_bridge(const struct nft *nft);
/* Removes that table: no bridge is left. NULL is fine. Idempotent. */
void nft_drop_bridge(struct nft *nft);

/* For the event loop: readable when rulesets have changed. */
int nft_monitor_fd(const struct nft *nft);
/*
 * Reads the notifications. Return: true when the table was damaged since the
 * last call: call nft_load().
 */
bool nft_monitor_read(struct nft *nft);

/* Is the table loaded and complete? Reads the notifications first. */
bool nft_is_loaded(struct nft *nft);

/* The contents of the sets are unknown: nft_is_loaded() is false from now on.
 */
void nft_doubt(struct nft *nft);

/*
 * Runs commands in the language of nft(8) as one transaction.
 * Return: 0 or -EIO with a sentence.
 */
int nft_run(struct nft *nft, const char *commands, struct error *err);

/*
 * Replaces the table inside a namespace (netns: an fd, the caller's) by one
 * that the commands make, in one transaction. Return: 0 or -errno, sentence.
 */
int nft_run_inside(const struct netns_host *host, int netns, char *commands,
		   struct error *err);

/*
 * Prints commands that remove all chains and maps that are not in firewall.nft,
 * which an earlier daemon may have left. No element may lead to them.
 * Return: 0 or -errno with a sentence.
 */
int nft_print_clear(FILE *f, struct error *err);

/* Adds a user to the guarded ones. Return: 0 or -errno with a sentence. */
int nft_guard_add(struct nft *nft, uid_t uid, struct error *err);
/* Prints commands: the guarded users are exactly these. */
void nft_print_guard(FILE *f, const uid_t *uids, size_t n);

/* Prints commands: on: forwarded packets of others are dropped. */
void nft_print_no_router(FILE *f, bool ipv6, bool on);

#endif
