/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PAM application in a few calls: one handle, a service file of one line
 * made for the purpose, the texts that the module sends to the user.
 */
#ifndef NETNS_PAM_TESTS_PAM_DRIVER_H
#define NETNS_PAM_TESTS_PAM_DRIVER_H

#include <security/pam_appl.h>

struct driver {
	pam_handle_t *pamh;
	struct pam_conv conv;
	int conv_result; /* what the conversation returns */
	int n_messages;
	char message[256]; /* the last one */
};

enum driver_conv { DRIVER_CONV, DRIVER_CONV_NULL, DRIVER_CONV_FAILS };

/*
 * Writes BOX_PAM/SERVICE: a `session required` line for the built module with
 * these arguments. NULL: the usual ones (config, socket). `lines` of them.
 */
void driver_service(const char *service, const char *arguments, int lines);

/* pam_start. Return: a PAM code. */
int driver_start(struct driver *d, const char *service, const char *user,
		 enum driver_conv conv);
int driver_open(struct driver *d, int flags);
int driver_close(struct driver *d, int flags);
void driver_end(struct driver *d, int flags);

#endif
