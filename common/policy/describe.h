/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a section of the policy comes to, in words: how its namespaces will be
 * connected, and a rate as people write it.
 *
 * Mustn't: look at the machine; `explain` works without a helper.
 */
#ifndef NETNS_PAM_COMMON_POLICY_DESCRIBE_H
#define NETNS_PAM_COMMON_POLICY_DESCRIBE_H

#include <stdint.h>
#include <sys/types.h>

#include "policy.h"

/* Whose namespace is spoken of, for %u, %U and %n. */
struct policy_whose {
	const char *user; /* NULL: nobody's in particular */
	uid_t uid;
	const char *instance;
};

/*
 * How the namespace will be connected, for one of each kind of link: "a port
 * on the network office (Linux bridge br-office, isolated, NAT)".
 * Return: 0 and *ret, malloc'd; -ENOMEM.
 */
int policy_describe_link(const struct policy *p,
			 const struct policy_namespace *ns,
			 const struct policy_whose *whose, char **ret);

/* "10mbit": the largest unit that leaves a whole number. */
#define POLICY_RATE_STR 32
void policy_describe_rate(uint64_t bits, char ret[static POLICY_RATE_STR]);

#endif
