/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/policy/current.h"
#include "common/proto.h"
#include "log.h"
#include "record.h"
#include "timer.h"

#define STORE_RETRY_US	 200000	 /* a file that is being written */
#define STORE_MISSING_US 1000000 /* a file that an editor may be replacing */

/* A policy that store_hold() returned, in force or replaced. */
struct store_held {
	struct store_held *next;
	struct policy *policy;
	unsigned int holders;
};

struct store {
	sd_event *event;
	struct store_held *held;
	sd_event_source *retry, *missing;
	char path[PATH_MAX], dropins[PATH_MAX];
	int state_dir;
	char last_good[PATH_MAX];
	int watch_dir, watch_dropins; /* watch descriptors of inotify */
	int inotify_fd;
	sd_event_source *watch;
	struct policy *policy;
	struct error last; /* that was logged */
	void (*changed)(void *data);
	void *data;
};

/* --- reading --- */

static struct store_held *store_find_held(const struct store *store,
					  const struct policy *policy)
{
	struct store_held *held = store->held;

	while (held && held->policy != policy)
		held = held->next;
	return held;
}

static void store_take(struct store *store, struct policy *fresh)
{
	int r;

	if (!store_find_held(store, store->policy))
		policy_free(store->policy);
	store->policy = fresh;
	store->last.text[0] = '\0';
	r = fresh->n_files || fresh->text_bytes
		    ? record_write(store->state_dir, PROTO_LAST_GOOD,
				   fresh->text, fresh->text_bytes, true)
		    : record_remove(store->state_dir, PROTO_LAST_GOOD);
	if (r < 0)
		log_warning("cannot keep a copy of the policy in %s: %s",
			    store->last_good, strerror(-r));
}

static void store_notes(const struct policy_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct policy_note *n = &notes->items[i];

		if (n->warning)
			log_warning("%s:%u: %s", n->file, n->line, n->message);
		else
			log_error("%s:%u: %s", n->file, n->line, n->message);
	}
}

/* A timer that is armed keeps its time. */
static void store_wait(sd_event_source *timer, uint64_t us)
{
	int on = SD_EVENT_OFF;

	sd_event_source_get_enabled(timer, &on);
	if (on == SD_EVENT_OFF)
		timer_arm(timer, us);
}

static void store_on_retry(void *data)
{
	store_reload(data, false, NULL);
}

static void store_on_missing(void *data)
{
	store_reload(data, true, NULL);
}

int store_reload(struct store *store, bool missing_is_empty, struct error *err)
{
	const struct policy_sources sources = {
		.path = store->path,
		.last_good = store->last_good,
		.in_force = store->policy,
		.missing_counts = missing_is_empty,
	};
	struct policy_notes notes = {0};
	struct policy_current now;
	int r = policy_current(&sources, &now, &notes);

	/* The published copy may be valid: an empty policy would replace it. */
	if (policy_is_shortage(now.copy))
		r = now.code = now.copy;
	if (now.code == -ENOENT) {
		policy_notes_clear(&notes);
		store_wait(store->missing, STORE_MISSING_US);
		return error_set(err, -ENOENT,
				 "%s: the previous policy stays in force for one second",
				 now.why.text);
	}
	if (now.code == -EBUSY || policy_is_shortage(now.code))
		store_wait(store->retry, STORE_RETRY_US);
	/* The same error is logged once, however often the file is read. */
	if (now.code < 0 && strcmp(now.why.text, store->last.text) != 0) {
		store_notes(&notes);
		if (now.code != -EBUSY)
			log_error("cannot use the policy: %s", now.why.text);
		store->last = now.why;
	}
	if (now.last_good) {
		log_warning("the last good policy, %s, stays in force",
			    store->last_good);
		store->policy = now.policy;
	} else if (r == 0 && store->policy &&
		   now.policy->digest == store->policy->digest) {
		policy_free(now.policy);
	} else if (r == 0) {
		bool first = !store->policy;

		store_notes(&notes);
		store_take(store, now.policy);
		log_info("policy %s: %zu rules, %zu namespaces", store->path,
			 store->policy->n_rules, store->policy->n_namespaces);
		if (!first)
			store->changed(store->data);
	}
	policy_notes_clear(&notes);
	return now.code < 0 ? error_set(err, now.code, "%s", now.why.text) : 0;
}

/* --- watching --- */

static void store_watch_dropins(struct store *store)
{
	const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
			      IN_DELETE | IN_ATTRIB | IN_ONLYDIR;
	int watch = inotify_add_watch(store->inotify_fd, store->dropins, mask);

	if (watch >= 0)
		store->watch_dropins = watch;
}

static int store_on_change(sd_event_source *s, int fd, uint32_t events,
			   void *data)
{
	char buffer[16 * 1024]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	struct store *store = data;
	const char *dropins = strrchr(store->dropins, '/') + 1;
	const char *file = strrchr(store->path, '/') + 1;
	bool ours = false;
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (char *p = buffer; p < buffer + n;) {
			const struct inotify_event *e = (void *)p;
			bool dir = e->wd == store->watch_dir && e->len &&
				   !strcmp(e->name, dropins);

			if (dir)
				store_watch_dropins(store);
			ours = ours || dir || e->mask & IN_Q_OVERFLOW ||
			       e->wd == store->watch_dropins ||
			       (e->len && !strcmp(e->name, file));
			p += sizeof(*e) + e->len;
		}
	if (ours)
		store_reload(store, false, NULL);
	return 0;
}

static int store_watch(struct store *store, struct error *err)
{
	const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
			      IN_DELETE | IN_CREATE | IN_ATTRIB;
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s",
		 (int)(strrchr(store->path, '/') - store->path), store->path);
	store->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (store->inotify_fd >= 0)
		store->watch_dir = inotify_add_watch(store->inotify_fd,
						     *dir ? dir : "/", mask);
	if (store->inotify_fd < 0 || store->watch_dir < 0)
		return error_set(err, -errno, "cannot watch %s: %m", dir);
	store_watch_dropins(store);
	return sd_event_add_io(store->event, &store->watch, store->inotify_fd,
			       EPOLLIN, store_on_change, store);
}

/* --- opening --- */

/* Reads the first policy: the files, the last good one, or an empty one. */
static int store_begin(struct store *store, struct error *err)
{
	int r = store_reload(store, true, err);

	if (store->policy || policy_is_shortage(r))
		return store->policy ? 0 : r;
	log_error(
		"there is no valid policy: mapped logins are refused until there is one");
	return policy_parse("nothing", "", 0, &store->policy, NULL, err);
}

int store_open(struct store **ret, sd_event *event, const char *path,
	       int state_dir, const char *state_path,
	       void (*changed)(void *data), void *data, struct error *err)
{
	struct store *store;
	int r;

	if (path[0] != '/' || strlen(path) + 4 > PATH_MAX ||
	    strlen(strrchr(path, '/') + 1) > NAME_MAX)
		return error_set(err, -EINVAL,
				 "the policy's path must be absolute: %s",
				 path);
	store = calloc(1, sizeof(*store));
	if (!store)
		return error_set(err, -ENOMEM, "out of memory");
	*store = (struct store){.event = event,
				.state_dir = state_dir,
				.inotify_fd = -EBADF,
				.watch_dir = -1,
				.watch_dropins = -1,
				.changed = changed,
				.data = data};
	snprintf(store->path, sizeof(store->path), "%s", path);
	snprintf(store->dropins, sizeof(store->dropins), "%.*s.d", PATH_MAX - 3,
		 path);
	snprintf(store->last_good, sizeof(store->last_good), "%.*s/%s",
		 PATH_MAX - 16, state_path, PROTO_LAST_GOOD);
	r = store_watch(store, err);
	if (r >= 0)
		r = timer_new(event, &store->retry, store_on_retry, store, err);
	if (r >= 0)
		r = timer_new(event, &store->missing, store_on_missing, store,
			      err);
	if (r >= 0)
		r = store_begin(store, err);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

struct store *store_close(struct store *store)
{
	if (!store)
		return NULL;
	sd_event_source_unref(store->retry);
	sd_event_source_unref(store->missing);
	sd_event_source_unref(store->watch);
	close_fd(store->inotify_fd);
	policy_free(store->policy);
	free(store);
	return NULL;
}

const struct policy *store_policy(const struct store *store)
{
	return store->policy;
}

const struct policy *store_hold(struct store *store)
{
	struct store_held *held = store_find_held(store, store->policy);

	if (!held) {
		held = calloc(1, sizeof(*held));
		if (!held)
			return NULL;
		held->policy = store->policy;
		held->next = store->held;
		store->held = held;
	}
	held->holders++;
	return held->policy;
}

void store_release(struct store *store, const struct policy *policy)
{
	struct store_held *held = store_find_held(store, policy);
	struct store_held **p = &store->held;

	if (!held || --held->holders)
		return;
	while (*p != held)
		p = &(*p)->next;
	*p = held->next;
	if (held->policy != store->policy)
		policy_free(held->policy);
	free(held);
}
