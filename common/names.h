/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All rules for names of namespaces, rules, networks and interfaces, and the
 * names of instances. Every file name below /run/netns is checked here.
 */
#ifndef NETNS_PAM_COMMON_NAMES_H
#define NETNS_PAM_COMMON_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NAME_MAX_POLICY	  64  /* a section's name */
#define NAME_MAX_INSTANCE 127 /* a file below /run/netns */
#define NAME_MAX_USER	  256 /* as in useradd(8), LDAP and AD: bytes */

/* [A-Za-z0-9_][A-Za-z0-9_.-]{0,63}: names of rules, namespaces, networks. */
bool name_is_policy(const char *name);

/* The same grammar, up to NAME_MAX_INSTANCE bytes. */
bool name_is_instance(const char *name);

/*
 * A network interface, as in dev_valid_name() of net/core/dev.c: 1 to 15 bytes,
 * not "." or "..", no slash, colon or space. In addition: printable ASCII, and
 * no '%', which the kernel expands.
 */
bool name_is_ifname(const char *name);

/*
 * A domain: labels of letters, digits, '-' and '_', with the lengths of RFC
 * 1035; it may end with a dot.
 */
bool name_is_domain(const char *name);

/*
 * Writes the name of a user's instance of a namespace: NAME when its scope is
 * shared, NAME.USER when it is user, NAME.USER.N when it is session. A user
 * name with bytes outside [A-Za-z0-9_-], with more than 32 bytes, with a
 * leading '-', or of the form uid-N is written as uid-UID: names of two users
 * are never equal, and '.' is always the separator. n is 0 unless the scope is
 * session; user is NULL for a shared namespace. Return: 0, or -ENAMETOOLONG
 * (cannot happen for names that name_is_policy()).
 */
int name_instance(const char *section, const char *user, uid_t uid, uint32_t n,
		  char ret[static NAME_MAX_INSTANCE + 1]);

#endif
