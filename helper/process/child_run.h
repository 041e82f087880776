/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new process does until it is the program (child.c forks it): it leaves
 * behind all that it has of the helper, becomes whom it is to be, and goes into
 * its namespace.
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
 * In the new process. path: of the program, absolute. What fails is said on its
 * stderr. Does not return.
 */
void child_run(const struct child_command *command, const char *path,
	       const struct child_pipes *pipes);

#endif
