/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a namespace: STATE_DIR/namespaces/ID (helper/base/record.h). */
#ifndef NETNS_PAM_HELPER_INSTANCE_RECORD_H
#define NETNS_PAM_HELPER_INSTANCE_RECORD_H

#include <stdint.h>

#include "common/error.h"

struct helper;
struct instance;

/* Writes it, in place of the one before. Return: 0 or -errno with a sentence.
 */
int instance_record_save(const struct instance *i, struct error *err);

/* Return: 0, also when there is none; -errno: left for the sweep. */
int instance_record_remove(const struct instance *i);

/*
 * Fills a new instance; its id is set from the file's name in any case.
 * Return: FOUND; ABSENT when the record is void; -errno.
 */
int instance_record_load(struct instance *i, const char *file);

/* Return: the instance with that record, or NULL. */
struct instance *instance_by_id(const struct helper *h, uint64_t id);

/*
 * Removes the records and directories of instances that are not in the list.
 * Return: 0, or -errno when something is left.
 */
int instance_record_sweep(struct helper *h);

#endif
