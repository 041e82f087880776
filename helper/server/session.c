/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "common/cleanup.h"
#include "helper/base/log.h"
#include "helper/base/record.h"
#include "helper/base/timer.h"
#include "helper/firewall/guard.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/record.h"
#include "helper/lifecycle/lifecycle.h"
#include "helper/process/process.h"

/* --- records --- */

#define FIELD(type, member) RECORD_FIELD(session, type, #member, member)

static const struct record_field session_fields[] = {
	FIELD(NUMBER, pid), FIELD(NUMBER, since), FIELD(NUMBER, guard),
	FIELD(NUMBER, uid), FIELD(TEXT, user),	  FIELD(TEXT, service),
	FIELD(TEXT, tty),   FIELD(TEXT, rhost),
};

#define N_FIELDS (sizeof(session_fields) / sizeof(session_fields[0]))

static void session_save(const struct session *s)
{
	uint64_t process = 0;
	struct record r;
	char file[24];
	int result = process_identity(s->pid, s->pidfd, &process);

	record_begin(&r);
	record_add(&r, "instance", "%" PRIu64, s->instance->id);
	record_add(&r, "namespace", "%s", s->instance->name);
	record_add(&r, "process", "%" PRIu64, process);
	record_add_fields(&r, session_fields, N_FIELDS, s);
	snprintf(file, sizeof(file), "%" PRIu64, s->id);
	if (result >= 0)
		result = record_save(&r, s->helper->sessions_dir, file, false);
	/* Not an error of the login: only a restarted daemon reads the record.
	 */
	if (result < 0)
		log_warning("cannot write the record of session %s: %s; netns-pamd will not know the session after a restart",
			    file, strerror(-result));
}

/* --- systemd's fd store --- */

/* FDSTORE=1 with a socket, or FDSTOREREMOVE=1: see sd_notify(3). */
static void session_notify(const struct session *s, const char *what, int fd)
{
	char state[64];

	if (!getenv("NOTIFY_SOCKET"))
		return;
	snprintf(state, sizeof(state), "%s\nFDNAME=lease-%" PRIu64, what,
		 s->id);
	sd_pid_notify_with_fds(0, 0, state, &fd, fd >= 0);
}

/* --- a session's life --- */

static void session_free(struct session **s)
{
	if (!*s)
		return;
	sd_event_source_disable_unref((*s)->exit);
	close_fd((*s)->pidfd);
	free(*s);
}

static int session_on_exit(sd_event_source *source, int fd, uint32_t events,
			   void *data)
{
	struct session *s = data;

	s->exit = sd_event_source_disable_unref(s->exit);
	if (!s->holder)
		session_end(s);
	return 0;
}

static int session_watch(struct session *s, struct error *err)
{
	int r = sd_event_add_io(s->helper->event, &s->exit, s->pidfd, EPOLLIN,
				session_on_exit, s);

	if (r < 0)
		return error_set(err, r, "cannot watch process %d: %m", s->pid);
	return 0;
}

static void session_insert(struct session *s)
{
	s->next = s->helper->sessions;
	s->helper->sessions = s;
	lifecycle_hold(s->instance);
}

int session_open(struct helper *h, struct instance *instance,
		 const struct proto_request *who, pid_t pid, int pidfd,
		 struct session_holder *holder, bool guard,
		 struct session **ret, struct error *err)
{
	_cleanup_(session_free) struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->helper = h;
	s->instance = instance;
	s->id = h->next_session++;
	s->since = (uint64_t)time(NULL);
	s->pid = pid;
	s->pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	if (s->pidfd < 0)
		return error_set(err, -errno, "too many open sessions: %m");
	s->guard = guard;
	s->uid = who->uid;
	memcpy(s->user, who->user, sizeof(s->user));
	memcpy(s->service, who->service, sizeof(s->service));
	memcpy(s->tty, who->tty, sizeof(s->tty));
	memcpy(s->rhost, who->rhost, sizeof(s->rhost));
	r = session_watch(s, err);
	if (r < 0)
		return r;
	session_save(s);
	s->holder = holder;
	session_notify(s, "FDSTORE=1", holder->fd);
	session_insert(s);
	*ret = take_ptr(s);
	return 0;
}

void session_end(struct session *s)
{
	struct session **p = &s->helper->sessions;
	char file[24];

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	log_info("session %" PRIu64 " of %s (%s) in %s is over", s->id, s->user,
		 s->service, s->instance->name);
	snprintf(file, sizeof(file), "%" PRIu64, s->id);
	if (record_remove(s->helper->sessions_dir, file) < 0)
		timer_arm(s->helper->leftovers, HELPER_LEFTOVERS_US);
	session_notify(s, "FDSTOREREMOVE=1", -1);
	if (s->holder)
		s->holder->over(s->holder);
	lifecycle_release(s->instance);
	session_free(&s);
}

void session_holder_closed(struct session *s)
{
	s->holder = NULL;
	if (!s->exit)
		session_end(s);
}

static bool session_fd_has(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, 0) > 0 && (p.revents & events);
}

void session_settle(struct instance *i)
{
	for (struct session *s = i->helper->sessions, *next; s; s = next) {
		next = s->next;
		if (s->instance == i &&
		    (!s->exit || session_fd_has(s->pidfd, POLLIN)) &&
		    (!s->holder || session_fd_has(s->holder->fd, POLLHUP)))
			session_end(s);
	}
}

struct session *session_find(const struct helper *h, uint64_t id)
{
	for (struct session *s = h->sessions; s; s = s->next)
		if (s->id == id)
			return s;
	return NULL;
}

int session_add_guarded(const struct helper *h, struct guard_set *set)
{
	int r = 0;

	for (const struct session *s = h->sessions; r == 0 && s; s = s->next)
		if (s->guard)
			r = guard_set_add(set, s->uid);
	return r;
}

/* --- after a restart --- */

static int session_load(struct session *s, const char *file)
{
	struct record r;
	char *end;
	int result;

	s->id = strtoull(file, &end, 10);
	if (*end)
		return ABSENT;
	result = record_find(&r, s->helper->sessions_dir, file);
	if (result != FOUND)
		return result;
	s->instance =
		instance_by_id(s->helper, record_get_number(&r, "instance"));
	record_get_fields(&r, session_fields, N_FIELDS, s);
	if (s->pid <= 0 || !s->instance ||
	    strcmp(s->instance->name, record_get(&r, "namespace")) != 0)
		return ABSENT;
	/*
	 * When the process has ended, systemd may still have the connection:
	 * the session is kept until session_drop_dead().
	 */
	result = process_open(s->pid, record_get_number(&r, "process"),
			      &s->pidfd);
	return result < 0 ? result : FOUND;
}

static int session_adopt(void *data, const char *file)
{
	struct helper *h = data;
	_cleanup_(session_free) struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->helper = h;
	s->pidfd = -EBADF;
	r = session_load(s, file);
	if (s->id >= h->next_session)
		h->next_session = s->id + 1;
	if (r == FOUND && s->pidfd >= 0)
		r = session_watch(s, NULL);
	if (r == FOUND) {
		session_insert(s);
		take_ptr(s);
	}
	return r < 0 ? r : 0; /* a void record is left to session_sweep() */
}

int session_reconcile(struct helper *h, struct error *err)
{
	int r = record_each(h->sessions_dir, session_adopt, h);

	if (r < 0)
		return error_set(err, r, "cannot adopt the sessions in %s: %m",
				 h->state_path);
	return 0;
}

static bool session_known(void *data, const char *file)
{
	return session_find(data, strtoull(file, NULL, 10));
}

int session_sweep(struct helper *h)
{
	return record_sweep(h->sessions_dir, session_known, h);
}

struct session *session_restore_holder(struct helper *h, uint64_t id,
				       struct session_holder *holder)
{
	struct session *s = session_find(h, id);

	if (!s || s->holder)
		return NULL;
	s->holder = holder;
	return s;
}

void session_drop_dead(struct helper *h)
{
	for (struct session *s = h->sessions, *next; s; s = next) {
		next = s->next;
		if (!s->holder && !s->exit)
			session_end(s);
	}
}

void session_free_all(struct helper *h)
{
	while (h->sessions) {
		struct session *s = h->sessions;

		h->sessions = s->next;
		session_free(&s);
	}
}
