/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of `link = wireguard`: link.c creates and removes the
 * tunnel, device.c has its interface, uapi.c the control socket of
 * wireguard-go, watch.c checks a running tunnel.
 *
 * The interface is the kernel's, or wireguard-go's where the kernel has no
 * WireGuard. It is created in the host's namespace, so its UDP socket stays
 * there while the interface is inside. The namespace has only a loopback
 * before the interface arrives and after it is removed.
 */
#ifndef NETNS_PAM_HELPER_LINK_WIREGUARD_WIREGUARD_H
#define NETNS_PAM_HELPER_LINK_WIREGUARD_WIREGUARD_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "common/names.h"
#include "conf.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/process/child.h"
#include "helper/process/resolve_name.h"

#define WG_IFNAME "wg0"
#define WG_MTU	  1420 /* 1500 less an outer IPv6 header and WireGuard's own */

/* Counters of a peer at the last check. */
struct wg_pulse {
	uint64_t received, sent;
	unsigned int silent; /* consecutive checks without an answer */
	bool known;	     /* received and sent are valid */
	bool said;	     /* "cannot resolve the name" is logged already */
};

/* instance->link_data */
struct wg_link {
	struct instance *instance;
	char *path;		 /* of the configuration */
	struct wg_conf *conf;	 /* NULL: not readable after a restart */
	struct wg_pulse *pulses; /* one per peer of conf */
	bool userspace;		 /* instance->child is wireguard-go */
	bool answered;		 /* it accepts commands */
	int question;		 /* of wg_uapi_ask(), or < 0 */
	char device[IFNAMSIZ];	 /* the name that wg(8) uses */
	char label[NAME_MAX_INSTANCE + 16];
	char go_label[NAME_MAX_INSTANCE + 20]; /* of wireguard-go */

	/* While the link is being created. */
	const struct link_site *site;
	uint64_t started_ms; /* monotonic: wireguard-go */

	struct child *tool; /* a running wg(8): one at a time */
	sd_event_source *timer;

	bool nudged;	    /* keepalives are on to start a handshake */
	uint64_t asked_ms;  /* monotonic: last query of handshakes */
	uint64_t handshake; /* seconds since the epoch, 0: none yet */

	struct resolve *resolve;
	size_t resolving;	 /* index of the peer being resolved */
	unsigned int looks;	 /* number of checks by watch.c */
	uint64_t sent, received; /* by the interface, at the last check */
};

/* --- device.c --- */

/*
 * Creates the interface, or starts wireguard-go, which will create it. The
 * interface is not usable before wg_device_answers().
 * Return: 0, or -errno with err set.
 */
int wg_device_make(struct wg_link *l, const struct link_site *site,
		   const struct child_events *events, struct error *err);

/*
 * After a restart of the daemon. Return: FOUND; ABSENT when the device or its
 * program does not exist (wg_device_remove() is still to be called); -errno.
 */
int wg_device_adopt(struct wg_link *l, const struct child_events *events);

/* Does wireguard-go accept commands? Always true for the kernel's. */
bool wg_device_answers(struct wg_link *l);

/*
 * Moves the interface into the namespace if it is not there yet, sets
 * addresses, brings it up, adds routes. Return: 0, or -errno with err set.
 */
int wg_device_plug(struct wg_link *l, const struct link_site *site,
		   struct error *err);

/*
 * Removes what outlives the namespace. netns: < 0 when it does not exist.
 * Return: 0, also when there is nothing, or -errno with err set.
 */
int wg_device_remove(struct wg_link *l, int netns, struct error *err);

/*
 * Starts wg(8) as l->tool. argv begins with "wg". input: for its standard
 * input, or NULL. Return: 0, or -errno with err set.
 */
int wg_run(struct wg_link *l, const char *const *argv, const char *input,
	   const struct child_events *events, struct error *err);

/* --- uapi.c --- */

/* Does a process listen on the device's socket? */
bool wg_uapi_is_taken(const char *device);

/* Return: a listening socket for wireguard-go, or -errno with err set. */
int wg_uapi_listen(const char *device, struct error *err);

/* Sends a query. Return: a socket for wg_uapi_has_answered(), or -errno. */
int wg_uapi_ask(const char *device);
bool wg_uapi_has_answered(int fd);

void wg_uapi_remove(const char *device);

/* --- watch.c --- */

/* Starts the periodic check. Return: 0, or -errno with err set. */
int wg_watch_begin(struct wg_link *l, struct error *err);

/* Starts a query of the last handshake; the answer is in l->handshake later. */
void wg_watch_ask(struct wg_link *l);

/* The peer to name in messages: the first with an endpoint; or NULL. */
const struct wg_peer *wg_peer_called(const struct wg_link *l);

/* "vpn.example.net:51820", as in the file. */
#define WG_ENDPOINT_STR (WG_NAME_MAX + 10)
void wg_peer_format(const struct wg_peer *peer,
		    char ret[static WG_ENDPOINT_STR]);

#endif
