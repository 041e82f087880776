/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses the lines and directives of a client configuration. */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "helper/base/text.h"

#define WORDS_MAX 8

enum verdict {
	FINE,
	DROPPED,     /* ignored */
	PUBLIC_FILE, /* names a file to read */
	SECRET_FILE, /* names a file with a key or a password */
	PROGRAM,     /* runs a program or loads code */
	MANAGED,     /* sets up the management interface */
	LOGGED,	     /* redirects output */
	ELSEWHERE,   /* changes directories, files, devices */
	SERVER,	     /* for a server */
	QUESTION,    /* needs a person to answer */
	N_VERDICTS
};

static const struct {
	const char *why_not;   /* why it is refused */
	const char *names[24]; /* ended by NULL */
} directives[N_VERDICTS] = {
	[DROPPED] = {NULL,
		     {"user", "group", "script-security", "mute", "status"}},
	[PUBLIC_FILE] = {NULL,
			 {"ca", "cert", "crl-verify", "dh", "extra-certs"}},
	[SECRET_FILE] = {NULL,
			 {"key", "pkcs12", "secret", "tls-auth", "tls-crypt",
			  "tls-crypt-v2", "auth-user-pass", "askpass",
			  "http-proxy", "socks-proxy"}},
	[PROGRAM] =
		{"it runs a program in the host's namespace, outside the tunnel; remove it (netns-pamd sets addresses, routes and name servers; programs run by `up` and `down` of the policy)",
		 {"up", "down", "route-up", "route-pre-down", "ipchange",
		  "iproute", "plugin", "tls-verify", "tls-crypt-v2-verify",
		  "auth-user-pass-verify", "client-connect",
		  "client-disconnect", "client-crresponse", "learn-address",
		  "dns-updown"}},
	[MANAGED] = {"netns-pamd uses the management interface; remove it",
		     {NULL}}, /* by its prefix */
	[LOGGED] =
		{"netns-pamd starts openvpn and logs its messages; remove it",
		 {"daemon", "inetd", "log", "log-append", "syslog",
		  "writepid"}},
	[ELSEWHERE] =
		{"netns-pamd sets the directories, the device and its configuration; remove it",
		 {"chroot", "cd", "config", "dev-node", "mktun", "rmtun",
		  "setcon"}},
	[SERVER] = {"it is for a server, and the file must be a client's",
		    {"server", "server-bridge", "server-ipv6"}},
	[QUESTION] =
		{"no person can answer when a login needs the tunnel; remove it",
		 {"static-challenge"}},
};

static enum verdict find_verdict(const char *name)
{
	for (enum verdict v = FINE; v < N_VERDICTS; v++)
		for (const char *const *p = directives[v].names; *p; p++)
			if (!strcmp(*p, name))
				return v;
	return strncmp(name, "management", 10) ? FINE : MANAGED;
}

struct reader {
	struct openvpn_conf *conf;
	const char *name;
	unsigned int line;
	size_t start, bytes; /* the line, in conf->text */
	char dev[64], dev_type[8];
	unsigned int dev_line;
	struct error *err;
};

#define READER_ERROR(reader, code, format, ...)                                \
	error_set((reader)->err, code, "%s:%u: " format, (reader)->name,       \
		  (reader)->line, ##__VA_ARGS__)

int openvpn_words(char *line, char **ret, int max)
{
	enum { BETWEEN, PLAIN, DOUBLE, SINGLE } state = BETWEEN;
	bool escaped = false;
	char *out = line;
	int n = 0;

	for (char *in = line;; in++) {
		unsigned char c = (unsigned char)*in;
		bool blank = !c || isspace(c), done;

		if (c == '\\' && !escaped && state != SINGLE) {
			escaped = true;
			continue;
		}
		if (state == BETWEEN && !blank) {
			if (c == ';' || c == '#')
				break;
			if (n == max)
				return n;
			ret[n] = out;
			state = escaped	    ? PLAIN
				: c == '"'  ? DOUBLE
				: c == '\'' ? SINGLE
					    : PLAIN;
			if (state == PLAIN)
				*out++ = *in;
		} else if (state != BETWEEN) {
			done = state == PLAIN	 ? blank && !escaped
			       : state == DOUBLE ? c == '"' && !escaped
						 : c == '\'';
			if (!done && c)
				*out++ = *in;
			if (done) {
				*out++ = '\0'; /* out <= in */
				n++;
				state = BETWEEN;
			}
		}
		escaped = false;
		if (!c)
			break;
	}
	return state == BETWEEN && !escaped ? n : -EINVAL;
}

/* The inverse of openvpn_words(). Return: malloc'd, or NULL. */
static char *quote(char **words, int n)
{
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f = text_open(&t, NULL);

	if (!f)
		return NULL;
	for (int i = 0; i < n; i++) {
		fputs(" \"", f);
		for (const char *p = words[i]; *p; p++)
			fprintf(f, "%s%c", *p == '"' || *p == '\\' ? "\\" : "",
				*p);
		fputc('"', f);
	}
	return text_close(&t, 0, NULL) < 0 ? NULL : take_ptr(t.s);
}

/* Return: the index of the word that is the file; 0: none. */
static int file_word(char **words, int n)
{
	bool proxy = !strcmp(words[0], "http-proxy") ||
		     !strcmp(words[0], "socks-proxy");
	int at = proxy ? 3 : 1;

	if (n <= at || !strcmp(words[at], "[inline]") ||
	    !strcmp(words[at], "none") || !strncmp(words[at], "auto", 4))
		return 0;
	if (!strcmp(words[0], "crl-verify") && n > 2)
		return 0; /* a directory */
	return at;
}

/* skipped: number of words of the same line before `words`. */
static int read_file(struct reader *reader, char **words, int n, int skipped,
		     bool secret)
{
	struct openvpn_conf *conf = reader->conf;
	struct openvpn_file *file = &conf->files[conf->n_files];
	int at = file_word(words, n);

	if (n < 2 && (!strcmp(words[0], "auth-user-pass") ||
		      !strcmp(words[0], "askpass")))
		return READER_ERROR(reader, -EINVAL,
				    "'%s' without a file needs a person to answer, who is not there when a login needs the tunnel: name a file",
				    words[0]);
	if (!at)
		return 0;
	if (!strcmp(words[at], "stdin"))
		return READER_ERROR(reader, -EINVAL,
				    "'%s stdin' needs a person to answer: name a file",
				    words[0]);
	if (conf->n_files == OPENVPN_FILES_MAX)
		return READER_ERROR(reader, -E2BIG, "more than %d files",
				    OPENVPN_FILES_MAX);
	conf->n_files++;
	file->line = reader->line;
	file->start = reader->start;
	file->bytes = reader->bytes;
	file->secret = secret;
	file->path = strdup(words[at]);
	file->before = quote(words - skipped, at + skipped);
	file->after = quote(words + at + 1, n - at - 1);
	if (!file->path || !file->before || !file->after)
		return READER_ERROR(reader, -ENOMEM, "out of memory");
	return 0;
}

/* Stores what the daemon needs of a directive that openvpn carries out. */
static int read_fine(struct reader *reader, char **words, int n)
{
	struct openvpn_conf *conf = reader->conf;
	const char *value = n > 1 ? words[1] : "";

	if (!strcmp(words[0], "remote") && !*conf->remote)
		snprintf(conf->remote, sizeof(conf->remote), "%s", value);
	else if (!strcmp(words[0], "dev")) {
		snprintf(reader->dev, sizeof(reader->dev), "%s", value);
		reader->dev_line = reader->line;
	} else if (!strcmp(words[0], "dev-type"))
		snprintf(reader->dev_type, sizeof(reader->dev_type), "%s",
			 value);
	else if (!strcmp(words[0], "redirect-gateway")) {
		conf->redirect4 = true;
		for (int i = 1; i < n; i++)
			if (!strcmp(words[i], "!ipv4"))
				conf->redirect4 = false;
	} else if (!strcmp(words[0], "client") ||
		   !strcmp(words[0], "tls-client"))
		conf->tls = true;
	else if (!strcmp(words[0], "route-nopull"))
		conf->nopull = true;
	else if (!strcmp(words[0], "verb"))
		conf->verb = strtol(value, NULL, 10) > OPENVPN_VERB
				     ? OPENVPN_VERB_MAX
				     : OPENVPN_VERB;
	else if (!strcmp(words[0], "mode") && !strcmp(value, "server"))
		return READER_ERROR(reader, -EINVAL, "'mode server': %s",
				    directives[SERVER].why_not);
	else if (!strcmp(words[0], "auth-retry") && !strcmp(value, "interact"))
		return READER_ERROR(reader, -EINVAL,
				    "'auth-retry interact': %s",
				    directives[QUESTION].why_not);
	return 0;
}

/* start: the line in conf->text; words: of a copy. */
static int read_directive(struct reader *reader, char *start, size_t bytes,
			  char **words, int n)
{
	enum verdict verdict;
	int skipped = 0;

	/* `setenv opt DIRECTIVE`: ignored by versions that do not know it */
	if (n > 2 && !strcmp(words[0], "setenv") && !strcmp(words[1], "opt")) {
		skipped = 2;
		words += skipped;
		n -= skipped;
	}
	if (!strncmp(words[0], "--", 2) && words[0][2])
		words[0] += 2;
	verdict = find_verdict(words[0]);
	if (verdict == FINE)
		return read_fine(reader, words, n);
	if (verdict == PUBLIC_FILE || verdict == SECRET_FILE)
		return read_file(reader, words, n, skipped,
				 verdict == SECRET_FILE);
	if (verdict == DROPPED) {
		if (words[0][0] != 's' && words[0][0] != 'm')
			reader->conf->owner_line = reader->line;
		memset(start, ' ', bytes);
		return 0;
	}
	/* `dns-updown disable` runs nothing. */
	if (!strcmp(words[0], "dns-updown") && n > 1 &&
	    !strcmp(words[1], "disable"))
		return 0;
	return READER_ERROR(reader, -EINVAL, "'%.64s': %s", words[0],
			    directives[verdict].why_not);
}

static const char *after_blanks(const char *p)
{
	while (*p && isspace((unsigned char)*p))
		p++;
	return p;
}

/* Is the line only "<tag>"? Writes "</tag>" to `close`. */
static bool opens_block(char **words, int n, char close[static 64])
{
	size_t length = n == 1 ? strlen(words[0]) : 0;

	if (length < 3 || words[0][0] != '<' || words[0][length - 1] != '>' ||
	    words[0][1] == '/')
		return false;
	/* Its lines are directives, for one of several servers. */
	if (!strcmp(words[0], "<connection>"))
		return false;
	snprintf(close, 64, "</%.60s", words[0] + 1);
	return true;
}

static bool block_is_secret(const char *close)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strlen(close) - 3, close + 2);
	return find_verdict(name) == SECRET_FILE;
}

/*
 * Reads one line of conf->text, `bytes` long without its newline. close: the
 * end tag of the current block, or "".
 */
static int read_line(struct reader *reader, char *start, size_t bytes,
		     char close[static 64])
{
	char copy[OPENVPN_LINE_MAX + 1], *words[WORDS_MAX];
	int n, r = 0;

	if (bytes > OPENVPN_LINE_MAX)
		return READER_ERROR(reader, -EINVAL,
				    "the line has more than %d bytes, openvpn's limit",
				    OPENVPN_LINE_MAX);
	memcpy(copy, start, bytes);
	copy[bytes] = '\0';
	if (*close) {
		if (!strncmp(after_blanks(copy), close, strlen(close)))
			*close = '\0';
		explicit_bzero(copy, sizeof(copy));
		return 0;
	}
	n = openvpn_words(copy, words, WORDS_MAX);
	if (n < 0)
		return READER_ERROR(reader, n,
				    "a quote or a backslash is left open");
	if (opens_block(words, n, close)) {
		if (block_is_secret(close) && !reader->conf->secret_line)
			reader->conf->secret_line = reader->line;
	} else if (n > 0 && words[0][0] != '<') {
		r = read_directive(reader, start, bytes, words, n);
	}
	return r;
}

static int read_lines(struct reader *reader)
{
	char *text = reader->conf->text, close[64] = "";
	char *end = text + reader->conf->bytes;
	int r = 0;

	if (!strncmp(text, "\xef\xbb\xbf", 3)) /* as openvpn does */
		memset(text, ' ', 3);
	while (r == 0 && text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t bytes = (size_t)((newline ? newline : end) - text);

		reader->line++;
		reader->start = (size_t)(text - reader->conf->text);
		reader->bytes = bytes;
		r = read_line(reader, text, bytes, close);
		text += bytes + 1;
	}
	if (r == 0 && *close)
		r = READER_ERROR(reader, -EINVAL, "'%s' is missing", close);
	return r;
}

/* As is_dev_type() and dev_type_enum() in openvpn's tun.c. */
static int read_device(struct reader *reader)
{
	const char *type = *reader->dev_type ? reader->dev_type : reader->dev;

	reader->line = reader->dev_line;
	if (!reader->dev_line)
		return error_set(reader->err, -EINVAL,
				 "%s: there is no 'dev': write 'dev tun' or 'dev tap'",
				 reader->name);
	reader->conf->tap = !strncmp(type, "tap", 3);
	if (!reader->conf->tap && strncmp(type, "tun", 3) != 0)
		return READER_ERROR(reader, -EINVAL,
				    "'dev %s': neither a tun nor a tap device; 'dev-type' says which one it is",
				    reader->dev);
	return 0;
}

int openvpn_conf_parse(const char *name, const char *text, size_t bytes,
		       struct openvpn_conf **ret, struct error *err)
{
	struct reader reader = {.name = name, .err = err};
	struct openvpn_conf *conf = calloc(1, sizeof(*conf));
	int r = 0;

	if (conf)
		conf->text = malloc(bytes + 1);
	if (!conf || !conf->text) {
		free(conf);
		return error_set(err, -ENOMEM, "%s: out of memory", name);
	}
	reader.conf = conf;
	conf->verb = OPENVPN_VERB;
	memcpy(conf->text, text, bytes);
	conf->text[bytes] = '\0';
	conf->bytes = bytes;
	if (memchr(text, '\0', bytes))
		r = error_set(err, -EINVAL,
			      "%s: a NUL byte: the file is not text", name);
	if (r == 0)
		r = read_lines(&reader);
	if (r == 0)
		r = read_device(&reader);
	if (r < 0)
		openvpn_conf_free(conf);
	else
		*ret = conf;
	return r;
}

struct openvpn_conf *openvpn_conf_free(struct openvpn_conf *conf)
{
	if (!conf)
		return NULL;
	if (conf->text)
		explicit_bzero(conf->text, conf->bytes);
	free(conf->text);
	free(conf->dir);
	for (size_t n = 0; n < conf->n_files; n++) {
		free(conf->files[n].path);
		free(conf->files[n].before);
		free(conf->files[n].after);
	}
	free(conf);
	return NULL;
}
