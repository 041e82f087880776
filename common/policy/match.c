/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rule matches a login? Cheap matchers first: the name service (groups,
 * netgroups) is queried only when all others match, once per name and login.
 */
#include "policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/index.h"
#include "common/proto.h"

#define HOST_MAX (PROTO_RHOST_MAX - 1) /* what a request can hold */

/*
 * Services that open PAM sessions in one process for many users and start no
 * process of the user: moving that process would move all of them. A service
 * that starts a shell or a job does not belong here.
 */
static const char *const excluded[] = {
	"samba",   /* smbd opens a session per share and stays one server */
	"cups",	   /* printing: the scheduler's web pages and queues */
	"dovecot", /* IMAP and POP3: no program of the user runs */
	"imap",	   /* other mail servers */
	"pop3",	   /* other mail servers */
	"ppp",	   /* pppd creates its interface in the namespace it runs in */
};

/* A login and the answers so far: name -> 0 or 1. */
struct asker {
	const struct policy_login *login;
	struct index groups, netgroups;
};

static void asker_clear(struct asker *asker)
{
	index_clear(&asker->groups);
	index_clear(&asker->netgroups);
}

/*
 * Is the user in one of them? An answer that cannot be stored for lack of
 * memory is queried again.
 */
static int asker_any(struct asker *asker, bool netgroup,
		     const struct policy_list *list)
{
	const struct policy_login *login = asker->login;
	struct index *known = netgroup ? &asker->netgroups : &asker->groups;

	for (size_t n = 0; n < list->n; n++) {
		const char *name = list->items[n];
		size_t answer = index_find(known, name);
		int r = (int)answer;

		if (answer == INDEX_NONE) {
			r = netgroup ? login->in_netgroup(login->data, name)
				     : login->in_group(login->data, name);
			if (r >= 0)
				index_put(known, name, r > 0);
		}
		if (r != 0)
			return r;
	}
	return 0;
}

static bool list_has(const struct policy_list *list, const char *word)
{
	for (size_t n = 0; n < list->n; n++)
		if (!strcmp(list->items[n], word))
			return true;
	return false;
}

static bool list_globs(const struct policy_list *list, const char *word)
{
	for (size_t n = 0; n < list->n; n++)
		if (fnmatch(list->items[n], word, 0) == 0)
			return true;
	return false;
}

static bool uids_have(const struct policy_rule *rule, uid_t uid)
{
	for (size_t n = 0; n < rule->n_uids; n++)
		if (uid >= rule->uids[n].first && uid <= rule->uids[n].last)
			return true;
	return false;
}

static const char *tty_short(const char *tty)
{
	return strncmp(tty, "/dev/", 5) ? tty : tty + 5;
}

static bool tty_matches(const struct policy_list *list, const char *tty)
{
	if (!*tty)
		return false;
	for (size_t n = 0; n < list->n; n++)
		if (fnmatch(tty_short(list->items[n]), tty_short(tty), 0) == 0)
			return true;
	return false;
}

/*
 * The remote host as an address, without the zone of a link-local one;
 * 192.0.2.1 for the ::ffff:192.0.2.1 of a dual-stack server.
 */
static bool rhost_address(const char *rhost, struct inet_prefix *ret)
{
	char text[HOST_MAX + 1];
	size_t len = strcspn(rhost, "%");

	if (len >= sizeof(text) || strchr(rhost, '/'))
		return false;
	memcpy(text, rhost, len);
	text[len] = '\0';
	if (inet_prefix_parse(text, ret) < 0)
		return false;
	inet_prefix_unmap(ret);
	return true;
}

/* rhost: at most HOST_MAX bytes. */
static bool rhost_matches(const struct policy_addresses *list,
			  const char *rhost)
{
	struct inet_prefix address;
	bool is_address = rhost_address(rhost, &address);
	char name[HOST_MAX + 1];
	size_t len = strlen(rhost);

	if (!len)
		return false;
	memcpy(name, rhost, len + 1);
	if (name[len - 1] == '.')
		name[len - 1] = '\0'; /* the DNS root */
	for (size_t n = 0; n < list->n; n++) {
		const struct policy_address *item = &list->items[n];

		if (item->prefix.family
			    ? is_address && inet_prefix_contains(&item->prefix,
								 &address)
			    : fnmatch(item->text, name, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

/* A range that only begins at 0 does not name root. */
bool policy_rule_names_root(const struct policy_rule *rule)
{
	for (size_t n = 0; n < rule->n_uids; n++)
		if (rule->uids[n].first == 0 && rule->uids[n].last == 0)
			return true;
	return list_has(&rule->users, "root");
}

/* Return: NULL, or which of users and uids does not match. */
static const char *rule_who(const struct policy_rule *rule,
			    const struct policy_login *login)
{
	if (rule->users.n && !list_has(&rule->users, login->user))
		return "users";
	if (rule->n_uids && !uids_have(rule, login->uid))
		return "uids";
	return NULL;
}

/*
 * *ret_why: NULL, or which of services, ttys and rhosts does not match. Return:
 * 0; -ENAMETOOLONG: a client that chooses its host name must not evade a rule
 * by one that cannot be compared.
 */
static int rule_whence(const struct policy_rule *rule,
		       const struct policy_login *login, const char **ret_why)
{
	*ret_why = NULL;
	if (rule->services.n && !list_globs(&rule->services, login->service))
		*ret_why = "services";
	else if (rule->ttys.n && !tty_matches(&rule->ttys, login->tty))
		*ret_why = "ttys";
	else if (rule->rhosts.n && strlen(login->rhost) > HOST_MAX)
		return -ENAMETOOLONG;
	else if (rule->rhosts.n && !rhost_matches(&rule->rhosts, login->rhost))
		*ret_why = "rhosts";
	return 0;
}

/* Groups and netgroups; *ret_why is set to the one that does not match. */
static int rule_ask(const struct policy_rule *rule, struct asker *asker,
		    const char **ret_why)
{
	const struct policy_list *const lists[] = {&rule->groups,
						   &rule->netgroups};
	static const char *const keys[] = {"groups", "netgroups"};

	for (size_t n = 0; n < 2; n++) {
		int r = lists[n]->n ? asker_any(asker, n, lists[n]) : 1;

		if (r < 0)
			return r;
		if (r == 0) {
			*ret_why = keys[n];
			return 0;
		}
	}
	return 0;
}

/*
 * All matchers, without the protection of uid 0. *ret_why: NULL or the first
 * that does not match.
 */
static int rule_meets(const struct policy_rule *rule, struct asker *asker,
		      const char **ret_why)
{
	int r = 0;

	*ret_why = rule_who(rule, asker->login);
	if (!*ret_why)
		r = rule_whence(rule, asker->login, ret_why);
	if (r == 0 && !*ret_why)
		r = rule_ask(rule, asker, ret_why);
	return r;
}

int policy_match(const struct policy *p, const struct policy_login *login,
		 const struct policy_rule **ret)
{
	_cleanup_(asker_clear) struct asker asker = {.login = login};

	for (size_t n = 0; n < p->n_rules; n++) {
		const struct policy_rule *rule = &p->rules[n];
		const char *why;
		int r;

		if (login->uid == 0 && !policy_rule_names_root(rule))
			continue;
		r = rule_meets(rule, &asker, &why);
		if (r < 0)
			return r;
		if (!why) {
			*ret = rule;
			return 0;
		}
	}
	*ret = NULL;
	return 0;
}

int policy_rule_match(const struct policy_rule *rule,
		      const struct policy_login *login, const char **ret_why)
{
	_cleanup_(asker_clear) struct asker asker = {.login = login};
	const char *why;
	int r = rule_meets(rule, &asker, &why);

	if (r < 0)
		return r;
	if (!why && login->uid == 0 && !policy_rule_names_root(rule))
		why = "root";
	*ret_why = why;
	return 0;
}

int policy_guards(const struct policy *p, const struct policy_login *login)
{
	_cleanup_(asker_clear) struct asker asker = {.login = login};

	if (login->uid == 0)
		return 0;
	for (size_t n = 0; n < p->n_rules; n++) {
		const struct policy_rule *rule = &p->rules[n];
		const char *why = NULL;
		bool outside = rule->on_error == POLICY_ON_ERROR_HOST ||
			       !strcmp(rule->namespace, POLICY_HOST);
		bool always = !rule->services.n && !rule->ttys.n &&
			      !rule->rhosts.n; /* later rules do not matter */
		int r;

		if ((!rule->guard && !outside && !always) ||
		    rule_who(rule, login))
			continue;
		r = rule_ask(rule, &asker, &why);
		if (r < 0 || !why)
			return r < 0 ? r : rule->guard;
	}
	return 0;
}

bool policy_has_file(const struct policy *p, const char *path)
{
	const struct policy_list files = {p->files, p->n_files};

	return list_has(&files, path);
}

bool policy_excludes(const struct policy *p, const char *service)
{
	for (size_t n = 0; n < sizeof(excluded) / sizeof(*excluded); n++)
		if (!strcmp(excluded[n], service))
			return true;
	return list_globs(&p->exclude_services, service);
}
