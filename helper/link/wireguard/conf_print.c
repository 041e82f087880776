/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a WireGuard configuration for `wg setconf`, and erases it. */
#include "conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wg_endpoint_format(const struct inet_prefix *address, uint16_t port,
			char ret[static INET_PREFIX_STR + 10])
{
	char text[INET_PREFIX_STR];

	inet_address_format(address, text);
	snprintf(ret, INET_PREFIX_STR + 10,
		 address->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

/*
 * A text of a fixed capacity: realloc(3) and stdio would leave copies of the
 * keys in freed memory.
 */
struct page {
	char *text;
	size_t used, room;
};

__attribute__((format(printf, 2, 3))) static void
page_print(struct page *page, const char *format, ...)
{
	size_t room = page->room - page->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(page->text + page->used, room, format, args);
	va_end(args);
	if (n > 0)
		page->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void print_peer(struct page *page, const struct wg_peer *peer,
		       uint16_t keepalive)
{
	char text[INET_PREFIX_STR + 10];

	page_print(page, "[Peer]\nPublicKey = %s\n", peer->public_key);
	if (*peer->preshared_key)
		page_print(page, "PresharedKey = %s\n", peer->preshared_key);
	for (size_t i = 0; i < peer->allowed.n; i++) {
		inet_prefix_format(&peer->allowed.items[i], text);
		page_print(page, "%s%s", i ? "," : "AllowedIPs = ", text);
	}
	if (peer->allowed.n)
		page_print(page, "\n");
	if (peer->endpoint.family) {
		wg_endpoint_format(&peer->endpoint, peer->endpoint_port, text);
		page_print(page, "Endpoint = %s\n", text);
	}
	if (peer->keepalive)
		keepalive = peer->keepalive;
	if (keepalive)
		page_print(page, "PersistentKeepalive = %u\n", keepalive);
}

char *wg_conf_print(const struct wg_conf *conf, uint16_t keepalive)
{
	struct page page = {.room = 256};

	for (size_t i = 0; i < conf->n_peers; i++)
		page.room += 512 + conf->peers[i].allowed.n * 80;
	page.text = calloc(1, page.room);
	if (!page.text)
		return NULL;
	page_print(&page, "[Interface]\nPrivateKey = %s\n", conf->private_key);
	if (conf->has_listen_port)
		page_print(&page, "ListenPort = %u\n", conf->listen_port);
	if (conf->fwmark)
		page_print(&page, "FwMark = 0x%x\n", conf->fwmark);
	for (size_t i = 0; i < conf->n_peers; i++)
		print_peer(&page, &conf->peers[i], keepalive);
	return page.text;
}

char *wg_conf_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	return NULL;
}

void wg_conf_forget_keys(struct wg_conf *conf)
{
	explicit_bzero(conf->private_key, sizeof(conf->private_key));
	for (size_t i = 0; i < conf->n_peers; i++)
		explicit_bzero(conf->peers[i].preshared_key,
			       sizeof(conf->peers[i].preshared_key));
}

struct wg_conf *wg_conf_free(struct wg_conf *conf)
{
	if (!conf)
		return NULL;
	wg_conf_forget_keys(conf);
	for (size_t i = 0; i < conf->n_peers; i++)
		free(conf->peers[i].allowed.items);
	free(conf->peers);
	free(conf->address.items);
	free(conf);
	return NULL;
}
