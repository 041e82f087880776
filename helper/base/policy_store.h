/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy that the helper decides by: read at start, read again when it is
 * told to, when a file changes (inotify(7)) or when a module has read another
 * one; replaced whole or not at all. The last good text is published below the
 * state directory for modules that find the file broken or half-written.
 */
#ifndef NETNS_PAM_HELPER_BASE_POLICY_STORE_H
#define NETNS_PAM_HELPER_BASE_POLICY_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/error.h"

struct policy;
struct store;

/*
 * Reads the policy and begins to watch its files. A policy that is broken now
 * gives way to the last good one, and that to an empty one; either is logged.
 * changed() is called after each replacement, not for the first.
 */
int store_open(struct store **ret, sd_event *event, const char *path,
	       int state_dir, const char *state_path,
	       void (*changed)(void *data), void *data, struct error *err);
/* NULL is fine. Return: NULL. */
struct store *store_close(struct store *store);

/* The policy in force; never NULL, valid until the next reload. */
const struct policy *store_policy(const struct store *store);

/*
 * The policy in force, kept until it is released, whatever is reloaded: for
 * work that goes on beside the loop. Return: NULL when memory is out.
 */
const struct policy *store_hold(struct store *store);
void store_release(struct store *store, const struct policy *policy);

/*
 * Reads the files again. gone_is_empty: a missing file is an empty policy at
 * once; else it has a second to come back, as when an editor replaces it.
 * Return: 0 (also when nothing changed); or -errno with a sentence, the policy
 * in force being as before.
 */
int store_reload(struct store *store, bool gone_is_empty, struct error *err);

#endif
