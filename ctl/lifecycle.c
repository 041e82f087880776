// SPDX-License-Identifier: GPL-2.0-or-later
/* `netns-pam up` and `netns-pam down`: make and remove a namespace by hand. */
#include <getopt.h>
#include <stdio.h>

#include "client.h"
#include "common/cleanup.h"
#include "ctl.h"

/* The command line of both: NAME [--user U], and --force for down. */
static int lifecycle_run(const struct ctl *ctl, enum proto_op op, int argc,
			 char **argv)
{
	static const struct option options[] = {
		{"user", required_argument, NULL, 'u'},
		{"force", no_argument, NULL, 'f'},
		{0},
	};
	_cleanup_(user_clear) struct user user = {.gids = NULL};
	struct proto_request request = PROTO_REQUEST((uint16_t)op);
	const char *user_name = NULL;
	struct error err;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'u')
			user_name = optarg;
		else if (c == 'f' && op == PROTO_DOWN)
			request.flags |= PROTO_FORCE;
		else
			return CTL_USAGE;
	}
	if (argc - optind != 1)
		return CTL_USAGE;
	r = client_request_name(&request, argv[optind], user_name, &user, &err);
	if (!r)
		r = client_call(ctl->socket, &request, NULL, NULL, NULL, &err);
	return r < 0 ? ctl_fail("%s", err.text) : CTL_YES;
}

int ctl_up(const struct ctl *ctl, int argc, char **argv)
{
	return lifecycle_run(ctl, PROTO_UP, argc, argv);
}

int ctl_down(const struct ctl *ctl, int argc, char **argv)
{
	return lifecycle_run(ctl, PROTO_DOWN, argc, argv);
}
