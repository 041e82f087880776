/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer of `netns-pam explain` in columns. */
#ifndef NETNS_PAM_CTL_EXPLAIN_H
#define NETNS_PAM_CTL_EXPLAIN_H

#include <jansson.h>

/* Prints the object that explain.c has built. Return: 0, -errno. */
int explain_print(const json_t *answer);

#endif
