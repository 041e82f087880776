/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pam_netns.so: puts login sessions into network namespaces. This file has the
 * entry points; the steps are in login.c.
 *
 * It runs inside sshd, login, su, cron ...: it keeps its state in the PAM
 * handle, starts no process, and changes nothing but namespaces and mounts.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <syslog.h>

#include "guest.h"
#include "login.h"
#include "options.h"
#include "session.h"

#define _cleanup_guest_ __attribute__((cleanup(guest_leave)))

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
			const char **argv)
{
	_cleanup_guest_ struct guest guest;
	struct options options;
	struct error err;
	bool wrong;

	guest_enter(&guest);
	wrong = options_parse(argc, argv, &options, &err) < 0;
	return login_open(pamh, &options, wrong ? err.text : NULL,
			  flags & PAM_SILENT);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
			 const char **argv)
{
	_cleanup_guest_ struct guest guest;
	struct error err;

	/* The options have no effect here. */
	guest_enter(&guest);
	if (session_close(pamh, &err) < 0) {
		pam_syslog(pamh, LOG_ERR, "session closed, but: %s", err.text);
		return PAM_SYSTEM_ERR;
	}
	return PAM_SUCCESS;
}
