/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_run.h"
#include "common/cleanup.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "process.h"

#define CHILD_LABEL_MAX 160
#define CHILD_LINE_MAX	1024
#define CHILD_INPUT_MAX 65536	/* what a pipe holds, pipe(7) */
#define CHILD_KILL_US	2000000 /* between SIGTERM and SIGKILL */

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2) /* linux/pidfd.h of 6.9 */
#endif

/* Its stdout or stderr, read a line at a time. */
struct child_stream {
	struct child *child;
	sd_event_source *source; /* owns the pipe */
	char text[CHILD_LINE_MAX];
	size_t used;
	bool is_stdout;
};

struct child {
	struct helper *helper;
	struct child *next;
	char label[CHILD_LABEL_MAX];
	struct child_events events;
	pid_t pid;
	int pidfd;
	int gate; /* a held one reads it first; or < 0 */
	uint64_t identity;
	sd_event_source *exit;
	sd_event_source *timer; /* its timeout, then CHILD_KILL_US */
	struct child_stream streams[2];
	char words[CHILD_LINE_MAX]; /* its last line on stderr */
	int unread;		    /* -errno: some of its output is lost */
	bool ours;		    /* a child process of this daemon */
	bool lasting;
	bool late;    /* its timeout has expired */
	bool stopped; /* by child_stop() */
};

/* --- finding the program --- */

int child_find(const char *program, const char *package, char ret[static 256],
	       struct error *err)
{
	static const char path[] = CHILD_PATH;

	if (program[0] == '/') {
		if (strlen(program) >= 256)
			return error_set(err, -ENAMETOOLONG,
					 "the path of the program %.40s... has more than 255 bytes",
					 program);
		memcpy(ret, program, strlen(program) + 1);
		if (access(ret, X_OK) == 0)
			return 0;
		return error_set(err, -ENOENT,
				 "the program %s cannot be run: %s", program,
				 strerror(errno));
	}
	for (const char *p = path; *p;) {
		int n = (int)strcspn(p, ":");

		snprintf(ret, 256, "%.*s/%.100s", n < 100 ? n : 100, p,
			 program);
		if (access(ret, X_OK) == 0)
			return 0;
		p += n + (p[n] == ':');
	}
	return error_set(err, -ENOENT,
			 "the program %s is not installed: install %s", program,
			 package ? package : program);
}

/* --- its life --- */

static void child_free(struct child *c)
{
	struct child **p = &c->helper->children;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	sd_event_source_disable_unref(c->exit);
	sd_event_source_disable_unref(c->timer);
	for (size_t n = 0; n < 2; n++)
		sd_event_source_disable_unref(c->streams[n].source);
	close_fd(c->pidfd);
	close_fd(c->gate);
	free(c);
}

int child_signal(const struct child *c, int sig)
{
	return syscall(SYS_pidfd_send_signal, c->pidfd, sig, NULL, 0) < 0
		       ? -errno
		       : 0;
}

/*
 * To its process group, which holds all that it started. Kernels before 6.9
 * have no such flag: then by number, which is its own until it is waited for;
 * that it lives is checked for one that is no child of ours.
 */
static int child_kill_group(const struct child *c, int sig)
{
	if (syscall(SYS_pidfd_send_signal, c->pidfd, sig, NULL,
		    PIDFD_SIGNAL_PROCESS_GROUP) == 0)
		return 0;
	if (errno != EINVAL || (!c->ours && child_signal(c, 0) < 0))
		return -errno;
	return kill(-c->pid, sig) < 0 ? -errno : 0;
}

static void child_kill(const struct child *c, int sig)
{
	if (child_kill_group(c, sig) < 0)
		child_signal(c, sig);
}

static void child_line(struct child_stream *s)
{
	struct child *c = s->child;

	s->text[s->used] = '\0';
	s->used = 0;
	if (!s->text[0] || c->stopped)
		return;
	if (s->is_stdout && c->events.line) {
		c->events.line(c->events.data, s->text);
		return;
	}
	snprintf(c->words, sizeof(c->words), "%s", s->text);
	log_info("%s: %s", c->label, s->text);
}

/* Return: false at the end of the stream. */
static bool child_read(struct child_stream *s, int fd)
{
	char buffer[4096];
	ssize_t n;

	/* The rest is read by the next event: other work must not wait. */
	for (int rounds = 0; rounds < 16; rounds++) {
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0)
			s->child->unread = -errno;
		if (n <= 0)
			return false;
		for (ssize_t k = 0; k < n; k++)
			if (buffer[k] == '\n' || s->used == sizeof(s->text) - 1)
				child_line(s);
			else if (buffer[k])
				s->text[s->used++] = buffer[k];
	}
	return true;
}

static int child_on_output(sd_event_source *source, int fd, uint32_t events,
			   void *data)
{
	struct child_stream *s = data;

	if (!child_read(s, fd)) {
		child_line(s);
		s->source = sd_event_source_disable_unref(s->source);
	}
	return 0;
}

/* Return: as child_events.ended(), with the sentence. */
static int child_verdict(const struct child *c, const siginfo_t *info,
			 struct error *why)
{
	const char *joint = c->words[0] ? ": " : "";

	if (c->late)
		return error_set(why, -ETIME, "%s took too long and was ended",
				 c->label);
	if (!c->ours)
		return error_set(why, -ECHILD, "%s ended", c->label);
	if (info->si_code != CLD_EXITED)
		return error_set(why, -ECHILD, "%s was killed by signal %d%s%s",
				 c->label, info->si_status, joint, c->words);
	if (info->si_status == 0 && c->unread)
		return error_set(why, c->unread,
				 "cannot read the output of %s: %m", c->label);
	if (info->si_status == 0)
		return error_set(why, 0, "%s ended", c->label);
	return error_set(why, -ECHILD, "%s failed with status %d%s%s", c->label,
			 info->si_status, joint, c->words);
}

static int child_on_exit(sd_event_source *source, int fd, uint32_t events,
			 void *data)
{
	struct child *c = data;
	siginfo_t info = {0};
	struct error why;
	int r;

	if (c->ours &&
	    waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		    0 &&
	    info.si_pid == 0)
		return 0;
	for (size_t n = 0; n < 2; n++) {
		struct child_stream *s = &c->streams[n];

		if (!s->source)
			continue;
		child_read(s, sd_event_source_get_io_fd(s->source));
		child_line(s);
	}
	c->exit = sd_event_source_disable_unref(c->exit);
	r = child_verdict(c, &info, &why);
	/* What it started must not stay when it has failed. */
	if (r < 0 || c->stopped)
		child_kill_group(c, SIGKILL);
	if (c->ours)
		waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG);
	if (!c->stopped && c->events.ended)
		c->events.ended(c->events.data, r, &why);
	child_free(c);
	return 0;
}

static void child_on_time(void *data)
{
	struct child *c = data;

	if (c->stopped || c->late) {
		child_kill(c, SIGKILL);
		return;
	}
	c->late = true;
	child_kill(c, SIGTERM);
	timer_arm(c->timer, CHILD_KILL_US);
}

static void child_terminate(struct child *c)
{
	c->gate = close_fd(c->gate);
	child_kill(c, SIGTERM);
	timer_arm(c->timer, CHILD_KILL_US);
}

struct child *child_stop(struct child *c)
{
	if (c) {
		c->stopped = true;
		child_terminate(c);
	}
	return NULL;
}

void child_end(struct child *c,
	       void (*ended)(void *data, int r, const struct error *why),
	       void *data)
{
	c->events = (struct child_events){.ended = ended, .data = data};
	c->late = true;
	child_terminate(c);
}

void child_go(struct child *c)
{
	(void)!write(c->gate, "", 1);
	c->gate = close_fd(c->gate);
}

void child_print(const struct helper *h, FILE *f)
{
	for (const struct child *c = h->children; c; c = c->next)
		fprintf(f, "program %d: %s%s%s\n", c->pid, c->label,
			c->lasting ? ", lasting" : "",
			c->stopped ? ", being ended" : "");
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

uint64_t child_identity(const struct child *c)
{
	return c->identity;
}

void child_close_all(struct helper *h)
{
	while (h->children) {
		struct child *c = h->children;

		if (!c->lasting || c->stopped)
			child_kill(c, c->stopped ? SIGKILL : SIGTERM);
		child_free(c);
	}
}

/* --- starting --- */

static struct child *child_new(struct helper *h, const char *label,
			       const struct child_events *events)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->helper = h;
	c->pidfd = c->gate = -EBADF;
	snprintf(c->label, sizeof(c->label), "%s", label);
	if (events)
		c->events = *events;
	for (size_t n = 0; n < 2; n++)
		c->streams[n].child = c;
	c->streams[0].is_stdout = true;
	c->next = h->children;
	h->children = c;
	return c;
}

static int child_watch(struct child *c)
{
	int r = sd_event_add_io(c->helper->event, &c->exit, c->pidfd, EPOLLIN,
				child_on_exit, c);

	if (r >= 0)
		r = timer_new(c->helper->event, &c->timer, child_on_time, c,
			      NULL);
	/* A child of ours that has ended stays until it is waited for. */
	if (r >= 0)
		r = process_identity(c->pid, c->pidfd, &c->identity);
	return r;
}

static void child_pipes_close(struct child_pipes *pipes)
{
	for (int n = 0; n < 2; n++) {
		close_fd(pipes->in[n]);
		close_fd(pipes->out[n]);
		close_fd(pipes->err[n]);
		close_fd(pipes->gate[n]);
	}
}

static int child_pipes_open(const struct child_command *command,
			    struct child_pipes *pipes)
{
	const int input = command->stdin_fd;
	size_t bytes = command->input_bytes;
	ssize_t n;

	if (command->n_pass_more > CHILD_PASS_MORE || bytes > CHILD_INPUT_MAX)
		return -E2BIG;
	if (!bytes)
		pipes->in[0] =
			input > 2 ? fcntl(input, F_DUPFD_CLOEXEC, 3)
				  : open("/dev/null", O_RDONLY | O_CLOEXEC);
	else if (pipe2(pipes->in, O_CLOEXEC) == 0 &&
		 fcntl(pipes->in[1], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (pipes->in[0] < 0)
		return -errno;
	n = bytes ? write(pipes->in[1], command->input, bytes) : 0;
	if (n != (ssize_t)bytes)
		return n < 0 ? -errno : -ENOBUFS;
	if (command->lasting) {
		pipes->out[1] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		pipes->err[1] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		if (pipes->out[1] < 0 || pipes->err[1] < 0)
			return -errno;
	} else if (pipe2(pipes->out, O_CLOEXEC) < 0 ||
		   pipe2(pipes->err, O_CLOEXEC) < 0) {
		return -errno;
	}
	if (command->held && pipe2(pipes->gate, O_CLOEXEC) < 0)
		return -errno;
	return 0;
}

static int child_listen(struct child *c, struct child_pipes *pipes)
{
	int *const ends[] = {&pipes->out[0], &pipes->err[0]};

	for (size_t n = 0; n < 2; n++) {
		struct child_stream *s = &c->streams[n];
		int r;

		if (*ends[n] < 0)
			continue;
		if (fcntl(*ends[n], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
		r = sd_event_add_io(c->helper->event, &s->source, *ends[n],
				    EPOLLIN, child_on_output, s);
		if (r < 0)
			return r;
		sd_event_source_set_io_fd_own(s->source, true);
		*ends[n] = -EBADF;
	}
	return 0;
}

static int child_fork(struct child *c, const struct child_command *command,
		      const char *path, struct child_pipes *pipes)
{
	int r = child_listen(c, pipes);

	if (r < 0)
		return r;
	c->pid = fork();
	if (c->pid < 0)
		return -errno;
	if (c->pid == 0)
		child_run(command, path, pipes);
	c->ours = true;
	c->gate = pipes->gate[1];
	pipes->gate[1] = -EBADF;
	c->lasting = command->lasting;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	r = c->pidfd < 0 ? -errno : child_watch(c);
	if (r != FOUND) { /* its end would not be noticed */
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		return r < 0 ? r : -ESRCH;
	}
	if (command->timeout_ms)
		timer_arm(c->timer, command->timeout_ms * UINT64_C(1000));
	return 0;
}

int child_start(struct helper *h, const struct child_command *command,
		const struct child_events *events, struct child **ret,
		struct error *err)
{
	struct child_pipes pipes = {{-EBADF, -EBADF},
				    {-EBADF, -EBADF},
				    {-EBADF, -EBADF},
				    {-EBADF, -EBADF}};
	struct child *c;
	char path[256];
	int r = child_find(command->argv[0], command->package, path, err);

	if (r < 0)
		return r;
	c = child_new(h, command->label, events);
	if (!c)
		return error_set(err, -ENOMEM, "out of memory");
	r = child_pipes_open(command, &pipes);
	if (r == 0)
		r = child_fork(c, command, path, &pipes);
	child_pipes_close(&pipes);
	if (r < 0) {
		child_free(c);
		return error_set(err, r, "cannot start %s: %m", command->label);
	}
	*ret = c;
	return 0;
}

int child_adopt(struct helper *h, pid_t pid, uint64_t identity,
		const char *label, const struct child_events *events,
		struct child **ret)
{
	struct child *c;
	int fd, r = pid > 0 ? process_open(pid, identity, &fd) : ABSENT;

	if (r != FOUND)
		return r;
	c = child_new(h, label, events);
	if (!c) {
		close_fd(fd);
		return -ENOMEM;
	}
	c->pid = pid;
	c->pidfd = fd;
	c->lasting = true;
	r = child_watch(c);
	if (r != FOUND) {
		child_free(c);
		return r;
	}
	*ret = c;
	return FOUND;
}
