/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new process does between fork(2) and execve(2): it drops what it has
 * of the daemon, and takes its user, limits, descriptors and namespace.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_CHILD_RUN_H
#define NETNS_PAM_HELPER_PROCESS_CHILD_RUN_H

#include "child.h"

#define CHILD_PASS_MORE 30 /* descriptors, besides pass_fd */

struct child_pipes {
	int in[2], out[2], err[2];
	int gate[2]; /* when it is held */
};

/*
 * In the new process. path: of the program, absolute. Errors go to its stderr.
 * Does not return.
 */
void child_run(const struct child_command *command, const char *path,
	       const struct child_pipes *pipes);

#endif
