/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall as a whole: the table, and everything in its sets that speaks
 * of namespaces, users and forwarding as they are now. Made at start, put back
 * when somebody removed it, and asked for before anything that relies on it.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_FIREWALL_H
#define NETNS_PAM_HELPER_FIREWALL_FIREWALL_H

#include "common/error.h"

struct helper;

/*
 * Opens nftables and loads the table. Failing is no end: namespaces that need
 * no firewall still work, the others' logins are refused.
 */
void firewall_open(struct helper *h);

/* Hears from now on when the table is removed. */
int firewall_watch(struct helper *h, struct error *err);

/*
 * The table is there, or is made now. Return: 0 or -errno with a sentence.
 */
int firewall_ensure(struct helper *h, struct error *err);

/* The table stays: sessions go on under it. */
void firewall_close(struct helper *h);

#endif
