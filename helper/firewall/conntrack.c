/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"

#define BUFFER_BYTES (32 * 1024)

/* CTA_FILTER_F_CTA_PROTO_*: the kernel's nf_internals.h, in no header. */
#define FILTER_PROTO_NUM      (1u << 3)
#define FILTER_PROTO_DST_PORT (1u << 5)

struct forgetting {
	const struct conntrack_port *port;
	bool gone;
	struct mnl_socket *socket; /* the dump has one of its own */
};

/* One direction of a tracked connection. */
struct tuple {
	struct inet_prefix source, destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
};

static struct nlmsghdr *message(char *buffer, uint16_t type, uint16_t flags,
				uint8_t family)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *g;

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = 1;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	return h;
}

/* --- reading --- */

static void read_address(const struct nlattr *attr, struct inet_prefix *ret)
{
	size_t bytes = mnl_attr_get_payload_len(attr);

	if (bytes != 4 && bytes != 16)
		return;
	*ret = (struct inet_prefix){.family = bytes == 4 ? AF_INET : AF_INET6,
				    .length = (uint8_t)(bytes * 8)};
	memcpy(ret->addr, mnl_attr_get_payload(attr), bytes);
}

static int read_ip(const struct nlattr *attr, void *data)
{
	struct tuple *t = data;

	switch (mnl_attr_get_type(attr)) {
	case CTA_IP_V4_SRC:
	case CTA_IP_V6_SRC:
		read_address(attr, &t->source);
		break;
	case CTA_IP_V4_DST:
	case CTA_IP_V6_DST:
		read_address(attr, &t->destination);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int read_protocol(const struct nlattr *attr, void *data)
{
	struct tuple *t = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type == CTA_PROTO_NUM && mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
		t->protocol = mnl_attr_get_u8(attr);
	else if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
		return MNL_CB_OK;
	else if (type == CTA_PROTO_SRC_PORT)
		t->source_port = ntohs(mnl_attr_get_u16(attr));
	else if (type == CTA_PROTO_DST_PORT)
		t->destination_port = ntohs(mnl_attr_get_u16(attr));
	return MNL_CB_OK;
}

static int read_tuple(const struct nlattr *attr, void *data)
{
	uint16_t type = mnl_attr_get_type(attr);

	if (type == CTA_TUPLE_IP)
		mnl_attr_parse_nested(attr, read_ip, data);
	else if (type == CTA_TUPLE_PROTO)
		mnl_attr_parse_nested(attr, read_protocol, data);
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= CTA_MAX)
		attributes[type] = attr;
	return MNL_CB_OK;
}

/* --- which to remove --- */

static bool same_address(const struct inet_prefix *a,
			 const struct inet_prefix *b)
{
	return a->family == b->family && inet_prefix_contains(a, b);
}

/* Is it an address of the host? Forwarded connections are left alone. */
static bool is_local(const struct inet_prefix *p)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	_cleanup_close_ int fd =
		socket(p->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&v4.sin_addr, p->addr, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, p->addr, sizeof(v6.sin6_addr));
	if (p->family == AF_INET)
		return bind(fd, (const struct sockaddr *)&v4, sizeof(v4)) == 0;
	return bind(fd, (const struct sockaddr *)&v6, sizeof(v6)) == 0;
}

static bool is_stale(const struct conntrack_port *port, bool gone,
		     const struct tuple *asked, const struct tuple *answered)
{
	bool leads = same_address(&answered->source, &port->to) &&
		     answered->source_port == port->to_port;

	if (asked->protocol != IPPROTO_UDP ||
	    asked->destination_port != port->port ||
	    asked->destination.family != port->to.family ||
	    (port->address.family &&
	     !same_address(&asked->destination, &port->address)))
		return false;
	return gone ? leads : !leads && is_local(&asked->destination);
}

/* --- forgetting --- */

static int forget_one(const struct nlmsghdr *h, void *data)
{
	const struct forgetting *f = data;
	const struct nlattr *attributes[CTA_MAX + 1] = {NULL}, *attr;
	static const uint16_t wanted[] = {CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID};
	struct tuple asked = {.protocol = 0}, answered = {.protocol = 0};
	char buffer[1024];
	struct nlmsghdr *remove;

	mnl_attr_parse(h, sizeof(struct nfgenmsg), read_attribute,
		       (void *)attributes);
	if (!attributes[CTA_TUPLE_ORIG] || !attributes[CTA_TUPLE_REPLY])
		return MNL_CB_OK;
	mnl_attr_parse_nested(attributes[CTA_TUPLE_ORIG], read_tuple, &asked);
	mnl_attr_parse_nested(attributes[CTA_TUPLE_REPLY], read_tuple,
			      &answered);
	if (!is_stale(f->port, f->gone, &asked, &answered))
		return MNL_CB_OK;
	remove = message(buffer, IPCTNL_MSG_CT_DELETE, 0,
			 (uint8_t)asked.destination.family);
	for (size_t n = 0; n < sizeof(wanted) / sizeof(wanted[0]); n++)
		if ((attr = attributes[wanted[n]]) &&
		    !mnl_attr_put_check(remove, sizeof(buffer), attr->nla_type,
					mnl_attr_get_payload_len(attr),
					mnl_attr_get_payload(attr)))
			return MNL_CB_OK;
	/* Failing means that it has ended meanwhile: the answer is not read. */
	mnl_socket_sendto(f->socket, remove, remove->nlmsg_len);
	return MNL_CB_OK;
}

/* Kernels before 5.9 ignore the filter and dump all connections. */
static void put_filter(struct nlmsghdr *h, uint16_t port)
{
	struct nlattr *tuple = mnl_attr_nest_start(h, CTA_TUPLE_ORIG);
	struct nlattr *nest = mnl_attr_nest_start(h, CTA_TUPLE_PROTO);

	mnl_attr_put_u8(h, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(h, CTA_PROTO_DST_PORT, htons(port));
	mnl_attr_nest_end(h, nest);
	mnl_attr_nest_end(h, tuple);
	nest = mnl_attr_nest_start(h, CTA_FILTER);
	mnl_attr_put_u32(h, CTA_FILTER_ORIG_FLAGS,
			 FILTER_PROTO_NUM | FILTER_PROTO_DST_PORT);
	mnl_attr_put_u32(h, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(h, nest);
}

static int forget_all(const struct forgetting *f, struct mnl_socket *dump)
{
	char buffer[BUFFER_BYTES];
	struct nlmsghdr *h = message(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP,
				     (uint8_t)f->port->to.family);
	int r = MNL_CB_OK;

	put_filter(h, f->port->port);
	if (mnl_socket_bind(dump, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(dump, h, h->nlmsg_len) < 0)
		return -errno;
	while (r == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(dump, buffer, sizeof(buffer));

		r = n < 0 ? MNL_CB_ERROR
			  : mnl_cb_run(buffer, (size_t)n, 1,
				       mnl_socket_get_portid(dump), forget_one,
				       (void *)(uintptr_t)f);
	}
	return r == MNL_CB_ERROR ? -errno : 0;
}

int conntrack_forget(const struct conntrack_port *port, bool gone)
{
	struct mnl_socket *dump =
		mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct forgetting f = {
		port, gone, mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)};
	int r = dump && f.socket ? 0 : -errno;

	if (r == 0)
		r = forget_all(&f, dump);
	if (dump)
		mnl_socket_close(dump);
	if (f.socket)
		mnl_socket_close(f.socket);
	return r;
}
