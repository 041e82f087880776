/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of one object: allocated in order, freed all at once. Makes a policy
 * of many small strings fast to read and to free.
 */
#ifndef NETNS_PAM_COMMON_ARENA_H
#define NETNS_PAM_COMMON_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *last;
	size_t used, size; /* of the last chunk, bytes */
};

/* Return: zeroed memory, aligned to a power of two, at most 16; NULL. */
void *arena_alloc(struct arena *arena, size_t bytes, size_t alignment);

/* Return: a NUL-terminated copy of the first `bytes` bytes of text; NULL. */
char *arena_strndup(struct arena *arena, const char *text, size_t bytes);

void arena_clear(struct arena *arena);

#endif
