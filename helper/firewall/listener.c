/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listener.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define STATE_LISTEN 0x0a /* TCP_LISTEN */
#define STATE_UDP    0x07 /* TCP_CLOSE: a socket that is not connected */

/* "0100007F" or four such words, each in the byte order of the machine. */
static bool read_address(const char *text, size_t digits,
			 struct inet_prefix *ret)
{
	*ret = (struct inet_prefix){
		.family = digits == 8 ? AF_INET : AF_INET6,
		.length = digits == 8 ? 32 : 128,
	};
	if (digits != 8 && digits != 32)
		return false;
	for (size_t n = 0; n < digits / 8; n++) {
		char word[9] = "";
		uint32_t value;

		memcpy(word, text + n * 8, 8);
		value = (uint32_t)strtoul(word, NULL, 16);
		memcpy(ret->addr + n * 4, &value, sizeof(value));
	}
	return true;
}

static bool is_zero(const struct inet_prefix *p)
{
	static const struct inet_prefix zero;

	return !memcmp(p->addr, zero.addr, inet_bytes(p->family));
}

static bool is_loopback(const struct inet_prefix *p)
{
	struct inet_prefix loop;

	inet_prefix_parse(p->family == AF_INET ? "127.0.0.0/8" : "::1", &loop);
	return inet_prefix_contains(&loop, p);
}

/* "  0: LOCAL:PORT REMOTE:PORT STATE ...", of this port? */
static bool line_matches(char *line, const char *protocol, sa_family_t family,
			 const struct inet_prefix *address, uint16_t port)
{
	unsigned long listens =
		strcmp(protocol, "tcp") == 0 ? STATE_LISTEN : STATE_UDP;
	char *save = NULL, *local, *at_port, *state;
	struct inet_prefix at;

	strtok_r(line, " ", &save); /* its number */
	local = strtok_r(NULL, " ", &save);
	strtok_r(NULL, " ", &save); /* the other end */
	state = strtok_r(NULL, " ", &save);
	at_port = local ? strchr(local, ':') : NULL;
	if (!at_port || !state)
		return false;
	*at_port++ = '\0';
	if (strtoul(at_port, NULL, 16) != port ||
	    strtoul(state, NULL, 16) != listens ||
	    !read_address(local, strlen(local), &at))
		return false;
	/* On [::] most take IPv4 as well. */
	if (is_zero(&at))
		return at.family == family || at.family == AF_INET6;
	if (at.family != family)
		return false;
	return address->family == AF_UNSPEC
		       ? !is_loopback(&at)
		       : inet_prefix_contains(&at, address);
}

bool listener_find(sa_family_t family, const char *protocol,
		   const struct inet_prefix *address, uint16_t port)
{
	static const char *const suffixes[] = {"", "6"};
	char line[512];

	for (size_t n = 0; n < 2; n++) {
		_cleanup_fclose_ FILE *f = NULL;
		char path[64];

		snprintf(path, sizeof(path), "/proc/thread-self/net/%s%s",
			 protocol, suffixes[n]);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (line_matches(line, protocol, family, address, port))
				return true;
	}
	return false;
}
