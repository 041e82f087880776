/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module runs in the process of another program, and leaves errno and the
 * standard streams as they are. The program may have closed some of these: a
 * descriptor that the module or the name service opens would take the number
 * of such a stream, and the program would write to it.
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

/* Saves errno, and opens the closed ones of descriptors 0 to 2. */
void guest_enter(struct guest *guest);
/* Restores both. */
void guest_leave(const struct guest *guest);

/* Has the process more than one thread? */
bool guest_is_threaded(void);

#endif
