/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink requests of this folder, by libmnl. Nothing is kept open. */
#ifndef NETNS_PAM_HELPER_FIREWALL_NETLINK_H
#define NETNS_PAM_HELPER_FIREWALL_NETLINK_H

#include <libmnl/libmnl.h>

/*
 * Begins a request of nfnetlink, with its struct nfgenmsg and the sequence
 * number 1. type: the subsystem << 8 | the message; flags: with NLM_F_REQUEST.
 */
struct nlmsghdr *netlink_put(void *buffer, int type, int flags, uint8_t family);

/*
 * Sends a request with NLM_F_DUMP, whose sequence number is 1, and calls each()
 * for every message of the answer. Return: 0 or -errno.
 */
int netlink_dump(int protocol, const struct nlmsghdr *request, mnl_cb_t each,
		 void *data);

#endif
