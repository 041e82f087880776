/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that run beside the event loop: DHCP and VPN programs, ovs-vsctl,
 * the administrator's `up` and `down`. Started by absolute path, without a
 * shell, with a clean environment, no descriptors but 0 to 2, default signals,
 * in a session of its own.
 *
 * Should: tell its owner exactly once how it ended; keep its words for the log
 * and for the message. Mustn't: wait for anything.
 */
#ifndef NETNS_PAM_HELPER_PROCESS_CHILD_H
#define NETNS_PAM_HELPER_PROCESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/error.h"
#include "helper/base/answer.h"

struct child;
struct helper;

#define CHILD_PATH                                                             \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct child_command {
	const char *label; /* "vpn.alice: openvpn": in front of its words */
	const char *const *argv; /* argv[0]: absolute, or looked up */
	const char *package;	 /* what to install when it is missing */
	const char *const *env;	 /* "NAME=VALUE", besides PATH; or NULL */
	int netns;		 /* fd of the namespace it runs in, or < 0 */
	int pass_fd;		 /* becomes its descriptor 3, or <= 2: none */
	int pass_as;		 /* another number than 3, or 0 */
	const int *pass_more;	 /* those behind it: 4, 5, ... */
	size_t n_pass_more;
	const void *input; /* all it can read on stdin; copied, then wiped */
	size_t input_bytes;
	int stdin_fd;		 /* in place of input; or <= 2: none */
	unsigned int timeout_ms; /* then TERM, and KILL; 0: none */
	/*
	 * Outlives this helper: stdout and stderr are the helper's own stderr
	 * and `line` is never called.
	 */
	bool lasting;
	/*
	 * Becomes the program when child_go() says so; never, when the helper
	 * is killed first. Until then it can be written down who it is.
	 */
	bool held;
	/*
	 * Not root from the beginning, or 0. With these capabilities (bits) and
	 * no others, apart from others of the same user; root with 0: with all
	 * that the helper may pass on.
	 */
	uid_t uid;
	gid_t gid;
	uint64_t capabilities;
	/* Its address space, and what it may write; 0: no limit. */
	size_t memory_max, file_max;
};

struct child_events {
	/* A line of its stdout, without the newline. NULL: logged. */
	void (*line)(void *data, char *line);
	/*
	 * It ended. r: 0 for status 0, else -ECHILD, or -ETIME when it took
	 * too long; why: a sentence with its last words. The child is freed
	 * after the call. Never called from within child_start().
	 */
	void (*ended)(void *data, int r, const struct error *why);
	void *data;
};

/*
 * Return: 0 and *ret (owned by itself: gone after `ended` or child_stop());
 * -ENOENT with a sentence when the program is not installed; -errno.
 */
int child_start(struct helper *h, const struct child_command *command,
		const struct child_events *events, struct child **ret,
		struct error *err);

/*
 * Adopts a `lasting` program that an earlier daemon started.
 * Return: FOUND and *ret; ABSENT when it has ended; -errno. On failure *ret
 * stays as it is.
 */
int child_adopt(struct helper *h, pid_t pid, uint64_t identity,
		const char *label, const struct child_events *events,
		struct child **ret);

/*
 * Ends it: TERM, and KILL two seconds later. `ended` is not called any more.
 * NULL is fine. Return: NULL.
 */
struct child *child_stop(struct child *child);

/*
 * Ends it likewise, and `ended` is called once it is gone: this one, in place
 * of the events that it was started with.
 */
void child_end(struct child *child,
	       void (*ended)(void *data, int r, const struct error *why),
	       void *data);

/* One that was `held` begins. */
void child_go(struct child *child);

/* SIGTERM's place taken by another signal, such as SIGUSR1. */
int child_signal(const struct child *child, int signal);

pid_t child_pid(const struct child *child);

/* For debugging: prints a line for each program that runs. */
void child_print(const struct helper *h, FILE *f);

uint64_t child_identity(const struct child *child);

/* Is the program there? Return: 0 or -ENOENT with the same sentence. */
int child_find(const char *program, const char *package, char ret[static 256],
	       struct error *err);

/* At the end of the helper: stops those that are not lasting, lets go of the
 * rest. */
void child_close_all(struct helper *h);

#endif
