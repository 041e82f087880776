/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles the events of a running openvpn(8): configures its device, follows
 * the state of the connection, reports its errors to waiting logins.
 *
 * The events come by its management interface; errors before it listens come
 * through a pipe.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "files.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "openvpn.h"
#include "push.h"
#include "talk.h"

#define OPENVPN_TALK_TRIES 500 /* 10 s */
#define OPENVPN_SAID_MAX   2048

void openvpn_watch_tell(struct openvpn *o)
{
	instance_waiting(o->instance, "OpenVPN to connect (remote %s)%s%s",
			 *o->remote ? o->remote : "none", *o->words ? ": " : "",
			 o->words);
}

static void openvpn_complains(struct openvpn *o, const char *text)
{
	if (*o->words && !o->attempt)
		return; /* a consequence of the first error */
	o->attempt = false;
	openvpn_files_name(o->files, o->n_files, text, o->words,
			   sizeof(o->words));
	openvpn_watch_tell(o);
}

void openvpn_watch_early(struct openvpn *o)
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

/* --- events --- */

/* May free o. */
static void openvpn_watch_ready(struct openvpn *o)
{
	if (o->connected && o->configured)
		o->events->ready(o);
}

static void openvpn_on_state(void *data, const char *name, const char *detail)
{
	struct openvpn *o = data;
	const struct instance *i = o->instance;

	if (!strcmp(name, "CONNECTED")) {
		o->connected = true;
		openvpn_watch_ready(o);
		return;
	}
	if (!strcmp(name, "WAIT") || !strcmp(name, "TCP_CONNECT"))
		o->redirect4 = false; /* until it is pushed again */
	if (strcmp(name, "RECONNECTING") != 0)
		return;
	if (o->connected)
		log_warning("%s: the connection to %s is lost (%s); no packet leaves before it is restored",
			    i->name, o->remote, detail);
	o->connected = false;
	o->attempt = true;
	if (!strcmp(detail, "SIGHUP")) /* standard input is read already */
		o->events->failed(o, "it received SIGHUP");
}

/* The device was deleted: openvpn continues without it. */
static bool openvpn_lost_device(const char *text)
{
	return (!strncmp(text, "read from TUN/TAP", 17) ||
		!strncmp(text, "write to TUN/TAP", 16)) &&
	       strstr(text, "bad state");
}

/* Is the message about what the daemon itself set? */
static bool openvpn_is_of_us(const char *text)
{
	static const char unknown[] =
		"Unrecognized option or missing or extra parameter(s) in [CMD-LINE]";

	return !strncmp(text, "MANAGEMENT:", 11) ||
	       !strncmp(text, unknown, sizeof(unknown) - 1) ||
	       /* openvpn_conf_load() has checked the original file. */
	       (strstr(text, "/proc/self/fd/") &&
		strstr(text, "is group or others accessible"));
}

static void openvpn_on_log(void *data, char flag, const char *said)
{
	struct openvpn *o = data;
	const char *name = o->instance->name;
	bool bad = flag == 'N' || flag == 'F';
	char text[OPENVPN_SAID_MAX];

	if (openvpn_is_of_us(said))
		return;
	openvpn_files_name(o->files, o->n_files, said, text, sizeof(text));
	if (!o->nopull)
		openvpn_push_log(text, &o->redirect4);
	if ((bad || flag == 'W') && strncmp(text, o->last, 199) != 0) {
		log_warning("%s: openvpn: %s", name, text);
		snprintf(o->last, sizeof(o->last), "%.199s", text);
	} else {
		log_debug("%s: openvpn: %s", name, text);
	}
	if (openvpn_lost_device(text)) {
		o->events->failed(o, "its device was deleted");
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
		o->events->failed(o, r == -EBADMSG
					     ? "the server gave no address"
					     : "out of memory");
		return;
	}
	if (push.ignored)
		log_warning("%s: %u pushed values are invalid and ignored; first: %s",
			    i->name, push.ignored, push.why);
	r = openvpn_device_configure(o, &push, &why);
	openvpn_push_clear(&push);
	if (r < 0) {
		o->events->failed(o, why.text);
		return;
	}
	o->configured = true;
	openvpn_watch_ready(o);
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
		 "it asks for the %.60s, which no person can answer at a login: use a key without a password, or askpass and auth-user-pass with a file",
		 what);
	o->events->failed(o, text);
}

static void openvpn_on_closed(void *data)
{
	struct openvpn *o = data;

	/* openvpn is about to end, most likely; otherwise connect again. */
	o->talk = NULL;
	o->tries = 0;
	timer_arm(o->timer, OPENVPN_TALK_US);
}

void openvpn_watch_begin(struct openvpn *o)
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
		openvpn_watch_early(o);
		o->events->failed(o, *o->words ? o->words : why.text);
		return;
	}
	o->early = close_fd(o->early);
	if (!o->adopted)
		return;
	/*
	 * It may have replaced its device while no daemon was connected, and
	 * does not report that again.
	 */
	o->adopted = false;
	o->configured = o->connected = openvpn_device_is_there(o->instance);
	if (!o->configured)
		o->events->failed(o,
				  "it reconnected while no daemon was running");
}
