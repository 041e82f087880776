/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries of the name service about one user, and their answers. Only what a
 * rule needs is queried; a query without an answer is an error, not a "no".
 */
#include "who.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define BUFFER_FIRST 4096
#define BUFFER_MIB   64 /* a group of some million members */
#define BUFFER_LAST  (BUFFER_MIB << 20)
#define GROUPS_FIRST 64
#define GROUPS_LAST  65536 /* NGROUPS_MAX */

#define TOO_LARGE                                                              \
	"the entry of %s \"%s\" in the user database has more than %d MiB, "   \
	"which is treated as an error of the directory service"

/*
 * Replaces *buffer by one of twice the size. Return: 0; -ERANGE when
 * BUFFER_LAST is reached; -ENOMEM.
 */
static int buffer_grow(char **buffer, size_t *size)
{
	size_t next = *size ? *size * 2 : BUFFER_FIRST;

	if (next > BUFFER_LAST)
		return -ERANGE;
	free(*buffer);
	*buffer = malloc(next);
	*size = *buffer ? next : 0;
	return *buffer ? 0 : -ENOMEM;
}

/*
 * The -errno of a failed look-up. "No such entry" is a zero without a result,
 * so that ENOENT here is a file or service that is missing.
 */
static int lookup_failed(int code)
{
	return code == ENOENT ? -EIO : -code;
}

int who_passwd(const char *user, struct passwd *ret, char **buffer)
{
	struct passwd *found = NULL;
	size_t size = 0;
	int r;

	do {
		r = buffer_grow(buffer, &size);
		if (r < 0)
			return r;
		r = getpwnam_r(user, ret, *buffer, size, &found);
	} while (r == ERANGE || r == EINTR);
	if (r != 0)
		return lookup_failed(r);
	return found ? 0 : -ENOENT;
}

int who_init(struct who *who, const char *user, const char *service,
	     const char *tty, const char *rhost, struct error *err)
{
	_cleanup_free_ char *buffer = NULL;
	struct passwd pw = {0};
	const char *name;
	int r;

	if (!user || !user[0])
		return error_set(err, -EINVAL, "there is no user name");
	if (strlen(user) > NAME_MAX_USER)
		return error_set(err, -ENAMETOOLONG,
				 "the user name has more than %d bytes",
				 NAME_MAX_USER);
	r = who_passwd(user, &pw, &buffer);
	if (r == -ENOENT)
		return error_set(err, r, "there is no user \"%s\"", user);
	/* root is known also when the name service fails. */
	if (r < 0 && strcmp(user, "root") == 0)
		pw = (struct passwd){.pw_uid = 0, .pw_gid = 0};
	else if (r == -ERANGE)
		return error_set(err, r, TOO_LARGE, "user", user, BUFFER_MIB);
	else if (r < 0)
		return error_set(err, r,
				 "user \"%s\" cannot be looked up: %m (see nsswitch.conf and the directory service)",
				 user);

	/*
	 * Rules name accounts: a directory that ignores case must not let ALICE
	 * evade a rule for alice.
	 */
	name = pw.pw_name ? pw.pw_name : user;
	if (!name[0] || strlen(name) > NAME_MAX_USER)
		return error_set(err, -ENAMETOOLONG,
				 "user \"%s\" has a name of %zu bytes in the user database",
				 user, strlen(name));

	memset(who, 0, sizeof(*who));
	memcpy(who->user, name, strlen(name));
	who->uid = pw.pw_uid;
	who->gid = pw.pw_gid;
	who->service = service ? service : "";
	who->tty = tty ? tty : "";
	who->rhost = rhost ? rhost : "";
	return 0;
}

void who_clear(struct who *who)
{
	free(who->gids);
	free(who->facts);
	free(who->misses);
	memset(who, 0, sizeof(*who));
}

static int list_append(char **list, size_t *bytes, char kind, const char *name)
{
	size_t length = strlen(name) + 1;
	char *grown = realloc(*list, *bytes + 1 + length);

	if (!grown)
		return -ENOMEM;
	grown[*bytes] = kind;
	memcpy(grown + *bytes + 1, name, length);
	*list = grown;
	*bytes += 1 + length;
	return 0;
}

/* Stores an answer. Return: yes, or -errno. */
static int answer_keep(struct who *who, char kind, const char *name, int yes)
{
	int r;

	if (!yes)
		r = list_append(&who->misses, &who->misses_bytes, kind, name);
	else if (who->facts_bytes + strlen(name) + 2 > (size_t)PROTO_TAIL_MAX)
		r = -E2BIG;
	else
		r = list_append(&who->facts, &who->facts_bytes, kind, name);
	return r < 0 ? r : yes;
}

int who_groups(const char *user, gid_t gid, gid_t **ret, int *ret_n)
{
	int room = GROUPS_FIRST;

	for (;;) {
		_cleanup_free_ gid_t *gids =
			calloc((size_t)room, sizeof(*gids));
		int n = room;

		if (!gids)
			return -ENOMEM;
		if (getgrouplist(user, gid, gids, &n) >= 0) {
			*ret_n = n;
			*ret = take_ptr(gids);
			return 0;
		}
		/* -1 means both a small array and a lack of memory. */
		if (n <= room)
			n = room * 2;
		if (room >= GROUPS_LAST)
			return -E2BIG;
		room = n > GROUPS_LAST ? GROUPS_LAST : n;
	}
}

/* Is the user a member, by gid or by name? Return: 1, 0, -errno. */
static int group_has(struct who *who, const struct group *group)
{
	int r;

	if (group->gr_gid == who->gid)
		return 1;
	for (char **member = group->gr_mem; member && *member; member++)
		if (strcmp(*member, who->user) == 0)
			return 1;
	r = who->gids
		    ? 0
		    : who_groups(who->user, who->gid, &who->gids, &who->n_gids);
	if (r < 0)
		return r;
	for (int i = 0; i < who->n_gids; i++)
		if (who->gids[i] == group->gr_gid)
			return 1;
	return 0;
}

static int group_ask(struct who *who, const char *name)
{
	_cleanup_free_ char *buffer = NULL;
	struct group group, *found = NULL;
	size_t size = 0;
	int r;

	do {
		r = buffer_grow(&buffer, &size);
		if (r < 0)
			return r;
		r = getgrnam_r(name, &group, buffer, size, &found);
	} while (r == ERANGE || r == EINTR);
	if (r != 0)
		return lookup_failed(r);
	r = found ? group_has(who, found) : 0;
	return r < 0 ? r : answer_keep(who, 'g', name, r);
}

static int netgroup_ask(struct who *who, const char *name)
{
	int saved = errno, yes, code;

	errno = 0;
	yes = innetgr(name, NULL, who->user, NULL);
	code = errno;
	errno = saved;
	/*
	 * innetgr(3) returns 0 for "no" and for a failure. These codes are
	 * never left behind by a "no".
	 */
	if (!yes && (code == ENOMEM || code == EMFILE || code == ENFILE ||
		     code == EAGAIN || code == ETIMEDOUT ||
		     code == ECONNREFUSED || code == ECONNRESET || code == EIO))
		return -code;
	return answer_keep(who, 'n', name, yes);
}

/* Answers from what is stored, or queries. After a failure who->trouble is set.
 */
static int answer(struct who *who, char kind, const char *name)
{
	const char *what = kind == 'g' ? "group" : "netgroup";
	int r;

	if (proto_has_fact(who->facts, who->facts_bytes, kind, name))
		return 1;
	if (proto_has_fact(who->misses, who->misses_bytes, kind, name))
		return 0;
	r = kind == 'g' ? group_ask(who, name) : netgroup_ask(who, name);
	if (r == -ERANGE)
		error_set(&who->trouble, r, TOO_LARGE, what, name, BUFFER_MIB);
	else if (r < 0)
		error_set(&who->trouble, r,
			  "%s \"%s\" cannot be looked up for %s: %m (see nsswitch.conf and the directory service)",
			  what, name, who->user);
	return r;
}

static int in_group(void *data, const char *name)
{
	return answer(data, 'g', name);
}

static int in_netgroup(void *data, const char *name)
{
	return answer(data, 'n', name);
}

const char *who_trouble(const struct who *who, int code)
{
	if (who->trouble.text[0])
		return who->trouble.text;
	return code == -ENAMETOOLONG
		       ? "the name of the remote host is too long to be compared with `rhosts`"
		       : strerror(-code);
}

struct policy_login who_login(struct who *who)
{
	return (struct policy_login){
		.user = who->user,
		.uid = who->uid,
		.service = who->service,
		.tty = who->tty,
		.rhost = who->rhost,
		.in_group = in_group,
		.in_netgroup = in_netgroup,
		.data = who,
	};
}
