/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#define RTNL_RECV_BYTES	    (32 * 1024)
#define RTNL_DUMP_TRIES	    5
#define RTNL_ANSWER_SEC	    5
#define RTNL_MONITOR_RCVBUF (8 * 1024 * 1024)

struct rtnl {
	struct mnl_socket *nl;
	uint32_t seq;
	char buffer[RTNL_RECV_BYTES];
};

static int rtnl_open_groups(struct rtnl **ret, unsigned int groups, int flags)
{
	/* The kernel answers at once or not at all. */
	static const struct timeval limit = {.tv_sec = RTNL_ANSWER_SEC};
	struct rtnl *rtnl = calloc(1, sizeof(*rtnl));
	int fd, on = 1;

	if (!rtnl)
		return -ENOMEM;
	rtnl->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	if (!rtnl->nl || mnl_socket_bind(rtnl->nl, groups, 0) < 0) {
		int r = -errno;

		rtnl_close(rtnl);
		return r;
	}
	fd = mnl_socket_get_fd(rtnl->nl);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	*ret = rtnl;
	return 0;
}

int rtnl_open(struct rtnl **ret)
{
	return rtnl_open_groups(ret, 0, 0);
}

struct rtnl *rtnl_close(struct rtnl *rtnl)
{
	if (rtnl && rtnl->nl)
		mnl_socket_close(rtnl->nl);
	free(rtnl);
	return NULL;
}

int rtnl_fd(const struct rtnl *rtnl)
{
	return mnl_socket_get_fd(rtnl->nl);
}

int rtnl_netns(const struct rtnl *rtnl)
{
	int fd = ioctl(rtnl_fd(rtnl), SIOCGSKNS);

	return fd < 0 ? -errno : fd;
}

/* --- sending and receiving --- */

static int extack_text(const struct nlattr *attr, void *data)
{
	const char **text = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*text = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* The kernel's message that comes with an error, or "". */
static const char *rtnl_extack(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
	size_t skip = sizeof(*e);
	const char *text = "";

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return text;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	if (mnl_nlmsg_get_payload_len(h) > skip)
		mnl_attr_parse(h, (unsigned int)skip, extack_text, &text);
	return text;
}

/* Return: bytes of a packet from the kernel, or -errno. */
static ssize_t rtnl_recv(struct rtnl *rtnl)
{
	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {rtnl->buffer, sizeof(rtnl->buffer)};
		struct msghdr msg = {.msg_name = &from,
				     .msg_namelen = sizeof(from),
				     .msg_iov = &iov,
				     .msg_iovlen = 1};
		ssize_t n = recvmsg(rtnl_fd(rtnl), &msg, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (msg.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		if (from.nl_pid == 0)
			return n;
	}
}

/* The refusal of request i as a sentence. Return: the error. */
static int rtnl_explain(const struct rtnl_batch *b, uint32_t i,
			const struct nlmsghdr *h, struct error *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
	const char *why = rtnl_extack(h);
	char what[INET_PREFIX_STR] = "";

	if (b->what[i].family != AF_UNSPEC)
		inet_prefix_format(&b->what[i], what);
	return error_set(err, e->error, "cannot %s%s%s: %s%s%s", b->steps[i],
			 *what ? " " : "", what, strerror(-e->error),
			 *why ? ": " : "", why);
}

int rtnl_run(struct rtnl *rtnl, struct rtnl_batch *b, struct error *err)
{
	uint32_t first = rtnl->seq + 1;
	struct nlmsghdr *last = NULL;
	bool answered = false;
	int result = 0;
	size_t at = 0;

	if (b->overflow)
		return error_set(err, -E2BIG,
				 "too many addresses and routes for one namespace");
	if (!b->n)
		return 0;
	for (unsigned int i = 0; i < b->n; i++) {
		last = (void *)(b->buffer + at);
		last->nlmsg_seq = ++rtnl->seq;
		at += NLMSG_ALIGN(last->nlmsg_len);
	}
	/* Failures are answered in any case, in order. */
	last->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(rtnl->nl, b->buffer, at) < 0)
		return error_set(err, -errno, "rtnetlink: %m");

	while (!answered) {
		ssize_t n = rtnl_recv(rtnl);
		int left = (int)n;

		if (n < 0)
			return error_set(err, (int)n, "rtnetlink: %m");
		for (const struct nlmsghdr *h = (void *)rtnl->buffer;
		     mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
			uint32_t i = h->nlmsg_seq - first;

			if (h->nlmsg_type != NLMSG_ERROR || i >= b->n ||
			    mnl_nlmsg_get_payload_len(h) < sizeof(*e))
				continue;
			answered |= i == b->n - 1;
			if (e->error && !result)
				result = rtnl_explain(b, i, h, err);
		}
	}
	return result;
}

static int rtnl_run_one(struct rtnl *rtnl, unsigned int ifindex,
			void (*put)(struct rtnl_batch *b, unsigned int ifindex),
			struct error *err)
{
	struct rtnl_batch b = {.n = 0};
	int r;

	put(&b, ifindex);
	r = rtnl_run(rtnl, &b, err);
	return r == -ENODEV ? 0 : r;
}

int rtnl_delete(struct rtnl *rtnl, unsigned int ifindex, struct error *err)
{
	return rtnl_run_one(rtnl, ifindex, rtnl_put_delete, err);
}

int rtnl_down(struct rtnl *rtnl, unsigned int ifindex, struct error *err)
{
	return rtnl_run_one(rtnl, ifindex, rtnl_put_down, err);
}

/* --- queries --- */

static int link_info_attr(const struct nlattr *attr, void *data)
{
	struct rtnl_link *link = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_STRING) >= 0)
		strncpy(link->kind, mnl_attr_get_str(attr),
			sizeof(link->kind) - 1);
	return MNL_CB_OK;
}

/* A number of 32 bits; 0 when it is none. */
static uint32_t attr_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) < 0
		       ? 0
		       : mnl_attr_get_u32(attr);
}

static void attr_text(const struct nlattr *attr, char *ret, size_t size)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(ret, size, "%s", mnl_attr_get_str(attr));
}

static int link_attr(const struct nlattr *attr, void *data)
{
	struct rtnl_link *link = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		attr_text(attr, link->ifname, sizeof(link->ifname));
		break;
	case IFLA_GROUP:
		link->group = attr_u32(attr);
		break;
	case IFLA_MASTER:
		link->master = attr_u32(attr);
		break;
	case IFLA_LINK:
		link->lower = attr_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		link->elsewhere = true;
		break;
	case IFLA_MTU:
		link->mtu = attr_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr),
			       sizeof(link->mac));
		break;
	case IFLA_IFALIAS:
		attr_text(attr, link->alias, sizeof(link->alias));
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, link_info_attr, link);
		break;
	case IFLA_STATS64: {
		struct rtnl_link_stats64 s = {0};
		size_t n = mnl_attr_get_payload_len(attr);

		memcpy(&s, mnl_attr_get_payload(attr),
		       n < sizeof(s) ? n : sizeof(s));
		link->rx_bytes = s.rx_bytes;
		link->tx_bytes = s.tx_bytes;
		break;
	}
	default:
		break;
	}
	return MNL_CB_OK;
}

/* Return: false when the message is not a link. */
static bool rtnl_read_link(const struct nlmsghdr *h, struct rtnl_link *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);

	memset(ret, 0, sizeof(*ret));
	if ((h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*ifi))
		return false;
	ret->ifindex = (unsigned int)ifi->ifi_index;
	ret->up = ifi->ifi_flags & IFF_UP;
	ret->running = ifi->ifi_flags & IFF_RUNNING;
	mnl_attr_parse(h, sizeof(*ifi), link_attr, ret);
	/* AF_BRIDGE: a port left its bridge; the link still exists. */
	return ifi->ifi_family == AF_UNSPEC;
}

struct route_attrs {
	const struct nlattr *dst;
	unsigned int oif;
};

static int route_attr(const struct nlattr *attr, void *data)
{
	struct route_attrs *a = data;

	if (mnl_attr_get_type(attr) == RTA_DST)
		a->dst = attr;
	else if (mnl_attr_get_type(attr) == RTA_OIF)
		a->oif = attr_u32(attr);
	return MNL_CB_OK;
}

/* Return: false for what is no unicast or local route of interest. */
static bool rtnl_read_route(const struct nlmsghdr *h, struct inet_prefix *ret,
			    unsigned int *ret_ifindex)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(h);
	struct route_attrs a = {0};
	size_t bytes;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*rtm))
		return false;
	bytes = inet_bytes(rtm->rtm_family);
	if (!bytes || !rtm->rtm_dst_len || rtm->rtm_flags & RTM_F_CLONED ||
	    rtm->rtm_type == RTN_MULTICAST || rtm->rtm_type == RTN_BROADCAST)
		return false;
	mnl_attr_parse(h, sizeof(*rtm), route_attr, &a);
	if (!a.dst || mnl_attr_get_payload_len(a.dst) < bytes)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->family = rtm->rtm_family;
	ret->length = rtm->rtm_dst_len;
	memcpy(ret->addr, mnl_attr_get_payload(a.dst), bytes);
	*ret_ifindex = a.oif;
	return !(ret->family == AF_INET6 &&
		 (ret->addr[0] == 0xff ||
		  (ret->addr[0] == 0xfe && (ret->addr[1] & 0xc0) == 0x80)));
}

/* Of links or of routes; restart() is called before each try, or NULL. */
struct dump {
	void (*restart)(void *data);
	void (*link)(void *data, const struct rtnl_link *link);
	void (*route)(void *data, const struct inet_prefix *p,
		      unsigned int ifindex);
	void (*message)(void *data, const struct nlmsghdr *h);
	void *data;
};

static void dump_each(const struct dump *dump, const struct nlmsghdr *h)
{
	struct rtnl_link link;
	struct inet_prefix p;
	unsigned int ifindex;

	if (dump->message)
		dump->message(dump->data, h);
	else if (dump->link && rtnl_read_link(h, &link))
		dump->link(dump->data, &link);
	else if (dump->route && rtnl_read_route(h, &p, &ifindex))
		dump->route(dump->data, &p, ifindex);
}

/*
 * Sends a query and passes its answers to the callbacks of `dump`. Return: 0;
 * -EINTR when the table changed during the dump; -errno.
 */
static int rtnl_query(struct rtnl *rtnl, struct nlmsghdr *query,
		      const struct dump *dump)
{
	bool interrupted = false;

	query->nlmsg_seq = ++rtnl->seq;
	if (mnl_socket_sendto(rtnl->nl, query, query->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t n = rtnl_recv(rtnl);
		int left = (int)n;

		if (n < 0)
			return (int)n;
		for (const struct nlmsghdr *h = (void *)rtnl->buffer;
		     mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_seq != rtnl->seq)
				continue;
			if (h->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;
			if (h->nlmsg_type == NLMSG_DONE)
				return interrupted ? -EINTR : 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return e->error ? e->error : -EBADMSG;
			dump_each(dump, h);
			if (!(query->nlmsg_flags & NLM_F_DUMP))
				return 0;
		}
	}
}

static int rtnl_dump(struct rtnl *rtnl, uint16_t type, const struct dump *dump)
{
	/* Of all families: struct rtmsg is shorter, and begins alike. */
	struct {
		struct nlmsghdr h;
		struct ifinfomsg ifi;
	} req = {.h = {.nlmsg_len = sizeof(req),
		       .nlmsg_type = type,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	int r = -EINTR;

	for (int i = 0; i < RTNL_DUMP_TRIES && r == -EINTR; i++) {
		if (dump->restart)
			dump->restart(dump->data);
		r = rtnl_query(rtnl, &req.h, dump);
	}
	return r;
}

static void link_found(void *data, const struct rtnl_link *link)
{
	*(struct rtnl_link *)data = *link;
}

static int rtnl_link_get(struct rtnl *rtnl, const char *ifname,
			 unsigned int ifindex, struct rtnl_link *ret)
{
	struct rtnl_link link = {.ifindex = 0};
	const struct dump dump = {.link = link_found, .data = &link};
	char request[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(request);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));
	int r;

	if (!ifname && !ifindex)
		return -ENODEV;
	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST;
	ifi->ifi_index = (int)ifindex;
	if (ifname)
		mnl_attr_put_strz(h, IFLA_IFNAME, ifname);
	r = rtnl_query(rtnl, h, &dump);
	if (r == 0 && !link.ifindex)
		r = -EBADMSG;
	if (r == 0)
		*ret = link;
	return r;
}

int rtnl_link_by_name(struct rtnl *rtnl, const char *ifname,
		      struct rtnl_link *ret)
{
	return rtnl_link_get(rtnl, ifname, 0, ret);
}

int rtnl_link_by_index(struct rtnl *rtnl, unsigned int ifindex,
		       struct rtnl_link *ret)
{
	return rtnl_link_get(rtnl, NULL, ifindex, ret);
}

int rtnl_dump_links(struct rtnl *rtnl,
		    void (*seen)(void *data, const struct rtnl_link *link),
		    void *data)
{
	const struct dump dump = {.link = seen, .data = data};

	return rtnl_dump(rtnl, RTM_GETLINK, &dump);
}

int rtnl_dump_routes(struct rtnl *rtnl, void (*restart)(void *data),
		     void (*seen)(void *data, const struct inet_prefix *p,
				  unsigned int ifindex),
		     void *data)
{
	const struct dump dump = {.restart = restart,
				  .route = seen,
				  .data = data};

	return rtnl_dump(rtnl, RTM_GETROUTE, &dump);
}

struct default_route {
	unsigned int ifindex; /* over this link; 0: any */
	bool found;
};

static int default_route_attr(const struct nlattr *attr, void *data)
{
	struct default_route *route = data;

	if (mnl_attr_get_type(attr) == RTA_OIF &&
	    attr_u32(attr) == route->ifindex)
		route->found = true;
	if (mnl_attr_get_type(attr) == RTA_MULTIPATH) {
		const struct rtnexthop *hop = mnl_attr_get_payload(attr);
		int left = mnl_attr_get_payload_len(attr);

		for (; RTNH_OK(hop, left); hop = RTNH_NEXT(hop)) {
			if ((unsigned int)hop->rtnh_ifindex == route->ifindex)
				route->found = true;
			left -= (int)RTNH_ALIGN(hop->rtnh_len);
		}
	}
	return MNL_CB_OK;
}

static void default_route_each(void *data, const struct nlmsghdr *h)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(h);
	struct default_route *route = data;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*rtm) || rtm->rtm_dst_len ||
	    !inet_bytes(rtm->rtm_family) || rtm->rtm_type != RTN_UNICAST ||
	    rtm->rtm_table != RT_TABLE_MAIN)
		return;
	if (!route->ifindex)
		route->found = true;
	else
		mnl_attr_parse(h, sizeof(*rtm), default_route_attr, route);
}

int rtnl_has_default_route(struct rtnl *rtnl, unsigned int ifindex)
{
	struct default_route route = {.ifindex = ifindex};
	const struct dump dump = {.message = default_route_each,
				  .data = &route};
	int r = rtnl_dump(rtnl, RTM_GETROUTE, &dump);

	return r < 0 ? r : route.found;
}

/* --- events --- */

int rtnl_monitor_open(struct rtnl **ret)
{
	int bytes = RTNL_MONITOR_RCVBUF;
	int r = rtnl_open_groups(ret,
				 RTMGRP_LINK | RTMGRP_IPV4_ROUTE |
					 RTMGRP_IPV6_ROUTE,
				 SOCK_NONBLOCK);

	if (r == 0)
		setsockopt(rtnl_fd(*ret), SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
			   sizeof(bytes));
	return r;
}

int rtnl_monitor_read(struct rtnl *rtnl, const struct rtnl_events *events)
{
	for (;;) {
		ssize_t n = rtnl_recv(rtnl);
		int left = (int)n;

		if (n == -EAGAIN)
			return 0;
		if (n == -ENOBUFS || n == -EMSGSIZE) {
			events->lost(events->data);
			continue;
		}
		if (n < 0)
			return (int)n;
		for (const struct nlmsghdr *h = (void *)rtnl->buffer;
		     mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			struct inet_prefix p;
			struct rtnl_link link;
			unsigned int ifindex;

			if (h->nlmsg_type == RTM_DELLINK &&
			    rtnl_read_link(h, &link))
				events->link_removed(events->data, &link);
			else if (rtnl_read_route(h, &p, &ifindex))
				events->route_new(events->data, &p, ifindex);
		}
	}
}
