/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clean-up at the end of a scope: a variable marked `_cleanup_close_` or
 * `_cleanup_free_` is closed or freed on every return. `take_fd()` and
 * `take_ptr()` return the value and empty the variable.
 */
#ifndef NETNS_PAM_COMMON_CLEANUP_H
#define NETNS_PAM_COMMON_CLEANUP_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes fd unless it is negative; errno is unchanged. Return: -EBADF. */
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

/*
 * Moves fd above 2, so that a write to a closed standard stream cannot reach
 * it. The new fd is CLOEXEC; fd < 0 is returned as it is. Return: fd, or a
 * negative number with errno set.
 */
static inline int fd_above_stdio(int fd)
{
	int high;

	if (fd < 0 || fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close_fd(fd);
	return high;
}

static inline void *take_ptr_(void *p)
{
	void *taken = *(void **)p;

	*(void **)p = NULL;
	return taken;
}
#define take_ptr(p) take_ptr_(&(p))

#define _cleanup_(f)	 __attribute__((cleanup(f)))
#define _cleanup_close_	 _cleanup_(cleanup_close)
#define _cleanup_free_	 _cleanup_(cleanup_free)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)

#endif
