/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privs.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * For programs that the daemon starts (child.h): dnsmasq needs its port and
 * another user, DHCP clients raw sockets, `up` those of an administrator. They
 * are kept in the permitted set; CAP_KILL is also effective, to end them.
 */
static const unsigned int privs_for_children[] = {
	CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_SETUID, CAP_SETGID, CAP_KILL,
	CAP_CHOWN,   CAP_DAC_OVERRIDE,	   CAP_FOWNER,
};

/* Return: 0 or -1. */
static int privs_keep_for_children(const bool *had)
{
	const size_t n = sizeof(privs_for_children) / sizeof(unsigned int);

	for (size_t i = 0; i < n; i++) {
		unsigned int cap = privs_for_children[i];

		if (had[i] &&
		    capng_update(CAPNG_ADD,
				 cap == CAP_KILL
					 ? CAPNG_EFFECTIVE | CAPNG_PERMITTED
					 : CAPNG_PERMITTED,
				 cap) < 0)
			return -1;
	}
	return 0;
}

int privs_drop(struct error *err)
{
	bool had[sizeof(privs_for_children) / sizeof(unsigned int)];
	const struct rlimit none = {0, 0};
	struct rlimit files;

	if (geteuid() != 0)
		return error_set(err, -EPERM, "netns-pamd must run as root");
	if (capng_get_caps_process() < 0)
		return error_set(err, -EPERM, "cannot read my capabilities");
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return error_set(
			err, -EPERM,
			"netns-pamd needs CAP_NET_ADMIN and CAP_SYS_ADMIN: check the service's CapabilityBoundingSet=, or the container it runs in");
	for (size_t i = 0; i < sizeof(had) / sizeof(had[0]); i++)
		had[i] = capng_have_capability(CAPNG_PERMITTED,
					       privs_for_children[i]);
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			  CAP_NET_ADMIN, CAP_SYS_ADMIN, -1) < 0 ||
	    privs_keep_for_children(had) < 0 ||
	    capng_apply(CAPNG_SELECT_CAPS) < 0)
		return error_set(err, -EPERM, "cannot drop capabilities");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	/* Each session takes two descriptors. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return 0;
}
