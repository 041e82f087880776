/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What module, command and helper say to each other over the AF_UNIX
 * SOCK_SEQPACKET socket. This file is the protocol's specification.
 *
 * One packet is one fixed-size struct, followed by a tail of `tail_bytes`
 * bytes. Integers are the host's. Strings are NUL-terminated and NUL-padded to
 * the end of their array. Everything unused is zero. A packet that is not so
 * is answered with PROTO_MALFORMED (where its head can be read) and the
 * connection is closed.
 *
 * A request says WHO, never WHAT: from the module there is no path, interface,
 * address, rule or namespace name in it, and pid and uid of the peer come from
 * the kernel (SO_PEERCRED, unix(7)). Only uid 0 is listened to.
 *
 *   OPEN    who -> OK + netns fd (+ host's mount namespace fd, when nested);
 *           or STAY; or RETRY; or DENIED / FAILED. After OK the connection is
 *           the session's lease: held open by the login's process, the only
 *           request that it still takes is CLOSE.
 *   CLOSE   -> OK. The session is over. A hint: the kernel's word counts too.
 *   STATUS  -> any number of packets PROTO_NAMESPACE and PROTO_SESSION, then
 * OK; with PROTO_DEBUG, packets PROTO_TEXT, then OK UP, DOWN, ENTER   name (and
 * user) -> OK; ENTER with netns fd RELOAD  -> OK, or FAILED with the first
 * error of the policy KICK    session -> OK + pidfd of the process that opened
 * it
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
#define PROTO_DISABLE	"disable" /* likewise: root's break-glass switch */

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

#define PROTO_FORCE 0x1u /* DOWN: although sessions are open */
#define PROTO_DEBUG 0x2u /* STATUS: the daemon's own state, as text */

struct proto_request {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	uint32_t flags;
	uint32_t tail_bytes; /* OPEN: facts, see who.h */
	uint64_t digest;     /* OPEN: of the policy that the module read */
	uint64_t netns_dev;  /* OPEN: the network namespace it is in now */
	uint64_t netns_ino;
	uint64_t session;    /* KICK */
	uint32_t uid;	     /* OPEN; UP, DOWN, ENTER with a user */
	uint32_t timeout_ms; /* OPEN: how long the module still waits */
	char user[NAME_MAX_USER + 1];
	char service[PROTO_SERVICE_MAX];
	char tty[PROTO_TTY_MAX];
	char rhost[PROTO_RHOST_MAX];
	char name[NAME_MAX_INSTANCE + 1]; /* UP, DOWN, ENTER: the section */
	char padding[7];
};
_Static_assert(sizeof(struct proto_request) == 896, "request layout");

enum proto_verdict {
	PROTO_OK = 1,	 /* done; OPEN: here is your namespace */
	PROTO_STAY,	 /* OPEN: this login stays where it is */
	PROTO_RETRY,	 /* OPEN: the policy changed under us, read it again */
	PROTO_DENIED,	 /* refused by policy */
	PROTO_FAILED,	 /* could not be done; text says why */
	PROTO_MALFORMED, /* the request is not as this file says */
	PROTO_NAMESPACE, /* STATUS: tail is a struct proto_namespace */
	PROTO_SESSION,	 /* STATUS: tail is a struct proto_session */
	PROTO_TEXT,	 /* STATUS: tail is one line of text, not terminated */
	PROTO_VERDICT_MAX_
};

#define PROTO_ALREADY  0x1u /* OPEN: the peer is in the namespace already */
#define PROTO_DNS      0x2u /* the tail is the session's resolv.conf */
#define PROTO_ETC      0x4u /* /etc/netns/SECTION has files to bind over /etc */
#define PROTO_FD_NETNS 0x8u /* a network namespace is attached */
#define PROTO_FD_MNT   0x10u /* then the host's mount namespace, too */
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
	char detail[128]; /* the link's own words: "peer up, 3 s ago"; or "" */
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

/*
 * Checks a packet of `bytes` bytes: size, magic, version, op or verdict, tail
 * length, terminated and padded strings, zero where the op has no use for a
 * field, UTF-8 or not but no empty user in OPEN, facts well formed ("g" or "n",
 * a non-empty name, NUL). Total and without side effects.
 * Return: 0, or -EBADMSG with a sentence that names the field.
 */
int proto_check_request(const void *packet, size_t bytes, struct error *err);
int proto_check_reply(const void *packet, size_t bytes, struct error *err);

/*
 * Is the fact (kind 'g' or 'n', name) in the tail of a checked request?
 */
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
