/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake netns-pamd in a child process: it answers as `struct fake_plan` says,
 * also with invalid replies. Its counters are in memory shared with the test.
 */
#ifndef NETNS_PAM_TESTS_PAM_FAKE_DAEMON_H
#define NETNS_PAM_TESTS_PAM_FAKE_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/proto.h"

enum fake_behaviour {
	FAKE_ANSWERS,
	FAKE_NEVER_ACCEPTS, /* listens, but does not accept */
	FAKE_NEVER_READS,
	FAKE_NEVER_ANSWERS,
	FAKE_DIES_AT_ACCEPT,
	FAKE_DIES_AT_REQUEST, /* exits after reading it, without a reply */
};

#define FAKE_FDS_MAX 8

struct fake_plan {
	enum fake_behaviour behaviour;
	int backlog; /* of listen(2); 0: 64 */
	int retries; /* RETRY replies before the reply; -1: only RETRY */
	struct proto_reply reply;
	const char *tail; /* follows the reply; its length is in tail_bytes */
	size_t cut;	  /* send only this many bytes; 0: all */
	size_t extra;	  /* send this many additional bytes */
	int fds[FAKE_FDS_MAX];
	size_t n_fds;
	bool dies_after;   /* exits after it has answered the first OPEN */
	bool silent_close; /* does not answer CLOSE */
	int delay_ms;	   /* before the reply */
};

/* In shared memory. The test may change the plan while the daemon runs. */
struct fake_seen {
	struct fake_plan plan; /* fds and tail: as they were at fake_start() */
	int accepted, opens, closes, ended, malformed;
	struct proto_request last;
	char facts[4096];
};

/*
 * A plan that replies OK with a descriptor (CLOEXEC) of the namespace
 * BOX_NETNS. The descriptor is shared by all plans: do not close it.
 */
struct fake_plan fake_plan_ok(void);

/*
 * Starts the daemon; *seen is valid until fake_stop(). Return: its pid. A
 * failure ends the test program.
 */
pid_t fake_start(const struct fake_plan *plan, struct fake_seen **seen);

/* Kills the daemon, waits for its end, removes the socket, unmaps *seen. */
void fake_stop(pid_t pid, struct fake_seen *seen);

/* Waits until *counter is at least n. Return: false after two seconds. */
bool fake_wait(const int *counter, int n);

#endif
