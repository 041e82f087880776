/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall table `inet netns_pam` of the host's namespace. Its rules are
 * in firewall.nft and never change; this file makes the table, keeps it there,
 * and adds and removes elements of its sets, by libnftables.
 *
 * Should: have the table complete or report that it is not; put it back at
 * once when somebody removes it. Mustn't: touch any other table.
 */
#ifndef NETNS_PAMD_NFT_H
#define NETNS_PAMD_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "error.h"
#include "inet.h"

#define NFT_GROUP_NAT	      28272
#define NFT_GROUP_ROUTED      28273
#define NFT_GROUP_BRIDGE_NAT  28274 /* the host's side of a network */
#define NFT_GROUP_BRIDGE      28275
#define NFT_GROUP_BRIDGE_PORT 28276 /* ports of it */

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

/* A user's packets in the host's namespace are refused from now on. */
int nft_guard_add(struct nft *nft, uid_t uid, struct error *err);
/* Commands: the guarded users are just these. */
void nft_print_guard(FILE *f, const uid_t *uids, size_t n);

/*
 * Commands that hold the namespace behind a host end to these name servers,
 * let go of it (an element that is not there is no error), or, before a
 * restarted helper sets its own again, of all.
 */
void nft_print_dns_hold(FILE *f, const char *host_ifname,
			const struct inet_prefix *servers, size_t n);
void nft_print_dns_release(FILE *f, const char *host_ifname,
			   const struct inet_prefix *servers, size_t n);
void nft_print_dns_clear(FILE *f);

/* Commands: foreign packets of that family are (not) forwarded by this host. */
void nft_print_no_router(FILE *f, bool ipv6, bool on);

#endif
