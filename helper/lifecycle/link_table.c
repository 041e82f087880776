/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helper/instance/link_ops.h"
#include "lifecycle.h"

const struct link_ops link_none_ops = {.makes_namespace = true};
const struct link_ops link_external_ops = {.makes_namespace = false};

const struct link_ops *link_ops_of(enum policy_link link)
{
	static const struct link_ops *const table[LINK_KINDS] = {
		[LINK_NONE] = &link_none_ops,
		[LINK_EXTERNAL] = &link_external_ops,
		[LINK_NAT] = &link_veth_ops,
		[LINK_ROUTED] = &link_veth_ops,
		[LINK_BRIDGE] = &link_bridge_ops,
		[LINK_WIREGUARD] = &link_wireguard_ops,
		[LINK_CABLE] = &link_cable_ops,
		[LINK_OPENVPN] = &link_openvpn_ops,
		[LINK_MACVLAN] = &link_macvlan_ops,
		[LINK_DEVICE] = &link_device_ops,
	};

	return table[link] ? table[link] : &link_none_ops;
}
