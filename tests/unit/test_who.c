/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Look-ups of a user, by a name service that answers, fails or needs a large
 * buffer as each test sets: this program has its own getpwnam_r(3) and so on.
 */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/policy/who.h"

static struct {
	const char *pw_name; /* the name in the account; NULL: no account */
	int pw_error;
	size_t room; /* below that, ERANGE */
	int gr_error;
	int asked_pw, asked_gr, asked_list, asked_net;
	int n_gids; /* 100000, 100001, ... besides the primary */
	int net_answer, net_errno;
} nss;

static char alice[] = "alice", bob[] = "bob", empty[] = "";

int getpwnam_r(const char *name, struct passwd *pw, char *buffer, size_t size,
	       struct passwd **ret)
{
	nss.asked_pw++;
	*ret = NULL;
	if (nss.pw_error)
		return nss.pw_error;
	if (size < nss.room)
		return ERANGE;
	if (!nss.pw_name)
		return 0;
	snprintf(buffer, size, "%s", nss.pw_name);
	*pw = (struct passwd){.pw_name = buffer,
			      .pw_uid = 5001,
			      .pw_gid = 5001,
			      .pw_dir = empty,
			      .pw_shell = empty};
	*ret = pw;
	return 0;
}

int getgrnam_r(const char *name, struct group *group, char *buffer, size_t size,
	       struct group **ret)
{
	static char *members[] = {bob, alice, NULL}, *nobody[] = {NULL};

	nss.asked_gr++;
	*ret = NULL;
	if (nss.gr_error)
		return nss.gr_error;
	if (size < nss.room)
		return ERANGE;
	*group = (struct group){.gr_gid = 1, .gr_mem = nobody};
	if (strcmp(name, "own") == 0)
		group->gr_gid = 5001;
	else if (strcmp(name, "listed") == 0)
		group->gr_mem = members;
	else if (strncmp(name, "gid", 3) == 0)
		group->gr_gid = (gid_t)strtoul(name + 3, NULL, 10);
	else if (strcmp(name, "other") != 0)
		return 0;
	*ret = group;
	return 0;
}

int getgrouplist(const char *user, gid_t gid, gid_t *gids, int *n)
{
	int room = *n, total = nss.n_gids + 1;

	nss.asked_list++;
	for (int i = 0; i < total && i < room; i++)
		gids[i] = i == 0 ? gid : (gid_t)(100000 + i - 1);
	*n = total;
	return total <= room ? total : -1;
}

int innetgr(const char *netgroup, const char *host, const char *user,
	    const char *domain)
{
	assert_null(host);
	assert_null(domain);
	assert_string_equal(user, "alice");
	nss.asked_net++;
	errno = nss.net_errno;
	return nss.net_answer;
}

static struct who who;

static int prepare(void **state)
{
	memset(&nss, 0, sizeof(nss));
	nss.pw_name = "alice";
	return who_init(&who, "alice", "sshd", NULL, NULL, NULL);
}

static int clean(void **state)
{
	who_clear(&who);
	return 0;
}

static int group(const char *name)
{
	struct policy_login login = who_login(&who);

	return login.in_group(login.data, name);
}

static int netgroup(const char *name)
{
	struct policy_login login = who_login(&who);

	return login.in_netgroup(login.data, name);
}

static void test_login(void **state)
{
	struct policy_login login = who_login(&who);

	assert_string_equal(login.user, "alice");
	assert_int_equal(login.uid, 5001);
	assert_string_equal(login.service, "sshd");
	assert_string_equal(login.tty, "");
	assert_string_equal(login.rhost, "");
	/* No group has been queried yet. */
	assert_int_equal(nss.asked_gr + nss.asked_list + nss.asked_net, 0);
}

static void test_groups(void **state)
{
	nss.n_gids = 3;
	assert_int_equal(group("own"), 1);
	assert_int_equal(nss.asked_list, 0); /* no list was needed */
	assert_int_equal(group("listed"), 1);
	assert_int_equal(group("gid100002"), 1);
	assert_int_equal(group("gid100003"), 0);
	assert_int_equal(group("other"), 0);
	assert_int_equal(group("missing"), 0);
	assert_int_equal(nss.asked_list, 1);
	assert_int_equal(who.facts_bytes, 5 + 8 + 11);
	assert_memory_equal(who.facts, "gown\0glisted\0ggid100002", 24);
}

static void test_asked_once(void **state)
{
	int asked;

	assert_int_equal(group("own"), 1);
	assert_int_equal(group("missing"), 0);
	nss.net_answer = 1;
	assert_int_equal(netgroup("own"), 1);
	nss.net_answer = 0;
	assert_int_equal(netgroup("missing"), 0);
	asked = nss.asked_gr + nss.asked_net;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(group("own"), 1);
		assert_int_equal(group("missing"), 0);
		assert_int_equal(netgroup("own"), 1);
		assert_int_equal(netgroup("missing"), 0);
	}
	assert_int_equal(nss.asked_gr + nss.asked_net, asked);
	/* Each group of the user is in the facts once, the others are not. */
	assert_int_equal(who.facts_bytes, 10);
	assert_memory_equal(who.facts, "gown\0nown", 10);
}

static void test_300_groups(void **state)
{
	char name[32];

	nss.n_gids = 300;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "gid%d", 100000 + i);
		assert_int_equal(group(name), 1);
	}
	assert_int_equal(group("gid100300"), 0);
	assert_int_equal(nss.asked_list, 2);
	assert_int_equal(proto_has_fact(who.facts, who.facts_bytes, 'g',
					"gid100299"),
			 1);
}

static void test_failures_are_errors(void **state)
{
	static const int codes[] = {EIO,    ENOENT, EAGAIN,   ECONNREFUSED,
				    EMFILE, ENOMEM, ETIMEDOUT};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct who other;

		nss.gr_error = codes[i];
		assert_true(group("own") < 0);
		nss.pw_error = codes[i];
		/* an error other than "no such user" */
		assert_true(who_init(&other, "alice", "", "", "", NULL) < 0);
		assert_int_not_equal(who_init(&other, "alice", "", "", "",
					      NULL),
				     -ENOENT);
		nss.pw_error = 0;
	}
	/* A later query succeeds when the name service answers again. */
	nss.gr_error = 0;
	assert_int_equal(group("own"), 1);

	nss.net_errno = ECONNREFUSED;
	assert_int_equal(netgroup("x"), -ECONNREFUSED);
	assert_non_null(strstr(who.trouble.text, "netgroup \"x\" cannot be"));
	assert_non_null(strstr(who_trouble(&who, -ECONNREFUSED),
			       strerror(ECONNREFUSED)));
	nss.net_errno = ENOENT; /* also set when the answer is "no" */
	assert_int_equal(netgroup("x"), 0);
}

static void test_room_grows(void **state)
{
	struct who other;
	struct error err;

	nss.room = 64 << 20;
	assert_int_equal(who_init(&other, "alice", "", "", "", &err), 0);
	who_clear(&other);
	assert_int_equal(group("own"), 1);
	assert_string_equal(who.trouble.text, "");
	assert_non_null(strstr(who_trouble(&who, -ENAMETOOLONG), "rhosts"));
	assert_string_equal(who_trouble(&who, -ENOMEM), strerror(ENOMEM));
	nss.room = (64 << 20) + 1;
	assert_int_equal(group("other"), -ERANGE);
	assert_non_null(strstr(who.trouble.text, "group \"other\""));
	assert_non_null(strstr(who.trouble.text, "more than 64 MiB"));
	assert_int_equal(who_init(&other, "alice", "", "", "", &err), -ERANGE);
	assert_non_null(strstr(err.text, "user \"alice\""));
	assert_non_null(strstr(err.text, "more than 64 MiB"));
}

static void test_no_user(void **state)
{
	char long_name[NAME_MAX_USER + 2];
	struct who other;
	struct error err;

	nss.pw_name = NULL;
	assert_int_equal(who_init(&other, "nobody", "", "", "", &err), -ENOENT);
	assert_non_null(strstr(err.text, "nobody"));
	assert_int_equal(who_init(&other, "", "", "", "", &err), -EINVAL);
	assert_int_equal(who_init(&other, NULL, "", "", "", &err), -EINVAL);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(who_init(&other, long_name, "", "", "", &err),
			 -ENAMETOOLONG);
	nss.pw_name = long_name;
	assert_int_equal(who_init(&other, "alice", "", "", "", &err),
			 -ENAMETOOLONG);
	long_name[NAME_MAX_USER] = '\0';
	assert_int_equal(who_init(&other, long_name, "", "", "", &err), 0);
	assert_string_equal(other.user, long_name);
	who_clear(&other);
}

/* F31: root is known without the name service. */
static void test_root(void **state)
{
	struct who other;

	nss.room = SIZE_MAX;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(who_init(&other, "root", "login", "tty1", "",
					  NULL),
				 0);
		assert_int_equal(other.uid, 0);
		assert_string_equal(other.user, "root");
		who_clear(&other);
		nss.pw_error = ECONNREFUSED;
	}
}

/* F43: rules apply to the name in the account, not to the name as typed. */
static void test_spelling(void **state)
{
	static const char *const names[] =
		{"a\\b",    "user@dom", "$",	"two words", "\xc3\xa4\xc3\xb6",
		 "-leads",  "12345",	"a'b",	"a\"b",	     "a;b",
		 "$(id)",   "%n%n",	"a/b",	"..",	     "user.name",
		 "UPPER",   "a\tb",	"a\nb", "\xff\xfe",  "*",
		 "machine$"};
	struct who other;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		nss.pw_name = names[i];
		assert_int_equal(who_init(&other, names[i], "", "", "", NULL),
				 0);
		assert_string_equal(other.user, names[i]);
		who_clear(&other);
	}
	nss.pw_name = "alice"; /* a name service that ignores case */
	assert_int_equal(who_init(&other, "ALICE", "", "", "", NULL), 0);
	assert_string_equal(other.user, "alice");
	who_clear(&other);
}

/* The tail of a request is limited: more facts are an error. */
static void test_too_many_facts(void **state)
{
	char name[1025];
	int r = 1, n = 0;

	nss.n_gids = 0;
	snprintf(name, sizeof(name), "gid%01021d", 5001);
	while (r == 1 && n < 100) {
		name[3 + n++] = ' ';
		r = group(name);
	}
	assert_int_equal(r, -E2BIG);
	assert_true(who.facts_bytes <= (size_t)PROTO_TAIL_MAX);
}

#define TEST(name, f) {name, f, prepare, clean, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a login has user, service, tty and remote host",
		     test_login),
		TEST("groups: primary, listed, by gid, not a member",
		     test_groups),
		TEST("no query is repeated", test_asked_once),
		TEST("a user in 300 groups", test_300_groups),
		TEST("a failed look-up is an error, never \"no\"",
		     test_failures_are_errors),
		TEST("buffers grow to 64 MiB", test_room_grows),
		TEST("no such user, no name, a name too long: refused",
		     test_no_user),
		TEST("F31 root needs no name service", test_root),
		TEST("F43 unusual names and other spellings of a name",
		     test_spelling),
		TEST("more facts than a request can hold: refused",
		     test_too_many_facts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
