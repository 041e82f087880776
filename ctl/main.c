// SPDX-License-Identifier: GPL-2.0-or-later
/* netns-pam: reads the options before the command's name, and runs the command.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/proto.h"
#include "ctl.h"

struct command {
	const char *name;
	int (*run)(const struct ctl *ctl, int argc, char **argv);
	const char *arguments, *help;
};

static const struct command commands[] = {
	{"check", ctl_check, "[FILE] [--json]", "is the policy valid?"},
	{"explain", ctl_explain,
	 "USER [--service S] [--tty T] [--rhost H] [--json]",
	 "which rule a login meets, and why"},
	{"status", ctl_status, "[--json | --debug]", "namespaces and sessions"},
	{"up", ctl_up, "NAME [--user U]", "build a namespace"},
	{"down", ctl_down, "NAME [--user U] [--force]", "remove it"},
	{"exec", ctl_exec, "NAME [--user U] [--] CMD...",
	 "run a command as a session would"},
	{"reload", ctl_reload, "", "put a changed policy to work"},
	{"kick", ctl_kick, "SESSION", "end a session"},
};

static const size_t n_commands = sizeof(commands) / sizeof(*commands);

static void usage(FILE *out)
{
	fputs("usage: netns-pam [--config PATH] [--socket PATH] COMMAND ...\n",
	      out);
	for (size_t i = 0; i < n_commands; i++)
		fprintf(out, "  %s %s\n          %s\n", commands[i].name,
			commands[i].arguments, commands[i].help);
	fputs("See netns-pam(8).\n", out);
}

static int command_run(const struct command *command, const struct ctl *ctl,
		       int argc, char **argv)
{
	static char program[] = "netns-pam";
	int status;

	argv[0] = program;
	optind = 0; /* the command's options begin at argv[1] */
	status = command->run(ctl, argc, argv);
	if (status == CTL_USAGE)
		fprintf(stderr, "usage: netns-pam %s %s\n", command->name,
			command->arguments);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"socket", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	struct ctl ctl = {.config = POLICY_FILE, .socket = PROTO_SOCKET};
	int c;

	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			ctl.config = optarg;
			break;
		case 's':
			ctl.socket = optarg;
			break;
		case 'h':
			usage(stdout);
			return CTL_YES;
		case 'v':
			puts("netns-pam " VERSION);
			return CTL_YES;
		default:
			usage(stderr);
			return CTL_USAGE;
		}
	}
	for (size_t i = 0; optind < argc && i < n_commands; i++)
		if (!strcmp(commands[i].name, argv[optind]))
			return command_run(&commands[i], &ctl, argc - optind,
					   argv + optind);
	if (optind < argc)
		ctl_fail("no such command: '%s'", argv[optind]);
	usage(stderr);
	return CTL_USAGE;
}
