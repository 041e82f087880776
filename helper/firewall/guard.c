/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "common/policy/policy.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/text.h"
#include "helper/helper.h"
#include "nft.h"

#define GUARD_PASSWD "/etc/passwd"
#define GUARD_GROUP  "/etc/group"

/* A line of /etc/group. */
struct guard_group {
	char *name;	     /* malloc'd */
	const char *members; /* ",A,B,", in the same memory as the name */
	gid_t gid;
};

struct guard_files {
	void *groups;	  /* a tree of tsearch(3) of struct guard_group */
	const char *user; /* the one that is being matched */
	gid_t gid;
};

static int group_compare(const void *a, const void *b)
{
	return strcmp(((const struct guard_group *)a)->name,
		      ((const struct guard_group *)b)->name);
}

static void group_free(void *node)
{
	free(((struct guard_group *)node)->name);
	free(node);
}

static struct guard_group *group_copy(const struct group *from)
{
	_cleanup_(text_clear) struct text t = {NULL};
	struct guard_group *g = calloc(1, sizeof(*g));
	FILE *f = g ? text_open(&t, NULL) : NULL;

	if (f)
		fprintf(f, "%s%c,", from->gr_name, '\0');
	for (char **m = from->gr_mem; f && *m; m++)
		fprintf(f, "%s,", *m);
	if (!f || text_close(&t, 0, NULL) < 0) {
		free(g);
		return NULL;
	}
	g->gid = from->gr_gid;
	g->name = take_ptr(t.s);
	g->members = g->name + strlen(g->name) + 1;
	return g;
}

static int groups_read(void **ret)
{
	_cleanup_fclose_ FILE *f = fopen(GUARD_GROUP, "re");
	const struct group *entry;

	if (!f)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = fgetgrent(f))) {
		struct guard_group *g = group_copy(entry);
		void *node = g ? tsearch(g, ret, group_compare) : NULL;

		if (!node) {
			if (g)
				group_free(g);
			return -ENOMEM;
		}
		if (*(struct guard_group **)node != g)
			group_free(g); /* the first line with a name counts */
	}
	return ferror(f) ? -EIO : 0;
}

static int guard_in_group(void *data, const char *name)
{
	const struct guard_files *files = data;
	const size_t len = strlen(files->user);
	struct guard_group key = {.name = (char *)(uintptr_t)name};
	void *node = tfind(&key, &files->groups, group_compare);
	const struct guard_group *g =
		node ? *(struct guard_group **)node : NULL;

	if (!g || g->gid == files->gid)
		return g != NULL;
	for (const char *m = g->members; len && (m = strstr(m, files->user));
	     m++)
		if (m[-1] == ',' && m[len] == ',')
			return 1;
	return 0;
}

/* Netgroups are in directories: their users are added at their login. */
static int guard_in_netgroup(void *data, const char *name)
{
	return 0;
}

static int uid_compare(const void *a, const void *b)
{
	uid_t x = *(const uid_t *)a, y = *(const uid_t *)b;

	return (x > y) - (x < y);
}

int guard_set_add(struct guard_set *set, uid_t uid)
{
	uid_t *added = ARRAY_ADD(set->uids, set->n);

	if (!added)
		return -ENOMEM;
	*added = uid;
	return 0;
}

static int guard_read_local(const struct policy *p, struct guard_set *set)
{
	_cleanup_fclose_ FILE *f = fopen(GUARD_PASSWD, "re");
	struct guard_files files = {0};
	const struct passwd *pw;
	int r;

	if (!f)
		return errno == ENOENT ? 0 : -errno;
	r = groups_read(&files.groups);
	while (r == 0 && (pw = fgetpwent(f))) {
		struct policy_login login = {
			.user = pw->pw_name,
			.uid = pw->pw_uid,
			.service = "",
			.tty = "",
			.rhost = "",
			.in_group = guard_in_group,
			.in_netgroup = guard_in_netgroup,
			.data = &files,
		};

		files.user = pw->pw_name;
		files.gid = pw->pw_gid;
		r = pw->pw_uid != 0 ? policy_guards(p, &login) : 0;
		if (r > 0)
			r = guard_set_add(set, pw->pw_uid);
	}
	if (r == 0 && ferror(f))
		r = -EIO;
	tdestroy(files.groups, group_free);
	return r;
}

/* Sorts it, each user once. */
static void set_sort(struct guard_set *set)
{
	size_t kept = 0;

	if (!set->n)
		return;
	qsort(set->uids, set->n, sizeof(*set->uids), uid_compare);
	for (size_t i = 0; i < set->n; i++)
		if (!i || set->uids[i] != set->uids[i - 1])
			set->uids[kept++] = set->uids[i];
	set->n = kept;
}

static int guard_compute(struct helper *h, struct error *err)
{
	struct guard *guard = h->guard;
	struct guard_set set = {0};
	int r = guard_read_local(store_policy(h->store), &set);

	if (r < 0) {
		log_warning("cannot read " GUARD_PASSWD " or " GUARD_GROUP
			    ": %s; the set of guarded users stays as it is",
			    strerror(-r));
		r = 0;
		for (size_t i = 0; r == 0 && i < guard->set.n; i++)
			r = guard_set_add(&set, guard->set.uids[i]);
	}
	if (r == 0 && guard->add_sessions)
		r = guard->add_sessions(h, &set);
	if (r < 0) {
		free(set.uids);
		return error_set(err, r, "out of memory");
	}
	set_sort(&set);
	free(guard->set.uids);
	guard->set = set;
	return 0;
}

static int guard_print(struct helper *h, FILE *f, struct error *err)
{
	nft_print_guard(f, h->guard->set.uids, h->guard->set.n);
	return 0;
}

const struct firewall_part guard_part = {
	.compute = guard_compute,
	.print = guard_print,
};

int guard_reload(struct helper *h, struct error *err)
{
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f;
	int r = guard_compute(h, err);

	if (r < 0 || !h->nft)
		return r;
	f = text_open(&t, err);
	if (!f)
		return -ENOMEM;
	r = text_close(&t, guard_print(h, f, err), err);
	if (r == 0)
		r = nft_run(h->nft, t.s, err);
	if (r < 0)
		nft_doubt(h->nft); /* loaded again before the next login */
	return r;
}

int guard_ensure(struct helper *h, uid_t uid, struct error *err)
{
	struct guard_set *set = &h->guard->set;
	int r;

	if (uid == 0)
		return 0;
	r = firewall_ensure(h, err);
	if (r < 0)
		return r;
	if (set->n &&
	    bsearch(&uid, set->uids, set->n, sizeof(uid), uid_compare))
		return 0;
	r = nft_guard_add(h->nft, uid, err);
	if (r < 0)
		return r;
	if (guard_set_add(set, uid) < 0) {
		nft_doubt(h->nft);
		return error_set(err, -ENOMEM, "out of memory");
	}
	set_sort(set);
	return 0;
}

void guard_close(struct helper *h)
{
	free(h->guard->set.uids);
	h->guard->set = (struct guard_set){NULL};
}
