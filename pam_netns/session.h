/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the PAM handle keeps between open and close: the lease (the connection
 * to the daemon) and the namespaces that the process came from.
 *
 * When libpam drops the handle without a close, descriptors are closed and
 * nothing else is done: that happens in forked children too, and in pkexec(1)
 * just before the program starts.
 */
#ifndef NETNS_PAM_PAM_NETNS_SESSION_H
#define NETNS_PAM_PAM_NETNS_SESSION_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "common/enter.h"
#include "common/error.h"

#define SESSION_ENV "NETNS_PAM_NAMESPACE"

/* Has this handle an open session? */
bool session_exists(const pam_handle_t *pamh);

/*
 * Keeps lease and *origin, which are the handle's then. Return: 0, -ENOMEM;
 * after an error they are still the caller's.
 */
int session_keep(pam_handle_t *pamh, int lease,
		 const struct enter_origin *origin);

/*
 * Sends CLOSE to the daemon and waits up to 200 ms for the answer: without it,
 * the daemon ends the session when the lease is closed.
 */
void session_release(int lease);

/*
 * Ends the handle's session, if there is one: returns the process to the
 * namespaces it came from, sends CLOSE, closes the descriptors.
 * Return: 0, also when an unprivileged process closes and has to stay inside;
 * or -errno with a sentence.
 */
int session_close(pam_handle_t *pamh, struct error *err);

#endif
