/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "make.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "helper/base/policy_store.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/kernel/rtnl.h"

int making_new(struct instance *i, const struct policy_namespace *ns,
	       struct error *err)
{
	struct store *store = i->helper->store;
	struct making *m = calloc(1, sizeof(*m));

	if (m)
		m->site.policy = store_hold(store);
	if (!m || !m->site.policy) {
		free(m);
		return error_set(err, -ENOMEM, "out of memory");
	}
	m->instance = i;
	m->site.helper = i->helper;
	m->site.instance = i;
	m->site.ns = ns;
	m->site.netns = -EBADF;
	i->making = m;
	return 0;
}

void making_free(struct making *m)
{
	struct instance *i;

	if (!m)
		return;
	i = m->instance;
	sd_event_source_disable_unref(m->poll);
	rtnl_close(m->site.inside);
	close_fd(m->site.netns);
	store_release(i->helper->store, m->site.policy);
	i->making = NULL;
	i->making_netns = -EBADF;
	free(m);
}
