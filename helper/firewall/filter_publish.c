/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published ports: their names, and what the kernel remembers of them. */
#include <stdio.h>
#include <string.h>

#include "conntrack.h"
#include "filter_parts.h"
#include "helper/base/log.h"

void filter_port_name(const struct filter_element *e, char ret[static 96])
{
	char address[INET_PREFIX_STR + 1] = "";

	if (e->port.address.family != AF_UNSPEC) {
		inet_address_format(&e->port.address, address);
		strcat(address, " ");
	}
	snprintf(ret, 96, "%s%u/%s", address, e->port.port,
		 e->udp ? "udp" : "tcp");
}

void filter_port_changed(const struct filter_element *e, bool gone)
{
	int r = e->udp ? conntrack_forget(&e->port, gone) : 0;

	if (r < 0)
		log_warning(
			"publish: cannot remove connections of port %u/udp: %s; clients that use it already may reach its former target",
			e->port.port, strerror(-r));
}
