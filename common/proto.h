/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between module, command and daemon on an AF_UNIX SOCK_SEQPACKET
 * socket. This file is its specification.
 *
 * A packet is one fixed-size struct and a tail of `tail_bytes` bytes. Integers
 * are in host order. Strings are NUL-terminated and padded with NULs to the end
 * of their array; unused fields are zero. Other packets are answered with
 * PROTO_MALFORMED (when the head can be read), and the connection is closed.
 *
 * A request of the module has no path, interface, address, rule or name of a
 * namespace: it says who logs in. The peer's pid and uid come from the kernel
 * (SO_PEERCRED, unix(7)); only uid 0 is accepted.
 *
 *   OPEN    user -> OK + netns fd (nested: + the host's mount namespace fd);
 *           or STAY, RETRY, DENIED, FAILED. After OK the connection is the
 *           lease of the session, held open by the login's process; it then
 *           accepts only CLOSE.
 *   CLOSE   -> OK. The session has ended. A hint: the end of the connection
 *           and of the process count as well.
 *   STATUS  -> packets PROTO_NAMESPACE and PROTO_SESSION, then OK; with
 *           PROTO_DEBUG packets PROTO_TEXT, then OK
 *   UP, DOWN, ENTER   name (and user) -> OK; ENTER with netns fd
 *   RELOAD  -> OK, or FAILED with the first error of the policy
 *   KICK    session -> OK + pidfd of the process that opened it
 */
#ifndef NETNS_PAM_COMMON_PROTO_H
#define NETNS_PAM_COMMON_PROTO_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "names.h"

#define PROTO_SOCKET	"/run/netns-pam/helper.sock"
#define PROTO_STATE_DIR "/run/netns-pam"
#define PROTO_LAST_GOOD "policy"  /* below the state directory */
#define PROTO_DISABLE	"disable" /* likewise: lets all logins pass unmoved */

#define PROTO_MAGIC    0x4e505031 /* "NPP1" */
#define PROTO_VERSION  1
#define PROTO_TAIL_MAX 65536u

#define PROTO_SERVICE_MAX 64
#define PROTO_TTY_MAX	  128
#define PROTO_RHOST_MAX	  256

enum proto_op {
	PROTO_OPEN = 1,
	PROTO_CLOSE,
	PROTO_STATUS,
	PROTO_UP,
	PROTO_DOWN,
	PROTO_ENTER,
	PROTO_RELOAD,
	PROTO_KICK,
	PROTO_OP_MAX_
};

#define PROTO_FORCE 0x1u /* DOWN: also with open sessions */
#define PROTO_DEBUG 0x2u /* STATUS: the daemon's own state, as text */

struct proto_request {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	uint32_t flags;
	uint32_t tail_bytes; /* OPEN: facts, see who.h */
	uint64_t digest;     /* OPEN: of the module's policy */
	uint64_t netns_dev;  /* OPEN: the current network namespace */
	uint64_t netns_ino;
	uint64_t session;    /* KICK */
	uint32_t uid;	     /* OPEN; UP, DOWN, ENTER with a user */
	uint32_t timeout_ms; /* OPEN: how long the module will wait */
	char user[NAME_MAX_USER + 1];
	char service[PROTO_SERVICE_MAX];
	char tty[PROTO_TTY_MAX];
	char rhost[PROTO_RHOST_MAX];
	char name[NAME_MAX_INSTANCE + 1]; /* UP, DOWN, ENTER: the section */
	char padding[7];
};
_Static_assert(sizeof(struct proto_request) == 896, "request layout");

/* A request, with initialisers of other members after its op. */
#define PROTO_REQUEST(...)                                                     \
	(struct proto_request)                                                 \
	{                                                                      \
		.magic = PROTO_MAGIC, .version = PROTO_VERSION,                \
		.op = __VA_ARGS__                                              \
	}

enum proto_verdict {
	PROTO_OK = 1, /* done; OPEN: the namespace is attached */
	PROTO_STAY,   /* OPEN: this login stays where it is */
	PROTO_RETRY,  /* OPEN: the daemon has another policy; read it again */
	PROTO_DENIED, /* refused by policy */
	PROTO_FAILED, /* failed; text says why */
	PROTO_MALFORMED, /* the request violates this specification */
	PROTO_NAMESPACE, /* STATUS: tail is a struct proto_namespace */
	PROTO_SESSION,	 /* STATUS: tail is a struct proto_session */
	PROTO_TEXT,	 /* STATUS: tail is one line of text, not terminated */
	PROTO_VERDICT_MAX_
};

#define PROTO_ALREADY  0x1u /* OPEN: the peer is already in the namespace */
#define PROTO_DNS      0x2u /* the tail is the session's resolv.conf */
#define PROTO_ETC      0x4u /* /etc/netns/SECTION has files to bind over /etc */
#define PROTO_FD_NETNS 0x8u /* a network namespace is attached */
#define PROTO_FD_MNT   0x10u /* and the host's mount namespace */
#define PROTO_FD_PID   0x20u /* KICK: a pidfd is attached */

struct proto_reply {
	uint32_t magic;
	uint16_t version;
	uint16_t verdict;
	uint32_t flags;
	uint32_t tail_bytes;
	uint64_t session;		       /* OPEN: its number */
	char namespace[NAME_MAX_INSTANCE + 1]; /* the instance's name */
	char section[NAME_MAX_POLICY + 1];
	char text[ERROR_TEXT_MAX]; /* one sentence, when not OK */
	char padding[7];
};
_Static_assert(sizeof(struct proto_reply) == 736, "reply layout");

struct proto_namespace {
	char name[NAME_MAX_INSTANCE + 1];
	char section[NAME_MAX_POLICY + 1];
	char link[16], scope[16], lifetime[16], state[16];
	char user[NAME_MAX_USER + 1]; /* "" when shared */
	char host_ifname[16];	      /* "" when it has none */
	char address4[64], address6[64];
	char detail[128]; /* of the link: "peer up, 3 s ago"; or "" */
	char padding[6];
	uint32_t uid;
	uint32_t sessions;
	uint64_t netns_ino;
	uint64_t since;		     /* seconds since the epoch */
	uint64_t rx_bytes, tx_bytes; /* as the namespace sees it */
};
_Static_assert(sizeof(struct proto_namespace) == 832, "namespace layout");

struct proto_session {
	uint64_t id;
	uint64_t since;
	uint32_t pid; /* of the process that opened it */
	uint32_t uid;
	char namespace[NAME_MAX_INSTANCE + 1];
	char user[NAME_MAX_USER + 1];
	char service[PROTO_SERVICE_MAX];
	char tty[PROTO_TTY_MAX];
	char rhost[PROTO_RHOST_MAX];
	char padding[7];
};
_Static_assert(sizeof(struct proto_session) == 864, "session layout");

/* Checks a packet of `bytes` bytes: size, magic, version, op or verdict, tail
 * length, strings, unused fields, required fields, facts ("g" or "n", a name,
 * NUL). Strings may be in any encoding. Return: 0; -EBADMSG with a sentence
 * that names the field. */
int proto_check_request(const void *packet, size_t bytes, struct error *err);
int proto_check_reply(const void *packet, size_t bytes, struct error *err);

/* Has the tail of a checked request the fact: kind 'g' or 'n', name? */
int proto_has_fact(const char *facts, size_t bytes, char kind,
		   const char *name);

const char *proto_op_name(enum proto_op op);

/*
 * Writes the path of a file of the state directory, which is the socket's
 * directory. Return: 0, -ENAMETOOLONG.
 */
int proto_state_path(const char *socket, const char *name,
		     char ret[static PATH_MAX]);

#endif
