/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and descriptors through a socket pair; connecting to a listener. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/fdmsg.h"

static int pair[2];

static int pair_open(void **state)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int pair_close(void **state)
{
	close_fd(pair[0]);
	close_fd(pair[1]);
	return 0;
}

static int fd_count(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int send_fds(const int *fds, size_t n)
{
	return fdmsg_send(pair[0], "x", 1, NULL, 0, fds, n,
			  deadline_in_ms(1000));
}

static ssize_t recv_fds(int *fds, size_t max, size_t *n)
{
	char c;

	return fdmsg_recv(pair[1], &c, 1, fds, max, n, deadline_in_ms(1000));
}

static void two_parts_arrive_as_one_packet(void **state)
{
	char buf[64];
	size_t n_fds = 9;

	assert_int_equal(fdmsg_send(pair[0], "head", 4, "and tail", 8, NULL, 0,
				    deadline_in_ms(1000)),
			 0);
	assert_int_equal(fdmsg_recv(pair[1], buf, sizeof(buf), NULL, 0, &n_fds,
				    deadline_in_ms(1000)),
			 12);
	assert_memory_equal(buf, "headand tail", 12);
	assert_int_equal(n_fds, 0);
}

static void a_packet_of_66000_bytes_arrives(void **state)
{
	static char out[66000], in[66001];
	size_t n_fds;

	memset(out, 'z', sizeof(out));
	assert_int_equal(fdmsg_send(pair[0], out, 736, out + 736,
				    sizeof(out) - 736, NULL, 0,
				    deadline_in_ms(1000)),
			 0);
	assert_int_equal(fdmsg_recv(pair[1], in, sizeof(in), NULL, 0, &n_fds,
				    deadline_in_ms(1000)),
			 sizeof(out));
	assert_memory_equal(in, out, sizeof(out));
}

static void up_to_two_descriptors_arrive(void **state)
{
	struct stat sent, got;
	int fds[2], in[2] = {-1, -1};
	size_t n = 0;

	for (size_t count = 1; count <= 2; count++) {
		fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		fds[1] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
		assert_int_equal(send_fds(fds, count), 0);
		assert_int_equal(recv_fds(in, 2, &n), 1);
		assert_int_equal(n, count);
		for (size_t i = 0; i < count; i++) {
			assert_true(in[i] > 2);
			assert_int_equal(fcntl(in[i], F_GETFD), FD_CLOEXEC);
			fstat(fds[i], &sent);
			fstat(in[i], &got);
			assert_int_equal(sent.st_rdev, got.st_rdev);
			close(in[i]);
		}
		close(fds[0]);
		close(fds[1]);
	}
	assert_int_equal(send_fds(fds, 3), -EINVAL);
}

static void unexpected_descriptors_are_refused_and_closed(void **state)
{
	int before, fds[2] = {0, 0}, in[2] = {-1, -1};
	size_t n = 7;

	before = fd_count();
	for (size_t sent = 1; sent <= 2; sent++)
		for (size_t wanted = 0; wanted < sent; wanted++) {
			assert_int_equal(send_fds(fds, sent), 0);
			assert_int_equal(recv_fds(in, wanted, &n), -EBADMSG);
			assert_int_equal(n, 0);
			assert_int_equal(in[0], -1);
			assert_int_equal(fd_count(), before);
		}
}

static void send_control(int level, int type, const void *data, size_t bytes)
{
	static union {
		struct cmsghdr align;
		char bytes[2048];
	} control;
	struct iovec part = {(char[1]){'x'}, 1};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = CMSG_SPACE(bytes)};

	memset(&control, 0, sizeof(control));
	control.align.cmsg_level = level;
	control.align.cmsg_type = type;
	control.align.cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(&control.align), data, bytes);
	assert_int_equal(sendmsg(pair[0], &m, 0), 1);
}

static void up_to_253_descriptors_are_refused_and_closed(void **state)
{
	int before, fds[253] = {0}, in[2];
	size_t n;

	before = fd_count();
	for (size_t count = 3; count <= 253; count += 25) {
		send_control(SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof(int));
		assert_int_equal(recv_fds(in, 2, &n), -EBADMSG);
		assert_int_equal(fd_count(), before);
	}
}

static void other_control_messages_are_refused(void **state)
{
	struct ucred me = {getpid(), getuid(), getgid()};
	int on = 1, before, in[2];
	size_t n;

	before = fd_count();
	assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on,
				    sizeof(on)),
			 0);
	send_control(SOL_SOCKET, SCM_CREDENTIALS, &me, sizeof(me));
	assert_int_equal(recv_fds(in, 2, &n), -EBADMSG);
	/* Descriptors in the same packet are closed. */
	assert_int_equal(send_fds((int[]){0, 0}, 2), 0);
	assert_int_equal(recv_fds(in, 2, &n), -EBADMSG);
	assert_int_equal(fd_count(), before);
}

static void a_packet_larger_than_the_buffer_is_refused(void **state)
{
	char small[3];
	size_t n;
	int before = fd_count();

	assert_int_equal(fdmsg_send(pair[0], "long", 4, NULL, 0, (int[]){0, 1},
				    2, deadline_in_ms(1000)),
			 0);
	assert_int_equal(fdmsg_recv(pair[1], small, sizeof(small),
				    (int[]){0, 0}, 2, &n, deadline_in_ms(1000)),
			 -EBADMSG);
	assert_int_equal(fd_count(), before);
}

static void too_few_free_descriptors_the_packet_is_refused(void **state)
{
	struct rlimit old, tight;
	int in[2], next;
	size_t n;

	assert_int_equal(send_fds((int[]){0, 0}, 2), 0);
	next = dup(0);
	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	tight = old;
	tight.rlim_cur = (rlim_t)next + 1; /* room for one of the two */
	setrlimit(RLIMIT_NOFILE, &tight);
	assert_int_equal(recv_fds(in, 2, &n), -EBADMSG);
	assert_true(fcntl(next, F_GETFD) < 0);
	setrlimit(RLIMIT_NOFILE, &old);
}

static void a_descriptor_is_above_2_when_stdio_is_closed(void **state)
{
	int status, sent = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	assert_int_equal(send_fds(&sent, 1), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int fd = -1;
		size_t n;

		close(0);
		close(1);
		close(2);
		if (recv_fds(&fd, 1, &n) != 1 || fd < 3 ||
		    fcntl(fd, F_GETFD) != FD_CLOEXEC)
			_exit(1);
		for (int i = 0; i < 3; i++)
			if (fcntl(i, F_GETFD) >= 0)
				_exit(2);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(sent);
}

static void the_peer_has_closed_the_socket(void **state)
{
	char c;
	size_t n;

	pair[0] = close_fd(pair[0]);
	assert_int_equal(fdmsg_recv(pair[1], &c, 1, NULL, 0, &n,
				    deadline_in_ms(1000)),
			 0);
	/* No SIGPIPE. */
	assert_int_equal(fdmsg_send(pair[1], "x", 1, NULL, 0, NULL, 0,
				    deadline_in_ms(1000)),
			 -EPIPE);
}

static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	ticks++;
}

static void signals_do_not_change_the_deadline(void **state)
{
	struct itimerval every = {{0, 10000}, {0, 10000}}, off = {{0}, {0}};
	struct sigaction act = {.sa_handler = tick}, old;
	uint64_t began = deadline_now_ms(), took;
	size_t n;
	char c;

	sigaction(SIGALRM, &act, &old);
	setitimer(ITIMER_REAL, &every, NULL);
	assert_int_equal(fdmsg_recv(pair[1], &c, 1, NULL, 0, &n, began + 300),
			 -ETIMEDOUT);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	took = deadline_now_ms() - began;
	assert_true(ticks > 3);
	assert_in_range(took, 300, 800);
}

static void sending_to_a_full_socket_ends_at_the_deadline(void **state)
{
	static char block[32768];
	uint64_t began;
	int r;

	do {
		began = deadline_now_ms();
		r = fdmsg_send(pair[0], block, sizeof(block), NULL, 0, NULL, 0,
			       began + 100);
	} while (r == 0);
	assert_int_equal(r, -ETIMEDOUT);
	assert_in_range(deadline_now_ms() - began, 100, 600);
}

/* --- connecting --- */

static char dir[] = "/tmp/test_fdmsg.XXXXXX";
static char path[64];

static int listener_open(int backlog)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(sock, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(sock, backlog), 0);
	return sock;
}

static void connecting_gives_a_descriptor_or_the_reason(void **state)
{
	int listener = listener_open(1), fd;

	fd = fdmsg_connect(path, deadline_in_ms(1000));
	assert_true(fd > 2);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	close(listener);
	assert_int_equal(fdmsg_connect(path, deadline_in_ms(1000)),
			 -ECONNREFUSED);
	unlink(path);
	assert_int_equal(fdmsg_connect(path, deadline_in_ms(1000)), -ENOENT);
}

static void connecting_to_an_invalid_path_is_refused(void **state)
{
	char longest[200];

	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(fdmsg_connect(longest, deadline_in_ms(100)),
			 -ENAMETOOLONG);
	assert_int_equal(fdmsg_connect("", deadline_in_ms(100)), -EINVAL);
}

static void connecting_to_a_full_listener_waits_until_the_deadline(void **state)
{
	int listener = listener_open(0), first, before = fd_count(), status;
	uint64_t began;
	pid_t pid;

	first = fdmsg_connect(path, deadline_in_ms(1000));
	assert_true(first > 2);
	began = deadline_now_ms();
	assert_int_equal(fdmsg_connect(path, began + 200), -ETIMEDOUT);
	assert_in_range(deadline_now_ms() - began, 200, 700);
	assert_int_equal(fd_count(), before + 1);

	/* Another process accepts while this one waits: it is connected. */
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		_exit(accept(listener, NULL, NULL) < 0 ? 1 : 0);
	}
	close_fd(first);
	first = fdmsg_connect(path, deadline_in_ms(5000));
	assert_true(first > 2);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(first);
	close(listener);
	unlink(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_parts_arrive_as_one_packet),
		TEST(a_packet_of_66000_bytes_arrives),
		TEST(up_to_two_descriptors_arrive),
		TEST(unexpected_descriptors_are_refused_and_closed),
		TEST(up_to_253_descriptors_are_refused_and_closed),
		TEST(other_control_messages_are_refused),
		TEST(a_packet_larger_than_the_buffer_is_refused),
		TEST(too_few_free_descriptors_the_packet_is_refused),
		TEST(a_descriptor_is_above_2_when_stdio_is_closed),
		TEST(the_peer_has_closed_the_socket),
		TEST(sending_to_a_full_socket_ends_at_the_deadline),
		TEST(signals_do_not_change_the_deadline),
		cmocka_unit_test(connecting_gives_a_descriptor_or_the_reason),
		cmocka_unit_test(connecting_to_an_invalid_path_is_refused),
		cmocka_unit_test(
			connecting_to_a_full_listener_waits_until_the_deadline),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(dir);
	return failed;
}
