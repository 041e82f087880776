/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket: accepts, takes the peer's identity from the kernel once, checks
 * each packet, and hands it to the one function that answers it. The table in
 * server.c says who may ask what and when; it is the security policy of the
 * socket.
 */
#ifndef NETNS_PAM_HELPER_SERVER_SERVER_H
#define NETNS_PAM_HELPER_SERVER_SERVER_H

#include <stdint.h>

#include "common/error.h"

struct helper;

/*
 * Listens on the helper's socket: the one that systemd passed, or one made at
 * the path (0600, in a directory of 0700).
 */
int server_open(struct helper *h, int systemd_fd, struct error *err);

/*
 * Stops listening and lets go of the leases, at the end: the socket's file and
 * the sessions stay for the helper that comes next.
 */
void server_close(struct helper *h);

/* A connection that systemd kept for us, as the lease of a session. */
int server_restore_lease(struct helper *h, int fd, uint64_t session);

#endif
