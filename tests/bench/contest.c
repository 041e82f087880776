// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The operations that the bench times, one at a time.
 *
 * Each times only the operation itself, warm, and checks its result.
 */
#include "contest.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/fdmsg.h"
#include "samples.h"

#define REQUEST_TIMEOUT_MS 20000
#define ECHO_TIMEOUT_MS	   300
#define ECHO_FLOW_PACKETS  200

/* Passes the time of a child to its parent. */
static volatile int64_t *result(void)
{
	static volatile int64_t *page;

	if (!page) {
		void *p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
			       /* cppcheck-suppress invalidFunctionArg */
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			err(1, "mmap");
		page = p;
	}
	return page;
}

static int64_t in_child(int64_t (*f)(const void *), const void *data)
{
	volatile int64_t *ns = result();
	int status;
	pid_t pid;

	*ns = -1;
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		*ns = f(data);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return *ns;
}

struct home {
	int net, mnt;
	struct stat st;
};

static struct home home_open(void)
{
	struct home home = {
		.net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC),
		.mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
	};

	if (home.net < 0 || home.mnt < 0 || fstat(home.net, &home.st) < 0)
		err(1, "/proc/self/ns");
	return home;
}

static bool home_left(const struct home *home)
{
	struct stat st;

	return !stat("/proc/self/ns/net", &st) && st.st_ino != home->st.st_ino;
}

/* For modules that do not return to the namespace at close. */
static void home_return(const struct home *home)
{
	if (setns(home->net, CLONE_NEWNET) < 0 ||
	    setns(home->mnt, CLONE_NEWNS) < 0)
		err(1, "setns");
}

static pam_handle_t *login_start(const char *confdir, const char *service,
				 const char *user)
{
	static const struct pam_conv conv = {.conv = NULL};
	pam_handle_t *pamh = NULL;

	if (pam_start_confdir(service, user, &conv, confdir, &pamh) !=
	    PAM_SUCCESS)
		errx(1, "pam_start_confdir(%s)", service);
	/* Reads the service file and loads its modules. */
	if (pam_acct_mgmt(pamh, PAM_SILENT) != PAM_SUCCESS)
		errx(1, "pam_acct_mgmt(%s)", service);
	return pamh;
}

static int64_t login_child(const void *data)
{
	const struct contest_login *login = data;
	struct home home = home_open();
	pam_handle_t *pamh;
	int64_t start, ns;
	int r;

	pamh = login_start(login->confdir, login->warm_service,
			   login->warm_user);
	r = pam_open_session(pamh, PAM_SILENT);
	if (r != PAM_SUCCESS) {
		warnx("%s of %s: %s", login->warm_service, login->warm_user,
		      pam_strerror(pamh, r));
		return -1;
	}
	pam_close_session(pamh, PAM_SILENT);
	pam_end(pamh, PAM_SUCCESS);
	home_return(&home);

	pamh = login_start(login->confdir, login->service, login->user);
	start = samples_now();
	r = pam_open_session(pamh, PAM_SILENT);
	ns = samples_now() - start;
	if (r != PAM_SUCCESS) {
		warnx("%s of %s: %s", login->service, login->user,
		      pam_strerror(pamh, r));
		return -1;
	}
	if (login->moves && !home_left(&home)) {
		warnx("%s of %s: did not move", login->service, login->user);
		ns = -1;
	}
	if (login->inside)
		ns = login->inside(login->data);
	pam_close_session(pamh, PAM_SILENT);
	pam_end(pamh, PAM_SUCCESS);
	return ns;
}

int64_t contest_login(const struct contest_login *login)
{
	return in_child(login_child, login);
}

static int64_t unshare_child(const void *data)
{
	int64_t start = samples_now();

	return unshare(CLONE_NEWNET) < 0 ? -1 : samples_now() - start;
}

int64_t contest_unshare(void)
{
	return in_child(unshare_child, NULL);
}

static int64_t setns_child(const void *path)
{
	int64_t start = samples_now();
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -1;
	close(fd);
	return samples_now() - start;
}

int64_t contest_setns(const char *path)
{
	return in_child(setns_child, path);
}

static int64_t inside_child(const void *data)
{
	const struct contest_inside *inside = data;
	_cleanup_close_ int fd = open(inside->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -1;
	return inside->inside(inside->data);
}

int64_t contest_inside(const struct contest_inside *inside)
{
	return in_child(inside_child, inside);
}

int64_t contest_program(const char *const *argv)
{
	int64_t start = samples_now();
	int status;
	pid_t pid;

	/* posix_spawnp(3) changes nothing in the strings. */
	if (posix_spawnp(&pid, argv[0], NULL, NULL,
			 (char *const *)(uintptr_t)argv, environ))
		return -1;
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return -1;
	return samples_now() - start;
}

int64_t contest_request(const char *socket, enum proto_op op, const char *name,
			const char *user, uid_t uid)
{
	struct proto_request request = {
		.magic = PROTO_MAGIC,
		.version = PROTO_VERSION,
		.op = (uint16_t)op,
		.uid = user ? uid : 0,
	};
	char packet[sizeof(struct proto_reply) + 4096];
	const struct proto_reply *reply = (const void *)packet;
	uint64_t deadline = deadline_in_ms(REQUEST_TIMEOUT_MS);
	int64_t start = samples_now();
	_cleanup_close_ int sock = -EBADF;
	size_t n_fds;
	ssize_t n;

	strncpy(request.name, name, sizeof(request.name) - 1);
	if (user)
		strncpy(request.user, user, sizeof(request.user) - 1);
	sock = fdmsg_connect(socket, deadline);
	if (sock < 0 || fdmsg_send(sock, &request, sizeof(request), NULL, 0,
				   NULL, 0, deadline) < 0)
		return -1;
	n = fdmsg_recv(sock, packet, sizeof(packet), NULL, 0, &n_fds, deadline);
	if (n < (ssize_t)sizeof(*reply))
		return -1;
	if (reply->verdict != PROTO_OK) {
		warnx("%s %s: %s", proto_op_name(op), name, reply->text);
		return -1;
	}
	return samples_now() - start;
}

static int echo_connect(const char *address, unsigned int port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port)};
	bool four = inet_pton(AF_INET, address, &sin.sin_addr) == 1;
	int fd, r;

	if (!four && inet_pton(AF_INET6, address, &sin6.sin6_addr) != 1)
		errx(1, "not an address: %s", address);
	fd = socket(four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	r = four ? connect(fd, (struct sockaddr *)&sin, sizeof(sin))
		 : connect(fd, (struct sockaddr *)&sin6, sizeof(sin6));
	return r < 0 ? close_fd(fd) : fd;
}

static int64_t echo_once(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t start = samples_now();
	char c = 'x';

	if (send(fd, &c, 1, 0) != 1 || poll(&p, 1, ECHO_TIMEOUT_MS) != 1 ||
	    recv(fd, &c, 1, 0) != 1)
		return -1;
	return samples_now() - start;
}

int64_t contest_echo(const char *address, unsigned int port)
{
	_cleanup_close_ int fd = echo_connect(address, port);

	return fd < 0 ? -1 : echo_once(fd);
}

int64_t contest_echo_flow(const char *address, unsigned int port)
{
	_cleanup_close_ int fd = echo_connect(address, port);
	struct samples samples = {.n = 0};
	int64_t ns;

	if (fd < 0 || echo_once(fd) < 0)
		return -1;
	for (int i = 0; i < ECHO_FLOW_PACKETS; i++)
		samples_add(&samples, echo_once(fd));
	ns = samples.failed ? -1 : (int64_t)(samples_ms(&samples, 0.5) * 1e6);
	free(samples.ns);
	return ns;
}
