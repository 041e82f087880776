/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A namespace whose name is removed while its link must still be returned, or
 * `down` must still run, is kept by a descriptor and, since a daemon can be
 * killed, by a mount below a directory of root's: STATE_DIR/kept/ID.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "helper/base/record.h"
#include "helper/kernel/netns.h"
#include "parts.h"
#include "record.h"

struct keep_place {
	char dir[PATH_MAX], name[24];
};

static struct keep_place keep_place(const struct helper *h, uint64_t id)
{
	struct keep_place place;

	snprintf(place.dir, sizeof(place.dir), "%.*s/kept", PATH_MAX - 8,
		 h->state_path);
	snprintf(place.name, sizeof(place.name), "%" PRIu64, id);
	return place;
}

int instance_keep(struct instance *i, int netns, struct error *err)
{
	const struct keep_place place = keep_place(i->helper, i->id);
	int r;

	if (i->kept < 0)
		i->kept = fcntl(netns, F_DUPFD_CLOEXEC, 3);
	if (i->kept < 0)
		return error_set(err, -errno, "cannot keep the namespace: %m");
	if (i->kept_mounted)
		return 0;
	r = netns_publish(place.dir, place.name, i->kept, err);
	i->kept_mounted = r == 0;
	return r;
}

int instance_keep_adopt(struct instance *i)
{
	const struct keep_place place = keep_place(i->helper, i->id);
	int answer = netns_find(place.dir, place.name, &i->netns, &i->kept);

	i->kept_mounted = answer == FOUND;
	return answer < 0 ? answer : 0;
}

int instance_unkeep(struct instance *i, struct error *err)
{
	const struct keep_place place = keep_place(i->helper, i->id);
	int r = netns_unpublish(place.dir, place.name, &i->netns);

	if (r < 0 && r != -EEXIST && r != -ENOENT)
		return error_set(err, r, "cannot remove %s/%s: %m", place.dir,
				 place.name);
	i->kept = close_fd(i->kept);
	i->kept_mounted = false;
	return 0;
}

static int keep_sweep(void *data, const char *name)
{
	const uint64_t id = strtoull(name, NULL, 10);
	const struct keep_place place = keep_place(data, id);
	struct netns_id there = {0};
	int fd = -EBADF;

	if (instance_by_id(data, id))
		return 0;
	if (netns_open(place.dir, name, &fd, &there, NULL) == 0)
		close_fd(fd);
	return netns_unpublish(place.dir, name, &there);
}

int instance_keep_sweep(struct helper *h)
{
	_cleanup_close_ int dir =
		openat(h->state_dir, "kept",
		       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return dir < 0 ? -errno : record_clear(dir, keep_sweep, h);
}
