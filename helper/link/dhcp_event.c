/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcp_event.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "helper/base/log.h"
#include "helper/base/record.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/record.h"

#define EVENT_FILE	"event"
#define EVENT_NOW	"now"  /* the last one that was read */
#define EVENT_DONE	"done" /* the last one that was processed */
#define EVENT_BYTES_MAX 65536
#define EVENT_FILES_MAX 64 /* removed from one directory */

/* A process with a descriptor may write; only root can use the path. */
#define EVENT_DIR_MODE	0733
#define EVENT_DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct event {
	char text[EVENT_BYTES_MAX + 1]; /* "NAME=VALUE", each with its NUL */
	size_t bytes;
	bool done;
};

struct event_watch {
	struct event_watch *next;
	struct instance *instance;
	void (*changed)(struct instance *i, const struct event *e);
	int dir;
	sd_event_source *inotify, *first;
};

struct events {
	int dir;
	struct event_watch *watches;
};

/* --- the directory --- */

/* Creates and opens a directory in `at`. path: the same, for messages. */
static int event_open_in(int at, const char *name, const char *path,
			 struct error *err)
{
	int dir;

	if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, "cannot create %s: %m", path);
	dir = openat(at, name, EVENT_DIR_FLAGS);
	return dir < 0 ? error_set(err, -errno, "cannot open %s: %m", path)
		       : dir;
}

int event_open(struct helper *h, struct error *err)
{
	char path[PATH_MAX];

	h->events = calloc(1, sizeof(*h->events));
	if (!h->events)
		return error_set(err, -ENOMEM, "out of memory");
	snprintf(path, sizeof(path), "%s/events", h->state_path);
	h->events->dir = event_open_in(h->state_dir, "events", path, err);
	return h->events->dir < 0 ? h->events->dir : 0;
}

static void event_name(const struct instance *i, char ret[static 24])
{
	snprintf(ret, 24, "%" PRIu64, i->id);
}

/* Removes the files and empty directories in it. */
static void event_clear(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int n = 0;

	if (!d) {
		close_fd(copy);
		return;
	}
	while (n++ < EVENT_FILES_MAX && (entry = readdir(d)))
		if (unlinkat(dir, entry->d_name, 0) < 0 && errno == EISDIR)
			unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	closedir(d);
}

static int event_open_dir(const struct instance *i, struct error *err)
{
	_cleanup_close_ int dir = -EBADF;
	char name[24], path[PATH_MAX];

	event_name(i, name);
	snprintf(path, sizeof(path), "%s/events/%s", i->helper->state_path,
		 name);
	dir = event_open_in(i->helper->events->dir, name, path, err);
	if (dir < 0)
		return dir;
	if (fchmod(dir, EVENT_DIR_MODE) < 0)
		return error_set(err, -errno, "cannot open %s: %m", path);
	/* Left by a namespace of the same number that was never recorded. */
	if (i->state == INSTANCE_MAKING)
		event_clear(dir);
	return take_fd(&dir);
}

/* --- reading --- */

/* Is it not too large, and is its last variable complete? */
static bool event_is_complete(const struct event *e)
{
	return e->bytes && e->bytes < sizeof(e->text) &&
	       e->text[e->bytes - 1] == '\0';
}

static int event_read(int dir, const char *file, struct event *e)
{
	_cleanup_close_ int fd =
		openat(dir, file,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	e->bytes = 0;
	do {
		n = read(fd, e->text + e->bytes, sizeof(e->text) - e->bytes);
		if (n < 0)
			return -errno;
		e->bytes += (size_t)n;
	} while (n && e->bytes < sizeof(e->text));
	return event_is_complete(e) ? 0 : -EBADMSG;
}

const char *event_get(const struct event *e, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = e->text; at < e->text + e->bytes;
	     at += strlen(at) + 1)
		if (strncmp(at, name, length) == 0 && at[length] == '=')
			return at + length + 1;
	return NULL;
}

bool event_is_done(const struct event *e)
{
	return e->done;
}

/* Return: is the instance still watched? changed() may call event_forget(). */
static bool event_deliver(struct event_watch *w, const char *file)
{
	_cleanup_free_ struct event *e = malloc(sizeof(*e));
	const struct events *all = w->instance->helper->events;
	int r = e ? event_read(w->dir, file, e) : -ENOMEM;

	if (r == -ENOENT)
		return true;
	if (r < 0) {
		log_warning("%s: cannot read the event of its program: %s",
			    w->instance->name, strerror(-r));
		return true;
	}
	e->done = !strcmp(file, EVENT_DONE);
	w->changed(w->instance, e);
	for (const struct event_watch *p = all->watches; p; p = p->next)
		if (p == w)
			return true;
	return false;
}

/* Renames it before it reads: a newer event is a new file. */
static void event_deliver_new(struct event_watch *w)
{
	renameat(w->dir, EVENT_FILE, w->dir, EVENT_NOW);
	event_deliver(w, EVENT_NOW);
}

static int event_on_inotify(sd_event_source *source,
			    const struct inotify_event *event, void *data)
{
	if (event->mask & IN_Q_OVERFLOW ||
	    (event->len && !strcmp(event->name, EVENT_FILE)))
		event_deliver_new(data);
	return 0;
}

static int event_on_first(sd_event_source *source, void *data)
{
	if (event_deliver(data, EVENT_DONE))
		event_deliver_new(data);
	return 0;
}

/* --- watching --- */

static void event_watch_free(struct event_watch *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->inotify);
	sd_event_source_disable_unref(w->first);
	close_fd(w->dir);
	free(w);
}

static void event_watch_cleanup(struct event_watch **w)
{
	event_watch_free(*w);
}

/* Return: where the watch of an instance is linked; *it is NULL: none. */
static struct event_watch **event_find(const struct instance *i)
{
	struct event_watch **p = &i->helper->events->watches;

	while (*p && (*p)->instance != i)
		p = &(*p)->next;
	return p;
}

static void event_unwatch(const struct instance *i)
{
	struct event_watch **p = event_find(i), *w = *p;

	if (w)
		*p = w->next;
	event_watch_free(w);
}

int event_watch(struct instance *i,
		void (*changed)(struct instance *i, const struct event *e),
		struct error *err)
{
	_cleanup_(event_watch_cleanup) struct event_watch *w =
		calloc(1, sizeof(*w));
	struct helper *h = i->helper;
	char path[32];
	int r;

	if (!w)
		return error_set(err, -ENOMEM, "out of memory");
	w->instance = i;
	w->changed = changed;
	w->dir = event_open_dir(i, err);
	if (w->dir < 0)
		return w->dir;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", w->dir);
	r = sd_event_add_inotify(h->event, &w->inotify, path,
				 IN_MOVED_TO | IN_ONLYDIR, event_on_inotify, w);
	if (r >= 0)
		r = sd_event_add_defer(h->event, &w->first, event_on_first, w);
	if (r < 0)
		return error_set(err, r, "cannot watch %s/events: %m",
				 h->state_path);
	event_unwatch(i);
	w->next = h->events->watches;
	h->events->watches = w;
	take_ptr(w);
	return 0;
}

int event_directory(const struct instance *i)
{
	const struct event_watch *w = *event_find(i);

	return w ? w->dir : -ENOENT;
}

void event_done(struct instance *i)
{
	int dir = event_directory(i);

	if (dir >= 0)
		renameat(dir, EVENT_NOW, dir, EVENT_DONE);
}

/* Return: 0, also when there is none; -errno. */
static int event_remove(const struct helper *h, const char *name)
{
	_cleanup_close_ int dir = openat(h->events->dir, name, EVENT_DIR_FLAGS);

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	/* A client that is ending must not create files in it any more. */
	fchmod(dir, 0700);
	event_clear(dir);
	return unlinkat(h->events->dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

void event_forget(struct instance *i)
{
	struct helper *h = i->helper;
	char name[24];

	event_unwatch(i);
	event_name(i, name);
	if (event_remove(h, name) < 0)
		timer_arm(h->leftovers, HELPER_LEFTOVERS_US);
}

static int event_sweep_one(void *data, const char *name)
{
	const struct helper *h = data;

	return instance_by_id(h, strtoull(name, NULL, 10))
		       ? 0
		       : event_remove(h, name);
}

int event_sweep(struct helper *h)
{
	return record_clear(h->events->dir, event_sweep_one, h);
}

void event_close(struct helper *h)
{
	if (!h->events)
		return;
	while (h->events->watches) {
		struct event_watch *w = h->events->watches;

		h->events->watches = w->next;
		event_watch_free(w);
	}
	close_fd(h->events->dir);
	free(h->events);
	h->events = NULL;
}
