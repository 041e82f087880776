/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management interface of a running openvpn(8), a unix socket that it
 * listens at ("management-notes.txt" in its documentation): what it says in its
 * log, how far it is, the variables of a tunnel that came up, and questions.
 *
 * It takes the place of scripts: openvpn starts no program at all, and a helper
 * that was started anew finds the socket where it was.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_TALK_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_TALK_H

#include <systemd/sd-event.h>

#include "common/error.h"

struct openvpn_env;
struct openvpn_talk;

/* Each may call openvpn_talk_close(), and free what `data` is. */
struct openvpn_talk_events {
	/* "WAIT", "AUTH", "CONNECTED", ...; detail: why, or "" */
	void (*state)(void *data, const char *name, const char *detail);
	/* flag: I information, W warning, N error, F fatal, others less */
	void (*log)(void *data, char flag, const char *text);
	/* A new device is there, with these variables; resp. it is closed. */
	void (*up)(void *data, const struct openvpn_env *env);
	void (*down)(void *data);
	/* It wants to be told "Private Key password". */
	void (*asks)(void *data, const char *what);
	/* The other side hung up, or broke the rules. */
	void (*closed)(void *data);
};

/*
 * Connects, and lets an openvpn that waits to begin (--management-hold) begin.
 * Return: 0 and *ret; -EAGAIN when nobody listens (yet); -errno with a
 * sentence.
 */
int openvpn_talk_open(sd_event *event, const char *path,
		      const struct openvpn_talk_events *events, void *data,
		      struct openvpn_talk **ret, struct error *err);

/* NULL is fine. Return: NULL. */
struct openvpn_talk *openvpn_talk_close(struct openvpn_talk *talk);

/*
 * Ends an openvpn that a helper left before it had written its pid down, and
 * takes its socket away. Fine when nobody is there.
 */
void openvpn_talk_end(const char *path);

#endif
