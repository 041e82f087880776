/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who programs run as that need not be root: a user of its own where there is
 * one. Of /etc/passwd, as it stands: a directory is no place to ask for this.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_CHILD_USER_H
#define NETNS_PAM_HELPER_PROCESS_CHILD_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* Made by the package, see packaging/sysusers.conf. */
#define CHILD_USER "netns-pam"

/*
 * The user of that name; when there is none, CHILD_USER; when there is not even
 * that one, nobody. Never root.
 */
void child_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);

/* Is there such a user? */
bool child_user_exists(const char *name);

#endif
