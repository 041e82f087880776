// SPDX-License-Identifier: GPL-2.0-or-later
/* Invalid policies: [options], [rule] and [network]. */
#include "policy_bad.h"

static const struct bad bad[] = {
	{"on_error of another kind", OPTION("on_error = allow"),
	 "p:2: on_error: 'allow' is not known; write deny or host\n"},
	{"timeout without unit", OPTION("timeout = 10"),
	 "p:2: timeout: '10' has no unit; write 500ms, 10s or 2m\n"},
	{"timeout in hours", OPTION("timeout = 1h"),
	 "p:2: timeout: the unit of '1h' is not known; use ms, s or m\n"},
	{"timeout of nothing", OPTION("timeout = s"),
	 "p:2: timeout: 's' is not a time; write 500ms, 10s or 2m\n"},
	{"timeout in words", OPTION("timeout = long"),
	 "p:2: timeout: 'long' is not a time; write 500ms, 10s or 2m\n"},
	{"timeout negative", OPTION("timeout = -1s"),
	 "p:2: timeout: '-1s' is not a time; write 500ms, 10s or 2m\n"},
	{"timeout with a fraction", OPTION("timeout = 1.5s"),
	 "p:2: timeout: the unit of '1.5s' is not known; use ms, s or m\n"},
	{"timeout too short", OPTION("timeout = 99ms"),
	 "p:2: timeout: '99ms' is out of range; 100ms to 10m are possible\n"},
	{"timeout zero", OPTION("timeout = 0s"),
	 "p:2: timeout: '0s' is out of range; 100ms to 10m are possible\n"},
	{"timeout too long", OPTION("timeout = 11m"),
	 "p:2: timeout: '11m' is out of range; 100ms to 10m are possible\n"},
	{"timeout that overflows", OPTION("timeout = 99999999999999999999s"),
	 "p:2: timeout: '99999999999999999999s' is out of range; 100ms to 10m "
	 "are possible\n"},
	{"timeout with a leading zero", OPTION("timeout = 010s"),
	 "p:2: timeout: '010s' is out of range; 100ms to 10m are possible\n"},
	{"timeout with two parts", OPTION("timeout = 1m 30s"),
	 "p:2: timeout: the unit of '1m 30s' is not known; use ms, s or m\n"},
	{"pool4 that is IPv6", OPTION("pool4 = fd00::/48"),
	 "p:2: pool4: 'fd00::/48' is not an IPv4 prefix; write one such as "
	 "10.213.0.0/16\n"},
	{"pool4 none", OPTION("pool4 = none"),
	 "p:2: pool4: 'none' is not an IPv4 prefix; write one such as "
	 "10.213.0.0/16\n"},
	{"pool4 without length", OPTION("pool4 = 10.0.0.0"),
	 "p:2: pool4: the length of '10.0.0.0' must be /8 to /30\n"},
	{"pool4 with host bits", OPTION("pool4 = 10.213.0.1/16"),
	 "p:2: pool4: '10.213.0.1/16' has bits set below its prefix length\n"},
	{"pool4 too small", OPTION("pool4 = 10.213.0.0/31"),
	 "p:2: pool4: the length of '10.213.0.0/31' must be /8 to /30\n"},
	{"pool4 too large", OPTION("pool4 = 8.0.0.0/7"),
	 "p:2: pool4: the length of '8.0.0.0/7' must be /8 to /30\n"},
	{"pool4 that is not an address", OPTION("pool4 = 10.213.0/16"),
	 "p:2: pool4: '10.213.0/16' is not an IPv4 prefix; write one such as "
	 "10.213.0.0/16\n"},
	{"pool4 of loopback", OPTION("pool4 = 127.0.0.0/8"),
	 "p:2: pool4: '127.0.0.0/8' contains loopback addresses, which cannot be given to namespaces\n"},
	{"pool4 that holds link-local addresses", OPTION("pool4 = 169.0.0.0/8"),
	 "p:2: pool4: '169.0.0.0/8' contains link-local addresses, which cannot "
	 "be given to namespaces\n"},
	{"pool4 of multicast", OPTION("pool4 = 224.0.0.0/8"),
	 "p:2: pool4: '224.0.0.0/8' contains multicast addresses, which cannot be given to namespaces\n"},
	{"pool4 with a length of three digits", OPTION("pool4 = 10.0.0.0/016"),
	 "p:2: pool4: '10.0.0.0/016' is not an IPv4 prefix; write one such as "
	 "10.213.0.0/16\n"},
	{"pool6 that is IPv4", OPTION("pool6 = 10.0.0.0/8"),
	 "p:2: pool6: '10.0.0.0/8' is not an IPv6 prefix; write one such as "
	 "fd6e:6574:6e73::/48\n"},
	{"pool6 too small", OPTION("pool6 = fd00::/127"),
	 "p:2: pool6: the length of 'fd00::/127' must be /16 to /126\n"},
	{"pool6 too large", OPTION("pool6 = 2000::/3"),
	 "p:2: pool6: the length of '2000::/3' must be /16 to /126\n"},
	{"pool6 with host bits", OPTION("pool6 = fd6e::1/48"),
	 "p:2: pool6: 'fd6e::1/48' has bits set below its prefix length\n"},
	{"pool6 of link-local addresses", OPTION("pool6 = fe80::/64"),
	 "p:2: pool6: 'fe80::/64' contains link-local addresses, which cannot be "
	 "given to namespaces\n"},
	{"pool6 of multicast", OPTION("pool6 = ff00::/16"),
	 "p:2: pool6: 'ff00::/16' contains multicast addresses, which cannot be given to namespaces\n"},
	{"every service excluded", OPTION("exclude_services = *"),
	 "p:2: exclude_services: '*' matches every service; no login would be handled\n"},
	{"an excluded path", OPTION("exclude_services = /etc/pam.d/cups"),
	 "p:2: exclude_services: '/etc/pam.d/cups': a PAM service is the name "
	 "of a file in /etc/pam.d, without a path\n"},
	{"a rule without a namespace", "[rule r]\nusers = alice\n",
	 "p:1: [rule r] needs the key 'namespace': a [namespace] section's "
	 "name, or host\n"},
	{"a rule with an undefined namespace", "[rule r]\nnamespace = vpn\n",
	 "p:2: namespace: there is no section [namespace vpn]\n"},
	{"a rule to a network",
	 "[rule r]\nnamespace = w\n[network w]\nbridge = br0\n",
	 "p:2: namespace: there is no section [namespace w]\n"},
	{"a namespace with an invalid name", "[rule r]\nnamespace = a/b\n",
	 "p:2: namespace: 'a/b' cannot be the name of a section; they have at "
	 "most 64 letters, digits, '_', '.' and '-'\n"},
	{"two namespaces", "[rule r]\nnamespace = a, b\n",
	 "p:2: namespace: 'a, b' cannot be the name of a section; they have at "
	 "most 64 letters, digits, '_', '.' and '-'\n"},
	{"a user with a wildcard", RULE("users = adm*"),
	 "p:4: users: 'adm*': user names are compared as they are, without "
	 "wildcards\n"},
	{"a user that is a group, as sudo writes it", RULE("users = %staff"),
	 "p:4: users: '%staff' is not a user; groups go into 'groups' or "
	 "'netgroups', without the '%'\n"},
	{"a user that is a netgroup, as NIS writes it", RULE("users = @staff"),
	 "p:4: users: '@staff' is not a user; groups go into 'groups' or "
	 "'netgroups', without the '@'\n"},
	{"a user in quotes", RULE("users = \"alice\""),
	 "p:4: users: \"alice\" is in quotes; remove them\n"},
	{"a user with an equals sign", RULE("users = alice = bob"),
	 "p:4: users: 'alice = bob' contains '='; a key starts in column 1 of "
	 "its own line\n"},
	{"no comma between users", RULE("users = alice bob"),
	 "p:4: users: 'alice bob' contains a blank; separate names by commas, and "
	 "write a blank that belongs to a name as '\\ '\n"},
	{"no comma between groups", RULE("groups = staff, a b"),
	 "p:4: groups: 'a b' contains a blank; separate names by commas, and "
	 "write a blank that belongs to a name as '\\ '\n"},
	{"a user with a colon", RULE("users = alice:x"),
	 "p:4: users: 'alice:x': a user name cannot contain ':' or '/'\n"},
	{"a user with a slash", RULE("users = ../alice"),
	 "p:4: users: '../alice': a user name cannot contain ':' or '/'\n"},
	{"a user of 190 bytes is fine, a line of 199 is not",
	 RULE("users = "
	      "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
	      "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
	      "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
	      "u"),
	 "p:4: the line has 199 bytes, the limit is 198; continue lists on "
	 "indented lines\n"},
	{"a group with a wildcard", RULE("groups = staff?"),
	 "p:4: groups: 'staff?': names are compared as they are, without "
	 "wildcards\n"},
	{"a group as sudo writes it", RULE("groups = %staff"),
	 "p:4: groups: '%staff': write the name without the '%'\n"},
	{"a group with a colon", RULE("groups = staff:x"),
	 "p:4: groups: 'staff:x': a group name cannot contain ':'\n"},
	{"a netgroup as NIS writes it", RULE("netgroups = @staff"),
	 "p:4: netgroups: '@staff': write the name without the '@'\n"},
	{"uids in words", RULE("uids = root"),
	 "p:4: uids: 'root' is neither a uid nor a range of uids; write 1000 or "
	 "1000-1999, at most 4294967295\n"},
	{"a uid too large", RULE("uids = 4294967296"),
	 "p:4: uids: '4294967296' is neither a uid nor a range of uids; write 1000 "
	 "or 1000-1999, at most 4294967295\n"},
	{"a range too large", RULE("uids = 1000-4294967296"),
	 "p:4: uids: '1000-4294967296' is neither a uid nor a range of uids; write "
	 "1000 or 1000-1999, at most 4294967295\n"},
	{"a range in reverse order", RULE("uids = 1999-1000"),
	 "p:4: uids: the range '1999-1000' is in reverse order; write "
	 "1000-1999\n"},
	{"a range without an end", RULE("uids = 1000-"),
	 "p:4: uids: '1000-' is neither a uid nor a range of uids; write 1000 or "
	 "1000-1999, at most 4294967295\n"},
	{"a range without a beginning", RULE("uids = -1000"),
	 "p:4: uids: '-1000' is neither a uid nor a range of uids; write 1000 or "
	 "1000-1999, at most 4294967295\n"},
	{"a range with blanks", RULE("uids = 1000 - 1999"),
	 "p:4: uids: '1000 - 1999' is neither a uid nor a range of uids; write 1000 "
	 "or 1000-1999, at most 4294967295\n"},
	{"a uid in hexadecimal", RULE("uids = 0x10"),
	 "p:4: uids: '0x10' is neither a uid nor a range of uids; write 1000 or "
	 "1000-1999, at most 4294967295\n"},
	{"a range of three", RULE("uids = 1-2-3"),
	 "p:4: uids: '1-2-3' is neither a uid nor a range of uids; write 1000 or "
	 "1000-1999, at most 4294967295\n"},
	{"a service with a path", RULE("services = /etc/pam.d/sshd"),
	 "p:4: services: '/etc/pam.d/sshd': a PAM service is the name of a "
	 "file in /etc/pam.d, without a path\n"},
	{"services separated by blanks", RULE("services = sshd login"),
	 "p:4: services: 'sshd login' contains a blank; separate with "
	 "commas\n"},
	{"an open bracket in a service", RULE("services = ss[hd"),
	 "p:4: services: 'ss[hd' has an open '[' or ends in '\\'\n"},
	{"a backslash at the end of a service", RULE("services = sshd\\"),
	 "p:4: services: 'sshd\\' has an open '[' or ends in '\\'\n"},
	{"a service of 64 bytes",
	 RULE("services = "
	      "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
	      "s"),
	 "p:4: services: a service name of 64 bytes; the limit is 63\n"},
	{"terminals separated by blanks", RULE("ttys = tty1 tty2"),
	 "p:4: ttys: 'tty1 tty2' contains a blank; separate with commas\n"},
	{"an open bracket in a terminal", RULE("ttys = tty[1-6"),
	 "p:4: ttys: 'tty[1-6' has an open '[' or ends in '\\'\n"},
	{"an rhost prefix with host bits", RULE("rhosts = 192.0.2.1/24"),
	 "p:4: rhosts: '192.0.2.1/24' has bits set below its prefix length\n"},
	{"an rhost address out of range", RULE("rhosts = 192.0.2.300"),
	 "p:4: rhosts: '192.0.2.300' is neither an address nor a prefix\n"},
	{"an rhost prefix too long", RULE("rhosts = 192.0.2.0/33"),
	 "p:4: rhosts: '192.0.2.0/33' is neither an address nor a prefix\n"},
	{"an rhost of three numbers", RULE("rhosts = 192.0.2"),
	 "p:4: rhosts: '192.0.2' is neither an address nor a prefix\n"},
	{"an rhost wildcard over an address", RULE("rhosts = 192.0.2.*"),
	 "p:4: rhosts: '192.0.2.*' would also match host names, which the owner of the client chooses; write a prefix such as 192.0.2.0/24\n"},
	{"an rhost with a port", RULE("rhosts = [2001:db8::1]:22"),
	 "p:4: rhosts: '[2001:db8::1]:22' is neither an address nor a prefix\n"},
	{"an IPv6 rhost prefix too long", RULE("rhosts = 2001:db8::/129"),
	 "p:4: rhosts: '2001:db8::/129' is neither an address nor a prefix\n"},
	{"an rhost range", RULE("rhosts = 192.0.2.1-192.0.2.9"),
	 "p:4: rhosts: '192.0.2.1-192.0.2.9': ranges of addresses are not supported; use prefixes such as 192.0.2.0/29\n"},
	{"an abbreviated rhost range", RULE("rhosts = 192.0.2.1-9"),
	 "p:4: rhosts: '192.0.2.1-9': ranges of addresses are not supported; use "
	 "prefixes such as 192.0.2.0/29\n"},
	{"an rhost range of IPv6", RULE("rhosts = 2001:db8::1-2001:db8::9"),
	 "p:4: rhosts: '2001:db8::1-2001:db8::9' is neither an address nor a prefix\n"},
	{"an IPv4 prefix as IPv6", RULE("rhosts = ::ffff:192.0.2.0/120"),
	 "p:4: rhosts: '::ffff:192.0.2.0/120' is IPv4, written as IPv6; write "
	 "192.0.2.0/24\n"},
	{"an IPv4 address as IPv6", RULE("rhosts = ::FFFF:c000:0207"),
	 "p:4: rhosts: '::FFFF:c000:0207' is IPv4, written as IPv6; write "
	 "192.0.2.7/32\n"},
	{"all of IPv4 as IPv6", RULE("rhosts = ::ffff:0:0/96"),
	 "p:4: rhosts: '::ffff:0:0/96' is IPv4, written as IPv6; write "
	 "0.0.0.0/0\n"},
	{"an rhost with a path", RULE("rhosts = http://example.org"),
	 "p:4: rhosts: 'http://example.org' is neither an address nor a prefix\n"},
	{"nested of another kind", RULE("nested = yes"),
	 "p:4: nested: 'yes' is not known; write switch, keep or deny\n"},
	{"guard with true instead of yes", RULE("guard = true"),
	 "p:4: guard: 'true' is not known; write no or yes\n"},
	{"guard in capitals", RULE("guard = Yes"),
	 "p:4: guard: 'Yes' is not known; write no or yes\n"},
	{"guard of the host itself",
	 "[rule r]\nnamespace = host\nguard = yes\n",
	 "p:3: guard: with namespace = host the user's processes run in the host's namespace; their packets cannot be refused\n"},
	{"a rule's timeout out of range", RULE("timeout = 3600s"),
	 "p:4: timeout: '3600s' is out of range; 100ms to 10m are possible\n"},
	{"a rule's on_error", RULE("on_error = permit"),
	 "p:4: on_error: 'permit' is not known; write deny or host\n"},
	{"a network of another type", NETWORK("type = vxlan"),
	 "p:3: type: 'vxlan' is not known; write linux or ovs\n"},
	{"a network without its bridge", "[network w]\ntype = ovs\n",
	 "p:1: [network w] needs the key 'bridge': an interface name\n"},
	{"vlan 0", NETWORK("vlan = 0"),
	 "p:3: vlan: '0' is not a number from 1 to 4094\n"},
	{"vlan 4095", NETWORK("vlan = 4095"),
	 "p:3: vlan: '4095' is not a number from 1 to 4094\n"},
	{"isolate of another kind", NETWORK("isolate = maybe"),
	 "p:3: isolate: 'maybe' is not known; write no or yes\n"},
	{"nat without an address", NETWORK("nat = yes"),
	 "p:3: nat: needs an 'address' of the host on the bridge\n"},
	{"a network's own address", NETWORK("address = 192.0.2.0/24"),
	 "p:3: address: '192.0.2.0/24' is the address of the network; write the address of a host\n"},
	{"auto for a network", NETWORK("address = auto"),
	 "p:3: address: 'auto' is not an address; write ADDRESS/LENGTH, as in "
	 "192.0.2.7/24\n"},
	{"dhcp without an address", NETWORK("dhcp = 192.0.2.10-192.0.2.20"),
	 "p:3: dhcp: the range must lie in the prefix of an 'address' of this "
	 "section\n"},
	{"dhcp elsewhere",
	 NETWORK("address = 192.0.2.1/24\ndhcp = 198.51.100.10-198.51.100.20"),
	 "p:4: dhcp: the range must lie in the prefix of an 'address' of this "
	 "section\n"},
	{"a dhcp range in reverse order",
	 NETWORK("address = 192.0.2.1/24\ndhcp = 192.0.2.20-192.0.2.10"),
	 "p:4: dhcp: the range '192.0.2.20-192.0.2.10' is in reverse order\n"},
	{"dhcp for IPv6",
	 NETWORK("address = 2001:db8::1/64\ndhcp = 2001:db8::10-2001:db8::20"),
	 "p:4: dhcp: '2001:db8::10-2001:db8::20' is not a range; write "
	 "FIRST-LAST, as in 192.0.2.10-192.0.2.99\n"},
	{"dhcp of one address",
	 NETWORK("address = 192.0.2.1/24\ndhcp = 192.0.2.10"),
	 "p:4: dhcp: '192.0.2.10' is not a range; write FIRST-LAST, as in "
	 "192.0.2.10-192.0.2.99\n"},
	{"an uplink that is the bridge", NETWORK("uplink = br0"),
	 "p:3: uplink: a bridge cannot be its own uplink\n"},
	{"an uplink of two bridges",
	 NETWORK("uplink = eth1") "[network b]\nbridge = br1\nuplink = eth1\n"
				  "[network c]\nbridge = br2\nuplink = eth2\n",
	 "p:6: uplink: 'eth1' is the uplink of [network w] already: [network "
	 "b] needs another, since an interface can be a port of one bridge "
	 "only\n"},
	{"an uplink of two bridges, whatever their types",
	 "[network a]\ntype = ovs\nbridge = br0\nuplink = eth1\n"
	 "[network b]\ntype = linux\nbridge = br1\nuplink = eth1\n"
	 "[network c]\ntype = ovs\nbridge = br2\nuplink = eth1\n",
	 "p:8: uplink: 'eth1' is the uplink of [network a] already: [network "
	 "b] needs another, since an interface can be a port of one bridge "
	 "only\n"
	 "p:12: uplink: 'eth1' is the uplink of [network a] already: [network "
	 "c] needs another, since an interface can be a port of one bridge "
	 "only\n"},
	{"a bridge of two networks",
	 NETWORK("") "[network b]\ntype = ovs\nbridge = br0\n",
	 "p:6: bridge: 'br0' is the bridge of [network w] already: give "
	 "[network b] another\n"},
	{"a bridge of two networks with one VLAN",
	 "[network a]\ntype = ovs\nbridge = br0\nvlan = 7\n"
	 "[network b]\ntype = ovs\nbridge = br0\nvlan = 7\n",
	 "p:7: bridge: 'br0' is the bridge of [network a] already: give "
	 "[network b] another, or a 'vlan' of its own\n"},
	{"a bridge with one of our names",
	 "[network a]\nbridge = npam12\n[network b]\nbridge = npam3v\n"
	 "[network c]\nbridge = npamx\n[network d]\nbridge = npam\n",
	 "p:2: bridge: 'npam12' is reserved for interfaces of netns-pam; choose another name\n"
	 "p:4: bridge: 'npam3v' is reserved for interfaces of netns-pam; choose another name\n"},
	{"a name that no interface can have",
	 "[network a]\nbridge = all\n[network b]\nbridge = default\n",
	 "p:2: bridge: 'all' is the kernel's name for settings of all interfaces; no interface can have it\n"
	 "p:4: bridge: 'default' is the kernel's name for settings of all interfaces; no interface can have it\n"},
	{"a vlan without Open vSwitch", NETWORK("vlan = 7"),
	 "p:3: vlan: is possible only with type = ovs\n"},
	{"an address of the host's twice",
	 NETWORK("address = 10.1.0.1/24, fd00::1/64, fd00::1/48"),
	 "p:3: address: 'fd00::1/48' is given twice\n"},
	{"dhcp from one prefix to another",
	 NETWORK("address = 10.1.0.1/24, 10.1.1.1/24\n"
		 "dhcp = 10.1.0.200-10.1.1.20"),
	 "p:4: dhcp: the range must lie in the prefix of an 'address' of this "
	 "section\n"},
	{"an uplink that is no interface", NETWORK("uplink = eth 0"),
	 "p:3: uplink: 'eth 0' is not an interface name; use 1 to 15 characters "
	 "without blank, '/', ':', '%'\n"},
	{"all errors come in one pass, in order",
	 "[options]\ntimeout = 1\nfoo = bar\n[rule a]\nusers = x*\n[rule "
	 "b]\nnamespace = gone\n[namespace n]\nmtu = 5\n[what]\n",
	 "p:2: timeout: '1' has no unit; write 500ms, 10s or 2m\np:3: unknown "
	 "key 'foo' in [options]; see netns-pam.conf(5)\np:4: [rule a] needs "
	 "the key 'namespace': a [namespace] section's name, or host\np:5: "
	 "users: 'x*': user names are compared as they are, without "
	 "wildcards\np:7: namespace: there is no section [namespace "
	 "gone]\np:9: mtu: '5' is not a number from 68 to 65535\np:9: mtu: cannot be used with link = none, only with " BUILT
	 " (the section has no 'link')\np:10: unknown section [what]; there "
	 "are [options], [rule NAME], [namespace NAME] and [network NAME]\n"},
};

int main(void)
{
	return BAD_RUN("policy_bad_options", bad);
}
