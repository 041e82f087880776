/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration file that the policy names. It must be a regular file of
 * root's that others cannot write or replace (nor read, when it is secret), no
 * symbolic link, and not too large. All of this is checked on the descriptor
 * that is read.
 */
#ifndef NETNS_PAM_HELPER_BASE_ROOT_FILE_H
#define NETNS_PAM_HELPER_BASE_ROOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/error.h"

struct root_file {
	char *text; /* NUL-terminated */
	size_t bytes;
	size_t room; /* of text: root_file_clear() overwrites it */
	struct stat st;
};

/*
 * secret: it holds a private key. max: bytes. what: "configuration of
 * WireGuard", for the message that the file is too large.
 * Return: 0 and *ret, to be cleared by root_file_clear(); -errno with a
 * sentence that names the file and the command that corrects it.
 */
int root_file_read(const char *path, bool secret, size_t max, const char *what,
		   struct root_file *ret, struct error *err);

/*
 * Can only root put another file in the place of `name`, by the directories
 * above it? path: how to call the file. Return: 0; -EPERM with a sentence.
 */
int root_file_check_directories(const char *path, const char *name,
				struct error *err);

/* Overwrites and frees the text. */
void root_file_clear(struct root_file *file);

#endif
