/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of `type = ovs` share: network_ovs.c makes and removes the
 * bridge, ovs_look.c finds out how things are before that, ovs_port.c has its
 * ports, ovs_sweep.c what helpers before us left. All of them ask by ovs.h.
 *
 * What is ours in the database bears external_ids:netns-pam, the name of a
 * network or of a namespace: the database outlives helpers and boots.
 */
#ifndef NETNS_PAM_HELPER_NETWORK_OVS_H
#define NETNS_PAM_HELPER_NETWORK_OVS_H

#include <stdbool.h>

#include "common/error.h"

struct network;
struct network_port;
struct ovs_request;

#define OVS_MARK "external_ids:netns-pam"

/* In network->note, after what network_uplink_take() put there. */
#define OVS_USERSPACE " userspace"

/* A network that is made or removed, and what its switch was found to be. */
struct ovs_work {
	struct network *network;
	bool removing;
	bool exists, ours, userspace; /* the bridge */
	bool others;		      /* it has ports of somebody else */
	bool uplink_port, uplink_ours;
	/* ovs_look() is over: r 0 or -errno with a sentence. */
	void (*looked)(struct ovs_work *work, int r, const struct error *why);
	struct error why; /* of what is undone */
	int r;
};

/* --- ovs_look.c --- */

/* For ovs_ask(); see ovs_new(). */
struct ovs_request *ovs_request(const struct network *network, bool wait);

/*
 * How are bridge and uplink? looked() gets what free(3) is for.
 * Return: NETWORK_LATER; -errno with a sentence, and looked() is not called.
 */
int ovs_look(struct network *network, bool removing,
	     void (*looked)(struct ovs_work *work, int r,
			    const struct error *why),
	     struct error *err);

/* --- ovs_port.c: see struct network_ops --- */

int ovs_port_add(struct network_port *port, struct error *err);
void ovs_port_remove(struct network_port *port);

/* --- ovs_sweep.c --- */

/* Ports of ours that are no interface any more leave the database, sometime. */
void ovs_sweep(const struct network *network);

#endif
