/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small PAM application: one handle, a service file with the module, and the
 * messages that the module sends to the user.
 */
#ifndef NETNS_PAM_TESTS_PAM_DRIVER_H
#define NETNS_PAM_TESTS_PAM_DRIVER_H

#include <security/pam_appl.h>

struct driver {
	pam_handle_t *pamh;
	struct pam_conv conv;
	int conv_result; /* what the conversation returns */
	int n_messages;
	char message[256]; /* the last error message */
};

enum driver_conv { DRIVER_CONV, DRIVER_CONV_NULL, DRIVER_CONV_FAILS };

/*
 * Writes BOX_PAM/SERVICE with `lines` session lines of the built module.
 * arguments: of the module; NULL: BOX_POLICY and BOX_SOCKET.
 */
void driver_service(const char *service, const char *arguments, int lines);

/*
 * Calls of libpam. Return: a PAM code; driver_open() returns PAM_IGNORE when
 * the module was ignored. driver_end() frees the handle.
 */
int driver_start(struct driver *d, const char *service, const char *user,
		 enum driver_conv conv);
int driver_open(struct driver *d, int flags);
int driver_close(struct driver *d, int flags);
void driver_end(struct driver *d, int flags);

#endif
