/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's socket. The table in server.c has which request is allowed on
 * which connection; connection.h has what happens on one.
 */
#ifndef NETNS_PAM_HELPER_SERVER_SERVER_H
#define NETNS_PAM_HELPER_SERVER_SERVER_H

#include <stdint.h>

#include "common/error.h"

struct helper;

/*
 * Listens on the socket that systemd passed, or, with systemd_fd < 0, on one
 * made at h->socket (mode 0600, in a directory of 0700).
 * Return: 0 or -errno with a sentence.
 */
int server_open(struct helper *h, int systemd_fd, struct error *err);

/*
 * Adopts a connection that systemd kept, which holds the session of that
 * number. Return: 0; -ENOENT: the session has ended; -errno. fd is closed on
 * failure.
 */
int server_restore_lease(struct helper *h, int fd, uint64_t session);

/* At the end: the socket's file and the sessions stay for the next daemon. */
void server_close(struct helper *h);

#endif
