/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small records below the state directory: what the kernel cannot tell a
 * helper that was started anew. A record is a text of "key value" lines, first
 * of them the boot id: after a reboot all records are void.
 *
 * Should: survive a kill at any instruction; a half-written record is none.
 */
#ifndef NETNS_PAM_HELPER_BASE_RECORD_H
#define NETNS_PAM_HELPER_BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define RECORD_MAX 4096

struct record {
	char text[RECORD_MAX];
	size_t used;
	bool overflow;
};

/* Begins a record with the boot id. */
void record_begin(struct record *r);
/* A newline in the value becomes a space: a value cannot forge a key. */
void record_add(struct record *r, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Writes DIRFD/NAME. In one write(2) to a new file, ended by the line "end";
 * replace: through a temporary file and rename(2), for a record that exists.
 * Return: 0 or -errno (-ENOSPC: the state directory is full).
 */
int record_save(const struct record *r, int dirfd, const char *name,
		bool replace);

/*
 * Reads it back. Return: 0; -ENOENT; -ESTALE when it is of another boot;
 * -EBADMSG when it is not whole.
 */
int record_load(struct record *r, int dirfd, const char *name);

/* Return: the value of a key, or "" ; valid until the record is changed. */
const char *record_get(struct record *r, const char *key);
uint64_t record_get_number(struct record *r, const char *key);

/* Calls each() with every name in the directory (no leading dot). */
int record_each(int dirfd, void (*each)(void *data, const char *name),
		void *data);

#endif
