/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of `link = wireguard` share: link_wireguard.c makes the tunnel
 * and ends it, wg_device.c is its interface, wg_uapi.c the socket of
 * wireguard-go, wg_watch.c keeps an eye on it.
 *
 * The interface is the kernel's, or that of wireguard-go where the kernel has
 * none. Either way it is born of the host's namespace, and so its UDP socket
 * stays there, while the interface is inside. Until it is, the namespace has a
 * loopback and nothing else; when it is gone, so is all that led out.
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

/* How a peer was when it was last looked at. */
struct wg_pulse {
	uint64_t received, sent;
	unsigned int silent; /* looks, one after the other: it says nothing */
	bool known, said;    /* said: that its name cannot be resolved */
};

/* instance->link_data */
struct wg_link {
	struct instance *instance;
	char *path;		 /* of the configuration */
	struct wg_conf *conf;	 /* NULL: not to be read after a restart */
	struct wg_pulse *pulses; /* one a peer of conf */
	bool userspace;		 /* instance->child is wireguard-go */
	bool answered;		 /* it takes orders */
	int question;		 /* of wg_uapi_ask(), or < 0 */
	char device[IFNAMSIZ];	 /* what wg(8) knows it by */
	char label[NAME_MAX_INSTANCE + 16];

	/* While it is being made. */
	const struct link_site *site;
	uint64_t started_ms; /* monotonic: wireguard-go */

	struct child *tool; /* wg(8) at work: one at a time */
	sd_event_source *timer;

	bool nudged;	    /* keepalives stand in for what nobody sends yet */
	uint64_t asked_ms;  /* monotonic: for the last handshake */
	uint64_t handshake; /* seconds since the epoch, 0: none yet */

	struct resolve *resolve;
	size_t resolving;	 /* which peer's name */
	unsigned int looks;	 /* of wg_watch.c */
	uint64_t sent, received; /* by the interface, at the last one */
};

/* --- wg_device.c --- */

/*
 * The interface, or the program that will bring it; it is not to be used before
 * wg_device_answers(). Return: 0 or -errno with a sentence.
 */
int wg_device_make(struct wg_link *l, const struct link_site *site,
		   const struct child_events *events, struct error *err);

/*
 * After a restart of the daemon. Return: FOUND; ABSENT when the device or its
 * program does not exist, and still there is something to remove; -errno.
 */
int wg_device_adopt(struct wg_link *l, const struct child_events *events);

/* Does wireguard-go take orders by now? The kernel's always does. */
bool wg_device_answers(struct wg_link *l);

/*
 * Into the namespace if it is not there yet, addresses, up, routes.
 * Return: 0 or -errno with a sentence.
 */
int wg_device_plug(struct wg_link *l, const struct link_site *site,
		   struct error *err);

/* Looks the interface up inside. Return: 0, -ENODEV, -errno. */
int wg_device_look(const struct wg_link *l, struct rtnl_link *ret);

/* Ends what the end of the namespace does not. */
int wg_device_remove(struct wg_link *l, int netns, struct error *err);

/*
 * Runs wg(8) with argv, which begins with "wg"; l->tool is it. input: for its
 * stdin, or NULL. Return: 0 or -errno with a sentence.
 */
int wg_run(struct wg_link *l, const char *const *argv, const char *input,
	   const struct child_events *events, struct error *err);

/* --- wg_uapi.c --- */

/* Does somebody listen there? */
bool wg_uapi_is_taken(const char *device);

/* Return: the socket for the program, or -errno with a sentence. */
int wg_uapi_listen(const char *device, struct error *err);

/* Asks it something. Return: a socket for wg_uapi_has_answered(), or -errno. */
int wg_uapi_ask(const char *device);
bool wg_uapi_has_answered(int fd);

void wg_uapi_remove(const char *device);

/* --- wg_watch.c --- */

/* From now on. Return: 0 or -errno with a sentence. */
int wg_watch_begin(struct wg_link *l, struct error *err);

/* Asks for the last handshake, which is known a little later. */
void wg_watch_ask(struct wg_link *l);

/* The peer to speak of: the first one that can be called; or NULL. */
const struct wg_peer *wg_peer_called(const struct wg_link *l);

/* "vpn.example.net:51820", as the file has it. */
#define WG_ENDPOINT_STR (WG_NAME_MAX + 10)
void wg_peer_format(const struct wg_peer *peer,
		    char ret[static WG_ENDPOINT_STR]);

#endif
