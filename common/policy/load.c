/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the files of a policy, builds it, checks it, and returns it when it has
 * no error.
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
#include "common/cleanup.h"
#include "file.h"

#define POOL4_DEFAULT "10.213.0.0/16"
#define POOL6_DEFAULT "fd6e:6574:6e73::/48"

static int load_begin(struct policy_build *build, bool warnings,
		      struct error *err)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	*build = (struct policy_build){.policy = policy,
				       .book.warnings = warnings};
	if (policy)
		policy->text = calloc(1, 1);
	if (!policy || !policy->text)
		return error_set(err, -ENOMEM, "out of memory");
	policy->on_error = POLICY_ON_ERROR_DENY;
	policy->timeout_ms = POLICY_TIMEOUT_MS;
	inet_prefix_parse(POOL4_DEFAULT, &policy->pool4);
	inet_prefix_parse(POOL6_DEFAULT, &policy->pool6);
	return 0;
}

/* Reads the sections of one file and appends its bytes to the policy's text. */
static int load_text(struct policy_build *build, const char *file,
		     const char *text, size_t bytes, struct error *err)
{
	struct policy *policy = build->policy;
	int r = policy_build_file(build, file, text, bytes);
	size_t before = policy->text_bytes;
	char *joined = r < 0 ? NULL : realloc(policy->text, before + bytes + 2);

	if (!joined)
		return error_set(err, -ENOMEM, "%s: out of memory", file);
	if (before + bytes > POLICY_FILE_BYTES_MAX)
		note_error(&build->book, file, 0,
			   "all files of the policy together have more than %d bytes",
			   POLICY_FILE_BYTES_MAX);
	policy->text = joined;
	if (policy->n_files > 1)
		joined[before++] = '\n';
	memcpy(joined + before, text, bytes);
	joined[before + bytes] = '\0';
	policy->text_bytes = before + bytes;
	return 0;
}

static int load_file(struct policy_build *build, int dir_fd, const char *name,
		     const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t bytes;
	int r = policy_file_read(dir_fd, name, path, &build->book, &text,
				 &bytes, err);

	return r < 0 || !text ? r : load_text(build, path, text, bytes, err);
}

static int load_dropins(struct policy_build *build, const char *path,
			struct error *err)
{
	struct policy_dir dir;
	char file[PATH_MAX];
	int r = policy_dir_open(path, &build->book, &dir, err);

	if (r < 0)
		return r;
	for (size_t n = 0; n < dir.n && r == 0; n++) {
		const char *name = dir.files[n]->d_name;

		if (snprintf(file, sizeof(file), "%s.d/%s", path, name) >=
		    (int)sizeof(file))
			r = error_set(err, -ENAMETOOLONG,
				      "%s.d: too long a path", path);
		else
			r = load_file(build, dir.fd, name, file, err);
		if (r == -ENOENT)
			r = error_set(err, -EBUSY,
				      "%s: it was removed while the directory was read; try again",
				      file);
	}
	policy_dir_close(&dir);
	return r;
}

/* Checks the policy; returns it, or frees it and returns the notes. */
static int load_finish(struct policy_build *build, int r, struct policy **ret,
		       struct policy_notes *notes, struct error *err)
{
	struct policy *policy = build->policy;
	struct note_book *book = &build->book;

	if (r == 0) {
		if (!book->no_memory)
			policy_check(build);
		if (!book->no_memory && !book->notes.errors && book->warnings)
			policy_warn(build);
		note_sort(book);
		r = note_verdict(book, err);
	}
	if (r == 0) {
		policy->digest =
			index_hash(FNV_BASIS, policy->text, policy->text_bytes);
		*ret = policy;
	} else {
		policy_free(policy);
	}
	if (notes)
		*notes = book->notes;
	else
		policy_notes_clear(&book->notes);
	policy_build_clear(build);
	return r;
}

static int load(const char *path, bool dropins, struct policy **ret,
		struct policy_notes *notes, struct error *err)
{
	struct policy_build build;
	int r = load_begin(&build, notes != NULL, err);

	if (r == 0) {
		policy_file_check_parents(path, &build.book);
		r = load_file(&build, AT_FDCWD, path, path, err);
		if (r == -ENOENT && dropins)
			r = 0;
		else if (r == -ENOENT)
			error_set(err, r, "%s: there is no such file", path);
	}
	if (r == 0 && dropins)
		r = load_dropins(&build, path, err);
	return load_finish(&build, r, ret, notes, err);
}

int policy_load(const char *path, struct policy **ret,
		struct policy_notes *notes, struct error *err)
{
	return load(path, true, ret, notes, err);
}

int policy_load_file(const char *path, struct policy **ret,
		     struct policy_notes *notes, struct error *err)
{
	return load(path, false, ret, notes, err);
}

int policy_parse(const char *name, const char *text, size_t bytes,
		 struct policy **ret, struct policy_notes *notes,
		 struct error *err)
{
	struct policy_build build;
	int r = load_begin(&build, notes != NULL, err);

	if (r == 0 && bytes > POLICY_FILE_BYTES_MAX) {
		note_error(&build.book, name, 0,
			   "it has %zu bytes; the limit is %d", bytes,
			   POLICY_FILE_BYTES_MAX);
		bytes = 0;
	}
	if (r == 0 && !policy_file_is_text(name, text, bytes, &build.book))
		bytes = 0;
	if (r == 0)
		r = load_text(&build, name, text, bytes, err);
	return load_finish(&build, r, ret, notes, err);
}

struct policy *policy_free(struct policy *p)
{
	if (!p)
		return NULL;
	free(p->rules);
	free(p->namespaces);
	free(p->networks);
	free(p->files);
	free(p->text);
	arena_clear(&p->arena);
	free(p);
	return NULL;
}
