// SPDX-License-Identifier: GPL-2.0-or-later
#include "user.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/policy/who.h"

/* The search paths of a login, as login.defs(5) has them. */
#define USER_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
#define USER_PATH_ROOT                                                         \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int user_find(const char *name, struct user *ret, struct error *err)
{
	_cleanup_free_ char *buf = NULL;
	struct passwd pw;
	int r = who_passwd(name, &pw, &buf);

	if (r == -ENOMEM)
		return error_set(err, r, "out of memory");
	if (r == -ENOENT)
		return error_set(err, r, "no such user: '%s'", name);
	if (r == -ERANGE)
		return error_set(err, r, "the entry of user '%s' is too long",
				 name);
	if (r < 0)
		return error_set(err, r, "cannot look up user '%s': %m", name);
	*ret = (struct user){.pw = pw, .buf = take_ptr(buf)};
	return 0;
}

int user_groups(struct user *user, struct error *err)
{
	int r = who_groups(user->pw.pw_name, user->pw.pw_gid, &user->gids,
			   &user->n_gids);

	if (r == -E2BIG)
		return error_set(err, r, "user '%s' is in too many groups",
				 user->pw.pw_name);
	return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* Variables about the terminal are kept, not those about root. */
static bool variable_is_kept(const char *entry)
{
	return !strncmp(entry, "TERM=", 5) || !strncmp(entry, "LANG=", 5) ||
	       !strncmp(entry, "LC_", 3) ||
	       !strncmp(entry, "NETNS_PAM_NAMESPACE=", 20);
}

static void environment_strip(void)
{
	char **to = environ;

	if (!environ)
		return;
	for (char **from = environ; *from; from++)
		if (variable_is_kept(*from))
			*to++ = *from;
	*to = NULL;
}

static int user_environment(const struct user *user, struct error *err)
{
	const char *shell = *user->pw.pw_shell ? user->pw.pw_shell : "/bin/sh";
	const char *path = user->pw.pw_uid ? USER_PATH : USER_PATH_ROOT;

	environment_strip();
	if (setenv("HOME", user->pw.pw_dir, 1) < 0 ||
	    setenv("USER", user->pw.pw_name, 1) < 0 ||
	    setenv("LOGNAME", user->pw.pw_name, 1) < 0 ||
	    setenv("SHELL", shell, 1) < 0 || setenv("PATH", path, 1) < 0)
		return error_set(err, -errno, "cannot set the environment: %m");
	return 0;
}

int user_become(const struct user *user, struct error *err)
{
	uid_t uid = user->pw.pw_uid, ruid, euid, suid;
	gid_t gid = user->pw.pw_gid;
	int r;

	if (setgroups((size_t)user->n_gids, user->gids) < 0 ||
	    setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return error_set(err, -errno, "cannot become user '%s': %m",
				 user->pw.pw_name);
	if (getresuid(&ruid, &euid, &suid) < 0 || ruid != uid || euid != uid ||
	    suid != uid)
		return error_set(err, -EPERM, "did not become user '%s'",
				 user->pw.pw_name);
	r = user_environment(user, err);
	if (r < 0)
		return r;
	/* As the user: with root's rights, any directory could be entered. */
	if ((*user->pw.pw_dir != '/' || chdir(user->pw.pw_dir) < 0) &&
	    chdir("/") < 0)
		return error_set(err, -errno,
				 "cannot go to the directory /: %m");
	return 0;
}

void user_clear(struct user *user)
{
	free(user->buf);
	free(user->gids);
	*user = (struct user){.gids = NULL};
}
