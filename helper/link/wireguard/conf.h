/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A WireGuard configuration file as wg-quick(8) accepts it: the keys of wg(8),
 * and Address, DNS and MTU of [Interface].
 *
 * The file holds the private key: only root may be able to read it, and no
 * error message repeats a key or a line that may contain one.
 *
 * Must refuse every unknown key, as "file:line: message". Must not log, resolve
 * names, or leave a copy of a key in memory.
 */
#ifndef NETNS_PAM_HELPER_LINK_WIREGUARD_CONF_H
#define NETNS_PAM_HELPER_LINK_WIREGUARD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/inet.h"

#define WG_CONF_BYTES_MAX 65536
#define WG_CONF_DNS_MAX	  6
#define WG_KEY_CHARS	  44  /* 32 bytes in base64 */
#define WG_NAME_MAX	  253 /* of a host */
#define WG_PEERS_MAX	  128

struct wg_prefixes {
	struct inet_prefix *items;
	size_t n;
};

struct wg_peer {
	unsigned int line; /* of its [Peer] */
	char public_key[WG_KEY_CHARS + 1];
	char preshared_key[WG_KEY_CHARS + 1]; /* "": none */
	struct wg_prefixes allowed;	      /* without host bits */
	/* AF_UNSPEC: none, or a name that is not resolved yet. */
	struct inet_prefix endpoint;
	char endpoint_name[WG_NAME_MAX + 1]; /* "": an address, or none */
	uint16_t endpoint_port;		     /* 0: no endpoint */
	uint16_t keepalive;		     /* seconds, 0: off */
};

struct wg_conf {
	char private_key[WG_KEY_CHARS + 1];
	bool has_listen_port;
	uint16_t listen_port;
	uint32_t fwmark; /* 0: none */
	struct wg_prefixes address;
	struct inet_prefix dns[WG_CONF_DNS_MAX];
	size_t n_dns;
	char search[256]; /* domains, separated by spaces */
	unsigned int mtu; /* 0: not given */
	struct wg_peer *peers;
	size_t n_peers;
	/* Lines of keys that are ignored with a warning; 0: absent. */
	unsigned int table_line, save_config_line;
};

/*
 * Reads a regular file that belongs to root, with no permissions for group and
 * others. The last component of path must not be a symbolic link.
 * Return: 0 and *ret (free with wg_conf_free()), or -errno with err set.
 */
int wg_conf_load(const char *path, struct wg_conf **ret, struct error *err);

/* Parses text in memory; `name` stands for the file in messages. */
int wg_conf_parse(const char *name, const char *text, size_t bytes,
		  struct wg_conf **ret, struct error *err);

/*
 * The configuration for `wg setconf`, with the resolved endpoints.
 * keepalive: seconds for peers without PersistentKeepalive, so that a handshake
 * starts without traffic; 0: as in the file.
 * Return: text that holds the private key (free with wg_conf_wipe()), or NULL
 * when out of memory.
 */
char *wg_conf_print(const struct wg_conf *conf, uint16_t keepalive);

/* Overwrites and frees a text, or NULL. Return: NULL. */
char *wg_conf_wipe(char *text);

/* Overwrites the keys; the rest stays valid. */
void wg_conf_forget_keys(struct wg_conf *conf);

/* Overwrites the keys and frees conf, or NULL. Return: NULL. */
struct wg_conf *wg_conf_free(struct wg_conf *conf);

/* "ADDRESS:PORT" or "[ADDRESS]:PORT", as wg(8) expects it. */
void wg_endpoint_format(const struct inet_prefix *address, uint16_t port,
			char ret[static INET_PREFIX_STR + 10]);

#endif
