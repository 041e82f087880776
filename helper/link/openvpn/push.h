/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What openvpn(8) says when its tunnel is up: the variables that it would give
 * to an --up script (its manual, "Environmental variables"), made of what the
 * server pushed and of the client's own file.
 *
 * All of it may come from a stranger. Should: check each value, leave out what
 * makes no sense. Mustn't: log, use a name of an interface from it.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_PUSH_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_PUSH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/inet.h"

#define OPENVPN_ROUTES_MAX 2048
#define OPENVPN_DNS_MAX	   6

/* NAME=VALUE, each with a NUL behind it. */
struct openvpn_env {
	char *text;
	size_t bytes, room;
	size_t n;
	const char **sorted; /* by name, while they are read */
};

#define OPENVPN_ENV_MAX (512 << 10)

/* Adds one "NAME=VALUE". Return: 0, -ENOMEM, -E2BIG. */
int openvpn_env_add(struct openvpn_env *env, const char *pair);
void openvpn_env_clear(struct openvpn_env *env);

struct openvpn_route {
	struct inet_prefix to;
	struct inet_prefix gateway; /* AF_UNSPEC: by the device itself */
};

struct openvpn_push {
	struct inet_prefix address4, address6; /* AF_UNSPEC: none */
	struct inet_prefix peer4; /* the far end, full length; or AF_UNSPEC */
	unsigned int mtu;	  /* 0: not said */
	struct openvpn_route *routes;
	size_t n_routes;
	struct inet_prefix dns[OPENVPN_DNS_MAX];
	size_t n_dns;
	char search[256];     /* domains, a space between */
	unsigned int ignored; /* values that made no sense */
	char why[160];	      /* the first of them */
};

/*
 * tap: the gateways of routes count, else the device has one end only.
 * redirect4: all IPv4 is to go into the tunnel (`redirect-gateway`, which the
 * variables do not tell; for IPv6 it is routes among the others).
 * A route that openvpn would have put round the tunnel (`net_gateway`) is left
 * out: there is no way round.
 * Return: 0 and *ret (for openvpn_push_clear()); -ENOMEM; -EBADMSG when there
 * is no address at all.
 */
int openvpn_push_read(const struct openvpn_env *env, bool tap, bool redirect4,
		      struct openvpn_push *ret);
void openvpn_push_clear(struct openvpn_push *push);

/*
 * A line of openvpn's log: does it say that the server pushed, or that the
 * file's pull-filter took away, a redirect-gateway? *redirect4 is changed
 * accordingly, or left.
 */
void openvpn_push_log(const char *text, bool *redirect4);

#endif
