/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Namespaces that are there: instances of the policy's sections, found
 * (instance_find.c) or made (make_instance.c) for a login, kept while somebody
 * uses them, and let go (instance_end.c).
 *
 * An instance is MAKING while its link comes up, its `up` program runs or it is
 * not `ready`; logins that want it wait. It is LIVE while its name is published
 * and leads to it. It is CLOSING while its `down` program runs, nobody being
 * inside any more; logins wait for that as well. It is LEAVING once the name is
 * taken away: what is still inside lives on in the namespace it has, the next
 * login gets a new one, and slot and record are free when the kernel says that
 * the link is gone (RTM_DELLINK). The kernel counts the users, we do not.
 */
#ifndef NETNS_PAM_HELPER_INSTANCE_INSTANCE_H
#define NETNS_PAM_HELPER_INSTANCE_INSTANCE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "common/inet.h"
#include "common/names.h"
#include "common/policy/policy.h"
#include "helper/helper.h"
#include "helper/kernel/netns.h"

struct child;
struct child_command;
struct child_events;
struct dhcp_client;
struct link_ops;
struct making;
struct network_port;
struct rtnl_link;

enum instance_state {
	INSTANCE_MAKING,
	INSTANCE_LIVE,
	INSTANCE_CLOSING,
	INSTANCE_LEAVING
};

/* How far an end goes, see lifecycle/end.h; each has what is before it. */
enum instance_end {
	END_KEEP,  /* sessions and processes inside keep it, without a name */
	END_EMPTY, /* no process is inside: its link is returned */
	END_CUT	   /* processes that are inside are disconnected */
};

/* A login that waits for a namespace; part of what waits. */
struct instance_waiter {
	struct instance_waiter *next;
	struct instance *instance; /* NULL: does not wait */
	/*
	 * It does not wait any more. r: 0, ask again, with what was made (or
	 * NULL); else it failed, and why.
	 */
	void (*wake)(struct instance_waiter *w, struct instance *made, int r,
		     const struct error *why);
};

#define INSTANCE_DNS_MAX  6
#define INSTANCE_MORE_MAX 7

struct instance {
	struct helper *helper;
	const struct link_ops *ops; /* of its link; never NULL */
	struct instance *next;
	enum instance_state state;
	uint64_t id; /* its record's name */
	char name[NAME_MAX_INSTANCE + 1];
	char section[NAME_MAX_POLICY + 1];
	char user[NAME_MAX_USER + 1]; /* "" when shared */
	uid_t uid;
	enum policy_scope scope;
	enum policy_link link;
	enum policy_lifetime lifetime;
	enum instance_end end; /* asked for: while CLOSING or LEAVING */
	bool named;	 /* has its name below netns_dir: to be removed by us */
	bool unfinished; /* a step of its end has failed: tried again */
	bool foreign;	 /* made by somebody else, never removed */
	bool cut;	 /* its link is down for ever */
	bool broken;	 /* its link is dead: new logins get a new one */
	bool pinned;	 /* `netns-pam up`: stays until `down` */
	bool attached;	 /* link_ops.remove() is still to be called */
	bool returned;	 /* and it was called: in the record */
	bool unlinked;	 /* for events_resync() and lifecycle_adopted() */
	bool by_dhcp;	 /* has a DHCP client, which may not run just now */
	struct netns_id netns;
	uint64_t plan;	     /* fingerprint of the section it was made by */
	uint64_t since;	     /* seconds since the epoch */
	uint64_t leaving_ms; /* monotonic: when the name was taken away */

	struct making *making; /* while MAKING: lifecycle's */
	int making_netns;      /* likewise: an fd, making's */
	char waits_for[200];   /* while MAKING, see instance_waiting() */
	struct instance_waiter *waiters; /* while MAKING or CLOSING */
	char *down;			 /* the program for its end, or NULL */
	struct child *hook;		 /* `up` or `down`, while it runs */
	uint64_t hook_process;
	pid_t hook_pid;
	int kept; /* an fd: what is to be done at its end needs it; or < 0 */

	/*
	 * The link's: noted by create(), kept in the record, of use to
	 * status, filters and programs. Whatever a link has no use for is 0.
	 */
	uint32_t slot; /* of the pool: number of npam<slot>; 0: none */
	char host_ifname[IFNAMSIZ];
	unsigned int host_ifindex;		    /* 0: none, or gone */
	struct inet_prefix address4, address6;	    /* inside */
	struct inet_prefix more[INSTANCE_MORE_MAX]; /* and others */
	size_t n_more;
	char ifname[IFNAMSIZ];		   /* inside */
	char network[NAME_MAX_POLICY + 1]; /* that it is a port of */
	char device[IFNAMSIZ]; /* the host's name of what was moved in */
	/* Its program (a `lasting` child): of the link alone. */
	struct child *child;
	uint64_t process;
	pid_t pid;
	unsigned int ifindex; /* of ifname */
	void *link_data;      /* freed by remove() */
	struct network_port
		*port;		  /* on a network: part of link_data; or NULL */
	struct dhcp_client *dhcp; /* dhcp_client.c's, or NULL */

	/* Name servers that came with the link (lease, file, push). */
	struct inet_prefix link_dns[INSTANCE_DNS_MAX];
	size_t n_link_dns;
	char link_search[256]; /* domains, a space between; or "" */

	struct filter *filter;	/* filter.c's: what is in force */
	uint64_t filter_inside; /* and inside: its fingerprint, or 0 */
	uint64_t rate_bits;	/* rate.c's: in force, 0: none */

	unsigned int sessions;
	sd_event_source *straggler; /* a process inside that is waited for */
};

/*
 * What links cause in the floor above: main enters it in helper.lifecycle, and
 * instance_connected() and instance_broken() call it.
 */
struct instance_lifecycle {
	void (*connected)(struct instance *i, int r, const struct error *why);
	void (*broken)(struct instance *i, const char *why);
};

/* "making", "live", "closing", "leaving". */
const char *instance_state_name(enum instance_state state);

/* Return: the live instance of that name, or NULL. */
struct instance *instance_find(const struct helper *h, const char *name);

/* It is MAKING or CLOSING: w->wake() will say when that is over. */
void instance_wait(struct instance *i, struct instance_waiter *w);

/* What it is waiting for: "a DHCP lease on eth0". Never NULL. */
const char *instance_waits_for(const struct instance *i);

/* --- for links --- */

/*
 * create() had said LINK_LATER; this is how it ended. Not to be called from
 * within create(). On failure the instance is gone after this.
 */
void instance_connected(struct instance *i, int r, const struct error *why);

/* What the login waits for, as a part of a sentence: "a DHCP lease on eth0". */
void instance_waiting(struct instance *i, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Its link cannot be mended: logged; sessions keep it, new ones get another. */
void instance_broken(struct instance *i, const char *why);

/*
 * Starts the program of the link (i->child), a lasting one; it is written down
 * before it runs. Return: as child_start().
 */
int instance_start_child(struct instance *i,
			 const struct child_command *command,
			 const struct child_events *events, struct error *err);

/* Return: an fd of a namespace that has its name (or is MAKING), or -errno. */
int instance_netns(const struct instance *i);

#endif
