/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any lines as the variables from an OpenVPN server, or as lines of the log:
 * the result is valid for the kernel and for resolv.conf.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/link/openvpn/conf.c" // NOLINT(bugprone-suspicious-include)
#include "helper/link/openvpn/push.c" // NOLINT(bugprone-suspicious-include)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct openvpn_push *push)
{
	if (push->n_routes > OPENVPN_ROUTES_MAX ||
	    push->n_dns > OPENVPN_DNS_MAX || push->mtu > 65535)
		abort();
	for (size_t n = 0; n < push->n_routes; n++)
		if (inet_prefix_has_host_bits(&push->routes[n].to))
			abort();
	for (const char *p = push->search; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(" .-_", *p))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text, *line;
	struct openvpn_env env = {0};
	struct openvpn_push push;
	bool redirect4 = false;

	while ((line = strsep(&rest, "\n"))) {
		openvpn_push_log(line, &redirect4);
		openvpn_env_add(&env, line);
	}
	if (openvpn_push_read(&env, size & 1, redirect4, &push) == 0) {
		check(&push);
		openvpn_push_clear(&push);
	}
	openvpn_env_clear(&env);
	free(text);
	return 0;
}
