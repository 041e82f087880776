/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions. The session of a login lasts as long as the connection by which it
 * was opened is open or the process that opened it lives (pidfd), whatever
 * close_session does. CLOSE ends it at once.
 *
 * A record per session lets a restarted daemon adopt it by its process; under
 * systemd the connections are kept, too (sd_pid_notify_with_fds(3), FDSTORE).
 */
#ifndef NETNS_PAM_HELPER_SERVER_SESSION_H
#define NETNS_PAM_HELPER_SERVER_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "common/names.h"
#include "common/proto.h"

struct guard_set;
struct helper;
struct instance;
struct session_holder;

struct session {
	struct helper *helper;
	struct session *next;
	struct instance *instance;
	uint64_t id;
	uint64_t since; /* seconds since the epoch */
	pid_t pid;	/* of the process that opened it */
	int pidfd;
	sd_event_source *exit;	       /* NULL: the process has ended */
	struct session_holder *holder; /* NULL: it is closed */
	bool guard;
	uid_t uid;
	char user[NAME_MAX_USER + 1];
	char service[PROTO_SERVICE_MAX];
	char tty[PROTO_TTY_MAX];
	char rhost[PROTO_RHOST_MAX];
};

/* The connection that holds a session; owned by the connection. */
struct session_holder {
	int fd; /* its socket */
	/* The session has ended and is freed after this call. */
	void (*over)(struct session_holder *holder);
};

/*
 * Opens a session in an instance. pid, pidfd: of the peer; pidfd is copied. The
 * holder stays the caller's, and is valid until over() or
 * session_holder_closed() was called. Return: 0 and *ret; or -errno with a
 * sentence.
 */
int session_open(struct helper *h, struct instance *instance,
		 const struct proto_request *who, pid_t pid, int pidfd,
		 struct session_holder *holder, bool guard,
		 struct session **ret, struct error *err);

/* Ends and frees it, with its record; the holder is notified. */
void session_end(struct session *s);

/* The connection was closed: ends the session if the process has ended. */
void session_holder_closed(struct session *s);

/*
 * Ends the sessions of an instance whose process has ended and whose connection
 * is closed, before the event loop sees it. May free the instance.
 */
void session_settle(struct instance *i);

/* Return: the session of that number, or NULL. */
struct session *session_find(const struct helper *h, uint64_t id);

/*
 * After a restart: adopts the sessions that are on record, and changes nothing.
 * Return: 0; -errno with a sentence when one cannot be looked at.
 */
int session_reconcile(struct helper *h, struct error *err);

/*
 * Removes the records of sessions that have ended. Return: 0, or -errno when
 * something is left.
 */
int session_sweep(struct helper *h);

/*
 * Gives a session that has no holder the one that systemd's fd store kept.
 * Return: the session; NULL: there is none of that number without a holder.
 */
struct session *session_restore_holder(struct helper *h, uint64_t id,
				       struct session_holder *holder);

/* Ends those that have neither a process nor a connection. */
void session_drop_dead(struct helper *h);

/* For struct guard: adds the users whose sessions are guarded. */
int session_add_guarded(const struct helper *h, struct guard_set *set);

/* Frees the memory; sessions and records stay for the next daemon. */
void session_free_all(struct helper *h);

#endif
