/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/policy/policy.h"

#define SYSCTL_VISITS_MAX 128 /* namespaces until the instance is exchanged */

static int sysctl_proc = -EBADF; /* the procfs instance */
static int sysctl_root = -EBADF; /* its "sys" */
static unsigned int sysctl_visits;

/* What a namespace has as the host; value: "" where the kernel has none. */
static struct {
	const char *path;
	char value[128];
} sysctl_of_host[] = {
	{.path = "net/ipv4/ip_unprivileged_port_start"},
	{.path = "net/ipv4/ping_group_range"},
};

#define N_OF_HOST (sizeof(sysctl_of_host) / sizeof(*sysctl_of_host))

/* Replaces the instance by a new one, mounted nowhere. Return: 0 or -errno. */
static int sysctl_exchange(void)
{
	_cleanup_close_ int fs = fsopen("proc", FSOPEN_CLOEXEC);
	_cleanup_close_ int proc = -EBADF;
	_cleanup_close_ int root = -EBADF;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	proc = fsmount(fs, FSMOUNT_CLOEXEC,
		       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			       MOUNT_ATTR_NOEXEC);
	if (proc < 0)
		return -errno;
	root = openat(proc, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	sysctl_close();
	sysctl_proc = take_fd(&proc);
	sysctl_root = take_fd(&root);
	sysctl_visits = 0;
	return 0;
}

int sysctl_open(struct error *err)
{
	int r = sysctl_exchange();

	if (r < 0)
		return error_set(err, r,
				 "cannot make a procfs instance for sysctls: %m");
	return 0;
}

void sysctl_close(void)
{
	sysctl_root = close_fd(sysctl_root);
	sysctl_proc = close_fd(sysctl_proc);
}

static int sysctl_file(const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC | O_NOCTTY),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, sysctl_root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int sysctl_write(const char *path, const char *value, struct error *err)
{
	_cleanup_close_ int fd = sysctl_file(path, O_WRONLY);

	if (fd < 0)
		return error_set(err, fd, "cannot set %s: %m", path);
	if (write(fd, value, strlen(value)) < 0)
		return error_set(err, -errno, "cannot set %s to %s: %m", path,
				 value);
	return 0;
}

int sysctl_read(const char *path, char *ret, size_t size)
{
	_cleanup_close_ int fd = sysctl_file(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, ret, size - 1);
	if (n < 0)
		return -errno;
	while (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

int sysctl_write_interface(const char *family, const char *ifname,
			   const char *key, const char *value,
			   struct error *err)
{
	char path[128];

	snprintf(path, sizeof(path), "net/%s/conf/%s/%s", family, ifname, key);
	return sysctl_write(path, value, err);
}

int sysctl_remember_host(struct error *err)
{
	for (size_t i = 0; i < N_OF_HOST; i++) {
		const char *path = sysctl_of_host[i].path;
		char *value = sysctl_of_host[i].value;
		int r = sysctl_read(path, value,
				    sizeof(sysctl_of_host[i].value));

		if (r < 0)
			value[0] = '\0';
		if (r < 0 && r != -ENOENT)
			return error_set(err, r, "cannot read %s: %m", path);
	}
	return 0;
}

int sysctl_has_ipv6(bool *ret, struct error *err)
{
	char value[16];
	int r = sysctl_read("net/ipv6/conf/all/forwarding", value,
			    sizeof(value));

	*ret = r == 0;
	return r == 0 || r == -ENOENT
		       ? 0
		       : error_set(err, r, "cannot read sysctls of IPv6: %m");
}

int sysctl_without_ipv6(struct error *err)
{
	int r = sysctl_write("net/ipv6/conf/default/disable_ipv6", "1", err);

	return r == -ENOENT ? 0 : r; /* a kernel without IPv6 */
}

int sysctl_harden_namespace(struct error *err)
{
	/* "all" for what is there, "default" for links that come. */
	static const struct {
		const char *path, *value;
	} settings[] = {
		{"net/ipv4/ip_forward", "0"},
		{"net/ipv4/conf/all/accept_redirects", "0"},
		{"net/ipv4/conf/default/accept_redirects", "0"},
		{"net/ipv4/conf/all/send_redirects", "0"},
		{"net/ipv4/conf/default/send_redirects", "0"},
		{"net/ipv4/conf/all/accept_source_route", "0"},
		{"net/ipv4/conf/default/accept_source_route", "0"},
		/* Those of IPv4 are copied from the host by default. */
		{"net/ipv4/conf/all/route_localnet", "0"},
		{"net/ipv4/conf/default/route_localnet", "0"},
		{"net/ipv6/conf/all/accept_ra", "0"},
		{"net/ipv6/conf/default/accept_ra", "0"},
		{"net/ipv6/conf/default/autoconf", "0"},
		{"net/ipv6/conf/all/accept_redirects", "0"},
		{"net/ipv6/conf/default/accept_redirects", "0"},
		/* Both ends are ours: no duplicate is possible. */
		{"net/ipv6/conf/default/accept_dad", "0"},
		{"net/ipv6/conf/default/disable_ipv6", "0"},
	};
	char value[16];
	int r = 0;

	/* On failure the old instance still works, only slower. */
	if (++sysctl_visits > SYSCTL_VISITS_MAX)
		sysctl_exchange();
	for (size_t i = 0; r >= 0 && i < sizeof(settings) / sizeof(*settings);
	     i++) {
		r = sysctl_write(settings[i].path, settings[i].value, err);
		/* A kernel without IPv6 has nothing to harden there. */
		if (r == -ENOENT && !strncmp(settings[i].path, "net/ipv6", 8))
			r = 0;
	}
	/*
	 * Inherited only with net.core.devconf_inherit_init_net; the write
	 * takes the RTNL lock, the read does not.
	 */
	if (r == 0 &&
	    sysctl_read("net/ipv6/conf/all/forwarding", value, sizeof(value)) ==
		    0 &&
	    strcmp(value, "0") != 0)
		r = sysctl_write("net/ipv6/conf/all/forwarding", "0", err);
	for (size_t i = 0; r == 0 && i < N_OF_HOST; i++)
		if (sysctl_of_host[i].value[0])
			r = sysctl_write(sysctl_of_host[i].path,
					 sysctl_of_host[i].value, err);
	return r;
}

int sysctl_apply(const struct policy_sysctl *list, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		char path[PATH_MAX];
		int r;

		snprintf(path, sizeof(path), "%s", list[i].name);
		/* As in sysctl(8): with a slash, dots are part of names. */
		if (!strchr(path, '/'))
			for (char *p = path; *p; p++)
				if (*p == '.')
					*p = '/';
		r = sysctl_write(path, list[i].value, err);
		if (r < 0)
			return r;
	}
	return 0;
}
