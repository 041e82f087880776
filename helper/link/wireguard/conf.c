/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses lines as wg(8) does (wireguard-tools, src/config.c): blanks are
 * ignored, `#` begins a comment, names of keys and sections have no case.
 */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"

#define LINE_MAX_BYTES 4096
#define WORD_SHOWN_MAX 24 /* a longer word may be a key */

enum section { SECTION_NONE, SECTION_INTERFACE, SECTION_PEER };

struct reader {
	const char *name;  /* of the file */
	unsigned int line; /* being read */
	enum section section;
	bool interface;	   /* [Interface] was seen */
	unsigned int seen; /* keys in this section, as bits */
	struct wg_conf *conf;
	struct error *err;
};

__attribute__((format(printf, 2, 3))) static int
reader_error(const struct reader *r, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(r->err, -EINVAL, "%s:%u: %s", r->name, r->line, text);
}

/* The peer of the current section. */
static struct wg_peer *reader_peer(const struct reader *r)
{
	return &r->conf->peers[r->conf->n_peers - 1];
}

/* --- values --- */

static const char base64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/* A wrong value for a message; "..." when it may contain a key. */
static const char *shown(const char *value)
{
	for (const char *p = value; *p; p += strcspn(p, base64)) {
		size_t run = strspn(p, base64);

		if (run > WORD_SHOWN_MAX)
			return "...";
		p += run;
	}
	return value;
}

/* 32 bytes in base64: 43 characters, the last with 4 bits, and "=". */
static bool is_key(const char *text)
{
	const char *last;

	if (strlen(text) != WG_KEY_CHARS ||
	    strcspn(text, "=") != WG_KEY_CHARS - 1 ||
	    strspn(text, base64) != WG_KEY_CHARS)
		return false;
	last = strchr(base64, text[WG_KEY_CHARS - 2]);
	return last && (last - base64) % 4 == 0;
}

static int read_key(const struct reader *r, const char *key, const char *value,
		    char ret[static WG_KEY_CHARS + 1])
{
	if (!is_key(value))
		return reader_error(r,
				    "%s is not a key: a key is 32 bytes in base64, 44 characters with a = at the end, as `wg genkey` prints it",
				    key);
	memcpy(ret, value, WG_KEY_CHARS + 1);
	return 0;
}

static int read_number(const struct reader *r, const char *key,
		       const char *value, unsigned long min, unsigned long max,
		       unsigned long *ret)
{
	int base = strncasecmp(value, "0x", 2) == 0 ? 16 : 10;
	char *end = NULL;

	errno = 0;
	*ret = strtoul(value, &end, base);
	/* strtoul(3) accepts a sign as well. */
	if (!isdigit((unsigned char)*value) || *end || errno || *ret < min ||
	    *ret > max)
		return reader_error(r, "%s must be a number from %lu to %lu",
				    key, min, max);
	return 0;
}

static int read_prefix(const struct reader *r, const char *key,
		       const char *word, struct wg_prefixes *list)
{
	struct inet_prefix p, *added;

	if (inet_prefix_parse(word, &p) < 0)
		return reader_error(r, "%s: '%.64s' is not ADDRESS/LENGTH", key,
				    shown(word));
	added = ARRAY_ADD(list->items, list->n);
	if (!added)
		return error_set(r->err, -ENOMEM, "%s: out of memory", r->name);
	*added = p;
	return 0;
}

static int key_address(struct reader *r, char *word)
{
	return read_prefix(r, "Address", word, &r->conf->address);
}

static int key_allowed(struct reader *r, char *word)
{
	struct wg_prefixes *list = &reader_peer(r)->allowed;
	int rc = read_prefix(r, "AllowedIPs", word, list);

	/* As WireGuard does. */
	if (rc == 0)
		inet_prefix_clear_host_bits(&list->items[list->n - 1]);
	return rc;
}

/* Letters, digits, `-`, `_` and `.`, and no leading `-` or `.`. */
static bool is_host_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > WG_NAME_MAX || *name == '-' || *name == '.')
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return false;
	return true;
}

static int key_dns(struct reader *r, char *word)
{
	struct wg_conf *conf = r->conf;
	size_t len = strlen(conf->search), bytes = strlen(word);
	struct inet_prefix p;

	if (!strchr(word, '/') && inet_prefix_parse(word, &p) == 0) {
		if (conf->n_dns == WG_CONF_DNS_MAX)
			return reader_error(r, "DNS: more than %d servers",
					    WG_CONF_DNS_MAX);
		conf->dns[conf->n_dns++] = p;
		return 0;
	}
	if (!is_host_name(word))
		return reader_error(r,
				    "DNS: '%.64s' is neither an address nor a domain",
				    shown(word));
	if (len + 1 + bytes >= sizeof(conf->search))
		return reader_error(r, "DNS: the domains are longer than %zu",
				    sizeof(conf->search));
	if (len)
		conf->search[len++] = ' ';
	memcpy(conf->search + len, word, bytes + 1);
	return 0;
}

/* HOST:PORT, [ADDRESS6]:PORT */
static int key_endpoint(struct reader *r, char *value)
{
	struct wg_peer *peer = reader_peer(r);
	char *colon = strrchr(value, ':'), *host = value;
	bool brackets = *value == '[';
	unsigned long port;
	int rc;

	if (!colon)
		return reader_error(r, "Endpoint: '%.64s' has no :PORT",
				    shown(value));
	*colon = '\0';
	rc = read_number(r, "the port of Endpoint", colon + 1, 1, 65535, &port);
	if (rc < 0)
		return rc;
	if (brackets) {
		host++;
		if (colon < value + 2 || colon[-1] != ']')
			return reader_error(r, "Endpoint: '[' without ']'");
		colon[-1] = '\0';
	}
	if (inet_prefix_parse(host, &peer->endpoint) == 0) {
		if (strchr(host, '/') ||
		    brackets != (peer->endpoint.family == AF_INET6))
			return reader_error(r,
					    "Endpoint: '%.64s' is not an address; write IPv6 addresses in [ ]",
					    shown(host));
	} else if (brackets || !is_host_name(host)) {
		return reader_error(r,
				    "Endpoint: '%.64s' is neither an address nor a name",
				    shown(host));
	} else {
		snprintf(peer->endpoint_name, sizeof(peer->endpoint_name), "%s",
			 host);
	}
	peer->endpoint_port = (uint16_t)port;
	return 0;
}

/* --- keys --- */

static int key_private_key(struct reader *r, char *value)
{
	return read_key(r, "PrivateKey", value, r->conf->private_key);
}

static int key_listen_port(struct reader *r, char *value)
{
	unsigned long n;
	int rc = read_number(r, "ListenPort", value, 0, 65535, &n);

	if (rc == 0) {
		r->conf->has_listen_port = true;
		r->conf->listen_port = (uint16_t)n;
	}
	return rc;
}

static int key_fwmark(struct reader *r, char *value)
{
	unsigned long n = 0;
	int rc = 0;

	if (strcasecmp(value, "off") != 0)
		rc = read_number(r, "FwMark", value, 0, UINT32_MAX, &n);
	r->conf->fwmark = (uint32_t)n;
	return rc;
}

static int key_mtu(struct reader *r, char *value)
{
	unsigned long n = 0;
	/* RFC 791: every host accepts 576 bytes; IPv6 needs 1280 */
	int rc = read_number(r, "MTU", value, 576, 65535, &n);

	r->conf->mtu = (unsigned int)n;
	return rc;
}

static int key_table(struct reader *r, char *value)
{
	r->conf->table_line = r->line;
	return 0;
}

static int key_save_config(struct reader *r, char *value)
{
	r->conf->save_config_line = r->line;
	return 0;
}

static int key_program(struct reader *r, char *value)
{
	return reader_error(r,
			    "PreUp, PostUp, PreDown and PostDown are not run; remove the line, and use `up` or `down` of the policy's section");
}

static int key_public_key(struct reader *r, char *value)
{
	struct wg_peer *peer = reader_peer(r);
	int rc = read_key(r, "PublicKey", value, peer->public_key);

	for (size_t i = 0; rc == 0 && i + 1 < r->conf->n_peers; i++)
		if (!strcmp(r->conf->peers[i].public_key, peer->public_key))
			return reader_error(r,
					    "the peer of line %u has the same PublicKey",
					    r->conf->peers[i].line);
	return rc;
}

static int key_preshared_key(struct reader *r, char *value)
{
	return read_key(r, "PresharedKey", value,
			reader_peer(r)->preshared_key);
}

static int key_keepalive(struct reader *r, char *value)
{
	unsigned long n = 0;
	int rc = 0;

	if (strcasecmp(value, "off") != 0)
		rc = read_number(r, "PersistentKeepalive", value, 0, 65535, &n);
	reader_peer(r)->keepalive = (uint16_t)n;
	return rc;
}

static const struct {
	const char *name;
	enum section section;
	enum { MANY, ONCE, LIST } how; /* MANY: lines; LIST: of words */
	int (*read)(struct reader *r, char *value);
} keys[] = {
	{"PrivateKey", SECTION_INTERFACE, ONCE, key_private_key},
	{"ListenPort", SECTION_INTERFACE, ONCE, key_listen_port},
	{"FwMark", SECTION_INTERFACE, ONCE, key_fwmark},
	{"MTU", SECTION_INTERFACE, ONCE, key_mtu},
	{"Address", SECTION_INTERFACE, LIST, key_address},
	{"DNS", SECTION_INTERFACE, LIST, key_dns},
	{"Table", SECTION_INTERFACE, MANY, key_table},
	{"SaveConfig", SECTION_INTERFACE, MANY, key_save_config},
	{"PreUp", SECTION_INTERFACE, MANY, key_program},
	{"PostUp", SECTION_INTERFACE, MANY, key_program},
	{"PreDown", SECTION_INTERFACE, MANY, key_program},
	{"PostDown", SECTION_INTERFACE, MANY, key_program},
	{"PublicKey", SECTION_PEER, ONCE, key_public_key},
	{"PresharedKey", SECTION_PEER, ONCE, key_preshared_key},
	{"AllowedIPs", SECTION_PEER, LIST, key_allowed},
	{"Endpoint", SECTION_PEER, ONCE, key_endpoint},
	{"PersistentKeepalive", SECTION_PEER, ONCE, key_keepalive},
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* --- lines --- */

/* Removes the comment and all blanks, in place. */
static void squeeze(char *line)
{
	char *to = line;

	for (const char *from = line; *from && *from != '#'; from++)
		if (!isspace((unsigned char)*from))
			*to++ = *from;
	*to = '\0';
}

static int end_section(const struct reader *r)
{
	const struct wg_peer *peer =
		r->section == SECTION_PEER ? reader_peer(r) : NULL;

	return !peer || *peer->public_key
		       ? 0
		       : error_set(r->err, -EINVAL,
				   "%s:%u: the [Peer] has no PublicKey",
				   r->name, peer->line);
}

static int begin_peer(struct reader *r)
{
	struct wg_conf *conf = r->conf;
	struct wg_peer *more;

	if (conf->n_peers == WG_PEERS_MAX)
		return reader_error(r, "more than %d peers", WG_PEERS_MAX);
	/* Not realloc(3): it leaves keys in freed memory. */
	more = calloc(conf->n_peers + 1, sizeof(*more));
	if (!more)
		return error_set(r->err, -ENOMEM, "%s: out of memory", r->name);
	if (conf->n_peers) {
		memcpy(more, conf->peers, conf->n_peers * sizeof(*more));
		explicit_bzero(conf->peers, conf->n_peers * sizeof(*more));
	}
	free(conf->peers);
	conf->peers = more;
	conf->peers[conf->n_peers++].line = r->line;
	r->section = SECTION_PEER;
	return 0;
}

static int begin_section(struct reader *r, const char *line)
{
	int rc = end_section(r);

	if (rc < 0)
		return rc;
	r->seen = 0;
	if (strcasecmp(line, "[Peer]") == 0)
		return begin_peer(r);
	if (strcasecmp(line, "[Interface]") != 0)
		return reader_error(r,
				    "unknown section: only [Interface] and [Peer] exist");
	if (r->interface)
		return reader_error(r, "a second [Interface]");
	r->interface = true;
	r->section = SECTION_INTERFACE;
	return 0;
}

/* Shows an unknown word only when it cannot be part of a key. */
static int unknown_line(const struct reader *r, const char *line)
{
	size_t len = 0;

	while (isalpha((unsigned char)line[len]))
		len++;
	if (line[len] == '=' && len && len <= WORD_SHOWN_MAX)
		return reader_error(r, "'%.*s' is not known in [%s]", (int)len,
				    line,
				    r->section == SECTION_PEER ? "Peer"
							       : "Interface");
	return reader_error(r, "the line does not have the form KEY = VALUE");
}

/* Comma-separated, without blanks. wg(8) accepts an empty list. */
static int read_list(struct reader *r, char *value,
		     int (*one)(struct reader *r, char *word))
{
	char *word;
	int rc = 0;

	while (rc == 0 && (word = strsep(&value, ",")))
		rc = *word ? one(r, word) : 0;
	return rc;
}

static int read_line(struct reader *r, char *line)
{
	char *value = strchr(line, '=');
	size_t len = value ? (size_t)(value - line) : 0;

	if (*line == '[')
		return begin_section(r, line);
	if (r->section == SECTION_NONE)
		return reader_error(r, "a line before [Interface]");
	for (size_t i = 0; value && i < N_KEYS; i++) {
		if (keys[i].section != r->section ||
		    strlen(keys[i].name) != len ||
		    strncasecmp(keys[i].name, line, len) != 0)
			continue;
		if (keys[i].how == ONCE && r->seen >> i & 1)
			return reader_error(r, "%s appears twice in a section",
					    keys[i].name);
		r->seen |= 1U << i;
		value++;
		if (keys[i].how != LIST)
			return keys[i].read(r, value);
		return read_list(r, value, keys[i].read);
	}
	return unknown_line(r, line);
}

static int check_whole(const struct reader *r)
{
	const struct wg_conf *conf = r->conf;

	if (!r->interface)
		return error_set(r->err, -EINVAL, "%s: there is no [Interface]",
				 r->name);
	if (!*conf->private_key)
		return error_set(r->err, -EINVAL,
				 "%s: [Interface] has no PrivateKey", r->name);
	if (!conf->n_peers)
		return error_set(r->err, -EINVAL, "%s: there is no [Peer]",
				 r->name);
	return 0;
}

static int read_text(struct reader *r, const char *text, size_t bytes)
{
	char line[LINE_MAX_BYTES];
	int rc = 0;

	while (rc == 0 && bytes) {
		const char *end = memchr(text, '\n', bytes);
		size_t len = end ? (size_t)(end - text) : bytes;

		r->line++;
		if (len >= sizeof(line)) {
			rc = reader_error(r, "longer than %d bytes",
					  LINE_MAX_BYTES - 1);
			break;
		}
		memcpy(line, text, len);
		line[len] = '\0';
		if (memchr(line, '\0', len))
			rc = reader_error(r,
					  "a NUL byte: the file is not text");
		squeeze(line);
		if (rc == 0 && *line)
			rc = read_line(r, line);
		text += len + (end != NULL);
		bytes -= len + (end != NULL);
	}
	explicit_bzero(line, sizeof(line));
	if (rc == 0)
		rc = end_section(r);
	return rc < 0 ? rc : check_whole(r);
}

int wg_conf_parse(const char *name, const char *text, size_t bytes,
		  struct wg_conf **ret, struct error *err)
{
	struct reader r = {.name = name, .err = err};
	int rc;

	r.conf = calloc(1, sizeof(*r.conf));
	if (!r.conf)
		return error_set(err, -ENOMEM, "%s: out of memory", name);
	rc = read_text(&r, text, bytes);
	if (rc < 0) {
		wg_conf_free(r.conf);
		return rc;
	}
	*ret = r.conf;
	return 0;
}
