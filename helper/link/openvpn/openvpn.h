/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of `link = openvpn`: link.c is the link and its state,
 * program.c starts and ends openvpn(8), watch.c handles its events, device.c
 * has its tun device.
 *
 * openvpn's socket is in the host's namespace, its device inside. The namespace
 * has nothing else but a loopback: without the device, packets have no route.
 * openvpn configures nothing and runs no program; its management interface
 * reports the configuration, which the daemon applies.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_OPENVPN_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_OPENVPN_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "common/error.h"
#include "conf.h"

struct child_events;
struct instance;
struct openvpn_push;
struct openvpn_talk;
struct policy_namespace;

#define OPENVPN_TALK_US 20000 /* between two attempts to connect */

struct openvpn;

/* What watch.c reports to link.c. Each call may free o. */
struct openvpn_events {
	/* The tunnel is connected, and its device is inside and configured. */
	void (*ready)(struct openvpn *o);
	/* The tunnel cannot work any more: the program is to be ended. */
	void (*failed)(struct openvpn *o, const char *why);
};

/* instance->link_data */
struct openvpn {
	struct instance *instance;
	const struct openvpn_events *events;
	char *path; /* of the configuration; NULL: the section was removed */
	char label[160];
	char dir[PATH_MAX]; /* in which openvpn creates its socket */
	char socket[PATH_MAX + 8];
	struct openvpn_talk *talk;
	sd_event_source *timer;
	unsigned int tries; /* to connect to its socket */
	unsigned int pause; /* seconds before the next start */
	bool adopted;	    /* its state must be queried */
	int early;	    /* pipe with its output until it is connected to */

	/* From the file. */
	char remote[256];
	bool tap, own_redirect4, nopull;
	char *files[OPENVPN_FILES_MAX]; /* named in it */
	size_t n_files;

	bool redirect4;	 /* pushed */
	bool configured; /* the device is inside and configured */
	bool connected;
	bool was_connected; /* instance_connected() was called */
	bool attempt;	    /* a new attempt: its first error is kept */
	char words[200];    /* that error, or "" */
	char last[200];	    /* last logged message: not repeated */
};

/* --- program.c --- */

/*
 * Reads the file and starts openvpn(8) as instance->child. The caller calls
 * openvpn_watch_begin() after OPENVPN_TALK_US. Return: 0, or -errno with err
 * set.
 */
int openvpn_program_start(struct openvpn *o, const struct child_events *events,
			  struct error *err);

/*
 * After a restart of the daemon: instance->child is the openvpn(8) that still
 * runs. Return: FOUND, ABSENT, -errno.
 */
int openvpn_program_adopt(struct openvpn *o, const struct child_events *events);

/* Removes its socket; ends the listening process unless instance->child. */
void openvpn_program_clear(const struct openvpn *o);

/* Frees o->files. */
void openvpn_program_forget(struct openvpn *o);

/* --- watch.c --- */

/*
 * Connects to its management interface; tries again after OPENVPN_TALK_US when
 * openvpn does not listen yet. May free o.
 */
void openvpn_watch_begin(struct openvpn *o);

/* Reads its output when it ended without listening. */
void openvpn_watch_early(struct openvpn *o);

/* Updates what waiting logins report on a timeout. */
void openvpn_watch_tell(struct openvpn *o);

/* --- device.c --- */

/* The current section, or NULL when it does not exist any more. */
const struct policy_namespace *openvpn_section(const struct instance *i);

/*
 * The device's name in the host. Not one of the pool's, which are free again
 * when a link is left.
 */
void openvpn_device_name(const struct instance *i, char ret[static IFNAMSIZ]);

/*
 * Moves the device into the namespace and configures it as the server pushed
 * and the policy says. Return: 0, or -errno with err set.
 */
int openvpn_device_configure(struct openvpn *o, const struct openvpn_push *push,
			     struct error *err);

/* Does the configured device still exist inside? true when not known. */
bool openvpn_device_is_there(const struct instance *i);

#endif
