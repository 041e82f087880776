// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `netns-pam exec`: runs a command in a namespace as a session sees it: enter.h
 * does it for both. Users are looked up before the process enters, because a
 * directory server may not be reachable from inside.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "common/cleanup.h"
#include "common/enter.h"
#include "ctl.h"

#define EXEC_NOT_INVOKED 126 /* as env(1) and sh(1) have them */
#define EXEC_NOT_FOUND	 127

static int exec_enter(const char *socket, const struct client_reply *reply,
		      struct error *err)
{
	struct enter_origin origin = ENTER_ORIGIN_NONE;
	char scratch[PATH_MAX];
	struct enter_plan plan = {.netns = reply->fd, .host_mntns = -EBADF};
	int r = proto_state_path(socket, "mnt", scratch);

	if (r < 0)
		return error_set(err, r, "the socket's path is too long");
	plan.scratch = scratch;
	if (reply->head.flags & PROTO_DNS)
		plan.resolv_conf = reply->tail;
	if (reply->head.flags & PROTO_ETC)
		plan.etc_section = reply->head.section;
	r = enter_namespace(&plan, &origin, err);
	if (r < 0)
		return r;
	enter_forget(&origin);
	if (setenv("NETNS_PAM_NAMESPACE", reply->head.namespace, 1) < 0)
		return error_set(err, -errno, "cannot set the environment: %m");
	return 0;
}

/* Everything up to the command. */
static int exec_prepare(const char *socket, const char *name,
			const char *user_name, struct error *err)
{
	_cleanup_(client_reply_clear) struct client_reply reply =
		CLIENT_REPLY_NONE;
	_cleanup_(user_clear) struct user user = {.gids = NULL};
	struct proto_request request = PROTO_REQUEST(PROTO_ENTER);
	int r = client_request_name(&request, name, user_name, &user, err);

	if (!r && user_name)
		r = user_groups(&user, err);
	if (!r)
		r = client_call(socket, &request, NULL, NULL, &reply, err);
	if (r < 0)
		return r;
	if (reply.fd < 0)
		return error_set(err, -EBADMSG,
				 "netns-pamd sent no namespace for '%s'", name);
	r = exec_enter(socket, &reply, err);
	if (!r && user_name)
		r = user_become(&user, err);
	return r;
}

/* [--user U] before or after NAME, then the command, "--" before it or not. */
static int exec_parse(int argc, char **argv, const char **ret_name,
		      const char **ret_user)
{
	static const struct option options[] = {
		{"user", required_argument, NULL, 'u'},
		{0},
	};

	for (int part = 0; part < 2; part++) {
		int c;

		while ((c = getopt_long(argc, argv, "+", options, NULL)) !=
		       -1) {
			if (c != 'u')
				return -EINVAL;
			*ret_user = optarg;
		}
		if (part == 0 && optind < argc)
			*ret_name = argv[optind++];
	}
	return *ret_name && optind < argc ? 0 : -EINVAL;
}

int ctl_exec(const struct ctl *ctl, int argc, char **argv)
{
	const char *name = NULL, *user = NULL;
	struct error err;
	int code;

	if (exec_parse(argc, argv, &name, &user) < 0)
		return CTL_USAGE;
	if (exec_prepare(ctl->socket, name, user, &err) < 0)
		return ctl_fail("%s", err.text);
	execvp(argv[optind], argv + optind);
	code = errno;
	ctl_fail("cannot run '%s': %s", argv[optind], strerror(code));
	return code == ENOENT ? EXEC_NOT_FOUND : EXEC_NOT_INVOKED;
}
