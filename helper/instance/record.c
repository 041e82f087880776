/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "helper/base/record.h"
#include "instance.h"
#include "pool.h"

static void record_add_prefix(struct record *r, const char *key,
			      const struct inet_prefix *p)
{
	char text[INET_PREFIX_STR];

	if (p->family == AF_UNSPEC)
		return;
	inet_prefix_format(p, text);
	record_add(r, key, "%s", text);
}

static void record_add_servers(struct record *r, const char *key,
			       const struct inet_prefix *servers, size_t n)
{
	char text[1024] = "";
	size_t used = 0;

	for (size_t k = 0; k < n; k++) {
		char address[INET_PREFIX_STR];

		inet_address_format(&servers[k], address);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s ", address);
		if (used >= sizeof(text) - INET_PREFIX_STR)
			break;
	}
	record_add(r, key, "%s", text);
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
	record_add(&r, "state", "%d", i->state);
	record_add(&r, "dev", "%" PRIu64, i->netns.dev);
	record_add(&r, "ino", "%" PRIu64, i->netns.ino);
	record_add(&r, "made", "%" PRIu64, i->netns.made_ns);
	record_add(&r, "cut", "%d", i->cut);
	record_add(&r, "broken", "%d", i->broken);
	record_add(&r, "rate", "%" PRIu64, i->rate_bits);
	record_add(&r, "proc", "%" PRIu64, i->netns.proc_inode);
	record_add(&r, "plan", "%" PRIu64, i->plan);
	record_add(&r, "since", "%" PRIu64, i->since);
	record_add(&r, "slot", "%u", i->slot);
	record_add(&r, "ifname", "%s", i->host_ifname);
	record_add(&r, "ifindex", "%u", i->host_ifindex);
	record_add_prefix(&r, "address4", &i->address4);
	record_add_prefix(&r, "address6", &i->address6);
	record_add_servers(&r, "more", i->more, i->n_more);
	record_add(&r, "inner", "%s", i->ifname);
	record_add(&r, "index", "%u", i->ifindex);
	record_add(&r, "network", "%s", i->network);
	record_add(&r, "device", "%s", i->device);
	record_add(&r, "dhcp", "%d", i->by_dhcp);
	record_add(&r, "pid", "%d", i->pid);
	record_add(&r, "process", "%" PRIu64, i->process);
	record_add(&r, "hook", "%d", i->hook_pid);
	record_add(&r, "hookprocess", "%" PRIu64, i->hook_process);
	record_add(&r, "search", "%s", i->link_search);
	record_add(&r, "down", "%s", i->down ? i->down : "");
	record_add_servers(&r, "linkdns", i->link_dns, i->n_link_dns);
	record_add(&r, "filter", "%" PRIu64, i->filter_inside);
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

/* Return: how many. */
static size_t record_get_addresses(struct record *r, const char *key,
				   struct inet_prefix *ret, size_t max)
{
	char text[RECORD_MAX], *rest = text, *word;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", record_get(r, key));
	while ((word = strsep(&rest, " ")) && n < max)
		if (*word && inet_prefix_parse(word, &ret[n]) == 0)
			n++;
	return n;
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
	i->state = (enum instance_state)record_get_number(&r, "state");
	i->broken = record_get_number(&r, "broken");
	i->rate_bits = record_get_number(&r, "rate");
	snprintf(i->ifname, sizeof(i->ifname), "%s", record_get(&r, "inner"));
	i->ifindex = (unsigned int)record_get_number(&r, "index");
	snprintf(i->network, sizeof(i->network), "%s",
		 record_get(&r, "network"));
	snprintf(i->device, sizeof(i->device), "%s", record_get(&r, "device"));
	i->by_dhcp = record_get_number(&r, "dhcp");
	i->pid = (pid_t)record_get_number(&r, "pid");
	i->process = record_get_number(&r, "process");
	i->hook_pid = (pid_t)record_get_number(&r, "hook");
	i->hook_process = record_get_number(&r, "hookprocess");
	snprintf(i->link_search, sizeof(i->link_search), "%s",
		 record_get(&r, "search"));
	if (*record_get(&r, "down")) {
		i->down = strdup(record_get(&r, "down"));
		if (!i->down)
			return -ENOMEM;
	}
	i->n_more =
		record_get_addresses(&r, "more", i->more, INSTANCE_MORE_MAX);
	i->n_link_dns = record_get_addresses(&r, "linkdns", i->link_dns,
					     INSTANCE_DNS_MAX);
	i->filter_inside = record_get_number(&r, "filter");
	return name_is_instance(i->name) && i->link < LINK_KINDS &&
			       i->state <= INSTANCE_LEAVING &&
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
