/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define FILE_BYTES_MAX (4 << 20) /* a bundle of certificates */
#define FILE_SEALS     (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define FILE_NAME      "/proc/self/fd/"

/* Return: 0 or -errno. */
static int copy_bytes(int from, int to)
{
	char buffer[16384];
	size_t sum = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(from, buffer, sizeof(buffer))) != 0) {
		sum += n < 0 ? 0 : (size_t)n;
		if (n < 0)
			r = -errno;
		else if (sum > FILE_BYTES_MAX)
			r = -EFBIG;
		else if (write(to, buffer, (size_t)n) != n)
			r = -ENOSPC;
	}
	explicit_bzero(buffer, sizeof(buffer));
	return r;
}

/* Return: a copy, or -errno. */
static int copy_file(int dir, const char *path)
{
	_cleanup_close_ int from =
		openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_close_ int to = -EBADF;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	to = fd_above_stdio(
		memfd_create("openvpn", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	if (to < 0)
		return -errno;
	r = copy_bytes(from, to);
	if (r < 0)
		return r;
	/* The file is reachable by its descriptor only. */
	if (fchmod(to, 0444) < 0 || fcntl(to, F_ADD_SEALS, FILE_SEALS) < 0)
		return -errno;
	return take_fd(&to);
}

int openvpn_files_open(const char *name, const struct openvpn_conf *conf,
		       int dir, int ret[static OPENVPN_FILES_MAX],
		       struct error *err)
{
	for (size_t n = 0; n < conf->n_files; n++) {
		const struct openvpn_file *file = &conf->files[n];
		int fd = copy_file(dir, file->path);

		if (fd < 0) {
			openvpn_files_close(ret, n);
			return error_set(err, fd, "%s:%u: %s: %s", name,
					 file->line, file->path,
					 fd == -EINVAL ? "not a regular file"
						       : strerror(-fd));
		}
		ret[n] = fd;
	}
	return 0;
}

void openvpn_files_close(const int *fds, size_t n)
{
	while (n)
		close_fd(fds[--n]);
}

char *openvpn_files_text(const struct openvpn_conf *conf, size_t *ret_bytes)
{
	size_t done = 0, room = conf->bytes + 1, used = 0;
	char *text;

	for (size_t n = 0; n < conf->n_files; n++)
		room += strlen(conf->files[n].before) +
			strlen(conf->files[n].after) + sizeof(FILE_NAME) + 12;
	text = malloc(room);
	if (!text)
		return NULL;
	for (size_t n = 0; n < conf->n_files; n++) {
		const struct openvpn_file *file = &conf->files[n];

		memcpy(text + used, conf->text + done, file->start - done);
		used += file->start - done;
		used += (size_t)snprintf(text + used, room - used,
					 "%s " FILE_NAME "%zu%s", file->before,
					 OPENVPN_FILES_FD + n, file->after);
		done = file->start + file->bytes;
	}
	memcpy(text + used, conf->text + done, conf->bytes - done);
	*ret_bytes = used + conf->bytes - done;
	return text;
}

void openvpn_files_name(char *const *names, size_t n, const char *text,
			char *ret, size_t size)
{
	const char *at = strstr(text, FILE_NAME);
	char *end = NULL;
	size_t which = 0;
	FILE *f;

	if (at)
		which = strtoul(at + sizeof(FILE_NAME) - 1, &end, 10);
	if (which < OPENVPN_FILES_FD || which - OPENVPN_FILES_FD >= n) {
		snprintf(ret, size, "%s", text);
		return;
	}
	ret[0] = '\0';
	f = fmemopen(ret, size, "w");
	if (!f)
		return;
	fprintf(f, "%.*s%s%s", (int)(at - text), text,
		names[which - OPENVPN_FILES_FD], end);
	fclose(f);
	ret[size - 1] = '\0'; /* fmemopen(3) omits it when ret is full */
}
