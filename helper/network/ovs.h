/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of `type = ovs` share: ovs.c makes and removes the bridge,
 * ovs_look.c queries bridge and uplink before that, ovs_port.c has the ports.
 * They run ovs-vsctl(8) by vsctl.h.
 *
 * What the daemon adds to the database has external_ids:netns-pam, the name of
 * a network or of a namespace: the database survives daemons and boots.
 */
#ifndef NETNS_PAM_HELPER_NETWORK_OVS_H
#define NETNS_PAM_HELPER_NETWORK_OVS_H

#include <stdbool.h>

#include "common/error.h"

struct network;
struct network_port;
struct ovs_request;

#define OVS_MARK "external_ids:netns-pam"

/* In network->note, after the text of network_uplink_take(). */
#define OVS_USERSPACE " userspace"

enum ovs_step { OVS_LOOK_UPLINK, OVS_LOOK_BRIDGE, OVS_LOOK_PORTS };

/* A network that is made or removed, and the state of its switch. */
struct ovs_work {
	struct network *network;
	bool removing;
	enum ovs_step step;	      /* ovs_look.c's: the query that runs */
	bool exists, ours, userspace; /* the bridge */
	bool others;		      /* the bridge has foreign ports */
	bool uplink_port, uplink_ours;
	/* ovs_look() is over: r 0 or -errno with a sentence. */
	void (*looked)(struct ovs_work *work, int r, const struct error *why);
	struct error why; /* why making it failed, while that is undone */
	int r;
};

/* --- ovs_look.c --- */

/* A request labelled with the network, see ovs_new(). */
struct ovs_request *ovs_request(const struct network *network, bool wait);

/*
 * Queries the bridge and the uplink, then calls looked(), which owns the work
 * and frees it by free(3).
 * Return: NETWORK_LATER; -errno with a sentence, and looked() is not called.
 */
int ovs_look(struct network *network, bool removing,
	     void (*looked)(struct ovs_work *work, int r,
			    const struct error *why),
	     struct error *err);

/* --- ovs_port.c: see struct network_ops --- */

int ovs_port_add(struct network_port *port, struct error *err);
void ovs_port_remove(struct network_port *port);

/* Removes ports of the daemon without an interface from the database, later. */
void ovs_sweep(const struct network *network);

#endif
