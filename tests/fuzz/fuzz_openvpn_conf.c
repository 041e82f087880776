/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a client configuration of OpenVPN. What is accepted has as many
 * lines as before and is accepted again, with the same result; what is refused
 * has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/link/openvpn/conf.c" // NOLINT(bugprone-suspicious-include)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t lines(const char *text, size_t bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n += text[i] == '\n';
	return n;
}

static void use(const struct openvpn_conf *conf, const char *text, size_t bytes)
{
	struct openvpn_conf *again = NULL;

	if (conf->bytes != bytes ||
	    lines(conf->text, bytes) != lines(text, bytes) ||
	    conf->n_files > OPENVPN_FILES_MAX)
		abort();
	if (openvpn_conf_parse("again", conf->text, conf->bytes, &again, NULL) <
		    0 ||
	    !again || memcmp(again->text, conf->text, bytes) != 0 ||
	    again->tap != conf->tap || strcmp(again->remote, conf->remote) != 0)
		abort();
	openvpn_conf_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct openvpn_conf *conf = NULL;
	struct error err = {.text = ""};
	int r = openvpn_conf_parse("fuzz", (const char *)data, size, &conf,
				   &err);

	if ((r < 0) != (conf == NULL) || (r < 0 && !err.text[0]))
		abort();
	if (conf)
		use(conf, (const char *)data, size);
	openvpn_conf_free(conf);
	return 0;
}
