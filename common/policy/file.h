/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy's files: from a path to bytes that may be believed. Should: check
 * everything on the open fd and read once. Mustn't: hang on a FIFO, follow a
 * link, act on a file that is being written, look at what the bytes mean.
 */
#ifndef NETNS_PAM_COMMON_POLICY_FILE_H
#define NETNS_PAM_COMMON_POLICY_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/error.h"
#include "note.h"

/*
 * Reads one regular file whole. `name` is what to open below dir_fd (AT_FDCWD)
 * and `path` what to call it. An owner other than root, or a mode that lets
 * others write, is noted as an error, and the text returned all the same, so
 * that its own errors are reported in the same pass.
 * Return: 0 with *ret_text malloc'd (NUL-terminated, no NUL inside), NULL when
 * a noted error leaves nothing to read; -ENOENT; -EBUSY while somebody writes
 * it; -errno with a sentence.
 */
int policy_file_read(int dir_fd, const char *name, const char *path,
		     struct note_book *book, char **ret_text, size_t *ret_bytes,
		     struct error *err);

/*
 * Notes an error for each directory above `path` in which somebody but root
 * could exchange the file: not root's, or writable by others without the
 * sticky bit.
 */
void policy_file_check_parents(const char *path, struct note_book *book);

/*
 * Notes errors when `what` ("file", "directory") is not root's, or when others
 * can write it, save with the sticky bit where `sticky` says so.
 */
void policy_file_check_owner(const char *path, const struct stat *st,
			     const char *what, bool sticky,
			     struct note_book *book);

/* Is there no NUL in the text? Return: false with its line noted. */
bool policy_file_is_text(const char *path, const char *text, size_t bytes,
			 struct note_book *book);

/* The drop-in directory. */
struct policy_dir {
	int fd;		       /* -EBADF: there is none */
	struct dirent **files; /* that count, in strcmp() order of d_name */
	size_t n;
};

/*
 * Opens and lists "PATH.d"; what is wrong with the directory itself is noted.
 * Return: 0 (policy_dir_close() it, also when it does not exist), -errno.
 */
int policy_dir_open(const char *path, struct note_book *book,
		    struct policy_dir *ret, struct error *err);
void policy_dir_close(struct policy_dir *dir);

#endif
