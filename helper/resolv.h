/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolv.conf(5) that a session of a namespace gets. */
#ifndef NETNS_PAMD_RESOLV_H
#define NETNS_PAMD_RESOLV_H

struct policy_namespace;

/* Return: its text, malloc'd; NULL when memory is out. */
char *resolv_conf(const struct policy_namespace *ns);

#endif
