/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy's files: from a path to bytes that can be trusted. All is checked
 * on the open descriptor, and a file is read once. A FIFO does not block, no
 * link is followed, a file that is being written is not used.
 */
#ifndef NETNS_PAM_COMMON_POLICY_FILE_H
#define NETNS_PAM_COMMON_POLICY_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/error.h"
#include "note.h"

/*
 * Reads one regular file, `name` below dir_fd, called `path` in messages. A
 * wrong owner or mode is noted as an error and the text returned all the same,
 * so that its own errors are reported in the same pass.
 * Return: 0 with *ret_text malloc'd (NUL-terminated, no NUL inside), or NULL
 * when a noted error prevents reading; -ENOENT; -EBUSY while a process writes
 * it, or -errno, with a sentence.
 */
int policy_file_read(int dir_fd, const char *name, const char *path,
		     struct note_book *book, char **ret_text, size_t *ret_bytes,
		     struct error *err);

/*
 * Notes an error for each directory above `path` in which a user other than
 * root can replace the file, see policy_file_check_owner().
 */
void policy_file_check_parents(const char *path, struct note_book *book);

/*
 * Notes an error when `what` ("file", "directory") is not owned by root, and
 * when group or others can write it; sticky: the sticky bit permits that.
 */
void policy_file_check_owner(const char *path, const struct stat *st,
			     const char *what, bool sticky,
			     struct note_book *book);

/* Return: has the text no NUL byte; else false with an error noted. */
bool policy_file_is_text(const char *path, const char *text, size_t bytes,
			 struct note_book *book);

#endif
