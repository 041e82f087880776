/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the file that a DHCP client writes: each variable that is found
 * is complete, and the lease has only values that the kernel accepts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "quiet.h"

#include "helper/link/dhcp_event.c" // NOLINT(bugprone-suspicious-include)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *value(const struct event *e, const char *name)
{
	const char *found = event_get(e, name);
	size_t length = strlen(name);

	if (!found)
		return NULL;
	must(found > e->text + length && found < e->text + e->bytes &&
	     found[-1] == '=' && !memcmp(found - 1 - length, name, length));
	must(memchr(found, '\0', (size_t)(e->text + e->bytes - found)) != NULL);
	return found;
}

static void event_use(const struct event *e)
{
	const struct dhcp_words words = {
		.ip = value(e, "ip"),
		.subnet = value(e, "subnet"),
		.router = value(e, "router"),
		.staticroutes = value(e, "staticroutes"),
		.msstaticroutes = value(e, "msstaticroutes"),
		.dns = value(e, "dns"),
		.domain = value(e, "domain"),
		.search = value(e, "search"),
		.mtu = value(e, "mtu"),
		.lease = value(e, "lease"),
	};
	struct error why = {.text = ""};
	struct dhcp_lease lease;

	if (dhcp_lease_parse(&words, &lease, &why) == 0)
		lease_use(&lease);
	else
		must(why.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event *e = malloc(sizeof(*e));

	if (!e)
		return 0;
	e->done = false;
	e->bytes = size < sizeof(e->text) ? size : sizeof(e->text);
	memcpy(e->text, data, e->bytes);
	if (event_is_complete(e))
		event_use(e);
	free(e);
	return 0;
}
