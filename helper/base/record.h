/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small records below the state directory: what the kernel cannot tell a daemon
 * that was restarted. A record is a text of "key value" lines. The first line
 * is the boot id: after a reboot all records are void. The last line is "end":
 * a record without it was not written completely, and is void, too.
 */
#ifndef NETNS_PAM_HELPER_BASE_RECORD_H
#define NETNS_PAM_HELPER_BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/inet.h"
#include "helper/base/answer.h"

#define RECORD_MAX 4096

struct record {
	char text[RECORD_MAX];
	size_t used;
	int error; /* -E2BIG, or why the boot id cannot be read; 0 */
};

/* Begins a record with the boot id. An error is returned by record_save(). */
void record_begin(struct record *r);
/* A newline in the value becomes a space: a value cannot forge a key. */
void record_add(struct record *r, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Writes the file DIRFD/NAME, mode 0600, by one write(2): a new one, or with
 * `replace` .NAME, which is renamed. Return: 0, or -errno (-ENOSPC: the file
 * system is full) and what was there before stays.
 */
int record_write(int dirfd, const char *name, const void *text, size_t bytes,
		 bool replace);
int record_save(const struct record *r, int dirfd, const char *name,
		bool replace);

/*
 * Reads it back. Return: 0; -ENOENT; -ESTALE when it is of another boot;
 * -EBADMSG when it is not complete; -errno when it cannot be read.
 */
int record_load(struct record *r, int dirfd, const char *name);

/*
 * The same as an answer: ABSENT also for a void record, and for a file that is
 * no record (a directory, a symbolic link).
 */
int record_find(struct record *r, int dirfd, const char *name);

/*
 * Removes DIRFD/NAME. Return: 0, also when there is none; or -errno, and it is
 * left for record_sweep().
 */
int record_remove(int dirfd, const char *name);

/* Return: the value of a key, or ""; valid until the record is changed. */
const char *record_get(struct record *r, const char *key);
/* Return: the value as a decimal number, 0 when there is none. */
uint64_t record_get_number(struct record *r, const char *key);

/*
 * One description of the members of a struct that are kept in a record: by it
 * they are written and read. The order is the one in the file.
 */
enum record_type {
	RECORD_TEXT,	 /* char[] */
	RECORD_NUMBER,	 /* bool, enum or integer, not negative */
	RECORD_PREFIX,	 /* struct inet_prefix; AF_UNSPEC is left out */
	RECORD_ADDRESSES /* struct inet_prefix[], without their lengths */
};

struct record_field {
	const char *key;
	enum record_type type;
	size_t offset, size;
	size_t count; /* RECORD_ADDRESSES: offset of the size_t of how many */
};

#define RECORD_FIELD(in, type, key, member)                                    \
	{key, RECORD_##type, offsetof(struct in, member),                      \
	 sizeof(((struct in *)0)->member), 0}
#define RECORD_LIST(in, key, member, number)                                   \
	{key, RECORD_ADDRESSES, offsetof(struct in, member),                   \
	 sizeof(((struct in *)0)->member), offsetof(struct in, number)}

void record_add_fields(struct record *r, const struct record_field *fields,
		       size_t n, const void *from);
/* A value that is missing or invalid leaves the member as it is, or 0. */
void record_get_fields(struct record *r, const struct record_field *fields,
		       size_t n, void *to);

/*
 * Calls each() with every name in the directory that has no leading dot, until
 * it returns an error. Return: 0 or that -errno, or the directory's.
 */
int record_each(int dirfd, int (*each)(void *data, const char *name),
		void *data);

/*
 * The same with remove(), but goes on after an error.
 * Return: 0, or the first -errno.
 */
int record_clear(int dirfd, int (*remove)(void *data, const char *name),
		 void *data);

/*
 * Removes every file of the directory that is not known(), temporary files
 * among them. Return: 0, or the first -errno when something is left.
 */
int record_sweep(int dirfd, bool (*known)(void *data, const char *name),
		 void *data);

#endif
