/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

bool target_publish_clash(const struct target_publish *a,
			  const struct target_publish *b)
{
	if (a->host_port != b->host_port)
		return false;
	if (a->protocol != b->protocol && a->protocol != TARGET_ANY &&
	    b->protocol != TARGET_ANY)
		return false;
	return a->address.family == AF_UNSPEC ||
	       b->address.family == AF_UNSPEC ||
	       inet_prefix_overlaps(&a->address, &b->address);
}
