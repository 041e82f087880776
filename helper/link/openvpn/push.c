/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "push.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#define DOMAIN_MAX 253

/* --- variables --- */

int openvpn_env_add(struct openvpn_env *env, const char *pair)
{
	size_t bytes = strlen(pair) + 1;

	if (env->bytes + bytes > OPENVPN_ENV_MAX)
		return -E2BIG;
	if (env->bytes + bytes > env->room) {
		size_t room = (env->bytes + bytes) * 2;
		char *more = realloc(env->text, room);

		if (!more)
			return -ENOMEM;
		env->text = more;
		env->room = room;
	}
	memcpy(env->text + env->bytes, pair, bytes);
	env->bytes += bytes;
	env->n++;
	return 0;
}

/* Compares the name in a pair (up to its `=`) with a name, as strcmp(3). */
static int name_compare(const char *pair, const char *name, size_t length)
{
	size_t own = strcspn(pair, "=");
	int order = strncmp(pair, name, own < length ? own : length);

	return order ? order : (own > length) - (own < length);
}

static int pair_compare(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	int order = name_compare(x, y, strcspn(y, "="));

	return order ? order : (x > y) - (x < y);
}

/*
 * Sorted, because a server can push thousands of routes, which are looked up
 * by number. Return: 0 or -ENOMEM.
 */
static int env_sort(struct openvpn_env *env)
{
	const char *pair = env->text;

	env->sorted = calloc(env->n + 1, sizeof(*env->sorted));
	if (!env->sorted)
		return -ENOMEM;
	for (size_t n = 0; n < env->n; pair += strlen(pair) + 1)
		env->sorted[n++] = pair;
	qsort(env->sorted, env->n, sizeof(*env->sorted), pair_compare);
	return 0;
}

/* Return: the value, or NULL; the first of several with one name. */
static const char *env_get(const struct openvpn_env *env, const char *name)
{
	size_t length = strlen(name), from = 0, to = env->n;

	while (from < to) { /* finds the first that is not less */
		size_t middle = from + (to - from) / 2;

		if (name_compare(env->sorted[middle], name, length) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == env->n || strncmp(env->sorted[from], name, length) != 0 ||
	    env->sorted[from][length] != '=')
		return NULL;
	return env->sorted[from] + length + 1;
}

void openvpn_env_clear(struct openvpn_env *env)
{
	free(env->text);
	*env = (struct openvpn_env){0};
}

/* PREFIX and a number: "route_netmask_3". */
static const char *get_nth(const struct openvpn_env *env, const char *prefix,
			   unsigned int n)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%u", prefix, n);
	return env_get(env, name);
}

/* --- values --- */

static void ignore(struct openvpn_push *push, const char *what,
		   const char *value)
{
	if (!push->ignored++)
		snprintf(push->why, sizeof(push->why), "%s '%.80s'", what,
			 value);
}

static bool read_address(const char *text, sa_family_t family,
			 struct inet_prefix *ret)
{
	return text && !strchr(text, '/') &&
	       inet_prefix_parse(text, ret) == 0 && ret->family == family;
}

/* 255.255.255.0 is 24. Return: -EINVAL for a mask with gaps. */
static int netmask_length(const char *text)
{
	struct inet_prefix mask;
	uint32_t bits;
	int length = 0;

	if (!read_address(text, AF_INET, &mask))
		return -EINVAL;
	memcpy(&bits, mask.addr, sizeof(bits));
	for (bits = ntohl(bits); bits & 0x80000000u; bits <<= 1)
		length++;
	return bits ? -EINVAL : length;
}

/* Not unspecified, loopback or multicast. */
static bool is_unicast(const struct inet_prefix *p)
{
	static const uint8_t none[16], loopback[16] = {[15] = 1};

	if (p->family == AF_INET)
		return p->addr[0] != 0 && p->addr[0] != 127 && p->addr[0] < 224;
	return p->addr[0] != 0xff && memcmp(p->addr, none, 16) != 0 &&
	       memcmp(p->addr, loopback, 16) != 0;
}

/* Return: -1 when it is not a number. */
static int read_number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return isdigit((unsigned char)*text) && !*end && n <= 100000 ? (int)n
								     : -1;
}

static void read_address4(const struct openvpn_env *env,
			  struct openvpn_push *push)
{
	const char *local = env_get(env, "ifconfig_local");
	const char *netmask = env_get(env, "ifconfig_netmask");
	const char *remote = env_get(env, "ifconfig_remote");
	struct inet_prefix address;
	int length = netmask ? netmask_length(netmask) : 32;

	if (!local)
		return;
	if (length < 1 || !read_address(local, AF_INET, &address) ||
	    !is_unicast(&address)) {
		ignore(push, "the address", local);
		return;
	}
	address.length = (uint8_t)length;
	push->address4 = address;
	if (netmask || !remote)
		return;
	if (!read_address(remote, AF_INET, &push->peer4) ||
	    !is_unicast(&push->peer4)) {
		push->peer4 = (struct inet_prefix){0};
		ignore(push, "the remote end", remote);
	}
}

static void read_address6(const struct openvpn_env *env,
			  struct openvpn_push *push)
{
	const char *local = env_get(env, "ifconfig_ipv6_local");
	const char *bits = env_get(env, "ifconfig_ipv6_netbits");
	struct inet_prefix address;
	int length = bits ? read_number(bits) : 128;

	if (!local)
		return;
	if (length < 1 || length > 128 ||
	    !read_address(local, AF_INET6, &address) || !is_unicast(&address)) {
		ignore(push, "the address", local);
		return;
	}
	address.length = (uint8_t)length;
	push->address6 = address;
}

static void read_mtu(const struct openvpn_env *env, struct openvpn_push *push)
{
	const char *text = env_get(env, "tun_mtu");
	int mtu = text ? read_number(text) : 0;

	if (mtu >= 68 && mtu <= 65535)
		push->mtu = (unsigned int)mtu;
	else if (text)
		ignore(push, "the MTU", text);
}

/* --- routes --- */

static void add_route(struct openvpn_push *push, const struct inet_prefix *to,
		      const struct inet_prefix *gateway)
{
	struct openvpn_route *route = &push->routes[push->n_routes];
	char text[INET_PREFIX_STR];

	if (push->n_routes == OPENVPN_ROUTES_MAX) {
		inet_prefix_format(to, text);
		ignore(push, "one of too many routes, to", text);
		return;
	}
	for (size_t n = 0; n < push->n_routes; n++)
		if (push->routes[n].to.length == to->length &&
		    inet_prefix_contains(to, &push->routes[n].to))
			return; /* the first of two equal routes counts */
	*route = (struct openvpn_route){.to = *to};
	if (gateway)
		route->gateway = *gateway;
	push->n_routes++;
}

static void read_route4(const struct openvpn_env *env, unsigned int n,
			const char *network, bool tap,
			struct openvpn_push *push)
{
	const char *netmask = get_nth(env, "route_netmask_", n);
	const char *via = get_nth(env, "route_gateway_", n);
	const char *out = env_get(env, "route_net_gateway");
	const char *in = env_get(env, "route_vpn_gateway");
	int length = netmask ? netmask_length(netmask) : 32;
	struct inet_prefix to, gateway;
	bool has_gateway = read_address(via, AF_INET, &gateway);

	if (via && out && !strcmp(via, out) && !(in && !strcmp(via, in)))
		return; /* net_gateway: a route outside the tunnel */
	if (length < 0 || !read_address(network, AF_INET, &to) ||
	    (via && !has_gateway)) {
		ignore(push, "the route to", network);
		return;
	}
	to.length = (uint8_t)length;
	inet_prefix_clear_host_bits(&to);
	add_route(push, &to, tap && has_gateway ? &gateway : NULL);
}

static void read_route6(const struct openvpn_env *env, unsigned int n,
			const char *network, bool tap,
			struct openvpn_push *push)
{
	const char *via = get_nth(env, "route_ipv6_gateway_", n);
	struct inet_prefix to, gateway;
	bool has_gateway = read_address(via, AF_INET6, &gateway);

	if (inet_prefix_parse(network, &to) < 0 || to.family != AF_INET6) {
		ignore(push, "the route to", network);
		return;
	}
	inet_prefix_clear_host_bits(&to);
	add_route(push, &to, tap && has_gateway ? &gateway : NULL);
}

static void read_routes(const struct openvpn_env *env, bool tap, bool redirect4,
			struct openvpn_push *push)
{
	static const struct inet_prefix any = {.family = AF_INET};
	struct inet_prefix gateway;
	const char *network;

	if (redirect4)
		add_route(push, &any,
			  tap && read_address(env_get(env, "route_vpn_gateway"),
					      AF_INET, &gateway)
				  ? &gateway
				  : NULL);
	/*
	 * In the server's order. Numbers may have gaps, but the highest is at
	 * most the number of variables.
	 */
	for (unsigned int n = 1; n <= env->n; n++) {
		network = get_nth(env, "route_network_", n);
		if (network)
			read_route4(env, n, network, tap, push);
		network = get_nth(env, "route_ipv6_network_", n);
		if (network)
			read_route6(env, n, network, tap, push);
	}
}

/* --- name servers --- */

static void add_server(struct openvpn_push *push, const char *text)
{
	struct inet_prefix server;

	if (strchr(text, '/') || inet_prefix_parse(text, &server) < 0 ||
	    !is_unicast(&server)) {
		ignore(push, "the name server", text);
		return;
	}
	for (size_t n = 0; n < push->n_dns; n++)
		if (inet_address_equal(&server, &push->dns[n]))
			return;
	if (push->n_dns < OPENVPN_DNS_MAX)
		push->dns[push->n_dns++] = server;
}

static void add_domain(struct openvpn_push *push, const char *text)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strlen(text), used = strlen(push->search);

	if (!length || length > DOMAIN_MAX || *text == '-' || *text == '.' ||
	    strspn(text, letters) != length) {
		ignore(push, "the domain", text);
		return;
	}
	if (used + length + 2 > sizeof(push->search))
		return;
	if (used)
		push->search[used++] = ' ';
	memcpy(push->search + used, text, length + 1);
}

/* "dhcp-option DNS 192.0.2.53" */
static void read_dhcp_option(const char *value, struct openvpn_push *push)
{
	char copy[OPENVPN_LINE_MAX + 1], *words[3];

	if (strlen(value) >= sizeof(copy))
		return;
	memcpy(copy, value, strlen(value) + 1);
	if (openvpn_words(copy, words, 3) != 3 ||
	    strcmp(words[0], "dhcp-option") != 0)
		return; /* another option: not used */
	if (!strcmp(words[1], "DNS") || !strcmp(words[1], "DNS6"))
		add_server(push, words[2]);
	else if (!strcmp(words[1], "DOMAIN") ||
		 !strcmp(words[1], "DOMAIN-SEARCH") ||
		 !strcmp(words[1], "ADAPTER_DOMAIN_SUFFIX"))
		add_domain(push, words[2]);
}

#define FOREIGN_OPTIONS_MAX 64
#define DNS_EACH_MAX	    8 /* servers and addresses of `--dns` */

/* In the server's order: openvpn lists the variables in reverse. */
static void read_dns(const struct openvpn_env *env, struct openvpn_push *push)
{
	const char *value;
	char name[64];

	/* `--dns server N address A`, since 2.6 */
	for (int n = 0; n < DNS_EACH_MAX; n++)
		for (int a = 1; a <= DNS_EACH_MAX; a++) {
			snprintf(name, sizeof(name), "dns_server_%d_address_%d",
				 n, a);
			value = env_get(env, name);
			if (value)
				add_server(push, value);
		}
	for (unsigned int n = 1; n <= DNS_EACH_MAX; n++)
		if ((value = get_nth(env, "dns_search_domain_", n)))
			add_domain(push, value);
	for (unsigned int n = 1; n <= FOREIGN_OPTIONS_MAX; n++)
		if ((value = get_nth(env, "foreign_option_", n)))
			read_dhcp_option(value, push);
}

/* --- all of it --- */

static int read_all(const struct openvpn_env *env, bool tap, bool redirect4,
		    struct openvpn_push *push)
{
	push->routes = calloc(OPENVPN_ROUTES_MAX + 1, sizeof(*push->routes));
	if (!push->routes)
		return -ENOMEM;
	read_address4(env, push);
	read_address6(env, push);
	read_mtu(env, push);
	read_routes(env, tap, redirect4, push);
	read_dns(env, push);
	return push->address4.family || push->address6.family ? 0 : -EBADMSG;
}

int openvpn_push_read(const struct openvpn_env *env, bool tap, bool redirect4,
		      struct openvpn_push *ret)
{
	struct openvpn_push push = {0};
	struct openvpn_env sorted = *env;
	int r = env_sort(&sorted);

	if (r == 0)
		r = read_all(&sorted, tap, redirect4, &push);
	free(sorted.sorted);
	if (r < 0)
		openvpn_push_clear(&push);
	else
		*ret = push;
	return r;
}

void openvpn_push_clear(struct openvpn_push *push)
{
	free(push->routes);
	*push = (struct openvpn_push){0};
}

/*
 * Does `redirect-gateway` with these flags, separated by blanks, route IPv4
 * into the tunnel?
 */
static bool redirects4(const char *flags)
{
	const char *no = strstr(flags, "!ipv4");

	return !no || (no > flags && !isspace((unsigned char)no[-1]));
}

void openvpn_push_log(const char *text, bool *redirect4)
{
	static const char pushed[] = "PUSH: Received control message: '";
	static const char removed[] =
		"Pushed option removed by filter: 'redirect-gateway";
	static const char option[] = ",redirect-gateway";
	const char *at;
	char flags[OPENVPN_LINE_MAX + 1];

	if (!strncmp(text, removed, sizeof(removed) - 1)) {
		*redirect4 = false;
		return;
	}
	if (strncmp(text, pushed, sizeof(pushed) - 1) != 0)
		return;
	for (at = text; (at = strstr(at, option));) {
		size_t length;

		at += sizeof(option) - 1;
		length = strcspn(at, ",'");
		if (length && *at != ' ')
			continue; /* an option that begins alike */
		if (length >= sizeof(flags))
			length = sizeof(flags) - 1;
		memcpy(flags, at, length);
		flags[length] = '\0';
		*redirect4 = redirects4(flags);
	}
}
