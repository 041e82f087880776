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

int privs_drop(struct error *err)
{
	const capng_type_t both = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
	bool had[sizeof(privs_for_children) / sizeof(unsigned int)];
	const struct rlimit none = {0, 0};
	struct rlimit files;
	int r;

	if (geteuid() != 0)
		return error_set(err, -EPERM, "netns-pamd must run as root");
	if (capng_get_caps_process() < 0)
		return error_set(err, -EPERM, "cannot read my capabilities");
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return error_set(err, -EPERM,
				 "netns-pamd needs CAP_NET_ADMIN and CAP_SYS_ADMIN: check the service's CapabilityBoundingSet=, or the container it runs in");
	for (size_t i = 0; i < sizeof(had) / sizeof(had[0]); i++)
		had[i] = capng_have_capability(CAPNG_PERMITTED,
					       privs_for_children[i]);
	capng_clear(CAPNG_SELECT_BOTH);
	r = capng_updatev(CAPNG_ADD, both, CAP_NET_ADMIN, CAP_SYS_ADMIN, -1);
	for (size_t i = 0; r >= 0 && i < sizeof(had) / sizeof(had[0]); i++) {
		unsigned int cap = privs_for_children[i];

		if (had[i])
			r = capng_update(CAPNG_ADD,
					 cap == CAP_KILL ? both
							 : CAPNG_PERMITTED,
					 cap);
	}
	if (r < 0 || capng_apply(CAPNG_SELECT_CAPS) < 0)
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
