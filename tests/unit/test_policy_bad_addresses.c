// SPDX-License-Identifier: GPL-2.0-or-later
/* Invalid policies: [namespace]: addresses, gateways, routes, name servers. */
#include "policy_bad.h"

static const struct bad bad[] = {
	{"an address for link none", SPACE("address = 192.0.2.7/24"),
	 "p:4: address: cannot be used with link = none, only with " BUILT
	 " (the section has no 'link')\n"},
	{"an address without length", NAT("address = 192.0.2.7"),
	 "p:5: address: '192.0.2.7' has no prefix length, as in "
	 "192.0.2.7/24\n"},
	{"text that is not an address", NAT("address = 192.0.2.777/24"),
	 "p:5: address: '192.0.2.777/24' is not an address; write ADDRESS/LENGTH, "
	 "as in 192.0.2.7/24\n"},
	{"the network's own address", NAT("address = 192.0.2.0/24"),
	 "p:5: address: '192.0.2.0/24' is the address of the network; write the address of a host\n"},
	{"the IPv6 network's own address", NAT("address = 2001:db8::/64"),
	 "p:5: address: '2001:db8::/64' is the address of the network; write the address of a host\n"},
	{"a loopback address", NAT("address = 127.0.0.2/8"),
	 "p:5: address: '127.0.0.2/8' (loopback) cannot be the address of an interface\n"},
	{"a link-local address", NAT("address = 169.254.1.1/16"),
	 "p:5: address: '169.254.1.1/16' (link-local) cannot be the address of an interface\n"},
	{"an IPv6 link-local address", NAT("address = fe80::1/64"),
	 "p:5: address: 'fe80::1/64' (link-local) cannot be the address of an interface\n"},
	{"a multicast address", NAT("address = 224.0.0.1/24"),
	 "p:5: address: '224.0.0.1/24' (multicast) cannot be the address of an interface\n"},
	{"an address in the whole Internet", NAT("address = 192.0.2.7/0"),
	 "p:5: address: '192.0.2.7/0': a prefix of length 0 is the whole "
	 "Internet\n"},
	{"auto with an address", NAT("address = auto, 192.0.2.7/24"),
	 "p:5: address: 'auto' and 'dhcp' cannot be combined with addresses\n"},
	{"an address with dhcp", NAT("address = 192.0.2.7/24, dhcp"),
	 "p:5: address: 'auto' and 'dhcp' cannot be combined with addresses\n"},
	{"dhcp over nat", NAT("address = dhcp"),
	 "p:5: address: 'dhcp' is possible only with link = bridge, macvlan or "
	 "device\n"},
	{"auto for a cable",
	 SPACE("link = macvlan\nparent = eth0\naddress = auto"),
	 "p:6: address: 'auto' is possible only with link = nat, routed or "
	 "bridge\n"},
	{"one address for every user",
	 NAT("scope = user\naddress = 192.0.2.7/24"),
	 "p:6: address: '192.0.2.7/24' would be the address of every instance of scope = user; put %u, %U or %n into it, or write auto\n"},
	{"one address for every session",
	 NAT("scope = session\naddress = 192.0.2.7/24, fd00::%U/64"),
	 "p:6: address: '192.0.2.7/24' would be the address of every instance of scope = session; put %u, %U or %n into it, or write auto\n"},
	{"a gateway without an address", NAT("gateway = 192.0.2.1"),
	 "p:5: gateway: needs a static 'address' (auto and dhcp bring their "
	 "own gateway)\n"},
	{"a gateway with a length",
	 NAT("address = 192.0.2.7/24\ngateway = 192.0.2.1/24"),
	 "p:6: gateway: '192.0.2.1/24' is not an address; write one without a "
	 "length\n"},
	{"a gateway of the other family",
	 NAT("address = 192.0.2.7/24\ngateway = 2001:db8::1"),
	 "p:6: gateway: '2001:db8::1' is IPv6 and 'address' has no address of that family\n"},
	{"a gateway outside the prefixes",
	 NAT("address = 192.0.2.7/24\ngateway = 198.51.100.1"),
	 "p:6: gateway: '198.51.100.1' is not in any prefix of 'address'\n"},
	{"a gateway equal to the address",
	 NAT("address = 192.0.2.7/24\ngateway = 192.0.2.7"),
	 "p:6: gateway: '192.0.2.7' is the namespace's own address\n"},
	{"two gateways",
	 NAT("address = 192.0.2.7/24\ngateway = 192.0.2.1, 192.0.2.2"),
	 "p:6: gateway: more than one IPv4 gateway; keep one\n"},
	{"a gateway that is loopback",
	 NAT("address = 192.0.2.7/24\ngateway = 127.0.0.1"),
	 "p:6: gateway: '127.0.0.1' (loopback) cannot be the address of an interface\n"},
	{"a gateway for wireguard", WIREGUARD("gateway = 192.0.2.1"),
	 "p:6: gateway: cannot be used with link = wireguard, only with nat, "
	 "routed, bridge, cable, macvlan or device\n"},
	{"a route with host bits", NAT("routes = 192.0.2.1/24"),
	 "p:5: routes: '192.0.2.1/24' has bits set below its prefix length\n"},
	{"text that is not a route", NAT("routes = default"),
	 "p:5: routes: 'default' is not a prefix; write one such as 192.0.2.0/24, "
	 "or 0.0.0.0/0 for everything\n"},
	{"a route without a gateway after via",
	 NAT("routes = 198.51.100.0/24 via"),
	 "p:5: routes: '198.51.100.0/24 via': write PREFIX or PREFIX via "
	 "ADDRESS\n"},
	{"a route in the syntax of ip(8)",
	 NAT("routes = 198.51.100.0/24 dev eth0"),
	 "p:5: routes: '198.51.100.0/24 dev eth0': write PREFIX or PREFIX via "
	 "ADDRESS\n"},
	{"a route via a prefix",
	 NAT("routes = 198.51.100.0/24 via 192.0.2.0/24"),
	 "p:5: routes: '192.0.2.0/24' is not the address of a gateway\n"},
	{"a route of two families",
	 NAT("routes = 198.51.100.0/24 via 2001:db8::1"),
	 "p:5: routes: '198.51.100.0/24 via 2001:db8::1' mixes IPv4 and "
	 "IPv6\n"},
	{"a route with too much",
	 NAT("routes = 198.51.100.0/24 via 192.0.2.1 metric 5"),
	 "p:5: routes: '198.51.100.0/24 via 192.0.2.1 metric 5': write PREFIX "
	 "or PREFIX via ADDRESS\n"},
	{"an mtu too small", NAT("mtu = 67"),
	 "p:5: mtu: '67' is not a number from 68 to 65535\n"},
	{"an mtu too large", NAT("mtu = 65536"),
	 "p:5: mtu: '65536' is not a number from 68 to 65535\n"},
	{"an mtu in words", NAT("mtu = jumbo"),
	 "p:5: mtu: 'jumbo' is not a number from 68 to 65535\n"},
	{"an mtu too small for IPv6 of the pool", NAT("mtu = 1279"),
	 "p:5: mtu: IPv6 needs at least 1280; set pool6 = none, or a static "
	 "IPv4 address\n"},
	{"an mtu too small for the IPv6 of a network",
	 "[network w]\nbridge = br0\naddress = 10.1.0.1/24, fd00::1/64\n" SPACE(
		 "link = bridge\nnetwork = w\nmtu = 1279"),
	 "p:9: mtu: IPv6 needs at least 1280; set a static IPv4 address, or "
	 "leave the IPv6 address of the network out\n"},
	{"an address twice",
	 NAT("address = 192.0.2.7/24, 192.0.2.8/24, 192.0.2.7/32"),
	 "p:5: address: '192.0.2.7/32' is given twice\n"},
	{"a template of an address twice",
	 NAT("scope = user\naddress = 10.1.%U.1/24, 10.1.%U.1/24"),
	 "p:6: address: '10.1.%U.1/24' is given twice\n"},
	{"an mtu too small for an IPv6 address",
	 NAT("mtu = 576\naddress = 2001:db8::7/64"),
	 "p:5: mtu: IPv6 needs at least 1280; leave the IPv6 address out\n"},
	{"a name server by name", NAT("dns = ns.example.org"),
	 "p:5: dns: 'ns.example.org' is neither an address of a name server nor 'host'\n"},
	{"a name server with a length", NAT("dns = 192.0.2.53/32"),
	 "p:5: dns: '192.0.2.53/32' is neither an address of a name server nor 'host'\n"},
	{"host among name servers", NAT("dns = 192.0.2.53, host"),
	 "p:5: dns: 'host' cannot be combined with servers\n"},
	{"a name server after host", NAT("dns = host, 192.0.2.53"),
	 "p:5: dns: 'host' cannot be combined with servers\n"},
	{"a multicast name server", NAT("dns = 224.0.0.251"),
	 "p:5: dns: '224.0.0.251' (multicast) is not an address of a name server\n"},
	{"an unspecified name server", NAT("dns = 0.0.0.0"),
	 "p:5: dns: '0.0.0.0' (unspecified) is not an address of a name server\n"},
	{"a link-local IPv6 name server", NAT("dns = fe80::1"),
	 "p:5: dns: 'fe80::1' (link-local) is not an address of a name server\n"},
	{"search without servers", NAT("search = example.org"),
	 "p:5: search: needs servers in 'dns'; without them the session "
	 "resolves as the host does\n"},
	{"search with dns = host", NAT("dns = host\nsearch = example.org"),
	 "p:6: search: needs servers in 'dns'; without them the session "
	 "resolves as the host does\n"},
	{"a search domain with a blank",
	 NAT("dns = 192.0.2.53\nsearch = example.org example.com"),
	 "p:6: search: 'example.org example.com' is not a domain name\n"},
	{"a search domain with two dots",
	 NAT("dns = 192.0.2.53\nsearch = example..org"),
	 "p:6: search: 'example..org' is not a domain name\n"},
	{"a search domain with a dash in front",
	 NAT("dns = 192.0.2.53\nsearch = -example.org"),
	 "p:6: search: '-example.org' is not a domain name\n"},
};

int main(void)
{
	return BAD_RUN("policy_bad_addresses", bad);
}
