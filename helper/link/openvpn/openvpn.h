/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of `link = openvpn` share: link_openvpn.c is the link,
 * openvpn_program.c starts and ends openvpn(8), openvpn_watch.c hears what it
 * says, openvpn_device.c is its tun device.
 *
 * Its socket is in the host's namespace, the device inside. There is nothing
 * else inside but the loopback: until the device is there, and whenever it is
 * not, packets have nowhere to go. openvpn configures nothing and runs no
 * program; it tells us, by its management interface, what it would have done.
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
struct proto_namespace;

#define OPENVPN_TALK_US 20000 /* until it listens: looks again */

struct openvpn;

/* What watch.c reports to link.c. Each call may free o. */
struct openvpn_events {
	/* It is connected, and its device is inside and configured. */
	void (*ready)(struct openvpn *o);
	/* It cannot go on as it is: the program is to be ended. */
	void (*failed)(struct openvpn *o, const char *why);
};

/* instance->link_data */
struct openvpn {
	struct instance *instance;
	const struct openvpn_events *events;
	char *path; /* the client's configuration; NULL: not known any more */
	char dir[PATH_MAX]; /* where it makes its socket */
	char socket[PATH_MAX + 8];
	struct openvpn_talk *talk;
	sd_event_source *timer;
	unsigned int tries; /* to talk to it */
	unsigned int pause; /* seconds, before it is started again */
	bool adopted;	    /* what it did meanwhile nobody heard */
	int early;	    /* its words before it talks: a pipe, or < 0 */

	/* From the file. */
	char remote[256];
	bool tap, own_redirect4, nopull;
	char *files[OPENVPN_FILES_MAX]; /* that it names */
	size_t n_files;

	bool redirect4;	 /* pushed */
	bool configured; /* the device is inside, with all that it needs */
	bool connected;
	bool told; /* it was connected once: events_connected() has seen it */
	bool attempt;	 /* a new one: its first complaint is kept */
	char words[200]; /* the complaint, or "" */
	char last[200];	 /* logged last: the same again is not */
};

/* --- program.c --- */

/*
 * Reads the file and starts openvpn(8) as instance->child. The caller then
 * calls openvpn_watch_begin() in OPENVPN_TALK_US. Return: 0 or -errno with a
 * sentence.
 */
int openvpn_program_start(struct openvpn *o, const struct child_events *events,
			  struct error *err);

/*
 * After a restart of the daemon: instance->child is the openvpn(8) that still
 * runs. Return: FOUND, ABSENT, -errno.
 */
int openvpn_program_adopt(struct openvpn *o, const struct child_events *events);

/* Takes its socket away; ends who is there, unless it is instance->child. */
void openvpn_program_clear(const struct openvpn *o);

/* What was remembered of the file. */
void openvpn_program_forget(struct openvpn *o);

/* --- watch.c --- */

/*
 * Begins to talk to it; again in OPENVPN_TALK_US, when it does not listen yet.
 * May free o.
 */
void openvpn_watch_begin(struct openvpn *o);

/* Its words before it talked, once it is known that it will not. */
void openvpn_watch_early(struct openvpn *o);

/* What a login that waits is told in the end. */
void openvpn_watch_tell(struct openvpn *o);

/* --- device.c --- */

/* The section as it is now; NULL when it is gone. */
const struct policy_namespace *openvpn_section(const struct instance *i);

/*
 * Its name in the host. Not one of the pool's: those are free again when a link
 * leaves.
 */
void openvpn_device_name(const struct instance *i, char ret[static IFNAMSIZ]);

/*
 * It is there: moved, and given what was pushed and what the policy says.
 * Return: 0 or -errno with a sentence.
 */
int openvpn_device_configure(struct openvpn *o, const struct openvpn_push *push,
			     struct error *err);

/* Is it still the one inside that it was? */
bool openvpn_device_is_there(const struct instance *i);

/*
 * At once, whatever openvpn is waiting for. netns: < 0 when it does not exist.
 * Return: 0, also when there is none; -errno with a sentence.
 */
int openvpn_device_remove(const struct instance *i, int netns,
			  struct error *err);

void openvpn_device_traffic(const struct instance *i,
			    struct proto_namespace *ret);

#endif
