/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The environment for tests of parts of the daemon: the test program has its
 * own mount and network namespaces, an empty tmpfs on /run, and its log on
 * stderr.
 */
#ifndef NETNS_PAM_TESTS_HELPER_GROUND_H
#define NETNS_PAM_TESTS_HELPER_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Call first in main(). Without root nothing is made, and every test has to
 * begin with ground_need(). Anything that fails ends the program.
 */
void ground_make(void);

/* Skips the running cmocka test without root. */
void ground_need(void);

/* Writes a file of mode 0600, made or truncated; format as printf(3). */
void ground_write(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reads up to 64 KiB into a static buffer; "" when it does not exist. */
const char *ground_read(const char *path);

/* How many entries a directory has, without "." and "..". */
int ground_count(const char *dir);

/* Removes a directory and everything in it. */
void ground_remove(const char *dir);

/* How many mounts of this mount namespace are at this path. */
int ground_mounts_at(const char *path);

/* The inode of the calling thread's network namespace. */
uint64_t ground_netns(void);

/* A new network namespace without processes. Return: its fd. */
int ground_netns_new(void);

/*
 * Runs a shell command, as an administrator would. Return: its exit status; its
 * output is in /run/ground.out.
 */
int ground_sh(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Records stderr until ground_said(), which returns what was written to it. */
void ground_listen(void);
const char *ground_said(void);

/*
 * Forks a child that runs body() and then waits until it is killed. Returns
 * when body() has returned; the test fails unless that was 0.
 */
pid_t ground_child(int (*body)(void *data), void *data);
void ground_kill(pid_t pid);

/*
 * Runs body() in a child to its end. Return: its exit status, or 128 and the
 * signal it died of.
 */
int ground_run(int (*body)(void *data), void *data);

#endif
