/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a WireGuard configuration from a file that only root can read. */
#include "conf.h"
#include "helper/base/root_file.h"

int wg_conf_load(const char *path, struct wg_conf **ret, struct error *err)
{
	struct root_file file;
	int r = root_file_read(path, true, WG_CONF_BYTES_MAX,
			       "configuration of WireGuard", &file, err);

	if (r < 0)
		return r;
	r = wg_conf_parse(path, file.text, file.bytes, ret, err);
	root_file_clear(&file);
	return r;
}
