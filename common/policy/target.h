/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of filters: `allow`, `deny`, `allow_host` and `publish`. */
#ifndef NETNS_PAM_COMMON_POLICY_TARGET_H
#define NETNS_PAM_COMMON_POLICY_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/inet.h"

/* TARGET_ANY: all protocols, or, with ports, TCP and UDP. */
enum target_protocol { TARGET_ANY, TARGET_TCP, TARGET_UDP, TARGET_ICMP };

struct target_ports {
	enum target_protocol protocol;
	uint16_t first, last; /* 0: all */
};

/* "PREFIX[:PORT[-PORT]][/tcp|udp|icmp]", IPv6 before a port in brackets. */
struct target {
	const char *text;	   /* as written */
	struct inet_prefix prefix; /* AF_UNSPEC in `allow_host` */
	struct target_ports ports;
};

/* "[ADDRESS:]HOSTPORT:PORT[/tcp|udp]"; without protocol: TCP and UDP. */
struct target_publish {
	const char *text;	    /* as written */
	struct inet_prefix address; /* of the host; AF_UNSPEC: any */
	enum target_protocol protocol;
	uint16_t host_port, port;
};

#endif
