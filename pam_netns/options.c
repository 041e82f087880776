/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "common/names.h"
#include "common/policy/policy.h"
#include "common/proto.h"

static int options_check_path(const char *argument, const char *path,
			      size_t size, struct error *err)
{
	if (path[0] != '/' || !path[1] || path[strlen(path) - 1] == '/')
		return error_set(err, -EINVAL,
				 "%s: not the absolute path of a file",
				 argument);
	if (strlen(path) >= size)
		return error_set(err, -EINVAL,
				 "%.*s: the path has more than %zu bytes",
				 (int)strcspn(argument, "=") + 1, argument,
				 size - 1);
	return 0;
}

static int options_parse_one(const char *argument, struct options *o,
			     struct error *err)
{
	const struct {
		const char *key;
		const char **value;
		size_t path_size; /* 0: it is no path */
	} keys[] = {
		{"config=", &o->config, PATH_MAX},
		{"socket=", &o->socket,
		 sizeof(((struct sockaddr_un *)0)->sun_path)},
		{"namespace=", &o->namespace, 0},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value;

		if (strncmp(argument, keys[i].key, strlen(keys[i].key)) != 0)
			continue;
		value = argument + strlen(keys[i].key);
		*keys[i].value = value;
		if (keys[i].path_size)
			return options_check_path(argument, value,
						  keys[i].path_size, err);
		if (name_is_policy(value))
			return 0;
		return error_set(err, -EINVAL,
				 "%s: not a valid name of a namespace",
				 argument);
	}
	if (strcmp(argument, "debug") == 0) {
		o->debug = true;
		return 0;
	}
	return error_set(err, -EINVAL,
			 "unknown option \"%s\" in the PAM file (known: config=, socket=, namespace= and debug)",
			 argument);
}

int options_parse(int argc, const char **argv, struct options *ret,
		  struct error *err)
{
	struct options o = {.config = POLICY_FILE, .socket = PROTO_SOCKET};
	int first = 0;

	for (int i = 0; i < argc; i++) {
		struct options with = o;
		int r = options_parse_one(argv[i], &with, first ? NULL : err);

		if (r == 0)
			o = with;
		else if (!first)
			first = r;
	}
	*ret = o;
	return first;
}
