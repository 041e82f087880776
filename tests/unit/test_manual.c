// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares netns-pam.conf(5) with the table of keys in the code: the table of
 * the page has each key with the same section, links and "required", and no
 * other; each key has one paragraph, which ends with its default. Also checks
 * that each link has a sentence for `netns-pam explain`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/describe.h"
#include "common/policy/keys.h"

#define MANUAL	   "man/netns-pam.conf.5"
#define MANUAL_MAX (256 * 1024)
#define COLUMNS	   5

#define LINK(kind) (1u << LINK_##kind)
#define ALL	   ((1u << LINK_KINDS) - 1)
#define HOST	   (LINK(NAT) | LINK(ROUTED) | LINK(BRIDGE))

/* The words of the column "links", as the manual explains them. */
static const struct {
	const char *word;
	unsigned int links;
} words[] = {
	{"all", ALL},
	{"created", ALL & ~LINK(EXTERNAL)},
	{"linked", ALL & ~LINK(NONE) & ~LINK(EXTERNAL)},
	{"host", HOST},
	{"ether", HOST | LINK(CABLE) | LINK(MACVLAN) | LINK(DEVICE)},
	{"waits", ALL & ~LINK(NONE)},
};

static char manual[MANUAL_MAX];

static int manual_read(void **state)
{
	FILE *in = fopen(MANUAL, "r");

	if (!in)
		fail_msg("%s cannot be opened (the tests run at the top of the source tree)",
			 MANUAL);
	manual[fread(manual, 1, sizeof(manual) - 1, in)] = '\0';
	fclose(in);
	return 0;
}

/* Return: the bits, or 0 when the word is neither of the list nor a link. */
static unsigned int links_of(const char *word)
{
	for (size_t n = 0; n < sizeof(words) / sizeof(words[0]); n++)
		if (!strcmp(word, words[n].word))
			return words[n].links;
	for (unsigned int kind = 0; kind < LINK_KINDS; kind++)
		if (!strcmp(word, policy_link_name(kind)))
			return 1u << kind;
	return 0;
}

/* ".It a Ta b Ta c": the columns of a row, split in place. */
static size_t row_split(char *row, char *columns[COLUMNS])
{
	size_t n = 0;

	for (char *at = row; at && n < COLUMNS; n++) {
		char *end = strstr(at, " Ta ");

		columns[n] = at;
		if (end)
			*end = '\0';
		at = end ? end + strlen(" Ta ") : NULL;
	}
	return n;
}

static const struct policy_key *key_of(const char *section, const char *name)
{
	for (size_t n = 0; n < policy_keys_n; n++)
		if (!strcmp(policy_keys[n].name, name) &&
		    !strcmp(policy_kind_name(policy_keys[n].kind), section))
			return &policy_keys[n];
	return NULL;
}

static void row_check(char *columns[COLUMNS], unsigned int *seen)
{
	const char *name = columns[0], *links = columns[2];
	const char *reload = columns[4];
	const struct policy_key *key = key_of(columns[1], name);
	unsigned int wanted;

	if (!key) {
		fail_msg("the table has %s in [%s], which is no key", name,
			 columns[1]);
		return;
	}
	seen[key - policy_keys]++;
	wanted = key->links ? key->links : ALL;
	if (key->kind != KIND_NAMESPACE)
		assert_string_equal(links, "-");
	else if (links_of(links) != wanted)
		fail_msg("%s: the table says '%s' of its links", name, links);
	if (!strcmp(columns[3], "required") != !!(key->flags & KEY_REQUIRED))
		fail_msg("%s: the table says '%s' of its default", name,
			 columns[3]);
	if (strcmp(reload, "yes") != 0 && strcmp(reload, "no") != 0 &&
	    strcmp(reload, "partly") != 0)
		fail_msg("%s: the table says '%s' of a reload", name, reload);
}

static void the_table_has_each_key_once(void **state)
{
	unsigned int seen[256] = {0};
	char *table = strstr(manual, "\n.Bl -column \"exclude_services\"");
	char *end = table ? strstr(table, "\n.El") : NULL;
	char *text, *save = NULL;

	if (!end) {
		fail_msg("%s has no table of keys", MANUAL);
		return;
	}
	assert_true(policy_keys_n <= sizeof(seen) / sizeof(seen[0]));
	text = strndup(table, (size_t)(end - table));
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char none[] = "";
		char *columns[COLUMNS] = {none, none, none, none, none};

		if (strncmp(line, ".It ", 4) != 0 || strstr(line, ".It Sy"))
			continue;
		if (row_split(line + 4, columns) != COLUMNS)
			fail_msg("not %d columns: %s", COLUMNS, line);
		row_check(columns, seen);
	}
	free(text);
	for (size_t n = 0; n < policy_keys_n; n++)
		if (seen[n] != 1)
			fail_msg("%s of [%s] is in the table %u times",
				 policy_keys[n].name,
				 policy_kind_name(policy_keys[n].kind),
				 seen[n]);
}

/*
 * A paragraph of a key ends before the next key or section. In mdoc(7) each
 * sentence begins on a line of its own: the last line that begins with a
 * capital letter is the last sentence.
 */
static const char *last_sentence(const char *at, const char *end)
{
	const char *last = NULL;

	for (; at && at < end; at = strchr(at + 1, '\n'))
		if (at[1] >= 'A' && at[1] <= 'Z')
			last = at + 1;
	return last;
}

/* The beginning of what follows a paragraph, or the end of the page. */
static const char *paragraph_end(const char *at)
{
	static const char *const begins[] = {"\n.It Ic ", "\n.Ss ", "\n.Sh "};
	const char *end = at + strlen(at);

	for (size_t n = 0; n < sizeof(begins) / sizeof(begins[0]); n++) {
		const char *next = strstr(at, begins[n]);

		if (next && next < end)
			end = next;
	}
	return end;
}

static void each_paragraph_ends_with_the_default(void **state)
{
	static const char item[] = "\n.It Ic ";
	const char *at = strstr(manual, "\n.Ss [options]");
	size_t n = 0;

	assert_non_null(at);
	while ((at = strstr(at, item))) {
		const char *last;
		int len;

		at += strlen(item);
		len = (int)strcspn(at, " \n");
		if (strncmp(at + len, " Li = ", 6) != 0)
			continue;
		n++;
		last = last_sentence(strchr(at, '\n'), paragraph_end(at));
		if (!last || (strncmp(last, "The default is", 14) != 0 &&
			      strncmp(last, "Required", 8) != 0))
			fail_msg("%.*s: its paragraph does not end with its default",
				 len, at);
	}
	assert_int_equal(n, policy_keys_n);
}

static void explain_has_a_sentence_for_each_link(void **state)
{
	static char value[] = "x";
	const struct policy_whose whose = {"alice", 1000, "n.alice"};
	const struct policy policy = {.n_namespaces = 0};

	for (unsigned int kind = 0; kind < LINK_KINDS; kind++) {
		const struct policy_namespace ns = {.link = kind,
						    .network = value,
						    .peer = value,
						    .parent = value,
						    .interface = value,
						    .wireguard = value,
						    .openvpn = value};
		char *text = NULL;

		assert_int_equal(policy_describe_link(&policy, &ns, &whose,
						      &text),
				 0);
		assert_true(strlen(text) > strlen(policy_link_name(kind)));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_each_key_once),
		cmocka_unit_test(each_paragraph_ends_with_the_default),
		cmocka_unit_test(explain_has_a_sentence_for_each_link),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, manual_read, NULL);
}
