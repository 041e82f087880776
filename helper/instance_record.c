/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "instance_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "instance.h"
#include "record.h"

static void record_add_prefix(struct record *r, const char *key,
			      const struct inet_prefix *p)
{
	char text[INET_PREFIX_STR];

	if (p->family == AF_UNSPEC)
		return;
	inet_prefix_format(p, text);
	record_add(r, key, "%s", text);
}

static void record_add_servers(struct record *r, const struct instance *i)
{
	char text[1024] = "";
	size_t used = 0;

	if (!i->held)
		return;
	for (size_t n = 0; n < i->n_servers; n++) {
		char address[INET_PREFIX_STR];

		inet_address_format(&i->servers[n], address);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s ", address);
		if (used >= sizeof(text) - INET_PREFIX_STR)
			break;
	}
	record_add(r, "dns", "%s", text);
	record_add(r, "held", "1");
}

int instance_record_save(const struct instance *i, struct error *err)
{
	struct record r;
	char file[24];
	int result;

	record_begin(&r);
	record_add(&r, "name", "%s", i->name);
	record_add(&r, "section", "%s", i->section);
	record_add(&r, "user", "%s", i->user);
	record_add(&r, "uid", "%u", i->uid);
	record_add(&r, "scope", "%d", i->scope);
	record_add(&r, "link", "%d", i->link);
	record_add(&r, "lifetime", "%d", i->lifetime);
	record_add(&r, "pinned", "%d", i->pinned);
	record_add(&r, "foreign", "%d", i->foreign);
	record_add(&r, "leaving", "%d", i->state == INSTANCE_LEAVING);
	record_add(&r, "dev", "%" PRIu64, i->netns.dev);
	record_add(&r, "ino", "%" PRIu64, i->netns.ino);
	record_add(&r, "made", "%" PRIu64, i->netns.made_ns);
	record_add(&r, "cut", "%d", i->cut);
	record_add(&r, "proc", "%" PRIu64, i->netns.proc_inode);
	record_add(&r, "plan", "%" PRIu64, i->plan);
	record_add(&r, "since", "%" PRIu64, i->since);
	record_add(&r, "slot", "%u", i->slot);
	record_add(&r, "ifname", "%s", i->host_ifname);
	record_add(&r, "ifindex", "%u", i->host_ifindex);
	record_add_prefix(&r, "address4", &i->address4);
	record_add_prefix(&r, "address6", &i->address6);
	record_add_servers(&r, i);
	snprintf(file, sizeof(file), "%" PRIu64, i->id);
	result = record_save(&r, i->helper->namespaces_dir, file, true);
	if (result < 0)
		return error_set(err, result,
				 "cannot write a record below %s: %s",
				 i->helper->state_path, strerror(-result));
	return 0;
}

void instance_record_unlink(const struct helper *h, const char *file)
{
	unlinkat(h->namespaces_dir, file, 0);
}

void instance_record_remove(const struct instance *i)
{
	char file[24];

	snprintf(file, sizeof(file), "%" PRIu64, i->id);
	instance_record_unlink(i->helper, file);
}

static int record_servers(struct record *r, struct instance *i)
{
	char text[RECORD_MAX], *rest = text, *word;

	i->held = record_get_number(r, "held");
	snprintf(text, sizeof(text), "%s", record_get(r, "dns"));
	while (i->held && (word = strsep(&rest, " "))) {
		struct inet_prefix *more;

		if (!*word)
			continue;
		more = realloc(i->servers, (i->n_servers + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		i->servers = more;
		if (inet_prefix_parse(word, &more[i->n_servers]) == 0)
			i->n_servers++;
	}
	return 0;
}

int instance_record_load(struct instance *i, const char *file)
{
	struct record r;
	char *end;
	int result;

	i->id = strtoull(file, &end, 10);
	if (*end)
		return -EINVAL;
	result = record_load(&r, i->helper->namespaces_dir, file);
	if (result < 0)
		return result;
	snprintf(i->name, sizeof(i->name), "%s", record_get(&r, "name"));
	snprintf(i->section, sizeof(i->section), "%s",
		 record_get(&r, "section"));
	snprintf(i->user, sizeof(i->user), "%s", record_get(&r, "user"));
	i->uid = (uid_t)record_get_number(&r, "uid");
	i->scope = (enum policy_scope)record_get_number(&r, "scope");
	i->link = (enum policy_link)record_get_number(&r, "link");
	i->lifetime = (enum policy_lifetime)record_get_number(&r, "lifetime");
	i->pinned = record_get_number(&r, "pinned");
	i->foreign = record_get_number(&r, "foreign");
	i->netns.dev = record_get_number(&r, "dev");
	i->netns.ino = record_get_number(&r, "ino");
	i->netns.made_ns = record_get_number(&r, "made");
	i->cut = record_get_number(&r, "cut");
	i->netns.proc_inode = record_get_number(&r, "proc");
	i->plan = record_get_number(&r, "plan");
	i->since = record_get_number(&r, "since");
	i->slot = (uint32_t)record_get_number(&r, "slot");
	snprintf(i->host_ifname, sizeof(i->host_ifname), "%s",
		 record_get(&r, "ifname"));
	i->host_ifindex = (unsigned int)record_get_number(&r, "ifindex");
	inet_prefix_parse(record_get(&r, "address4"), &i->address4);
	inet_prefix_parse(record_get(&r, "address6"), &i->address6);
	if (record_servers(&r, i) < 0)
		return -ENOMEM;
	return name_is_instance(i->name) && i->link < LINK_KINDS &&
			       i->scope <= SCOPE_SESSION &&
			       i->lifetime <= LIFETIME_FOREVER &&
			       i->slot < POOL_SLOTS_MAX
		       ? 0
		       : -EBADMSG;
}

void instance_record_each(struct helper *h,
			  void (*each)(void *data, const char *file))
{
	record_each(h->namespaces_dir, each, h);
}
