/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netns-pamd: reads its options, enters the tables of the floors below, adopts
 * what an earlier daemon left, and runs the event loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/policy/policy.h"
#include "common/proto.h"
#include "helper.h"
#include "helper/base/log.h"
#include "helper/base/policy_store.h"
#include "helper/base/timer.h"
#include "helper/firewall/filter.h"
#include "helper/firewall/firewall.h"
#include "helper/firewall/forwarding.h"
#include "helper/firewall/guard.h"
#include "helper/instance/instance.h"
#include "helper/instance/parts.h"
#include "helper/instance/pool.h"
#include "helper/instance/record.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "helper/lifecycle/end.h"
#include "helper/lifecycle/lifecycle.h"
#include "helper/lifecycle/spare.h"
#include "helper/lifecycle/sweep.h"
#include "helper/link/dhcp_event.h"
#include "helper/link/rate.h"
#include "helper/network/network.h"
#include "helper/network/vsctl.h"
#include "helper/process/child.h"
#include "helper/process/privs.h"
#include "helper/server/server.h"
#include "helper/server/session.h"

#define MAIN_USAGE 2

/* --- options --- */

static void main_help(void)
{
	puts("Usage: netns-pamd [OPTION]...\n"
	     "Connects login sessions to network namespaces, for pam_netns(8).\n"
	     "\n"
	     "  --config PATH     the policy (" POLICY_FILE ")\n"
	     "  --socket PATH     where to listen (" PROTO_SOCKET ")\n"
	     "  --state-dir DIR   run-time state (" PROTO_STATE_DIR ")\n"
	     "  --netns-dir DIR   names of namespaces (/run/netns)\n"
	     "  --check           read the policy, report, and exit\n"
	     "  --debug           log more\n"
	     "  --help, --version\n"
	     "\n"
	     "See netns-pamd(8).");
}

static int main_check(const char *path)
{
	struct policy_notes notes = {0};
	struct policy *p = NULL;
	struct error why;
	int r = policy_load(path, &p, &notes, &why);

	for (size_t i = 0; i < notes.n; i++)
		fprintf(stderr, "%s:%u: %s%s\n", notes.items[i].file,
			notes.items[i].line,
			notes.items[i].warning ? "warning: " : "",
			notes.items[i].message);
	if (r < 0 && !notes.errors)
		fprintf(stderr, "netns-pamd: %s\n", why.text);
	policy_notes_clear(&notes);
	policy_free(p);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Return: -1 to go on, or an exit status. */
static int main_options(int argc, char **argv, struct helper *h)
{
	enum { CONFIG, SOCKET, STATE, NETNS, CHECK, DEBUG, HELP, VERS };
	static const struct option options[] = {
		{"config", required_argument, NULL, CONFIG},
		{"socket", required_argument, NULL, SOCKET},
		{"state-dir", required_argument, NULL, STATE},
		{"netns-dir", required_argument, NULL, NETNS},
		{"check", no_argument, NULL, CHECK},
		{"debug", no_argument, NULL, DEBUG},
		{"help", no_argument, NULL, HELP},
		{"version", no_argument, NULL, VERS},
		{NULL, 0, NULL, 0},
	};
	const char **const paths[] = {&h->config, &h->socket, &h->state_path,
				      &h->netns_dir};
	bool given[VERS + 1] = {false};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option > VERS) /* '?' */
			return MAIN_USAGE;
		if (option <= NETNS)
			*paths[option] = optarg;
		given[option] = true;
		if (option == HELP)
			main_help();
		else if (option == VERS)
			puts("netns-pamd " VERSION);
		else
			continue;
		return EXIT_SUCCESS;
	}
	if (optind < argc) {
		fprintf(stderr, "netns-pamd: unexpected argument `%s`\n",
			argv[optind]);
		return MAIN_USAGE;
	}
	log_open(given[DEBUG]);
	return given[CHECK] ? main_check(h->config) : -1;
}

/* --- directories --- */

static int main_open_dir(int parent, const char *path, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (mkdirat(parent, path, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, "cannot make %s: %m", path);
	fd = openat(parent, path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, "cannot open %s: %m", path);
	if (st.st_uid != 0)
		return error_set(err, -EPERM, "%s does not belong to root",
				 path);
	if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
		return error_set(err, -errno,
				 "cannot set the mode of %s to 0700: %m", path);
	return take_fd(&fd);
}

static int main_open_state(struct helper *h, struct error *err)
{
	int kept = -EBADF, scratch = -EBADF;
	const struct {
		const char *name;
		int *fd;
	} dirs[] = {
		{"namespaces", &h->namespaces_dir},
		{"sessions", &h->sessions_dir},
		{"kept", &kept},
		{"mnt", &scratch}, /* for modules: common/enter.h */
	};

	h->state_dir = main_open_dir(AT_FDCWD, h->state_path, err);
	if (h->state_dir < 0)
		return h->state_dir;
	for (size_t n = 0; n < sizeof(dirs) / sizeof(dirs[0]); n++) {
		*dirs[n].fd = main_open_dir(h->state_dir, dirs[n].name, err);
		if (*dirs[n].fd < 0)
			break;
	}
	close_fd(kept);
	close_fd(scratch);
	return scratch < 0 ? scratch : 0;
}

/* --- events --- */

/* Without IPv6 in the kernel, pool6 has no effect. */
static void main_configure_pools(struct helper *h)
{
	static const struct inet_prefix none;
	const struct policy *p = store_policy(h->store);

	pool_configure(h->pool, &p->pool4, h->ipv6 ? &p->pool6 : &none);
}

/* The policy was replaced. */
static void main_on_policy(void *data)
{
	struct helper *h = data;
	struct error why;

	main_configure_pools(h);
	for (const struct instance *i = h->instances; i; i = i->next)
		instance_take_addresses(i);
	if (guard_reload(h, &why) < 0)
		log_error("cannot renew the set of guarded users: %s",
			  why.text);
	h->filter_stale = filter_reload(h, &why) < 0;
	if (h->filter_stale)
		log_error("open namespaces keep the filter they have: %s",
			  why.text);
	rate_reload(h);
	spare_renew(h);
}

static void main_on_link_removed(void *data, const struct rtnl_link *link)
{
	events_link_removed(data, link);
	network_link_removed(data, link);
}

static bool main_is_ours(const struct helper *h, unsigned int ifindex)
{
	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->host_ifindex == ifindex)
			return true;
	for (const struct network *n = h->networks; n; n = n->next)
		if (n->host_ifindex == ifindex)
			return true;
	return false;
}

static void main_on_route(void *data, const struct inet_prefix *p,
			  unsigned int ifindex)
{
	struct helper *h = data;
	char route[INET_PREFIX_STR], address[INET_PREFIX_STR];

	if (ifindex && main_is_ours(h, ifindex))
		return;
	h->pool->routes_stale = true;
	for (const struct instance *i = h->instances; i; i = i->next) {
		const struct inet_prefix *mine =
			p->family == AF_INET ? &i->address4 : &i->address6;

		if (!i->host_ifindex || mine->family != p->family ||
		    !inet_prefix_overlaps(p, mine))
			continue;
		inet_prefix_format(p, route);
		inet_prefix_format(mine, address);
		log_warning("the host has a new route to %s, which overlaps %s of the namespace %s",
			    route, address, i->name);
		return;
	}
}

/* An error is not "still there": asked again, since no event will come. */
static void main_resync(void *data)
{
	struct helper *h = data;
	int links = events_resync(h), networks = network_resync(h);

	if (links < 0 || networks < 0)
		timer_arm(h->resync, HELPER_LEFTOVERS_US);
}

static void main_on_lost(void *data)
{
	log_warning("rtnetlink events were lost: all links are queried again");
	main_resync(data);
}

static int main_on_rtnl(sd_event_source *source, int fd, uint32_t events,
			void *data)
{
	struct helper *h = data;
	const struct rtnl_events handlers = {main_on_link_removed,
					     main_on_route, main_on_lost, h};
	int r = rtnl_monitor_read(h->monitor, &handlers);

	if (r < 0)
		log_error("cannot read events of links and routes: %s",
			  strerror(-r));
	return 0;
}

/* A name was removed, as by `ip netns del`. */
static int main_on_name(sd_event_source *source,
			const struct inotify_event *event, void *data)
{
	if (event->mask & IN_DELETE && event->len)
		events_name_removed(data, event->name);
	return 0;
}

static int main_on_hangup(sd_event_source *source,
			  const struct signalfd_siginfo *info, void *data)
{
	struct helper *h = data;

	store_reload(h->store, true, NULL);
	spare_renew(h);
	return 0;
}

/* Removes files that belong to nothing: left by a crash or a failed unlink(2).
 */
static void main_sweep(void *data)
{
	int (*const sweeps[])(struct helper *h) = {instance_record_sweep,
						   session_sweep, network_sweep,
						   event_sweep,
						   instance_keep_sweep};
	struct helper *h = data;
	int r = 0;

	for (size_t n = 0; n < sizeof(sweeps) / sizeof(sweeps[0]); n++) {
		int left = sweeps[n](h);

		r = r < 0 ? r : left;
	}
	if (r == 0)
		return;
	log_debug("cannot remove old files below %s: %s", h->state_path,
		  strerror(-r));
	timer_arm(h->leftovers, HELPER_LEFTOVERS_US);
}

static int main_events(struct helper *h, struct error *err)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* when ignored, wait(2) finds no child */
	r = sd_event_add_signal(h->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(h->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(h->event, NULL, SIGHUP, main_on_hangup,
					h);
	if (r >= 0)
		r = sd_event_add_io(h->event, NULL, rtnl_fd(h->monitor),
				    EPOLLIN, main_on_rtnl, h);
	if (r >= 0)
		r = sd_event_add_inotify(h->event, &h->names, h->netns_dir,
					 IN_DELETE | IN_ONLYDIR, main_on_name,
					 h);
	if (r >= 0)
		r = timer_new(h->event, &h->leftovers, main_sweep, h, NULL);
	if (r >= 0)
		r = timer_new(h->event, &h->resync, main_resync, h, NULL);
	if (r < 0)
		return error_set(err, r, "cannot set up the event loop: %m");
	r = sweep_open(h, end_ask, end_run, err);
	return r < 0 ? r : spare_open(h, err);
}

/* --- starting --- */

static int main_open_kernel(struct helper *h, struct error *err)
{
	int r = netns_host_open(h->host, err);

	if (r == 0)
		r = sysctl_open(err);
	if (r == 0)
		r = sysctl_remember_host(err);
	if (r == 0)
		r = sysctl_has_ipv6(&h->ipv6, err);
	if (r == 0)
		r = netns_prepare_dir(h->netns_dir, err);
	if (r < 0)
		return r;
	/* The monitor first: it sees every change after the first query. */
	r = rtnl_monitor_open(&h->monitor);
	if (r == 0)
		r = rtnl_open(&h->rtnl);
	if (r == 0 && !(h->pool = pool_new()))
		r = -ENOMEM;
	return r < 0 ? error_set(err, r, "cannot open rtnetlink: %m") : 0;
}

/* Sockets from systemd: the one to listen on, and leases, by their names. */
static int main_take_fds(struct helper *h, struct error *err)
{
	static const char prefix[] = "lease-";
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), listener = -EBADF, r = 0;

	if (n < 0)
		return error_set(err, n, "cannot take systemd's sockets: %m");
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i, answer;

		if (strncmp(names[i], prefix, sizeof(prefix) - 1) == 0) {
			answer = answer_of(
				server_restore_lease(h, fd,
						     strtoull(names[i] +
								      sizeof(prefix) -
								      1,
							      NULL, 10)));
			if (answer == ABSENT)
				log_debug("the session of a lease has ended");
			if (answer < 0)
				r = error_set(err, answer,
					      "cannot adopt a lease: %m");
		} else if (listener < 0 &&
			   sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 1) > 0) {
			listener = fd;
		} else {
			close_fd(fd);
		}
	}
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return r < 0 ? r : server_open(h, listener, err);
}

/*
 * Reads what an earlier daemon left and changes nothing: an error gives the
 * start up, see helper/base/answer.h.
 */
static int main_look(struct helper *h, struct error *err)
{
	int (*const looks[])(struct helper *h, struct error *err) =
		{event_open,	    network_open,    lifecycle_adopt,
		 session_reconcile, forwarding_open, filter_adopt};
	int r = 0;

	for (size_t n = 0; r == 0 && n < sizeof(looks) / sizeof(looks[0]); n++)
		r = looks[n](h, err);
	return r;
}

/* No error is possible after this: removes what has ended. */
static void main_settle(struct helper *h)
{
	struct error why;

	lifecycle_adopted(h);
	session_drop_dead(h);
	lifecycle_drop_unused(h);
	network_drop_unused(h);
	main_sweep(h);
	/* The policy may have changed while no daemon ran. */
	if (filter_reload(h, &why) < 0)
		log_error("%s", why.text);
}

static int main_start(struct helper *h, struct error *err)
{
	int r = privs_drop(err);

	if (r == 0)
		r = main_open_state(h, err);
	if (r == 0)
		r = main_open_kernel(h, err);
	if (r < 0)
		return r;
	r = sd_event_new(&h->event);
	if (r < 0)
		return error_set(err, r, "cannot make an event loop: %m");
	r = store_open(&h->store, h->event, h->config, h->state_dir,
		       h->state_path, main_on_policy, h, err);
	if (r < 0)
		return r;
	if (!child_user_exists(CHILD_USER))
		log_warning(
			"there is no user " CHILD_USER
			": VPN and DHCP programs run as nobody; create it with systemd-sysusers");
	main_configure_pools(h);
	r = main_look(h, err);
	if (r == 0)
		r = main_events(h, err);
	if (r == 0)
		r = firewall_open(h, err);
	if (r == 0)
		r = main_take_fds(h, err);
	if (r == 0)
		main_settle(h);
	return r;
}

static void main_stop(struct helper *h)
{
	server_close(h);
	session_free_all(h);
	end_leave(h);
	network_close(h);
	ovs_close(h);
	child_close_all(h);
	event_close(h);
	firewall_close(h);
	sweep_close(h);
	spare_close(h);
	store_close(h->store);
	h->names = sd_event_source_disable_unref(h->names);
	h->leftovers = sd_event_source_disable_unref(h->leftovers);
	h->resync = sd_event_source_disable_unref(h->resync);
	rtnl_close(h->rtnl);
	rtnl_close(h->monitor);
	h->pool = pool_free(h->pool);
	sysctl_close();
	guard_close(h);
	sd_event_unref(h->event);
}

static const struct network_ops *const main_network_types[NETWORK_TYPES] = {
	[NETWORK_LINUX] = &network_linux_ops,
	[NETWORK_OVS] = &network_ovs_ops,
};

static const struct firewall_part *const main_firewall_parts[] =
	{&guard_part, &filter_part, &forwarding_part, &network_part, NULL};

int main(int argc, char **argv)
{
	struct guard guard = {.add_sessions = session_add_guarded};
	struct forwarding forwarding = {.on4 = false};
	struct netns_host host = {.fd = -EBADF, .mntns_fd = -EBADF};
	struct helper h = {
		.host = &host,
		.guard = &guard,
		.forwarding = &forwarding,
		.firewall_parts = main_firewall_parts,
		.network_types = main_network_types,
		.config = POLICY_FILE,
		.socket = PROTO_SOCKET,
		.state_path = PROTO_STATE_DIR,
		.netns_dir = "/run/netns",
		.next_instance = 1,
		.next_session = 1,
		.lifecycle = &lifecycle_of_links,
	};
	struct error why;
	int r = main_options(argc, argv, &h);

	if (r >= 0)
		return r;
	umask(077);
	if (main_start(&h, &why) < 0) {
		log_error("%s", why.text);
		return EXIT_FAILURE;
	}
	log_info("ready: listening on %s", h.socket);
	sd_notify(0, "READY=1");
	r = sd_event_loop(h.event);
	if (r < 0)
		log_error("cannot run the event loop: %s", strerror(-r));
	sd_notify(0, "STOPPING=1");
	/* Sessions, namespaces and the firewall stay as they are. */
	main_stop(&h);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
