/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#define NETLINK_BYTES (32 * 1024)

struct nlmsghdr *netlink_put(void *buffer, int type, int flags, uint8_t family)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *g;

	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = 1;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	return h;
}

int netlink_dump(int protocol, const struct nlmsghdr *request, mnl_cb_t each,
		 void *data)
{
	char buffer[NETLINK_BYTES]
		__attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct mnl_socket *s = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	int r = MNL_CB_OK;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(s, request, request->nlmsg_len) < 0)
		r = MNL_CB_ERROR;
	while (r == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(s, buffer, sizeof(buffer));

		r = n < 0 ? MNL_CB_ERROR
			  : mnl_cb_run(buffer, (size_t)n, 1,
				       mnl_socket_get_portid(s), each, data);
	}
	r = r == MNL_CB_ERROR ? -errno : 0;
	mnl_socket_close(s);
	return r;
}
