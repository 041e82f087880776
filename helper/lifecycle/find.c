/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The namespace that a login is to have: the one that is there, or a new one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/index.h"
#include "helper/base/log.h"
#include "helper/firewall/filter.h"
#include "helper/firewall/firewall.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/parts.h"
#include "helper/instance/record.h"
#include "helper/link/rate.h"

uint64_t instance_plan(const struct policy_namespace *ns)
{
	const struct policy_list *const lists[] = {&ns->address, &ns->gateway,
						   &ns->routes, NULL};
	const char *const texts[] = {ns->ifname, ns->network,	ns->peer,
				     ns->parent, ns->interface, ns->wireguard,
				     ns->openvpn};
	uint64_t hash = 0;
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		return 0;
	fprintf(f, "%d %d %u", ns->link, ns->address_mode, ns->mtu);
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		fprintf(f, "\n%s", texts[n] ? texts[n] : "");
	for (const struct policy_list *const *list = lists; *list; list++) {
		fputc('\n', f);
		for (size_t j = 0; j < (*list)->n; j++)
			fprintf(f, "%s,", (*list)->items[j]);
	}
	for (size_t i = 0; i < ns->n_sysctls; i++)
		fprintf(f, "\n%s=%s", ns->sysctls[i].name,
			ns->sysctls[i].value);
	if (fclose(f) == 0)
		hash = index_hash(FNV_BASIS, text, bytes);
	free(text);
	return hash;
}

/*
 * Is the live instance still what its name leads to, and what the policy asks
 * for? Return: 0 and its fd; -ESTALE when a new one has to take its place.
 */
static int instance_open(struct instance *i, const struct policy_namespace *ns,
			 int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct netns_id there;
	uint64_t plan;
	bool stale;
	int r = netns_open(i->helper->netns_dir, i->name, &fd, &there, &stale,
			   err);

	if (r == -ENOENT || (r == 0 && !netns_same(&there, &i->netns))) {
		log_warning(
			"the name of the namespace %s was taken away by somebody else; its sessions keep it",
			i->name);
		return -ESTALE;
	}
	if (r < 0)
		return r;
	plan = instance_plan(ns);
	if (!i->foreign && plan && i->plan != plan) {
		log_info(
			"the policy of the namespace %s has changed: new sessions get a new one, old ones keep theirs",
			i->name);
		return -ESTALE;
	}
	if (i->broken || i->cut)
		return -ESTALE;
	if (!i->foreign && i->host_ifname[0] && !i->host_ifindex) {
		log_warning(
			"the link of the namespace %s is gone: new sessions get a new one",
			i->name);
		return -ESTALE;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The live instance, with all that its policy asks for in force. */
static int instance_join(struct instance *i, const struct policy_namespace *ns,
			 int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = 0;

	if (!i->foreign && link_ops_of(i->link)->needs_firewall)
		r = firewall_ensure(i->helper, err);
	if (r == 0)
		r = instance_open(i, ns, &fd, err);
	if (r == 0)
		r = i->foreign ? 0 : filter_apply(i, ns, fd, err);
	if (r >= 0 && !i->foreign && rate_apply(i, ns, fd, err) < 0)
		r = -EIO;
	if (r < 0)
		return r;
	if (r > 0 && instance_record_save(i, NULL) < 0)
		log_warning("cannot write down the name servers of %s",
			    i->name);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* A name that no live instance and no file has, for a session of its own. */
static int instance_fresh_name(struct helper *h,
			       const struct policy_namespace *ns,
			       const struct instance_user *who,
			       char ret[static NAME_MAX_INSTANCE + 1])
{
	for (uint32_t n = 1; n; n++) {
		_cleanup_close_ int fd = -EBADF;
		struct netns_id id;
		bool stale;
		int r = name_instance(ns->name, who->user, who->uid, n, ret);

		if (r < 0)
			return r;
		if (instance_find(h, ret))
			continue;
		if (netns_open(h->netns_dir, ret, &fd, &id, &stale, NULL) ==
		    -ENOENT)
			return 0;
	}
	return -ENFILE;
}

/* Return: as instance_get(), or -ENOENT when one has to be made. */
static int instance_take(struct instance *i, const struct policy_namespace *ns,
			 const struct instance_user *who,
			 struct instance_waiter *w, struct instance **ret,
			 int *ret_fd, struct error *err)
{
	int r;

	if (strcmp(i->section, ns->name) != 0 ||
	    (ns->scope != SCOPE_SHARED && i->uid != who->uid))
		return error_set(err, -EEXIST,
				 "the name %s is taken by the namespace of %s",
				 i->name, i->section);
	if (i->state != INSTANCE_LIVE) {
		instance_wait(i, w);
		return INSTANCE_LATER;
	}
	r = instance_join(i, ns, ret_fd, err);
	if (r == 0)
		*ret = i;
	if (r != -ESTALE)
		return r;
	/* An address or a device of its own can be in one namespace only. */
	instance_retire(i,
			!i->sessions && (ns->address_mode == ADDRESS_STATIC ||
					 i->attached)
				? END_CUT
				: END_KEEP);
	return -ENOENT;
}

/*
 * Of one that is empty the kernel may take its time to remove the link: that is
 * cut, so that the next can have an address which there is only one of.
 */
static void instance_make_way(struct helper *h,
			      const struct policy_namespace *ns)
{
	for (struct instance *i = h->instances; i; i = i->next) {
		const struct link_ops *ops = link_ops_of(i->link);

		if (i->state != INSTANCE_LEAVING || !i->empty || i->cut ||
		    !i->host_ifindex || !ops->cut ||
		    strcmp(i->section, ns->name) != 0)
			continue;
		ops->cut(h, i);
		i->cut = true;
		instance_drop_addresses(i);
	}
}

int instance_get(struct helper *h, const struct policy_namespace *ns,
		 const struct instance_user *who, struct instance *own,
		 struct instance_waiter *w, struct instance **ret, int *ret_fd,
		 struct error *err)
{
	char name[NAME_MAX_INSTANCE + 1];
	struct instance *i;
	int r;

	if (ns->scope != SCOPE_SHARED && !who->user)
		return error_set(
			err, -EINVAL,
			"the namespace %s is one per %s: name the user",
			ns->name, policy_scope_name(ns->scope));
	if (own && own->scope == SCOPE_SESSION && ns->scope == SCOPE_SESSION) {
		r = instance_take(own, ns, who, w, ret, ret_fd, err);
		if (r != -ENOENT)
			return r;
	}
	if (ns->scope == SCOPE_SESSION)
		r = instance_fresh_name(h, ns, who, name);
	else
		r = name_instance(ns->name,
				  ns->scope == SCOPE_USER ? who->user : NULL,
				  who->uid, 0, name);
	if (r < 0)
		return error_set(err, r, "cannot name the namespace of %s: %s",
				 ns->name, strerror(-r));
	if (ns->address_mode == ADDRESS_STATIC)
		instance_make_way(h, ns);
	for (;;) {
		i = instance_find(h, name);
		if (!i)
			return instance_make(h, ns, who, name, w, ret, ret_fd,
					     err);
		r = instance_take(i, ns, who, w, ret, ret_fd, err);
		if (r != -ENOENT)
			return r;
	}
}
