/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolv.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy.h"

char *resolv_conf(const struct policy_namespace *ns)
{
	char *text = NULL, address[INET_PREFIX_STR];
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		return NULL;
	fprintf(f, "# namespace %s, from the policy of netns-pam\n", ns->name);
	for (size_t i = 0; i < ns->dns.n; i++) {
		inet_address_format(&ns->dns.items[i], address);
		fprintf(f, "nameserver %s\n", address);
	}
	for (size_t i = 0; i < ns->search.n; i++)
		fprintf(f, "%s%s%s", i ? " " : "search ", ns->search.items[i],
			i + 1 == ns->search.n ? "\n" : "");
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
