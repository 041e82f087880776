/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts openvpn(8) as a child with a validated configuration, finds it again
 * after a restart of the daemon, and ends it. It outlives the daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "conf.h"
#include "files.h"
#include "helper/base/log.h"
#include "helper/base/timer.h"
#include "helper/helper.h"
#include "helper/instance/instance.h"
#include "helper/process/child.h"
#include "openvpn.h"
#include "talk.h"

/* openvpn creates its device and may bind a port below 1024. */
#define OPENVPN_CAPABILITIES                                                   \
	(UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_BIND_SERVICE)

/*
 * Descriptors that it inherits: a pipe for its output, the directory of its
 * socket, the directory of its configuration, and from OPENVPN_FILES_FD on
 * copies of the files.
 */
#define OPENVPN_OUTPUT "/proc/self/fd/3"
#define OPENVPN_SOCKET "/proc/self/fd/4/socket"
#define OPENVPN_CONF   "/proc/self/fd/5"

/* It does not run as root. Only root can reach the state directory above. */
#define OPENVPN_DIR_MODE    0733
#define OPENVPN_OUTPUT_MODE 0622

/* Return: a descriptor of o->dir, without a socket, or -errno with err set. */
static int openvpn_make_dir(const struct openvpn *o, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;

	openvpn_talk_end(o->socket);
	if (mkdir(o->dir, 0700) == 0 || errno == EEXIST)
		fd = fd_above_stdio(
			open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (fd < 0 || fchmod(fd, OPENVPN_DIR_MODE) < 0)
		return error_set(err, -errno, "%s: %m", o->dir);
	return take_fd(&fd);
}

/* output: for OPENVPN_OUTPUT; fds: OPENVPN_SOCKET, OPENVPN_CONF, the files. */
static int openvpn_run(struct openvpn *o, const struct openvpn_conf *conf,
		       int output, const int *fds,
		       const struct child_events *events, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct instance *i = o->instance;
	char device[IFNAMSIZ], verb[12];
	struct stat st;
	bool open_to_all = fstat(fds[1], &st) == 0 && st.st_mode & S_IXOTH;
	const char *const argv[] =
		{"openvpn",
		 /* Before the management interface: openvpn_watch_early(). */
		 "--log", OPENVPN_OUTPUT, "--suppress-timestamps",
		 /* The file, as validated. */
		 "--cd", open_to_all ? OPENVPN_CONF : "/", "--config", "stdin",
		 "--verb", verb, "--mute", "100",
		 /* Keep the device when a reconnect changes nothing. */
		 "--dev", device, "--dev-type", conf->tap ? "tap" : "tun",
		 "--persist-tun",
		 /*
		  * On SIGHUP it reads its configuration again, finds none, and
		  * would run without encryption; --tls-client makes it exit.
		  */
		 conf->tls ? "--tls-client" : "--persist-tun",
		 /* It must not configure anything, or start a program. */
		 "--ifconfig-noexec", "--route-noexec", "--script-security",
		 "0", "--management", OPENVPN_SOCKET, "unix",
		 "--management-hold", "--management-query-passwords",
		 "--management-up-down",
		 /*
		  * A device of the kernel module (DCO) cannot be moved; 2.7
		  * runs a program for name servers. Older versions know
		  * neither.
		  */
		 "--ignore-unknown-option", "disable-dco", "dns-updown",
		 "--disable-dco", "--dns-updown", "disable", NULL};
	struct child_command command = {
		.label = o->label,
		.argv = argv,
		.package = "openvpn",
		.netns = -1, /* the daemon's: the host's */
		.pass_fd = output,
		.pass_more = fds,
		.n_pass_more = conf->n_files + 2,
		.capabilities = OPENVPN_CAPABILITIES,
	};
	int r;

	openvpn_device_name(i, device);
	snprintf(verb, sizeof(verb), "%u", conf->verb);
	text = openvpn_files_text(conf, &command.input_bytes);
	if (!text)
		return error_set(err, -ENOMEM, "out of memory");
	command.input = text;
	child_user(CHILD_USER, &command.uid, &command.gid);
	r = instance_start_child(i, &command, events, err);
	explicit_bzero(text, command.input_bytes);
	return r;
}

static void openvpn_remember(struct openvpn *o, const struct openvpn_conf *conf)
{
	snprintf(o->remote, sizeof(o->remote), "%s", conf->remote);
	o->tap = conf->tap;
	o->own_redirect4 = conf->redirect4;
	o->nopull = conf->nopull;
	openvpn_program_forget(o);
	while (o->n_files < conf->n_files) {
		const char *path = conf->files[o->n_files].path;

		o->files[o->n_files] = strdup(path);
		if (!o->files[o->n_files])
			return;
		o->n_files++;
	}
}

void openvpn_program_forget(struct openvpn *o)
{
	while (o->n_files)
		free(o->files[--o->n_files]);
}

/* Opens all descriptors that it inherits, and runs it. */
static int openvpn_prepare(struct openvpn *o, const struct openvpn_conf *conf,
			   int output, const struct child_events *events,
			   struct error *err)
{
	_cleanup_close_ int dir = openvpn_make_dir(o, err);
	_cleanup_close_ int from = fd_above_stdio(
		open(conf->dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
	int fds[2 + OPENVPN_FILES_MAX] = {dir, from}, r;

	if (dir < 0)
		return dir;
	if (from < 0)
		return error_set(err, -errno, "%s: %m", conf->dir);
	r = openvpn_files_open(o->path, conf, from, fds + 2, err);
	if (r < 0)
		return r;
	r = openvpn_run(o, conf, output, fds, events, err);
	openvpn_files_close(fds + 2, conf->n_files);
	return r;
}

int openvpn_program_start(struct openvpn *o, const struct child_events *events,
			  struct error *err)
{
	struct openvpn_conf *conf;
	int pipes[2] = {-EBADF, -EBADF};
	int r = openvpn_conf_load(o->path, &conf, err);

	if (r < 0)
		return r;
	openvpn_remember(o, conf);
	if (conf->owner_line && o->instance->making)
		log_warning("%s:%u: user and group are ignored: openvpn runs as the user netns-pam",
			    o->path, conf->owner_line);
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    fchmod(pipes[1], OPENVPN_OUTPUT_MODE) < 0) {
		r = error_set(err, -errno, "pipe: %m");
		close_fd(pipes[0]);
		close_fd(pipes[1]);
		openvpn_conf_free(conf);
		return r;
	}
	o->early = close_fd(o->early);
	o->early = pipes[0];
	r = openvpn_prepare(o, conf, pipes[1], events, err);
	close_fd(pipes[1]);
	openvpn_conf_free(conf);
	return r;
}

void openvpn_program_clear(const struct openvpn *o)
{
	if (!o->instance->child)
		openvpn_talk_end(o->socket);
	else
		unlink(o->socket);
	if (rmdir(o->dir) < 0 && errno != ENOENT)
		timer_arm(o->instance->helper->leftovers, HELPER_LEFTOVERS_US);
}

int openvpn_program_adopt(struct openvpn *o, const struct child_events *events)
{
	struct instance *i = o->instance;
	struct openvpn_conf *conf;
	int answer;

	answer = o->path ? openvpn_conf_load(o->path, &conf, NULL) : -ENOENT;
	if (answer_is_failure(answer))
		return answer;
	if (answer == 0) {
		openvpn_remember(o, conf);
		openvpn_conf_free(conf);
	}
	return child_adopt(i->helper, i->pid, i->process, o->label, events,
			   &i->child);
}
