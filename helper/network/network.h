/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `[network NAME]`: a switch that namespaces share. It is made for its first
 * port and removed with the last one, and adopted by a restarted daemon.
 *
 * The switch itself depends on the type: linux.c and ovs*.c each have a struct
 * network_ops, and main.c a table of them. What all types have in common is in
 * network.c: the list of ports, the host's addresses on the switch, DHCP, the
 * record, logins that wait. A switch or interface that the daemon has not made
 * is never adopted or removed.
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

struct dhcp_server;
struct helper;
struct instance;
struct network;
struct network_port;
struct rtnl_link;

/* The operation has begun, and its end is an event. */
#define NETWORK_LATER 1

#define NETWORK_ADDRESSES_MAX  8
#define NETWORK_PORT_ADDRESSES 10

/*
 * The operations of a type of switch. After NETWORK_LATER a type calls exactly
 * once network_done() (make, remove) or network_port_done() (port_add), from
 * the event loop and not from within the operation; after port_remove() no
 * more. No other operation is called while make or remove runs.
 */
struct network_ops {
	const char *name; /* the value of `type` */

	/*
	 * A suffix for the names of its ports: a port may stay in a database,
	 * and its name must not become the name of another link. NULL: none.
	 */
	const char *port_suffix;

	/*
	 * Does the switch remove queueing disciplines from its ports? `rate` is
	 * then enforced inside the namespace.
	 */
	bool clears_queues;

	/*
	 * Makes the switch network->bridge, with its uplink if it has one; with
	 * network->has_host also the host's interface on it, and puts its name
	 * into network->host_ifname (network->bridge before the call). That
	 * interface need not be up and has no addresses.
	 * On failure nothing is left, or network->unremoved is set and remove()
	 * is called.
	 * Return: 0; NETWORK_LATER; -EEXIST when another program has made a
	 * switch or interface of that name; -errno; errors with a sentence.
	 */
	int (*make)(struct network *network, struct error *err);

	/*
	 * A restarted daemon has read the network from its record: looks for
	 * the switch and changes nothing. Ports are adopted one by one
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
	 * The host end port->instance->host_ifname (->host_ifindex) exists and
	 * is down: attaches it, with VLAN and isolation. A type that checks
	 * what a port sends allows port->mac and port->addresses only (with
	 * `dhcp` there are none yet). The host end is set up afterwards.
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
	 * The addresses that the port may send from have changed, from
	 * port->was to port->addresses. Never waits. NULL: the type does not
	 * check addresses.
	 * Return: 0 or -errno with a sentence; then the port can send nothing
	 * from the new addresses.
	 */
	int (*port_addresses)(struct network_port *port, struct error *err);

	/*
	 * The port leaves; its host end may be removed already. Called as well
	 * after a port_add() that failed or has not ended. What takes time goes
	 * on without the port, which may be freed.
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

	/* Copied from the section: the policy may change. */
	char name[NAME_MAX_POLICY + 1];
	enum policy_network_type type;
	char bridge[IFNAMSIZ];
	struct inet_prefix addresses[NETWORK_ADDRESSES_MAX]; /* the host's */
	size_t n_addresses;
	bool nat, isolate;
	struct inet_prefix dhcp_first, dhcp_last; /* AF_UNSPEC: none */
	char uplink[IFNAMSIZ];			  /* "": none */
	unsigned int vlan;			  /* 0: untagged */

	/* Has the host addresses on it? Else it is only a switch. */
	bool has_host;
	bool ipv4, ipv6; /* the families of these */

	char host_ifname[IFNAMSIZ]; /* of the host's side; "": none */
	unsigned int host_ifindex;  /* 0: it does not exist */
	uint8_t mac[6];		    /* of the host's side */

	struct network_port *ports;
	size_t n_ports;
	struct dhcp_server *dhcp; /* NULL: none is started */
	bool has_dhcp;		  /* the same, kept in the record */
	pid_t dhcp_pid;		  /* of dnsmasq; 0: it does not run */
	uint64_t dhcp_process;	  /* see child_identity() */
	bool begun;		  /* make() was called */
	bool unsettled;	    /* after a restart: its ports are not adopted yet */
	bool waking;	    /* done() of its ports is being called */
	bool change_logged; /* a change of its section was logged */
	uint64_t salt;	    /* of MAC addresses: from machine and network */

	/* While it is REMOVING. */
	int failed;	  /* why it could not be made, for those that wait */
	struct error why; /* the sentence for that */
	bool unremoved;	  /* something was made, or left by a failed make() */
	sd_event_source *retry; /* timer: ops->remove() is called again */
	uint64_t retry_us;

	/* The type's; kept in the record. */
	unsigned int ifindex; /* of the bridge; 0: not known */
	char note[256];
};

/*
 * A port of a network: instance->port, owned by link/bridge.c. A call that
 * returns NETWORK_LATER is followed by one call of done(), from the event loop.
 */
struct network_port {
	struct network_port *next;
	struct network *network; /* NULL: of no network */
	struct instance *instance;
	uint8_t mac[6]; /* inside */
	/* That it may send from, with its link-local address. */
	struct inet_prefix addresses[NETWORK_PORT_ADDRESSES];
	size_t n_addresses;
	struct inet_prefix was[NETWORK_PORT_ADDRESSES]; /* see ops */
	size_t n_was;
	bool attached; /* port_add() was called */
	bool waiting;  /* for done() */

	/* The result of network_join() or network_attach(). */
	void (*done)(struct network_port *port, int r, const struct error *why);
	void *type_data; /* the type's; freed by port_remove() */
};

/* --- for the types --- */

/* make() or remove() is over: r is what they would have returned. */
void network_done(struct network *network, int r, const struct error *why);

/* port_add() is over: r is what it would have returned. */
void network_port_done(struct network_port *port, int r,
		       const struct error *why);

/* Its switch was removed: disconnects all ports. May free the network. */
void network_lost(struct network *network);

/*
 * Checks that the uplink exists and is not in use, records its state at the
 * beginning of network->note, and disables IPv6 on it. (uplink.c)
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

/* --- for link/bridge.c --- */

/*
 * Adds the port to the network, which is made if it does not exist. Before:
 * port->instance and port->done are set, all other members are 0.
 * Return: 0; NETWORK_LATER; -errno with a sentence, and the port is of no
 * network.
 */
int network_join(struct helper *h, const struct policy_network *config,
		 struct network_port *port, struct error *err);

/*
 * Attaches the host end, which exists, to the switch; port->mac and ->addresses
 * are set. Return: 0; NETWORK_LATER; -errno with a sentence: network_leave() is
 * to be called in any case.
 */
int network_attach(struct network_port *port, struct error *err);

/*
 * The name of the host end of a port: npam<slot>, with ops->port_suffix.
 */
void network_port_ifname(const struct network *network, uint32_t slot,
			 char ret[static IFNAMSIZ]);

/*
 * A MAC address for the namespace's end: the same each time a namespace of that
 * name is made, so that a DHCP server recognizes it, and another one on each
 * machine, since an uplink can connect several of them. The host's end has the
 * same address with NETWORK_HOST_BIT, from which it is read after a restart.
 */
void network_port_mac(const struct network *network,
		      const struct instance *instance, uint8_t ret[static 6]);
#define NETWORK_HOST_BIT 0x04 /* of the first byte */

/* Has a port or the host this address? */
bool network_has_address(const struct network *network,
			 const struct inet_prefix *address);

/*
 * The lowest address of one of the network's prefixes that no port has, nor the
 * host, and that is not in the DHCP range.
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

/*
 * Removes the port from its network, in whichever state; done() is not called
 * any more. The last port removes the network. Nothing to do for a port of no
 * network.
 */
void network_leave(struct network_port *port);

/* --- for the rest of the daemon --- */

/* Does the switch of the instance, if it has one, have clears_queues? */
bool network_clears_queues(const struct instance *i);

/*
 * A lease was received or has ended: from now on the namespace may send from
 * this IPv4 address only; NULL: from none. Nothing to do for an
 * instance that is no port of a network.
 * Return: 0 or -errno with a sentence.
 */
int network_port_address(struct instance *i, const struct inet_prefix *address,
			 struct error *err);

/*
 * At start, before lifecycle_adopt(): reads the records and changes nothing.
 * Return: 0 or -errno with a sentence.
 */
int network_open(struct helper *h, struct error *err);
/*
 * Removes the records and the leases of networks that are not in the list, and
 * temporary files. Return: 0, or -errno when something is left.
 */
int network_sweep(struct helper *h);
/* After lifecycle_adopt(): removes networks without ports. */
void network_drop_unused(struct helper *h);
/* At the end of the daemon: frees the memory, the networks stay. */
void network_close(struct helper *h);

/*
 * Finds a route of the host by the interface; ifindex 0: one that overlaps an
 * address of the network, and is not the network's. (host.c)
 * Return: 0 and *ret (AF_UNSPEC: none), or -errno.
 */
int network_find_route(struct helper *h, const struct network *network,
		       unsigned int ifindex, struct inet_prefix *ret);

/* Event: the kernel has removed a link. */
void network_link_removed(struct helper *h, const struct rtnl_link *link);

/*
 * Events were lost: looks for switches that were removed.
 * Return: 0, or -errno when the kernel could not be asked about one.
 */
int network_resync(struct helper *h);

/* The ports of DHCP servers, and the sets of `bridge netns_pam`. */
extern const struct firewall_part network_part;

/* For main.c's table helper->network_types, by enum policy_network_type. */
extern const struct network_ops network_linux_ops, network_ovs_ops;

#endif
