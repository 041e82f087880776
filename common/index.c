/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing with linear probing, at most half full. */
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_FIRST 32
#define FNV_PRIME   0x100000001b3ULL

uint64_t index_hash(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n--)
		hash = (hash ^ *p++) * FNV_PRIME;
	return hash;
}

/* Return: the slot of the name, or the free slot for it. */
static struct index_slot *slot_of(struct index_slot *slots, size_t size,
				  const char *name)
{
	uint64_t hash = index_hash(FNV_BASIS, name, strlen(name));
	size_t at = (size_t)(hash ^ hash >> 32) & (size - 1);

	while (slots[at].name && strcmp(slots[at].name, name) != 0)
		at = (at + 1) & (size - 1);
	return &slots[at];
}

size_t index_find(const struct index *index, const char *name)
{
	const struct index_slot *slot;

	if (!index->n)
		return INDEX_NONE;
	slot = slot_of(index->slots, index->size, name);
	return slot->name ? slot->value : INDEX_NONE;
}

static int index_grow(struct index *index)
{
	size_t size = index->size ? index->size * 2 : INDEX_FIRST;
	struct index_slot *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t n = 0; n < index->size; n++)
		if (index->slots[n].name)
			*slot_of(slots, size, index->slots[n].name) =
				index->slots[n];
	free(index->slots);
	index->slots = slots;
	index->size = size;
	return 0;
}

int index_put(struct index *index, const char *name, size_t value)
{
	struct index_slot *slot;

	if (index->n * 2 >= index->size && index_grow(index) < 0)
		return -ENOMEM;
	slot = slot_of(index->slots, index->size, name);
	if (!slot->name)
		index->n++;
	*slot = (struct index_slot){.name = name, .value = value};
	return 0;
}

void index_clear(struct index *index)
{
	free(index->slots);
	*index = (struct index){0};
}
