/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from strings to numbers, for policies of 5,000 sections. */
#ifndef NETNS_PAM_COMMON_INDEX_H
#define NETNS_PAM_COMMON_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE SIZE_MAX

struct index {
	struct index_slot {
		const char *name; /* borrowed; NULL: free */
		size_t value;
	} *slots;
	size_t n, size; /* size is a power of two */
};

#define FNV_BASIS 0xcbf29ce484222325ULL

/* FNV-1a, 64 bits, continued from `hash` (FNV_BASIS at first). */
uint64_t index_hash(uint64_t hash, const void *bytes, size_t n);

/* Return: the value of the name, or INDEX_NONE. */
size_t index_find(const struct index *index, const char *name);

/* Sets the value of a name. Return: 0, -ENOMEM. */
int index_put(struct index *index, const char *name, size_t value);

void index_clear(struct index *index);

#endif
