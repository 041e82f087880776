/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that print JSON share. */
#ifndef NETNS_PAM_CTL_JSON_H
#define NETNS_PAM_CTL_JSON_H

#include <jansson.h>

/*
 * A string, or null for an empty one. JSON knows only UTF-8: other bytes are
 * shown as table_escape() shows them. Return: NULL without memory.
 */
json_t *json_text(const char *text);

/* Prints and releases root (NULL: out of memory). Return: 0, -errno. */
int json_print(json_t *root);

#endif
