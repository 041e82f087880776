/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of netns-pam have in common. */
#ifndef NETNS_PAM_CTL_CTL_H
#define NETNS_PAM_CTL_CTL_H

#include "common/policy/policy.h"

/* Exit statuses. exec also ends with the status of its program. */
enum { CTL_YES = 0, CTL_NO = 1, CTL_USAGE = 2 };

/* The options before the command's name. */
struct ctl {
	const char *config; /* the policy's main file */
	const char *socket; /* the daemon's */
};

/*
 * The commands. argv[0] is the program's name, for getopt(3); the arguments of
 * the command begin at argv[1].
 * Return: the exit status. After CTL_USAGE the caller prints the usage.
 */
int ctl_check(const struct ctl *ctl, int argc, char **argv);
int ctl_explain(const struct ctl *ctl, int argc, char **argv);
int ctl_status(const struct ctl *ctl, int argc, char **argv);
int ctl_up(const struct ctl *ctl, int argc, char **argv);
int ctl_down(const struct ctl *ctl, int argc, char **argv);
int ctl_exec(const struct ctl *ctl, int argc, char **argv);
int ctl_reload(const struct ctl *ctl, int argc, char **argv);
int ctl_kick(const struct ctl *ctl, int argc, char **argv);

/* Prints "netns-pam: " and the sentence on stderr. Return: CTL_NO. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints each note as "file:line: message" on stderr. */
void ctl_print_notes(const struct policy_notes *notes);

#endif
