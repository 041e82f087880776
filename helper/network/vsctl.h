/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to Open vSwitch's database by ovs-vsctl(8): one after the other, in
 * the order in which they were made, so that a port is removed before another
 * one of its name is added.
 */
#ifndef NETNS_PAM_HELPER_NETWORK_VSCTL_H
#define NETNS_PAM_HELPER_NETWORK_VSCTL_H

#include <net/if.h>
#include <stdbool.h>

#include "common/error.h"

struct helper;
struct ovs_request;

/*
 * text: the output, lines separated by newlines, without empty lines.
 * r: 0 or -errno with a sentence in why: -ENOENT when Open vSwitch is not
 * installed, -ECONNREFUSED when it does not run, -ETIME when it does not
 * answer.
 */
typedef void ovs_answered(void *data, int r, const char *text,
			  const struct error *why);

/*
 * A request: "ovs-vsctl --timeout=N", to which ovs_add() adds arguments.
 * label: prefix of its output in the log. wait: it ends when ovs-vswitchd has
 * done what the database says. Return: NULL when out of memory, which all
 * functions below accept.
 */
struct ovs_request *ovs_new(struct helper *h, const char *label, bool wait);

/* Adds an argument. */
void ovs_add(struct ovs_request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds several; list: ended by NULL. */
void ovs_add_list(struct ovs_request *request, const char *const *list);
#define ovs_add_all(request, ...)                                              \
	ovs_add_list(request, (const char *const[]){__VA_ARGS__, NULL})

/* Adds BEFORE"TEXT", quoted for the database; text is cut to IFNAMSIZ. */
void ovs_add_quoted(struct ovs_request *request, const char *before,
		    const char *text);

/*
 * Sends the request, which is freed after the answer, and also on failure.
 * answered: called once, from the event loop; NULL: the answer is ignored.
 * data: passed to answered(), which frees it; from malloc(3) or NULL, as it is
 * freed when the daemon ends before the answer.
 * Return: 0; -errno with a sentence, and answered() is not called.
 */
int ovs_ask(struct ovs_request *request, ovs_answered *answered, void *data,
	    struct error *err);

/*
 * Copies the first field of a line of an answer: a port's name, or "" when it
 * is longer than a name of an interface. Return: the next line.
 */
const char *ovs_next_name(const char *line, char ret[static IFNAMSIZ]);

/* The request runs, its answer is ignored. NULL is fine. */
void ovs_forget(struct ovs_request *request);

/* At the end of the daemon, before child_close_all(). */
void ovs_close(struct helper *h);

/* Has the kernel a datapath for Open vSwitch? May load a module. */
bool ovs_kernel_has_datapath(void);

#endif
