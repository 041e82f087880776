/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the daemon as text, for `netns-pam status --debug`. */
#ifndef NETNS_PAM_HELPER_SERVER_DUMP_H
#define NETNS_PAM_HELPER_SERVER_DUMP_H

#include <stdio.h>

struct helper;

/* Prints lines for people who debug the daemon; no program may read them. */
void dump_print(struct helper *h, FILE *f);

#endif
