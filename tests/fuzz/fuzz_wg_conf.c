/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a configuration of WireGuard. What is accepted is printed for
 * wg(8) and read again with the same result; what is refused has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* NOLINTBEGIN(bugprone-suspicious-include): the parts themselves */
#include "helper/link/wireguard/conf.c"
#include "helper/link/wireguard/conf_print.c"
/* NOLINTEND(bugprone-suspicious-include) */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names have to be looked up before they are printed. */
static void resolve_all(struct wg_conf *conf)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		if (*conf->peers[i].endpoint_name)
			inet_prefix_parse("2001:db8::1",
					  &conf->peers[i].endpoint);
}

static void use(struct wg_conf *conf)
{
	struct wg_conf *again = NULL;
	char *text, *text2;

	resolve_all(conf);
	text = wg_conf_print(conf, 0);
	if (!text || text[strlen(text) - 1] != '\n' ||
	    wg_conf_parse("again", text, strlen(text), &again, NULL) < 0 ||
	    !again)
		abort();
	text2 = wg_conf_print(again, 0);
	if (!text2 || strcmp(text, text2) != 0)
		abort();
	wg_conf_wipe(text2);
	wg_conf_wipe(text);
	wg_conf_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_conf *conf = NULL;
	struct error err = {.text = ""};
	int r = wg_conf_parse("fuzz", (const char *)data, size, &conf, &err);

	if ((r < 0) != (conf == NULL) || (r < 0 && !err.text[0]))
		abort();
	if (conf)
		use(conf);
	wg_conf_free(conf);
	return 0;
}
