/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of words in messages; misspelt words. */
#ifndef NETNS_PAM_COMMON_POLICY_WORDS_H
#define NETNS_PAM_COMMON_POLICY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define POLICY_WORDS_MAX 256

/* Writes "a, b or c", as far as it fits. */
void policy_words_join(const char *const *words, size_t n,
		       char ret[static POLICY_WORDS_MAX]);

/* Is `word` at most two edits away from `other`, which is longer than that? */
bool policy_word_like(const char *word, const char *other);

#endif
