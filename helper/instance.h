/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Namespaces that are there: instances of the policy's sections, found or made
 * for a login, kept while somebody uses them, and let go.
 *
 * An instance is LIVE while its name is published and leads to it. It is
 * LEAVING once the name is taken away: what is still inside lives on in the
 * namespace it has, the next login gets a new one, and slot and record are
 * free when the kernel says that the link is gone (RTM_DELLINK). The kernel
 * counts the users, we do not.
 */
#ifndef NETNS_PAMD_INSTANCE_H
#define NETNS_PAMD_INSTANCE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "error.h"
#include "helper.h"
#include "inet.h"
#include "names.h"
#include "policy.h"

struct rtnl_link;

enum instance_state { INSTANCE_LIVE, INSTANCE_LEAVING };

struct instance {
	struct helper *helper;
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
	bool foreign; /* made by somebody else, never removed */
	bool cut;     /* its link is down for ever */
	bool pinned;  /* `netns-pam up`: stays until `down` */
	struct netns_id netns;
	uint64_t plan;	     /* fingerprint of the section it was made by */
	uint64_t since;	     /* seconds since the epoch */
	uint64_t leaving_ms; /* monotonic: when the name was taken away */

	/* link_veth.c's */
	uint32_t slot; /* 0: none */
	char host_ifname[IFNAMSIZ];
	unsigned int host_ifindex;	       /* 0: none, or gone */
	struct inet_prefix address4, address6; /* inside */

	/* Name servers that the firewall holds it to. */
	bool held;
	struct inet_prefix *servers;
	size_t n_servers;

	unsigned int sessions;
	sd_event_source *straggler; /* a process inside that is waited for */
};

/* Who a namespace is wanted for. */
struct instance_user {
	const char *user; /* NULL: nobody in particular */
	uid_t uid;
};

/*
 * Takes up what a helper before us left: live instances stay as they are, the
 * remains of others are cleared away. Return: 0 or -errno.
 */
int instance_reconcile(struct helper *h, struct error *err);

/*
 * The instance of a section for a user: found, or made. For the scope
 * `session` always a fresh one.
 * Return: 0, *ret, and *ret_fd a descriptor of the namespace that is the
 * caller's; or -errno with a sentence, and nothing left behind.
 */
int instance_get(struct helper *h, const struct policy_namespace *ns,
		 const struct instance_user *who, struct instance **ret,
		 int *ret_fd, struct error *err);

/* Return: the live instance of that name, or NULL. */
struct instance *instance_find(const struct helper *h, const char *name);

/* A session begins, resp. is over. */
void instance_hold(struct instance *instance);
void instance_release(struct instance *instance);

/* After a restart, when the sessions are known: forgets what nobody needs. */
void instance_drop_unused(struct helper *h);

/* `netns-pam up`: stays until `down`. */
void instance_pin(struct instance *instance);

/*
 * Takes the name away; cut: and disconnects what is still inside.
 * The instance may be freed by this.
 */
void instance_retire(struct instance *instance, bool cut);

/* The kernel says that a link is gone. */
void instance_link_gone(struct helper *h, const struct rtnl_link *link);

/* Events were lost: look for links that are gone. */
void instance_resync(struct helper *h);

/* Commands for the firewall: who is held to which name servers. */
void instance_print_holds(const struct helper *h, FILE *f);

/* A file below the directory of names was removed: was it one of ours? */
void instance_name_gone(struct helper *h, const char *name);

void instance_free_all(struct helper *h);

#endif
