/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firewall.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "guard.h"
#include "helper.h"
#include "instance.h"
#include "log.h"
#include "nft.h"

#define FIREWALL_TRIES	  100
#define FIREWALL_PAUSE_NS 20000000

static int firewall_load(struct helper *h, struct error *err)
{
	int r = nft_load(h->nft, err);

	if (r == 0)
		r = forwarding_refill(&h->forwarding, err);
	if (r == 0)
		r = instance_refill(h, err);
	if (r == 0)
		r = guard_reload(h, err);
	return r;
}

void firewall_open(struct helper *h)
{
	const struct timespec pause = {.tv_nsec = FIREWALL_PAUSE_NS};
	struct error why;
	int r = nft_open(&h->nft, &why);

	forwarding_init(&h->forwarding, h->nft, h->state_dir);
	if (r == 0)
		r = firewall_load(h, &why);
	/* A helper that was killed just now may not be quite gone yet. */
	for (int i = 0; r == -EPERM && i < FIREWALL_TRIES; i++) {
		nanosleep(&pause, NULL);
		r = firewall_load(h, &why);
	}
	if (r < 0)
		log_error("no firewall: %s; logins that need it are refused",
			  why.text);
}

int firewall_ensure(struct helper *h, struct error *err)
{
	if (!h->nft)
		return error_set(err, -EAGAIN,
				 "this needs a firewall, and the kernel has no "
				 "nf_tables");
	return nft_is_loaded(h->nft) ? 0 : firewall_load(h, err);
}

static int firewall_on_event(sd_event_source *source, int fd, uint32_t events,
			     void *data)
{
	struct helper *h = data;
	struct error why;

	(void)source;
	(void)fd;
	(void)events;
	if (!nft_monitor_read(h->nft))
		return 0;
	/* Once gone it is made anew, here or by the next firewall_ensure(). */
	log_warning("somebody removed the firewall table inet netns_pam: put "
		    "back");
	if (firewall_load(h, &why) < 0)
		log_error("%s", why.text);
	return 0;
}

int firewall_watch(struct helper *h, struct error *err)
{
	int r = 0;

	if (h->nft)
		r = sd_event_add_io(h->event, NULL, nft_monitor_fd(h->nft),
				    EPOLLIN, firewall_on_event, h);
	if (r < 0)
		return error_set(err, r, "cannot watch nftables: %s",
				 strerror(-r));
	return 0;
}
