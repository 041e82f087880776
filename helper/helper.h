/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the daemon, passed from function to function. It holds pointers
 * only: this header includes no floor. There are no globals but those of log.c
 * and sysctl.c. Everything runs in one thread on one event loop: each step of a
 * login is complete before the next event is handled, so nothing needs a lock.
 */
#ifndef NETNS_PAM_HELPER_HELPER_H
#define NETNS_PAM_HELPER_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct child;
struct connection;
struct events;
struct filter_chain;
struct firewall_part;
struct forwarding;
struct guard;
struct instance;
struct instance_lifecycle;
struct netns_host;
struct network;
struct network_ops;
struct ovs_request;
struct pool;
struct session;
struct spare;
struct store;
struct sweep;

/* After which the removal of a record is tried again: h->leftovers. */
#define HELPER_LEFTOVERS_US 1000000

struct helper {
	sd_event *event;
	const char *config, *socket, *state_path, *netns_dir; /* options */

	int state_dir, namespaces_dir, sessions_dir; /* fds */
	struct netns_host *host; /* the namespaces of the daemon itself */
	bool ipv6;		 /* the kernel has it */
	struct spare *spare;	 /* for the next login that needs one */
	struct store *store;	 /* the policy */

	struct rtnl *rtnl;    /* the host's links and routes */
	struct rtnl *monitor; /* events of them */
	struct nft *nft;      /* NULL: the kernel has no nf_tables */
	const struct firewall_part *const *firewall_parts; /* NULL at the end */
	sd_event_source *firewall_retry;
	bool filter_stale; /* open namespaces have an older policy's */
	struct forwarding *forwarding;
	struct pool *pool;
	struct guard *guard;
	struct filter_chain *filter_chains; /* filter.c's: of the table */

	struct instance *instances; /* all of them, newest first */
	void *by_name;		    /* live ones: a tree of tsearch(3) */
	uint64_t next_instance;
	struct sweep *sweep; /* finds unused namespaces */
	const struct instance_lifecycle *lifecycle; /* see instance.h */

	struct child *children;	  /* programs that run beside the loop */
	struct events *events;	  /* dhcp_event.c's */
	struct network *networks; /* all of them */
	const struct network_ops *const *network_types; /* by type */
	struct ovs_request *ovs; /* ovs.c's: without an answer yet */

	sd_event_source *listener, *listen_again;
	sd_event_source *names;	    /* inotify: names that are removed */
	sd_event_source *leftovers; /* timer: files that could not be removed */
	sd_event_source *resync;    /* timer: links that could not be queried */
	struct session *sessions;
	uint64_t next_session;
	struct connection *peers; /* all connections */
	unsigned int connections;
};

#endif
