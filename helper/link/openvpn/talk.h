/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management interface of a running openvpn(8), a Unix socket on which it
 * listens ("management-notes.txt" in its documentation): log lines, states, the
 * variables of a tunnel that came up, and questions for passwords.
 *
 * It replaces scripts: openvpn starts no program, and a restarted daemon
 * connects to the same socket again.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_TALK_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_TALK_H

#include <systemd/sd-event.h>

#include "common/error.h"

struct openvpn_env;
struct openvpn_talk;

/* Each may call openvpn_talk_close(), and free what `data` is. */
struct openvpn_talk_events {
	/* name: "WAIT", "AUTH", "CONNECTED", ...; detail: reason, or "" */
	void (*state)(void *data, const char *name, const char *detail);
	/* flag: I information, W warning, N error, F fatal, other: debug */
	void (*log)(void *data, char flag, const char *text);
	/* A new device exists, with these variables; it was closed. */
	void (*up)(void *data, const struct openvpn_env *env);
	void (*down)(void *data);
	/* It needs, for example, the "Private Key password". */
	void (*asks)(void *data, const char *what);
	/* openvpn closed the connection, or violated the protocol. */
	void (*closed)(void *data);
};

/*
 * Connects, and releases an openvpn that waits (--management-hold).
 * Return: 0 and *ret; -EAGAIN when no process listens yet; -errno with err set.
 */
int openvpn_talk_open(sd_event *event, const char *path,
		      const struct openvpn_talk_events *events, void *data,
		      struct openvpn_talk **ret, struct error *err);

/* Closes and frees talk, or NULL. Return: NULL. */
struct openvpn_talk *openvpn_talk_close(struct openvpn_talk *talk);

/*
 * Ends an openvpn whose pid is in no record (the daemon was killed), and
 * removes its socket. Succeeds when there is none.
 */
void openvpn_talk_end(const char *path);

#endif
