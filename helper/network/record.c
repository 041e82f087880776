/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network from the policy, into its record, and back. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/index.h"
#include "helper/base/record.h"
#include "helper/helper.h"
#include "parts.h"

#define NETWORK_DIR	   "networks"
#define NETWORK_MACHINE_ID "/etc/machine-id"

/* --- from the policy --- */

uint64_t network_plan(const struct policy_network *config)
{
	const char *const texts[] = {config->bridge, config->dhcp,
				     config->uplink};
	const unsigned int numbers[] = {config->type, config->nat,
					config->isolate, config->vlan};
	uint64_t hash = index_hash(FNV_BASIS, numbers, sizeof(numbers));

	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		hash = index_hash(hash, texts[n] ? texts[n] : "",
				  texts[n] ? strlen(texts[n]) + 1 : 1);
	for (size_t n = 0; n < config->address.n; n++)
		hash = index_hash(hash, config->address.items[n],
				  strlen(config->address.items[n]) + 1);
	return hash;
}

/* "FIRST-LAST", which the parser has checked. */
static void network_fill_dhcp(struct network *network, const char *range)
{
	char text[2 * INET_PREFIX_STR], *dash;

	snprintf(text, sizeof(text), "%s", range ? range : "");
	dash = strchr(text, '-');
	if (!dash)
		return;
	*dash++ = '\0';
	inet_prefix_parse(text, &network->dhcp_first);
	inet_prefix_parse(dash, &network->dhcp_last);
}

/* Other machines on the same wire have other MAC addresses. */
static void network_fill_salt(struct network *network)
{
	char id[33] = "";
	_cleanup_close_ int fd =
		open(NETWORK_MACHINE_ID, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t hash;

	if (fd >= 0)
		(void)!read(fd, id, sizeof(id) - 1);
	hash = index_hash(FNV_BASIS, id, strlen(id));
	hash = index_hash(hash, network->name, strlen(network->name));
	network->salt = hash;
	network->mac[0] = 0x02 | NETWORK_HOST_BIT;
	memcpy(network->mac + 1, &hash, 5);
}

static void network_derive(struct network *network)
{
	network->has_host = network->n_addresses > 0;
	for (size_t n = 0; n < network->n_addresses; n++)
		*(network->addresses[n].family == AF_INET ? &network->ipv4
							  : &network->ipv6) =
			true;
}

int network_fill(struct network *network, const struct policy_network *config,
		 struct error *err)
{
	if (config->address.n > NETWORK_ADDRESSES_MAX)
		return error_set(err, -E2BIG,
				 "more than %d addresses for the network %s",
				 NETWORK_ADDRESSES_MAX, config->name);
	snprintf(network->name, sizeof(network->name), "%s", config->name);
	snprintf(network->bridge, sizeof(network->bridge), "%s",
		 config->bridge);
	snprintf(network->host_ifname, sizeof(network->host_ifname), "%s",
		 config->bridge);
	snprintf(network->uplink, sizeof(network->uplink), "%s",
		 config->uplink ? config->uplink : "");
	network->type = config->type;
	network->nat = config->nat;
	network->isolate = config->isolate;
	network->vlan = config->vlan;
	network->plan = network_plan(config);
	for (size_t n = 0; n < config->address.n; n++)
		if (inet_prefix_parse(
			    config->address.items[n],
			    &network->addresses[network->n_addresses]) == 0)
			network->n_addresses++;
	network_fill_dhcp(network, config->dhcp);
	network_derive(network);
	network_fill_salt(network);
	return 0;
}

/* --- the record --- */

/* Return: an fd of the directory, or -errno. */
static int network_dir(const struct helper *h)
{
	int fd;

	if (mkdirat(h->state_dir, NETWORK_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(h->state_dir, NETWORK_DIR,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static void record_add_address(struct record *r, const char *key,
			       const struct inet_prefix *address)
{
	char text[INET_PREFIX_STR];

	if (address->family == AF_UNSPEC)
		return;
	inet_prefix_format(address, text);
	record_add(r, key, "%s", text);
}

int network_record_save(const struct network *network, struct error *err)
{
	_cleanup_close_ int dir = network_dir(network->helper);
	struct record r;
	char key[32];
	int result = dir < 0 ? dir : 0;

	record_begin(&r);
	record_add(&r, "name", "%s", network->name);
	record_add(&r, "state", "%d", network->state);
	record_add(&r, "type", "%d", network->type);
	record_add(&r, "bridge", "%s", network->bridge);
	record_add(&r, "ifindex", "%u", network->ifindex);
	record_add(&r, "host", "%s", network->host_ifname);
	record_add(&r, "hostindex", "%u", network->host_ifindex);
	for (size_t n = 0; n < network->n_addresses; n++) {
		snprintf(key, sizeof(key), "address%zu", n);
		record_add_address(&r, key, &network->addresses[n]);
	}
	record_add(&r, "nat", "%d", network->nat);
	record_add(&r, "isolate", "%d", network->isolate);
	record_add_address(&r, "first", &network->dhcp_first);
	record_add_address(&r, "last", &network->dhcp_last);
	record_add(&r, "uplink", "%s", network->uplink);
	record_add(&r, "vlan", "%u", network->vlan);
	record_add(&r, "plan", "%" PRIu64, network->plan);
	record_add(&r, "note", "%s", network->note);
	record_add(&r, "dhcp", "%d", network->has_dhcp);
	record_add(&r, "pid", "%d", network->dhcp_pid);
	record_add(&r, "process", "%" PRIu64, network->dhcp_process);
	if (result == 0)
		result = record_save(&r, dir, network->name, true);
	if (result < 0)
		return error_set(
			err, result, "cannot write a record below %s: %s",
			network->helper->state_path, strerror(-result));
	return 0;
}

int network_record_load(struct network *network, const char *file)
{
	_cleanup_close_ int dir = network_dir(network->helper);
	struct record r;
	char key[32];
	int result = dir < 0 ? dir : record_load(&r, dir, file);

	if (result < 0)
		return result;
	snprintf(network->name, sizeof(network->name), "%s",
		 record_get(&r, "name"));
	network->state = (enum network_state)record_get_number(&r, "state");
	network->type = (enum policy_network_type)record_get_number(&r, "type");
	snprintf(network->bridge, sizeof(network->bridge), "%s",
		 record_get(&r, "bridge"));
	network->ifindex = (unsigned int)record_get_number(&r, "ifindex");
	snprintf(network->host_ifname, sizeof(network->host_ifname), "%s",
		 record_get(&r, "host"));
	network->host_ifindex =
		(unsigned int)record_get_number(&r, "hostindex");
	for (; network->n_addresses < NETWORK_ADDRESSES_MAX;
	     network->n_addresses++) {
		snprintf(key, sizeof(key), "address%zu", network->n_addresses);
		if (inet_prefix_parse(
			    record_get(&r, key),
			    &network->addresses[network->n_addresses]) < 0)
			break;
	}
	network->nat = record_get_number(&r, "nat");
	network->isolate = record_get_number(&r, "isolate");
	inet_prefix_parse(record_get(&r, "first"), &network->dhcp_first);
	inet_prefix_parse(record_get(&r, "last"), &network->dhcp_last);
	snprintf(network->uplink, sizeof(network->uplink), "%s",
		 record_get(&r, "uplink"));
	network->vlan = (unsigned int)record_get_number(&r, "vlan");
	network->plan = record_get_number(&r, "plan");
	snprintf(network->note, sizeof(network->note), "%s",
		 record_get(&r, "note"));
	network_derive(network);
	network_fill_salt(network);
	if (strcmp(network->name, file) != 0 || network->type > NETWORK_OVS ||
	    network->state > NETWORK_REMOVING)
		return -EBADMSG;
	network->has_dhcp = record_get_number(&r, "dhcp");
	network->dhcp_pid = (pid_t)record_get_number(&r, "pid");
	network->dhcp_process = record_get_number(&r, "process");
	return 0;
}

void network_record_remove(const struct network *network)
{
	_cleanup_close_ int dir = network_dir(network->helper);

	if (dir >= 0)
		unlinkat(dir, network->name, 0);
}

int network_record_each(struct helper *h,
			void (*each)(void *data, const char *file))
{
	_cleanup_close_ int dir = network_dir(h);

	return dir < 0 ? dir : record_each(dir, each, h);
}
