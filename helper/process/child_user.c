/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "common/cleanup.h"

#define CHILD_PASSWD "/etc/passwd"
#define CHILD_NOBODY 65534

static bool child_user_find(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	_cleanup_fclose_ FILE *f = fopen(CHILD_PASSWD, "re");
	const struct passwd *pw;

	while (f && (pw = fgetpwent(f)))
		if (strcmp(pw->pw_name, name) == 0 && pw->pw_uid) {
			*ret_uid = pw->pw_uid;
			*ret_gid = pw->pw_gid ? pw->pw_gid : CHILD_NOBODY;
			return true;
		}
	return false;
}

void child_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	if (child_user_find(name, ret_uid, ret_gid) ||
	    child_user_find(CHILD_USER, ret_uid, ret_gid))
		return;
	*ret_uid = CHILD_NOBODY;
	*ret_gid = CHILD_NOBODY;
}

bool child_user_exists(const char *name)
{
	uid_t uid;
	gid_t gid;

	return child_user_find(name, &uid, &gid);
}
