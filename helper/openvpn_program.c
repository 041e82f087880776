/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * openvpn(8) itself: started with a configuration that was judged, beside the
 * loop; ended by us when it is in a state that it does not come out of; started
 * again when it ends. It outlives the helper.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "helper.h"
#include "instance.h"
#include "log.h"
#include "openvpn.h"
#include "openvpn_conf.h"
#include "openvpn_talk.h"
#include "timer.h"

#define OPENVPN_PAUSE_MAX 30 /* seconds between two starts */
#define OPENVPN_SECOND_US UINT64_C(1000000)
/* Its device, a port below 1024, `bind-dev`, files that are not root's. */
#define OPENVPN_CAPABILITIES                                                   \
	(UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_BIND_SERVICE |  \
	 UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_DAC_OVERRIDE)

static void openvpn_on_end(void *data, int r, const struct error *why);

static void openvpn_label(const struct instance *i, char ret[static 160])
{
	snprintf(ret, 160, "%s: openvpn", i->name);
}

static int openvpn_run(struct openvpn *o, const struct openvpn_conf *conf,
		       int words, struct error *err)
{
	struct instance *i = o->instance;
	char label[160], device[IFNAMSIZ], verb[12];
	const char *const argv[] = {
		"openvpn",
		/* Its words until it talks; see openvpn_watch_early(). */
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
		.capabilities = OPENVPN_CAPABILITIES,
	};
	const struct child_events events = {.ended = openvpn_on_end, .data = o};

	openvpn_label(i, label);
	openvpn_device_name(i, device);
	snprintf(verb, sizeof(verb), "%u", conf->verb);
	openvpn_talk_end(o->socket);
	return instance_start_child(i, &command, &events, err);
}

static void openvpn_remember(struct openvpn *o, const struct openvpn_conf *conf)
{
	snprintf(o->remote, sizeof(o->remote), "%s", conf->remote);
	o->tap = conf->tap;
	o->own_redirect4 = conf->redirect4;
	o->nopull = conf->nopull;
}

int openvpn_program_start(struct openvpn *o, struct error *err)
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

void openvpn_program_end(struct openvpn *o, const char *why)
{
	o->instance->child = child_stop(o->instance->child);
	openvpn_is_over(o, -ECONNABORTED, why);
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
	openvpn_is_over(o, r < 0 ? -ECONNABORTED : r, text);
}

/* --- what comes next --- */

static void openvpn_go_on(struct openvpn *o)
{
	struct instance *i = o->instance;
	struct error why;

	if (i->child) {
		if (!o->talk)
			openvpn_watch_begin(o);
		return;
	}
	if (openvpn_program_start(o, &why) < 0)
		openvpn_pause(o, why.text);
	else if (instance_note(i, &why) < 0)
		openvpn_program_end(o, why.text);
}

static int openvpn_on_time(sd_event_source *source, uint64_t when, void *data)
{
	(void)source;
	(void)when;
	openvpn_go_on(data);
	return 0;
}

int openvpn_program_init(struct openvpn *o, struct error *err)
{
	int r = timer_new(o->instance->helper->event, &o->timer,
			  openvpn_on_time, o);

	return r < 0 ? error_set(err, r, "cannot make a timer: %s",
				 strerror(-r))
		     : 0;
}

int openvpn_program_adopt(struct openvpn *o)
{
	const struct child_events events = {.ended = openvpn_on_end, .data = o};
	struct instance *i = o->instance;
	struct openvpn_conf *conf;
	char label[160];

	if (o->path && openvpn_conf_load(o->path, &conf, NULL) == 0) {
		openvpn_remember(o, conf);
		openvpn_conf_free(conf);
	}
	o->adopted = true;
	openvpn_label(i, label);
	if (child_adopt(i->helper, i->pid, i->process, label, &events,
			&i->child) < 0)
		i->child = NULL;
	if (!i->child && !o->path)
		return -ENODEV;
	timer_arm(o->timer, 1);
	return 0;
}
