/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Describes a section of the policy: how its namespaces will be connected, and
 * a rate with its unit. From the policy alone: `explain` needs no daemon.
 */
#ifndef NETNS_PAM_COMMON_POLICY_DESCRIBE_H
#define NETNS_PAM_COMMON_POLICY_DESCRIBE_H

#include <stdint.h>
#include <sys/types.h>

#include "policy.h"

/* The values of %u, %U and %n. */
struct policy_whose {
	const char *user; /* NULL: a shared namespace */
	uid_t uid;
	const char *instance;
};

/*
 * Describes the link of a namespace, as in "a port on the network office (Linux
 * bridge br-office, isolated, NAT)". Return: 0 and malloc'd *ret; -ENOMEM.
 */
int policy_describe_link(const struct policy *p,
			 const struct policy_namespace *ns,
			 const struct policy_whose *whose, char **ret);

/* Writes bits a second in the largest unit without a fraction: "10mbit". */
#define POLICY_RATE_STR 32
void policy_describe_rate(uint64_t bits, char ret[static POLICY_RATE_STR]);

#endif
