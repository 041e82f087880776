/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hook.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/policy/policy.h"
#include "helper/base/root_file.h"
#include "helper/instance/record.h"

#define HOOK_VARIABLES 11
#define HOOK_VARIABLE  320

/*
 * The daemon runs the program as root: no other user may be able to change or
 * replace it. *ret_path: without symbolic links.
 */
static int hook_check(const char *path, const char *event,
		      char ret_path[static PATH_MAX], struct error *err)
{
	char program[PATH_MAX + 32];
	struct stat st = {0};
	int r = realpath(path, ret_path) ? 0 : -errno;

	snprintf(program, sizeof(program), "the `%s` program %s", event, path);
	/*
	 * The daemon cannot search a directory that is not root's. *ret_path is
	 * as far as realpath(3) came.
	 */
	if ((r == 0 || r == -EACCES) &&
	    root_file_check_directories(program, ret_path, err) < 0)
		return -EPERM;
	if (r == 0 && stat(ret_path, &st) < 0)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "%s: %m", program);
	if (!S_ISREG(st.st_mode) || access(ret_path, X_OK) < 0)
		return error_set(err, -EACCES, "%s is not an executable file",
				 program);
	if (st.st_uid != 0 || st.st_mode & 022)
		return error_set(err, -EPERM,
				 "%s: %s must belong to root and not be writable by others: chown root, chmod go-w",
				 program, ret_path);
	return 0;
}

static void hook_environment(const struct instance *i, const char *event,
			     char text[HOOK_VARIABLES][HOOK_VARIABLE])
{
	char address4[INET_PREFIX_STR] = "", address6[INET_PREFIX_STR] = "";
	size_t n = 0;

	if (i->address4.family)
		inet_address_format(&i->address4, address4);
	if (i->address6.family)
		inet_address_format(&i->address6, address6);
#define VARIABLE(...)                                                          \
	snprintf(text[n++], HOOK_VARIABLE, "NETNS_PAM_" __VA_ARGS__)
	VARIABLE("EVENT=%s", event);
	VARIABLE("NAMESPACE=%s", i->name);
	if (i->state != INSTANCE_LEAVING)
		VARIABLE("NETNS=%s/%s", i->helper->netns_dir, i->name);
	else
		VARIABLE("NETNS=/proc/self/fd/3");
	VARIABLE("SECTION=%s", i->section);
	VARIABLE("USER=%s", i->user);
	if (i->scope == SCOPE_SHARED)
		VARIABLE("UID=");
	else
		VARIABLE("UID=%u", i->uid);
	VARIABLE("LINK=%s", policy_link_name(i->link));
	VARIABLE("IFNAME=%s", i->ifname);
	VARIABLE("HOST_IFNAME=%s", i->host_ifname);
	VARIABLE("ADDRESS4=%s", address4);
	VARIABLE("ADDRESS6=%s", address6);
#undef VARIABLE
}

int hook_adopt(struct instance *i)
{
	int answer = child_adopt(i->helper, i->hook_pid, i->hook_process,
				 i->name, NULL, &i->hook);

	if (answer == ABSENT)
		i->hook_pid = 0;
	return answer < 0 ? answer : 0;
}

int hook_start(struct instance *i, const char *path, const char *event,
	       int netns, unsigned int timeout_ms,
	       const struct child_events *events, struct error *err)
{
	char text[HOOK_VARIABLES][HOOK_VARIABLE];
	const char *env[HOOK_VARIABLES + 1] = {NULL};
	char real[PATH_MAX];
	const char *argv[] = {real, NULL};
	char label[NAME_MAX_INSTANCE + 256];
	struct child_command command = {
		.label = label,
		.argv = argv,
		.env = env,
		.netns = -EBADF,
		.pass_fd = netns,
		.timeout_ms = timeout_ms,
		.held = true,
	};
	int r = hook_check(path, event, real, err);

	if (r < 0)
		return r;
	snprintf(label, sizeof(label), "%s: `%s` program %.160s", i->name,
		 event, path);
	hook_environment(i, event, text);
	for (size_t n = 0; n < HOOK_VARIABLES; n++)
		env[n] = text[n];
	r = child_start(i->helper, &command, events, &i->hook, err);
	if (r < 0)
		return r;
	i->hook_pid = child_pid(i->hook);
	i->hook_process = child_identity(i->hook);
	r = instance_record_save(i, err);
	/* Without a record, `up` could not be undone; `down` runs anyway. */
	if (r < 0 && i->making) {
		i->hook = child_stop(i->hook);
		i->hook_pid = 0;
		return r;
	}
	child_go(i->hook);
	return 0;
}
