/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this version carries out of what the policy language can say. */
#include "policy.h"

#include <errno.h>

int policy_namespace_supported(const struct policy_namespace *ns,
			       struct error *err)
{
	static const bool links[LINK_KINDS] = {
		[LINK_NONE] = true,
		[LINK_EXTERNAL] = true,
		[LINK_NAT] = true,
		[LINK_ROUTED] = true,
		[LINK_BRIDGE] = true,
		[LINK_MACVLAN] = true,
		[LINK_DEVICE] = true,
		[LINK_WIREGUARD] = true,
		[LINK_OPENVPN] = true,
	};
	const struct {
		const char *key;
		bool given;
	} later[] = {
		{"allow", ns->allow.n > 0},
		{"deny", ns->deny.n > 0},
		{"allow_host", ns->allow_host.n > 0},
		{"publish", ns->publish.n > 0},
		{"max_connections", ns->max_connections > 0},
	};

	if (!links[ns->link])
		return error_set(err, -EOPNOTSUPP,
				 "[namespace %s]: link = %s is not carried out "
				 "by this version of netns-pam, so logins into "
				 "it are refused",
				 ns->name, policy_link_name(ns->link));
	for (size_t n = 0; n < sizeof(later) / sizeof(later[0]); n++)
		if (later[n].given)
			return error_set(err, -EOPNOTSUPP,
					 "[namespace %s]: '%s' is not carried "
					 "out by this version of netns-pam, so "
					 "logins into it are refused",
					 ns->name, later[n].key);
	return 0;
}
