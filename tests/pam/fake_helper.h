/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stand-in for netns-pamd that answers as it is told, wrongly too. It runs
 * in a child process; what it saw is in memory that both share.
 */
#ifndef NETNS_PAM_TESTS_PAM_FAKE_HELPER_H
#define NETNS_PAM_TESTS_PAM_FAKE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/proto.h"

enum fake_behaviour {
	FAKE_ANSWERS,
	FAKE_NEVER_ACCEPTS, /* listens, and that is all */
	FAKE_NEVER_READS,
	FAKE_NEVER_ANSWERS,
	FAKE_DIES_AT_ACCEPT,
	FAKE_DIES_AT_REQUEST, /* has read it, answers nothing */
};

#define FAKE_FDS_MAX 8

struct fake_plan {
	enum fake_behaviour behaviour;
	int backlog; /* of listen(2); 0: 64 */
	int retries; /* RETRY so often before the reply; -1: always */
	struct proto_reply reply;
	const char *tail; /* follows the reply; its length is in tail_bytes */
	size_t cut;	  /* 0, or: send only so many bytes */
	size_t extra;	  /* send so many bytes more */
	int fds[FAKE_FDS_MAX];
	size_t n_fds;
	bool dies_after;   /* exits when it has answered the first OPEN */
	bool silent_close; /* does not answer CLOSE */
	int delay_ms;	   /* before the reply */
};

/* In shared memory; what the plan says may be changed while it runs. */
struct fake_seen {
	struct fake_plan plan; /* not its fds and tail, those are copied once */
	int accepted, opens, closes, ended, malformed;
	struct proto_request last;
	char facts[4096];
};

/* A plan whose reply is OK with the box's named namespace (opened CLOEXEC). */
struct fake_plan fake_plan_ok(void);

/* Starts it; *seen stays valid until fake_stop(). Return: its pid. */
pid_t fake_start(const struct fake_plan *plan, struct fake_seen **seen);

/* Kills it, waits for it, removes the socket. */
void fake_stop(pid_t pid, struct fake_seen *seen);

/* Polls until *counter is at least `n`; false after two seconds. */
bool fake_wait(const int *counter, int n);

#endif
