/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privs.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int privs_drop(struct error *err)
{
	const struct rlimit none = {0, 0};
	struct rlimit files;

	if (geteuid() != 0)
		return error_set(err, -EPERM, "netns-pamd must run as root");
	if (capng_get_caps_process() < 0)
		return error_set(err, -EPERM, "cannot read my capabilities");
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return error_set(err, -EPERM,
				 "netns-pamd needs CAP_NET_ADMIN and "
				 "CAP_SYS_ADMIN: check the service's "
				 "CapabilityBoundingSet=, or the container it "
				 "runs in");
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			  CAP_NET_ADMIN, CAP_SYS_ADMIN, -1) < 0 ||
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
