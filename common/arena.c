/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of chunks, each twice as large as the one before. */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST ((size_t)4096)
#define CHUNK_MAX   ((size_t)1 << 20)

struct arena_chunk {
	struct arena_chunk *before;
	size_t reserved; /* keeps bytes[] aligned */
	unsigned char bytes[];
};

static int arena_grow(struct arena *arena, size_t bytes)
{
	size_t size = arena->size ? arena->size * 2 : CHUNK_FIRST;
	struct arena_chunk *chunk;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < bytes)
		size = bytes;
	chunk = calloc(1, sizeof(*chunk) + size);
	if (!chunk)
		return -1;
	chunk->before = arena->last;
	arena->last = chunk;
	arena->used = 0;
	arena->size = size;
	return 0;
}

void *arena_alloc(struct arena *arena, size_t bytes, size_t alignment)
{
	size_t at = (arena->used + alignment - 1) & ~(alignment - 1);
	void *p;

	if (bytes > SIZE_MAX / 4)
		return NULL;
	if (!arena->last || at > arena->size || arena->size - at < bytes) {
		if (arena_grow(arena, bytes) < 0)
			return NULL;
		at = 0;
	}
	p = arena->last->bytes + at;
	arena->used = at + bytes;
	return p;
}

char *arena_strndup(struct arena *arena, const char *text, size_t bytes)
{
	char *copy = arena_alloc(arena, bytes + 1, 1);

	if (copy)
		memcpy(copy, text, bytes);
	return copy;
}

void arena_clear(struct arena *arena)
{
	struct arena_chunk *chunk = arena->last;

	while (chunk) {
		struct arena_chunk *before = chunk->before;

		free(chunk);
		chunk = before;
	}
	*arena = (struct arena){0};
}
