/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of a batch: changes of links, addresses, routes, queues. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/veth.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "rtnl.h"

void rtnl_batch_init(struct rtnl_batch *b)
{
	b->last = 0;
	b->n = 0;
	b->overflow = false;
}

/*
 * Begins the next request, which ends the one before. The space that any one
 * request here can take is kept free, so that the mnl_attr_put() calls that
 * follow always fit.
 */
static struct nlmsghdr *put(struct rtnl_batch *b, uint16_t type, uint16_t flags,
			    const char *step)
{
	struct nlmsghdr *h = (void *)(b->buffer + b->last);

	if (b->n)
		b->last += NLMSG_ALIGN(h->nlmsg_len);
	if (b->n == RTNL_BATCH_MAX || b->last + 512 > sizeof(b->buffer)) {
		b->overflow = true;
		b->n = 0;
		b->last = 0;
	}
	h = mnl_nlmsg_put_header(b->buffer + b->last);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	b->steps[b->n] = step;
	b->what[b->n++].family = AF_UNSPEC;
	return h;
}

static struct nlmsghdr *put_link(struct rtnl_batch *b, uint16_t type,
				 uint16_t flags, unsigned int ifindex,
				 const char *step)
{
	struct nlmsghdr *h = put(b, type, flags, step);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));

	ifi->ifi_index = (int)ifindex;
	return h;
}

/* A change of a link that exists. */
static struct nlmsghdr *put_change(struct rtnl_batch *b, unsigned int ifindex,
				   const char *step)
{
	return put_link(b, RTM_NEWLINK, 0, ifindex, step);
}

static void put_state(struct nlmsghdr *h, bool up)
{
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);

	ifi->ifi_flags = up ? IFF_UP : 0;
	ifi->ifi_change = IFF_UP;
}

void rtnl_put_up(struct rtnl_batch *b, unsigned int ifindex)
{
	put_state(put_change(b, ifindex, "bring a link up"), true);
}

void rtnl_put_down(struct rtnl_batch *b, unsigned int ifindex)
{
	put_state(put_change(b, ifindex, "take a link down"), false);
}

void rtnl_put_alias_up(struct rtnl_batch *b, unsigned int ifindex,
		       const char *alias)
{
	/*
	 * In this order: a new alias is announced to the kernel's parts only
	 * when the link is up, and IPv6 then looks through all of its routes
	 * (netdev_state_change(), rt6_sync_down_dev()).
	 */
	rtnl_put_alias(b, ifindex, alias);
	rtnl_put_up(b, ifindex);
}

void rtnl_put_veth(struct rtnl_batch *b, const struct rtnl_veth *veth)
{
	struct nlmsghdr *h = put_link(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
				      veth->ifindex, "make the veth pair");
	struct nlattr *info, *data, *peer;

	put_state(h, true);
	mnl_attr_put_strz(h, IFLA_IFNAME, veth->ifname);
	mnl_attr_put(h, IFLA_ADDRESS, sizeof(veth->mac), veth->mac);
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
	if (veth->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, veth->mtu);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	/* Not up: the peer has no peer yet, and the kernel says ENOTCONN. */
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, veth->peer);
	mnl_attr_put(h, IFLA_ADDRESS, sizeof(veth->peer_mac), veth->peer_mac);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)veth->peer_netns);
	mnl_attr_put_u32(h, IFLA_GROUP, veth->peer_group);
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
	if (veth->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, veth->mtu);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
}

static struct nlmsghdr *put_address(struct rtnl_batch *b, uint16_t type,
				    uint16_t flags, unsigned int ifindex,
				    const struct inet_prefix *address,
				    const char *step)
{
	struct nlmsghdr *h = put(b, type, flags, step);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(h, sizeof(*ifa));

	ifa->ifa_family = (uint8_t)address->family;
	ifa->ifa_prefixlen = address->length;
	ifa->ifa_index = ifindex;
	mnl_attr_put(h, IFA_LOCAL, inet_bytes(address->family), address->addr);
	return h;
}

void rtnl_put_address(struct rtnl_batch *b, unsigned int ifindex,
		      const struct inet_prefix *address)
{
	struct nlmsghdr *h =
		put_address(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex,
			    address, "add the address");
	struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(h);

	b->what[b->n - 1] = *address;
	mnl_attr_put(h, IFA_ADDRESS, inet_bytes(address->family),
		     address->addr);
	if (address->family == AF_INET6)
		ifa->ifa_flags = IFA_F_NODAD;
}

void rtnl_put_address_delete(struct rtnl_batch *b, unsigned int ifindex,
			     const struct inet_prefix *address)
{
	put_address(b, RTM_DELADDR, 0, ifindex, address, "remove an address");
}

void rtnl_put_route(struct rtnl_batch *b, const struct inet_prefix *destination,
		    const struct inet_prefix *gateway, unsigned int ifindex)
{
	struct nlmsghdr *h = put(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
				 "add the route to");
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(h, sizeof(*rtm));
	size_t bytes = inet_bytes(destination->family);

	b->what[b->n - 1] = *destination;
	rtm->rtm_family = (uint8_t)destination->family;
	rtm->rtm_dst_len = destination->length;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	if (destination->length)
		mnl_attr_put(h, RTA_DST, bytes, destination->addr);
	if (gateway) {
		rtm->rtm_flags = RTNH_F_ONLINK;
		mnl_attr_put(h, RTA_GATEWAY, bytes, gateway->addr);
	}
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
}

void rtnl_put_local(struct rtnl_batch *b, const struct inet_prefix *address,
		    unsigned int ifindex)
{
	struct nlmsghdr *h = put(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
				 "add a local route");
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(h, sizeof(*rtm));
	size_t bytes = inet_bytes(address->family);

	rtm->rtm_family = (uint8_t)address->family;
	rtm->rtm_dst_len = (uint8_t)(8 * bytes);
	rtm->rtm_table = RT_TABLE_LOCAL;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_HOST;
	rtm->rtm_type = RTN_LOCAL;
	mnl_attr_put(h, RTA_DST, bytes, address->addr);
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
}

void rtnl_put_no_link_local(struct rtnl_batch *b, unsigned int ifindex)
{
	struct nlmsghdr *h =
		put_change(b, ifindex, "switch link-local addresses off");
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
}

static struct nlmsghdr *put_neighbour(struct rtnl_batch *b,
				      unsigned int ifindex,
				      const struct ndmsg *nd,
				      const uint8_t mac[static 6],
				      const char *step)
{
	struct nlmsghdr *h =
		put(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, step);
	struct ndmsg *copy = mnl_nlmsg_put_extra_header(h, sizeof(*copy));

	*copy = *nd;
	copy->ndm_ifindex = (int)ifindex;
	mnl_attr_put(h, NDA_LLADDR, 6, mac);
	return h;
}

void rtnl_put_neighbour(struct rtnl_batch *b, unsigned int ifindex,
			const struct inet_prefix *address,
			const uint8_t mac[static 6])
{
	const struct ndmsg nd = {.ndm_family = (uint8_t)address->family,
				 .ndm_state = NUD_PERMANENT};

	mnl_attr_put(put_neighbour(b, ifindex, &nd, mac, "add a neighbour"),
		     NDA_DST, inet_bytes(address->family), address->addr);
}

void rtnl_put_forward(struct rtnl_batch *b, unsigned int ifindex,
		      const uint8_t mac[static 6])
{
	const struct ndmsg nd = {.ndm_family = AF_BRIDGE,
				 .ndm_state = NUD_NOARP,
				 .ndm_flags = NTF_MASTER};

	put_neighbour(b, ifindex, &nd, mac,
		      "add the MAC address of a port to the bridge");
}

/* --- other kinds of links --- */

void rtnl_put_new(struct rtnl_batch *b, const struct rtnl_new *link)
{
	struct nlmsghdr *h = put_link(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
				      link->ifindex, "make the interface");
	struct nlattr *info, *data;

	mnl_attr_put_strz(h, IFLA_IFNAME, link->ifname);
	if (link->has_mac)
		mnl_attr_put(h, IFLA_ADDRESS, sizeof(link->mac), link->mac);
	if (link->parent)
		mnl_attr_put_u32(h, IFLA_LINK, link->parent);
	if (link->netns >= 0)
		mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)link->netns);
	if (link->group)
		mnl_attr_put_u32(h, IFLA_GROUP, link->group);
	if (link->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, link->mtu);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, link->kind);
	if (strcmp(link->kind, "bridge") == 0) {
		/* Multicast is flooded, not tracked. */
		data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
		mnl_attr_put_u8(h, IFLA_BR_MCAST_SNOOPING, 0);
		mnl_attr_nest_end(h, data);
	}
	if (link->macvlan_mode) {
		data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
		mnl_attr_put_u32(h, IFLA_MACVLAN_MODE, link->macvlan_mode);
		mnl_attr_nest_end(h, data);
	}
	mnl_attr_nest_end(h, info);
}

void rtnl_put_delete(struct rtnl_batch *b, unsigned int ifindex)
{
	put_link(b, RTM_DELLINK, 0, ifindex, "delete a link");
}

void rtnl_put_move(struct rtnl_batch *b, unsigned int ifindex, int netns,
		   const char *ifname)
{
	struct nlmsghdr *h = put_change(b, ifindex, "move the interface");

	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)netns);
	if (ifname)
		mnl_attr_put_strz(h, IFLA_IFNAME, ifname);
}

void rtnl_put_rename(struct rtnl_batch *b, unsigned int ifindex,
		     const char *ifname)
{
	mnl_attr_put_strz(put_change(b, ifindex, "rename the interface"),
			  IFLA_IFNAME, ifname);
}

void rtnl_put_alias(struct rtnl_batch *b, unsigned int ifindex,
		    const char *alias)
{
	mnl_attr_put_strz(put_change(b, ifindex, "give a link its alias"),
			  IFLA_IFALIAS, alias);
}

void rtnl_put_mtu(struct rtnl_batch *b, unsigned int ifindex, unsigned int mtu)
{
	mnl_attr_put_u32(put_change(b, ifindex, "set the MTU"), IFLA_MTU, mtu);
}

void rtnl_put_group(struct rtnl_batch *b, unsigned int ifindex, uint32_t group)
{
	mnl_attr_put_u32(put_change(b, ifindex,
				    "set the group of the interface"),
			 IFLA_GROUP, group);
}

void rtnl_put_master(struct rtnl_batch *b, unsigned int ifindex,
		     unsigned int master)
{
	mnl_attr_put_u32(put_change(b, ifindex,
				    master ? "make the interface a port"
					   : "take the port off its bridge"),
			 IFLA_MASTER, master);
}

void rtnl_put_port(struct rtnl_batch *b, unsigned int ifindex, uint16_t flag,
		   bool on)
{
	struct nlmsghdr *h =
		put_change(b, ifindex, "set an option of the port");
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	struct nlattr *data;

	mnl_attr_put_strz(h, IFLA_INFO_SLAVE_KIND, "bridge");
	data = mnl_attr_nest_start(h, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(h, flag, on);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
}

/* --- traffic control: net/sched/ --- */

static struct nlmsghdr *put_tc(struct rtnl_batch *b, uint16_t type,
			       uint16_t flags, unsigned int ifindex,
			       uint32_t parent, const char *kind,
			       const char *step)
{
	struct nlmsghdr *h = put(b, type, flags, step);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(h, sizeof(*tc));

	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = parent;
	if (parent == TC_H_INGRESS)
		tc->tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
	mnl_attr_put_strz(h, TCA_KIND, kind);
	return h;
}

void rtnl_put_tbf(struct rtnl_batch *b, unsigned int ifindex,
		  const struct rtnl_tbf *tbf)
{
	struct nlmsghdr *h =
		put_tc(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, ifindex,
		       TC_H_ROOT, "tbf", "limit the rate");
	struct nlattr *options = mnl_attr_nest_start(h, TCA_OPTIONS);
	/* With a link layer named, the kernel needs no table of sizes. */
	struct tc_tbf_qopt q = {
		.rate = {.linklayer = TC_LINKLAYER_ETHERNET,
			 .rate = tbf->bytes > UINT32_MAX
					 ? UINT32_MAX
					 : (uint32_t)tbf->bytes},
		.limit = tbf->limit,
	};

	mnl_attr_put(h, TCA_TBF_PARMS, sizeof(q), &q);
	mnl_attr_put_u32(h, TCA_TBF_BURST, tbf->burst);
	if (tbf->bytes > UINT32_MAX)
		mnl_attr_put_u64(h, TCA_TBF_RATE64, tbf->bytes);
	mnl_attr_nest_end(h, options);
}

void rtnl_put_tbf_delete(struct rtnl_batch *b, unsigned int ifindex)
{
	put_tc(b, RTM_DELQDISC, 0, ifindex, TC_H_ROOT, "tbf",
	       "remove the limit of the rate");
}

void rtnl_put_redirect(struct rtnl_batch *b, unsigned int ifindex,
		       unsigned int through)
{
	/* u32 (tc-u32(8)) with one key that every packet has: 0 & 0 = 0 */
	struct {
		struct tc_u32_sel sel;
		struct tc_u32_key key;
	} match = {.sel = {.flags = TC_U32_TERMINAL, .nkeys = 1}};
	const struct tc_mirred redirect = {.action = TC_ACT_STOLEN,
					   .eaction = TCA_EGRESS_REDIR,
					   .ifindex = through};
	struct nlattr *options, *actions, *first, *action;
	struct nlmsghdr *h;
	struct tcmsg *tc;

	_Static_assert(offsetof(typeof(match), key) == sizeof(match.sel),
		       "the keys follow the selector");
	put_tc(b, RTM_NEWQDISC, NLM_F_CREATE, ifindex, TC_H_INGRESS, "ingress",
	       "queue what the interface receives");
	h = put_tc(b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, ifindex,
		   TC_H_MAKE(TC_H_INGRESS, 0), "u32",
		   "redirect what the interface receives");
	tc = mnl_nlmsg_get_payload(h);
	tc->tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
	options = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put(h, TCA_U32_SEL, sizeof(match), &match);
	actions = mnl_attr_nest_start(h, TCA_U32_ACT);
	first = mnl_attr_nest_start(h, 1);
	mnl_attr_put_strz(h, TCA_ACT_KIND, "mirred");
	action = mnl_attr_nest_start(h, TCA_ACT_OPTIONS);
	mnl_attr_put(h, TCA_MIRRED_PARMS, sizeof(redirect), &redirect);
	mnl_attr_nest_end(h, action);
	mnl_attr_nest_end(h, first);
	mnl_attr_nest_end(h, actions);
	mnl_attr_nest_end(h, options);
}

void rtnl_put_redirect_delete(struct rtnl_batch *b, unsigned int ifindex)
{
	put_tc(b, RTM_DELQDISC, 0, ifindex, TC_H_INGRESS, "ingress",
	       "remove the redirection of the interface");
}
