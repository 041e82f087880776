/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link = openvpn: a client of OpenVPN, whose socket is outside, in the host's
 * namespace, and whose tun device is inside. There is nothing else inside but
 * the loopback: until the device is there, and whenever it is not, packets have
 * nowhere to go.
 *
 * openvpn(8) runs beside the loop, outlives the helper and is started again
 * when it ends. It configures nothing and runs no program; it tells us, by its
 * management interface, what it would have done.
 *
 * The device cannot be made in place: openvpn opens /dev/net/tun, and the
 * device belongs to the namespace of who opened it (tun_chr_open(),
 * drivers/net/tun.c). It is down in the host's namespace until it is moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "child.h"
#include "cleanup.h"
#include "helper.h"
#include "instance.h"
#include "link.h"
#include "log.h"
#include "openvpn_conf.h"
#include "openvpn_push.h"
#include "openvpn_talk.h"
#include "proto.h"
#include "rate.h"
#include "rtnl.h"
#include "store.h"
#include "sysctl.h"
#include "timer.h"

#define OPENVPN_TALK_US	   20000 /* until it listens: looks again */
#define OPENVPN_TALK_TRIES 500	 /* ten seconds */
#define OPENVPN_PAUSE_MAX  30	 /* seconds between two starts */
#define OPENVPN_SECOND_US  UINT64_C(1000000)
/* Its device, a port below 1024, `bind-dev`, files that are not root's. */
#define OPENVPN_CAPABILITIES                                                   \
	(UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_BIND_SERVICE |  \
	 UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_DAC_OVERRIDE)
#define OPENVPN_BATCH (RTNL_BATCH_MAX - 20) /* routes at once */

struct openvpn {
	struct instance *instance;
	char *path; /* the client's configuration; NULL: not known any more */
	char socket[PATH_MAX];
	struct openvpn_talk *talk;
	sd_event_source *timer;
	unsigned int tries; /* to talk to it */
	unsigned int pause; /* seconds, before it is started again */
	bool adopted;	    /* what it did meanwhile nobody heard */
	int early;	    /* its words before it talks: a pipe, or < 0 */

	/* From the file. */
	char remote[256];
	bool tap, own_redirect4, nopull;

	bool redirect4;	 /* pushed */
	bool configured; /* the device is inside, with all that it needs */
	bool connected;
	bool told;    /* it was connected once: instance_make.c has seen it */
	bool attempt; /* a new one: its first complaint is kept */
	char words[200]; /* the complaint, or "" */
	char last[200];	 /* logged last: the same again is not */
	size_t n_routes;
};

/* --- small things --- */

static void openvpn_label(const struct instance *i, char ret[static 160])
{
	snprintf(ret, 160, "%s: openvpn", i->name);
}

/* Not one of the pool's names: those are free again when a link leaves. */
static void openvpn_device(const struct instance *i, char ret[static IFNAMSIZ])
{
	snprintf(ret, IFNAMSIZ, "npamv%u", (unsigned int)(i->id % 1000000000));
}

static void openvpn_free(struct openvpn *o)
{
	openvpn_talk_close(o->talk);
	sd_event_source_disable_unref(o->timer);
	close_fd(o->early);
	free(o->path);
	free(o);
}

/* The section as it is now; NULL when it is gone. */
static const struct policy_namespace *openvpn_section(const struct instance *i)
{
	const struct policy_namespace *ns = policy_namespace_find(
		store_policy(i->helper->store), i->section);

	return ns && ns->link == LINK_OPENVPN ? ns : NULL;
}

/* What a login that waits is told in the end. */
static void openvpn_tell(struct openvpn *o)
{
	instance_waiting(o->instance, "OpenVPN to connect (remote %s)%s%s",
			 *o->remote ? o->remote : "none", *o->words ? ": " : "",
			 o->words);
}

static void openvpn_complains(struct openvpn *o, const char *text)
{
	if (*o->words && !o->attempt)
		return; /* what follows from it */
	o->attempt = false;
	snprintf(o->words, sizeof(o->words), "%s", text);
	openvpn_tell(o);
}

/* --- what it says before it talks --- */

/* The last line that says something. */
static void openvpn_read_early(struct openvpn *o)
{
	static const char useless[] = "Use --help";
	char text[8192], *rest = text, *line;
	ssize_t n;

	if (o->early < 0)
		return;
	while ((n = read(o->early, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		for (rest = text; (line = strsep(&rest, "\n"));)
			if (strstr(line, "rror") &&
			    !strstr(line, "correct these errors") &&
			    strncmp(line, useless, sizeof(useless) - 1) != 0)
				openvpn_complains(o, line);
	}
	o->early = close_fd(o->early);
}

/* --- the program --- */

static void openvpn_on_end(void *data, int r, const struct error *why);
static void openvpn_go_on(struct openvpn *o);

static int openvpn_run(struct openvpn *o, const struct openvpn_conf *conf,
		       int words, struct error *err)
{
	struct instance *i = o->instance;
	char label[160], device[IFNAMSIZ], verb[12];
	const char *const argv[] = {
		"openvpn",
		/* Its words until it talks; see openvpn_read_early(). */
		"--log", "/proc/self/fd/3", "--suppress-timestamps",
		/* The file, as it was judged. */
		"--cd", conf->dir, "--config", "stdin", "--verb", verb,
		"--mute", "100",
		/* The device stays through reconnects that change nothing. */
		"--dev", device, "--dev-type", conf->tap ? "tap" : "tun",
		"--persist-tun",
		/*
		 * Told by SIGHUP to read its configuration again, it would go
		 * on with these words alone, in clear. This one lets it end.
		 */
		conf->tls ? "--tls-client" : "--persist-tun",
		/* It configures nothing, and starts no program. */
		"--ifconfig-noexec", "--route-noexec", "--script-security", "0",
		"--management", o->socket, "unix", "--management-hold",
		"--management-query-passwords", "--management-up-down",
		/*
		 * A device of the kernel module cannot be moved; 2.7 runs a
		 * program of its own for name servers. Who does not know these
		 * does neither.
		 */
		"--ignore-unknown-option", "disable-dco", "dns-updown",
		"--disable-dco", "--dns-updown", "disable", NULL};
	const struct child_command command = {
		.label = label,
		.argv = argv,
		.package = "openvpn",
		.netns = -1, /* the helper's own: the host's */
		.pass_fd = words,
		.input = conf->text,
		.input_bytes = conf->bytes,
		.lasting = true,
		.capabilities = OPENVPN_CAPABILITIES,
	};
	const struct child_events events = {.ended = openvpn_on_end, .data = o};
	int r;

	openvpn_label(i, label);
	openvpn_device(i, device);
	snprintf(verb, sizeof(verb), "%u", conf->verb);
	openvpn_talk_end(o->socket);
	r = child_start(i->helper, &command, &events, &i->child, err);
	if (r < 0)
		return r;
	i->pid = child_pid(i->child);
	i->process = child_identity(i->child);
	return 0;
}

static void openvpn_remember(struct openvpn *o, const struct openvpn_conf *conf)
{
	snprintf(o->remote, sizeof(o->remote), "%s", conf->remote);
	o->tap = conf->tap;
	o->own_redirect4 = conf->redirect4;
	o->nopull = conf->nopull;
}

static int openvpn_start(struct openvpn *o, struct error *err)
{
	struct openvpn_conf *conf;
	int pipes[2], r = openvpn_conf_load(o->path, &conf, err);

	if (r < 0)
		return r;
	openvpn_remember(o, conf);
	if (conf->owner_line && o->instance->making)
		log_warning("%s:%u: user and group are not followed: the "
			    "device is made anew when the server says so",
			    o->path, conf->owner_line);
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0) {
		openvpn_conf_free(conf);
		return error_set(err, -errno, "pipe: %m");
	}
	o->early = close_fd(o->early);
	o->early = pipes[0];
	r = openvpn_run(o, conf, pipes[1], err);
	close_fd(pipes[1]);
	openvpn_conf_free(conf);
	if (r < 0)
		return r;
	o->tries = 0;
	o->attempt = true;
	o->adopted = o->configured = o->connected = false;
	timer_arm(o->timer, OPENVPN_TALK_US);
	return 0;
}

/* Started again a little later, each time a little later still. */
static void openvpn_pause(struct openvpn *o, const char *why)
{
	unsigned int pause = o->pause ? o->pause : 1;

	o->pause =
		pause * 2 > OPENVPN_PAUSE_MAX ? OPENVPN_PAUSE_MAX : pause * 2;
	log_warning("%s: %s; started again in %u s", o->instance->name, why,
		    pause);
	timer_arm(o->timer, pause * OPENVPN_SECOND_US);
}

static void openvpn_is_over(struct openvpn *o, int r, const char *why)
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
		instance_broken(i, "openvpn ended, and the policy does not "
				   "know the section any more");
	} else {
		openvpn_pause(o, why);
	}
}

/* Ended by us: it is in a state that it does not come out of. */
static void openvpn_put_down(struct openvpn *o, const char *why)
{
	o->instance->child = child_stop(o->instance->child);
	openvpn_is_over(o, -ECONNABORTED, why);
}

static void openvpn_on_end(void *data, int r, const struct error *why)
{
	struct openvpn *o = data;
	char text[ERROR_TEXT_MAX];

	o->instance->child = NULL;
	openvpn_read_early(o);
	snprintf(text, sizeof(text), "%s", *o->words ? o->words : why->text);
	if (!o->instance->making)
		snprintf(text, sizeof(text), "openvpn ended%s%s",
			 *o->words ? ": " : "", o->words);
	openvpn_is_over(o, r < 0 ? -ECONNABORTED : r, text);
}

/* --- the device --- */

struct openvpn_visit {
	struct rtnl *inside;
};

static int openvpn_visit_open(void *data, struct error *err)
{
	struct openvpn_visit *v = data;
	int r = rtnl_open(&v->inside);

	return r < 0 ? error_set(err, r, "cannot open rtnetlink: %s",
				 strerror(-r))
		     : 0;
}

/* Return: 0 and *ret, for rtnl_close(). */
static int openvpn_inside(const struct instance *i, int netns,
			  struct rtnl **ret, struct error *err)
{
	struct openvpn_visit v = {NULL};
	int r = netns_visit(&i->helper->host, netns, openvpn_visit_open, &v,
			    NULL, NULL, err);

	if (r < 0)
		return r;
	*ret = v.inside;
	return 0;
}

static int openvpn_move(struct instance *i, int netns, struct rtnl *inside,
			struct rtnl_link *ret, struct error *err)
{
	struct helper *h = i->helper;
	char device[IFNAMSIZ];
	struct rtnl_batch b;
	int r;

	openvpn_device(i, device);
	r = rtnl_link_by_name(h->rtnl, device, ret);
	if (r < 0)
		return error_set(err, r, "openvpn's device %s is not there: %s",
				 device, strerror(-r));
	rtnl_batch_init(&b);
	rtnl_put_move(&b, ret->ifindex, netns, i->ifname);
	r = rtnl_run(h->rtnl, &b, err);
	if (r < 0)
		return r;
	r = rtnl_link_by_name(inside, i->ifname, ret);
	if (r < 0)
		return error_set(err, r, "%s did not arrive: %s", i->ifname,
				 strerror(-r));
	i->ifindex = ret->ifindex;
	return 0;
}

static void openvpn_put_address(struct rtnl_batch *b, unsigned int ifindex,
				const struct inet_prefix *address)
{
	if (address->family == AF_UNSPEC)
		return;
	rtnl_put_address(b, ifindex, address);
	if (address->family == AF_INET6)
		rtnl_put_local(b, address, ifindex);
}

/* Addresses and routes of the policy's, besides those that were pushed. */
static int openvpn_put_policy(const struct instance *i, int netns,
			      struct rtnl *inside, struct rtnl_batch *b,
			      struct error *err)
{
	const struct link_site site = {
		.helper = i->helper,
		.instance = (struct instance *)(uintptr_t)i,
		.ns = openvpn_section(i),
		.policy = store_policy(i->helper->store),
		.netns = netns,
		.inside = inside,
	};
	struct addresses plan = {.n = 0};
	int r;

	if (!site.ns)
		return 0;
	r = address_plan(&site, &plan, err);
	return r < 0 ? r : address_put(&site, &plan, i->ifindex, b, err);
}

static int openvpn_address(const struct instance *i,
			   const struct openvpn_push *push, int netns,
			   struct rtnl *inside, struct error *err)
{
	const struct policy_namespace *ns = openvpn_section(i);
	unsigned int mtu = ns && ns->mtu ? ns->mtu : push->mtu;
	char alias[NAME_MAX_INSTANCE + 16];
	struct rtnl_batch b;
	int r;

	snprintf(alias, sizeof(alias), "netns-pam %s", i->name);
	rtnl_batch_init(&b);
	if (mtu)
		rtnl_put_mtu(&b, i->ifindex, mtu);
	rtnl_put_alias_up(&b, i->ifindex, alias);
	openvpn_put_address(&b, i->ifindex, &push->address4);
	openvpn_put_address(&b, i->ifindex, &push->address6);
	if (push->peer4.family)
		rtnl_put_route(&b, &push->peer4, NULL, i->ifindex);
	r = openvpn_put_policy(i, netns, inside, &b, err);
	return r < 0 ? r : rtnl_run(inside, &b, err);
}

/* One that cannot be is left out: the others are no worse for it. */
static void openvpn_routes(const struct instance *i,
			   const struct openvpn_push *push, struct rtnl *inside)
{
	for (size_t n = 0; n < push->n_routes; n++) {
		const struct openvpn_route *route = &push->routes[n];
		char text[INET_PREFIX_STR];
		struct rtnl_batch b;
		struct error why;
		int r;

		rtnl_batch_init(&b);
		rtnl_put_route(&b, &route->to,
			       route->gateway.family ? &route->gateway : NULL,
			       i->ifindex);
		r = rtnl_run(inside, &b, &why);
		inet_prefix_format(&route->to, text);
		if (r < 0 && r != -EEXIST)
			log_warning("%s: the route to %s: %s", i->name, text,
				    why.text);
	}
}

static void openvpn_dns(struct instance *i, const struct openvpn_push *push)
{
	const struct policy_namespace *ns = openvpn_section(i);
	bool same = i->n_link_dns == push->n_dns &&
		    !strcmp(i->link_search, push->search);

	_Static_assert(OPENVPN_DNS_MAX <= INSTANCE_DNS_MAX, "name servers");
	for (size_t n = 0; same && n < push->n_dns; n++)
		same = i->link_dns[n].family == push->dns[n].family &&
		       inet_prefix_contains(&push->dns[n], &i->link_dns[n]);
	if (!push->n_dns && ns && !ns->dns_set && !ns->dns_host)
		log_warning("%s: the server pushed no name servers, and the "
			    "section has no 'dns': sessions use the host's "
			    "resolvers, which answer from outside",
			    i->name);
	memcpy(i->link_dns, push->dns, sizeof(push->dns));
	i->n_link_dns = push->n_dns;
	snprintf(i->link_search, sizeof(i->link_search), "%s", push->search);
	if (!same)
		instance_dns_changed(i);
}

static int openvpn_visit_sysctl(void *data, struct error *err)
{
	const struct policy_namespace *ns = data;

	return sysctl_apply(ns->sysctls, ns->n_sysctls, err);
}

/*
 * What instance_make.c does to a link that is there for the first time, for a
 * device that is made anew.
 */
static void openvpn_dress(const struct openvpn *o, int netns)
{
	struct instance *i = o->instance;
	const struct policy_namespace *ns = openvpn_section(i);
	struct error why = {""};
	int r = 0;

	rate_forget(i);
	if (!ns || (i->making && !o->told))
		return;
	if (ns->n_sysctls)
		r = netns_visit(&i->helper->host, netns, openvpn_visit_sysctl,
				(void *)(uintptr_t)ns, NULL, NULL, &why);
	if (r == 0)
		r = rate_apply(i, ns, netns, &why);
	if (r < 0)
		log_error("%s: %s", i->name, why.text);
}

/* The device is there: moved, and given what it is to have. */
static int openvpn_configure(struct openvpn *o, const struct openvpn_push *push,
			     struct error *err)
{
	struct instance *i = o->instance;
	_cleanup_close_ int netns = instance_netns(i);
	struct rtnl *inside = NULL;
	struct rtnl_link link;
	int r;

	if (netns < 0)
		return error_set(err, netns, "its namespace is gone: %s",
				 strerror(-netns));
	r = openvpn_inside(i, netns, &inside, err);
	if (r == 0)
		r = openvpn_move(i, netns, inside, &link, err);
	if (r == 0)
		r = openvpn_address(i, push, netns, inside, err);
	if (r == 0) {
		openvpn_routes(i, push, inside);
		i->address4 = push->address4;
		i->address6 = push->address6;
		o->n_routes = push->n_routes;
		openvpn_dns(i, push);
		openvpn_dress(o, netns);
	}
	rtnl_close(inside);
	return r;
}

/* --- what it tells --- */

/* May free everything. */
static void openvpn_ready(struct openvpn *o)
{
	struct instance *i = o->instance;

	if (!o->connected || !o->configured)
		return;
	log_info("%s: connected to %s", i->name,
		 *o->remote ? o->remote : "its peer");
	o->pause = 0;
	o->words[0] = o->last[0] = '\0';
	o->told = true;
	if (i->making)
		instance_connected(i, 0, NULL);
	else
		instance_note(i, NULL);
}

static void openvpn_on_state(void *data, const char *name, const char *detail)
{
	struct openvpn *o = data;
	const struct instance *i = o->instance;

	if (!strcmp(name, "CONNECTED")) {
		o->connected = true;
		openvpn_ready(o);
		return;
	}
	if (!strcmp(name, "WAIT") || !strcmp(name, "TCP_CONNECT"))
		o->redirect4 = false; /* until it is pushed again */
	if (strcmp(name, "RECONNECTING") != 0)
		return;
	if (o->connected)
		log_warning("%s: the connection to %s is lost (%s); nothing "
			    "leaves until it is back",
			    i->name, o->remote, detail);
	o->connected = false;
	o->attempt = true;
	if (!strcmp(detail, "SIGHUP")) /* there is nothing left to read */
		openvpn_put_down(o, "it was told to read its file again");
}

/* The device was destroyed by somebody: openvpn goes on without it. */
static bool openvpn_lost_device(const char *text)
{
	return (!strncmp(text, "read from TUN/TAP", 17) ||
		!strncmp(text, "write to TUN/TAP", 16)) &&
	       strstr(text, "bad state");
}

static void openvpn_on_log(void *data, char flag, const char *text)
{
	struct openvpn *o = data;
	const char *name = o->instance->name;
	bool bad = flag == 'N' || flag == 'F';

	if (!strncmp(text, "MANAGEMENT:", 11) ||
	    !strncmp(text,
		     "Unrecognized option or missing or extra parameter(s) "
		     "in [CMD-LINE]",
		     65))
		return; /* our own doing */
	if (!o->nopull)
		openvpn_push_log(text, &o->redirect4);
	if ((bad || flag == 'W') && strncmp(text, o->last, 199) != 0) {
		log_warning("%s: openvpn: %s", name, text);
		snprintf(o->last, sizeof(o->last), "%s", text);
	} else {
		log_debug("%s: openvpn: %s", name, text);
	}
	if (openvpn_lost_device(text)) {
		openvpn_put_down(o, "its device was deleted");
		return;
	}
	if (bad || !strncmp(text, "Cannot ", 7) || strstr(text, "AUTH_FAILED"))
		openvpn_complains(o, text);
}

static void openvpn_on_up(void *data, const struct openvpn_env *env)
{
	struct openvpn *o = data;
	struct instance *i = o->instance;
	struct openvpn_push push;
	struct error why;
	int r = openvpn_push_read(env, o->tap, o->redirect4 || o->own_redirect4,
				  &push);

	if (r < 0) {
		openvpn_put_down(o, r == -EBADMSG ? "the server gave no address"
						  : "out of memory");
		return;
	}
	if (push.ignored)
		log_warning("%s: %u values of the server make no sense and "
			    "were left out, first of them %s",
			    i->name, push.ignored, push.why);
	r = openvpn_configure(o, &push, &why);
	openvpn_push_clear(&push);
	if (r < 0) {
		openvpn_put_down(o, why.text);
		return;
	}
	o->configured = true;
	openvpn_ready(o);
}

static void openvpn_on_down(void *data)
{
	struct openvpn *o = data;

	o->configured = false;
}

static void openvpn_on_question(void *data, const char *what)
{
	struct openvpn *o = data;
	char text[240];

	snprintf(text, sizeof(text),
		 "it asks for the %.60s, and nobody is there to answer: use a "
		 "key without a password, or askpass and auth-user-pass with "
		 "a file",
		 what);
	openvpn_put_down(o, text);
}

static void openvpn_on_closed(void *data)
{
	struct openvpn *o = data;

	/* It is about to end, most likely; or else we come again. */
	o->talk = NULL;
	o->tries = 0;
	timer_arm(o->timer, OPENVPN_TALK_US);
}

/* --- talking to it --- */

/*
 * It may have closed its device and made another one while no helper was there
 * to hear of it, and does not say it again.
 */
static bool openvpn_is_as_it_was(const struct instance *i)
{
	_cleanup_close_ int netns = instance_netns(i);
	struct rtnl *inside = NULL;
	struct rtnl_link link;
	bool same;

	if (netns < 0 || openvpn_inside(i, netns, &inside, NULL) < 0)
		return false;
	same = i->ifindex &&
	       rtnl_link_by_index(inside, i->ifindex, &link) == 0 &&
	       !strcmp(link.ifname, i->ifname);
	rtnl_close(inside);
	return same;
}

static void openvpn_listen(struct openvpn *o)
{
	static const struct openvpn_talk_events events = {
		.state = openvpn_on_state,
		.log = openvpn_on_log,
		.up = openvpn_on_up,
		.down = openvpn_on_down,
		.asks = openvpn_on_question,
		.closed = openvpn_on_closed,
	};
	struct error why = {"it does not open its management interface"};
	int r = openvpn_talk_open(o->instance->helper->event, o->socket,
				  &events, o, &o->talk, &why);

	if (r == -EAGAIN && ++o->tries < OPENVPN_TALK_TRIES) {
		timer_arm(o->timer, OPENVPN_TALK_US);
		return;
	}
	if (r < 0) {
		openvpn_read_early(o);
		openvpn_put_down(o, *o->words ? o->words : why.text);
		return;
	}
	o->early = close_fd(o->early);
	if (!o->adopted)
		return;
	o->adopted = false;
	o->configured = o->connected = openvpn_is_as_it_was(o->instance);
	if (!o->configured)
		openvpn_put_down(o, "it reconnected while no helper was there");
}

static void openvpn_go_on(struct openvpn *o)
{
	struct instance *i = o->instance;
	struct error why;

	if (i->child) {
		if (!o->talk)
			openvpn_listen(o);
		return;
	}
	if (openvpn_start(o, &why) < 0)
		openvpn_pause(o, why.text);
	else if (instance_note(i, &why) < 0)
		openvpn_put_down(o, why.text);
}

static int openvpn_on_time(sd_event_source *source, uint64_t when, void *data)
{
	(void)source;
	(void)when;
	openvpn_go_on(data);
	return 0;
}

/* --- the link --- */

/* Return: what is instance->link_data from now on, or NULL. */
static struct openvpn *openvpn_new(struct instance *i,
				   const struct policy_namespace *ns,
				   struct error *err)
{
	struct openvpn *o = calloc(1, sizeof(*o));
	int r = 0;

	if (!o) {
		error_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	o->instance = i;
	o->early = -EBADF;
	snprintf(o->socket, sizeof(o->socket), "%s/openvpn.%" PRIu64,
		 i->helper->state_path, i->id);
	if (ns)
		r = policy_expand(ns->openvpn, i->user, i->uid, i->name,
				  &o->path, err);
	if (r == 0) {
		r = timer_new(i->helper->event, &o->timer, openvpn_on_time, o);
		if (r < 0)
			error_set(err, r, "cannot make a timer: %s",
				  strerror(-r));
	}
	if (r < 0) {
		openvpn_free(o);
		return NULL;
	}
	i->link_data = o;
	return o;
}

static int openvpn_create(const struct link_site *site, struct error *err)
{
	struct instance *i = site->instance;
	struct openvpn *o;
	char path[256];
	int r;

	if (site->ns->address_mode == ADDRESS_DHCP)
		return error_set(err, -EOPNOTSUPP,
				 "address = dhcp has no use with link = "
				 "openvpn: the server gives the address");
	r = child_find("openvpn", "openvpn", path, err);
	if (r < 0)
		return r;
	o = openvpn_new(i, site->ns, err);
	if (!o)
		return -EINVAL;
	/* So that the next helper looks for it, if this one is killed now. */
	r = instance_note(i, err);
	if (r == 0)
		r = openvpn_start(o, err);
	if (r < 0)
		return r;
	snprintf(i->ifname, sizeof(i->ifname), "%s",
		 site->ns->ifname ? site->ns->ifname
		 : o->tap	  ? "tap0"
				  : "tun0");
	openvpn_device(i, i->device);
	openvpn_tell(o);
	return LINK_LATER;
}

static int openvpn_adopt(struct helper *h, struct instance *i)
{
	const struct child_events events = {.ended = openvpn_on_end};
	struct child_events with = events;
	struct openvpn_conf *conf;
	struct error why;
	struct openvpn *o = openvpn_new(i, openvpn_section(i), &why);
	char label[160];

	if (!o) {
		log_error("%s: %s", i->name, why.text);
		return -ENODEV;
	}
	if (o->path && openvpn_conf_load(o->path, &conf, NULL) == 0) {
		openvpn_remember(o, conf);
		openvpn_conf_free(conf);
	}
	with.data = o;
	o->adopted = true;
	openvpn_label(i, label);
	if (child_adopt(h, i->pid, i->process, label, &with, &i->child) < 0)
		i->child = NULL;
	if (!i->child && !o->path)
		return -ENODEV;
	timer_arm(o->timer, 1);
	return 0;
}

static void openvpn_leave(struct instance *i)
{
	if (i->link_data)
		openvpn_free(i->link_data);
	i->link_data = NULL;
}

static void openvpn_remove(struct helper *h, struct instance *i, int netns)
{
	struct openvpn *o = i->link_data;
	struct rtnl *inside = NULL;
	struct rtnl_batch b;

	(void)h;
	/* At once, whatever openvpn is waiting for. */
	if (netns >= 0 && i->ifindex &&
	    openvpn_inside(i, netns, &inside, NULL) == 0) {
		rtnl_batch_init(&b);
		rtnl_put_delete(&b, i->ifindex);
		rtnl_run(inside, &b, NULL);
		rtnl_close(inside);
	}
	if (o && !i->child)
		openvpn_talk_end(o->socket);
	else if (o)
		unlink(o->socket);
	i->child = child_stop(i->child);
	openvpn_leave(i);
}

static int openvpn_is_ready(struct helper *h, struct instance *i,
			    struct error *err)
{
	const struct openvpn *o = i->link_data;

	(void)h;
	(void)err;
	instance_waiting(i, "OpenVPN to connect again (remote %s)", o->remote);
	return o->connected && o->configured;
}

static void openvpn_traffic(const struct instance *i,
			    struct proto_namespace *ret)
{
	_cleanup_close_ int netns = instance_netns(i);
	struct rtnl *inside = NULL;
	struct rtnl_link link;

	if (netns < 0 || openvpn_inside(i, netns, &inside, NULL) < 0)
		return;
	if (rtnl_link_by_index(inside, i->ifindex, &link) == 0) {
		ret->rx_bytes = link.rx_bytes;
		ret->tx_bytes = link.tx_bytes;
	}
	rtnl_close(inside);
}

static void openvpn_describe(struct helper *h, const struct instance *i,
			     struct proto_namespace *ret)
{
	const struct openvpn *o = i->link_data;

	(void)h;
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
	if (!o->configured)
		return;
	if (i->address4.family)
		inet_prefix_format(&i->address4, ret->address4);
	if (i->address6.family)
		inet_prefix_format(&i->address6, ret->address6);
	openvpn_traffic(i, ret);
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
