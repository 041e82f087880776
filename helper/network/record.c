/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies a network from the policy, and to and from its record. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
	char first[INET_PREFIX_STR], last[INET_PREFIX_STR],
		range[2 * INET_PREFIX_STR] = "";
	const char *const texts[] = {config->bridge, range, config->uplink};
	const unsigned int numbers[] = {config->type, config->nat,
					config->isolate, config->vlan};
	uint64_t hash = index_hash(FNV_BASIS, numbers, sizeof(numbers));

	if (config->dhcp_first.family) {
		inet_address_format(&config->dhcp_first, first);
		inet_address_format(&config->dhcp_last, last);
		snprintf(range, sizeof(range), "%s-%s", first, last);
	}
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
		hash = index_hash(hash, texts[n] ? texts[n] : "",
				  texts[n] ? strlen(texts[n]) + 1 : 1);
	for (size_t n = 0; n < config->address.n; n++) {
		inet_prefix_format(&config->address.items[n], first);
		hash = index_hash(hash, first, strlen(first) + 1);
	}
	return hash;
}

/*
 * MAC addresses differ on each machine, as networks of several machines may be
 * connected. Return: 0, also when the machine has no id; -errno.
 */
static int network_fill_salt(struct network *network)
{
	char id[33] = "";
	_cleanup_close_ int fd = open(NETWORK_MACHINE_ID, O_RDONLY | O_CLOEXEC);
	uint64_t hash;

	if (fd < 0 ? errno != ENOENT : read(fd, id, sizeof(id) - 1) < 0)
		return -errno;
	hash = index_hash(FNV_BASIS, id, strlen(id));
	hash = index_hash(hash, network->name, strlen(network->name));
	network->salt = hash;
	network->mac[0] = 0x02 | NETWORK_HOST_BIT;
	memcpy(network->mac + 1, &hash, 5);
	return 0;
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
	int r;

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
		network->addresses[n] = config->address.items[n];
	network->n_addresses = config->address.n;
	network->dhcp_first = config->dhcp_first;
	network->dhcp_last = config->dhcp_last;
	network_derive(network);
	r = network_fill_salt(network);
	return r < 0 ? error_set(err, r, "cannot read %s: %m",
				 NETWORK_MACHINE_ID)
		     : 0;
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

#define FIELD(type, key, member) RECORD_FIELD(network, type, key, member)

static const struct record_field network_fields[] = {
	FIELD(TEXT, "name", name),
	FIELD(NUMBER, "state", state),
	FIELD(NUMBER, "type", type),
	FIELD(TEXT, "bridge", bridge),
	FIELD(NUMBER, "ifindex", ifindex),
	FIELD(TEXT, "host", host_ifname),
	FIELD(NUMBER, "hostindex", host_ifindex),
	FIELD(PREFIX, "address0", addresses[0]),
	FIELD(PREFIX, "address1", addresses[1]),
	FIELD(PREFIX, "address2", addresses[2]),
	FIELD(PREFIX, "address3", addresses[3]),
	FIELD(PREFIX, "address4", addresses[4]),
	FIELD(PREFIX, "address5", addresses[5]),
	FIELD(PREFIX, "address6", addresses[6]),
	FIELD(PREFIX, "address7", addresses[7]),
	FIELD(NUMBER, "nat", nat),
	FIELD(NUMBER, "isolate", isolate),
	FIELD(PREFIX, "first", dhcp_first),
	FIELD(PREFIX, "last", dhcp_last),
	FIELD(TEXT, "uplink", uplink),
	FIELD(NUMBER, "vlan", vlan),
	FIELD(NUMBER, "plan", plan),
	FIELD(TEXT, "note", note),
	FIELD(NUMBER, "dhcp", has_dhcp),
	FIELD(NUMBER, "pid", dhcp_pid),
	FIELD(NUMBER, "process", dhcp_process),
};

#define N_FIELDS (sizeof(network_fields) / sizeof(network_fields[0]))
_Static_assert(NETWORK_ADDRESSES_MAX == 8, "a field for each address");

int network_record_save(const struct network *network, struct error *err)
{
	_cleanup_close_ int dir = network_dir(network->helper);
	struct record r;
	int result = dir < 0 ? dir : 0;

	record_begin(&r);
	record_add_fields(&r, network_fields, N_FIELDS, network);
	if (result == 0)
		result = record_save(&r, dir, network->name, true);
	if (result < 0)
		return error_set(err, result,
				 "cannot write a record below %s: %m",
				 network->helper->state_path);
	return 0;
}

int network_record_load(struct network *network, const char *file)
{
	_cleanup_close_ int dir = network_dir(network->helper);
	struct record r;
	int result = dir < 0 ? dir : record_find(&r, dir, file);

	if (result != FOUND)
		return result;
	record_get_fields(&r, network_fields, N_FIELDS, network);
	while (network->n_addresses < NETWORK_ADDRESSES_MAX &&
	       network->addresses[network->n_addresses].family != AF_UNSPEC)
		network->n_addresses++;
	network_derive(network);
	if (strcmp(network->name, file) != 0 || network->type > NETWORK_OVS ||
	    network->state > NETWORK_REMOVING)
		return ABSENT;
	return network_fill_salt(network);
}

int network_record_remove(const struct network *network)
{
	_cleanup_close_ int dir = network_dir(network->helper);

	return dir < 0 ? dir : record_remove(dir, network->name);
}

int network_record_each(struct helper *h,
			int (*each)(void *data, const char *file))
{
	_cleanup_close_ int dir = network_dir(h);

	return dir < 0 ? dir : record_each(dir, each, h);
}

static bool network_record_known(void *data, const char *file)
{
	const struct helper *h = data;

	for (const struct network *n = h->networks; n; n = n->next)
		if (strcmp(n->name, file) == 0)
			return true;
	return false;
}

int network_record_sweep(struct helper *h)
{
	_cleanup_close_ int dir = network_dir(h);

	return dir < 0 ? dir : record_sweep(dir, network_record_known, h);
}
