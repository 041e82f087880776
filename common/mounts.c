/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cleanup.h"
#include "mountfd.h"

#define ETC	      "/etc"
#define ETC_SECTIONS  "/etc/netns"
#define RESOLV_CONF   "resolv.conf"
#define NSSWITCH      "nsswitch.conf"
#define HOSTS_LINE    "hosts: files dns\n"
#define ETC_FILES_MAX 256

#define _cleanup_fs_ _cleanup_(mountfd_close)

/* Directories with sockets of resolvers, and such sockets elsewhere. */
static const char *const covered_dirs[] = {"/run/nscd", "/run/systemd/resolve"};
#define N_COVERED (sizeof(covered_dirs) / sizeof(*covered_dirs))

/*
 * Only the first part may have links: the second may be in a directory that the
 * resolver's user can change.
 */
static const char *const covered_sockets[][2] = {
	{"/var/run", "nscd/socket"},
	{"/run", "avahi-daemon/socket"},
};
#define N_SOCKETS (sizeof(covered_sockets) / sizeof(*covered_sockets))

/* Binds a file of /etc/netns/SECTION over the same name in /etc. */
static int etc_bind(int source, const char *name, struct error *err)
{
	char path[sizeof(ETC) + NAME_MAX + 1];
	_cleanup_close_ int to = -EBADF;
	struct mountfd_target t;
	int r;

	snprintf(path, sizeof(path), ETC "/%s", name);
	r = mountfd_follow(path, NULL, &t, err);
	if (r < 0)
		return r;
	to = mountfd_target(&t, false, err);
	if (to < 0)
		return to;
	r = mountfd_bind(source, "", to);
	if (r < 0)
		return error_set(err, r, "cannot mount over %s: %m", path);
	return 0;
}

/* Return: 0; -errno with a sentence. type: S_IFREG, S_IFDIR. */
static int check_owner(int fd, const char *path, mode_t type, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "%s: %m", path);
	if ((st.st_mode & S_IFMT) != type)
		return error_set(err, -EINVAL,
				 "%s is not a regular file: only regular files are mounted over /etc, and no link is followed",
				 path);
	if (!mountfd_only_roots(&st))
		return error_set(err, -EPERM,
				 "%s must be owned by root and not writable by group or others",
				 path);
	return 0;
}

/* Return: 0, -errno with a sentence; *resolv_conf may be set (malloc'd). */
static int etc_file(int dir, const char *name, const char *dir_path,
		    bool dns_given, char **resolv_conf, struct error *err)
{
	bool dns = strcmp(name, RESOLV_CONF) == 0;
	char path[PATH_MAX + NAME_MAX + 2];
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (dns && dns_given)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", dir_path, name);
	fd = mountfd_open(dir, name,
			  dns ? O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
			      : O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, fd, "cannot open %s: %s", path,
				 fd == -ELOOP ? "it is a symbolic link"
					      : strerror(-fd));
	r = check_owner(fd, path, S_IFREG, err);
	if (r < 0)
		return r;
	if (!dns)
		return etc_bind(fd, name, err);
	r = mountfd_read(fd, resolv_conf);
	return r < 0 ? error_set(err, r, "cannot read %s: %m", path) : 0;
}

static void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/*
 * Return: the descriptor of /etc/netns/SECTION, or -errno. The owner of a
 * directory decides its contents: both must be root's.
 */
static int etc_section_open(const char *section, const char *path,
			    struct error *err)
{
	_cleanup_close_ int top =
		mountfd_open(AT_FDCWD, ETC_SECTIONS, O_PATH | O_DIRECTORY);
	_cleanup_close_ int fd = -EBADF;
	int r = top < 0 ? 0 : check_owner(top, ETC_SECTIONS, S_IFDIR, err);

	if (r < 0)
		return r;
	fd = top < 0 ? top : mountfd_open(top, section, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return error_set(err, fd, "%s cannot be opened: %s", path,
				 fd == -ELOOP ? "there is a symbolic link in it"
					      : strerror(-fd));
	r = check_owner(fd, path, S_IFDIR, err);
	return r < 0 ? r : take_fd(&fd);
}

/* The ip-netns(8) convention. */
static int etc_section_make(const char *section, bool dns_given,
			    char **resolv_conf, struct error *err)
{
	_cleanup_(cleanup_closedir) DIR *list = NULL;
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_MAX];
	const struct dirent *entry;
	int n = 0, r;

	r = snprintf(path, sizeof(path), ETC_SECTIONS "/%s", section);
	if (r < 0 || (size_t)r >= sizeof(path) || strchr(section, '/') ||
	    section[0] == '.' || !section[0])
		return error_set(err, -EINVAL,
				 "\"%s\" is not a valid name of a namespace",
				 section);
	fd = etc_section_open(section, path, err);
	if (fd < 0)
		return fd;
	list = fdopendir(fd);
	if (!list)
		return error_set(err, -errno, "%s: %m", path);
	take_fd(&fd);

	for (;;) {
		errno = 0;
		/* cppcheck-suppress readdirCalled */
		entry = readdir(list);
		if (!entry)
			return errno ? error_set(err, -errno, "%s: %m", path)
				     : 0;
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (++n > ETC_FILES_MAX)
			return error_set(err, -E2BIG,
					 "%s has more than %d files", path,
					 ETC_FILES_MAX);
		r = etc_file(dirfd(list), entry->d_name, path, dns_given,
			     resolv_conf, err);
		if (r < 0)
			return r;
	}
}

/* Is this a `hosts:` line? */
static bool is_hosts_line(const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "hosts", 5) != 0)
		return false;
	line += 5;
	return line[strspn(line, " \t")] == ':';
}

int mounts_nsswitch(const char *text, char **ret)
{
	size_t length = strlen(text);
	bool replaced = false;
	char *made, *to;

	/* Room for the added line and a \n. */
	made = to = malloc(length + sizeof(HOSTS_LINE) + 1);
	if (!made)
		return -ENOMEM;
	while (*text) {
		size_t n = strcspn(text, "\n");

		n += text[n] == '\n';
		if (!is_hosts_line(text)) {
			to = mempcpy(to, text, n);
		} else if (!replaced) {
			to = stpcpy(to, HOSTS_LINE);
			replaced = true;
		}
		text += n;
	}
	if (!replaced) {
		if (to > made && to[-1] != '\n')
			*to++ = '\n';
		to = stpcpy(to, HOSTS_LINE);
	}
	*to = '\0';
	*ret = made;
	return 0;
}

/*
 * *ret is NULL when the host has no nsswitch.conf: glibc then looks up hosts in
 * files and dns.
 */
static int nsswitch_make(const struct mountfd_target *t, char **ret,
			 struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	struct stat st;
	int r = mountfd_path(t, path);

	*ret = NULL;
	if (r < 0)
		return error_set(err, r, "%s is too long", t->dir);
	fd = mountfd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, fd < 0 ? fd : -errno,
				 "%s cannot be opened: %s", path,
				 strerror(fd < 0 ? -fd : errno));
	r = S_ISREG(st.st_mode) ? mountfd_read(fd, &text) : -EINVAL;
	if (r == 0)
		r = mounts_nsswitch(text, ret);
	if (r < 0)
		return error_set(err, r, "%s cannot be read: %m", path);
	return 0;
}

/* Is `dir` the directory `above`, or below it? */
static bool is_below(const char *dir, const char *above)
{
	size_t n = strlen(above);

	return strncmp(dir, above, n) == 0 && (!dir[n] || dir[n] == '/');
}

/*
 * Covers a directory with sockets of a resolver by an empty one; with the
 * session's resolv.conf in it when /etc/resolv.conf leads there.
 */
static int dir_cover(const char *real, const struct mountfd_target *resolv,
		     const char *resolv_conf, bool *placed, struct error *err)
{
	_cleanup_fs_ struct mountfd_fs fs = MOUNTFD_FS_NONE;
	_cleanup_close_ int to =
		mountfd_open(AT_FDCWD, real, O_PATH | O_DIRECTORY);
	int r;

	if (to == -ENOENT)
		return 0; /* its service has just stopped */
	r = to < 0 ? to : mountfd_tmpfs(&fs);
	if (r == 0 && is_below(resolv->dir, real)) {
		if (strcmp(resolv->dir, real) != 0)
			return error_set(err, -EOPNOTSUPP,
					 "/etc/resolv.conf leads to %s, which the session must not see",
					 resolv->dir);
		r = mountfd_create(fs.mount, resolv->base, resolv_conf);
		*placed = true;
	}
	if (r == 0)
		r = mountfd_seal(&fs);
	if (r == 0)
		r = mountfd_attach(fs.mount, to);
	if (r < 0)
		return error_set(err, r, "cannot cover %s: %m", real);
	return 0;
}

/* Covers a resolver's socket by an empty file, which refuses connections. */
static int socket_cover(const char *const path[2], int scratch,
			struct error *err)
{
	_cleanup_close_ int base = -EBADF, to = -EBADF;
	char real[PATH_MAX];
	struct stat st;
	int r;

	if (!realpath(path[0], real))
		return 0;
	base = mountfd_open(AT_FDCWD, real, O_PATH | O_DIRECTORY);
	to = base < 0 ? base : mountfd_open(base, path[1], O_PATH | O_NOFOLLOW);
	if (to == -ENOENT || to == -ENOTDIR)
		return 0;
	r = to < 0 ? to : fstat(to, &st) < 0 ? -errno : 0;
	if (r == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (r == 0)
		r = S_ISLNK(st.st_mode) ? -ELOOP
					: mountfd_bind(scratch, "empty", to);
	if (r < 0)
		return error_set(err, r, "cannot cover %s/%s: %m", path[0],
				 path[1]);
	return 0;
}

static int file_bind(int scratch, const char *name,
		     const struct mountfd_target *t, struct error *err)
{
	_cleanup_close_ int to = mountfd_target(t, true, err);
	int r;

	if (to < 0)
		return to;
	r = mountfd_bind(scratch, name, to);
	if (r < 0)
		return error_set(err, r, "cannot mount over %s/%s: %m", t->dir,
				 t->base);
	return 0;
}

/* Creates the files on the scratch file system, to be bound from there. */
static int scratch_fill(const struct mountfd_fs *fs, const char *resolv_conf,
			const char *nsswitch)
{
	int r = mountfd_create(fs->mount, "empty", "");

	if (r == 0 && resolv_conf)
		r = mountfd_create(fs->mount, RESOLV_CONF, resolv_conf);
	if (r == 0 && nsswitch)
		r = mountfd_create(fs->mount, NSSWITCH, nsswitch);
	if (r == 0 && mkdirat(fs->mount, "sys", 0755) < 0)
		r = -errno;
	return r == 0 ? mountfd_seal(fs) : r;
}

static int dns_make(int scratch, const char *resolv_conf,
		    const struct mountfd_target *nsswitch, struct error *err)
{
	char real[N_COVERED][PATH_MAX];
	const char *dirs[N_COVERED + 1] = {NULL};
	struct mountfd_target resolv;
	bool placed = false;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < N_COVERED; i++)
		if (realpath(covered_dirs[i], real[n])) {
			dirs[n] = real[n];
			n++;
		}
	r = mountfd_follow(ETC "/" RESOLV_CONF, dirs, &resolv, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = dir_cover(dirs[i], &resolv, resolv_conf, &placed, err);
	for (size_t i = 0; r == 0 && i < N_SOCKETS; i++)
		r = socket_cover(covered_sockets[i], scratch, err);
	if (r == 0 && !placed)
		r = file_bind(scratch, RESOLV_CONF, &resolv, err);
	if (r == 0 && nsswitch)
		r = file_bind(scratch, NSSWITCH, nsswitch, err);
	return r;
}

/*
 * Shows the namespace's devices in /sys; mounts below /sys, such as the cgroup
 * tree, stay.
 */
static int sys_make(int scratch, struct error *err)
{
	static const char *const parts[] = {"class/net", "devices/virtual/net"};
	_cleanup_fs_ struct mountfd_fs fs = MOUNTFD_FS_NONE;
	_cleanup_close_ int place = -EBADF;
	_cleanup_close_ int sys =
		mountfd_open(AT_FDCWD, "/sys", O_PATH | O_DIRECTORY);
	struct statfs st;
	int r;

	if (sys < 0 || fstatfs(sys, &st) < 0 || st.f_type != SYSFS_MAGIC)
		return 0;
	/* A read-only /sys stays read-only. */
	r = mountfd_sysfs(st.f_flags & MS_RDONLY, &fs);
	if (r == -EPERM)
		return 0; /* a container may not mount one */
	if (r == 0)
		place = mountfd_open(scratch, "sys", O_PATH | O_DIRECTORY);
	if (r == 0)
		r = place < 0 ? place : mountfd_attach(fs.mount, place);
	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(*parts); i++) {
		_cleanup_close_ int to =
			mountfd_open(sys, parts[i], O_PATH | O_DIRECTORY);

		if (to == -ENOENT)
			continue;
		r = to < 0 ? to : mountfd_bind(fs.mount, parts[i], to);
	}
	if (r < 0)
		return error_set(err, r,
				 "cannot show the namespace's devices in /sys: %m");
	return 0;
}

int mounts_make(const char *resolv_conf, const char *etc_section,
		const char *scratch, struct error *err)
{
	_cleanup_fs_ struct mountfd_fs fs = MOUNTFD_FS_NONE;
	_cleanup_free_ char *own = NULL, *nss_text = NULL;
	_cleanup_close_ int place = -EBADF;
	struct mountfd_target nss;
	int r = 0;

	if (etc_section)
		r = etc_section_make(etc_section, resolv_conf != NULL, &own,
				     err);
	if (r < 0)
		return r;
	if (!resolv_conf)
		resolv_conf = own;
	if (resolv_conf) {
		r = mountfd_follow(ETC "/" NSSWITCH, NULL, &nss, err);
		if (r == 0)
			r = nsswitch_make(&nss, &nss_text, err);
		if (r < 0)
			return r;
	}

	place = mountfd_open(AT_FDCWD, scratch, O_PATH | O_DIRECTORY);
	r = place < 0 ? place : mountfd_tmpfs(&fs);
	if (r == 0)
		r = scratch_fill(&fs, resolv_conf, nss_text);
	if (r == 0)
		r = mountfd_attach(fs.mount, place);
	if (r < 0)
		return error_set(err, r,
				 "cannot prepare the session's files on %s: %m",
				 scratch);

	if (resolv_conf)
		r = dns_make(fs.mount, resolv_conf, nss_text ? &nss : NULL,
			     err);
	if (r == 0)
		r = sys_make(fs.mount, err);
	if (r < 0)
		return r;
	if (umount2(scratch, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return error_set(err, -errno, "cannot unmount %s: %m", scratch);
	return 0;
}
