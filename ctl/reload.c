// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `netns-pam reload`: checks the policy first, to print all its errors, and
 * calls the daemon if there is none.
 */
#include <string.h>

#include "client.h"
#include "common/policy/policy.h"
#include "ctl.h"

static int reload_check(const char *config)
{
	struct policy_notes notes = {.n = 0};
	struct policy *policy = NULL;
	struct error err;
	int r = policy_load(config, &policy, &notes, &err);

	if (r < 0) {
		ctl_print_notes(&notes);
		ctl_fail("%s; netns-pamd keeps the policy that it has",
			 notes.errors ? "the policy is broken" : err.text);
	}
	policy_notes_clear(&notes);
	policy_free(policy);
	return r;
}

int ctl_reload(const struct ctl *ctl, int argc, char **argv)
{
	struct proto_request request = PROTO_REQUEST(PROTO_RELOAD);
	struct error err;

	if (reload_check(ctl->config) < 0)
		return CTL_NO;
	if (client_call(ctl->socket, &request, NULL, NULL, NULL, &err) < 0)
		return ctl_fail("%s", err.text);
	return CTL_YES;
}
