/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void guest_enter(struct guest *guest)
{
	guest->saved_errno = errno;
	guest->n_held = 0;
	for (int fd = 0; fd <= 2; fd++) {
		int held;

		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* O_PATH: reading and writing fail with EBADF, as if closed. */
		held = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (held >= 0)
			guest->held[guest->n_held++] = held;
	}
}

void guest_leave(const struct guest *guest)
{
	for (size_t i = 0; i < guest->n_held; i++)
		close(guest->held[i]);
	errno = guest->saved_errno;
}

bool guest_is_threaded(void)
{
	struct stat st;

	/* The directory has two links, and one more for each thread. */
	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 3;
}
