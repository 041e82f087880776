/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What filters are about, read from the words of the policy: the targets of
 * `allow` and `deny`, the ports of `allow_host`, what `publish` makes known.
 */
#ifndef NETNS_PAM_COMMON_POLICY_TARGET_H
#define NETNS_PAM_COMMON_POLICY_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/inet.h"

/* TARGET_ANY: all protocols, or, with ports, TCP and UDP. */
enum target_protocol { TARGET_ANY, TARGET_TCP, TARGET_UDP, TARGET_ICMP };

struct target_ports {
	enum target_protocol protocol;
	uint16_t first, last; /* 0: all */
};

/* "PREFIX[:PORT[-PORT]][/tcp|udp|icmp]", IPv6 before a port in brackets. */
struct target {
	struct inet_prefix prefix;
	struct target_ports ports;
};

/* "[ADDRESS:]HOSTPORT:PORT[/tcp|udp]"; without protocol: TCP and UDP. */
struct target_publish {
	struct inet_prefix address; /* of the host; AF_UNSPEC: any */
	enum target_protocol protocol;
	uint16_t host_port, port;
};

/* Return: 0, or -EINVAL with a sentence that says what would be right. */
int target_parse(const char *text, struct target *ret, struct error *err);
int target_parse_ports(const char *text, struct target_ports *ret,
		       struct error *err);
int target_parse_publish(const char *text, struct target_publish *ret,
			 struct error *err);

/* Would the two take the same packets? */
bool target_publish_clash(const struct target_publish *a,
			  const struct target_publish *b);

#endif
