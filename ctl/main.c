// SPDX-License-Identifier: GPL-2.0-or-later
/* netns-pam: parses the options before the command's name and runs the command.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/proto.h"
#include "ctl.h"

struct command {
	const char *name;
	ctl_command *run;
	const char *options; /* letters; NULL: the command parses its own */
	int least, most;     /* arguments */
	const char *arguments, *help;
};

static const struct option command_options[] = {
	{"debug", no_argument, NULL, 'd'},
	{"force", no_argument, NULL, 'f'},
	{"json", no_argument, NULL, 'j'},
	{"rhost", required_argument, NULL, 'r'},
	{"service", required_argument, NULL, 's'},
	{"tty", required_argument, NULL, 't'},
	{"user", required_argument, NULL, 'u'},
	{0},
};

static const struct command commands[] = {
	{"check", ctl_check, "j", 0, 1, "[FILE] [--json]",
	 "is the policy valid?"},
	{"explain", ctl_explain, "jrst", 1, 1,
	 "USER [--service S] [--tty T] [--rhost H] [--json]",
	 "which rule matches a login, and why"},
	{"status", ctl_status, "dj", 0, 0, "[--json | --debug]",
	 "namespaces and sessions"},
	{"up", ctl_up, "u", 1, 1, "NAME [--user U]", "make a namespace"},
	{"down", ctl_down, "fu", 1, 1, "NAME [--user U] [--force]",
	 "remove a namespace"},
	{"exec", ctl_exec, NULL, 0, 0, "NAME [--user U] [--] CMD...",
	 "run a command in a namespace"},
	{"reload", ctl_reload, "", 0, 0, "", "apply a changed policy"},
	{"kick", ctl_kick, "", 1, 1, "SESSION", "end a session"},
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

/* Return: are the options and the number of arguments the command's? */
static bool command_parse(const struct command *command, struct ctl *ctl,
			  int argc, char **argv)
{
	int c, n = 0;

	while ((c = getopt_long(argc, argv, "", command_options, &n)) != -1) {
		if (!strchr(command->options, c)) {
			if (c != '?')
				ctl_fail("%s has no option --%s", command->name,
					 command_options[n].name);
			return false;
		}
		ctl->given[c] = optarg ? optarg : "";
	}
	return argc - optind >= command->least &&
	       argc - optind <= command->most;
}

static int command_run(const struct command *command, struct ctl *ctl, int argc,
		       char **argv)
{
	static char program[] = "netns-pam";
	int status = CTL_USAGE;

	argv[0] = program;
	optind = 0; /* the command's options begin at argv[1] */
	if (!command->options)
		status = command->run(ctl, argc, argv);
	else if (command_parse(command, ctl, argc, argv))
		status = command->run(ctl, argc - optind, argv + optind);
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
