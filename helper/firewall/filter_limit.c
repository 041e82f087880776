/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `max_connections`: rules that count the connections of an interface. */
#include <stdlib.h>

#include "filter_parts.h"
#include "helper/kernel/sysctl.h"

/*
 * Without `max_connections`: a quarter of what the host can follow, and of the
 * ports that NAT has to one server.
 */
#define LIMIT_DEFAULT	 16384
#define LIMIT_DEFAULT_OF 4
/*
 * A new connection costs half a microsecond for each one in the same list
 * (nf_conncount_add()): limits above this one are split into parts.
 */
#define LIMIT_EXACT	1024
#define LIMIT_PART	256
#define LIMIT_PARTS_MAX 1024

unsigned int filter_limit_parts(unsigned int limit)
{
	unsigned int parts = 1;

	if (!limit)
		limit = LIMIT_DEFAULT;
	while (limit > LIMIT_EXACT && limit / parts > LIMIT_PART &&
	       parts < LIMIT_PARTS_MAX)
		parts *= 2;
	return parts;
}

unsigned int filter_limit_default(void)
{
	unsigned int limit = LIMIT_DEFAULT;
	unsigned long of = 0;
	char value[32];

	/* The setting exists from the first rule that follows connections. */
	if (sysctl_read("net/netfilter/nf_conntrack_max", value,
			sizeof(value)) >= 0)
		of = strtoul(value, NULL, 10) / LIMIT_DEFAULT_OF;
	if (of && of < limit)
		limit = (unsigned int)of;
	return limit;
}

void filter_limit_print(FILE *f, const char *chain, const char *side,
			unsigned int limit)
{
	unsigned int parts = filter_limit_parts(limit);

	fprintf(f,
		"add rule " FILTER_TABLE
		" %s %s . symhash mod %u @full goto refuse\n"
		"add rule " FILTER_TABLE
		" %s add @connections { %s . symhash mod %u ct count over %u } update @full { %s . symhash mod %u } goto refuse\n",
		chain, side, parts, chain, side, parts, limit / parts, side,
		parts);
}

void filter_limit_print_inside(FILE *f, unsigned int limit)
{
	unsigned int number = limit ? limit : filter_limit_default();
	unsigned int parts = filter_limit_parts(number);

	fprintf(f,
		"add set " FILTER_TABLE
		" connections { typeof oif . symhash mod 2; size 4096; flags dynamic; }\n"
		"add rule " FILTER_TABLE
		" admitted ct state new add @connections { oif . symhash mod %u ct count over %u } goto refuse\n",
		parts, number / parts);
}

/* (Adding first makes deleting an element that does not exist no error.) */
void filter_limit_print_forget(FILE *f, const struct filter *filter)
{
	static const char *const verbs[] = {"add", "delete"};

	if (!filter->ifindex)
		return;
	for (size_t v = 0; v < 2; v++) {
		fprintf(f,
			"%s element " FILTER_TABLE " refusals { %u }\n"
			"%s element " FILTER_TABLE " connections { ",
			verbs[v], filter->ifindex, verbs[v]);
		for (unsigned int n = 0; n < filter->parts; n++)
			fprintf(f, "%s%u . %u", n ? ", " : "", filter->ifindex,
				n);
		fputs(" }\n", f);
	}
}
