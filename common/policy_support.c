/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this version carries out of what the policy language can say. */
#include "policy.h"

#include <errno.h>

int policy_namespace_supported(const struct policy_namespace *ns,
			       struct error *err)
{
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

	for (size_t n = 0; n < sizeof(later) / sizeof(later[0]); n++)
		if (later[n].given)
			return error_set(err, -EOPNOTSUPP,
					 "[namespace %s]: '%s' is not carried "
					 "out by this version of netns-pam, so "
					 "logins into it are refused",
					 ns->name, later[n].key);
	return 0;
}
