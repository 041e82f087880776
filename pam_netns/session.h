/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept in the PAM handle between open and close: the lease (the
 * connection to the helper) and the way back.
 *
 * Should: give things back at close. Mustn't: do more than close descriptors
 * when libpam drops the handle; that happens in forked children too, and in
 * pkexec(1) just before the program starts.
 */
#ifndef NETNS_PAM_PAM_NETNS_SESSION_H
#define NETNS_PAM_PAM_NETNS_SESSION_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdint.h>

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
 * Tells the helper that the session on this lease is over. It would find out
 * by itself; so the answer is not waited for longer than a moment.
 */
void session_release(int lease);

/*
 * The handle's session, if there is one, ends: the process goes back where it
 * came from, the helper is told, descriptors are closed.
 * Return: 0 (also when it may not go back: closed by the user itself), or
 * -errno with a sentence.
 */
int session_close(pam_handle_t *pamh, struct error *err);

#endif
