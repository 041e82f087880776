/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A WireGuard configuration as wg-quick(8) takes it: what wg(8) knows, besides
 * Address, DNS and MTU of [Interface].
 *
 * The file holds the private key: it must be root's and nobody else's to read,
 * and no message made here repeats a key, or a line that might hold one.
 *
 * Should: refuse whatever it does not know, as "file:line: message". Mustn't:
 * log, resolve names, leave a copy of a key in memory.
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
	/* AF_UNSPEC: none, or a name that nobody has resolved yet. */
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
	char search[256]; /* domains, a space between */
	unsigned int mtu; /* 0: not said */
	struct wg_peer *peers;
	size_t n_peers;
	/* Lines of what has no meaning here, for a warning; 0: not there. */
	unsigned int table_line, save_config_line;
};

/*
 * Reads a file: regular, reached without a symbolic link in its last part,
 * root's, without any permission for group and others.
 * Return: 0 and *ret (for wg_conf_free()), or -errno with a sentence.
 */
int wg_conf_load(const char *path, struct wg_conf **ret, struct error *err);

/* The same of text that is there already; `name` stands for the file. */
int wg_conf_parse(const char *name, const char *text, size_t bytes,
		  struct wg_conf **ret, struct error *err);

/*
 * The configuration for wg(8) `setconf`, with the endpoints that are known.
 * keepalive: seconds for peers that have none, so that the handshake begins by
 * itself; 0: as the file says.
 * Return: its text, which holds the private key: for wg_conf_wipe(); NULL when
 * memory is out.
 */
char *wg_conf_print(const struct wg_conf *conf, uint16_t keepalive);

/* Overwrites and frees a text. NULL is fine. Return: NULL. */
char *wg_conf_wipe(char *text);

/* Overwrites the keys, when they have done their work; the rest stays. */
void wg_conf_forget_keys(struct wg_conf *conf);

/* Overwrites and frees. NULL is fine. Return: NULL. */
struct wg_conf *wg_conf_free(struct wg_conf *conf);

/* "ADDRESS:PORT" or "[ADDRESS]:PORT", as wg(8) wants it. */
void wg_endpoint_format(const struct inet_prefix *address, uint16_t port,
			char ret[static INET_PREFIX_STR + 10]);

#endif
