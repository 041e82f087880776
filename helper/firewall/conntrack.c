/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conntrack.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "netlink.h"

/* CTA_FILTER_F_CTA_PROTO_*: the kernel's nf_internals.h, in no header. */
#define FILTER_PROTO_NUM      (1u << 3)
#define FILTER_PROTO_DST_PORT (1u << 5)

struct forgetting {
	const struct conntrack_port *port;
	bool removed;
	struct mnl_socket *socket; /* the dump has one of its own */
};

/* One direction of a tracked connection. */
struct tuple {
	struct inet_prefix source, destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
};

/* --- reading --- */

#define ATTRIBUTES (CTA_MAX + 1) /* more than any nested set has */

static int read_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < ATTRIBUTES)
		attributes[type] = attr;
	return MNL_CB_OK;
}

static void read_address(const struct nlattr *v4, const struct nlattr *v6,
			 struct inet_prefix *ret)
{
	const struct nlattr *attr = v4 ? v4 : v6;
	uint16_t bytes = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (bytes != 4 && bytes != 16)
		return;
	*ret = (struct inet_prefix){.family = bytes == 4 ? AF_INET : AF_INET6,
				    .length = (uint8_t)(bytes * 8)};
	memcpy(ret->addr, mnl_attr_get_payload(attr), bytes);
}

static uint16_t read_port(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_U16) >= 0
		       ? ntohs(mnl_attr_get_u16(attr))
		       : 0;
}

static void read_tuple(const struct nlattr *attr, struct tuple *t)
{
	const struct nlattr *parts[ATTRIBUTES] = {NULL};
	const struct nlattr *ip[ATTRIBUTES] = {NULL};
	const struct nlattr *proto[ATTRIBUTES] = {NULL};

	mnl_attr_parse_nested(attr, read_attribute, (void *)parts);
	if (!parts[CTA_TUPLE_IP] || !parts[CTA_TUPLE_PROTO])
		return;
	mnl_attr_parse_nested(parts[CTA_TUPLE_IP], read_attribute, (void *)ip);
	mnl_attr_parse_nested(parts[CTA_TUPLE_PROTO], read_attribute,
			      (void *)proto);
	read_address(ip[CTA_IP_V4_SRC], ip[CTA_IP_V6_SRC], &t->source);
	read_address(ip[CTA_IP_V4_DST], ip[CTA_IP_V6_DST], &t->destination);
	if (proto[CTA_PROTO_NUM] &&
	    mnl_attr_validate(proto[CTA_PROTO_NUM], MNL_TYPE_U8) >= 0)
		t->protocol = mnl_attr_get_u8(proto[CTA_PROTO_NUM]);
	t->source_port = read_port(proto[CTA_PROTO_SRC_PORT]);
	t->destination_port = read_port(proto[CTA_PROTO_DST_PORT]);
}

/* --- which to remove --- */

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

static bool is_stale(const struct conntrack_port *port, bool removed,
		     const struct tuple *asked, const struct tuple *answered)
{
	bool leads = inet_address_equal(&answered->source, &port->to) &&
		     answered->source_port == port->to_port;

	if (asked->protocol != IPPROTO_UDP ||
	    asked->destination_port != port->port ||
	    asked->destination.family != port->to.family ||
	    (port->address.family &&
	     !inet_address_equal(&asked->destination, &port->address)))
		return false;
	return removed ? leads : !leads && is_local(&asked->destination);
}

/* --- forgetting --- */

static int forget_one(const struct nlmsghdr *h, void *data)
{
	const struct forgetting *f = data;
	const struct nlattr *attributes[ATTRIBUTES] = {NULL}, *attr;
	static const uint16_t wanted[] = {CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID};
	struct tuple asked = {.protocol = 0}, answered = {.protocol = 0};
	char buffer[1024];
	struct nlmsghdr *remove;

	mnl_attr_parse(h, sizeof(struct nfgenmsg), read_attribute,
		       (void *)attributes);
	if (!attributes[CTA_TUPLE_ORIG] || !attributes[CTA_TUPLE_REPLY])
		return MNL_CB_OK;
	read_tuple(attributes[CTA_TUPLE_ORIG], &asked);
	read_tuple(attributes[CTA_TUPLE_REPLY], &answered);
	if (!is_stale(f->port, f->removed, &asked, &answered))
		return MNL_CB_OK;
	remove = netlink_put(buffer,
			     NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
			     0, (uint8_t)asked.destination.family);
	for (size_t n = 0; n < sizeof(wanted) / sizeof(wanted[0]); n++)
		if ((attr = attributes[wanted[n]]) &&
		    !mnl_attr_put_check(remove, sizeof(buffer), attr->nla_type,
					mnl_attr_get_payload_len(attr),
					mnl_attr_get_payload(attr)))
			return MNL_CB_OK;
	/* Failing means that it has ended: the answer is not read. */
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

int conntrack_forget(const struct conntrack_port *port, bool removed)
{
	struct forgetting f = {port, removed,
			       mnl_socket_open2(NETLINK_NETFILTER,
						SOCK_CLOEXEC)};
	char buffer[256] __attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct nlmsghdr *h =
		netlink_put(buffer,
			    NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
			    NLM_F_DUMP, (uint8_t)port->to.family);
	int r;

	if (!f.socket)
		return -errno;
	put_filter(h, port->port);
	r = netlink_dump(NETLINK_NETFILTER, h, forget_one, &f);
	mnl_socket_close(f.socket);
	return r;
}
