/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations that are timed: each function does one once and returns its
 * time in nanoseconds, or -1 if it failed. Each runs in a child of its own, so
 * that no state of another one is left.
 */
#ifndef NETNS_PAM_TESTS_BENCH_CONTEST_H
#define NETNS_PAM_TESTS_BENCH_CONTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/proto.h"

/* A login through libpam with a service of the bench's own folder. */
struct contest_login {
	const char *confdir;
	const char *service, *user;

	/*
	 * A session opened and closed before, untimed and in the same process,
	 * so that libraries, caches and pages are warm as in a daemon.
	 */
	const char *warm_service, *warm_user;
	bool moves; /* must end in another network namespace */

	/*
	 * Called inside, after the clock has stopped. Return: nanoseconds that
	 * replace the login's, or -1.
	 */
	int64_t (*inside)(void *data);
	void *data;
};

/* pam_open_session(3). */
int64_t contest_login(const struct contest_login *login);

/* The kernel alone: unshare(2), or setns(2) into the namespace at path. */
int64_t contest_unshare(void);
int64_t contest_setns(const char *path);

/* What inside() returns, in the namespace at path, as the login's above. */
struct contest_inside {
	const char *path;
	int64_t (*inside)(void *data);
	void *data;
};
int64_t contest_inside(const struct contest_inside *inside);

/* A program, from fork to its exit with 0. */
int64_t contest_program(const char *const *argv);

/* One request to the daemon: UP, DOWN; user may be NULL. */
int64_t contest_request(const char *socket, enum proto_op op, const char *name,
			const char *user, uid_t uid);

/*
 * One datagram to the echo server at the address and back, with a limit of 300
 * ms: the first of a fresh flow, or (flow) the median of many in one flow.
 */
int64_t contest_echo(const char *address, unsigned int port);
int64_t contest_echo_flow(const char *address, unsigned int port);

#endif
