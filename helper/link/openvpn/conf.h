/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client configuration of OpenVPN, before openvpn(8) gets it. It often comes
 * from somebody else, a provider or another department, and would be carried
 * out as root in the host's namespace.
 *
 * Should: read words as openvpn does (parse_line() in its options_parse.c), and
 * refuse directives that run programs, ask questions or get in the way, as
 * "file:line: message". Mustn't: log, leave a copy of a key in memory, repeat a
 * line that might hold one. What openvpn does not know it says itself.
 */
#ifndef NETNS_PAM_HELPER_LINK_OPENVPN_CONF_H
#define NETNS_PAM_HELPER_LINK_OPENVPN_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define OPENVPN_CONF_BYTES_MAX 65536 /* what a pipe holds, pipe(7) */
#define OPENVPN_LINE_MAX       255   /* OPTION_LINE_SIZE in its options.h */
#define OPENVPN_VERB	       3     /* says what is pushed, which is needed */
#define OPENVPN_VERB_MAX       4     /* more is a line for each packet */
#define OPENVPN_FILES_MAX      24

/* A file that the configuration names, for openvpn to read. */
struct openvpn_file {
	unsigned int line;
	bool secret; /* nobody else may read it */
	char *path;  /* may be relative to the configuration's directory */
	/* Its line, in conf->text, and the words there before and after it. */
	size_t start, bytes;
	char *before, *after;
};

struct openvpn_conf {
	/*
	 * For openvpn's standard input: the file, line for line, with spaces
	 * for what has no use here (`user`, `group`, `script-security`,
	 * `mute`, `status`).
	 */
	char *text;
	size_t bytes;
	char *dir;	  /* where the file is */
	char remote[256]; /* the first server; "" */
	bool tap;
	bool tls; /* client or tls-client, not a key that both sides know */
	bool redirect4; /* its own redirect-gateway, for IPv4 */
	bool nopull;	/* route-nopull: a pushed one does not count */
	unsigned int verb;
	unsigned int owner_line;  /* of user or group; 0: none */
	unsigned int secret_line; /* of the first key inside the file; 0 */
	struct openvpn_file files[OPENVPN_FILES_MAX];
	size_t n_files;
};

/*
 * Reads and judges a file: regular, reached without a symbolic link in its last
 * part, root's, not to be written by others, and not to be read by them if
 * there is a key in it; likewise the files with keys that it names.
 * Return: 0 and *ret (for openvpn_conf_free()), or -errno with a sentence.
 */
int openvpn_conf_load(const char *path, struct openvpn_conf **ret,
		      struct error *err);

/* The same of text alone; `name` stands for the file. */
int openvpn_conf_parse(const char *name, const char *text, size_t bytes,
		       struct openvpn_conf **ret, struct error *err);

/* Overwrites and frees. NULL is fine. Return: NULL. */
struct openvpn_conf *openvpn_conf_free(struct openvpn_conf *conf);

/*
 * Up to `max` words of one line, as openvpn splits it: quotes, backslashes,
 * comments. line is overwritten. Return: how many; -EINVAL when a quote or a
 * backslash is left open.
 */
int openvpn_words(char *line, char **ret, int max);

/*
 * Does `redirect-gateway` with these flags (the words after it) send IPv4 into
 * the tunnel? They are split at blanks.
 */
bool openvpn_redirects4(const char *flags);

#endif
