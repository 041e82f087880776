/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries before a network is made or removed, one after the other: does its
 * bridge exist, has the daemon made it, has it foreign ports; is its uplink a
 * port already?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper.h"
#include "helper/instance/pool.h"
#include "network.h"
#include "ovs.h"
#include "vsctl.h"

struct ovs_request *ovs_request(const struct network *network, bool wait)
{
	char label[NAME_MAX_POLICY + 16];

	snprintf(label, sizeof(label), "network %s", network->name);
	return ovs_new(network->helper, label, wait);
}

/* Has external_ids, as CSV, the key netns-pam? */
static bool ovs_is_marked(const char *ids)
{
	static const char mark[] = "netns-pam=";
	const char *at = ids;

	while ((at = strstr(at, mark))) {
		if (at == ids || strchr(" ,\"\n", at[-1]))
			return true;
		at++;
	}
	return false;
}

/* Is it a port of the daemon, of any network on the bridge? name: not "". */
static bool ovs_port_is_ours(const struct network *network, const char *name)
{
	uint32_t slot;

	for (const struct network *n = network->helper->networks; n;
	     n = n->next)
		if (n->ops == network->ops &&
		    strcmp(n->bridge, network->bridge) == 0 &&
		    (strcmp(n->host_ifname, name) == 0 ||
		     strcmp(n->uplink, name) == 0))
			return true;
	return pool_slot_of(name, &slot);
}

static void ovs_on_answer(void *data, int r, const char *text,
			  const struct error *why);

/* Asks the query of the next step. Return: 0 or -errno with a sentence. */
static int ovs_query(struct ovs_work *work, struct error *err)
{
	struct ovs_request *q = ovs_request(work->network, false);

	if (work->step == OVS_LOOK_PORTS) {
		ovs_add_all(q, "list-ports", work->network->bridge);
	} else if (work->step == OVS_LOOK_BRIDGE) {
		ovs_add_all(q, "--columns=datapath_type,external_ids", "find",
			    "Bridge");
		ovs_add_quoted(q, "name=", work->network->bridge);
	} else {
		ovs_add_all(q, "--columns=name,external_ids", "find", "Port");
		ovs_add_quoted(q, "name=", work->network->uplink);
	}
	return ovs_ask(q, ovs_on_answer, work, err);
}

static void ovs_on_answer(void *data, int r, const char *text,
			  const struct error *why)
{
	struct ovs_work *work = data;
	struct error err = why ? *why : (struct error){""};
	bool done = r < 0 || work->step == OVS_LOOK_PORTS;

	if (r == 0 && work->step == OVS_LOOK_UPLINK) {
		/* "NAME,EXTERNAL_IDS", or "" when it is no port */
		work->uplink_port = text[0] != '\0';
		work->uplink_ours = ovs_is_marked(text);
	} else if (r == 0 && work->step == OVS_LOOK_BRIDGE) {
		/* "DATAPATH,EXTERNAL_IDS", or "" when it does not exist */
		work->exists = text[0] != '\0';
		work->ours = ovs_is_marked(text);
		work->userspace = strncmp(text, "netdev,", 7) == 0;
		done = !work->exists || !work->removing;
	}
	while (r == 0 && work->step == OVS_LOOK_PORTS && *text) {
		char name[IFNAMSIZ];

		text = ovs_next_name(text, name);
		if (!name[0] || !ovs_port_is_ours(work->network, name))
			work->others = true;
	}
	work->step++;
	if (!done)
		r = ovs_query(work, &err);
	if (done || r < 0)
		work->looked(work, r, &err);
}

int ovs_look(struct network *network, bool removing,
	     void (*looked)(struct ovs_work *work, int r,
			    const struct error *why),
	     struct error *err)
{
	struct ovs_work *work = calloc(1, sizeof(*work));
	int r;

	if (!work)
		return error_set(err, -ENOMEM, "out of memory");
	work->network = network;
	work->removing = removing;
	work->looked = looked;
	work->step = network->uplink[0] ? OVS_LOOK_UPLINK : OVS_LOOK_BRIDGE;
	r = ovs_query(work, err);
	if (r < 0)
		free(work);
	return r < 0 ? r : NETWORK_LATER;
}
