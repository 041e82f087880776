/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OPEN, CLOSE and ENTER: operations of the module and of `netns-pam exec`. */
#ifndef NETNS_PAM_HELPER_SERVER_LOGIN_H
#define NETNS_PAM_HELPER_SERVER_LOGIN_H

#include "connection.h"

/* Each is an operation.handle(), see connection.h. */
int login_open(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a);
int login_close(struct connection *c, const struct proto_request *req,
		const char *facts, struct answer *a);
int login_exec(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a);

#endif
