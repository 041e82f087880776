/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <string.h>
#include <sys/param.h>

#define WORD_MAX 64 /* a longer word is no misspelt key */
#define SLIPS	 2

/* Levenshtein distance, row by row. */
bool policy_word_like(const char *word, const char *other)
{
	unsigned int row[WORD_MAX + 1], above, left;
	size_t n = strlen(word), m = strlen(other);

	if (n > WORD_MAX || m > WORD_MAX || m <= SLIPS)
		return false;
	for (unsigned int j = 0; j <= m; j++)
		row[j] = j;
	for (unsigned int i = 1; i <= n; i++) {
		above = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			left = row[j];
			row[j] = MIN(MIN(row[j], row[j - 1]) + 1,
				     above + (word[i - 1] != other[j - 1]));
			above = left;
		}
	}
	return row[m] <= SLIPS && row[m] < m;
}

void policy_words_join(const char *const *words, size_t n,
		       char ret[static POLICY_WORDS_MAX])
{
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *joint = i == 0 ? "" : i == n - 1 ? " or " : ", ";
		size_t before = strlen(joint), more = strlen(words[i]);

		if (len + before + more >= POLICY_WORDS_MAX)
			return;
		memcpy(ret + len, joint, before);
		memcpy(ret + len + before, words[i], more + 1);
		len += before + more;
	}
}
