/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vsctl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/base/text.h"
#include "helper/helper.h"
#include "helper/process/child.h"

#define OVS_PROGRAM	"ovs-vsctl"
#define OVS_PACKAGE	"openvswitch-switch"
#define OVS_TIMEOUT	"--timeout=5"
#define OVS_PATIENCE_MS 7000 /* when it does not end by --timeout */
#define OVS_ARGS_MAX	80
#define OVS_TEXT_MAX	65536
#define OVS_NETLINK_MAX 8192

struct ovs_request {
	struct helper *helper;
	struct ovs_request *next;
	char label[96];
	char *argv[OVS_ARGS_MAX + 1];
	size_t n;
	bool failed; /* too many arguments, out of memory, too much output */
	struct child *child;
	ovs_answered *answered;
	void *data;
	struct text text; /* the output */
};

/* --- making it --- */

static void ovs_free(struct ovs_request *q)
{
	if (!q)
		return;
	for (size_t n = 0; n < q->n; n++)
		free(q->argv[n]);
	text_clear(&q->text);
	free(q);
}

struct ovs_request *ovs_new(struct helper *h, const char *label, bool wait)
{
	struct ovs_request *q = calloc(1, sizeof(*q));

	if (!q || !text_open(&q->text, NULL)) {
		free(q);
		return NULL;
	}
	q->helper = h;
	snprintf(q->label, sizeof(q->label), "%s: " OVS_PROGRAM, label);
	ovs_add_all(q, OVS_PROGRAM, OVS_TIMEOUT, "--no-headings",
		    "--format=csv", "--data=bare");
	if (!wait)
		ovs_add(q, "--no-wait");
	return q;
}

static void ovs_add_text(struct ovs_request *q, char *text)
{
	if (!q || !text || q->n == OVS_ARGS_MAX) {
		if (q)
			q->failed = true;
		free(text);
		return;
	}
	q->argv[q->n++] = text;
}

void ovs_add(struct ovs_request *q, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	ovs_add_text(q, text);
}

void ovs_add_list(struct ovs_request *q, const char *const *list)
{
	for (size_t n = 0; list[n]; n++)
		ovs_add_text(q, strdup(list[n]));
}

void ovs_add_quoted(struct ovs_request *q, const char *before, const char *text)
{
	char quoted[2 * IFNAMSIZ + 1];
	size_t n = 0;

	for (const char *p = text; *p && n < sizeof(quoted) - 2; p++) {
		if (*p == '"' || *p == '\\')
			quoted[n++] = '\\';
		quoted[n++] = *p;
	}
	quoted[n] = '\0';
	ovs_add(q, "%s\"%s\"", before, quoted);
}

/* --- running it --- */

static void ovs_line(void *data, char *line)
{
	struct ovs_request *q = data;

	long at = ftell(q->text.f);

	q->failed = q->failed || at + (long)strlen(line) >= OVS_TEXT_MAX;
	if (!q->failed)
		fprintf(q->text.f, "%s%s", at ? "\n" : "", line);
}

/* Plainer sentences for the two most common errors. */
static void ovs_explain(int *r, struct error *why)
{
	if (strstr(why->text, "database connection failed"))
		*r = error_set(why, -ECONNREFUSED,
			       "Open vSwitch is not running: systemctl start openvswitch-switch");
	else if (*r == -ETIME || strstr(why->text, "signal 14"))
		*r = error_set(why, -ETIME,
			       "Open vSwitch does not answer (ovs-vswitchd may not be running): systemctl restart openvswitch-switch");
}

static int ovs_start(struct ovs_request *q, struct error *err);

/* The first request has ended: calls answered(), starts the next one. */
static void ovs_next(struct ovs_request *q, int r, const struct error *why)
{
	struct helper *h = q->helper;
	struct error next;

	for (;;) {
		h->ovs = q->next;
		if (q->answered)
			q->answered(q->data, r, r < 0 ? "" : q->text.s, why);
		ovs_free(q);
		q = h->ovs;
		if (!q || q->child)
			return; /* it was started by ovs_ask() */
		r = ovs_start(q, &next);
		if (r == 0)
			return;
		why = &next;
	}
}

static void ovs_ended(void *data, int r, const struct error *why)
{
	struct ovs_request *q = data;
	struct error words = *why;

	q->child = NULL;
	if (r < 0)
		ovs_explain(&r, &words);
	r = text_close(&q->text, r, &words);
	if (r == 0 && q->failed)
		r = error_set(&words, -E2BIG, "%s: the output is too long",
			      q->label);
	ovs_next(q, r, &words);
}

static int ovs_start(struct ovs_request *q, struct error *err)
{
	const struct child_command command = {
		.label = q->label,
		.argv = (const char *const *)q->argv,
		.package = OVS_PACKAGE,
		.netns = -1,
		.timeout_ms = OVS_PATIENCE_MS,
	};
	const struct child_events events = {
		.line = ovs_line,
		.ended = ovs_ended,
		.data = q,
	};

	return child_start(q->helper, &command, &events, &q->child, err);
}

int ovs_ask(struct ovs_request *q, ovs_answered *answered, void *data,
	    struct error *err)
{
	struct ovs_request **last;
	int r = 0;

	if (!q || q->failed) {
		ovs_free(q);
		return error_set(err, -ENOMEM, "out of memory");
	}
	q->answered = answered;
	q->data = data;
	for (last = &q->helper->ovs; *last; last = &(*last)->next)
		;
	*last = q;
	if (q == q->helper->ovs)
		r = ovs_start(q, err);
	if (r < 0) {
		*last = NULL;
		ovs_free(q);
	}
	return r;
}

void ovs_forget(struct ovs_request *q)
{
	if (!q)
		return;
	q->answered = NULL;
	q->data = NULL;
}

void ovs_close(struct helper *h)
{
	while (h->ovs) {
		struct ovs_request *q = h->ovs;

		h->ovs = q->next;
		if (q->child)
			child_stop(q->child);
		free(q->data);
		ovs_free(q);
	}
}

/* --- its answer --- */

const char *ovs_next_name(const char *line, char ret[static IFNAMSIZ])
{
	size_t bytes = strcspn(line, ",\n"), n = strcspn(line, "\n");

	/* A shortened name is another port's, one with '-' an option. */
	if (bytes >= IFNAMSIZ || line[0] == '"' || line[0] == '-')
		bytes = 0;
	memcpy(ret, line, bytes);
	ret[bytes] = '\0';
	return line + n + (line[n] == '\n');
}

/* --- the kernel --- */

/*
 * Queries its family of generic netlink, as ovs-vswitchd does, which also loads
 * the module. The column `datapath_types` of the database only has what
 * ovs-vswitchd was built with.
 */
bool ovs_kernel_has_datapath(void)
{
	char buffer[OVS_NETLINK_MAX]
		__attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;
	struct mnl_socket *s = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	ssize_t n = -1;

	if (!s)
		return false;
	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, "ovs_datapath");
	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) >= 0)
		n = mnl_socket_recvfrom(s, buffer, sizeof(buffer));
	mnl_socket_close(s);
	return n >= (ssize_t)sizeof(*nlh) && nlh->nlmsg_type == GENL_ID_CTRL;
}
