/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks packets. No byte is trusted before it was checked. */
#include "proto.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Fields that an operation uses; the others are zero. */
enum {
	USE_FACTS = 1 << 1, /* the tail, the digest and the peer's namespace */
	USE_SESSION = 1 << 2,
	USE_TIMEOUT = 1 << 3,
	USE_USER = 1 << 4,  /* and uid */
	USE_LOGIN = 1 << 5, /* service, tty, rhost */
	USE_NAME = 1 << 6,
};

static const struct {
	const char *name;
	unsigned int uses;
	uint32_t flags;
} ops[PROTO_OP_MAX_] = {
	[PROTO_OPEN] = {"OPEN", USE_FACTS | USE_TIMEOUT | USE_USER | USE_LOGIN,
			0},
	[PROTO_CLOSE] = {"CLOSE", 0, 0},
	[PROTO_STATUS] = {"STATUS", 0, PROTO_DEBUG},
	[PROTO_UP] = {"UP", USE_USER | USE_NAME, 0},
	[PROTO_DOWN] = {"DOWN", USE_USER | USE_NAME, PROTO_FORCE},
	[PROTO_ENTER] = {"ENTER", USE_USER | USE_NAME, 0},
	[PROTO_RELOAD] = {"RELOAD", 0, 0},
	[PROTO_KICK] = {"KICK", USE_SESSION, 0},
};

const char *proto_op_name(enum proto_op op)
{
	if ((int)op <= 0 || op >= PROTO_OP_MAX_)
		return "unknown";
	return ops[op].name;
}

#define BAD(...) error_set(err, -EBADMSG, __VA_ARGS__)

static bool all_zero(const char *array, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (array[i])
			return false;
	return true;
}

/* A field of a packet's struct, for tables. */
struct field {
	size_t offset, size;
	const char *name;
};
#define FIELD(type, member)                                                    \
	{offsetof(type, member), sizeof(((type *)0)->member), #member}

/* Is each of these arrays one string, terminated and padded with zeros? */
static int strings_check(const void *message, const struct field *fields,
			 size_t n, struct error *err)
{
	for (const struct field *f = fields; f < fields + n; f++) {
		const char *array = (const char *)message + f->offset;
		const char *end = memchr(array, '\0', f->size);

		if (!end)
			return BAD("%s is not terminated", f->name);
		if (!all_zero(end, f->size - (size_t)(end - array)))
			return BAD("%s is not padded with zeros", f->name);
	}
	return 0;
}
#define STRINGS_CHECK(message, fields)                                         \
	strings_check(message, fields, sizeof(fields) / sizeof(*(fields)), err)

/* Common to requests and replies: magic, version, length. */
static int head_check(const void *packet, size_t bytes, size_t size,
		      uint32_t magic, uint16_t version, uint32_t tail,
		      const char *what, struct error *err)
{
	if (!packet || bytes < size)
		return BAD("%s is too short: %zu bytes instead of %zu", what,
			   bytes, size);
	if (magic != PROTO_MAGIC)
		return BAD("magic is 0x%08x: not a %s of netns-pam", magic,
			   what);
	if (version != PROTO_VERSION)
		return BAD("version is %u, this side speaks %u: restart netns-pamd and log in again after an upgrade",
			   version, PROTO_VERSION);
	if (tail > PROTO_TAIL_MAX)
		return BAD("tail_bytes is %u, more than %u are not taken", tail,
			   PROTO_TAIL_MAX);
	if (bytes - size != tail)
		return BAD("tail_bytes is %u, but %zu bytes follow the %s",
			   tail, bytes - size, what);
	return 0;
}

static int facts_check(const char *facts, size_t bytes, struct error *err)
{
	size_t at = 0;

	while (at < bytes) {
		const char *end = memchr(facts + at, '\0', bytes - at);

		if (facts[at] != 'g' && facts[at] != 'n')
			return BAD("fact at byte %zu is of kind 0x%02x, neither group nor netgroup",
				   at, (unsigned char)facts[at]);
		if (!end)
			return BAD("fact at byte %zu is not terminated", at);
		if (end == facts + at + 1)
			return BAD("fact at byte %zu has no name", at);
		at = (size_t)(end - facts) + 1;
	}
	return 0;
}

/* Fields that the operation does not use must be zero. */
static int uses_check(const struct proto_request *r, struct error *err)
{
	static const struct {
		unsigned int use;
		struct field field;
	} fields[] = {
		{USE_FACTS,
		 {offsetof(struct proto_request, tail_bytes), sizeof(uint32_t),
		  "a tail"}},
		{USE_FACTS, FIELD(struct proto_request, digest)},
		{USE_FACTS, FIELD(struct proto_request, netns_dev)},
		{USE_FACTS, FIELD(struct proto_request, netns_ino)},
		{USE_SESSION, FIELD(struct proto_request, session)},
		{USE_TIMEOUT, FIELD(struct proto_request, timeout_ms)},
		{USE_USER, FIELD(struct proto_request, uid)},
		{USE_USER, FIELD(struct proto_request, user)},
		{USE_LOGIN, FIELD(struct proto_request, service)},
		{USE_LOGIN, FIELD(struct proto_request, tty)},
		{USE_LOGIN, FIELD(struct proto_request, rhost)},
		{USE_NAME, FIELD(struct proto_request, name)},
	};
	const char *op = ops[r->op].name;

	if (r->flags & ~ops[r->op].flags)
		return BAD("%s does not know flags 0x%x", op,
			   r->flags & ~ops[r->op].flags);
	for (size_t n = 0; n < sizeof(fields) / sizeof(*fields); n++) {
		const struct field *f = &fields[n].field;

		if (!(ops[r->op].uses & fields[n].use) &&
		    !all_zero((const char *)r + f->offset, f->size))
			return BAD("%s has no use for %s: must be zero", op,
				   f->name);
	}
	return 0;
}

/* Fields that the operation requires. */
static int needs_check(const struct proto_request *r, struct error *err)
{
	const char *op = ops[r->op].name;
	unsigned int uses = ops[r->op].uses;

	if (r->op == PROTO_OPEN && !r->user[0])
		return BAD("OPEN without a user");
	if (r->uid == UINT32_MAX)
		return BAD("uid %u is no user's", r->uid);
	if ((uses & USE_USER) && !r->user[0] && r->uid)
		return BAD("%s with a uid, but no user", op);
	if ((uses & USE_NAME) && !r->name[0])
		return BAD("%s without a name", op);
	if ((uses & USE_NAME) && !name_is_instance(r->name))
		return BAD("name \"%s\" cannot be a namespace's", r->name);
	if ((uses & USE_SESSION) && !r->session)
		return BAD("%s without a session", op);
	return 0;
}

int proto_check_request(const void *packet, size_t bytes, struct error *err)
{
	static const struct field texts[] = {
		FIELD(struct proto_request, user),
		FIELD(struct proto_request, service),
		FIELD(struct proto_request, tty),
		FIELD(struct proto_request, rhost),
		FIELD(struct proto_request, name),
	};
	struct proto_request r = {0};
	int ret;

	if (packet && bytes >= sizeof(r))
		memcpy(&r, packet, sizeof(r));
	ret = head_check(packet, bytes, sizeof(r), r.magic, r.version,
			 r.tail_bytes, "request", err);
	if (ret < 0)
		return ret;
	if (r.op == 0 || r.op >= PROTO_OP_MAX_)
		return BAD("op %u is not known", r.op);
	ret = STRINGS_CHECK(&r, texts);
	if (ret < 0)
		return ret;
	if (!all_zero(r.padding, sizeof(r.padding)))
		return BAD("padding is not zero");
	ret = uses_check(&r, err);
	if (ret == 0)
		ret = needs_check(&r, err);
	if (ret == 0)
		ret = facts_check((const char *)packet + sizeof(r),
				  r.tail_bytes, err);
	return ret;
}

/* The tail of an answer to STATUS. */
static int record_check(const struct proto_reply *r, const char *tail,
			struct error *err)
{
	static const struct field namespace[] = {
		FIELD(struct proto_namespace, name),
		FIELD(struct proto_namespace, section),
		FIELD(struct proto_namespace, link),
		FIELD(struct proto_namespace, scope),
		FIELD(struct proto_namespace, lifetime),
		FIELD(struct proto_namespace, state),
		FIELD(struct proto_namespace, user),
		FIELD(struct proto_namespace, host_ifname),
		FIELD(struct proto_namespace, address4),
		FIELD(struct proto_namespace, address6),
		FIELD(struct proto_namespace, detail),
	};
	static const struct field session[] = {
		FIELD(struct proto_session, namespace),
		FIELD(struct proto_session, user),
		FIELD(struct proto_session, service),
		FIELD(struct proto_session, tty),
		FIELD(struct proto_session, rhost),
	};
	bool is_session = r->verdict == PROTO_SESSION;
	size_t size = is_session ? sizeof(struct proto_session)
				 : sizeof(struct proto_namespace);

	if (r->tail_bytes != size)
		return BAD("record of %u bytes instead of %zu", r->tail_bytes,
			   size);
	return is_session ? STRINGS_CHECK(tail, session)
			  : STRINGS_CHECK(tail, namespace);
}

static int ok_check(const struct proto_reply *r, const char *tail,
		    struct error *err)
{
	if (r->text[0])
		return BAD("text in a reply that is OK");
	if (r->flags &
	    ~(uint32_t)(PROTO_ALREADY | PROTO_DNS | PROTO_ETC | PROTO_FD_NETNS |
			PROTO_FD_MNT | PROTO_FD_PID))
		return BAD("flags 0x%x are not known", r->flags);
	if ((r->flags & PROTO_FD_MNT) && !(r->flags & PROTO_FD_NETNS))
		return BAD("flags 0x%x: a mount namespace without a network namespace",
			   r->flags);
	if ((r->flags & PROTO_FD_PID) && r->flags != PROTO_FD_PID)
		return BAD("flags 0x%x: a process and a namespace", r->flags);
	if (!(r->flags & PROTO_DNS) != !r->tail_bytes)
		return BAD("a tail of %u bytes %s a resolv.conf", r->tail_bytes,
			   r->tail_bytes ? "that is not" : "for");
	if (r->tail_bytes && memchr(tail, '\0', r->tail_bytes))
		return BAD("resolv.conf holds a NUL byte");
	if (r->namespace[0] && !name_is_instance(r->namespace))
		return BAD("\"%s\" cannot be a namespace's name", r->namespace);
	if (r->section[0] && !name_is_policy(r->section))
		return BAD("\"%s\" cannot be a section's name", r->section);
	if ((r->flags & PROTO_ETC) && !r->section[0])
		return BAD(
			"flags ask for files of a section, but there is no section");
	return 0;
}

int proto_check_reply(const void *packet, size_t bytes, struct error *err)
{
	static const struct field texts[] = {
		FIELD(struct proto_reply, namespace),
		FIELD(struct proto_reply, section),
		FIELD(struct proto_reply, text),
	};
	struct proto_reply r = {0};
	const char *tail;
	int ret;

	if (packet && bytes >= sizeof(r))
		memcpy(&r, packet, sizeof(r));
	ret = head_check(packet, bytes, sizeof(r), r.magic, r.version,
			 r.tail_bytes, "reply", err);
	if (ret < 0)
		return ret;
	tail = (const char *)packet + sizeof(r);
	if (r.verdict == 0 || r.verdict >= PROTO_VERDICT_MAX_)
		return BAD("verdict %u is not known", r.verdict);
	ret = STRINGS_CHECK(&r, texts);
	if (ret < 0)
		return ret;
	if (!all_zero(r.padding, sizeof(r.padding)))
		return BAD("padding is not zero");
	if (r.verdict == PROTO_OK)
		return ok_check(&r, tail, err);

	if (r.flags)
		return BAD("flags 0x%x in a reply that is not OK", r.flags);
	if (r.session)
		return BAD("session in a reply that is not OK");
	if (r.namespace[0] || r.section[0])
		return BAD("namespace in a reply that is not OK");
	if (r.verdict == PROTO_NAMESPACE || r.verdict == PROTO_SESSION)
		return record_check(&r, tail, err);
	if (r.verdict == PROTO_TEXT)
		return memchr(tail, '\0', r.tail_bytes)
			       ? error_set(err, -EBADMSG,
					   "the text holds a NUL byte")
			       : 0;
	if (r.tail_bytes)
		return BAD("a tail in a reply that has no use for it");
	if (!r.text[0] &&
	    (r.verdict == PROTO_DENIED || r.verdict == PROTO_FAILED ||
	     r.verdict == PROTO_MALFORMED))
		return BAD("a refusal without a reason");
	return 0;
}

int proto_has_fact(const char *facts, size_t bytes, char kind, const char *name)
{
	size_t length = strlen(name) + 1;

	for (size_t at = 0; at < bytes;) {
		size_t n = strnlen(facts + at, bytes - at) + 1;

		if (n == length + 1 && n <= bytes - at && facts[at] == kind &&
		    !memcmp(facts + at + 1, name, length))
			return 1;
		at += n;
	}
	return 0;
}

int proto_state_path(const char *socket, const char *name,
		     char ret[static PATH_MAX])
{
	const char *slash = strrchr(socket, '/');
	size_t dir = slash ? (size_t)(slash - socket) + 1 : 0;
	size_t length = strlen(name);

	if (dir + length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, socket, dir);
	memcpy(ret + dir, name, length + 1);
	return 0;
}
