/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `[network NAME]`: a switch that namespaces share. It is there as long as a
 * namespace is its port: made for the first one, removed with the last one,
 * found again by a helper that was started anew.
 *
 * What makes frames go from port to port is the type's: a file network_TYPE.c
 * with struct network_ops and a line in network.c's table. What is the same for
 * all types is network.c's: the host's own addresses on the switch, its
 * group in the firewall, DHCP, the record, who waits for what.
 *
 * Should: know of all ports. Mustn't: take over or remove a switch or an
 * interface that somebody else made.
 */
#ifndef NETNS_PAM_HELPER_NETWORK_NETWORK_H
#define NETNS_PAM_HELPER_NETWORK_NETWORK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "common/inet.h"
#include "common/names.h"
#include "common/policy/policy.h"
#include "helper/base/answer.h"
#include "helper/firewall/firewall.h"

struct child;
struct dhcp_server;
struct helper;
struct instance;
struct network;
struct network_port;
struct proto_namespace;
struct rtnl_link;

/* ops->make() and such have begun and go on beside the loop. */
#define NETWORK_LATER 1

#define NETWORK_ADDRESSES_MAX  8
#define NETWORK_PORT_ADDRESSES 10

/*
 * What a type of switch can do. A function that returns NETWORK_LATER is
 * followed by exactly one call of network_done() (for make and remove) or
 * network_port_done() (for port_add), from the event loop, not from within; a
 * child that is stopped (see remove, port_remove) calls nothing any more.
 * Nothing else is asked of a network while make or remove goes on.
 */
struct network_ops {
	const char *name; /* as `type =` says it */

	/*
	 * Letters at the end of its ports' names: one that a database may still
	 * speak of must not become another link's. NULL: none.
	 */
	const char *port_suffix;

	/*
	 * Does it take away the queues of its ports? What is to be held to a
	 * rate is then held to it inside.
	 */
	bool clears_queues;

	/*
	 * Makes the switch network->bridge, with its uplink where there is
	 * one; with network->has_host also the host's interface on it,
	 * network->host_ifname (network->bridge, if nothing else is said). It
	 * need not be up, and it has no addresses yet.
	 * A switch or interface of that name that is not ours: -EEXIST with a
	 * sentence. On failure nothing is left behind; or network->remains is
	 * set, and remove() is called.
	 * Return: 0, NETWORK_LATER, -errno with a sentence.
	 */
	int (*make)(struct network *network, struct error *err);

	/*
	 * A restarted daemon read the network back from its record: looks for
	 * the switch, and changes nothing. Ports are adopted one by one
	 * afterwards, by port_adopt().
	 * Return: FOUND; ABSENT when the switch does not exist; -errno.
	 */
	int (*adopt)(struct network *network);

	/*
	 * No port is left: removes everything that make() made; the uplink is
	 * as it was before. Also called for what a killed daemon or a failed
	 * make() has left. Idempotent: after an error it is called again.
	 * Return: 0, NETWORK_LATER, -errno with a sentence.
	 */
	int (*remove)(struct network *network, struct error *err);

	/*
	 * The host end port->instance->host_ifname (->host_ifindex) is there,
	 * down: attaches it, with its vlan and its isolation, and lets nothing
	 * through that is not by port->mac and port->addresses. (With `dhcp`
	 * these are not known yet.) It is set up afterwards.
	 * Return: 0, NETWORK_LATER, -errno with a sentence.
	 */
	int (*port_add)(struct network_port *port, struct error *err);

	/*
	 * After adopt(); changes nothing. Return: FOUND; ABSENT when it is not
	 * a port of the switch; -errno.
	 */
	int (*port_adopt)(struct network_port *port);

	/*
	 * Commands that fill the sets of the table `bridge netns_pam` for all
	 * networks of the type. NULL: it does not need that table.
	 */
	void (*print)(const struct helper *h, FILE *f);

	/*
	 * What the port may send from has changed: port->addresses; port->was
	 * is what it may until now. NULL: the type does not care.
	 * Return: 0 or -errno with a sentence. Never waits: what takes time is
	 * not finished when it returns, and fails closed.
	 */
	int (*port_addresses)(struct network_port *port, struct error *err);

	/*
	 * The port leaves, its host end may be gone already. Called as well
	 * when port_add() failed or has not ended. What takes time goes on by
	 * itself, and does not need the port any more.
	 */
	void (*port_remove)(struct network_port *port);
};

enum network_state { NETWORK_MAKING, NETWORK_LIVE, NETWORK_REMOVING };

struct network {
	struct helper *helper;
	struct network *next;
	const struct network_ops *ops;
	enum network_state state;
	uint64_t plan; /* fingerprint of the section it was made by */

	/* The section's, copied: the policy may change meanwhile. */
	char name[NAME_MAX_POLICY + 1];
	enum policy_network_type type;
	char bridge[IFNAMSIZ];
	struct inet_prefix addresses[NETWORK_ADDRESSES_MAX]; /* the host's */
	size_t n_addresses;
	bool nat, isolate;
	struct inet_prefix dhcp_first, dhcp_last; /* AF_UNSPEC: none */
	char uplink[IFNAMSIZ];			  /* "": none */
	unsigned int vlan;			  /* 0: untagged */

	/* Has it a host side: addresses of the host? (Else just a switch.) */
	bool has_host;
	bool ipv4, ipv6; /* of these families */

	char host_ifname[IFNAMSIZ]; /* of the host's side; "": it has none */
	unsigned int host_ifindex;  /* 0: not there */
	uint8_t mac[6];		    /* what the host's side shall have */

	struct network_port *ports;
	size_t n_ports;
	struct dhcp_server *dhcp; /* NULL: none is started */
	bool has_dhcp;		  /* dhcp is not NULL; in the record */
	pid_t dhcp_pid;		  /* of its process; 0: it does not run */
	uint64_t dhcp_process;	  /* see child_identity() */
	bool begun;		  /* make() was called */
	bool unsettled; /* after a restart: its ports are not known yet */
	bool waking;	/* those who waited are being told */
	bool told;	/* that the policy says something else by now */
	uint64_t salt;	/* this machine's and the network's, in MAC addresses */

	/* While it is removed. */
	int failed;	  /* why it could not be made, for those that wait */
	struct error why; /* the sentence for that */
	bool remains;	  /* the type's: a failed make() left something */
	sd_event_source *retry; /* timer: removed again */
	uint64_t retry_us;

	/* The type's. A number of it and a word are kept in the record. */
	unsigned int ifindex; /* of the bridge itself */
	char note[256];
	struct child *child;
	void *type_data; /* freed by remove() */
};

/*
 * A namespace on a network: link/bridge.c's, instance->port. The calls that
 * make it wait end in done(), from the event loop, once each.
 */
struct network_port {
	struct network_port *next;
	struct network *network; /* NULL: of none */
	struct instance *instance;
	uint8_t mac[6]; /* inside */
	/* What it may send from, its link-local address among them. */
	struct inet_prefix addresses[NETWORK_PORT_ADDRESSES];
	size_t n_addresses;
	struct inet_prefix was[NETWORK_PORT_ADDRESSES]; /* see ops */
	size_t n_was;
	bool attached; /* port_add() was called */
	bool waiting;  /* for done() */

	/* network_join(), network_attach(): that is how it ended. */
	void (*done)(struct network_port *port, int r, const struct error *why);
	struct child *child; /* the type's */
	void *type_data;     /* freed by port_remove() */
};

/* --- for the types --- */

/* make() or remove() is over: r is what they would have returned. */
void network_done(struct network *network, int r, const struct error *why);

/* port_add() is over. */
void network_port_done(struct network_port *port, int r,
		       const struct error *why);

/* Its switch is gone: nobody is connected any more. It may be freed by this. */
void network_lost(struct network *network);

/*
 * Looks whether the uplink can be had, writes down at the beginning of
 * network->note how it was, and takes IPv6 off it. (network_uplink.c)
 * Return: 0 and *ret, -ENODEV, -EBUSY, -errno with a sentence.
 */
int network_uplink_take(struct network *network, struct rtnl_link *ret,
			struct error *err);

/*
 * Restores the uplink and clears network->note; nothing to do when it was not
 * taken. Idempotent: after an error it is called again.
 * Return: 0, also when the uplink does not exist; -errno with a sentence.
 */
int network_uplink_give_back(struct network *network, struct error *err);

/* --- for link_bridge.c --- */

/*
 * The port joins a network, which is made when it is not there. port->instance
 * and port->done are set, all else is 0.
 * Return: 0, NETWORK_LATER, -errno with a sentence (it is then of none).
 */
int network_join(struct helper *h, const struct policy_network *config,
		 struct network_port *port, struct error *err);

/*
 * The host end is there, and mac and addresses are known: it becomes a port.
 * Return: as network_join(), but it stays one that network_leave() is for.
 */
int network_attach(struct network_port *port, struct error *err);

/*
 * The name of the host end of a port: npam<slot>, with ops->port_suffix.
 */
void network_port_ifname(const struct network *network, uint32_t slot,
			 char ret[static IFNAMSIZ]);

/*
 * A MAC address for the namespace's end: the same each time a namespace of that
 * name is made, so that a DHCP server knows it again, and another one on each
 * machine, since an uplink can bring several of them together. The host's end
 * has the same with NETWORK_HOST_BIT, by which network_adopt() knows it again.
 */
void network_port_mac(const struct network *network,
		      const struct instance *instance, uint8_t ret[static 6]);
#define NETWORK_HOST_BIT 0x04 /* of the first byte */

/* Has another port this address, or the host? */
bool network_has_address(const struct network *network,
			 const struct inet_prefix *address);

/*
 * A free address of one of the network's prefixes: the lowest that no port, the
 * host and the DHCP range have.
 * Return: 0; -EADDRNOTAVAIL with a sentence that names the prefix.
 */
int network_pick(const struct network *network,
		 const struct inet_prefix *prefix, struct inet_prefix *ret,
		 struct error *err);

/* Is it in the DHCP range? */
bool network_leases(const struct network *network,
		    const struct inet_prefix *address);

/*
 * A restarted daemon has read the instance back: adds its port to its network.
 * port->mac is set; addresses are set afterwards. Changes nothing outside.
 * Return: FOUND; ABSENT when the network or the port does not exist; -errno.
 */
int network_adopt(struct helper *h, struct network_port *port);

/* Whatever was begun is given up; the last port takes the network with it. */
void network_leave(struct network_port *port);

/* --- for the rest of the helper --- */

/* Is the host's end of the instance a port without queues of ours? */
bool network_clears_queues(const struct instance *i);

/*
 * A lease has come or gone: the namespace may send from this address of that
 * family and no other. NULL: from none. For links that are no port of a
 * network: nothing to do.
 * Return: 0 or -errno with a sentence.
 */
int network_port_address(struct instance *i, sa_family_t family,
			 const struct inet_prefix *address, struct error *err);

/* At start, before lifecycle_adopt(): reads the records. */
int network_open(struct helper *h, struct error *err);
/*
 * Removes the records and the leases of networks that are not in the list, and
 * temporary files. Return: 0, or -errno when something is left.
 */
int network_sweep(struct helper *h);
/* After it: what has no port any more goes. */
void network_drop_unused(struct helper *h);
/* At the end: the networks stay. */
void network_close(struct helper *h);

/* The kernel says that a link is gone. */
void network_link_gone(struct helper *h, const struct rtnl_link *link);

/* Events were lost: look for switches that are gone. */
void network_resync(struct helper *h);

/* DHCP servers that may be reached, and the sets of bridges. */
extern const struct firewall_part network_part;

/* For main.c's table helper->network_types, by enum policy_network_type. */
extern const struct network_ops network_linux_ops, network_ovs_ops;

#endif
