/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy in force: read at start and again by store_reload(), when a file
 * changes (inotify(7)), or when a module has read another one; replaced as a
 * whole or not at all. Its text is published below the state directory for
 * modules that find the file invalid or incomplete.
 */
#ifndef NETNS_PAM_HELPER_BASE_POLICY_STORE_H
#define NETNS_PAM_HELPER_BASE_POLICY_STORE_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "common/error.h"

struct policy;
struct store;

/*
 * Reads the policy and watches its files. In place of an invalid policy the
 * last good one is taken, else an empty one; either is logged. changed() is
 * called after each replacement, not for the first. Return: 0; -errno with a
 * sentence.
 */
int store_open(struct store **ret, sd_event *event, const char *path,
	       int state_dir, const char *state_path,
	       void (*changed)(void *data), void *data, struct error *err);
/* store may be NULL. Return: NULL. */
struct store *store_close(struct store *store);

/* The policy in force; never NULL, valid until the next reload. */
const struct policy *store_policy(const struct store *store);

/*
 * The policy in force, valid until store_release() whatever is reloaded.
 * Return: NULL when out of memory.
 */
const struct policy *store_hold(struct store *store);
void store_release(struct store *store, const struct policy *policy);

/*
 * Reads the files again. missing_is_empty: a missing file is an empty policy at
 * once, else after a second, since an editor may be replacing it.
 * Return: 0 (also when nothing changed); -errno with a sentence, and the policy
 * in force stays.
 */
int store_reload(struct store *store, bool missing_is_empty, struct error *err);

#endif
