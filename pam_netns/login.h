/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a login, in their order. */
#ifndef NETNS_PAM_PAM_NETNS_LOGIN_H
#define NETNS_PAM_PAM_NETNS_LOGIN_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "options.h"

/*
 * Opens a session on this handle, logs and reports the outcome. wrong: the
 * error of the options, or NULL; with an error only root may log in, unless the
 * module is disabled. Return: a PAM code.
 */
int login_open(pam_handle_t *pamh, const struct options *options,
	       const char *wrong, bool silent);

#endif
