/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any ten values as a lease. What is accepted is valid for the kernel and for
 * resolv.conf; what is refused has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dhcp_words words = {0};
	const char **const all[] = {&words.ip,		 &words.subnet,
				    &words.router,	 &words.dns,
				    &words.domain,	 &words.search,
				    &words.mtu,		 &words.lease,
				    &words.staticroutes, &words.msstaticroutes};
	struct dhcp_lease lease;
	struct error err = {.text = ""};
	char *text = calloc(1, size + 1);
	char *rest = text;

	if (!text)
		return 0;
	memcpy(text, data, size);
	/* A value a line; "-" is none. */
	for (size_t n = 0; n < sizeof(all) / sizeof(all[0]) && rest; n++) {
		const char *value = strsep(&rest, "\n");

		*all[n] = strcmp(value, "-") != 0 ? value : NULL;
	}
	if (dhcp_lease_parse(&words, &lease, &err) == 0)
		lease_use(&lease);
	else
		must(err.text[0]);
	free(text);
	return 0;
}
