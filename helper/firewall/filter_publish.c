/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `publish` as elements of the host's table: what they say, and what follows.
 */
#include <stdlib.h>
#include <string.h>

#include "common/inet.h"
#include "conntrack.h"
#include "filter_parts.h"
#include "helper/base/log.h"
#include "listener.h"

/* In the order of families, and of whether an address of the host is given. */
static const char *const publish_sets[2][2] = {{"publish4", "publish4_at"},
					       {"publish6", "publish6_at"}};

const char *filter_publish_set(bool ipv6, bool at)
{
	return publish_sets[ipv6][at];
}

bool filter_publishes(const struct filter_element *e)
{
	for (size_t n = 0; n < 4; n++)
		if (strcmp(e->set, publish_sets[n / 2][n % 2]) == 0)
			return true;
	return false;
}

/* "[ADDRESS . ]PROTOCOL . PORT", as filter_plan.c has written it. */
struct publish_key {
	char copy[160];
	const char *address, *protocol, *port; /* address: or NULL */
};

static void publish_key_read(const struct filter_element *e,
			     struct publish_key *ret)
{
	const char *words[3] = {"", "", ""};
	char *rest;
	size_t n = 0;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->copy, sizeof(ret->copy), "%s", e->key);
	rest = ret->copy;
	for (const char *word; n < 3 && (word = strsep(&rest, " "));)
		if (strcmp(word, ".") != 0)
			words[n++] = word;
	ret->address = n == 3 ? words[0] : NULL;
	ret->protocol = words[n == 3];
	ret->port = words[1 + (n == 3)];
}

void filter_port_name(const struct filter_element *e, char ret[static 96])
{
	struct publish_key key;

	publish_key_read(e, &key);
	snprintf(ret, 96, "%s%s%s/%s", key.address ? key.address : "",
		 key.address ? " " : "", key.port, key.protocol);
}

bool filter_port_is_taken(const struct filter_element *e)
{
	struct inet_prefix address = {.family = AF_UNSPEC};
	struct publish_key key;

	publish_key_read(e, &key);
	if (key.address && inet_prefix_parse(key.address, &address) < 0)
		return false;
	return listener_find(strchr(e->set, '6') ? AF_INET6 : AF_INET,
			     key.protocol, &address,
			     (uint16_t)strtoul(key.port, NULL, 10));
}

/* ": ADDRESS . PORT" */
static bool publish_value_read(const struct filter_element *e,
			       struct conntrack_port *ret)
{
	char copy[96], *rest = copy + 2, *word;

	snprintf(copy, sizeof(copy), "%s", e->value);
	word = strlen(copy) > 2 ? strsep(&rest, " ") : NULL;
	if (!word || !rest || strlen(rest) < 3 ||
	    inet_prefix_parse(word, &ret->to) < 0)
		return false;
	ret->to_port = (uint16_t)strtoul(rest + 2, NULL, 10);
	return true;
}

void filter_publish_changed(const struct filter_element *e, bool gone)
{
	struct conntrack_port port = {.gone = gone};
	struct publish_key key;
	int r;

	publish_key_read(e, &key);
	if (strcmp(key.protocol, "udp") != 0 || !publish_value_read(e, &port) ||
	    (key.address && inet_prefix_parse(key.address, &port.address) < 0))
		return;
	port.port = (uint16_t)strtoul(key.port, NULL, 10);
	r = conntrack_forget(&port);
	if (r < 0)
		log_warning(
			"publish: who talks to port %s/udp already may go on where it led before: the kernel's connections cannot be read: %s",
			key.port, strerror(-r));
}
