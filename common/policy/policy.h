/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy: /etc/netns-pam.conf and its drop-ins, read into one immutable
 * `struct policy`; and the question it answers: which rule applies to a login?
 *
 * Each file is read once, whole, from a descriptor that was checked; all errors
 * of all files are reported in one pass as "file:line: message"; a policy with
 * an error is not returned. Nothing here logs, exits, keeps globals or looks up
 * users and groups, except who.c.
 *
 * This folder uses common/, and nothing in common/ uses this folder. In reading
 * order; each file calls only those before it:
 *
 *   note, file             messages; from a path to bytes that can be trusted
 *   lines                  from bytes to sections, keys, continuation lines
 *   words, policy, expand  words in messages; queries of a policy; %u, %U, %n
 *   value_*                from the text of one value to a member
 *   keys, build            the table of all keys; sections become objects
 *   match, who             the rule of a login; answers of the name service
 *   check                  errors that only whole sections show
 *   warn                   what is valid and probably not meant
 *   load, current          all of this in order; which policy is in force
 *   describe               descriptions for administrators
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

/* Values of one key, in the order of the file. */
#define POLICY_LIST(name, type)                                                \
	struct name {                                                          \
		type *items;                                                   \
		size_t n;                                                      \
	}

/*
 * An address or a prefix. prefix.family is AF_UNSPEC when the text has %u, %U
 * or %n (see policy_expand()), or is a pattern in `rhosts`.
 */
struct policy_address {
	const char *text; /* as written */
	struct inet_prefix prefix;
};

struct policy_route {
	const char *text; /* as written: "PREFIX" or "PREFIX via ADDRESS" */
	struct policy_address to, via; /* via.text is NULL when not given */
};

POLICY_LIST(policy_list, char *);
POLICY_LIST(policy_prefixes, struct inet_prefix);
POLICY_LIST(policy_addresses, struct policy_address);
POLICY_LIST(policy_routes, struct policy_route);
POLICY_LIST(policy_targets, struct target);
POLICY_LIST(policy_publishes, struct target_publish);

struct policy_uid_range {
	uid_t first, last;
};

enum policy_on_error { POLICY_ON_ERROR_DENY, POLICY_ON_ERROR_HOST };
enum policy_nested { POLICY_SWITCH, POLICY_KEEP, POLICY_NESTED_DENY };

struct policy_rule {
	char *name;
	const char *file; /* of the heading, for messages */
	unsigned int line;

	/* Matchers: an empty list matches every login. */
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
	 * Required by the link in the comment, NULL with all others. Values
	 * may have %u, %U, %n, see policy_expand().
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

	bool dns_set;  /* `dns` lists servers: the session has only those */
	bool dns_host; /* `dns = host`: the host's, whatever the link gives */
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

/* An error, or a warning about something valid but unwise. */
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
	struct inet_prefix pool4, pool6;     /* AF_UNSPEC: none */
	struct policy_list exclude_services; /* the file's */

	struct policy_rule *rules; /* in file order */
	size_t n_rules;
	struct policy_namespace *namespaces;
	size_t n_namespaces;
	struct policy_network *networks;
	size_t n_networks;

	/*
	 * The bytes of all files, joined with newlines, and their FNV-1a hash.
	 * Equal digests mean the same policy. The hash detects an outdated
	 * copy; it is no protection against an attacker.
	 */
	char *text;
	size_t text_bytes;
	uint64_t digest;

	char **files; /* names that `file` members point to */
	size_t n_files;

	struct arena arena; /* memory of all that is not an array above */
};

/*
 * Reads and checks a policy: the file, then the drop-ins "*.conf" of "PATH.d"
 * in strcmp() order. Without any of them the policy is empty: *ret has no rules
 * and text_bytes is 0.
 *
 * Each file must be a regular file, reached without a symbolic link in its last
 * component, owned by root, not writable by group or others, without NUL bytes,
 * at most POLICY_FILE_BYTES_MAX long. The drop-in directory must be owned by
 * root and not writable by group or others. A file that a process has open for
 * writing (a read lease is refused, fcntl(2) F_SETLEASE) or that changes while
 * it is read gives -EBUSY.
 *
 * notes: NULL, or receives errors and warnings, also on success; free it with
 * policy_notes_clear().
 * Return: 0 and *ret (free with policy_free()); -EBUSY, try again; -EINVAL when
 * the policy has errors (err: the first one and their number); -errno.
 */
int policy_load(const char *path, struct policy **ret,
		struct policy_notes *notes, struct error *err);

/* The same for one file without drop-ins; -ENOENT when it does not exist. */
int policy_load_file(const char *path, struct policy **ret,
		     struct policy_notes *notes, struct error *err);

/* The same for a text in memory; `name` is the file in messages. */
int policy_parse(const char *name, const char *text, size_t bytes,
		 struct policy **ret, struct policy_notes *notes,
		 struct error *err);

/* Is this path one of the files that the policy was read from? */
bool policy_has_file(const struct policy *p, const char *path);

/* p may be NULL. Return: NULL. */
struct policy *policy_free(struct policy *p);
void policy_notes_clear(struct policy_notes *notes);

/* A login as the matchers see it. Strings are never NULL ("" when unknown). */
struct policy_login {
	const char *user;
	uid_t uid;
	const char *service, *tty, *rhost;

	/*
	 * Is the user a member of this group (primary or supplementary), or
	 * netgroup? Called only when all other matchers of a rule match, for
	 * rules in file order up to the first that matches, once per name.
	 * Return: 1, 0, or -errno when the name service gave no answer.
	 */
	int (*in_group)(void *data, const char *group);
	int (*in_netgroup)(void *data, const char *netgroup);
	void *data;
};

/* Is the PAM service excluded from all rules: built in, or exclude_services? */
bool policy_excludes(const struct policy *p, const char *service);

/*
 * Finds the first rule, in file order, all of whose matchers match. uid 0 is
 * matched only by a rule that names it, see policy_rule_names_root(). Users are
 * compared as bytes; services and ttys are shell globs (fnmatch(3)), ttys with
 * or without "/dev/"; rhosts are addresses, prefixes or globs without case.
 * Return: 0 with *ret the rule, or NULL when none matches; the -errno of
 * in_group or in_netgroup; -ENAMETOOLONG when a remote host to be compared is
 * longer than a request can hold.
 */
int policy_match(const struct policy *p, const struct policy_login *login,
		 const struct policy_rule **ret);

/*
 * Compares one rule, for `explain`. *ret_why: NULL when it matches, else the
 * key of the first matcher that does not ("users", "services", ...); "root"
 * when only the protection of uid 0 prevents it. Return: as policy_match().
 */
int policy_rule_match(const struct policy_rule *rule,
		      const struct policy_login *login, const char **ret_why);

/* Does the rule name "root" in `users` or exactly 0 in `uids`? */
bool policy_rule_names_root(const struct policy_rule *rule);

/*
 * Are this user's packets from the host's namespace to be refused: does a
 * guarding rule match the user, for whatever service, tty and remote host, and
 * no earlier rule that can leave the user in the host's namespace? Never for
 * uid 0. login's service, tty and rhost are ignored.
 * Return: 1, 0 or -errno as policy_match().
 */
int policy_guards(const struct policy *p, const struct policy_login *login);

/* Return: the section of that name, or NULL. */
const struct policy_namespace *policy_namespace_find(const struct policy *p,
						     const char *name);
const struct policy_network *policy_network_find(const struct policy *p,
						 const char *name);

/* Does the section that a cable leads to name this one as its peer? */
bool policy_cable_is_mutual(const struct policy *p,
			    const struct policy_namespace *ns);

/* Has one of the section's static addresses a colon? */
bool policy_namespace_ipv6(const struct policy_namespace *ns);

/*
 * Replaces %u by the user, %U by the uid, %n by the instance's name, %% by a
 * percent sign. %u is refused for a user name with '/', "." and "..".
 * Return: 0 and malloc'd *ret; -EINVAL, -ENOMEM with a sentence.
 */
int policy_expand(const char *text, const char *user, uid_t uid,
		  const char *instance, char **ret, struct error *err);

/* Has the text a percent sign for policy_expand()? */
bool policy_is_template(const char *text);

/* The words of each enum in files and output, by value; NULL at the end. */
extern const char *const policy_link_words[];
extern const char *const policy_scope_words[];
extern const char *const policy_lifetime_words[];
extern const char *const policy_on_error_words[];
extern const char *const policy_nested_words[];
extern const char *const policy_network_type_words[];

/* The word of one value; "?" for LINK_KINDS. */
const char *policy_link_name(enum policy_link link);

#endif
