/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that a client configuration names: openvpn(8) is not root and could
 * not read its key. It is given copies in memory, of which it knows as
 * /proc/self/fd/N, and which are there for it again when it reconnects.
 *
 * Mustn't: leave a copy of a key anywhere else.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_FILES_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_FILES_H

#include <stddef.h>

#include "common/error.h"
#include "conf.h"

#define OPENVPN_FILES_FD 6 /* the first; 3 to 5 are openvpn_program.c's */

/* Copies of conf->files, in their order. */
struct openvpn_files {
	int fds[OPENVPN_FILES_MAX];
	size_t n;
};

/*
 * name, dir: the configuration, and the directory that it is in.
 * Return: 0, for openvpn_files_close(); -errno with a sentence.
 */
int openvpn_files_open(const char *name, const struct openvpn_conf *conf,
		       int dir, struct openvpn_files *ret, struct error *err);
void openvpn_files_close(struct openvpn_files *files);

/*
 * conf->text with these names in place of the files'. Return: malloc'd, to be
 * wiped, and *ret_bytes; or NULL.
 */
char *openvpn_files_text(const struct openvpn_conf *conf, size_t *ret_bytes);

/* What openvpn says of a file, with the name that others know it by. */
void openvpn_files_name(const char *const *names, size_t n, const char *text,
			char *ret, size_t size);

#endif
