/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share; see network.h. */
#ifndef NETNS_PAM_HELPER_NETWORK_PARTS_H
#define NETNS_PAM_HELPER_NETWORK_PARTS_H

#include "network.h"

/* --- record.c --- */

/* Copies the section. Return: 0, -E2BIG, -errno with a sentence. */
int network_fill(struct network *network, const struct policy_network *config,
		 struct error *err);
/* A fingerprint of the section. */
uint64_t network_plan(const struct policy_network *config);

/* Saves the record. Return: 0 or -errno with a sentence. */
int network_record_save(const struct network *network, struct error *err);
/* Return: FOUND; ABSENT when the record is void; -errno. */
int network_record_load(struct network *network, const char *file);
/* Return: 0, also when there is none; -errno: left for network_record_sweep().
 */
int network_record_remove(const struct network *network);
/* As record_each(); data is the helper. */
int network_record_each(struct helper *h,
			int (*each)(void *data, const char *file));

/* Removes the records of networks that are not in the list. As record_sweep().
 */
int network_record_sweep(struct helper *h);

/* --- host.c --- */

/*
 * Configures the host's interface on the switch: addresses, group, state, and
 * forwarding. Return: 0 or -errno with a sentence.
 */
int network_host_put(struct network *network, struct error *err);

/*
 * Return: 0; -EADDRINUSE with a sentence when the host has a route that
 * overlaps an address of the network; -errno.
 */
int network_host_clash(const struct network *network, struct error *err);

#endif
