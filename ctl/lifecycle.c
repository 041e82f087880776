// SPDX-License-Identifier: GPL-2.0-or-later
/* `netns-pam up` and `netns-pam down`: make and remove a namespace by hand. */
#include "client.h"
#include "common/cleanup.h"
#include "ctl.h"

static int lifecycle_run(const struct ctl *ctl, enum proto_op op,
			 const char *name)
{
	_cleanup_(user_clear) struct user user = {.gids = NULL};
	struct proto_request request = PROTO_REQUEST((uint16_t)op);
	struct error err;
	int r = client_request_name(&request, name, ctl->given['u'], &user,
				    &err);

	if (ctl->given['f'])
		request.flags = PROTO_FORCE;
	if (!r)
		r = client_call(ctl->socket, &request, NULL, NULL, NULL, &err);
	return r < 0 ? ctl_fail("%s", err.text) : CTL_YES;
}

int ctl_up(const struct ctl *ctl, int argc, char **argv)
{
	return lifecycle_run(ctl, PROTO_UP, argv[0]);
}

int ctl_down(const struct ctl *ctl, int argc, char **argv)
{
	return lifecycle_run(ctl, PROTO_DOWN, argv[0]);
}
