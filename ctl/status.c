// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `netns-pam status`: the daemon's namespaces and sessions, as tables or as
 * JSON. The JSON keys are documented in netns-pam(8): add, never rename.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "common/array.h"
#include "common/cleanup.h"
#include "ctl.h"
#include "json.h"
#include "table.h"

struct status {
	struct proto_namespace *namespaces;
	size_t n_namespaces;
	struct proto_session *sessions;
	size_t n_sessions;
};

static void status_clear(struct status *status)
{
	free(status->namespaces);
	free(status->sessions);
}

/* A line of --debug: printed at once. */
static int status_print_line(const char *text, size_t bytes)
{
	_cleanup_free_ char *line = strndup(text, bytes);
	_cleanup_free_ char *escaped = line ? table_escape(line) : NULL;

	if (!escaped)
		return -ENOMEM;
	return puts(escaped) == EOF ? -EIO : 0;
}

static int status_collect(void *data, enum proto_verdict verdict,
			  const void *record, size_t bytes)
{
	struct status *status = data;
	void *copy;

	if (verdict == PROTO_TEXT)
		return status_print_line(record, bytes);
	if (verdict == PROTO_NAMESPACE)
		copy = ARRAY_ADD(status->namespaces, status->n_namespaces);
	else
		copy = ARRAY_ADD(status->sessions, status->n_sessions);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, record, bytes);
	return 0;
}

static int namespace_order(const void *a, const void *b)
{
	const struct proto_namespace *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int session_order(const void *a, const void *b)
{
	const struct proto_session *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* For people */

static void add_bytes(struct table *table, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		table_add(table, "%" PRIu64 " B", bytes);
		return;
	}
	for (value /= 1024; value >= 999.5 && unit + 2 < sizeof(units); unit++)
		value /= 1024;
	table_add(table, "%.*f %ciB", value < 9.95 ? 1 : 0, value, units[unit]);
}

static void add_age(struct table *table, uint64_t since, time_t now)
{
	uint64_t age = (uint64_t)now > since ? (uint64_t)now - since : 0;

	if (age < 60)
		table_add(table, "%" PRIu64 " s", age);
	else if (age < 3600)
		table_add(table, "%" PRIu64 " min", age / 60);
	else if (age < 172800)
		table_add(table, "%" PRIu64 " h", age / 3600);
	else
		table_add(table, "%" PRIu64 " d", age / 86400);
}

static void add_moment(struct table *table, uint64_t since)
{
	time_t t = (time_t)since;
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	table_add(table, "%s", text);
}

static int print_namespaces(const struct status *status, bool colour)
{
	static const struct table_column columns[] = {
		{"NAMESPACE", false},  {"STATE", false},     {"LINK", false},
		{"USER", false},       {"ADDRESSES", false}, {"SESSIONS", true},
		{"RECEIVED", true},    {"SENT", true},	     {"AGE", true},
		{"CONNECTION", false},
	};
	bool details = false; /* a column of their own */
	_cleanup_(table_clear) struct table table = TABLE(columns);
	time_t now = time(NULL);

	for (size_t i = 0; i < status->n_namespaces; i++)
		details |= *status->namespaces[i].detail;
	table.n_columns -= !details;
	for (size_t i = 0; i < status->n_namespaces; i++) {
		const struct proto_namespace *ns = &status->namespaces[i];

		table_add(&table, "%s", ns->name);
		table_add(&table, "%s", ns->state);
		table_add(&table, "%s", ns->link);
		table_add(&table, "%s", ns->user);
		table_add(&table, "%s%s%s", ns->address4,
			  *ns->address4 && *ns->address6 ? " " : "",
			  ns->address6);
		table_add(&table, "%" PRIu32, ns->sessions);
		add_bytes(&table, ns->rx_bytes);
		add_bytes(&table, ns->tx_bytes);
		add_age(&table, ns->since, now);
		if (details)
			table_add(&table, "%s", ns->detail);
	}
	return table_print(&table, stdout, colour);
}

static int print_sessions(const struct status *status, bool colour)
{
	static const struct table_column columns[] = {
		{"SESSION", true},    {"USER", false},	{"SERVICE", false},
		{"TTY", false},	      {"FROM", false},	{"PID", true},
		{"NAMESPACE", false}, {"SINCE", false},
	};
	_cleanup_(table_clear) struct table table = TABLE(columns);

	for (size_t i = 0; i < status->n_sessions; i++) {
		const struct proto_session *s = &status->sessions[i];

		table_add(&table, "%" PRIu64, s->id);
		table_add(&table, "%s", s->user);
		table_add(&table, "%s", s->service);
		table_add(&table, "%s", s->tty);
		table_add(&table, "%s", s->rhost);
		table_add(&table, "%" PRIu32, s->pid);
		table_add(&table, "%s", s->namespace);
		add_moment(&table, s->since);
	}
	return table_print(&table, stdout, colour);
}

static int status_print(const struct status *status)
{
	bool colour = table_wants_colour(stdout);
	int r = 0;

	if (status->n_namespaces)
		r = print_namespaces(status, colour);
	else
		puts("No namespace is up.");
	if (r < 0)
		return r;
	putchar('\n');
	if (status->n_sessions)
		r = print_sessions(status, colour);
	else
		puts("No session is inside one.");
	return r;
}

/* For programs */

static json_t *json_addresses(const struct proto_namespace *ns)
{
	json_t *list = json_array();

	if (*ns->address4)
		json_array_append_new(list, json_text(ns->address4));
	if (*ns->address6)
		json_array_append_new(list, json_text(ns->address6));
	return list;
}

static json_t *json_namespace(const struct proto_namespace *ns)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}",
			 "name", json_text(ns->name), "section",
			 json_text(ns->section), "state", json_text(ns->state),
			 "link", json_text(ns->link), "scope",
			 json_text(ns->scope), "lifetime",
			 json_text(ns->lifetime), "user", json_text(ns->user),
			 "uid", *ns->user ? json_integer(ns->uid) : json_null(),
			 "host_interface", json_text(ns->host_ifname),
			 "addresses", json_addresses(ns), "detail",
			 json_text(ns->detail), "inode",
			 (json_int_t)ns->netns_ino, "sessions",
			 (json_int_t)ns->sessions, "rx_bytes",
			 (json_int_t)ns->rx_bytes, "tx_bytes",
			 (json_int_t)ns->tx_bytes, "since",
			 (json_int_t)ns->since);
}

static json_t *json_session(const struct proto_session *s)
{
	return json_pack("{s:I, s:o, s:I, s:o, s:o, s:o, s:I, s:o, s:I}", "id",
			 (json_int_t)s->id, "user", json_text(s->user), "uid",
			 (json_int_t)s->uid, "service", json_text(s->service),
			 "tty", json_text(s->tty), "rhost", json_text(s->rhost),
			 "pid", (json_int_t)s->pid, "namespace",
			 json_text(s->namespace), "since",
			 (json_int_t)s->since);
}

static int status_print_json(const struct status *status)
{
	json_t *namespaces = json_array(), *sessions = json_array();
	json_t *root;
	int r = 0;

	for (size_t i = 0; i < status->n_namespaces; i++)
		r |= json_array_append_new(namespaces,
					   json_namespace(
						   &status->namespaces[i]));
	for (size_t i = 0; i < status->n_sessions; i++)
		r |= json_array_append_new(sessions,
					   json_session(&status->sessions[i]));
	root = json_pack("{s:o, s:o}", "namespaces", namespaces, "sessions",
			 sessions);
	r = json_print(r ? NULL : root);
	json_decref(root);
	return r;
}

int ctl_status(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(status_clear) struct status status = {.n_sessions = 0};
	struct proto_request request = PROTO_REQUEST(PROTO_STATUS);
	struct error err;
	bool json = ctl->given['j'];
	int r;

	if (ctl->given['d'])
		request.flags = PROTO_DEBUG;
	if (json && request.flags)
		return CTL_USAGE;
	if (client_call(ctl->socket, &request, status_collect, &status, NULL,
			&err) < 0)
		return ctl_fail("%s", err.text);
	if (status.n_namespaces)
		qsort(status.namespaces, status.n_namespaces,
		      sizeof(*status.namespaces), namespace_order);
	if (status.n_sessions)
		qsort(status.sessions, status.n_sessions,
		      sizeof(*status.sessions), session_order);
	if (request.flags & PROTO_DEBUG)
		r = 0; /* printed line by line */
	else
		r = json ? status_print_json(&status) : status_print(&status);
	return ctl_printed(r);
}
