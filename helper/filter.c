/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "firewall.h"
#include "helper.h"
#include "instance.h"
#include "link.h"
#include "nft.h"
#include "resolv.h"

/* Runs commands that print() writes, as one change of the firewall. */
static int filter_change(struct helper *h,
			 void (*print)(FILE *f, const struct instance *i,
				       const struct resolv *dns),
			 const struct instance *i, const struct resolv *dns,
			 struct error *err)
{
	_cleanup_free_ char *commands = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&commands, &bytes);

	if (!f)
		return error_set(err, -ENOMEM, "out of memory");
	print(f, i, dns);
	if (fclose(f) != 0)
		return error_set(err, -ENOMEM, "out of memory");
	return nft_run(h->nft, commands, err);
}

static void print_release(FILE *f, const struct instance *i,
			  const struct resolv *dns)
{
	(void)dns;
	if (i->held)
		nft_print_dns_release(f, i->host_ifname, i->servers,
				      i->n_servers);
}

static void print_hold(FILE *f, const struct instance *i,
		       const struct resolv *dns)
{
	print_release(f, i, NULL);
	if (dns->set)
		nft_print_dns_hold(f, i->host_ifname, dns->servers, dns->n);
}

/*
 * Holds the namespace to its name servers; called again for each login, since
 * the list may have changed since the last. Old and new change places in one
 * transaction.
 */
int filter_apply(struct instance *i, const struct policy_namespace *ns,
		 int netns, struct error *err)
{
	struct resolv dns = resolv_of(i, ns);
	size_t bytes = dns.n * sizeof(*dns.servers);
	struct inet_prefix *servers;
	int r;

	(void)netns;
	if (!i->host_ifindex || i->foreign ||
	    link_ops_of(i->link)->filter != FILTER_HOST ||
	    (i->held == dns.set && i->n_servers == dns.n &&
	     (!bytes || !memcmp(i->servers, dns.servers, bytes))))
		return 0;
	servers = malloc(bytes + 1);
	if (!servers)
		return error_set(err, -ENOMEM, "out of memory");
	if (bytes)
		memcpy(servers, dns.servers, bytes);
	r = filter_change(i->helper, print_hold, i, &dns, err);
	if (r < 0) {
		free(servers);
		return r;
	}
	free(i->servers);
	i->servers = servers;
	i->n_servers = dns.n;
	i->held = dns.set;
	return 1;
}

void filter_release(struct instance *i)
{
	struct helper *h = i->helper;

	if (i->held && h->nft &&
	    filter_change(h, print_release, i, NULL, NULL) < 0)
		nft_doubt(h->nft);
	i->held = false;
}

int filter_reload(struct helper *h, struct error *err)
{
	(void)h;
	(void)err;
	return 0;
}

void filter_print(const struct helper *h, FILE *f)
{
	nft_print_dns_clear(f);
	for (const struct instance *i = h->instances; i; i = i->next)
		if (i->held && i->host_ifindex)
			nft_print_dns_hold(f, i->host_ifname, i->servers,
					   i->n_servers);
}
