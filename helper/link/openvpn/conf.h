/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks a client configuration of OpenVPN before openvpn(8) gets it. The file
 * often comes from a third party, and openvpn runs in the host's namespace with
 * CAP_NET_ADMIN.
 *
 * Must split lines into words as openvpn does (parse_line() in its
 * options_parse.c), and refuse directives that run programs, need a person to
 * answer, or conflict with the daemon, as "file:line: message". Must not log,
 * leave a copy of a key in memory, or repeat a line that may contain one.
 * Unknown directives are left to openvpn to report.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_CONF_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define OPENVPN_CONF_BYTES_MAX 65536 /* what a pipe holds, pipe(7) */
#define OPENVPN_LINE_MAX       255   /* OPTION_LINE_SIZE in its options.h */
#define OPENVPN_VERB	       3     /* logs pushed options, which we read */
#define OPENVPN_VERB_MAX       4     /* above, it logs each packet */
#define OPENVPN_FILES_MAX      24

/* A file that the configuration names, for openvpn to read. */
struct openvpn_file {
	unsigned int line;
	bool secret; /* only root may read it */
	char *path;  /* may be relative to the configuration's directory */
	/* Its line, in conf->text, and the words there before and after it. */
	size_t start, bytes;
	char *before, *after;
};

struct openvpn_conf {
	/*
	 * For openvpn's standard input: the file, with ignored directives
	 * (`user`, `group`, `script-security`, `mute`, `status`) overwritten
	 * by spaces so that line numbers stay the same.
	 */
	char *text;
	size_t bytes;
	char *dir;	  /* the file's directory */
	char remote[256]; /* the first server; "" */
	bool tap;
	bool tls;	/* client or tls-client, not a static key */
	bool redirect4; /* the file has redirect-gateway for IPv4 */
	bool nopull;	/* route-nopull: a pushed one is ignored */
	unsigned int verb;
	unsigned int owner_line;  /* of user or group; 0: none */
	unsigned int secret_line; /* of the first key inside the file; 0 */
	struct openvpn_file files[OPENVPN_FILES_MAX];
	size_t n_files;
};

/*
 * Reads and validates a regular file that belongs to root and is not writable
 * by others, nor readable when it contains a key; so are the files with keys
 * that it names. The last component of path must not be a symbolic link.
 * Return: 0 and *ret (free with openvpn_conf_free()), or -errno with err set.
 */
int openvpn_conf_load(const char *path, struct openvpn_conf **ret,
		      struct error *err);

/* Parses text in memory; `name` stands for the file in messages. */
int openvpn_conf_parse(const char *name, const char *text, size_t bytes,
		       struct openvpn_conf **ret, struct error *err);

/* Overwrites and frees conf, or NULL. Return: NULL. */
struct openvpn_conf *openvpn_conf_free(struct openvpn_conf *conf);

/*
 * Splits one line into at most `max` words as openvpn does: quotes,
 * backslashes, comments. Overwrites line. Return: the number of words, or
 * -EINVAL for an open quote or a trailing backslash.
 */
int openvpn_words(char *line, char **ret, int max);

#endif
