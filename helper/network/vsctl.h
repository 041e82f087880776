/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open vSwitch's database, changed and asked by ovs-vsctl(8): one request after
 * the other in the order they were made, so that a port that is to go has gone
 * before another of its name comes.
 *
 * Should: say in a sentence that Open vSwitch is not installed, not running, or
 * does not answer. Mustn't: know what networks are.
 */
#ifndef NETNS_PAM_HELPER_NETWORK_VSCTL_H
#define NETNS_PAM_HELPER_NETWORK_VSCTL_H

#include <net/if.h>
#include <stdbool.h>

#include "common/error.h"

struct helper;
struct ovs_request;

/*
 * text: what it wrote, lines with a newline in between, empty ones left out;
 * r: 0 or -errno with a sentence in why.
 */
typedef void ovs_answered(void *data, int r, const char *text,
			  const struct error *why);

/*
 * A request: "ovs-vsctl --timeout=N", to which ovs_add() adds arguments.
 * label: in front of what it says in the log. wait: until ovs-vswitchd has done
 * as the database says. NULL without memory.
 */
struct ovs_request *ovs_new(struct helper *h, const char *label, bool wait);

/* One argument. Fine with NULL. */
void ovs_add(struct ovs_request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Several; list: until a NULL. */
void ovs_add_list(struct ovs_request *request, const char *const *list);
#define ovs_add_all(request, ...)                                              \
	ovs_add_list(request, (const char *const[]){__VA_ARGS__, NULL})

/* BEFORE"TEXT", as the database's language has it. Cut to what a name is. */
void ovs_add_quoted(struct ovs_request *request, const char *before,
		    const char *text);

/*
 * Asks; the request (NULL: there was no memory for it) is owned by itself from
 * now on, and gone once it is answered, which never happens from within.
 * answered: NULL, nobody wants to know. data: the answer's; freed, should the
 * helper end before (NULL, or from malloc(3)).
 * Return: 0; -errno with a sentence, and no answer comes.
 */
int ovs_ask(struct ovs_request *request, ovs_answered *answered, void *data,
	    struct error *err);

/*
 * The first field of a line of an answer: a port's name, or "" when no port of
 * ours can have it. Return: the next line.
 */
const char *ovs_next_name(const char *line, char ret[static IFNAMSIZ]);

/* It goes its way, but nobody wants to know any more. NULL is fine. */
void ovs_forget(struct ovs_request *request);

/* At the end of the helper, before child_close_all(). */
void ovs_close(struct helper *h);

/* Has the kernel a datapath for it? May load a module. */
bool ovs_kernel_has_datapath(void);

#endif
