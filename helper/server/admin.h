/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STATUS, UP, DOWN, RELOAD and KICK: operations of the command netns-pam. */
#ifndef NETNS_PAM_HELPER_SERVER_ADMIN_H
#define NETNS_PAM_HELPER_SERVER_ADMIN_H

#include "connection.h"

/* Each is an operation.handle(), see connection.h. */
int admin_status(struct connection *c, const struct proto_request *req,
		 const char *facts, struct answer *a);
int admin_up(struct connection *c, const struct proto_request *req,
	     const char *facts, struct answer *a);
int admin_down(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a);
int admin_reload(struct connection *c, const struct proto_request *req,
		 const char *facts, struct answer *a);
int admin_kick(struct connection *c, const struct proto_request *req,
	       const char *facts, struct answer *a);

#endif
