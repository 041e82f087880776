/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manners of a guest in somebody else's process: what it finds it leaves. A
 * program may come with its standard streams closed; a descriptor opened then,
 * by us or by the name service, would become one of them and be written to.
 */
#ifndef NETNS_PAM_PAM_NETNS_GUEST_H
#define NETNS_PAM_PAM_NETNS_GUEST_H

#include <stdbool.h>
#include <stddef.h>

struct guest {
	int saved_errno;
	int held[3]; /* in place of closed standard streams */
	size_t n_held;
};

/* Remembers errno and holds the closed ones of descriptors 0 to 2. */
void guest_enter(struct guest *guest);
void guest_leave(const struct guest *guest);

/* Has the process more than one thread? */
bool guest_is_threaded(void);

#endif
