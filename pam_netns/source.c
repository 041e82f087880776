/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "common/proto.h"
#include "outcome.h"

/* Return: 0, -ENOENT when the helper has published none, -errno. */
static int last_good_read(const struct options *options, struct policy **ret)
{
	char path[PATH_MAX];
	struct stat st;
	int r = options_state_path(options, PROTO_LAST_GOOD, path);

	if (r < 0)
		return r;
	if (lstat(path, &st) < 0)
		return -errno;
	return policy_load_file(path, ret, NULL, NULL);
}

bool source_is_shortage(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -ENOMEM;
}

int source_read(pam_handle_t *pamh, const struct options *options,
		struct policy **ret, struct error *err)
{
	struct policy *now = NULL, *last = NULL;
	int r = policy_load(options->config, &now, NULL, err), fallback;

	if (r == 0 && policy_has_file(now, options->config)) {
		*ret = now;
		return 0;
	}
	if (source_is_shortage(r))
		return r;

	fallback = last_good_read(options, &last);
	/* A policy of drop-ins alone, as netns-pamd has it, too. */
	if (now && last && now->digest == last->digest) {
		policy_free(last);
		*ret = now;
		return 0;
	}
	if (fallback == 0) {
		if (r == 0)
			error_set(err, -ENOENT, "%s is not there",
				  options->config);
		outcome_log(
			pamh, LOG_WARNING,
			"%s: the last good policy is used instead (see netns-pam check)",
			err->text);
		policy_free(now);
		*ret = last;
		return 0;
	}
	if (r == 0 && fallback == -ENOENT) {
		*ret = now;
		return 0;
	}
	policy_free(now);
	if (r == 0)
		return error_set(
			err, fallback,
			"%s is not there, and the last good policy in %s cannot be read: %s",
			options->config, options->state_dir,
			strerror(-fallback));
	return r;
}
