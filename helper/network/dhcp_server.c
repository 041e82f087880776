/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcp_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "helper/base/log.h"
#include "helper/base/record.h"
#include "helper/base/timer.h"
#include "helper/firewall/listener.h"
#include "helper/firewall/nft.h"
#include "helper/helper.h"
#include "helper/process/child.h"
#include "parts.h"

#define DHCP_DIR       "dhcp"
#define DHCP_LEASE     "1h"
#define DHCP_MEMORY    (256 << 20) /* of its address space */
#define DHCP_FILE      (8 << 20)   /* of leases */
#define DHCP_POLL_US   10000
#define DHCP_POLLS     500	/* five seconds until it is ready */
#define DHCP_AGAIN_US  1000000	/* after it ended: doubled each time */
#define DHCP_AGAIN_MAX 60000000 /* up to a minute */
#define DHCP_STEADY_US 60000000 /* after that time: from the beginning */

struct dhcp_server {
	char label[NAME_MAX_POLICY + 16];
	struct child *child;
	sd_event_source *timer; /* checks if it is ready; starts it again */
	unsigned int polls;	/* > 0: remaining checks */
	uint64_t again_us, started_us;
	void (*ready)(struct network *network, int r, const struct error *why);
};

/* --- starting it --- */

/*
 * Opens the file of leases, which a server that is started again reads. The
 * directory is root's; the server has the file as its stdin and opens it by
 * /proc/self/fd/0, so that it needs no access to the directory.
 * Return: an fd (the caller's) or -errno with a sentence.
 */
static int dhcp_leases(const struct network *network, bool fresh,
		       struct error *err)
{
	const struct helper *h = network->helper;
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;

	if (mkdirat(h->state_dir, DHCP_DIR, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, "cannot make %s/" DHCP_DIR ": %s",
				 h->state_path, strerror(errno));
	dir = openat(h->state_dir, DHCP_DIR,
		     O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir >= 0)
		fd = openat(dir, network->name,
			    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
				    (fresh ? O_TRUNC : 0),
			    0600);
	if (fd < 0 || fchmod(fd, 0666) < 0)
		return error_set(err, -errno,
				 "cannot make %s/" DHCP_DIR "/%s: %s",
				 h->state_path, network->name, strerror(errno));
	return take_fd(&fd);
}

static bool dhcp_leases_known(void *data, const char *file)
{
	const struct helper *h = data;

	for (const struct network *n = h->networks; n; n = n->next)
		if (n->has_dhcp && strcmp(n->name, file) == 0)
			return true;
	return false;
}

int dhcp_server_sweep(struct helper *h)
{
	_cleanup_close_ int dir =
		openat(h->state_dir, DHCP_DIR,
		       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = dir < 0 ? answer_of(-errno)
			: record_sweep(dir, dhcp_leases_known, h);

	/* Fails while it has files. */
	if (r == 0)
		unlinkat(h->state_dir, DHCP_DIR, AT_REMOVEDIR);
	return r < 0 ? r : 0;
}

struct dhcp_arguments {
	char interface[IFNAMSIZ + 16], range[3 * INET_PREFIX_STR + 32], max[48],
		router[INET_PREFIX_STR + 32], dns[INET_PREFIX_STR + 40];
	const char *argv[24]; /* ended by NULL */
};

/* The host's address whose prefix contains the range. */
static const struct inet_prefix *dhcp_gateway(const struct network *network)
{
	for (size_t n = 0; n < network->n_addresses; n++)
		if (network->addresses[n].family == AF_INET &&
		    inet_prefix_contains(&network->addresses[n],
					 &network->dhcp_first))
			return &network->addresses[n];
	return NULL;
}

static uint32_t dhcp_number(const struct inet_prefix *address)
{
	uint32_t n;

	memcpy(&n, address->addr, sizeof(n));
	return ntohl(n);
}

static int dhcp_arguments(const struct network *network,
			  struct dhcp_arguments *a, struct error *err)
{
	const char *const argv[] = {
		"dnsmasq",
		"--keep-in-foreground",
		"--conf-file=/dev/null",
		"--pid-file=",
		"--user=",
		"--log-facility=-",
		"--quiet-dhcp",
		a->interface,
		"--except-interface=lo",
		"--bind-interfaces",
		a->range,
		a->max,
		"--dhcp-leasefile=/proc/self/fd/0",
		"--dhcp-authoritative",
		"--dhcp-broadcast",
		"--dhcp-ignore-clid",
		"--dhcp-ignore-names",
		"--no-ping", /* that needs raw sockets */
		"--no-hosts",
		a->router,
		a->dns,
		network->nat ? "--resolv-file=/etc/resolv.conf" : "--no-resolv",
		network->nat ? NULL : "--port=0",
		NULL,
	};
	const struct inet_prefix *gateway = dhcp_gateway(network);
	char first[INET_PREFIX_STR], last[INET_PREFIX_STR],
		host[INET_PREFIX_STR];
	struct in_addr mask;

	if (!gateway || !inet_prefix_contains(gateway, &network->dhcp_last))
		return error_set(err, -EINVAL,
				 "the `dhcp` range of the network %s is not in the prefix of one of its addresses",
				 network->name);
	inet_address_format(&network->dhcp_first, first);
	inet_address_format(&network->dhcp_last, last);
	inet_address_format(gateway, host);
	mask.s_addr =
		htonl(~(uint32_t)(UINT64_C(0xffffffff) >> gateway->length));
	snprintf(a->interface, sizeof(a->interface), "--interface=%s",
		 network->host_ifname);
	snprintf(a->range, sizeof(a->range),
		 "--dhcp-range=%s,%s,%s," DHCP_LEASE, first, last,
		 inet_ntoa(mask));
	snprintf(a->max, sizeof(a->max), "--dhcp-lease-max=%u",
		 dhcp_number(&network->dhcp_last) -
			 dhcp_number(&network->dhcp_first) + 1);
	snprintf(a->router, sizeof(a->router), "--dhcp-option=option:router,%s",
		 host);
	snprintf(a->dns, sizeof(a->dns), "--dhcp-option=option:dns-server%s%s",
		 network->nat ? "," : "", network->nat ? host : "");
	_Static_assert(sizeof(argv) == sizeof(a->argv), "one place each");
	memcpy(a->argv, argv, sizeof(argv));
	return 0;
}

static void dhcp_on_end(void *data, int r, const struct error *why);

static int dhcp_spawn(struct network *network, bool fresh, struct error *err)
{
	struct dhcp_server *server = network->dhcp;
	const struct child_events events = {.ended = dhcp_on_end,
					    .data = network};
	_cleanup_close_ int leases = dhcp_leases(network, fresh, err);
	struct dhcp_arguments a;
	struct child_command command = {
		.label = server->label,
		.argv = a.argv,
		.package = "dnsmasq-base",
		.netns = -1,
		.stdin_fd = leases,
		.lasting = true,
		.held = true,
		/* dnsmasq does not serve DHCP without CAP_NET_ADMIN. */
		.capabilities = UINT64_C(1) << CAP_NET_BIND_SERVICE |
				UINT64_C(1) << CAP_NET_ADMIN,
		.memory_max = DHCP_MEMORY,
		.file_max = DHCP_FILE,
	};
	int r = leases < 0 ? leases : dhcp_arguments(network, &a, err);

	if (r < 0)
		return r;
	child_user("dnsmasq", &command.uid, &command.gid);
	r = child_start(network->helper, &command, &events, &server->child,
			err);
	if (r < 0)
		return r;
	server->started_us = 0;
	sd_event_now(network->helper->event, CLOCK_MONOTONIC,
		     &server->started_us);
	network->dhcp_pid = child_pid(server->child);
	network->dhcp_process = child_identity(server->child);
	/* Recorded before it runs: the next daemon finds it. */
	r = network_record_save(network, err);
	if (r < 0) {
		server->child = child_stop(server->child);
		network->dhcp_pid = 0;
	} else {
		child_go(server->child);
	}
	return r;
}

/* --- while it runs --- */

static void dhcp_ready(struct network *network, int r, const struct error *why)
{
	struct dhcp_server *server = network->dhcp;
	void (*ready)(struct network *, int, const struct error *) =
		server->ready;

	server->polls = 0;
	server->ready = NULL;
	if (ready)
		ready(network, r, why);
}

static void dhcp_on_end(void *data, int r, const struct error *why)
{
	struct network *network = data;
	struct dhcp_server *server = network->dhcp;
	uint64_t now = 0;
	struct error text;

	server->child = NULL;
	network->dhcp_pid = 0;
	if (server->ready) {
		error_set(&text, 0,
			  "%s; its output is in the log; is port %s67 of %s in use by another program?",
			  why->text, network->nat ? "53 or " : "",
			  network->host_ifname);
		dhcp_ready(network, r < 0 ? r : -ECHILD, &text);
		return;
	}
	sd_event_now(network->helper->event, CLOCK_MONOTONIC, &now);
	if (!server->again_us || now - server->started_us > DHCP_STEADY_US)
		server->again_us = DHCP_AGAIN_US;
	else if (server->again_us < DHCP_AGAIN_MAX)
		server->again_us *= 2;
	log_error("%s: the network %s has no DHCP until it is started again in %" PRIu64
		  " s",
		  why->text, network->name, server->again_us / 1000000);
	timer_arm(server->timer, server->again_us);
}

static void dhcp_on_time(void *data)
{
	struct network *network = data;
	struct dhcp_server *server = network->dhcp;
	/*
	 * dnsmasq does not report that it is ready, but its socket for DHCP is
	 * the last one that it opens, and it is bound to the interface.
	 */
	const struct listener socket = {.udp = true,
					.family = AF_INET,
					.port = 67,
					.ifindex = network->host_ifindex};
	struct error why = {""};
	int r;

	if (server->polls) {
		r = listener_find(&socket);
		if (r == 0 && --server->polls)
			timer_arm(server->timer, DHCP_POLL_US);
		else if (r == 0)
			dhcp_ready(network,
				   error_set(&why, -ETIME,
					     "dnsmasq for the network %s is not ready on %s in time",
					     network->name,
					     network->host_ifname),
				   &why);
		else
			dhcp_ready(network, 0, NULL);
		return;
	}
	r = dhcp_spawn(network, false, &why);
	if (r < 0) {
		log_error("cannot start dnsmasq for the network %s: %s",
			  network->name, why.text);
		timer_arm(server->timer, DHCP_AGAIN_MAX);
	} else {
		log_info("network %s: dnsmasq was started again",
			 network->name);
	}
}

static int dhcp_new(struct network *network)
{
	struct dhcp_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	r = timer_new(network->helper->event, &server->timer, dhcp_on_time,
		      network, NULL);
	if (r < 0) {
		free(server);
		return r;
	}
	snprintf(server->label, sizeof(server->label), "%s: dnsmasq",
		 network->name);
	network->dhcp = server;
	network->has_dhcp = true;
	return 0;
}

void dhcp_server_forget(struct network *network)
{
	struct dhcp_server *server = network->dhcp;

	if (!server)
		return;
	network->dhcp = NULL;
	sd_event_source_disable_unref(server->timer);
	free(server);
}

void dhcp_server_stop(struct network *network)
{
	if (!network->dhcp)
		return;
	child_stop(network->dhcp->child);
	dhcp_server_forget(network);
	network->has_dhcp = false;
	network->dhcp_pid = 0;
	if (dhcp_server_sweep(network->helper) < 0)
		timer_arm(network->helper->leftovers, HELPER_LEFTOVERS_US);
}

int dhcp_server_start(struct network *network,
		      void (*ready)(struct network *network, int r,
				    const struct error *why),
		      struct error *err)
{
	int r = dhcp_new(network);

	if (r < 0)
		return error_set(err, r, "cannot start dnsmasq: %m");
	r = dhcp_spawn(network, true, err);
	if (r < 0) {
		dhcp_server_stop(network);
		return r;
	}
	network->dhcp->ready = ready;
	network->dhcp->polls = DHCP_POLLS;
	timer_arm(network->dhcp->timer, DHCP_POLL_US);
	return NETWORK_LATER;
}

/* --- a restart --- */

int dhcp_server_adopt(struct network *network)
{
	const struct child_events events = {.ended = dhcp_on_end,
					    .data = network};
	int answer;

	if (!network->has_dhcp)
		return 0;
	answer = dhcp_new(network);
	if (answer < 0)
		return answer;
	answer = child_adopt(network->helper, network->dhcp_pid,
			     network->dhcp_process, network->dhcp->label,
			     &events, &network->dhcp->child);
	if (answer == ABSENT) {
		network->dhcp_pid = 0;
		timer_arm(network->dhcp->timer, DHCP_POLL_US);
	}
	return answer < 0 ? answer : 0;
}

void dhcp_server_print(const struct network *network, const char *verb, FILE *f)
{
	static const char *const services[] = {"udp . 67", "udp . 53",
					       "tcp . 53"};

	if (network->dhcp_first.family == AF_UNSPEC)
		return;
	for (size_t n = 0; n < (network->nat ? 3 : 1); n++)
		fprintf(f,
			"%s element inet " NFT_TABLE
			" services { \"%s\" . %s }\n",
			verb, network->host_ifname, services[n]);
}
