/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of netns-pam have in common. */
#ifndef NETNS_PAM_CTL_CTL_H
#define NETNS_PAM_CTL_CTL_H

#include "common/policy/policy.h"

/* Exit statuses. exec also ends with the status of its program. */
enum { CTL_YES = 0, CTL_NO = 1, CTL_USAGE = 2 };

/* The options. */
struct ctl {
	const char *config; /* the policy's main file */
	const char *socket; /* the daemon's */
	/* The command's own, by the letter in main.c: NULL, "" or the value. */
	const char *given['z'];
};

/*
 * The commands. argc, argv: the arguments after the options, as many as main.c
 * allows; ctl_exec() gets its options as well, as main() does.
 * Return: the exit status. After CTL_USAGE the caller prints the usage.
 */
typedef int ctl_command(const struct ctl *ctl, int argc, char **argv);

ctl_command ctl_check, ctl_explain, ctl_status, ctl_up, ctl_down, ctl_exec,
	ctl_reload, ctl_kick;

/* Prints "netns-pam: " and the sentence on stderr. Return: CTL_NO. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends a command that has printed its answer; r: 0 or -errno. Return: CTL_YES;
 * CTL_NO with a message when it could not be printed. */
int ctl_printed(int r);

/* Prints each note as "file:line: message" on stderr. */
void ctl_print_notes(const struct policy_notes *notes);

#endif
