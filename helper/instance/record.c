/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "helper/base/record.h"
#include "instance.h"
#include "pool.h"

#define FIELD(type, key, member) RECORD_FIELD(instance, type, key, member)

static const struct record_field instance_fields[] = {
	FIELD(TEXT, "name", name),
	FIELD(TEXT, "section", section),
	FIELD(TEXT, "user", user),
	FIELD(NUMBER, "uid", uid),
	FIELD(NUMBER, "scope", scope),
	FIELD(NUMBER, "link", link),
	FIELD(NUMBER, "lifetime", lifetime),
	FIELD(NUMBER, "pinned", pinned),
	FIELD(NUMBER, "foreign", foreign),
	FIELD(NUMBER, "state", state),
	FIELD(NUMBER, "dev", netns.dev),
	FIELD(NUMBER, "ino", netns.ino),
	FIELD(NUMBER, "made", netns.made_ns),
	FIELD(NUMBER, "cut", cut),
	FIELD(NUMBER, "end", end),
	FIELD(NUMBER, "returned", returned),
	FIELD(NUMBER, "broken", broken),
	FIELD(NUMBER, "rate", rate_bits),
	FIELD(NUMBER, "proc", netns.proc_inode),
	FIELD(NUMBER, "plan", plan),
	FIELD(NUMBER, "since", since),
	FIELD(NUMBER, "slot", slot),
	FIELD(TEXT, "ifname", host_ifname),
	FIELD(NUMBER, "ifindex", host_ifindex),
	FIELD(PREFIX, "address4", address4),
	FIELD(PREFIX, "address6", address6),
	RECORD_LIST(instance, "more", more, n_more),
	FIELD(TEXT, "inner", ifname),
	FIELD(NUMBER, "index", ifindex),
	FIELD(TEXT, "network", network),
	FIELD(TEXT, "device", device),
	FIELD(NUMBER, "dhcp", by_dhcp),
	FIELD(NUMBER, "pid", pid),
	FIELD(NUMBER, "process", process),
	FIELD(NUMBER, "hook", hook_pid),
	FIELD(NUMBER, "hookprocess", hook_process),
	FIELD(TEXT, "search", link_search),
	RECORD_LIST(instance, "linkdns", link_dns, n_link_dns),
	FIELD(NUMBER, "filter", filter_inside),
};

#define N_FIELDS (sizeof(instance_fields) / sizeof(instance_fields[0]))

int instance_record_save(const struct instance *i, struct error *err)
{
	struct record r;
	char file[24];
	int result;

	record_begin(&r);
	record_add_fields(&r, instance_fields, N_FIELDS, i);
	record_add(&r, "down", "%s", i->down ? i->down : "");
	snprintf(file, sizeof(file), "%" PRIu64, i->id);
	result = record_save(&r, i->helper->namespaces_dir, file, true);
	if (result < 0)
		return error_set(err, result,
				 "cannot write a record below %s: %m",
				 i->helper->state_path);
	return 0;
}

struct instance *instance_by_id(const struct helper *h, uint64_t id)
{
	struct instance *i = h->instances;

	while (i && i->id != id)
		i = i->next;
	return i;
}

int instance_record_remove(const struct instance *i)
{
	char file[24];

	snprintf(file, sizeof(file), "%" PRIu64, i->id);
	return record_remove(i->helper->namespaces_dir, file);
}

int instance_record_load(struct instance *i, const char *file)
{
	struct record r;
	char *end;
	int result;

	i->id = strtoull(file, &end, 10);
	if (*end)
		return ABSENT;
	result = record_find(&r, i->helper->namespaces_dir, file);
	if (result != FOUND)
		return result;
	record_get_fields(&r, instance_fields, N_FIELDS, i);
	if (*record_get(&r, "down")) {
		i->down = strdup(record_get(&r, "down"));
		if (!i->down)
			return -ENOMEM;
	}
	return name_is_instance(i->name) && i->link < LINK_KINDS &&
			       i->state <= INSTANCE_LEAVING &&
			       i->end <= END_CUT && i->scope <= SCOPE_SESSION &&
			       i->lifetime <= LIFETIME_FOREVER &&
			       i->slot < POOL_SLOTS_MAX
		       ? FOUND
		       : ABSENT;
}

static bool instance_record_known(void *data, const char *file)
{
	return instance_by_id(data, strtoull(file, NULL, 10));
}

static int sweep_file(void *data, const char *name)
{
	return record_remove(*(const int *)data, name);
}

/* STATE_DIR/LINK.ID: the directory of a link's program. */
static int sweep_directory(void *data, const char *name)
{
	const struct helper *h = data;
	const char *dot = strchr(name, '.');
	_cleanup_close_ int dir = -EBADF;
	int r;

	if (!dot || !isdigit((unsigned char)dot[1]) ||
	    instance_by_id(h, strtoull(dot + 1, NULL, 10)))
		return 0;
	dir = openat(h->state_dir, name,
		     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = dir < 0 ? -errno : record_clear(dir, sweep_file, &dir);
	if (r == 0 && unlinkat(h->state_dir, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int instance_record_sweep(struct helper *h)
{
	int r = record_sweep(h->namespaces_dir, instance_record_known, h);
	int s = record_clear(h->state_dir, sweep_directory, h);

	return r < 0 ? r : s;
}
