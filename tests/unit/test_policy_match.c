// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rule matches a login, and which queries to NSS that takes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/policy.h"

/* A name service: the groups of the user, and the queries it got. */
struct directory {
	const char *groups, *netgroups; /* "|one|two|" */
	const char *broken;		/* the query for this name fails */
	char asked[65536];		/* "gstaff nlab ..." */
};

static int directory_ask(struct directory *dir, char kind, const char *list,
			 const char *name)
{
	size_t len = strlen(dir->asked);
	char word[320];

	snprintf(dir->asked + len, sizeof(dir->asked) - len, "%c%s ", kind,
		 name);
	if (dir->broken && !strcmp(dir->broken, name))
		return -EIO;
	snprintf(word, sizeof(word), "|%s|", name);
	return list && strstr(list, word) != NULL;
}

static int directory_group(void *data, const char *name)
{
	struct directory *dir = data;

	return directory_ask(dir, 'g', dir->groups, name);
}

static int directory_netgroup(void *data, const char *name)
{
	struct directory *dir = data;

	return directory_ask(dir, 'n', dir->netgroups, name);
}

static struct policy_login login_of(struct directory *dir, const char *user,
				    uid_t uid)
{
	dir->asked[0] = '\0';
	return (struct policy_login){
		.user = user,
		.uid = uid,
		.service = "sshd",
		.tty = "",
		.rhost = "",
		.in_group = directory_group,
		.in_netgroup = directory_netgroup,
		.data = dir,
	};
}

static struct policy *policy_of(const char *text)
{
	struct policy *policy = NULL;
	struct error err = {.text = ""};

	if (policy_parse("p", text, strlen(text), &policy, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return policy;
}

/* The name of the rule that matches, or "none". */
static const char *match(const struct policy *p, struct policy_login login)
{
	const struct policy_rule *rule = NULL;

	assert_int_equal(policy_match(p, &login, &rule), 0);
	return rule ? rule->name : "none";
}

static struct directory empty;

/* Does a rule with this line match a login of alice, uid 1000? */
static bool line_matches(const char *line, const char *service, const char *tty,
			 const char *rhost)
{
	struct policy_login login = login_of(&empty, "alice", 1000);
	char text[512];
	struct policy *p;
	bool yes;

	login.service = service;
	login.tty = tty;
	login.rhost = rhost;
	snprintf(text, sizeof(text), "[rule r]\nnamespace = host\n%s\n", line);
	p = policy_of(text);
	yes = strcmp(match(p, login), "none") != 0;
	policy_free(p);
	return yes;
}

static void a_rule_without_matchers_matches_every_login(void **state)
{
	assert_true(line_matches("", "sshd", "", ""));
	assert_true(line_matches("", "", "", ""));
}

static void users_are_compared_byte_by_byte(void **state)
{
	static const char *const odd[] = {
		"AD\\bob", "a@b.org",	  "a$",	 "-n",	"domain users",
		"1000",	   "j\xc3\xb6rg", "a.b", "x'y", "%",
	};
	struct policy *p =
		policy_of("[rule r]\nnamespace = host\nusers = bob, "
			  "AD\\bob, a@b.org, a$, -n, domain\\ users,\n"
			  "  1000, j\xc3\xb6rg, a.b, x'y\n");

	for (size_t n = 0; n + 1 < sizeof(odd) / sizeof(odd[0]); n++)
		assert_string_equal(match(p, login_of(&empty, odd[n], 7)), "r");
	assert_string_equal(match(p, login_of(&empty, "bob", 7)), "r");
	assert_string_equal(match(p, login_of(&empty, "Bob", 7)), "none");
	assert_string_equal(match(p, login_of(&empty, "bo", 7)), "none");
	assert_string_equal(match(p, login_of(&empty, "bobby", 7)), "none");
	assert_string_equal(match(p, login_of(&empty, "ad\\bob", 7)), "none");
	assert_string_equal(match(p, login_of(&empty, "j\xf6rg", 7)), "none");
	assert_string_equal(match(p, login_of(&empty, "%", 7)), "none");
	assert_string_equal(match(p, login_of(&empty, "", 7)), "none");
	policy_free(p);
}

static void uids_are_ranges_with_both_ends(void **state)
{
	struct policy *p = policy_of("[rule r]\nnamespace = host\nuids = 5, "
				     "1000-1999, 4294967294-4294967295\n");
	static const struct {
		uid_t uid;
		const char *rule;
	} logins[] = {
		{4, "none"},	    {5, "r"},		{6, "none"},
		{999, "none"},	    {1000, "r"},	{1500, "r"},
		{1999, "r"},	    {2000, "none"},	{4294967293u, "none"},
		{4294967294u, "r"}, {4294967295u, "r"},
	};

	for (size_t n = 0; n < sizeof(logins) / sizeof(logins[0]); n++)
		assert_string_equal(match(p,
					  login_of(&empty, "x", logins[n].uid)),
				    logins[n].rule);
	policy_free(p);
}

static void services_are_globs(void **state)
{
	assert_true(line_matches("services = sshd", "sshd", "", ""));
	assert_false(line_matches("services = ssh", "sshd", "", ""));
	assert_false(line_matches("services = sshd", "SSHD", "", ""));
	assert_true(line_matches("services = ssh*", "sshd", "", ""));
	assert_true(line_matches("services = su, sudo", "sudo", "", ""));
	assert_true(line_matches("services = su?", "su1", "", ""));
	assert_true(line_matches("services = [!x]*", "sshd", "", ""));
	assert_true(line_matches("services = *", "anything", "", ""));
	assert_true(line_matches("services = a\\*b", "a*b", "", ""));
	assert_false(line_matches("services = a\\*b", "axb", "", ""));
}

static void ttys_match_with_and_without_dev(void **state)
{
	assert_true(line_matches("ttys = tty1", "login", "/dev/tty1", ""));
	assert_true(line_matches("ttys = /dev/tty1", "login", "tty1", ""));
	assert_true(line_matches("ttys = tty1", "login", "tty1", ""));
	assert_false(line_matches("ttys = tty1", "login", "tty11", ""));
	assert_true(line_matches("ttys = tty*", "login", "/dev/ttyS0", ""));
	assert_true(line_matches("ttys = pts/*", "sshd", "/dev/pts/3", ""));
	assert_true(line_matches("ttys = :0", "gdm", ":0", ""));
	assert_true(line_matches("ttys = cron", "cron", "cron", ""));
	/* A login without a terminal is on none. */
	assert_false(line_matches("ttys = *", "sshd", "", ""));
}

static void rhosts_are_addresses_prefixes_and_names(void **state)
{
	static const struct {
		const char *pattern, *rhost;
		bool matches;
	} cases[] = {
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.77", false},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "::ffff:192.0.2.9", true},
		{"192.0.2.0/24", "::ffff:198.51.100.9", false},
		{"192.0.2.0/24", "host.example.org", false},
		{"192.0.2.0/24", "192.0.2.9.example.org", false},
		{"0.0.0.0/0", "203.0.113.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"2001:db8::/32", "2001:db8:1::9", true},
		{"2001:db8::/32", "2001:DB8::1", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"fe80::/10", "fe80::1%eth0", true},
		{"*.example.org", "www.example.org", true},
		{"*.example.org", "WWW.Example.ORG", true},
		{"*.example.org", "www.example.org.", true},
		{"*.example.org", "example.org", false},
		{"*.example.org", "www.example.org.evil.example", false},
		{"www.example.org", "www.example.org", true},
		{"*", "192.0.2.1", true},
		{"*", "anything", true},
		/* A local login has no remote host: nothing matches. */
		{"*", "", false},
		{"192.0.2.0/24", "", false},
		{"0.0.0.0/0", "192.0.2.1/24", false},
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		char line[128];

		snprintf(line, sizeof(line), "rhosts = %s", cases[n].pattern);
		if (line_matches(line, "sshd", "", cases[n].rhost) !=
		    cases[n].matches)
			fail_msg("rhosts = %s, %s", cases[n].pattern,
				 cases[n].rhost);
	}
}

static void an_rhost_of_255_bytes_is_compared_to_its_end(void **state)
{
	static char rhost[100000];

	memset(rhost, '1', 255);
	assert_true(line_matches("rhosts = *", "sshd", "", rhost));
	assert_false(line_matches("rhosts = 10.0.0.0/8", "sshd", "", rhost));
	memset(rhost, '%', 255);
	assert_false(line_matches("rhosts = 10.0.0.0/8", "sshd", "", rhost));
	/* The last byte of the longest rhost is compared. */
	memcpy(rhost + 256 - sizeof(".example.org"), ".example.org",
	       sizeof(".example.org"));
	assert_true(line_matches("rhosts = *.example.org", "sshd", "", rhost));
	assert_false(line_matches("rhosts = *.example.or", "sshd", "", rhost));
}

/* Otherwise a remote host could choose that a rule does not match. */
static void an_rhost_too_long_is_an_error_not_a_mismatch(void **state)
{
	static char rhost[100000];
	static const size_t lengths[] = {256, 257, 300, sizeof(rhost) - 1};
	static const char *const lines[] = {"rhosts = *", "rhosts = *.evil.org",
					    "rhosts = 10.0.0.0/8",
					    "ttys = ssh\nrhosts = ::/0"};
	struct policy_login login = login_of(&empty, "alice", 1000);

	login.tty = "ssh";
	login.rhost = rhost;
	for (size_t n = 0; n < sizeof(lengths) / sizeof(*lengths); n++) {
		memset(rhost, '1', lengths[n]);
		for (size_t l = 0; l < sizeof(lines) / sizeof(*lines); l++) {
			const struct policy_rule *rule = NULL;
			const char *why = NULL;
			char text[256];
			struct policy *p;

			snprintf(text, sizeof(text),
				 "[rule bob]\nusers = bob\nrhosts = *\n"
				 "namespace = host\n[rule r]\n"
				 "namespace = host\n%s\n[rule all]\n"
				 "namespace = host\n",
				 lines[l]);
			p = policy_of(text);
			assert_int_equal(policy_match(p, &login, &rule),
					 -ENAMETOOLONG);
			assert_null(rule);
			assert_int_equal(policy_rule_match(&p->rules[1], &login,
							   &why),
					 -ENAMETOOLONG);
			/* A rule for another user does not compare it. */
			assert_int_equal(policy_rule_match(&p->rules[0], &login,
							   &why),
					 0);
			assert_string_equal(why, "users");
			policy_free(p);
		}
	}
}

/* They are compared to their end, whatever their length. */
static void services_and_ttys_have_no_limit(void **state)
{
	static char text[100000];

	memset(text, 's', sizeof(text) - 1);
	assert_true(line_matches("services = s*", text, "", ""));
	assert_false(line_matches("services = s*d", text, "", ""));
	assert_true(line_matches("ttys = s*", "sshd", text, ""));
	assert_false(line_matches("ttys = s*d", "sshd", text, ""));
}

static void all_matchers_of_a_rule_must_match(void **state)
{
	struct directory dir = {.groups = "|staff|", .netgroups = "|lab|"};
	struct policy *p = policy_of("[rule r]\nnamespace = host\n"
				     "users = alice\ngroups = staff\n"
				     "netgroups = lab\nuids = 1000\n"
				     "services = sshd\nttys = ssh\n"
				     "rhosts = 192.0.2.1\n");
	struct policy_login good = login_of(&dir, "alice", 1000), bad;

	good.tty = "ssh";
	good.rhost = "192.0.2.1";
	assert_string_equal(match(p, good), "r");
	bad = good;
	bad.user = "bob";
	assert_string_equal(match(p, bad), "none");
	bad = good;
	bad.uid = 1001;
	assert_string_equal(match(p, bad), "none");
	bad = good;
	bad.service = "su";
	assert_string_equal(match(p, bad), "none");
	bad = good;
	bad.tty = "tty1";
	assert_string_equal(match(p, bad), "none");
	bad = good;
	bad.rhost = "192.0.2.2";
	assert_string_equal(match(p, bad), "none");
	dir.groups = "|other|";
	assert_string_equal(match(p, good), "none");
	dir.groups = "|staff|";
	dir.netgroups = NULL;
	assert_string_equal(match(p, good), "none");
	policy_free(p);
}

static void the_first_rule_in_file_order_wins(void **state)
{
	struct policy *p = policy_of("[rule z]\nusers = bob\nnamespace = host\n"
				     "[rule y]\nnamespace = host\n"
				     "uids = 1000\n"
				     "[rule a]\nusers = alice\n"
				     "namespace = host\n");

	assert_string_equal(match(p, login_of(&empty, "alice", 1000)), "y");
	assert_string_equal(match(p, login_of(&empty, "alice", 1001)), "a");
	assert_string_equal(match(p, login_of(&empty, "bob", 1000)), "z");
	assert_string_equal(match(p, login_of(&empty, "carol", 9)), "none");
	policy_free(p);
}

static void root_is_matched_by_name_only(void **state)
{
	static const struct {
		const char *line, *user;
		bool matches;
	} cases[] = {
		{"", "root", false},
		{"groups = root", "root", false},
		{"services = *", "root", false},
		{"uids = 1-4294967295", "root", false},
		{"users = alice", "root", false},
		{"users = root", "root", true},
		{"users = alice, root", "root", true},
		{"uids = 0", "root", true},
		{"uids = 0-999", "root", false},
		{"uids = 0, 1-999", "root", true},
		{"users = root\nservices = sshd", "root", true},
		{"users = root\nservices = su", "root", false},
		{"users = root\nuids = 1000", "root", false},
		/* Another user name with uid 0 is treated the same. */
		{"users = toor", "toor", false},
		{"users = root", "toor", false},
		{"uids = 0", "toor", true},
		{"", "toor", false},
	};
	struct directory dir = {.groups = "|root|"};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		char text[256];
		struct policy *p;
		const char *rule;

		snprintf(text, sizeof(text), "[rule r]\nnamespace = host\n%s\n",
			 cases[n].line);
		p = policy_of(text);
		rule = match(p, login_of(&dir, cases[n].user, 0));
		if (strcmp(rule, cases[n].matches ? "r" : "none") != 0)
			fail_msg("'%s' for %s", cases[n].line, cases[n].user);
		policy_free(p);
	}
}

static void F31_no_query_for_root(void **state)
{
	struct directory dir = {.groups = "|root|"};
	struct policy *p = policy_of("[rule a]\ngroups = root\nnetgroups = x\n"
				     "namespace = host\n"
				     "[rule b]\nnamespace = host\n");

	assert_string_equal(match(p, login_of(&dir, "root", 0)), "none");
	assert_string_equal(dir.asked, "");
	policy_free(p);
}

static void the_name_service_is_queried_last_and_once(void **state)
{
	struct directory dir = {.groups = "|staff|g2|", .netgroups = "|lab|"};
	struct policy *p = policy_of(
		"[rule a]\nusers = bob\ngroups = a1\nnamespace = host\n"
		"[rule b]\nservices = su\ngroups = b1\nnamespace = host\n"
		"[rule c]\nuids = 1\nnetgroups = c1\nnamespace = host\n"
		"[rule d]\nrhosts = 192.0.2.1\ngroups = d1\nnamespace = host\n"
		"[rule e]\nttys = tty1\ngroups = e1\nnamespace = host\n"
		"[rule f]\ngroups = f1, g1\nnetgroups = f2\nnamespace = host\n"
		"[rule g]\ngroups = g1, g2, g3\nnetgroups = lab, ops\n"
		"namespace = host\n"
		"[rule h]\ngroups = h1\nnamespace = host\n");

	assert_string_equal(match(p, login_of(&dir, "alice", 1000)), "g");
	/* No query after a match in a list, none after rule g; g1 once. */
	assert_string_equal(dir.asked, "gf1 gg1 gg2 nlab ");
	policy_free(p);
}

static void a_group_and_a_netgroup_of_one_name_are_two(void **state)
{
	struct directory dir = {.groups = "|x|"};
	struct policy *p =
		policy_of("[rule a]\nnetgroups = x\nnamespace = host\n"
			  "[rule b]\ngroups = x\nnamespace = host\n");

	assert_string_equal(match(p, login_of(&dir, "alice", 1000)), "b");
	assert_string_equal(dir.asked, "nx gx ");
	policy_free(p);
}

static void a_failed_query_is_an_error_not_a_mismatch(void **state)
{
	struct directory dir = {.groups = "|staff|", .broken = "ldap"};
	struct policy *p =
		policy_of("[rule a]\ngroups = ldap\nnamespace = host\n"
			  "[rule b]\nusers = alice\nnamespace = host\n");
	struct policy *q =
		policy_of("[rule a]\nusers = alice\nnamespace = host\n"
			  "[rule b]\nnetgroups = ldap\nnamespace = host\n");
	struct policy_login login = login_of(&dir, "alice", 1000);
	const struct policy_rule *rule = NULL;

	assert_int_equal(policy_match(p, &login, &rule), -EIO);
	assert_null(rule);
	/* The second rule is not reached: its query is not made. */
	assert_string_equal(match(q, login), "a");
	login.user = "bob";
	assert_int_equal(policy_match(q, &login, &rule), -EIO);
	policy_free(p);
	policy_free(q);
}

static void a_user_in_300_groups_is_found_each_queried_once(void **state)
{
	static char groups[8192], text[65536];
	struct directory dir = {.groups = groups};
	struct policy *p;
	size_t len = 0, questions = 0;

	groups[len++] = '|';
	for (unsigned int n = 0; n < 300; n++)
		len += (size_t)snprintf(groups + len, sizeof(groups) - len,
					"mine%u|", n);
	len = 0;
	/* 200 rules about 100 groups the user is not in, twice each. */
	for (unsigned int n = 0; n < 200; n++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[rule n%u]\ngroups = other%u\n"
					"namespace = host\n",
					n, n % 100);
	snprintf(text + len, sizeof(text) - len,
		 "[rule last]\ngroups = other5, mine299\nnamespace = host\n");
	p = policy_of(text);
	assert_string_equal(match(p, login_of(&dir, "alice", 1000)), "last");
	for (const char *c = dir.asked; *c; c++)
		questions += *c == ' ';
	assert_int_equal(questions, 101);
	policy_free(p);
}

static void five_thousand_rules_are_distinguished(void **state)
{
	enum { RULES = 5000 };
	struct policy *p;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	for (unsigned int n = 0; n < RULES; n++)
		fprintf(out,
			"[rule r%u]\nusers = user%u,\n  other%u\n"
			"services = sshd, su\nnamespace = n%u\n"
			"[namespace n%u]\nlink = nat\nmtu = %u\n",
			n, n, n, n, n, 1280 + n);
	fclose(out);
	p = policy_of(text);
	assert_int_equal(p->n_rules, RULES);
	assert_int_equal(p->n_namespaces, RULES);
	for (unsigned int n = 0; n < RULES; n += 7) {
		char user[32], name[32];
		const struct policy_namespace *ns;

		snprintf(user, sizeof(user), "%s%u", n % 2 ? "user" : "other",
			 n);
		snprintf(name, sizeof(name), "r%u", n);
		assert_string_equal(match(p, login_of(&empty, user, 1000 + n)),
				    name);
		assert_int_equal(p->rules[n].line, n * 8 + 1);
		ns = policy_namespace_find(p, p->rules[n].namespace);
		assert_int_equal(ns->mtu, 1280 + n);
	}
	assert_string_equal(match(p, login_of(&empty, "user5000", 9)), "none");
	policy_free(p);
	free(text);
}

static void explain_names_the_first_matcher_that_does_not_match(void **state)
{
	static const struct {
		const char *line, *user;
		uid_t uid;
		const char *why; /* NULL: matches */
	} cases[] = {
		{"users = alice", "alice", 1000, NULL},
		{"users = bob\nuids = 1", "alice", 1000, "users"},
		{"users = alice\nuids = 1", "alice", 1000, "uids"},
		{"services = su\nttys = x", "alice", 1000, "services"},
		{"ttys = x\nrhosts = y", "alice", 1000, "ttys"},
		{"rhosts = y\ngroups = z", "alice", 1000, "rhosts"},
		{"groups = z\nnetgroups = z", "alice", 1000, "groups"},
		{"groups = staff\nnetgroups = z", "alice", 1000, "netgroups"},
		{"groups = staff\nnetgroups = lab", "alice", 1000, NULL},
		{"", "root", 0, "root"},
		{"groups = z", "root", 0, "groups"},
		{"groups = staff", "root", 0, "root"},
		{"users = root", "root", 0, NULL},
	};
	struct directory dir = {.groups = "|staff|",
				.netgroups = "|lab|",
				.broken = "ldap"};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct policy_login login =
			login_of(&dir, cases[n].user, cases[n].uid);
		const char *why = "untouched";
		char text[256];
		struct policy *p;

		snprintf(text, sizeof(text), "[rule r]\nnamespace = host\n%s\n",
			 cases[n].line);
		p = policy_of(text);
		assert_int_equal(policy_rule_match(&p->rules[0], &login, &why),
				 0);
		if (cases[n].why)
			assert_string_equal(why, cases[n].why);
		else
			assert_null(why);
		policy_free(p);
	}
}

static void explain_reports_a_failed_query(void **state)
{
	struct directory dir = {.broken = "ldap"};
	struct policy_login login = login_of(&dir, "alice", 1000);
	struct policy *p =
		policy_of("[rule r]\ngroups = ldap\nnamespace = host\n");
	const char *why;

	assert_int_equal(policy_rule_match(&p->rules[0], &login, &why), -EIO);
	policy_free(p);
}

/* policy_guards() for alice, uid 1000, in group staff. */
static int guards(const char *rules, const char *user, uid_t uid)
{
	struct directory dir = {.groups = "|staff|", .broken = "ldap"};
	struct policy_login login = login_of(&dir, user, uid);
	char text[512];
	struct policy *p;
	int r;

	snprintf(text, sizeof(text), "[namespace n]\n%s", rules);
	p = policy_of(text);
	login.service = "whatever";
	r = policy_guards(p, &login);
	policy_free(p);
	return r;
}

static void a_guard_applies_to_users_no_rule_leaves_outside(void **state)
{
	assert_int_equal(guards("", "alice", 1000), 0);
	assert_int_equal(guards("[rule r]\nnamespace = n\n", "alice", 1000), 1);
	assert_int_equal(guards("[rule r]\nnamespace = n\nguard = no\n",
				"alice", 1000),
			 0);
	assert_int_equal(guards("[rule r]\nnamespace = n\nusers = bob\n",
				"alice", 1000),
			 0);
	assert_int_equal(guards("[rule r]\nnamespace = n\ngroups = staff\n",
				"alice", 1000),
			 1);
	assert_int_equal(guards("[rule r]\nnamespace = n\ngroups = x\n",
				"alice", 1000),
			 0);
	/* The first rule matches every login; later rules have no effect. */
	assert_int_equal(guards("[rule q]\nnamespace = n\nguard = no\n"
				"[rule r]\nnamespace = n\n",
				"alice", 1000),
			 0);
	/* A rule with services, ttys or rhosts: only with guard = yes. */
	assert_int_equal(guards("[rule r]\nnamespace = n\nservices = sshd\n",
				"alice", 1000),
			 0);
	assert_int_equal(guards("[rule r]\nnamespace = n\nservices = sshd\n"
				"guard = yes\n",
				"alice", 1000),
			 1);
	/* No guard when an earlier rule may leave a login on the host. */
	assert_int_equal(guards("[rule a]\nservices = su\nnamespace = host\n"
				"[rule b]\nnamespace = n\n",
				"alice", 1000),
			 0);
	assert_int_equal(guards("[rule a]\nservices = su\nnamespace = n\n"
				"on_error = host\n"
				"[rule b]\nnamespace = n\n",
				"alice", 1000),
			 0);
	assert_int_equal(guards("[rule a]\nusers = bob\nnamespace = host\n"
				"[rule b]\nnamespace = n\n",
				"alice", 1000),
			 1);
	assert_int_equal(guards("[rule a]\nservices = su\nnamespace = n\n"
				"[rule b]\nnamespace = n\n",
				"alice", 1000),
			 1);
	assert_int_equal(guards("[rule a]\nnamespace = n\n"
				"[rule b]\nnamespace = host\n",
				"alice", 1000),
			 1);
	/* Root is never guarded; a failed query is an error. */
	assert_int_equal(guards("[rule r]\nnamespace = n\nusers = root\n",
				"root", 0),
			 0);
	assert_int_equal(guards("[rule r]\nnamespace = n\ngroups = ldap\n",
				"alice", 1000),
			 -EIO);
}

static void excluded_services_are_globs_too(void **state)
{
	struct policy *p = policy_of("[options]\nexclude_services = x*, y\n");

	assert_true(policy_excludes(p, "xyz"));
	assert_true(policy_excludes(p, "y"));
	assert_false(policy_excludes(p, "yy"));
	assert_false(policy_excludes(p, ""));
	policy_free(p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_without_matchers_matches_every_login),
		cmocka_unit_test(users_are_compared_byte_by_byte),
		cmocka_unit_test(uids_are_ranges_with_both_ends),
		cmocka_unit_test(services_are_globs),
		cmocka_unit_test(ttys_match_with_and_without_dev),
		cmocka_unit_test(rhosts_are_addresses_prefixes_and_names),
		cmocka_unit_test(an_rhost_of_255_bytes_is_compared_to_its_end),
		cmocka_unit_test(an_rhost_too_long_is_an_error_not_a_mismatch),
		cmocka_unit_test(services_and_ttys_have_no_limit),
		cmocka_unit_test(all_matchers_of_a_rule_must_match),
		cmocka_unit_test(the_first_rule_in_file_order_wins),
		cmocka_unit_test(root_is_matched_by_name_only),
		cmocka_unit_test(F31_no_query_for_root),
		cmocka_unit_test(the_name_service_is_queried_last_and_once),
		cmocka_unit_test(a_group_and_a_netgroup_of_one_name_are_two),
		cmocka_unit_test(a_failed_query_is_an_error_not_a_mismatch),
		cmocka_unit_test(
			a_user_in_300_groups_is_found_each_queried_once),
		cmocka_unit_test(five_thousand_rules_are_distinguished),
		cmocka_unit_test(
			explain_names_the_first_matcher_that_does_not_match),
		cmocka_unit_test(explain_reports_a_failed_query),
		cmocka_unit_test(
			a_guard_applies_to_users_no_rule_leaves_outside),
		cmocka_unit_test(excluded_services_are_globs_too),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
