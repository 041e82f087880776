/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolv_conf.h"

#include "common/cleanup.h"
#include "common/policy/policy.h"
#include "helper/base/text.h"
#include "instance.h"

struct resolv resolv_of(const struct instance *i,
			const struct policy_namespace *ns)
{
	if (ns->dns_set)
		return (struct resolv){true, ns->dns.items, ns->dns.n};
	/* Without a lease, or with one that has no servers: none. */
	if (!ns->dns_host &&
	    (i->n_link_dns || ns->address_mode == ADDRESS_DHCP))
		return (struct resolv){true, i->link_dns, i->n_link_dns};
	return (struct resolv){false, NULL, 0};
}

char *resolv_conf(const struct instance *i, const struct policy_namespace *ns)
{
	struct resolv dns = resolv_of(i, ns);
	_cleanup_(text_clear) struct text t = {NULL};
	char address[INET_PREFIX_STR];
	FILE *f = text_open(&t, NULL);

	if (!f)
		return NULL;
	fprintf(f, "# namespace %s, from the %s of netns-pam\n", ns->name,
		ns->dns_set ? "policy" : "link");
	for (size_t n = 0; n < dns.n; n++) {
		inet_address_format(&dns.servers[n], address);
		fprintf(f, "nameserver %s\n", address);
	}
	for (size_t n = 0; n < ns->search.n; n++)
		fprintf(f, "%s%s%s", n ? " " : "search ", ns->search.items[n],
			n + 1 == ns->search.n ? "\n" : "");
	if (!ns->search.n && !ns->dns_set && i->link_search[0])
		fprintf(f, "search %s\n", i->link_search);
	return text_close(&t, 0, NULL) < 0 ? NULL : take_ptr(t.s);
}
