/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "common/names.h"
#include "common/policy/policy.h"
#include "common/proto.h"

/* Return: what follows "KEY=", or NULL when it is another argument. */
static const char *value_of(const char *argument, const char *key)
{
	size_t n = strlen(key);

	return strncmp(argument, key, n) == 0 && argument[n] == '='
		       ? argument + n + 1
		       : NULL;
}

static int path_check(const char *key, const char *path, size_t size,
		      struct error *err)
{
	if (path[0] != '/' || !path[1] || path[strlen(path) - 1] == '/')
		return error_set(err, -EINVAL,
				 "%s=%s: an absolute path of a file is wanted",
				 key, path);
	if (strlen(path) >= size)
		return error_set(err, -EINVAL,
				 "%s=: the path has more than %zu bytes", key,
				 size - 1);
	return 0;
}

static int option_parse(const char *argument, struct options *o,
			struct error *err)
{
	const char *value;

	if (strcmp(argument, "debug") == 0) {
		o->debug = true;
		return 0;
	}
	value = value_of(argument, "config");
	if (value) {
		o->config = value;
		return path_check("config", value, PATH_MAX, err);
	}
	value = value_of(argument, "socket");
	if (value) {
		o->socket = value;
		return path_check("socket", value,
				  sizeof(((struct sockaddr_un *)0)->sun_path),
				  err);
	}
	value = value_of(argument, "namespace");
	if (value) {
		o->namespace = value;
		if (name_is_policy(value))
			return 0;
		return error_set(
			err, -EINVAL,
			"namespace=%s: no namespace can have this name", value);
	}
	return error_set(
		err, -EINVAL,
		"unknown option \"%s\" in the PAM file (there are config=, socket=, namespace= and debug)",
		argument);
}

int options_parse(int argc, const char **argv, struct options *ret,
		  struct error *err)
{
	struct options o = {.config = POLICY_FILE, .socket = PROTO_SOCKET};
	int first = 0;

	for (int i = 0; i < argc; i++) {
		struct options with = o;
		int r = option_parse(argv[i], &with, first ? NULL : err);

		if (r == 0)
			o = with;
		else if (!first)
			first = r;
	}
	*ret = o;
	return first;
}
