/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forwarding.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "helper/base/log.h"
#include "helper/base/record.h"
#include "helper/base/text.h"
#include "helper/helper.h"
#include "helper/kernel/sysctl.h"
#include "nft.h"

#define FORWARDING_RECORD "forwarding"
#define FORWARDING_4	  "net/ipv4/ip_forward"
#define FORWARDING_6	  "net/ipv6/conf/all/forwarding"

#define REDIRECTS_4 "net/ipv4/conf/all/accept_redirects"

/* --- lists of interfaces --- */

/*
 * Writes to ret the interfaces whose conf/IFNAME/key is `value`, a space after
 * each; "default" stands for interfaces that are made later. Interfaces that
 * ret has no room for are left out. Return: 0 or -errno with a sentence.
 */
static int list_note(const char *family, const char *key, const char *value,
		     char *ret, size_t size, struct error *err)
{
	char path[64];
	const struct dirent *entry;
	size_t used = 0;
	DIR *dir;
	int r;

	ret[0] = '\0';
	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf", family);
	dir = opendir(path);
	if (!dir)
		return error_set(err, -errno, "cannot read %s: %m", path);
	while ((errno = 0, entry = readdir(dir))) {
		char file[sizeof(entry->d_name) + 64], now[16];

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "all") ||
		    !strcmp(entry->d_name, "lo"))
			continue;
		snprintf(file, sizeof(file), "net/%s/conf/%s/%s", family,
			 entry->d_name, key);
		if (sysctl_read(file, now, sizeof(now)) == 0 &&
		    !strcmp(now, value) && used + IFNAMSIZ + 1 < size)
			used += (size_t)snprintf(ret + used, size - used,
						 "%.15s ", entry->d_name);
	}
	r = errno ? error_set(err, -errno, "cannot read %s: %m", path) : 0;
	closedir(dir);
	return r;
}

static void list_set(const char *list, const char *family, const char *key,
		     const char *value)
{
	char names[1024], *rest = names, *name;

	snprintf(names, sizeof(names), "%s", list);
	while ((name = strsep(&rest, " ")))
		if (*name)
			sysctl_write_interface(family, name, key, value, NULL);
}

/* --- the record --- */

#define FIELD(type, key, member) RECORD_FIELD(forwarding, type, key, member)

static const struct record_field forwarding_fields[] = {
	FIELD(NUMBER, "ipv4", on4),
	FIELD(NUMBER, "ipv6", on6),
	FIELD(TEXT, "redirects", redirects),
	FIELD(TEXT, "listeners", listeners),
	FIELD(TEXT, "forwarders4", forwarders4),
	FIELD(TEXT, "forwarders6", forwarders6),
};

#define N_FIELDS (sizeof(forwarding_fields) / sizeof(forwarding_fields[0]))

static int forwarding_save(const struct helper *h, struct error *err)
{
	const struct forwarding *f = h->forwarding;
	struct record r;
	int n;

	record_begin(&r);
	record_add_fields(&r, forwarding_fields, N_FIELDS, f);
	n = record_save(&r, h->state_dir, FORWARDING_RECORD, true);
	if (n < 0)
		return error_set(err, n,
				 "cannot record the state of forwarding: %m");
	return 0;
}

int forwarding_open(struct helper *h, struct error *err)
{
	struct forwarding *f = h->forwarding;
	struct record r;
	int answer;

	*f = (struct forwarding){.on4 = false};
	/* Of a daemon that was killed while it wrote. */
	record_remove(h->state_dir, "." FORWARDING_RECORD);
	answer = record_find(&r, h->state_dir, FORWARDING_RECORD);
	if (answer < 0)
		return error_set(err, answer, "cannot read %s/%s: %m",
				 h->state_path, FORWARDING_RECORD);
	if (answer == FOUND)
		record_get_fields(&r, forwarding_fields, N_FIELDS, f);
	return 0;
}

static int forwarding_print(struct helper *h, FILE *f, struct error *err)
{
	nft_print_no_router(f, false, h->forwarding->on4);
	nft_print_no_router(f, true, h->forwarding->on6);
	return 0;
}

const struct firewall_part forwarding_part = {.print = forwarding_print};

static int forwarding_drop(struct helper *h, bool ipv6, bool on,
			   struct error *err)
{
	_cleanup_(text_clear) struct text t = {NULL};
	FILE *f = text_open(&t, err);
	int r;

	if (!f)
		return -ENOMEM;
	nft_print_no_router(f, ipv6, on);
	r = text_close(&t, 0, err);
	return r < 0 ? r : nft_run(h->nft, t.s, err);
}

/* --- on and off --- */

/* The order matters: record, then firewall, then the switch. */
static int forwarding_switch_on(struct helper *h, bool ipv6, struct error *err)
{
	struct forwarding *f = h->forwarding;
	const char *path = ipv6 ? FORWARDING_6 : FORWARDING_4;
	bool *on = ipv6 ? &f->on6 : &f->on4;
	bool was;
	char value[16];
	int r = sysctl_read(path, value, sizeof(value));

	if (r < 0)
		return error_set(err, r, "cannot read %s: %m", path);
	if (strcmp(value, "0") != 0)
		return 0;
	if (!*on && ipv6) {
		r = list_note("ipv6", "accept_ra", "1", f->listeners,
			      sizeof(f->listeners), err);
		if (r == 0)
			r = list_note("ipv6", "forwarding", "1", f->forwarders6,
				      sizeof(f->forwarders6), err);
	} else if (!*on) {
		r = list_note("ipv4", "forwarding", "1", f->forwarders4,
			      sizeof(f->forwarders4), err);
		if (sysctl_read(REDIRECTS_4, f->redirects,
				sizeof(f->redirects)) < 0)
			f->redirects[0] = '\0';
	}
	if (r < 0)
		return r;
	was = *on;
	*on = true;
	r = forwarding_save(h, err);
	if (r < 0) {
		*on = was;
		return r;
	}
	r = forwarding_drop(h, ipv6, true, err);
	if (r < 0)
		return r;
	if (ipv6)
		list_set(f->listeners, "ipv6", "accept_ra", "2");
	log_info("IPv%d forwarding is switched on, for namespaces only",
		 ipv6 ? 6 : 4);
	r = sysctl_write(path, "1", err);
	if (!ipv6 && f->redirects[0])
		sysctl_write(REDIRECTS_4, f->redirects, NULL);
	return r;
}

int forwarding_need(struct helper *h, bool ipv4, bool ipv6, struct error *err)
{
	int r = ipv4 ? forwarding_switch_on(h, false, err) : 0;

	return r == 0 && ipv6 ? forwarding_switch_on(h, true, err) : r;
}

static void forwarding_switch_off(struct helper *h, bool ipv6)
{
	struct forwarding *f = h->forwarding;

	if (sysctl_write(ipv6 ? FORWARDING_6 : FORWARDING_4, "0", NULL) < 0)
		return;
	list_set(ipv6 ? f->forwarders6 : f->forwarders4, ipv6 ? "ipv6" : "ipv4",
		 "forwarding", "1");
	if (ipv6)
		list_set(f->listeners, "ipv6", "accept_ra", "1");
	/* The kernel set it to 1 with the switch (net/ipv4/devinet.c). */
	else if (f->redirects[0])
		sysctl_write(REDIRECTS_4, f->redirects, NULL);
	*(ipv6 ? &f->on6 : &f->on4) = false;
	forwarding_drop(h, ipv6, false, NULL);
}

void forwarding_done(struct helper *h)
{
	struct forwarding *f = h->forwarding;

	if (!h->nft || (!f->on4 && !f->on6))
		return;
	if (f->on4)
		forwarding_switch_off(h, false);
	if (f->on6)
		forwarding_switch_off(h, true);
	/* Tried again by the next call. */
	if (f->on4 || f->on6) {
		log_warning(
			"cannot switch forwarding off; tried again when the next namespace is removed");
		forwarding_save(h, NULL);
		return;
	}
	unlinkat(h->state_dir, FORWARDING_RECORD, 0);
}
