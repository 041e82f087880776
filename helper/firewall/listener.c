/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listener.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "netlink.h"

struct search {
	const struct listener *wanted;
	bool found;
};

static bool is_zero(const struct inet_prefix *p)
{
	static const struct inet_prefix zero;

	return !memcmp(p->addr, zero.addr, inet_bytes(p->family));
}

static bool is_loopback(const struct inet_prefix *p)
{
	struct inet_prefix loop;

	inet_prefix_parse(p->family == AF_INET ? "127.0.0.0/8" : "::1", &loop);
	return inet_prefix_contains(&loop, p);
}

static bool listener_matches(const struct listener *wanted,
			     const struct inet_diag_msg *m)
{
	struct inet_prefix at = {.family = m->idiag_family};

	memcpy(at.addr, m->id.idiag_src, inet_bytes(at.family));
	at.length = (uint8_t)(inet_bytes(at.family) * 8);
	if (ntohs(m->id.idiag_sport) != wanted->port ||
	    (wanted->ifindex && m->id.idiag_if != wanted->ifindex))
		return false;
	/* Most sockets on [::] receive IPv4 as well. */
	if (is_zero(&at))
		return at.family == wanted->family || at.family == AF_INET6;
	if (at.family != wanted->family)
		return false;
	return wanted->address && wanted->address->family != AF_UNSPEC
		       ? inet_prefix_contains(&at, wanted->address)
		       : !is_loopback(&at);
}

static int listener_seen(const struct nlmsghdr *h, void *data)
{
	struct search *s = data;

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(struct inet_diag_msg) &&
	    listener_matches(s->wanted, mnl_nlmsg_get_payload(h)))
		s->found = true;
	return MNL_CB_OK;
}

/* The kernel itself leaves out other ports (INET_DIAG_BC_S_*). */
static void put_port(struct nlmsghdr *h, uint16_t port)
{
	const struct inet_diag_bc_op ops[] = {
		{INET_DIAG_BC_S_GE, 2 * sizeof(ops[0]), 5 * sizeof(ops[0])},
		{.no = port},
		{INET_DIAG_BC_S_LE, 2 * sizeof(ops[0]), 3 * sizeof(ops[0])},
		{.no = port},
	};

	mnl_attr_put(h, INET_DIAG_REQ_BYTECODE, sizeof(ops), ops);
}

static int listener_dump(sa_family_t family, struct search *s)
{
	char buffer[256] __attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request;

	h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = 1;
	request = mnl_nlmsg_put_extra_header(h, sizeof(*request));
	request->sdiag_family = (uint8_t)family;
	request->sdiag_protocol = s->wanted->udp ? IPPROTO_UDP : IPPROTO_TCP;
	/* A UDP socket that is not connected is in the state "close". */
	request->idiag_states = 1u << (s->wanted->udp ? TCP_CLOSE : TCP_LISTEN);
	put_port(h, s->wanted->port);
	return netlink_dump(NETLINK_SOCK_DIAG, h, listener_seen, s);
}

int listener_find(const struct listener *wanted)
{
	struct search s = {.wanted = wanted};
	int r = listener_dump(AF_INET, &s);

	if (r == 0)
		r = listener_dump(AF_INET6, &s);
	return r < 0 ? r : s.found;
}
