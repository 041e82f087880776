/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a namespace: an instance of a section of the policy.
 *
 *	       made		      end_ask()
 *	MAKING ------> LIVE ---------------------------> LEAVING ----> freed
 *	   |		|   `down` runs		 `down`	    ^  ^
 *	   |		`-------------> CLOSING ------------'  |
 *	   |				       ended	       |
 *	   `---------------------------------------------------'
 *	     failed, no login waits: end_free()
 *
 * MAKING	Its link comes up, `up` runs, or it is not `ready`. Logins wait.
 *		Links call instance_waiting(), and instance_connected() once.
 * LIVE		Its name is published and leads to it. Logins join it. Links may
 *		call instance_broken().
 * CLOSING	`down` runs. Sessions are inside only after `netns-pam down
 *		--force`. Logins wait for its end.
 * LEAVING	Its name is removed, or is being removed. Processes that are
 *		inside keep the namespace; the next login gets a new one. The
 *		instance is freed when the kernel has removed the link
 *		(RTM_DELLINK) and nothing else of it is left.
 *
 * lifecycle/ changes the state, by instance_set_state(); lifecycle/end.h says
 * which end may be called in which state. Two changes are not in the diagram:
 * LIVE to MAKING, when the name cannot be published; and CLOSING to LIVE, after
 * a restart, before end_ask() is called again.
 *
 * After a restart, lifecycle/adopt.c sets the state without that function,
 * before the instance is in the list. It is the state in the record, except:
 * MAKING, or no name leads to the namespace: LEAVING; foreign, with a name:
 * LIVE; LIVE, but to be disconnected: CLOSING.
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

/* A login that waits for a namespace: a member of its connection. */
struct instance_waiter {
	struct instance_waiter *next;
	struct instance *instance; /* NULL: it does not wait */
	/*
	 * The wait is over. r 0: ask again, with the instance that was made, or
	 * NULL; r < 0: it failed, for the reason `why`.
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
	enum instance_end end; /* valid once the end was asked for */
	bool named; /* the name below netns_dir is the daemon's to remove */
	bool unfinished; /* a step of its end has failed: tried again */
	bool foreign;	 /* not made by netns-pamd, and never removed by it */
	bool cut;	 /* its link was disconnected, and stays so */
	bool broken;	 /* its link does not work: logins get another one */
	bool pinned;	 /* `netns-pam up`: stays until `down` */
	bool attached;	 /* link_ops.remove() must be called */
	bool returned;	 /* link_ops.remove() was called */
	bool unlinked;	 /* its link was found deleted; not yet acted upon */
	bool by_dhcp;	 /* has a DHCP client, which may not run just now */
	struct netns_id netns;
	uint64_t plan;	     /* fingerprint of the section it was made by */
	uint64_t since;	     /* seconds since the epoch */
	uint64_t leaving_ms; /* monotonic: when it became LEAVING */

	struct making *making; /* while MAKING: lifecycle/make.h */
	int making_netns;      /* while MAKING: an fd, owned by making */
	char waits_for[200];   /* while MAKING, see instance_waiting() */
	struct instance_waiter *waiters; /* while MAKING or CLOSING */
	char *down;			 /* path of the program, or NULL */
	struct child *hook;		 /* `up` or `down`, while it runs */
	uint64_t hook_process;
	pid_t hook_pid;
	int kept; /* an fd, see instance_keep(); or < 0 */
	bool kept_mounted;

	/* Set by the link's create(), and recorded; 0 where it has none. */
	uint32_t slot; /* of the pool, as in npam<slot>; 0: none */
	char host_ifname[IFNAMSIZ];
	unsigned int host_ifindex;		    /* 0: none, or deleted */
	struct inet_prefix address4, address6;	    /* inside */
	struct inet_prefix more[INSTANCE_MORE_MAX]; /* further addresses */
	size_t n_more;
	char ifname[IFNAMSIZ];		   /* inside */
	char network[NAME_MAX_POLICY + 1]; /* whose port it is */
	char device[IFNAMSIZ]; /* on the host: moved in, or the parent */
	/* The link's program, which outlives the daemon. */
	struct child *child;
	uint64_t process;
	pid_t pid;
	unsigned int ifindex;	   /* of ifname */
	void *link_data;	   /* freed by remove() */
	struct network_port *port; /* in link_data; NULL: no network */
	struct dhcp_client *dhcp;  /* or NULL */

	/* Name servers of the link: from a lease, its file, or a push. */
	struct inet_prefix link_dns[INSTANCE_DNS_MAX];
	size_t n_link_dns;
	char link_search[256]; /* domains with spaces between, or "" */

	struct filter *filter;	/* in force; owned by firewall/filter.c */
	uint64_t filter_inside; /* its fingerprint inside, or 0 */
	uint64_t rate_bits;	/* in force, per second; 0: no limit */

	unsigned int sessions;
	sd_event_source *straggler; /* a process inside whose end is awaited */
};

/*
 * The floor above, entered by main in helper.lifecycle; called by
 * instance_connected() and instance_broken().
 */
struct instance_lifecycle {
	void (*connected)(struct instance *i, int r, const struct error *why);
	void (*broken)(struct instance *i, const char *why);
};

/* By state: "making", "live", "closing", "leaving". */
extern const char *const instance_state_names[];

/* Return: the live instance of that name, or NULL. */
struct instance *instance_find(const struct helper *h, const char *name);

/* While MAKING or CLOSING: w->wake() is called when that is over. */
void instance_wait(struct instance *i, struct instance_waiter *w);

/* What a login waits for: "a DHCP lease on eth0". Never NULL. */
const char *instance_waits_for(const struct instance *i);

/* --- for links --- */

/*
 * After create() has returned LINK_LATER: the link is connected (r 0), or has
 * failed for the reason `why`, and the instance is freed. Not called from
 * within create(). No effect unless it is MAKING.
 */
void instance_connected(struct instance *i, int r, const struct error *why);

/* Sets what instance_waits_for() returns; no effect unless it is MAKING. */
void instance_waiting(struct instance *i, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Its link does not work any more, for the reason `why`, which is logged: open
 * sessions keep the namespace, new ones get another. While it is MAKING, it is
 * given up and freed. Idempotent.
 */
void instance_broken(struct instance *i, const char *why);

/*
 * Starts the program of the link (i->child), a lasting one; it is recorded
 * before it runs. Return: as child_start().
 */
int instance_start_child(struct instance *i,
			 const struct child_command *command,
			 const struct child_events *events, struct error *err);

/* Return: its section in the policy in force, or NULL. */
const struct policy_namespace *instance_section(const struct instance *i);

/*
 * Return: an fd of the namespace (CLOEXEC), the caller's; -ENOENT when
 * neither its name nor a kept mount leads to it; -errno; with a sentence.
 */
int instance_netns(const struct instance *i, struct error *err);

#endif
