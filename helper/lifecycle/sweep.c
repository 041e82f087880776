/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/error.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/instance/instance.h"

/* At most this many namespaces end at a time, each counted for this long. */
#define SWEEP_AT_ONCE	 16
#define SWEEP_COUNTED_MS 1000
#define SWEEP_AGAIN_US	 UINT64_C(50000)
/* After a failed scan ten times as long each time, until this. */
#define SWEEP_FAILED_US UINT64_C(50000000)
#define SWEEP_LATEST_US 1000000
#define SWEEP_RETRY_US	1000000

struct sweep {
	sd_event_source *soon, *later, *retry;
	void (*ask)(struct instance *i, enum instance_end end);
	void (*run)(struct instance *i);
	uint64_t failed_us; /* the pause after a failed scan; 0: none failed */
};

struct sweep_scan {
	struct sweep_candidate {
		struct instance *instance; /* without a session */
		pid_t inside;		   /* a process in it, or 0 */
	} *idle;
	size_t n;
};

static bool sweep_is_idle(const struct instance *i)
{
	if (i->sessions || i->foreign || i->straggler || i->hook)
		return false;
	if (i->state == INSTANCE_LEAVING)
		return i->end == END_KEEP &&
		       (i->attached || i->down ||
			(i->host_ifindex && i->lifetime == LIFETIME_SESSIONS));
	return i->state == INSTANCE_LIVE && !i->pinned &&
	       i->lifetime != LIFETIME_FOREVER;
}

static bool sweep_found(void *data, pid_t pid, uint64_t proc_inode)
{
	struct sweep_scan *s = data;
	bool more = false;

	for (size_t k = 0; k < s->n; k++) {
		struct sweep_candidate *c = &s->idle[k];

		/* The link's own program is not counted. */
		if (c->instance->netns.proc_inode == proc_inode &&
		    c->instance->pid != pid)
			c->inside = pid;
		more = more || !c->inside;
	}
	return more;
}

static int sweep_on_exit(sd_event_source *source, int fd, uint32_t events,
			 void *data)
{
	struct instance *i = data;

	i->straggler = sd_event_source_disable_unref(i->straggler);
	sweep_soon(i->helper);
	return 0;
}

static void sweep_later(struct helper *h)
{
	timer_arm(h->sweep->later, SWEEP_AGAIN_US);
}

/* When this process has ended, all are scanned again. */
static void sweep_wait_for(struct instance *i, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0 && sd_event_add_io(i->helper->event, &i->straggler, fd,
				       EPOLLIN, sweep_on_exit, i) >= 0) {
		sd_event_source_set_io_fd_own(i->straggler, true);
		return;
	}
	close_fd(fd);
	sweep_later(i->helper); /* ESRCH: it has ended */
}

static unsigned int sweep_leaving(const struct helper *h)
{
	uint64_t now = deadline_now_ms();
	unsigned int n = 0;

	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->state == INSTANCE_LEAVING &&
		    now - i->leaving_ms < SWEEP_COUNTED_MS)
			n++;
	return n;
}

static void sweep_retire(struct helper *h, const struct sweep_scan *s)
{
	unsigned int leaving = sweep_leaving(h);

	for (size_t k = 0; k < s->n; k++) {
		struct instance *i = s->idle[k].instance;
		pid_t inside = s->idle[k].inside;

		if (inside && i->lifetime != LIFETIME_SESSIONS) {
			sweep_wait_for(i, inside);
			continue;
		}
		if (leaving >= SWEEP_AT_ONCE) {
			sweep_later(h);
			continue;
		}
		leaving += i->host_ifindex != 0;
		log_debug("the namespace %s is not in use: removed", i->name);
		h->sweep->ask(i, i->lifetime == LIFETIME_SESSIONS ? END_CUT
								  : END_EMPTY);
	}
}

/* A failed scan does not show what is idle: nothing ends. */
static void sweep_failed(struct helper *h, int r)
{
	struct sweep *s = h->sweep;

	if (!s->failed_us)
		log_error("cannot see which processes are inside namespaces: %s; no unused namespace ends%s",
			  strerror(-r),
			  r == -EPERM
				  ? "; if /proc is mounted with hidepid, mount it with hidepid=0"
				  : "");
	s->failed_us = s->failed_us ? s->failed_us * 10 : SWEEP_AGAIN_US;
	if (s->failed_us > SWEEP_FAILED_US)
		s->failed_us = SWEEP_FAILED_US;
	log_debug("processes are looked for again in %" PRIu64 " ms",
		  s->failed_us / 1000);
	timer_arm(s->later, s->failed_us);
}

static void sweep_run(void *data)
{
	struct helper *h = data;
	struct sweep_scan s = {.n = 0};
	size_t n = 0;
	int r;

	for (const struct instance *i = h->instances; i; i = i->next)
		n += sweep_is_idle(i);
	if (!n)
		return;
	s.idle = calloc(n, sizeof(*s.idle));
	for (struct instance *i = h->instances; s.idle && i; i = i->next)
		if (sweep_is_idle(i))
			s.idle[s.n++].instance = i;
	r = s.idle ? netns_scan(sweep_found, &s) : -ENOMEM;
	if (r < 0) {
		sweep_failed(h, r);
	} else {
		if (h->sweep->failed_us)
			log_info(
				"processes inside namespaces can be seen again");
		h->sweep->failed_us = 0;
		sweep_retire(h, &s);
	}
	free(s.idle);
}

static int sweep_on_defer(sd_event_source *source, void *data)
{
	sweep_run(data);
	return 0;
}

void sweep_soon(struct helper *h)
{
	int on = SD_EVENT_OFF;

	if (!h->sweep)
		return;
	sd_event_source_set_enabled(h->sweep->soon, SD_EVENT_ONESHOT);
	/* At the latest, when the loop is never idle. */
	sd_event_source_get_enabled(h->sweep->later, &on);
	if (on == SD_EVENT_OFF)
		timer_arm(h->sweep->later, SWEEP_LATEST_US);
}

static void sweep_on_retry(void *data)
{
	struct helper *h = data;

	for (struct instance *i = h->instances, *next; i; i = next) {
		next = i->next;
		if (i->unfinished)
			h->sweep->run(i);
	}
}

void sweep_retry(struct helper *h)
{
	if (h->sweep)
		timer_arm(h->sweep->retry, SWEEP_RETRY_US);
}

int sweep_open(struct helper *h,
	       void (*ask)(struct instance *i, enum instance_end end),
	       void (*run)(struct instance *i), struct error *err)
{
	struct sweep *s = h->sweep = calloc(1, sizeof(*s));
	int r = s ? sd_event_add_defer(h->event, &s->soon, sweep_on_defer, h)
		  : -ENOMEM;

	if (r >= 0)
		r = timer_new(h->event, &s->later, sweep_run, h, err);
	if (r >= 0)
		r = timer_new(h->event, &s->retry, sweep_on_retry, h, err);
	if (r < 0)
		return error_set(err, r, "cannot set up the event loop: %m");
	s->ask = ask;
	s->run = run;
	/* After pending logins, which may join what would be removed. */
	sd_event_source_set_priority(s->soon, SD_EVENT_PRIORITY_IDLE);
	sd_event_source_set_enabled(s->soon, SD_EVENT_ONESHOT);
	return 0;
}

void sweep_close(struct helper *h)
{
	if (!h->sweep)
		return;
	sd_event_source_disable_unref(h->sweep->soon);
	sd_event_source_disable_unref(h->sweep->later);
	sd_event_source_disable_unref(h->sweep->retry);
	free(h->sweep);
	h->sweep = NULL;
}
