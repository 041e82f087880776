/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "egress.h"
#include "helper/base/text.h"
#include "helper/kernel/netns.h"
#include "netlink.h"

/* Of kernel 6.9; not in the headers of Debian 12. */
#define NFT_TABLE_PERSIST 0x4
/* Room for the notifications of loading ten thousands of elements. */
#define NFT_MONITOR_RCVBUF (8 * 1024 * 1024)

/* The contents of a source file, ended by a NUL. */
#define NFT_FILE(symbol, file)                                                 \
	extern const char symbol[]; /* NOLINT(bugprone-macro-parentheses) */   \
	__asm__(".pushsection .rodata\n"                                       \
		".global " #symbol "\n"                                        \
		".hidden " #symbol "\n" #symbol ":\n"                          \
		".incbin \"" file "\"\n"                                       \
		".byte 0\n"                                                    \
		".popsection\n")
NFT_FILE(nft_rules, "helper/firewall/firewall.nft");
NFT_FILE(nft_bridge_rules, "helper/firewall/bridge.nft");

#define NFT_DEFINES                                                            \
	"redefine refused4 = { " EGRESS_REFUSED4 " }\n"                        \
	"redefine refused6 = { " EGRESS_LINK_LOCAL ", " EGRESS_REFUSED6 " }\n"

struct nft {
	struct nft_ctx *ctx;
	int ctx_fd; /* libnftables' netlink socket, which owns the table */
	struct mnl_socket *monitor;
	bool loaded;
	bool bridge;	 /* with the table bridge netns_pam */
	bool owned;	 /* others cannot remove it */
	uint32_t portid; /* of libnftables' socket */
};

/* --- opening --- */

static struct nft_ctx *nft_context(void)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (ctx) {
		nft_ctx_buffer_output(ctx);
		nft_ctx_buffer_error(ctx);
	}
	return ctx;
}

/*
 * A table is owned by the netlink socket that made it. libnftables does not
 * return its socket and has no keyword for `persist`. But the kernel returns
 * the lowest free descriptor, so the one that nft_ctx_new() opens is known
 * beforehand; its domain and protocol are checked.
 */
static int nft_context_new(struct nft *nft)
{
	int protocol = 0, domain = 0,
	    next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	socklen_t n = sizeof(protocol), m = sizeof(domain);

	if (next < 0)
		return -errno;
	close(next);
	nft->ctx = nft_context();
	if (!nft->ctx)
		return -ENOMEM;
	if (getsockopt(next, SOL_SOCKET, SO_DOMAIN, &domain, &m) == 0 &&
	    getsockopt(next, SOL_SOCKET, SO_PROTOCOL, &protocol, &n) == 0 &&
	    domain == AF_NETLINK && protocol == NETLINK_NETFILTER)
		nft->ctx_fd = next;
	return 0;
}

int nft_open(struct nft **ret, struct error *err)
{
	struct nft *nft = calloc(1, sizeof(*nft));
	int group = NFNLGRP_NFTABLES, room = NFT_MONITOR_RCVBUF, r;

	if (!nft)
		return error_set(err, -ENOMEM, "out of memory");
	nft->ctx_fd = -EBADF;
	r = nft_context_new(nft);
	if (r == 0) {
		nft->monitor = mnl_socket_open2(NETLINK_NETFILTER,
						SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (!nft->monitor ||
		    mnl_socket_bind(nft->monitor, 0, MNL_SOCKET_AUTOPID) < 0 ||
		    mnl_socket_setsockopt(nft->monitor, NETLINK_ADD_MEMBERSHIP,
					  &group, sizeof(group)) < 0)
			r = -errno;
		else
			setsockopt(mnl_socket_get_fd(nft->monitor), SOL_SOCKET,
				   SO_RCVBUFFORCE, &room, sizeof(room));
	}
	if (r < 0) {
		nft_close(nft);
		return error_set(err, r,
				 "cannot open nftables: %m (does the kernel have nf_tables?)");
	}
	*ret = nft;
	return 0;
}

struct nft *nft_close(struct nft *nft)
{
	if (!nft)
		return NULL;
	if (nft->ctx)
		nft_ctx_free(nft->ctx);
	if (nft->monitor)
		mnl_socket_close(nft->monitor);
	free(nft);
	return NULL;
}

/* --- the table --- */

static void batch_edge(struct mnl_nlmsg_batch *b, int type)
{
	struct nfgenmsg *g = mnl_nlmsg_get_payload(
		netlink_put(mnl_nlmsg_batch_current(b), type, 0, AF_UNSPEC));

	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(b);
}

/*
 * Makes the table, owned by libnftables' socket and persistent, or adopts the
 * one that an earlier daemon left (net/netfilter/nf_tables_api.c,
 * nf_tables_updtable()). Return: 0 or -errno from the kernel.
 */
static int nft_own_table(const struct nft *nft, uint8_t family)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	char buffer[1024];
	struct mnl_nlmsg_batch *b = mnl_nlmsg_batch_start(buffer, 512);
	struct nlmsghdr *h;
	ssize_t n;
	int r;

	if (!b)
		return -ENOMEM;
	batch_edge(b, NFNL_MSG_BATCH_BEGIN);
	h = netlink_put(mnl_nlmsg_batch_current(b),
			NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE,
			NLM_F_CREATE | NLM_F_ACK, family);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	mnl_attr_put_u32(h, NFTA_TABLE_FLAGS,
			 htonl(NFT_TABLE_F_OWNER | NFT_TABLE_PERSIST));
	mnl_nlmsg_batch_next(b);
	batch_edge(b, NFNL_MSG_BATCH_END);

	n = sendto(nft->ctx_fd, mnl_nlmsg_batch_head(b),
		   mnl_nlmsg_batch_size(b), 0, (struct sockaddr *)&kernel,
		   sizeof(kernel));
	if (n >= 0) /* the kernel has answered when sendto() returns */
		n = recv(nft->ctx_fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	if (n < 0)
		r = -errno;
	else if ((size_t)n < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		r = -EBADMSG;
	else
		r = ((struct nlmsgerr *)mnl_nlmsg_get_payload(
			     (struct nlmsghdr *)(void *)buffer))
			    ->error;
	mnl_nlmsg_batch_stop(b);
	return r;
}

/*
 * After a receive that failed, the answer to it is still in libnftables'
 * socket: each later command would read it and fail with EPROTO.
 */
static void nft_drain(const struct nft *nft)
{
	char buffer[4096];

	while (nft->ctx_fd >= 0 &&
	       (recv(nft->ctx_fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0 ||
		errno == ENOBUFS))
		;
}

int nft_run(struct nft *nft, const char *commands, struct error *err)
{
	if (nft_run_cmd_from_buffer(nft->ctx, commands) == 0) {
		nft_ctx_get_error_buffer(nft->ctx);
		nft_ctx_get_output_buffer(nft->ctx);
		return 0;
	}
	nft_drain(nft);
	return error_set(err, -EIO, "cannot change the nftables table: %.300s",
			 nft_ctx_get_error_buffer(nft->ctx));
}

/* The kernel gives the socket its port id with the first message. */
static void nft_learn_portid(struct nft *nft)
{
	struct sockaddr_nl name = {0};
	socklen_t n = sizeof(name);

	if (nft->ctx_fd >= 0 &&
	    getsockname(nft->ctx_fd, (struct sockaddr *)&name, &n) == 0)
		nft->portid = name.nl_pid;
}

/* Makes the table of a family, owned where the kernel can do that. */
static int nft_make_table(struct nft *nft, uint8_t family, struct error *err)
{
	const char *name = family == NFPROTO_BRIDGE ? "bridge" : "inet";
	char command[64];
	int r = nft->ctx_fd < 0 ? -EOPNOTSUPP : nft_own_table(nft, family);

	nft->owned = nft->owned || r == 0;
	nft_learn_portid(nft);
	if (r == -EPERM)
		return error_set(err, r,
				 "the nftables table %s " NFT_TABLE
				 " belongs to another process: is another netns-pamd running?",
				 name);
	if (r == 0 || nft->owned)
		return 0;
	snprintf(command, sizeof(command), "add table %s " NFT_TABLE, name);
	return nft_run(nft, command, err);
}

int nft_load(struct nft *nft, const char *elements, struct error *err)
{
	_cleanup_free_ char *commands = NULL;
	int r = nft_make_table(nft, NFPROTO_INET, err);

	nft->loaded = false;
	if (r == 0 && nft->bridge)
		r = nft_make_table(nft, NFPROTO_BRIDGE, err);
	if (r < 0)
		return r;
	if (asprintf(&commands, NFT_DEFINES "%s\n%s\n%s", nft_rules,
		     nft->bridge ? nft_bridge_rules : "", elements) < 0) {
		commands = NULL;
		return error_set(err, -ENOMEM, "out of memory");
	}
	r = nft_run(nft, commands, err);
	nft->loaded = r == 0;
	return r;
}

void nft_want_bridge(struct nft *nft)
{
	nft->loaded = nft->loaded && nft->bridge;
	nft->bridge = true;
}

bool nft_has_bridge(const struct nft *nft)
{
	return nft->bridge;
}

void nft_drop_bridge(struct nft *nft)
{
	if (!nft || !nft->bridge)
		return;
	nft_run(nft, "delete table bridge " NFT_TABLE "\n", NULL);
	nft->bridge = false;
}

void nft_doubt(struct nft *nft)
{
	nft->loaded = false;
}

int nft_monitor_fd(const struct nft *nft)
{
	return mnl_socket_get_fd(nft->monitor);
}

static int table_name(const struct nlattr *attr, void *data)
{
	const char **name = data;

	if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/*
 * Has another program removed the table, or a part of it? (Attribute 1 of all
 * messages about tables, rules, chains and sets is the table's name.)
 */
static bool nft_is_damage(const struct nft *nft, const struct nlmsghdr *h)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
	const char *name = "";

	switch (h->nlmsg_type) {
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE:
		break;
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELCHAIN:
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE:
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSET:
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSETELEM:
		if (!nft->portid) /* own changes cannot be recognized */
			return false;
		break;
	default:
		return false;
	}
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*g) ||
	    (g->nfgen_family != NFPROTO_INET &&
	     (g->nfgen_family != NFPROTO_BRIDGE || !nft->bridge)) ||
	    h->nlmsg_pid == nft->portid)
		return false;
	mnl_attr_parse(h, sizeof(*g), table_name, &name);
	return strcmp(name, NFT_TABLE) == 0;
}

bool nft_monitor_read(struct nft *nft)
{
	bool was_loaded = nft->loaded;
	char buffer[16 * 1024];

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(nft->monitor, buffer,
						sizeof(buffer));
		int left = (int)n;

		/*
		 * A lost message may have been about our table: an owned one
		 * cannot have been removed, another one is loaded again.
		 */
		if (n < 0 && errno == ENOBUFS)
			nft->loaded = nft->loaded && nft->owned;
		else if (n < 0)
			return was_loaded && !nft->loaded;
		for (const struct nlmsghdr *h = (void *)buffer;
		     n > 0 && mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left))
			if (nft_is_damage(nft, h))
				nft->loaded = false;
	}
}

bool nft_is_loaded(struct nft *nft)
{
	nft_monitor_read(nft);
	return nft->loaded;
}

/* --- what an earlier daemon may have left in it --- */

struct nft_clear {
	FILE *f;
	const char *command;
	bool (*is)(const char *name);
	uint16_t attribute; /* that has the name; 1 is the table's */
	const char *table, *name;
};

static int clear_attribute(const struct nlattr *attr, void *data)
{
	struct nft_clear *c = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	if (type == NFTA_CHAIN_TABLE)
		c->table = mnl_attr_get_str(attr);
	else if (type == c->attribute)
		c->name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int clear_seen(const struct nlmsghdr *h, void *data)
{
	struct nft_clear *c = data;

	c->table = c->name = NULL;
	mnl_attr_parse(h, sizeof(struct nfgenmsg), clear_attribute, c);
	if (c->table && c->name && strcmp(c->table, NFT_TABLE) == 0 &&
	    c->is(c->name))
		fprintf(c->f, "%s inet " NFT_TABLE " %s\n", c->command,
			c->name);
	return MNL_CB_OK;
}

static int nft_dump(int request, struct nft_clear *clear)
{
	char buffer[256] __attribute__((aligned(__alignof__(struct nlmsghdr))));

	return netlink_dump(NETLINK_NETFILTER,
			    netlink_put(buffer,
					NFNL_SUBSYS_NFTABLES << 8 | request,
					NLM_F_DUMP, NFPROTO_INET),
			    clear_seen, clear);
}

/* The names of objects of sections begin with one of these. */
static bool name_is_variable(const char *name)
{
	return !strncmp(name, NFT_EGRESS, strlen(NFT_EGRESS)) ||
	       !strncmp(name, NFT_SERVICES, strlen(NFT_SERVICES)) ||
	       !strncmp(name, NFT_LIMIT, strlen(NFT_LIMIT));
}

/* Inside: all but the base chain; anonymous sets go with their rule. */
static bool name_is_inside(const char *name)
{
	return strcmp(name, NFT_INSIDE_BASE) != 0 &&
	       strncmp(name, "__", 2) != 0;
}

static int nft_print_clear_of(FILE *f, bool (*is)(const char *name),
			      struct error *err)
{
	struct nft_clear c = {
		.f = f,
		.command = "flush chain",
		.is = is,
		.attribute = NFTA_CHAIN_NAME,
	};
	int r = nft_dump(NFT_MSG_GETCHAIN, &c);

	c.command = "delete map";
	c.attribute = NFTA_SET_NAME;
	if (r == 0)
		r = nft_dump(NFT_MSG_GETSET, &c);
	c.command = "delete chain";
	c.attribute = NFTA_CHAIN_NAME;
	if (r == 0)
		r = nft_dump(NFT_MSG_GETCHAIN, &c);
	return r < 0 ? error_set(err, r, "cannot read the firewall: %m") : 0;
}

int nft_print_clear(FILE *f, struct error *err)
{
	return nft_print_clear_of(f, name_is_variable, err);
}

/* --- inside a namespace --- */

static int nft_run_here(void *data, struct error *err)
{
	_cleanup_(text_clear) struct text t = {NULL};
	struct nft_ctx *ctx;
	FILE *f = text_open(&t, err);
	int r;

	if (!f)
		return -ENOMEM;
	/* (Adding first makes flushing it no error.) */
	fputs("add table inet " NFT_TABLE "\n"
	      "add chain inet " NFT_TABLE " " NFT_INSIDE_BASE
	      " { type filter hook output priority filter; policy accept; }\n"
	      "flush chain inet " NFT_TABLE " " NFT_INSIDE_BASE "\n",
	      f);
	r = nft_print_clear_of(f, name_is_inside, err);
	fputs(data, f);
	r = text_close(&t, r, err);
	if (r < 0)
		return r;
	ctx = nft_context();
	if (!ctx)
		return error_set(err, -ENOMEM, "out of memory");
	if (nft_run_cmd_from_buffer(ctx, t.s) != 0)
		r = error_set(err, -EIO,
			      "cannot change the nftables table inside the namespace: %.300s",
			      nft_ctx_get_error_buffer(ctx));
	nft_ctx_free(ctx);
	return r;
}

int nft_run_inside(const struct netns_host *host, int netns, char *commands,
		   struct error *err)
{
	return netns_visit(host, netns, nft_run_here, commands, NULL, NULL,
			   err);
}

/* --- elements --- */

int nft_guard_add(struct nft *nft, uid_t uid, struct error *err)
{
	char command[96];

	snprintf(command, sizeof(command),
		 "add element inet " NFT_TABLE " guarded { %u }\n", uid);
	return nft_run(nft, command, err);
}

void nft_print_guard(FILE *f, const uid_t *uids, size_t n)
{
	fprintf(f, "flush set inet " NFT_TABLE " guarded\n");
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%u%s",
			i % 1000 ? ", "
				 : "add element inet " NFT_TABLE " guarded { ",
			uids[i], i % 1000 == 999 || i + 1 == n ? " }\n" : "");
}

void nft_print_no_router(FILE *f, bool ipv6, bool on)
{
	const char *family = ipv6 ? "ipv6" : "ipv4";

	fprintf(f,
		"add element inet " NFT_TABLE " no_router { %s }\n"
		"%s element inet " NFT_TABLE " no_router { %s }\n",
		family, on ? "add" : "delete", family);
}
