/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result of a search for a record, a name of a namespace, a link, a process
 * or a network. A function that looks for an object returns FOUND, ABSENT, or
 * -errno when the search failed: after EMFILE, ENOMEM or EIO it is unknown
 * whether the object exists.
 *
 * What belongs to an object is removed on ABSENT only. After an error at start,
 * the daemon ends before it has changed anything; after a later error, the
 * object is kept as it is, and the search is repeated.
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
