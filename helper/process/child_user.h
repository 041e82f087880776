/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user of programs that need not be root. It is read from /etc/passwd
 * itself: the daemon does no NSS.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_CHILD_USER_H
#define NETNS_PAM_HELPER_PROCESS_CHILD_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* Made by the package, see packaging/sysusers.conf. */
#define CHILD_USER "netns-pam"

/* The user `name`, else CHILD_USER, else nobody; never root. */
void child_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);

/* Is there such a user? */
bool child_user_exists(const char *name);

#endif
