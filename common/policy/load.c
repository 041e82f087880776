/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From files to a policy: reads each file, builds the objects, checks the whole
 * and hands it out when there is not one error.
 */
#include "policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "check.h"
#include "file.h"
#include "warn.h"

#define POOL4_DEFAULT "10.213.0.0/16"
#define POOL6_DEFAULT "fd6e:6574:6e73::/48"

/*
 * Services that check a password over the network for a server of their own
 * and open a session, but never give the user a process that could be moved:
 * the server's one process serves many users, and moving it would move all of
 * them. Nothing that starts a shell or a job belongs here.
 */
static const char *const excluded[] = {
	"samba",   /* smbd opens a session per share and stays one server */
	"cups",	   /* printing: the scheduler's web pages and queues */
	"dovecot", /* IMAP and POP3: no program of the user runs */
	"imap",	   /* other mail servers, likewise */
	"pop3",	   /* likewise */
	"ppp",	   /* pppd makes the interface where it stands: in the host */
};

/* A policy in the making, and what is needed to make it. */
struct maker {
	struct policy_store *store;
	struct policy_build build;
	struct note_book book;
};

static int maker_begin(struct maker *maker, bool warnings, struct error *err)
{
	struct policy_store *store = calloc(1, sizeof(*store));
	struct policy *policy;

	*maker = (struct maker){.store = store, .book.warnings = warnings};
	if (!store)
		return error_set(err, -ENOMEM, "out of memory");
	maker->build.store = store;
	maker->build.book = &maker->book;
	policy = &store->policy;
	policy->on_error = POLICY_ON_ERROR_DENY;
	policy->timeout_ms = POLICY_TIMEOUT_MS;
	inet_prefix_parse(POOL4_DEFAULT, &policy->pool4);
	inet_prefix_parse(POOL6_DEFAULT, &policy->pool6);
	policy->text = strdup("");
	if (!policy->text)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

/* Adds one file's bytes to the text; text is malloc'd and taken over. */
static int maker_join(struct maker *maker, char *text, size_t bytes)
{
	struct policy *policy = &maker->store->policy;
	char *joined;

	if (maker->build.store->policy.n_files == 1) {
		free(policy->text);
		policy->text = text;
		policy->text_bytes = bytes;
		return 0;
	}
	joined = realloc(policy->text, policy->text_bytes + bytes + 2);
	if (!joined) {
		free(text);
		return -ENOMEM;
	}
	joined[policy->text_bytes] = '\n';
	memcpy(joined + policy->text_bytes + 1, text, bytes + 1);
	policy->text = joined;
	policy->text_bytes += bytes + 1;
	free(text);
	return 0;
}

/* Takes the text over. */
static int maker_add(struct maker *maker, const char *file, char *text,
		     size_t bytes)
{
	int r = policy_build_file(&maker->build, file, text, bytes);

	if (r == 0 &&
	    maker->store->policy.text_bytes + bytes > POLICY_FILE_BYTES_MAX)
		note_error(
			&maker->book, file, 0,
			"all files of the policy together have more than %d bytes",
			POLICY_FILE_BYTES_MAX);
	if (r < 0) {
		free(text);
		return r;
	}
	return maker_join(maker, text, bytes);
}

static int maker_read(struct maker *maker, int dir_fd, const char *name,
		      const char *path, struct error *err)
{
	size_t bytes;
	char *text;
	int r = policy_file_read(dir_fd, name, path, &maker->book, &text,
				 &bytes, err);

	if (r < 0 || !text)
		return r;
	r = maker_add(maker, path, text, bytes);
	return r < 0 ? error_set(err, r, "%s: out of memory", path) : 0;
}

static int maker_dropins(struct maker *maker, const char *path,
			 struct error *err)
{
	struct policy_dir dir;
	char file[PATH_MAX];
	int r = policy_dir_open(path, &maker->book, &dir, err);

	if (r < 0)
		return r;
	for (size_t n = 0; n < dir.n && r == 0; n++) {
		if (snprintf(file, sizeof(file), "%s.d/%s", path,
			     dir.files[n]->d_name) >= (int)sizeof(file))
			r = error_set(err, -ENAMETOOLONG,
				      "%s.d: too long a path", path);
		else
			r = maker_read(maker, dir.fd, dir.files[n]->d_name,
				       file, err);
		if (r == -ENOENT)
			r = error_set(
				err, -EBUSY,
				"%s: it vanished while the directory was read; try again",
				file);
	}
	policy_dir_close(&dir);
	return r;
}

/* exclude_services = the built-in ones, then the file's. */
static void maker_exclude(struct maker *maker)
{
	struct policy_list *list = &maker->store->policy.exclude_services;
	size_t builtin = sizeof(excluded) / sizeof(excluded[0]);
	size_t bytes = (builtin + list->n) * sizeof(*list->items);
	char **items = arena_alloc(&maker->store->arena, bytes);

	if (!items) {
		maker->book.no_memory = true;
		return;
	}
	for (size_t n = 0; n < builtin; n++) {
		items[n] = arena_strndup(&maker->store->arena, excluded[n],
					 strlen(excluded[n]));
		if (!items[n])
			maker->book.no_memory = true;
	}
	if (list->n)
		memcpy(items + builtin, list->items,
		       list->n * sizeof(*list->items));
	list->items = items;
	list->n += builtin;
}

/* Checks the whole and hands the policy out, or only the notes. */
static int maker_finish(struct maker *maker, int r, struct policy **ret,
			struct policy_notes *notes, struct error *err)
{
	struct policy *policy = maker->store ? &maker->store->policy : NULL;

	if (r == 0) {
		if (!maker->book.no_memory)
			policy_check(&maker->build);
		maker_exclude(maker);
		if (!maker->book.no_memory && !maker->book.notes.errors &&
		    maker->book.warnings)
			policy_warn(&maker->build);
		note_sort(&maker->book);
		r = note_verdict(&maker->book, err);
	}
	if (r == 0) {
		policy->digest =
			index_hash(FNV_BASIS, policy->text, policy->text_bytes);
		*ret = policy;
		maker->store = NULL;
	}
	policy_build_clear(&maker->build);
	if (maker->store)
		policy_free(policy);
	if (notes)
		*notes = maker->book.notes;
	else
		policy_notes_clear(&maker->book.notes);
	return r;
}

static int policy_read(const char *path, bool dropins, struct policy **ret,
		       struct policy_notes *notes, struct error *err)
{
	struct maker maker;
	int r = maker_begin(&maker, notes != NULL, err);

	if (r == 0) {
		policy_file_check_parents(path, &maker.book);
		r = maker_read(&maker, AT_FDCWD, path, path, err);
		if (r == -ENOENT && dropins)
			r = 0;
		else if (r == -ENOENT)
			error_set(err, r, "%s: there is no such file", path);
	}
	if (r == 0 && dropins)
		r = maker_dropins(&maker, path, err);
	return maker_finish(&maker, r, ret, notes, err);
}

int policy_load(const char *path, struct policy **ret,
		struct policy_notes *notes, struct error *err)
{
	return policy_read(path, true, ret, notes, err);
}

int policy_load_file(const char *path, struct policy **ret,
		     struct policy_notes *notes, struct error *err)
{
	return policy_read(path, false, ret, notes, err);
}

int policy_parse(const char *name, const char *text, size_t bytes,
		 struct policy **ret, struct policy_notes *notes,
		 struct error *err)
{
	struct maker maker;
	char *copy = NULL;
	int r = maker_begin(&maker, notes != NULL, err);

	if (r == 0 && bytes > POLICY_FILE_BYTES_MAX) {
		note_error(&maker.book, name, 0,
			   "it has %zu bytes; at most %d fit", bytes,
			   POLICY_FILE_BYTES_MAX);
		bytes = 0;
	}
	if (r == 0 && !policy_file_is_text(name, text, bytes, &maker.book))
		bytes = 0;
	if (r == 0) {
		copy = strndup(text, bytes);
		r = copy ? maker_add(&maker, name, copy, bytes) : -ENOMEM;
		if (r < 0)
			error_set(err, r, "%s: out of memory", name);
	}
	return maker_finish(&maker, r, ret, notes, err);
}

struct policy *policy_free(struct policy *p)
{
	/* Every policy is the first member of a store. */
	struct policy_store *store = (struct policy_store *)p;

	if (!store)
		return NULL;
	free(p->rules);
	free(p->namespaces);
	free(p->networks);
	free(p->files);
	free(p->text);
	arena_clear(&store->arena);
	free(store);
	return NULL;
}
