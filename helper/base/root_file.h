/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration file that the policy names: regular, root's, reached without
 * a symbolic link in its last component and by directories of root's alone, not
 * too large, and either for root's eyes alone or at least for nobody else to
 * write. Looked at by descriptor, so that what was judged is what is read.
 */
#ifndef NETNS_PAM_HELPER_BASE_ROOT_FILE_H
#define NETNS_PAM_HELPER_BASE_ROOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/error.h"

struct root_file {
	char *text; /* with a NUL behind it */
	size_t bytes;
	size_t room; /* of text: what root_file_clear() wipes */
	struct stat st;
};

/*
 * secret: it holds a private key, so that others must not read it either.
 * what: "configuration of WireGuard", for the message about one that is larger
 * than `max` bytes.
 * Return: 0, and *ret is to be cleared; or -errno with a sentence that names
 * the file and the command that mends it.
 */
int root_file_read(const char *path, bool secret, size_t max, const char *what,
		   struct root_file *ret, struct error *err);

/* Wipes and frees the text. */
void root_file_clear(struct root_file *file);

#endif
