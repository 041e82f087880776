/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink(7): the kernel's links, addresses and routes, by libmnl. A socket
 * stays in the network namespace in which it was opened
 * (net/netlink/af_netlink.c), so that one thread configures all namespaces.
 *
 * Changes are sent as a batch: several requests in one sendmsg(2). The kernel
 * executes each, also after one that failed; the first refusal is the error of
 * the batch.
 */
#ifndef NETNS_PAM_HELPER_KERNEL_RTNL_H
#define NETNS_PAM_HELPER_KERNEL_RTNL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/inet.h"

struct rtnl;

/* Opens a socket in the caller's namespace. Return: 0 or -errno. */
int rtnl_open(struct rtnl **ret);
/* rtnl may be NULL. Return: NULL. */
struct rtnl *rtnl_close(struct rtnl *rtnl);

#define RTNL_BATCH_BYTES 16384
#define RTNL_BATCH_MAX	 80

struct rtnl_batch {
	char buffer[RTNL_BATCH_BYTES];
	size_t last; /* where the last request begins */
	unsigned int n;
	const char *steps[RTNL_BATCH_MAX];	 /* "add the address" */
	struct inet_prefix what[RTNL_BATCH_MAX]; /* its object or AF_UNSPEC */
	bool overflow;
};

void rtnl_batch_init(struct rtnl_batch *b);

void rtnl_put_up(struct rtnl_batch *b, unsigned int ifindex);
void rtnl_put_down(struct rtnl_batch *b, unsigned int ifindex);

/* ip link set dev IFINDEX alias ALIAS up */
void rtnl_put_alias_up(struct rtnl_batch *b, unsigned int ifindex,
		       const char *alias);

struct rtnl_veth {
	const char *ifname;   /* of the end in the socket's namespace, up */
	unsigned int ifindex; /* of that end */
	const char *peer;     /* name of the other end, down */
	int peer_netns;	      /* fd of the namespace of that end */
	uint32_t peer_group;  /* IFLA_GROUP of the peer */
	unsigned int mtu;     /* of both, 0: the kernel's */
	uint8_t mac[6], peer_mac[6];
};
void rtnl_put_veth(struct rtnl_batch *b, const struct rtnl_veth *veth);

/* Without duplicate address detection of IPv6. */
void rtnl_put_address(struct rtnl_batch *b, unsigned int ifindex,
		      const struct inet_prefix *address);

/*
 * The local route to an IPv6 address. The kernel adds its own from a work queue
 * (addrconf_dad_work(), net/ipv6/addrconf.c); answers before that are lost.
 */
void rtnl_put_local(struct rtnl_batch *b, const struct inet_prefix *address,
		    unsigned int ifindex);

/*
 * A route to `destination` through a gateway, which need not be in a prefix of
 * the link (RTNH_F_ONLINK); NULL: on the link itself.
 */
void rtnl_put_route(struct rtnl_batch *b, const struct inet_prefix *destination,
		    const struct inet_prefix *gateway, unsigned int ifindex);

/*
 * No link-local address (IN6_ADDR_GEN_MODE_NONE): with thousands of links,
 * fe80::/64 is half of the cost of IPv6. The kernel then cannot ask for
 * neighbours: rtnl_put_neighbour() is needed.
 */
void rtnl_put_no_link_local(struct rtnl_batch *b, unsigned int ifindex);

/* ip neigh add ADDRESS lladdr MAC dev IFINDEX nud permanent */
void rtnl_put_neighbour(struct rtnl_batch *b, unsigned int ifindex,
			const struct inet_prefix *address,
			const uint8_t mac[static 6]);

/* `ip link add`, for kinds without a second end. */
struct rtnl_new {
	const char *kind;     /* "bridge", "macvlan", "wireguard", ... */
	const char *ifname;   /* in the namespace it is made in */
	unsigned int ifindex; /* there; 0: the kernel's choice */
	int netns;	      /* fd of where it is made; < 0: here */
	unsigned int parent;  /* IFLA_LINK, of the socket's namespace; 0 */
	uint32_t group;
	unsigned int mtu; /* 0: the kernel's */
	bool has_mac;
	uint8_t mac[6];
	uint32_t macvlan_mode; /* MACVLAN_MODE_*, 0: none */
};
void rtnl_put_new(struct rtnl_batch *b, const struct rtnl_new *link);
void rtnl_put_delete(struct rtnl_batch *b, unsigned int ifindex);

/*
 * Moves a link into a namespace, and renames it unless ifname is NULL. It is
 * down and without addresses afterwards.
 */
void rtnl_put_move(struct rtnl_batch *b, unsigned int ifindex, int netns,
		   const char *ifname);

void rtnl_put_rename(struct rtnl_batch *b, unsigned int ifindex,
		     const char *ifname);
void rtnl_put_alias(struct rtnl_batch *b, unsigned int ifindex,
		    const char *alias);
void rtnl_put_mtu(struct rtnl_batch *b, unsigned int ifindex, unsigned int mtu);
void rtnl_put_group(struct rtnl_batch *b, unsigned int ifindex, uint32_t group);

/* Makes it a port of the bridge `master`; 0: of none. */
void rtnl_put_master(struct rtnl_batch *b, unsigned int ifindex,
		     unsigned int master);
/* An option of a port of a Linux bridge: IFLA_BRPORT_ISOLATED and such. */
void rtnl_put_port(struct rtnl_batch *b, unsigned int ifindex, uint16_t flag,
		   bool on);

/* bridge fdb add MAC dev PORT master static */
void rtnl_put_forward(struct rtnl_batch *b, unsigned int ifindex,
		      const uint8_t mac[static 6]);

void rtnl_put_address_delete(struct rtnl_batch *b, unsigned int ifindex,
			     const struct inet_prefix *address);

/*
 * A token bucket filter for what a link sends (tc-tbf(8)), in place of its
 * queue; an existing one is changed without losing a packet.
 */
struct rtnl_tbf {
	uint64_t bytes; /* a second */
	uint32_t burst; /* bytes sent at once; at least a frame */
	uint32_t limit; /* bytes that may wait */
};
void rtnl_put_tbf(struct rtnl_batch *b, unsigned int ifindex,
		  const struct rtnl_tbf *tbf);
void rtnl_put_tbf_delete(struct rtnl_batch *b, unsigned int ifindex);

/*
 * Redirects all that a link receives through another one, of kind "ifb", where
 * it can be queued. There must be no redirection yet.
 */
void rtnl_put_redirect(struct rtnl_batch *b, unsigned int ifindex,
		       unsigned int through);
void rtnl_put_redirect_delete(struct rtnl_batch *b, unsigned int ifindex);

/*
 * Sends the batch and waits for every answer. Return: 0; the first refusal as
 * -errno with a sentence: the step and the kernel's message (NETLINK_EXT_ACK).
 */
int rtnl_run(struct rtnl *rtnl, struct rtnl_batch *b, struct error *err);

struct rtnl_link {
	unsigned int ifindex;
	unsigned int master; /* index of the bridge it is a port of, or 0 */
	unsigned int lower;  /* IFLA_LINK: its parent, or 0 */
	unsigned int mtu;
	uint32_t group;
	bool elsewhere;	  /* the parent is in another namespace */
	bool up, running; /* IFF_UP, IFF_RUNNING */
	uint8_t mac[6];
	char ifname[IFNAMSIZ];
	char kind[16];	 /* "veth", "bridge", ...; "" for a physical one */
	char alias[256]; /* IFALIASZ */
	uint64_t rx_bytes, tx_bytes;
};

/*
 * Looks a link up by name or index (0: none has it). Return: 0, -ENODEV,
 * -errno; answer_of() makes an answer of it.
 */
int rtnl_link_by_name(struct rtnl *rtnl, const char *ifname,
		      struct rtnl_link *ret);
int rtnl_link_by_index(struct rtnl *rtnl, unsigned int ifindex,
		       struct rtnl_link *ret);

/*
 * Calls seen() for each link of the namespace. A dump that is inconsistent
 * (NLM_F_DUMP_INTR) is repeated, up to five times. Return: 0 or -errno.
 */
int rtnl_dump_links(struct rtnl *rtnl,
		    void (*seen)(void *data, const struct rtnl_link *link),
		    void *data);

/*
 * Calls seen() for each unicast or local route but default, link-local and
 * multicast ones; ifindex is 0 for a route without a device. The dump may be
 * repeated: restart() is called before each. Return: 0 or -errno.
 */
int rtnl_dump_routes(struct rtnl *rtnl, void (*restart)(void *data),
		     void (*seen)(void *data, const struct inet_prefix *p,
				  unsigned int ifindex),
		     void *data);

/*
 * Is there a default route of either family, over that link unless ifindex is
 * 0? Return: 1, 0 or -errno.
 */
int rtnl_has_default_route(struct rtnl *rtnl, unsigned int ifindex);

/* A socket for events of links and routes. Return: 0 or -errno. */
int rtnl_monitor_open(struct rtnl **ret);
int rtnl_fd(const struct rtnl *rtnl);

/* Return: an fd of the namespace that the socket is in (CLOEXEC), or -errno. */
int rtnl_netns(const struct rtnl *rtnl);

struct rtnl_events {
	void (*link_removed)(void *data, const struct rtnl_link *link);
	void (*route_new)(void *data, const struct inet_prefix *p,
			  unsigned int ifindex);
	void (*lost)(void *data); /* ENOBUFS: events were lost */
	void *data;
};

/* Delivers the events that have arrived. Return: 0 or -errno. */
int rtnl_monitor_read(struct rtnl *rtnl, const struct rtnl_events *events);

/*
 * Deletes an interface, or brings it down, in a request of its own.
 * Return: 0, also when it does not exist; -errno with a sentence.
 */
int rtnl_delete(struct rtnl *rtnl, unsigned int ifindex, struct error *err);
int rtnl_down(struct rtnl *rtnl, unsigned int ifindex, struct error *err);

#endif
