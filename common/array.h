/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETNS_PAM_COMMON_ARRAY_H
#define NETNS_PAM_COMMON_ARRAY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Appends a zeroed item to a malloc'd array of n items, which doubles at powers
 * of two, so that no capacity is kept. Return: the item, or NULL.
 */
static inline void *array_add(void **items, size_t *n, size_t item_bytes)
{
	char *grown;

	if (!(*n & (*n - 1))) {
		grown = realloc(*items, (*n ? *n * 2 : 1) * item_bytes);
		if (!grown)
			return NULL;
		*items = grown;
	}
	return memset((char *)*items + (*n)++ * item_bytes, 0, item_bytes);
}
#define ARRAY_ADD(items, n) array_add((void **)&(items), &(n), sizeof(*(items)))

#endif
