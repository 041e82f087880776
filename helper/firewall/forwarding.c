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
#include "helper/kernel/sysctl.h"
#include "nft.h"

#define FORWARDING_RECORD "forwarding"
#define FORWARDING_4	  "net/ipv4/ip_forward"
#define FORWARDING_6	  "net/ipv6/conf/all/forwarding"

#define REDIRECTS_4 "net/ipv4/conf/all/accept_redirects"

/* --- lists of interfaces --- */

/* Those whose conf/IFNAME/key is `value`; "default" stands for future ones. */
static void list_note(const char *family, const char *key, const char *value,
		      char *ret, size_t size)
{
	char path[64];
	const struct dirent *entry;
	size_t used = 0;
	DIR *dir;

	ret[0] = '\0';
	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf", family);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
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
	if (dir)
		closedir(dir);
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

/* --- what is remembered --- */

static int forwarding_save(const struct forwarding *f, struct error *err)
{
	struct record r;
	int n;

	record_begin(&r);
	record_add(&r, "ipv4", "%d", f->on4);
	record_add(&r, "ipv6", "%d", f->on6);
	record_add(&r, "redirects", "%s", f->redirects);
	record_add(&r, "listeners", "%s", f->listeners);
	record_add(&r, "forwarders4", "%s", f->forwarders4);
	record_add(&r, "forwarders6", "%s", f->forwarders6);
	n = record_save(&r, f->state_dir, FORWARDING_RECORD, true);
	if (n < 0)
		return error_set(err, n,
				 "cannot write down what forwarding was: %s",
				 strerror(-n));
	return 0;
}

void forwarding_init(struct forwarding *f, struct nft *nft, int state_dir)
{
	struct record r;

	*f = (struct forwarding){.nft = nft, .state_dir = state_dir};
	/* What a helper that was killed had only begun to write. */
	unlinkat(state_dir, "." FORWARDING_RECORD, 0);
	if (record_load(&r, state_dir, FORWARDING_RECORD) < 0)
		return;
	f->on4 = record_get_number(&r, "ipv4");
	f->on6 = record_get_number(&r, "ipv6");
	snprintf(f->redirects, sizeof(f->redirects), "%s",
		 record_get(&r, "redirects"));
	snprintf(f->listeners, sizeof(f->listeners), "%s",
		 record_get(&r, "listeners"));
	snprintf(f->forwarders4, sizeof(f->forwarders4), "%s",
		 record_get(&r, "forwarders4"));
	snprintf(f->forwarders6, sizeof(f->forwarders6), "%s",
		 record_get(&r, "forwarders6"));
}

void forwarding_print(const struct forwarding *f, FILE *out)
{
	nft_print_no_router(out, false, f->on4);
	nft_print_no_router(out, true, f->on6);
}

static int forwarding_drop(const struct forwarding *f, bool ipv6, bool on,
			   struct error *err)
{
	_cleanup_free_ char *commands = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&commands, &bytes);

	if (!out)
		return error_set(err, -ENOMEM, "out of memory");
	nft_print_no_router(out, ipv6, on);
	if (fclose(out) != 0)
		return error_set(err, -ENOMEM, "out of memory");
	return nft_run(f->nft, commands, err);
}

/* --- on and off --- */

/* The record comes before the drop, and the drop before the switch. */
static int forwarding_switch_on(struct forwarding *f, bool ipv6,
				struct error *err)
{
	const char *path = ipv6 ? FORWARDING_6 : FORWARDING_4;
	bool *on = ipv6 ? &f->on6 : &f->on4;
	bool was;
	char value[16];
	int r = sysctl_read(path, value, sizeof(value));

	if (r < 0)
		return error_set(err, r, "cannot read %s: %s", path,
				 strerror(-r));
	if (strcmp(value, "0") != 0)
		return 0;
	if (!*on && ipv6) {
		list_note("ipv6", "accept_ra", "1", f->listeners,
			  sizeof(f->listeners));
		list_note("ipv6", "forwarding", "1", f->forwarders6,
			  sizeof(f->forwarders6));
	} else if (!*on) {
		list_note("ipv4", "forwarding", "1", f->forwarders4,
			  sizeof(f->forwarders4));
		if (sysctl_read(REDIRECTS_4, f->redirects,
				sizeof(f->redirects)) < 0)
			f->redirects[0] = '\0';
	}
	was = *on;
	*on = true;
	r = forwarding_save(f, err);
	if (r < 0) {
		*on = was;
		return r;
	}
	r = forwarding_drop(f, ipv6, true, err);
	if (r < 0)
		return r;
	if (ipv6)
		list_set(f->listeners, "ipv6", "accept_ra", "2");
	log_info("forwarding of IPv%d is on for the namespaces alone",
		 ipv6 ? 6 : 4);
	r = sysctl_write(path, "1", err);
	if (!ipv6 && f->redirects[0])
		sysctl_write(REDIRECTS_4, f->redirects, NULL);
	return r;
}

int forwarding_need(struct forwarding *f, bool ipv4, bool ipv6,
		    struct error *err)
{
	int r = ipv4 ? forwarding_switch_on(f, false, err) : 0;

	return r == 0 && ipv6 ? forwarding_switch_on(f, true, err) : r;
}

void forwarding_done(struct forwarding *f)
{
	if (!f->nft || (!f->on4 && !f->on6))
		return;
	if (f->on4 && sysctl_write(FORWARDING_4, "0", NULL) == 0) {
		list_set(f->forwarders4, "ipv4", "forwarding", "1");
		/* The kernel set it to 1 with the switch (devinet.c). */
		if (f->redirects[0])
			sysctl_write(REDIRECTS_4, f->redirects, NULL);
		f->on4 = false;
		forwarding_drop(f, false, false, NULL);
	}
	if (f->on6 && sysctl_write(FORWARDING_6, "0", NULL) == 0) {
		list_set(f->forwarders6, "ipv6", "forwarding", "1");
		list_set(f->listeners, "ipv6", "accept_ra", "1");
		f->on6 = false;
		forwarding_drop(f, true, false, NULL);
	}
	/* What could not be switched off is tried again the next time. */
	if (f->on4 || f->on6) {
		log_warning("cannot switch forwarding off again");
		forwarding_save(f, NULL);
		return;
	}
	unlinkat(f->state_dir, FORWARDING_RECORD, 0);
}
