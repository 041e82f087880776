/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "talk.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "push.h"

#define LINE_MAX_BYTES 16384

struct openvpn_talk {
	int fd;
	sd_event_source *source;
	struct openvpn_talk_events events;
	void *data;
	char line[LINE_MAX_BYTES];
	size_t used;
	bool overlong; /* the rest of this line is skipped */
	bool broken;   /* too many variables */
	struct openvpn_env env;
	bool busy, closing; /* closed by one of its own events */
};

static void talk_free(struct openvpn_talk *talk)
{
	sd_event_source_disable_unref(talk->source);
	close_fd(talk->fd);
	openvpn_env_clear(&talk->env);
	free(talk);
}

struct openvpn_talk *openvpn_talk_close(struct openvpn_talk *talk)
{
	if (talk && talk->busy)
		talk->closing = true;
	else if (talk)
		talk_free(talk);
	return NULL;
}

/* Return: the text after the prefix, or NULL. */
static char *after(char *line, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(line, prefix, length) ? NULL : line + length;
}

/* "TIME,FLAGS,TEXT" */
static void take_log(struct openvpn_talk *talk, char *line)
{
	char *flags = strchr(line, ','), *text;

	text = flags ? strchr(flags + 1, ',') : NULL;
	if (text && talk->events.log)
		talk->events.log(talk->data, flags[1], text + 1);
}

/* "TIME,NAME,DETAIL,..." */
static void take_state(struct openvpn_talk *talk, char *line)
{
	char *name, *detail;

	strsep(&line, ",");
	name = strsep(&line, ",");
	detail = strsep(&line, ",");
	if (name)
		talk->events.state(talk->data, name, detail ? detail : "");
}

/* "UP", "DOWN", "ENV,NAME=VALUE", "ENV,END" */
static void take_updown(struct openvpn_talk *talk, char *line)
{
	char *pair = after(line, "ENV,");

	if (!pair) {
		openvpn_env_clear(&talk->env);
		/* UP or DOWN as the first entry: both have variables. */
		openvpn_env_add(&talk->env, line);
	} else if (strcmp(pair, "END") != 0) {
		if (openvpn_env_add(&talk->env, pair) < 0 && !talk->broken) {
			talk->broken = true;
			talk->events
				.log(talk->data, 'N',
				     "too many addresses, routes and name servers were pushed");
		}
	} else if (talk->env.bytes && !strcmp(talk->env.text, "UP")) {
		talk->events.up(talk->data, &talk->env);
	} else {
		talk->events.down(talk->data);
	}
}

/* "Need 'Private Key' password", or the result of an attempt */
static void take_question(struct openvpn_talk *talk, char *line)
{
	char *what = after(line, "Need ");

	if (what)
		talk->events.asks(talk->data, what);
	else if (after(line, "Verification Failed"))
		talk->events.log(talk->data, 'N', line);
	/* An Auth-Token is a secret: not logged. */
}

static void take_line(struct openvpn_talk *talk, char *line)
{
	char *rest;

	if ((rest = after(line, ">LOG:")))
		take_log(talk, rest);
	else if ((rest = after(line, ">STATE:")))
		take_state(talk, rest);
	else if ((rest = after(line, ">UPDOWN:")))
		take_updown(talk, rest);
	else if ((rest = after(line, ">PASSWORD:")))
		take_question(talk, rest);
	else if (isdigit((unsigned char)*line)) /* an earlier log line */
		take_log(talk, line);
}

/* Splits received bytes into lines. */
static void take_bytes(struct openvpn_talk *talk)
{
	char *start = talk->line, *end = talk->line + talk->used, *newline;

	while (!talk->closing &&
	       (newline = memchr(start, '\n', (size_t)(end - start)))) {
		*newline = '\0';
		if (newline > start && newline[-1] == '\r')
			newline[-1] = '\0';
		if (!talk->overlong)
			take_line(talk, start);
		talk->overlong = false;
		start = newline + 1;
	}
	talk->used = (size_t)(end - start);
	memmove(talk->line, start, talk->used);
	if (talk->used == sizeof(talk->line)) {
		talk->overlong = true;
		talk->used = 0;
	}
}

static int talk_readable(sd_event_source *source, int fd, uint32_t revents,
			 void *data)
{
	struct openvpn_talk *talk = data;
	ssize_t n = read(fd, talk->line + talk->used,
			 sizeof(talk->line) - talk->used);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	talk->busy = true;
	if (n > 0) {
		talk->used += (size_t)n;
		take_bytes(talk);
	}
	if (!talk->closing && (n <= 0 || talk->broken)) {
		talk->events.closed(talk->data);
		talk->closing = true;
	}
	talk->busy = false;
	if (talk->closing)
		talk_free(talk);
	return 0;
}

/* The log first, so that earlier lines come before new events. */
static int talk_begin(int fd)
{
	static const char commands[] = "log on all\nstate on\nhold off\n"
				       "hold release\n";
	ssize_t n = send(fd, commands, sizeof(commands) - 1,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	return (size_t)n == sizeof(commands) - 1 ? 0 : -EIO;
}

/* Return: a connected socket, or -errno. */
static int talk_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -EBADF;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = fd_above_stdio(
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

/* The kernel knows the listener's pid: a command would have to be awaited. */
void openvpn_talk_end(const char *path)
{
	_cleanup_close_ int fd = talk_connect(path);
	struct ucred peer = {.pid = 0};
	socklen_t bytes = sizeof(peer);

	if (fd >= 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
	    peer.pid > 0)
		kill(peer.pid, SIGTERM);
	unlink(path);
}

int openvpn_talk_open(sd_event *event, const char *path,
		      const struct openvpn_talk_events *events, void *data,
		      struct openvpn_talk **ret, struct error *err)
{
	_cleanup_close_ int fd = talk_connect(path);
	struct openvpn_talk *talk;
	int r = fd < 0 ? fd : talk_begin(fd);

	if (r == -ENOENT || r == -ECONNREFUSED || r == -EAGAIN)
		return -EAGAIN;
	if (r < 0)
		return error_set(err, r, "cannot connect to openvpn at %s: %m",
				 path);
	talk = calloc(1, sizeof(*talk));
	if (!talk)
		return error_set(err, -ENOMEM, "out of memory");
	talk->events = *events;
	talk->data = data;
	talk->fd = take_fd(&fd);
	r = sd_event_add_io(event, &talk->source, talk->fd, EPOLLIN,
			    talk_readable, talk);
	if (r < 0) {
		talk_free(talk);
		return error_set(err, r, "cannot watch openvpn's socket: %m");
	}
	*ret = talk;
	return 0;
}
