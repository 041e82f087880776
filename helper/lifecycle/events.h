/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to namespaces: to their links and names. */
#ifndef NETNS_PAM_HELPER_LIFECYCLE_EVENTS_H
#define NETNS_PAM_HELPER_LIFECYCLE_EVENTS_H

struct helper;
struct rtnl_link;

/* A link of the host was deleted (RTM_DELLINK). */
void events_link_gone(struct helper *h, const struct rtnl_link *link);

/* Events were lost: look for links that are gone. */
void events_resync(struct helper *h);

/* A file below the directory of names was removed: was it one of ours? */
void events_name_gone(struct helper *h, const char *name);

#endif
