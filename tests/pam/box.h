/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The environment of one test program: its own mount and network namespaces, an
 * /etc and a /run on tmpfs, some accounts, one named network namespace.
 */
#ifndef NETNS_PAM_TESTS_PAM_BOX_H
#define NETNS_PAM_TESTS_PAM_BOX_H

#include <stdbool.h>
#include <stddef.h>

#define BOX_STATE  "/run/netns-pam"
#define BOX_SOCKET BOX_STATE "/helper.sock"
#define BOX_POLICY "/etc/netns-pam.conf"
#define BOX_PAM	   "/etc/box-pam.d"
#define BOX_NETNS  "/run/netns/jail"

/*
 * Call first in main(). Without root, the program ends here with one skipped
 * test called `name`. A failure ends the program with a message.
 */
void box_make(const char *name);

/* Writes a file of mode 0644; format as printf(3). A failure ends the program.
 */
void box_write(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reads a file of up to 64 KiB into a static buffer; "" when it cannot be read.
 */
const char *box_read(const char *path);

/* The inode of the calling thread's network or mount namespace ("net", "mnt").
 */
unsigned long box_namespace(const char *type);

/* The number of open descriptors; the resident memory in KiB. */
int box_fd_count(void);
long box_rss_kib(void);

/* system(3). Return: 0 when the command succeeded, else its status. */
int box_shell(const char *command);

/*
 * A pseudo-random number from 0 to below - 1. *state is the seed: the same seed
 * gives the same numbers in every run.
 */
unsigned int box_random(unsigned int *state, unsigned int below);

/* Zeroed memory that the program shares with its children. */
void *box_share(size_t bytes);

/* The path of the built module. */
const char *box_module(void);

/*
 * Runs `body` in a forked child, so that its changes to the process do not
 * affect the next test. `body` uses box_check() instead of cmocka's assertions:
 * after a failed one of those, the child would run the next test.
 */
void box_fork(void (*body)(void *), void *data);

#define box_check(condition, ...)                                              \
	do {                                                                   \
		if (!(condition))                                              \
			box_fail(__FILE__, __LINE__,                           \
				 #condition ": " __VA_ARGS__);                 \
	} while (0)

void box_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

#endif
