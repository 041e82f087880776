/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that an earlier daemon left in the database, for example before a
 * reboot: the database survives the interfaces.
 */
#include <stdlib.h>
#include <string.h>

#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/kernel/rtnl.h"
#include "network.h"
#include "ovs.h"
#include "vsctl.h"

#define OVS_MARKED "external_ids:netns-pam!=\"\""

struct ovs_sweeping {
	struct helper *helper;
};

static bool ovs_port_is_known(const struct helper *h, const char *name)
{
	struct rtnl_link link;

	for (const struct instance *i = h->instances; i; i = i->next)
		if (strcmp(i->host_ifname, name) == 0)
			return true;
	for (const struct network *n = h->networks; n; n = n->next)
		if (strcmp(n->host_ifname, name) == 0 ||
		    strcmp(n->uplink, name) == 0)
			return true;
	/* Or of another program. */
	return answer_of(rtnl_link_by_name(h->rtnl, name, &link)) != ABSENT;
}

/* Answer: lines "NAME,EXTERNAL_IDS". Removes ports without an interface. */
static void ovs_on_marked(void *data, int r, const char *text,
			  const struct error *why)
{
	struct helper *h = ((struct ovs_sweeping *)data)->helper;

	free(data);
	while (r == 0 && *text) {
		char name[IFNAMSIZ];

		text = ovs_next_name(text, name);
		if (name[0] && !ovs_port_is_known(h, name)) {
			struct ovs_request *q = ovs_new(h, name, false);

			ovs_add_all(q, "--if-exists", "del-port", name);
			ovs_ask(q, NULL, NULL, NULL);
		}
	}
}

void ovs_sweep(const struct network *network)
{
	struct ovs_request *q = ovs_request(network, false);
	struct ovs_sweeping *data = malloc(sizeof(*data));

	if (data)
		data->helper = network->helper;
	ovs_add_all(q, "--columns=name,external_ids", "find", "Port",
		    OVS_MARKED);
	if (!data || ovs_ask(q, ovs_on_marked, data, NULL) < 0)
		free(data);
}
