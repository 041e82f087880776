/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's firewall: its tables, and the elements of their sets for the
 * namespaces, users, forwarding and networks as they are now. It is loaded at
 * start, loaded again when another program removes a table or a part of one,
 * and firewall_ensure() is called before anything that relies on it.
 */
#ifndef NETNS_PAM_HELPER_FIREWALL_FIREWALL_H
#define NETNS_PAM_HELPER_FIREWALL_FIREWALL_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"

struct helper;

/*
 * Something that has elements in the table's sets. main.c lists the parts in
 * helper->firewall_parts, ended by NULL.
 */
struct firewall_part {
	/*
	 * Called before any print(): computes what print() prints. NULL:
	 * nothing has to be computed.
	 * Return: 0 or -errno with a sentence.
	 */
	int (*compute)(struct helper *h, struct error *err);

	/*
	 * Prints to f the nft(8) commands that flush the part's sets and fill
	 * them again, for a table that was made again or left by an earlier
	 * daemon.
	 * Return: 0 or -errno with a sentence.
	 */
	int (*print)(struct helper *h, FILE *f, struct error *err);

	/* Does it need the table `bridge netns_pam`? NULL: no. */
	bool (*wants_bridge)(const struct helper *h);
};

/*
 * Opens nftables, loads the table, and subscribes to its removal. Where the
 * kernel has no nftables or refuses the table, namespaces that need no firewall
 * still work, and the logins of the others are refused.
 * Return: 0; -errno with a sentence when the start must be given up.
 */
int firewall_open(struct helper *h, struct error *err);

/*
 * Loads the table unless it is loaded. Return: 0 or -errno with a sentence.
 */
int firewall_ensure(struct helper *h, struct error *err);

/* Frees the memory; the table stays, for the open sessions. */
void firewall_close(struct helper *h);

#endif
