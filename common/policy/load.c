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
#include <sys/stat.h>

#include "build.h"
#include "check.h"
#include "common/cleanup.h"
#include "file.h"

#define FILE_SUFFIX   ".conf"
#define DROPINS_MAX   1024
#define DIR_FLAGS     (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
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

/* --- the drop-in directory, PATH.d --- */

static int name_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int name_counts(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t len = strlen(name), suffix = strlen(FILE_SUFFIX);

	return name[0] != '.' && len > suffix &&
	       !strcmp(name + len - suffix, FILE_SUFFIX);
}

/* Return: the fd; -ENOENT; -EINVAL with an error noted; -errno. */
static int dir_open(const char *path, struct note_book *book, struct error *err)
{
	int fd = open(path, DIR_FLAGS);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return -ENOENT;
	if (errno != ELOOP && errno != ENOTDIR) {
		error_set(err, 0, "%s: cannot be opened: %m", path);
		return errno == EINVAL ? -EIO : -errno; /* -EINVAL is noted */
	}
	note_error(book, path, 0,
		   "it is not a directory; drop-ins must be in a directory that is not a symbolic link");
	return -EINVAL;
}

static int load_dropin(struct policy_build *build, int dir_fd, const char *dir,
		       const char *name, struct error *err)
{
	char file[PATH_MAX + NAME_MAX + 1];
	int r;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	r = load_file(build, dir_fd, name, file, err);
	if (r == -ENOENT)
		r = error_set(err, -EBUSY,
			      "%s: it was removed while the directory was read; try again",
			      file);
	return r;
}

/* Its owner and mode are checked, its files read in strcmp() order. */
static int load_dropins(struct policy_build *build, const char *path,
			struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ struct dirent **files = NULL;
	char dir[PATH_MAX];
	struct stat st;
	int n, r = 0;

	if (snprintf(dir, sizeof(dir), "%s.d", path) >= (int)sizeof(dir))
		return error_set(err, -ENAMETOOLONG, "%s: too long a path",
				 path);
	fd = dir_open(dir, &build->book, err);
	if (fd < 0)
		return fd == -ENOENT || fd == -EINVAL ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "%s: fstat: %m", dir);
	policy_file_check_owner(dir, &st, "directory", false, &build->book);
	n = scandirat(fd, ".", &files, name_counts, name_compare);
	if (n < 0)
		return error_set(err, -errno, "%s: cannot be read: %m", dir);
	if (n > DROPINS_MAX)
		note_error(&build->book, dir, 0,
			   "more than %d files; join some of them",
			   DROPINS_MAX);
	for (int k = 0; k < n; k++) {
		if (r == 0 && n <= DROPINS_MAX)
			r = load_dropin(build, fd, dir, files[k]->d_name, err);
		free(files[k]);
	}
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
