/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that a client configuration names. openvpn(8) does not run as root
 * and cannot read a key, so it inherits copies in memory (memfd_create(2)) that
 * it opens as /proc/self/fd/N, each time it reconnects.
 *
 * Must not leave another copy of a key.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_FILES_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_FILES_H

#include <stddef.h>

#include "common/error.h"
#include "conf.h"

#define OPENVPN_FILES_FD 6 /* the first; program.c uses 3 to 5 */

/*
 * Copies conf->files, in their order. name: of the configuration; dir: a
 * descriptor of its directory. Return: 0 and conf->n_files descriptors in ret
 * (for openvpn_files_close()), or -errno with err set.
 */
int openvpn_files_open(const char *name, const struct openvpn_conf *conf,
		       int dir, int ret[static OPENVPN_FILES_MAX],
		       struct error *err);
void openvpn_files_close(const int *fds, size_t n);

/*
 * conf->text with the copies' names in place of the files'. Return: malloc'd
 * text that the caller wipes, and *ret_bytes; or NULL.
 */
char *openvpn_files_text(const struct openvpn_conf *conf, size_t *ret_bytes);

/* A message of openvpn with a copy's name replaced by the file's. */
void openvpn_files_name(char *const *names, size_t n, const char *text,
			char *ret, size_t size);

#endif
