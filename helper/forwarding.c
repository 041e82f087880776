/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forwarding.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "nft.h"
#include "record.h"
#include "sysctl.h"

#define FORWARDING_RECORD "forwarding"
#define FORWARDING_4	  "net/ipv4/ip_forward"
#define FORWARDING_6	  "net/ipv6/conf/all/forwarding"

static void accept_ra_set(const char *ifname, const char *value)
{
	sysctl_write_interface("ipv6", ifname, "accept_ra", value, NULL);
}

/* Notes the interfaces that listen to router advertisements. */
static void accept_ra_note(struct forwarding *f)
{
	DIR *dir = opendir("/proc/sys/net/ipv6/conf");
	const struct dirent *entry;
	size_t used = 0;

	f->listeners[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		char path[sizeof(entry->d_name) + 64], value[16];

		/* "all" and "default" speak of no interface that is there. */
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "all") ||
		    !strcmp(entry->d_name, "default") ||
		    !strcmp(entry->d_name, "lo"))
			continue;
		snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra",
			 entry->d_name);
		if (sysctl_read(path, value, sizeof(value)) == 0 &&
		    !strcmp(value, "1") &&
		    used + IFNAMSIZ + 1 < sizeof(f->listeners))
			used += (size_t)snprintf(f->listeners + used,
						 sizeof(f->listeners) - used,
						 "%.15s ", entry->d_name);
	}
	if (dir)
		closedir(dir);
}

static void accept_ra_each(const struct forwarding *f, const char *value)
{
	char names[sizeof(f->listeners)], *rest = names, *name;

	snprintf(names, sizeof(names), "%s", f->listeners);
	while ((name = strsep(&rest, " ")))
		if (*name)
			accept_ra_set(name, value);
}

static void forwarding_save(const struct forwarding *f)
{
	struct record r;

	record_begin(&r);
	record_add(&r, "ipv4", "%d", f->on4);
	record_add(&r, "ipv6", "%d", f->on6);
	record_add(&r, "listeners", "%s", f->listeners);
	if (record_save(&r, f->state_dir, FORWARDING_RECORD, true) < 0)
		log_warning("cannot write down that forwarding was switched "
			    "on: it will not be switched off again");
}

void forwarding_init(struct forwarding *f, struct nft *nft, int state_dir)
{
	struct record r;

	*f = (struct forwarding){.nft = nft, .state_dir = state_dir};
	if (record_load(&r, state_dir, FORWARDING_RECORD) < 0)
		return;
	f->on4 = f->known4 = record_get_number(&r, "ipv4");
	f->on6 = f->known6 = record_get_number(&r, "ipv6");
	snprintf(f->listeners, sizeof(f->listeners), "%s",
		 record_get(&r, "listeners"));
}

int forwarding_refill(struct forwarding *f, struct error *err)
{
	int r = f->on4 ? nft_set_no_router(f->nft, false, true, err) : 0;

	if (r == 0 && f->on6)
		r = nft_set_no_router(f->nft, true, true, err);
	return r;
}

/* The drop comes before the switch, and the record before both. */
static int forwarding_switch_on(struct forwarding *f, bool ipv6,
				struct error *err)
{
	const char *path = ipv6 ? FORWARDING_6 : FORWARDING_4;
	char value[16];
	int r = sysctl_read(path, value, sizeof(value));

	if (r < 0)
		return error_set(err, r, "cannot read %s: %s", path,
				 strerror(-r));
	if (strcmp(value, "0") != 0)
		return 0;
	*(ipv6 ? &f->on6 : &f->on4) = true;
	if (ipv6)
		accept_ra_note(f);
	forwarding_save(f);
	r = nft_set_no_router(f->nft, ipv6, true, err);
	if (r < 0)
		return r;
	if (ipv6)
		accept_ra_each(f, "2");
	log_info("forwarding of IPv%d is on for the namespaces alone",
		 ipv6 ? 6 : 4);
	return sysctl_write(path, "1", err);
}

int forwarding_need(struct forwarding *f, bool ipv4, bool ipv6,
		    struct error *err)
{
	int r = 0;

	if (ipv4 && !f->known4) {
		r = forwarding_switch_on(f, false, err);
		f->known4 = r == 0;
	}
	if (r == 0 && ipv6 && !f->known6) {
		r = forwarding_switch_on(f, true, err);
		f->known6 = r == 0;
	}
	return r;
}

void forwarding_done(struct forwarding *f)
{
	if (f->on4 && f->nft && sysctl_write(FORWARDING_4, "0", NULL) == 0)
		nft_set_no_router(f->nft, false, false, NULL);
	if (f->on6 && f->nft && sysctl_write(FORWARDING_6, "0", NULL) == 0) {
		accept_ra_each(f, "1");
		nft_set_no_router(f->nft, true, false, NULL);
	}
	f->on4 = f->on6 = f->known4 = f->known6 = false;
	unlinkat(f->state_dir, FORWARDING_RECORD, 0);
}
