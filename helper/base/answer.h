/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to "is it there?", for records, names of namespaces, links,
 * processes and networks. A function that looks for a thing returns FOUND,
 * ABSENT, or -errno when it could not look: EMFILE, ENOMEM, EIO and their kind
 * say nothing about the thing.
 *
 * What belongs to a thing is removed on ABSENT only. An error at start gives
 * the start up, before anything is changed; an error later keeps the thing as
 * it is, to be looked for again.
 */
#ifndef NETNS_PAM_HELPER_BASE_ANSWER_H
#define NETNS_PAM_HELPER_BASE_ANSWER_H

#include <errno.h>
#include <stdbool.h>

enum { FOUND = 0, ABSENT = 1 };

/* From the result of a system call or a netlink request: 0 or -errno. */
static inline int answer_of(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -ESRCH ? ABSENT : r;
}

/*
 * For a file that may also be invalid: did reading it fail for lack of
 * resources or by an I/O error, so that nothing is known of its contents?
 */
static inline bool answer_is_failure(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -ENOBUFS ||
	       r == -EIO || r == -EINTR || r == -EAGAIN;
}

#endif
