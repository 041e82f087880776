/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for one test program: mount and network namespaces of its own, an
 * /etc and a /run in memory, some accounts, one named network namespace.
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
 * Call first in main(). Without root the program ends here, with one skipped
 * test called `name`. What fails ends it with a message.
 */
void box_make(const char *name);

/* Writes a file, by way of printf(3). */
void box_write(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reads a file of up to 64 KiB into a static buffer; "" if it is not there. */
const char *box_read(const char *path);

/* The inode of the calling thread's network or mount namespace ("net", "mnt").
 */
unsigned long box_namespace(const char *type);

/* How many descriptors are open; resident memory in KiB. */
int box_fd_count(void);
long box_rss_kib(void);

/* system(3). Return: 0 when the command succeeded. */
int box_shell(const char *command);

/*
 * The same numbers in every run: 0 to below - 1. *state begins with any number.
 */
unsigned int box_random(unsigned int *state, unsigned int below);

/* Zeroed memory that children share. */
void *box_share(size_t bytes);

/* The path of the built module. */
const char *box_module(void);

/*
 * Runs `body` in a forked child, so that whatever it does to itself is gone
 * afterwards. In there box_check() takes the place of cmocka's assertions,
 * which would go on with the next test in the child.
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
