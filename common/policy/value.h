/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of values: each reads one text into a member of an object, or notes
 * an error that says what is valid. value.c: words, numbers, paths;
 * value_net.c: addresses and interfaces; value_ports.c: filters; value_who.c:
 * matchers.
 */
#ifndef NETNS_PAM_COMMON_POLICY_VALUE_H
#define NETNS_PAM_COMMON_POLICY_VALUE_H

#include <stddef.h>

#include "common/arena.h"
#include "note.h"
#include "policy.h"

#define POLICY_VALUE_MAX     200 /* a line and more */
#define POLICY_SYSCTL_PREFIX "sysctl."

struct policy_value {
	struct arena *arena; /* of the policy that is being read */
	struct note_book *book;
	const char *file;
	const char *name; /* of the key as written: sysctl.NAME in full */
	const char *text; /* trimmed, not empty */
	unsigned int line;
	size_t item;		  /* 0 for the first of a list */
	void *object;		  /* the section's */
	void *at;		  /* the key's member of it */
	const char *const *words; /* of the key's enum, NULL at the end */
	unsigned int min, max;	  /* of the key's number */
};

/* Notes an error about the value: "KEY: SENTENCE" at its line. */
void value_error(const struct policy_value *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same as "KEY: 'VALUE' FAULT": value_wrong(value, "is no address"). */
void value_wrong(const struct policy_value *value, const char *fault);

/*
 * Return: a copy of a text, or of the value, in the policy's memory; or NULL.
 */
char *value_strdup(const struct policy_value *value, const char *text);
char *value_copy(const struct policy_value *value);

/*
 * Appends the item to an array in the policy's memory, whose size doubles at
 * powers of two; without memory no_memory is set.
 */
void value_add(const struct policy_value *value, void **items, size_t *n,
	       const void *item, size_t item_bytes);
#define VALUE_ADD(value, list, item)                                           \
	value_add(value, (void **)&(list)->items, &(list)->n, &(item),         \
		  sizeof(item))

/* Appends a copy of the value to the member, a struct policy_list. */
void value_append(const struct policy_value *value);

/* Appends value and prefix to the member, a struct policy_addresses. */
void value_append_address(const struct policy_value *value,
			  const struct inet_prefix *prefix);

/* Reads one value, or one item of a list, and notes its error. */
typedef void value_reader(const struct policy_value *value);

value_reader value_bool, value_word, value_unsigned, value_link, value_timeout,
	value_rate, value_path, value_sysctl; /* value.c */
value_reader value_section_name, value_users, value_groups, value_uids,
	value_services, value_ttys, value_rhosts; /* value_who.c */
value_reader value_pool4, value_pool6, value_ifname, value_ifname_template,
	value_address, value_network_address, value_gateway, value_route,
	value_dns, value_search, value_ready, value_dhcp;   /* value_net.c */
value_reader value_egress, value_allow_host, value_publish; /* value_ports.c */

/*
 * Checks the percent signs of a template. Return: 0 without any, 1 when
 * policy_expand() knows all of them, -EINVAL with the error noted.
 */
int value_template(const struct policy_value *value);

/* Reads a number up to `max`, without sign or leading zero. 0 or -EINVAL. */
int value_number(const char *text, size_t len, unsigned long max,
		 unsigned long *ret);

#endif
