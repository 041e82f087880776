/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "connection.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/helper.h"

#define SERVER_BACKLOG	       512
#define SERVER_CONNECTIONS_MAX 8192
#define SERVER_ACCEPT_AT_ONCE  16
#define SERVER_PAUSE_US	       100000 /* when descriptors run out */

/* Which request is allowed on which connection; all peers are root. */
static const struct operation operations[PROTO_OP_MAX_] = {
	[PROTO_OPEN] = {.fresh = true, .handle = login_open},
	[PROTO_CLOSE] = {.lease = true, .handle = login_close},
	[PROTO_STATUS] = {.fresh = true, .handle = status_query},
	[PROTO_UP] = {.fresh = true, .handle = admin_up},
	[PROTO_DOWN] = {.fresh = true, .handle = admin_down},
	[PROTO_ENTER] = {.fresh = true, .handle = login_exec},
	[PROTO_RELOAD] = {.fresh = true, .handle = admin_reload},
	[PROTO_KICK] = {.fresh = true, .handle = admin_kick},
};

static int server_on_connect(sd_event_source *source, int fd, uint32_t events,
			     void *data)
{
	struct helper *h = data;

	for (int i = 0; i < SERVER_ACCEPT_AT_ONCE; i++) {
		int peer =
			accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (peer < 0 && (errno == EMFILE || errno == ENFILE)) {
			log_error(
				"too many open files: logins wait until some are closed");
			sd_event_source_set_enabled(source, SD_EVENT_OFF);
			timer_arm(h->listen_again, SERVER_PAUSE_US);
		}
		if (peer < 0)
			return 0;
		if (h->connections >= SERVER_CONNECTIONS_MAX) {
			log_error("more than %d connections: the new one is closed",
				  SERVER_CONNECTIONS_MAX);
			close_fd(peer);
			continue;
		}
		connection_accept(h, peer, operations);
	}
	return 0;
}

static void server_on_pause_over(void *data)
{
	struct helper *h = data;

	sd_event_source_set_enabled(h->listener, SD_EVENT_ON);
}

int server_restore_lease(struct helper *h, int fd, uint64_t session)
{
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		close_fd(fd);
		return -errno;
	}
	return connection_restore(h, fd, operations, session);
}

/* --- the socket --- */

/* Removes the socket of a daemon that has ended. */
static int server_clear_path(const struct sockaddr_un *address,
			     struct error *err)
{
	_cleanup_close_ int probe =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, -EEXIST, "%s exists and is no socket",
				 address->sun_path);
	if (probe < 0)
		return -errno;
	if (connect(probe, (const struct sockaddr *)address,
		    sizeof(*address)) == 0 ||
	    errno == EAGAIN)
		return error_set(err, -EADDRINUSE,
				 "another netns-pamd listens on %s",
				 address->sun_path);
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int server_listen(const char *path, struct error *err)
{
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int r;

	if (fd < 0)
		return error_set(err, -errno, "cannot make a socket: %m");
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, -ENAMETOOLONG,
				 "the socket's path has more than %zu bytes: %s",
				 sizeof(address.sun_path) - 1, path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	error_set(err, 0, "cannot remove the old socket %s", path);
	r = server_clear_path(&address, err);
	if (r < 0)
		return r;
	/* main.c's umask of 077 makes it 0600 from the first moment. */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0600) < 0 || listen(fd, SERVER_BACKLOG) < 0)
		return error_set(err, -errno, "cannot listen on %s: %m", path);
	return take_fd(&fd);
}

int server_open(struct helper *h, int systemd_fd, struct error *err)
{
	int fd = systemd_fd >= 0 ? systemd_fd : server_listen(h->socket, err);
	int r;

	if (fd < 0)
		return fd;
	r = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno
								    : 0;
	if (r == 0)
		r = sd_event_add_io(h->event, &h->listener, fd, EPOLLIN,
				    server_on_connect, h);
	if (r >= 0)
		r = timer_new(h->event, &h->listen_again, server_on_pause_over,
			      h, NULL);
	if (r < 0)
		return error_set(err, r, "cannot listen on %s: %m", h->socket);
	return 0;
}

void server_close(struct helper *h)
{
	connection_free_all(h);
	h->listener = sd_event_source_disable_unref(h->listener);
	h->listen_again = sd_event_source_disable_unref(h->listen_again);
}
