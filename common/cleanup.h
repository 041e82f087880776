/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scope-bound clean-up: a variable marked `_cleanup_close_` or
 * `_cleanup_free_` releases what it holds when its scope ends, by whichever
 * return. `take_fd()` and `take_ptr()` hand the thing on and disarm the mark.
 */
#ifndef NETNS_PAM_CLEANUP_H
#define NETNS_PAM_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes fd unless it is negative, leaving errno alone; returns -EBADF. */
static inline int close_fd(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -EBADF;
}

static inline void cleanup_close(const int *fd)
{
	close_fd(*fd);
}

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

static inline void *take_ptr_(void *p)
{
	void *taken = *(void **)p;

	*(void **)p = NULL;
	return taken;
}
#define take_ptr(p) ((__typeof__(p))take_ptr_(&(p)))

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)

#endif
