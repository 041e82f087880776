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
#include <sys/types.h>

#include "error.h"
#include "inet.h"

#define NFT_GROUP_NAT	 28272
#define NFT_GROUP_ROUTED 28273

struct nft;

/*
 * Opens libnftables and a socket that hears of changes to rulesets; makes no
 * table yet. Return: 0 or -errno with a sentence.
 */
int nft_open(struct nft **ret, struct error *err);
/* The table stays: sessions go on under it. NULL is fine. Return: NULL. */
struct nft *nft_close(struct nft *nft);

/*
 * Makes or adopts the table and loads the rules in one transaction. Sets keep
 * their elements. On a kernel before 6.9 the table cannot be owned and
 * persistent: it is then watched.
 */
int nft_load(struct nft *nft, struct error *err);

/* For the event loop: something about rulesets has changed. */
int nft_monitor_fd(const struct nft *nft);
/*
 * Reads what has arrived. Return: true when our table is gone since the last
 * look: call nft_load(), then fill the sets again.
 */
bool nft_monitor_read(struct nft *nft);

/* Is the table there, as far as was heard? (Reads the monitor first.) */
bool nft_is_loaded(struct nft *nft);

/* A user's packets in the host's namespace are refused from now on. */
int nft_guard_add(struct nft *nft, uid_t uid, struct error *err);
/* The guarded users are just these, in one transaction. */
int nft_guard_replace(struct nft *nft, const uid_t *uids, size_t n,
		      struct error *err);

/* Holds the namespace behind a host end to these name servers, or to none. */
int nft_dns_hold(struct nft *nft, const char *host_ifname,
		 const struct inet_prefix *servers, size_t n,
		 struct error *err);
/* Lets go of it; servers as they were given. */
int nft_dns_release(struct nft *nft, const char *host_ifname,
		    const struct inet_prefix *servers, size_t n);
/* Forgets every hold: before a restarted helper sets its own again. */
int nft_dns_clear(struct nft *nft, struct error *err);

/* Foreign packets of that family are (not) forwarded by this host. */
int nft_set_no_router(struct nft *nft, bool ipv6, bool on, struct error *err);

#endif
