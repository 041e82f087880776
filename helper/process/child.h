/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that run beside the event loop: DHCP and VPN programs, ovs-vsctl,
 * the administrator's `up` and `down`. They are started by absolute path,
 * without a shell, with a clean environment, default signals and the
 * descriptors 0 to 2 only, in a session of their own. Their end is reported
 * exactly once; no function waits for it.
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
	const char *label;	 /* "vpn.alice: openvpn": before its output */
	const char *const *argv; /* argv[0]: absolute, or in CHILD_PATH */
	const char *package;	 /* to install when it is missing, or NULL */
	const char *const *env;	 /* "NAME=VALUE", besides PATH; or NULL */
	int netns;		 /* fd of the namespace it runs in, or < 0 */
	int pass_fd;		 /* its descriptor 3; <= 2: none */
	int pass_as;		 /* another number than 3; 0: 3 */
	const int *pass_more;	 /* its descriptors 4, 5, ... */
	size_t n_pass_more;
	const void *input; /* its stdin; copied */
	size_t input_bytes;
	int stdin_fd;		 /* instead of input; <= 2: none */
	unsigned int timeout_ms; /* then SIGTERM and SIGKILL; 0: none */
	/*
	 * It survives the daemon: its output goes to the daemon's stderr, and
	 * `line` is never called.
	 */
	bool lasting;
	/*
	 * It executes the program after child_go(), and ends when the daemon
	 * is killed before that: it can be recorded first.
	 */
	bool held;
	/*
	 * Its user (0: root), and its only capabilities, as bits; for root, 0
	 * is all that the daemon may pass on.
	 */
	uid_t uid;
	gid_t gid;
	uint64_t capabilities;
	/* RLIMIT_AS and RLIMIT_FSIZE; 0: no limit. */
	size_t memory_max, file_max;
};

struct child_events {
	/* A line of its stdout, without the newline. NULL: logged. */
	void (*line)(void *data, char *line);
	/*
	 * It ended. r: 0 for status 0, -ETIME at its timeout, -errno when its
	 * output could not be read, else -ECHILD;
	 * why: a sentence with its last line on stderr. The child is freed
	 * after the call. Not called from within child_start().
	 */
	void (*ended)(void *data, int r, const struct error *why);
	void *data;
};

/*
 * Return: 0 and *ret, valid until `ended` or child_stop(); -ENOENT when the
 * program is not installed, or -errno, with a sentence.
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
 * Ends it: SIGTERM, and SIGKILL two seconds later; `ended` is not called.
 * child may be NULL. Return: NULL.
 */
struct child *child_stop(struct child *child);

/* Ends it likewise, and calls this `ended` in place of its events. */
void child_end(struct child *child,
	       void (*ended)(void *data, int r, const struct error *why),
	       void *data);

/* A `held` one executes its program. */
void child_go(struct child *child);

/* Sends it a signal. Return: 0 or -errno. */
int child_signal(const struct child *child, int signal);

pid_t child_pid(const struct child *child);

/* For debugging: prints a line for each program that runs. */
void child_print(const struct helper *h, FILE *f);

uint64_t child_identity(const struct child *child);

/* Is the program installed? Return: 0; -ENOENT as child_start(). */
int child_find(const char *program, const char *package, char ret[static 256],
	       struct error *err);

/*
 * The user of programs that need not be root: `name`, else CHILD_USER, else
 * nobody; never root. It is read from /etc/passwd itself: the daemon does no
 * NSS.
 */
#define CHILD_USER "netns-pam" /* see packaging/sysusers.conf */
void child_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);
bool child_user_exists(const char *name);

/* At the end of the daemon: ends those that are not lasting, frees all. */
void child_close_all(struct helper *h);

#endif
