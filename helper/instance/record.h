/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance as a record below STATE_DIR/namespaces, and back (record.h). */
#ifndef NETNS_PAM_HELPER_INSTANCE_RECORD_H
#define NETNS_PAM_HELPER_INSTANCE_RECORD_H

#include "common/error.h"

struct helper;
struct instance;

int instance_record_save(const struct instance *i, struct error *err);
void instance_record_remove(const struct instance *i);
void instance_record_unlink(const struct helper *h, const char *file);

/* Fills a new instance; its id is set from the file's name in any case. */
int instance_record_load(struct instance *i, const char *file);

void instance_record_each(struct helper *h,
			  void (*each)(void *data, const char *file));

#endif
