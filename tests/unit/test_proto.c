/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each malformed packet has an error of its own; valid ones are accepted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto.h"

#define TAIL_MAX ((size_t)PROTO_TAIL_MAX + 64)

/* A packet and its tail, to be changed by tests. */
struct request_packet {
	struct proto_request head;
	char tail[TAIL_MAX];
};
struct reply_packet {
	struct proto_reply head;
	char tail[TAIL_MAX];
};

/* Padded with zero bytes, as the protocol requires. */
#define PUT(field, text)                                                       \
	do {                                                                   \
		memset(field, 0, sizeof(field));                               \
		snprintf(field, sizeof(field), "%s", text);                    \
	} while (0)

static struct request_packet q;
static struct reply_packet p;

/* All errors so far: no two faults may have the same text. */
static char errors[256][ERROR_TEXT_MAX];
static size_t n_errors;

static void request_make(enum proto_op op)
{
	memset(&q, 0, sizeof(q));
	q.head.magic = PROTO_MAGIC;
	q.head.version = PROTO_VERSION;
	q.head.op = (uint16_t)op;
	if (op == PROTO_OPEN) {
		q.head.uid = 5001;
		q.head.timeout_ms = 1000;
		q.head.digest = 1;
		q.head.netns_dev = 4;
		q.head.netns_ino = 4026531840;
		PUT(q.head.user, "alice");
		PUT(q.head.service, "sshd");
	}
	if (op == PROTO_UP || op == PROTO_DOWN || op == PROTO_ENTER)
		PUT(q.head.name, "vpn");
	if (op == PROTO_KICK)
		q.head.session = 1;
}

static int request_check(struct error *err)
{
	return proto_check_request(&q, sizeof(q.head) + q.head.tail_bytes, err);
}

static void error_keep(int r, const struct error *err, const char *words)
{
	assert_int_equal(r, -EBADMSG);
	if (!strstr(err->text, words))
		fail_msg("\"%s\" does not contain \"%s\"", err->text, words);
	for (size_t i = 0; i < n_errors; i++)
		if (!strcmp(errors[i], err->text))
			fail_msg("the same error twice: %s", err->text);
	assert_true(n_errors < 256);
	memcpy(errors[n_errors++], err->text, sizeof(err->text));
}

static void request_refused(const char *words)
{
	struct error err = {""};

	error_keep(request_check(&err), &err, words);
}

static void valid_requests_are_accepted(void **state)
{
	struct error err = {""};

	for (int op = PROTO_OPEN; op < PROTO_OP_MAX_; op++) {
		request_make((enum proto_op)op);
		if (request_check(&err) != 0)
			fail_msg("%s: %s", proto_op_name((enum proto_op)op),
				 err.text);
		assert_int_equal(request_check(NULL), 0);
	}
	request_make(PROTO_DOWN);
	q.head.flags = PROTO_FORCE;
	PUT(q.head.user, "alice");
	q.head.uid = 5001;
	assert_int_equal(request_check(&err), 0);

	request_make(PROTO_STATUS);
	q.head.flags = PROTO_DEBUG;
	assert_int_equal(request_check(&err), 0);

	request_make(PROTO_OPEN);
	memcpy(q.tail, "gstaff\0nadmins\0gx\0", 18);
	q.head.tail_bytes = 18;
	memset(q.head.user, 0xff,
	       NAME_MAX_USER); /* any byte is allowed in a name */
	memset(q.head.rhost, ' ', PROTO_RHOST_MAX - 1);
	q.head.uid = 0;
	assert_int_equal(request_check(&err), 0);

	memset(q.tail, 'g', (size_t)PROTO_TAIL_MAX);
	q.tail[PROTO_TAIL_MAX - 1] = '\0';
	q.head.tail_bytes = PROTO_TAIL_MAX;
	assert_int_equal(request_check(&err), 0);
}

/* Fields by name, which the error must contain. */
static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
#define FIELD(f)                                                               \
	{#f, offsetof(struct proto_request, f),                                \
	 sizeof(((struct proto_request *)0)->f)}
	FIELD(digest), FIELD(netns_dev),  FIELD(netns_ino), FIELD(session),
	FIELD(uid),    FIELD(timeout_ms), FIELD(user),	    FIELD(service),
	FIELD(tty),    FIELD(rhost),	  FIELD(name),
};
#define N_FIELDS (sizeof(fields) / sizeof(*fields))

/* Does an operation use this field, by proto.h? */
static int is_used(enum proto_op op, const char *field)
{
	static const char *const used[PROTO_OP_MAX_] = {
		/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma) */
		[PROTO_OPEN] = "digest netns_dev netns_ino uid timeout_ms "
			       "user service tty rhost",
		[PROTO_CLOSE] = "",
		[PROTO_STATUS] = "",
		[PROTO_UP] = "uid user name",
		[PROTO_DOWN] = "uid user name",
		[PROTO_ENTER] = "uid user name",
		[PROTO_RELOAD] = "",
		[PROTO_KICK] = "session",
	};
	const char *at = used[op];
	size_t n = strlen(field);

	while ((at = strstr(at, field))) {
		if (at[n] == ' ' || at[n] == '\0')
			return 1;
		at += n;
	}
	return 0;
}

static void a_field_that_the_operation_does_not_use_is_refused(void **state)
{
	for (int op = PROTO_OPEN; op < PROTO_OP_MAX_; op++) {
		for (size_t i = 0; i < N_FIELDS; i++) {
			if (is_used((enum proto_op)op, fields[i].name))
				continue;
			request_make((enum proto_op)op);
			((char *)&q.head)[fields[i].offset] = 1;
			request_refused(fields[i].name);
		}
		request_make((enum proto_op)op);
		q.head.flags = op == PROTO_DOWN ? 2 : 1;
		request_refused("flags");
		if (op == PROTO_OPEN)
			continue;
		request_make((enum proto_op)op);
		q.head.tail_bytes = 3;
		memcpy(q.tail, "gx", 3);
		request_refused("a tail");
	}
}

static void strings_without_end_or_padding_are_refused(void **state)
{
	for (size_t i = 0; i < N_FIELDS; i++) {
		enum proto_op op =
			strcmp(fields[i].name, "name") ? PROTO_OPEN : PROTO_UP;
		char *field = (char *)&q.head + fields[i].offset;

		if (fields[i].size <= 8)
			continue;
		request_make(op);
		memset(field, 'x', fields[i].size);
		request_refused("is not terminated");
		request_make(op);
		field[fields[i].size - 1] = 'x';
		request_refused("not padded");
	}
	request_make(PROTO_OPEN);
	q.head.padding[6] = 1;
	request_refused("padding");
}

static void a_wrong_length_magic_version_or_operation_is_refused(void **state)
{
	static const size_t short_by[] = {1, 8, 800, 895, 896};
	struct error err;

	for (size_t i = 0; i < sizeof(short_by) / sizeof(*short_by); i++) {
		request_make(PROTO_OPEN);
		error_keep(proto_check_request(&q, sizeof(q.head) - short_by[i],
					       &err),
			   &err, "too short");
	}
	assert_int_equal(proto_check_request(NULL, 0, NULL), -EBADMSG);
	request_make(PROTO_OPEN);
	q.head.magic++;
	request_refused("magic");
	request_make(PROTO_OPEN);
	q.head.magic = 0;
	request_refused("magic");
	for (unsigned int v = 0; v < 4; v++) {
		request_make(PROTO_OPEN);
		q.head.version = (uint16_t)v;
		if (v != PROTO_VERSION)
			request_refused("version");
	}
	for (unsigned int op = 0; op < 65536; op += 13107) {
		request_make(PROTO_OPEN);
		q.head.op = (uint16_t)op;
		request_refused("op");
	}
	request_make(PROTO_OPEN);
	q.head.op = PROTO_OP_MAX_;
	request_refused("op");

	request_make(PROTO_OPEN);
	q.head.tail_bytes = PROTO_TAIL_MAX + 1;
	request_refused("tail_bytes");
	request_make(PROTO_OPEN);
	q.head.tail_bytes = UINT32_MAX;
	error_keep(proto_check_request(&q, sizeof(q.head), &err), &err,
		   "tail_bytes");
	request_make(PROTO_OPEN);
	q.head.tail_bytes = 5;
	error_keep(proto_check_request(&q, sizeof(q.head) + 4, &err), &err,
		   "4 bytes follow");
	request_make(PROTO_OPEN);
	error_keep(proto_check_request(&q, sizeof(q.head) + 1, &err), &err,
		   "1 bytes follow");
}

static void a_missing_or_invalid_value_is_refused(void **state)
{
	static const char *const bad_names[] = {".",   "..", "a/b",
						"-n",  " ",  "a b",
						"a\n", "%n", "$(id)"};

	request_make(PROTO_OPEN);
	memset(q.head.user, 0, sizeof(q.head.user));
	request_refused("without a user");
	request_make(PROTO_OPEN);
	q.head.uid = UINT32_MAX;
	request_refused("uid");
	request_make(PROTO_UP);
	q.head.uid = 5;
	request_refused("no user");
	for (int op = PROTO_UP; op <= PROTO_ENTER; op++) {
		request_make((enum proto_op)op);
		memset(q.head.name, 0, sizeof(q.head.name));
		request_refused("without a name");
	}
	request_make(PROTO_KICK);
	q.head.session = 0;
	request_refused("without a session");
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(*bad_names); i++) {
		request_make(PROTO_ENTER);
		memset(q.head.name, 0, sizeof(q.head.name));
		PUT(q.head.name, bad_names[i]);
		request_refused("cannot be a namespace's");
	}
}

static void malformed_facts_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *words;
	} bad[] = {
		{"x", 2, "neither"},	     {"", 1, "neither"},
		{"gstaff", 6, "terminated"}, {"g", 2, "no name"},
		{"gab\0n", 6, "no name"},    {"gab\0Gx", 7, "0x47"},
		{"gab\0\0gx", 8, "neither"}, {"ga\0nb", 5, "terminated"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		request_make(PROTO_OPEN);
		q.head.tail_bytes = (uint32_t)bad[i].n;
		memcpy(q.tail, bad[i].bytes, bad[i].n);
		request_refused(bad[i].words);
		assert_non_null(strstr(errors[n_errors - 1], "fact"));
	}
	assert_true(n_errors >= 100);
	print_message("# %zu malformed requests, each with an error of its own\n",
		      n_errors);
}

static void facts_are_found_by_kind_and_whole_name(void **state)
{
	static const char facts[] = "gstaff\0nstaffs\0ga";
	size_t n = sizeof(facts);

	assert_int_equal(proto_has_fact(facts, n, 'g', "staff"), 1);
	assert_int_equal(proto_has_fact(facts, n, 'g', "a"), 1);
	assert_int_equal(proto_has_fact(facts, n, 'n', "staffs"), 1);
	assert_int_equal(proto_has_fact(facts, n, 'n', "staff"), 0);
	assert_int_equal(proto_has_fact(facts, n, 'g', "staffs"), 0);
	assert_int_equal(proto_has_fact(facts, n, 'g', "staf"), 0);
	assert_int_equal(proto_has_fact(facts, n, 'g', ""), 0);
	assert_int_equal(proto_has_fact(facts, 3, 'g', "staff"), 0);
	assert_int_equal(proto_has_fact(NULL, 0, 'g', "staff"), 0);
}

static void reply_make(enum proto_verdict verdict)
{
	memset(&p, 0, sizeof(p));
	p.head.magic = PROTO_MAGIC;
	p.head.version = PROTO_VERSION;
	p.head.verdict = (uint16_t)verdict;
	if (verdict == PROTO_DENIED || verdict == PROTO_FAILED ||
	    verdict == PROTO_MALFORMED)
		PUT(p.head.text, "no");
	if (verdict == PROTO_OK) {
		p.head.flags = PROTO_FD_NETNS;
		PUT(p.head.namespace, "vpn.alice");
		PUT(p.head.section, "vpn");
	}
	if (verdict == PROTO_NAMESPACE)
		p.head.tail_bytes = sizeof(struct proto_namespace);
	if (verdict == PROTO_SESSION)
		p.head.tail_bytes = sizeof(struct proto_session);
}

static int reply_check(struct error *err)
{
	return proto_check_reply(&p, sizeof(p.head) + p.head.tail_bytes, err);
}

static void reply_refused(const char *words)
{
	struct error err = {""};

	error_keep(reply_check(&err), &err, words);
}

static void valid_replies_are_accepted(void **state)
{
	struct error err = {""};

	for (int v = PROTO_OK; v < PROTO_VERDICT_MAX_; v++) {
		reply_make((enum proto_verdict)v);
		if (reply_check(&err) != 0)
			fail_msg("verdict %d: %s", v, err.text);
	}
	reply_make(PROTO_OK);
	p.head.flags |= PROTO_FD_MNT | PROTO_DNS | PROTO_ETC;
	PUT(p.tail, "nameserver 192.0.2.1\n");
	p.head.tail_bytes = (uint32_t)strlen(p.tail);
	assert_int_equal(reply_check(&err), 0);
	reply_make(PROTO_OK);
	p.head.flags = PROTO_FD_PID;
	assert_int_equal(reply_check(&err), 0);
}

static void malformed_replies_are_refused(void **state)
{
	struct error err;

	n_errors = 0;
	reply_make(PROTO_OK);
	error_keep(proto_check_reply(&p, sizeof(p.head) - 1, &err), &err,
		   "too short");
	p.head.version = 2;
	reply_refused("version");
	reply_make(PROTO_OK);
	p.head.magic = 1;
	reply_refused("magic");
	reply_make((enum proto_verdict)0);
	reply_refused("verdict");
	reply_make(PROTO_VERDICT_MAX_);
	reply_refused("verdict");
	reply_make(PROTO_OK);
	memset(p.head.text, 'x', sizeof(p.head.text));
	reply_refused("text is not terminated");
	reply_make(PROTO_OK);
	p.head.section[64] = 'x';
	reply_refused("section is not padded");
	reply_make(PROTO_OK);
	p.head.padding[0] = 'x';
	reply_refused("padding");
	reply_make(PROTO_OK);
	PUT(p.head.text, "all well");
	reply_refused("text");
	reply_make(PROTO_OK);
	p.head.flags |= 0x40;
	reply_refused("flags");
	reply_make(PROTO_OK);
	p.head.flags = PROTO_FD_MNT;
	reply_refused("without a network namespace");
	reply_make(PROTO_OK);
	p.head.flags |= PROTO_FD_PID;
	reply_refused("process");
	reply_make(PROTO_OK);
	p.head.flags |= PROTO_DNS;
	reply_refused("resolv.conf");
	reply_make(PROTO_OK);
	p.head.tail_bytes = 4;
	reply_refused("resolv.conf");
	p.head.flags |= PROTO_DNS;
	reply_refused("NUL");
	reply_make(PROTO_OK);
	memset(p.head.namespace, 0, sizeof(p.head.namespace));
	PUT(p.head.namespace, "../x");
	reply_refused("namespace's name");
	reply_make(PROTO_OK);
	PUT(p.head.section, "a/b");
	reply_refused("section's name");
	reply_make(PROTO_OK);
	memset(p.head.section, 0, sizeof(p.head.section));
	p.head.flags |= PROTO_ETC;
	reply_refused("no section");
	reply_make(PROTO_STAY);
	p.head.flags = PROTO_FD_NETNS;
	reply_refused("not OK");
	reply_make(PROTO_FAILED);
	p.head.session = 1;
	reply_refused("session in a reply");
	reply_make(PROTO_FAILED);
	PUT(p.head.namespace, "x");
	reply_refused("namespace in a reply");
	reply_make(PROTO_FAILED);
	memset(p.head.text, 0, sizeof(p.head.text));
	reply_refused("without a reason");
	reply_make(PROTO_RETRY);
	p.head.tail_bytes = 1;
	reply_refused("no use");
	reply_make(PROTO_TEXT);
	p.head.tail_bytes = 4;
	reply_refused("the text holds a NUL byte");
	reply_make(PROTO_NAMESPACE);
	p.head.tail_bytes--;
	reply_refused("831");
	reply_make(PROTO_SESSION);
	p.head.tail_bytes = 0;
	reply_refused("0 bytes");
	reply_make(PROTO_NAMESPACE);
	memset(((struct proto_namespace *)(void *)p.tail)->state, 'x', 16);
	reply_refused("state");
	reply_make(PROTO_NAMESPACE);
	memset(((struct proto_namespace *)(void *)p.tail)->detail, 'x', 128);
	reply_refused("detail");
	reply_make(PROTO_SESSION);
	memset(((struct proto_session *)(void *)p.tail)->tty, 'x',
	       PROTO_TTY_MAX);
	reply_refused("tty");
}

/* The layout is part of the protocol; the header asserts the sizes. */
static void the_layout_is_that_of_the_protocol(void **state)
{
	assert_int_equal(offsetof(struct proto_request, digest), 16);
	assert_int_equal(offsetof(struct proto_request, uid), 48);
	assert_int_equal(offsetof(struct proto_request, user), 56);
	assert_int_equal(offsetof(struct proto_request, name), 761);
	assert_int_equal(offsetof(struct proto_reply, session), 16);
	assert_int_equal(offsetof(struct proto_reply, namespace), 24);
	assert_int_equal(offsetof(struct proto_reply, text), 217);
	assert_string_equal(proto_op_name(PROTO_KICK), "KICK");
	assert_string_equal(proto_op_name(PROTO_OP_MAX_), "unknown");
	assert_string_equal(proto_op_name((enum proto_op)0), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_layout_is_that_of_the_protocol),
		cmocka_unit_test(valid_requests_are_accepted),
		cmocka_unit_test(
			a_field_that_the_operation_does_not_use_is_refused),
		cmocka_unit_test(strings_without_end_or_padding_are_refused),
		cmocka_unit_test(
			a_wrong_length_magic_version_or_operation_is_refused),
		cmocka_unit_test(a_missing_or_invalid_value_is_refused),
		cmocka_unit_test(malformed_facts_are_refused),
		cmocka_unit_test(facts_are_found_by_kind_and_whole_name),
		cmocka_unit_test(valid_replies_are_accepted),
		cmocka_unit_test(malformed_replies_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
