/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as the replies of ovs-vsctl(8), to the queries before a network is
 * made or removed and to the one for ports of an earlier daemon: each query has
 * one answer, and each argument of a request is a valid name of a port.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quiet.h"

/* Replaced: functions that start a program or query the kernel. */
#define child_start	  fuzz_child_start
#define child_stop	  fuzz_child_stop
#define rtnl_link_by_name fuzz_link_by_name

/* NOLINTBEGIN(bugprone-suspicious-include): the parts themselves */
#include "helper/network/ovs_look.c"
#include "helper/network/ovs_port.c"
#include "helper/network/vsctl.c"
/* NOLINTEND(bugprone-suspicious-include) */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLAG_UPLINK   1
#define FLAG_REMOVING 2
#define FLAG_FAILS    4 /* the last reply */

/* The request in progress, without a reply so far. */
static struct child_events running;
static unsigned int looks;

static void must(bool condition)
{
	if (!condition)
		abort();
}

int fuzz_child_start(struct helper *h, const struct child_command *command,
		     const struct child_events *events, struct child **ret,
		     struct error *err)
{
	const char *const *argv = command->argv;
	size_t n = 0;

	while (argv[n])
		n++;
	must(n > 2 && n <= OVS_ARGS_MAX && !running.ended);
	if (!strcmp(argv[n - 2], "del-port"))
		must(argv[n - 1][0] && !strchr("-\"", argv[n - 1][0]) &&
		     strlen(argv[n - 1]) < IFNAMSIZ);
	running = *events;
	*ret = (void *)&running;
	return 0;
}

struct child *fuzz_child_stop(struct child *child)
{
	running.ended = NULL;
	return NULL;
}

int fuzz_link_by_name(struct rtnl *rtnl, const char *name,
		      struct rtnl_link *ret)
{
	return strlen(name) % 2 ? -ENODEV : 0;
}

/* Replies end at an empty line. */
static void reply(char **rest, bool fails)
{
	const struct error why = {"ovs-vsctl: no row in table Bridge"};
	struct child_events events = running;
	char *line;

	while ((line = strsep(rest, "\n")) && *line)
		events.line(events.data, line);
	running = (struct child_events){NULL};
	events.ended(events.data, fails ? -ECHILD : 0, &why);
}

static void looked(struct ovs_work *work, int r, const struct error *why)
{
	looks++;
	must(r == 0 || (why && why->text[0]));
	if (r == 0)
		must(work->exists ||
		     (!work->ours && !work->userspace && !work->others));
	free(work);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct network_ops ops = {.name = "ovs"};
	uint8_t flags = size ? data[0] : 0;
	char *text = size ? strndup((const char *)data + 1, size - 1) : NULL;
	char *rest = text;
	struct helper h = {.state_path = "/run/netns-pam"};
	struct network network = {
		.helper = &h,
		.ops = &ops,
		.name = "staff",
		.bridge = "ovsbr0",
		.host_ifname = "ovsbr0.host",
	};
	struct error err = {.text = ""};

	if (!text)
		return 0;
	h.networks = &network;
	if (flags & FLAG_UPLINK)
		strcpy(network.uplink, "eth3");
	looks = 0;
	if (ovs_look(&network, flags & FLAG_REMOVING, looked, &err) < 0)
		abort();
	while (h.ovs)
		reply(&rest, flags & FLAG_FAILS && (!rest || !*rest));
	must(looks == 1);
	ovs_sweep(&network);
	while (h.ovs)
		reply(&rest, false);
	free(text);
	return 0;
}
