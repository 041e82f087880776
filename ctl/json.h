/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that print JSON share, and JSON in columns. */
#ifndef NETNS_PAM_CTL_JSON_H
#define NETNS_PAM_CTL_JSON_H

#include <jansson.h>

/*
 * A string, or null for an empty one. Text that is not UTF-8 is escaped as by
 * table_escape(). Return: NULL when memory is out.
 */
json_t *json_text(const char *text);

/* Prints root (NULL: out of memory). Return: 0, -errno. */
int json_print(const json_t *root);

/* Prints the answer that explain.c has built in columns. Return: 0, -errno. */
int explain_print(const json_t *answer);

#endif
