/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = openvpn: an OpenVPN client with its socket in the host's namespace and
 * its tun device inside. See openvpn.h for the parts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/proto.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/instance/link_ops.h"
#include "helper/instance/netns_rtnl.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/process/child.h"
#include "openvpn.h"
#include "talk.h"

#define OPENVPN_PAUSE_MAX 30 /* seconds between two starts */
#define OPENVPN_SECOND_US UINT64_C(1000000)

/* --- the state of the tunnel --- */

/* Schedules the next start, with a growing delay. */
static void openvpn_pause(struct openvpn *o, const char *why)
{
	unsigned int pause = o->pause ? o->pause : 1;

	o->pause =
		pause * 2 > OPENVPN_PAUSE_MAX ? OPENVPN_PAUSE_MAX : pause * 2;
	log_warning("%s: %s; started again in %u s", o->instance->name, why,
		    pause);
	timer_arm(o->timer, pause * OPENVPN_SECOND_US);
}

static void openvpn_on_over(struct openvpn *o, int r, const char *why)
{
	struct instance *i = o->instance;
	struct error text;

	o->configured = o->connected = false;
	o->talk = openvpn_talk_close(o->talk);
	if (i->making) {
		error_set(&text, 0,
			  "OpenVPN cannot connect (remote %s, %s): %s",
			  *o->remote ? o->remote : "none", o->path, why);
		instance_connected(i, r < 0 ? r : -ECONNABORTED, &text);
	} else if (!o->path) {
		instance_broken(i,
				"openvpn ended, and the policy has no such section any more");
	} else {
		openvpn_pause(o, why);
	}
}

static void openvpn_on_failed(struct openvpn *o, const char *why)
{
	o->instance->child = child_stop(o->instance->child);
	openvpn_on_over(o, -ECONNABORTED, why);
}

static void openvpn_on_end(void *data, int r, const struct error *why)
{
	struct openvpn *o = data;
	char text[ERROR_TEXT_MAX];

	o->instance->child = NULL;
	openvpn_watch_early(o);
	snprintf(text, sizeof(text), "%s", *o->words ? o->words : why->text);
	if (!o->instance->making)
		snprintf(text, sizeof(text), "openvpn ended%s%s",
			 *o->words ? ": " : "", o->words);
	openvpn_on_over(o, r < 0 ? -ECONNABORTED : r, text);
}

static void openvpn_on_ready(struct openvpn *o)
{
	struct instance *i = o->instance;

	log_info("%s: connected to %s", i->name,
		 *o->remote ? o->remote : "its peer");
	o->pause = 0;
	o->words[0] = o->last[0] = '\0';
	o->was_connected = true;
	if (i->making)
		instance_connected(i, 0, NULL);
	else
		instance_record_save(i, NULL);
}

/* Return: 0 or -errno with a sentence. */
static int openvpn_start(struct openvpn *o, struct error *err)
{
	const struct child_events events = {.ended = openvpn_on_end, .data = o};
	int r = openvpn_program_start(o, &events, err);

	if (r < 0)
		return r;
	o->tries = 0;
	o->attempt = true;
	o->adopted = o->configured = o->connected = false;
	timer_arm(o->timer, OPENVPN_TALK_US);
	return 0;
}

static void openvpn_on_time(void *data)
{
	struct openvpn *o = data;
	struct instance *i = o->instance;
	struct error why;

	if (i->child) {
		if (!o->talk)
			openvpn_watch_begin(o);
		return;
	}
	if (openvpn_start(o, &why) < 0)
		openvpn_pause(o, why.text);
	else if (instance_record_save(i, &why) < 0)
		openvpn_on_failed(o, why.text);
}

static const struct openvpn_events openvpn_events = {
	.ready = openvpn_on_ready,
	.failed = openvpn_on_failed,
};

/* --- the link --- */

static void openvpn_free(struct openvpn *o)
{
	openvpn_talk_close(o->talk);
	sd_event_source_disable_unref(o->timer);
	close_fd(o->early);
	openvpn_program_forget(o);
	free(o->path);
	free(o);
}

/* Return: 0 and *ret, also in i->link_data; -errno with err set. */
static int openvpn_new(struct instance *i, const struct policy_namespace *ns,
		       struct openvpn **ret, struct error *err)
{
	struct openvpn *o = calloc(1, sizeof(*o));
	int r = 0;

	if (!o)
		return error_set(err, -ENOMEM, "out of memory");
	o->instance = i;
	o->events = &openvpn_events;
	o->early = -EBADF;
	snprintf(o->dir, sizeof(o->dir), "%s/openvpn.%" PRIu64,
		 i->helper->state_path, i->id);
	snprintf(o->label, sizeof(o->label), "%s: openvpn", i->name);
	snprintf(o->socket, sizeof(o->socket), "%s/socket", o->dir);
	if (ns)
		r = policy_expand(ns->openvpn, i->user, i->uid, i->name,
				  &o->path, err);
	if (r == 0)
		r = timer_new(i->helper->event, &o->timer, openvpn_on_time, o,
			      err);
	if (r < 0) {
		openvpn_free(o);
		return r;
	}
	i->link_data = o;
	*ret = o;
	return 0;
}

static int openvpn_create(const struct link_site *site, struct error *err)
{
	struct instance *i = site->instance;
	struct openvpn *o;
	char path[256];
	int r;

	if (site->ns->address_mode == ADDRESS_DHCP)
		return error_set(err, -EOPNOTSUPP,
				 "address = dhcp does not work with link = openvpn: the server assigns the address; remove it");
	r = child_find("openvpn", "openvpn", path, err);
	if (r < 0)
		return r;
	r = openvpn_new(i, site->ns, &o, err);
	if (r < 0)
		return r;
	/* The next daemon ends openvpn if this one is killed now. */
	r = instance_record_save(i, err);
	if (r == 0)
		r = openvpn_start(o, err);
	if (r < 0)
		return r;
	snprintf(i->ifname, sizeof(i->ifname), "%s",
		 site->ns->ifname ? site->ns->ifname
		 : o->tap	  ? "tap0"
				  : "tun0");
	openvpn_device_name(i, i->device);
	openvpn_watch_tell(o);
	return LINK_LATER;
}

static int openvpn_adopt(struct helper *h, struct instance *i)
{
	struct child_events events = {.ended = openvpn_on_end};
	struct openvpn *o;
	struct error why;
	int r = openvpn_new(i, openvpn_section(i), &o, &why);

	if (r < 0)
		log_error("%s: %s", i->name, why.text);
	if (r == -EINVAL) /* the policy has changed: openvpn ends with it */
		r = openvpn_new(i, NULL, &o, &why);
	if (r < 0)
		return r;
	events.data = o;
	r = openvpn_program_adopt(o, &events);
	if (r < 0 || (r == ABSENT && !o->path))
		return r;
	o->adopted = true;
	timer_arm(o->timer, 1);
	return FOUND;
}

static void openvpn_leave(struct instance *i)
{
	if (i->link_data)
		openvpn_free(i->link_data);
	i->link_data = NULL;
}

static int openvpn_remove(struct helper *h, struct instance *i, int netns,
			  struct error *err)
{
	struct openvpn *o = i->link_data;
	/* The device, without waiting for openvpn. */
	int r = netns < 0 || !i->ifindex ? 0 : netns_rtnl_delete(i, netns, err);

	if (o)
		openvpn_program_clear(o);
	i->child = child_stop(i->child);
	openvpn_leave(i);
	return r;
}

static int openvpn_is_ready(struct helper *h, struct instance *i,
			    struct error *err)
{
	const struct openvpn *o = i->link_data;

	instance_waiting(i, "OpenVPN to connect again (remote %s)", o->remote);
	return o->connected && o->configured;
}

static void openvpn_describe(struct helper *h, const struct instance *i,
			     struct proto_namespace *ret)
{
	const struct openvpn *o = i->link_data;
	struct rtnl_link link;

	if (!o)
		return;
	if (o->connected && o->configured)
		snprintf(ret->detail, sizeof(ret->detail),
			 "openvpn connected to %.80s", o->remote);
	else
		snprintf(ret->detail, sizeof(ret->detail),
			 "openvpn %s %.40s%s%.50s",
			 i->child ? "connecting to"
				  : "waits to start again for",
			 o->remote, *o->words ? ": " : "", o->words);
	if (o->configured && netns_rtnl_look(i, &link) == 0) {
		ret->rx_bytes = link.rx_bytes;
		ret->tx_bytes = link.tx_bytes;
	}
	if (!o->configured) {
		memset(ret->address4, 0, sizeof(ret->address4));
		memset(ret->address6, 0, sizeof(ret->address6));
	}
}

const struct link_ops link_openvpn_ops = {
	.makes_namespace = true,
	.filter = FILTER_INSIDE,
	.create = openvpn_create,
	.adopt = openvpn_adopt,
	.ready = openvpn_is_ready,
	.remove = openvpn_remove,
	.leave = openvpn_leave,
	.describe = openvpn_describe,
};
