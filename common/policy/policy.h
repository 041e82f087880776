/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy: /etc/netns-pam.conf and its drop-ins, read into one immutable
 * `struct policy`, and the question it answers: which rule is this login's?
 *
 * Should: read each file once and whole, from an fd that was checked; report
 * every error of every file in one pass as "file:line: message"; give a policy
 * only when there is not one error. Mustn't: log, exit, keep globals, look up
 * users or groups (callers bring the answers, see who.h).
 *
 * This folder uses common/, and nothing in common/ uses this folder. In reading
 * order, each file calling only those before it:
 *
 *   note, file, dir        messages; from a path to bytes that may be believed
 *   lines                  from bytes to sections, keys and continuation lines
 *   words, policy, expand  words of messages; what a policy is asked for
 *   target, value_*        values of filters; from the text of one value to a
 * member keys, build            the table of all keys; sections become objects
 *   match, who             which rule is a login's; answers of the name service
 *   check_address, check   errors that only whole sections show
 *   warn                   what is legal and unwise
 *   load, current          all of it, in this order; which policy counts now
 *   describe               for people
 */
#ifndef NETNS_PAM_COMMON_POLICY_POLICY_H
#define NETNS_PAM_COMMON_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/inet.h"
#include "target.h"

#define POLICY_FILE	      "/etc/netns-pam.conf"
#define POLICY_TIMEOUT_MS     10000
#define POLICY_FILE_BYTES_MAX (4 << 20)
#define POLICY_HOST	      "host" /* `namespace = host`, `dns = host` */

struct policy_list {
	char **items;
	size_t n;
};

struct policy_prefixes {
	struct inet_prefix *items;
	size_t n;
};

/*
 * An address or a prefix. Where text holds %u, %U or %n (see policy_expand()),
 * or a pattern in `rhosts`, prefix.family is AF_UNSPEC.
 */
struct policy_address {
	const char *text; /* as written */
	struct inet_prefix prefix;
};

struct policy_addresses {
	struct policy_address *items;
	size_t n;
};

struct policy_route {
	const char *text; /* as written: "PREFIX" or "PREFIX via ADDRESS" */
	struct policy_address to, via; /* via.text NULL: without */
};

struct policy_routes {
	struct policy_route *items;
	size_t n;
};

struct policy_targets {
	struct target *items;
	size_t n;
};

struct policy_publishes {
	struct target_publish *items;
	size_t n;
};

struct policy_uid_range {
	uid_t first, last;
};

enum policy_on_error { POLICY_ON_ERROR_DENY, POLICY_ON_ERROR_HOST };
enum policy_nested { POLICY_SWITCH, POLICY_KEEP, POLICY_NESTED_DENY };

struct policy_rule {
	char *name;
	const char *file; /* where it stands, for messages */
	unsigned int line;

	/* Matchers: an empty list matches everybody. */
	struct policy_list users, groups, netgroups;
	struct policy_list services, ttys;
	struct policy_addresses rhosts;
	struct policy_uid_range *uids;
	size_t n_uids;

	/* Result, with [options] and the contract's defaults filled in. */
	char *namespace; /* a section's name, or POLICY_HOST */
	enum policy_on_error on_error;
	enum policy_nested nested;
	unsigned int timeout_ms;
	bool guard;
};

enum policy_scope { SCOPE_SHARED, SCOPE_USER, SCOPE_SESSION };
enum policy_lifetime {
	LIFETIME_PROCESSES,
	LIFETIME_SESSIONS,
	LIFETIME_FOREVER
};
enum policy_link {
	LINK_NONE,
	LINK_EXTERNAL,
	LINK_NAT,
	LINK_ROUTED,
	LINK_BRIDGE,
	LINK_CABLE,
	LINK_MACVLAN,
	LINK_DEVICE,
	LINK_WIREGUARD,
	LINK_OPENVPN,
	LINK_KINDS
};

struct policy_sysctl {
	char *name; /* as sysctl(8) writes it: net.ipv4.ip_forward, or with / */
	char *value;
};

/* address: list of addresses, or AUTO from the pools, or DHCP */
enum policy_address_mode { ADDRESS_AUTO, ADDRESS_STATIC, ADDRESS_DHCP };

struct policy_namespace {
	char *name;
	const char *file;
	unsigned int line;
	enum policy_scope scope;
	enum policy_link link;
	enum policy_lifetime lifetime;

	/*
	 * What the link needs; checked by the parser to be there when the link
	 * is, and only then. Values may hold %u %U %n, see policy_expand().
	 */
	char *network;	 /* bridge */
	char *peer;	 /* cable */
	char *parent;	 /* macvlan */
	char *interface; /* device */
	char *wireguard, *openvpn;

	enum policy_address_mode address_mode;
	struct policy_addresses address, gateway;
	struct policy_routes routes;
	unsigned int mtu; /* 0: the kernel's */
	char *ifname;	  /* NULL: eth0 */

	bool dns_set; /* `dns` is a list of servers: the session gets only those
		       */
	bool dns_host; /* `dns = host`: as the host, whatever the link brings */
	struct policy_prefixes dns;
	struct policy_list search;

	struct policy_sysctl *sysctls;
	size_t n_sysctls;

	struct policy_targets allow, deny, allow_host;
	struct policy_publishes publish;
	struct policy_list ready; /* "route", "interface:NAME", "handshake" */
	uint64_t rate_bits;	  /* bits a second, 0: no limit */
	unsigned int max_connections; /* 0: no limit */
	char *up, *down;
};

enum policy_network_type { NETWORK_LINUX, NETWORK_OVS, NETWORK_TYPES };

struct policy_network {
	char *name;
	const char *file;
	unsigned int line;
	enum policy_network_type type;
	char *bridge;
	struct policy_prefixes address;
	bool nat, isolate;
	struct inet_prefix dhcp_first, dhcp_last; /* AF_UNSPEC: no DHCP */
	char *uplink;
	unsigned int vlan; /* 0: untagged */
};

/* One line about the policy: an error, or a warning of what is unwise. */
struct policy_note {
	char *file;
	unsigned int line; /* 0: the file as a whole */
	char *message;
	bool warning;
};

struct policy_notes {
	struct policy_note *items;
	size_t n;
	size_t errors; /* how many of them are errors */
};

struct policy {
	enum policy_on_error on_error;
	unsigned int timeout_ms;
	struct inet_prefix pool4, pool6; /* AF_UNSPEC: none */
	struct policy_list
		exclude_services; /* the built-in ones and the file's */

	struct policy_rule *rules; /* in file order */
	size_t n_rules;
	struct policy_namespace *namespaces;
	size_t n_namespaces;
	struct policy_network *networks;
	size_t n_networks;

	/*
	 * The bytes of all files as read, joined with newlines, and their
	 * FNV-1a hash. Two copies with one digest are the same policy; it
	 * guards against skew, not against an attacker.
	 */
	char *text;
	size_t text_bytes;
	uint64_t digest;

	char **files; /* names that `file` members point to */
	size_t n_files;

	struct arena arena; /* memory of all that is not an array above */
};

/*
 * Reads and checks a policy: the file, then the drop-ins of "PATH.d" that end
 * in ".conf", in name order (strcmp). A missing main file without drop-ins is
 * an empty policy: nobody is mapped (*ret has no rules and text_bytes 0).
 *
 * Every file must be regular, owned by root, not writable by group or others,
 * reached without a symbolic link in its last component, without NUL, at most
 * POLICY_FILE_BYTES_MAX; so must the drop-in directory be (root's, not
 * writable by others). A file that somebody has open for writing (a read lease
 * is refused, fcntl(2) F_SETLEASE) or that changed while it was read is not
 * read: -EBUSY, try again.
 *
 * notes may be NULL; else it receives errors and warnings, also on success,
 * and the caller frees it with policy_notes_clear().
 * Return: 0 and *ret (free with policy_free()), -EBUSY, -EINVAL when the
 * policy has errors (err then holds the first one and how many there are), or
 * -errno of the failed call.
 */
int policy_load(const char *path, struct policy **ret,
		struct policy_notes *notes, struct error *err);

/*
 * The same for one file alone, without drop-ins: the helper's published copy
 * of the last good policy.
 */
int policy_load_file(const char *path, struct policy **ret,
		     struct policy_notes *notes, struct error *err);

/*
 * Parses text that is already in memory, for tests and fuzzing; `name` stands
 * for the file in messages.
 */
int policy_parse(const char *name, const char *text, size_t bytes,
		 struct policy **ret, struct policy_notes *notes,
		 struct error *err);

/* Was the file one of those that the policy was read from? */
bool policy_has_file(const struct policy *p, const char *path);

/* NULL is fine. Return: NULL. */
struct policy *policy_free(struct policy *p);
void policy_notes_clear(struct policy_notes *notes);

/* A login as the matchers see it. Strings are never NULL ("" when unknown). */
struct policy_login {
	const char *user;
	uid_t uid;
	const char *service, *tty, *rhost;

	/*
	 * Is the user in this group (primary or supplementary), or netgroup?
	 * Asked only when everything else of a rule matches, rules in file
	 * order, never past the first match.
	 * Return: 1, 0, or -errno when it could not be learned (NSS down).
	 */
	int (*in_group)(void *data, const char *group);
	int (*in_netgroup)(void *data, const char *netgroup);
	void *data;
};

/*
 * Is this PAM service left alone whatever the rules say (built-in list and
 * exclude_services)?
 */
bool policy_excludes(const struct policy *p, const char *service);

/*
 * The first rule, in file order, whose given matchers all match. uid 0 is
 * matched only by a rule that names "root" in `users` or 0 in `uids` (with its
 * other matchers also true). Users compare as bytes; services are shell globs
 * (fnmatch(3)); a tty matches with or without "/dev/" and by glob; rhosts are
 * addresses, prefixes or host globs (case-insensitive).
 * Return: 0 with *ret the rule or NULL when none matches; -errno from in_group
 * or in_netgroup (an unanswered question is never "no match"); -ENAMETOOLONG
 * when an rhost to be compared has more bytes than a request can hold.
 */
int policy_match(const struct policy *p, const struct policy_login *login,
		 const struct policy_rule **ret);

/*
 * One rule alone, for `explain`: *ret_why is NULL when it matches, else the
 * key of the first matcher that does not ("users", "services", ...; "root" when
 * only uid 0's protection stands in the way).
 */
int policy_rule_match(const struct policy_rule *rule,
		      const struct policy_login *login, const char **ret_why);

/* Does the rule name root, so that it may match uid 0? */
bool policy_rule_names_root(const struct policy_rule *rule);

/*
 * Could this user's processes in the host's namespace be refused: is there a
 * guarding rule for the user, whatever service, tty and remote host it came
 * by, with no earlier rule that could leave the same user outside? Never for
 * uid 0. login's service, tty and rhost are not looked at.
 * Return: 1, 0 or -errno as policy_match().
 */
int policy_guards(const struct policy *p, const struct policy_login *login);

/* Return: the section of that name, or NULL. */
const struct policy_namespace *policy_namespace_find(const struct policy *p,
						     const char *name);
const struct policy_network *policy_network_find(const struct policy *p,
						 const char *name);

/*
 * Does the section that a cable leads to name it back? Else it does not know of
 * the end that it gets.
 */
bool policy_cable_is_mutual(const struct policy *p,
			    const struct policy_namespace *ns);

/* Can one of the section's static addresses be IPv6, as it is written? */
bool policy_namespace_ipv6(const struct policy_namespace *ns);

/*
 * Replaces %u user, %U uid, %n instance name, %% percent; ret is malloc'd.
 * A user whose name holds '/' or is "." or ".." is refused where %u is used.
 * Return: 0, -EINVAL, -ENOMEM.
 */
int policy_expand(const char *text, const char *user, uid_t uid,
		  const char *instance, char **ret, struct error *err);

/* Is there a percent sign in the text, for policy_expand() to fill in? */
bool policy_is_template(const char *text);

/*
 * The words of each enum, by its values, NULL at the end: what the files say,
 * and what is printed.
 */
extern const char *const policy_link_words[];
extern const char *const policy_scope_words[];
extern const char *const policy_lifetime_words[];
extern const char *const policy_on_error_words[];
extern const char *const policy_nested_words[];
extern const char *const policy_network_type_words[];

/* The word of one value; "?" for LINK_KINDS. */
const char *policy_link_name(enum policy_link link);

#endif
