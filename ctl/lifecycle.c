// SPDX-License-Identifier: GPL-2.0-or-later
/* `netns-pam up` and `netns-pam down`: make and remove a namespace by hand. */
#include <getopt.h>
#include <stdio.h>

#include "client.h"
#include "common/cleanup.h"
#include "ctl.h"

struct lifecycle {
	enum proto_op op;
	const char *name, *user;
	bool force;
};

static int lifecycle_call(const char *socket, const struct lifecycle *what,
			  struct client_reply *ret, struct error *err)
{
	struct proto_request request = client_request(what->op);
	_cleanup_(user_clear) struct user user = {.gids = NULL};
	int r = 0;

	if (what->force)
		request.flags |= PROTO_FORCE;
	if (what->user)
		r = user_find(what->user, &user, err);
	if (!r)
		r = client_request_name(&request, what->name,
					what->user ? &user : NULL, err);
	if (!r)
		r = client_call(socket, &request, NULL, NULL, ret, err);
	return r;
}

/* The command line of both: NAME [--user U], and --force for down. */
static int lifecycle_parse(int argc, char **argv, struct lifecycle *ret)
{
	static const struct option options[] = {
		{"user", required_argument, NULL, 'u'},
		{"force", no_argument, NULL, 'f'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'u')
			ret->user = optarg;
		else if (c == 'f' && ret->op == PROTO_DOWN)
			ret->force = true;
		else
			return -EINVAL;
	}
	if (argc - optind != 1)
		return -EINVAL;
	ret->name = argv[optind];
	return 0;
}

static int lifecycle_run(const struct ctl *ctl, enum proto_op op, int argc,
			 char **argv)
{
	_cleanup_(client_reply_clear) struct client_reply reply =
		CLIENT_REPLY_NONE;
	struct lifecycle what = {.op = op};
	struct error err;

	if (lifecycle_parse(argc, argv, &what) < 0)
		return CTL_USAGE;
	if (lifecycle_call(ctl->socket, &what, &reply, &err) < 0)
		return ctl_fail("%s", err.text);
	return CTL_YES;
}

int ctl_up(const struct ctl *ctl, int argc, char **argv)
{
	return lifecycle_run(ctl, PROTO_UP, argc, argv);
}

int ctl_down(const struct ctl *ctl, int argc, char **argv)
{
	return lifecycle_run(ctl, PROTO_DOWN, argc, argv);
}
