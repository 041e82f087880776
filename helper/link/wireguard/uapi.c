/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket of wireguard-go, by which wg(8) finds it.
 *
 * The daemon creates it and passes it on: wireguard-go does not run as root,
 * and only root may create a socket to which wg(8) sends keys. The mode lets
 * wireguard-go watch the socket's removal (inotify(7)); connecting needs write
 * permission, which only root has.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "wireguard.h"

#define UAPI_DIR     "/run/wireguard"
#define UAPI_BACKLOG 16

static void uapi_path(const char *device, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), UAPI_DIR "/%s.sock",
		 device);
}

/* Return: a connected socket, or -errno. */
static int uapi_connect(const char *device)
{
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	uapi_path(device, &address);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

bool wg_uapi_is_taken(const char *device)
{
	/* A socket without a listener refuses at once. */
	_cleanup_close_ int fd = uapi_connect(device);

	return fd >= 0;
}

int wg_uapi_listen(const char *device, struct error *err)
{
	_cleanup_close_ int fd =
		fd_above_stdio(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	struct sockaddr_un address;

	uapi_path(device, &address);
	if (mkdir(UAPI_DIR, 0755) == 0)
		chmod(UAPI_DIR, 0755);
	unlink(address.sun_path);
	/* The daemon's umask of 077 protects the socket until chmod(). */
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0644) < 0 || listen(fd, UAPI_BACKLOG) < 0)
		return error_set(err, -errno, "cannot make the socket %s: %m",
				 address.sun_path);
	return take_fd(&fd);
}

int wg_uapi_ask(const char *device)
{
	static const char question[] = "get=1\n\n";
	_cleanup_close_ int fd = uapi_connect(device);

	if (fd < 0)
		return fd;
	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0)
		return -errno;
	return take_fd(&fd);
}

bool wg_uapi_has_answered(int fd)
{
	char byte;

	/* Any answer will do; its content is not used. */
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void wg_uapi_remove(const char *device)
{
	struct sockaddr_un address;

	uapi_path(device, &address);
	unlink(address.sun_path);
}
