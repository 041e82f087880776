/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The variables that openvpn(8) would pass to an --up script (its manual,
 * "Environmental Variables") when a tunnel is up: made of the options that the
 * server pushed and of the client's file.
 *
 * The server is not trusted. Must check each value and leave out what is
 * invalid. Must not log, or use an interface name from it.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_PUSH_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_PUSH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/inet.h"

#define OPENVPN_ROUTES_MAX 2048
#define OPENVPN_DNS_MAX	   6

/* NAME=VALUE strings, each with its NUL. */
struct openvpn_env {
	char *text;
	size_t bytes, room;
	size_t n;
	const char **sorted; /* by name; only in openvpn_push_read() */
};

#define OPENVPN_ENV_MAX (512 << 10)

/* Adds one "NAME=VALUE". Return: 0, -ENOMEM, -E2BIG. */
int openvpn_env_add(struct openvpn_env *env, const char *pair);
void openvpn_env_clear(struct openvpn_env *env);

struct openvpn_route {
	struct inet_prefix to;
	struct inet_prefix gateway; /* AF_UNSPEC: none */
};

struct openvpn_push {
	struct inet_prefix address4, address6; /* AF_UNSPEC: none */
	struct inet_prefix peer4; /* remote end, full length; or AF_UNSPEC */
	unsigned int mtu;	  /* 0: not given */
	struct openvpn_route *routes;
	size_t n_routes;
	struct inet_prefix dns[OPENVPN_DNS_MAX];
	size_t n_dns;
	char search[256];     /* domains, separated by spaces */
	unsigned int ignored; /* number of invalid values */
	char why[160];	      /* the first of them */
};

/*
 * tap: use the gateways of routes; a tun device has one remote end only.
 * redirect4: add a default route for IPv4 (`redirect-gateway`, which is not in
 * the variables; for IPv6 it is pushed as routes).
 * A route outside the tunnel (`net_gateway`) is left out: no such path exists.
 * Return: 0 and *ret (for openvpn_push_clear()); -ENOMEM; -EBADMSG when there
 * is no address.
 */
int openvpn_push_read(const struct openvpn_env *env, bool tap, bool redirect4,
		      struct openvpn_push *ret);
void openvpn_push_clear(struct openvpn_push *push);

/*
 * Updates *redirect4 when a line of openvpn's log reports that the server
 * pushed redirect-gateway or that the file's pull-filter removed it.
 */
void openvpn_push_log(const char *text, bool *redirect4);

#endif
