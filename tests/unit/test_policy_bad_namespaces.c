// SPDX-License-Identifier: GPL-2.0-or-later
/* Invalid policies: [namespace]: links, names, paths, ports, limits. */
#include "policy_bad.h"

static const struct bad bad[] = {
	{"a scope of another kind", SPACE("scope = group"),
	 "p:4: scope: 'group' is not known; write shared, user or session\n"},
	{"a link of another kind", SPACE("link = veth"),
	 "p:4: link: 'veth' is not known; write none, external, " BUILT "\n"},
	{"an unknown link hides no other error", SPACE("link = natt\nmtu = 1"),
	 "p:4: link: 'natt' is not known; write none, external, " BUILT
	 "\np:5: mtu: '1' is not a number from 68 to 65535\n"},
	{"a lifetime of another kind", SPACE("lifetime = always"),
	 "p:4: lifetime: 'always' is not known; write processes, sessions or "
	 "forever\n"},
	{"a bridge without its network", SPACE("link = bridge"),
	 "p:3: link = bridge needs the key 'network': a [network] section's "
	 "name\n"},
	{"a bridge on an undefined network",
	 SPACE("link = bridge\nnetwork = w"),
	 "p:5: network: there is no section [network w]\n"},
	{"a cable without its peer", SPACE("link = cable"),
	 "p:3: link = cable needs the key 'peer': a [namespace] section's "
	 "name\n"},
	{"a cable to an undefined section", SPACE("link = cable\npeer = m"),
	 "p:5: peer: there is no section [namespace m]\n"},
	{"a cable to an external namespace",
	 SPACE("link = cable\npeer = m\n[namespace m]\nlink = external"),
	 "p:5: peer: [namespace m] has link = external, and external namespaces are not changed\n"},
	{"a cable to itself", SPACE("link = cable\npeer = n"),
	 "p:5: peer: the peer of a cable must be another namespace\n"},
	{"a cable to a section with scope = user",
	 "[rule r]\nnamespace = n\n[namespace n]\nlink = cable\npeer = "
	 "m\n[namespace m]\nscope = user\n",
	 "p:5: peer: [namespace m] has scope = user, so that there is no single namespace to connect a cable to\n"},
	{"macvlan without its parent", SPACE("link = macvlan"),
	 "p:3: link = macvlan needs the key 'parent': an interface of the "
	 "host\n"},
	{"a device without its interface", SPACE("link = device"),
	 "p:3: link = device needs the key 'interface': an interface of the "
	 "host\n"},
	{"wireguard without its file", SPACE("link = wireguard"),
	 "p:3: link = wireguard needs the key 'wireguard': an absolute path\n"},
	{"openvpn without its file", SPACE("link = openvpn"),
	 "p:3: link = openvpn needs the key 'openvpn': an absolute path\n"},
	{"a wireguard file for nat", NAT("wireguard = /etc/wg.conf"),
	 "p:5: wireguard: cannot be used with link = nat, only with wireguard\n"},
	{"a wireguard file without a link", SPACE("wireguard = /etc/wg.conf"),
	 "p:4: wireguard: cannot be used with link = none, only with wireguard "
	 "(the section has no 'link')\n"},
	{"an openvpn file for wireguard", WIREGUARD("openvpn = /etc/o.conf"),
	 "p:6: openvpn: cannot be used with link = wireguard, only with openvpn\n"},
	{"a peer for nat", NAT("peer = n"),
	 "p:5: peer: cannot be used with link = nat, only with cable\n"},
	{"a relative path", SPACE("link = wireguard\nwireguard = wg.conf"),
	 "p:5: wireguard: 'wg.conf' is not an absolute path; it must start with "
	 "'/'\n"},
	{"a path with '..'",
	 SPACE("link = wireguard\nwireguard = /etc/../wg.conf"),
	 "p:5: wireguard: '/etc/../wg.conf' contains '..'; write the path without it\n"},
	{"a path that ends in '..'", SPACE("up = /etc/.."),
	 "p:4: up: '/etc/..' contains '..'; write the path without it\n"},
	{"a directory for a file", SPACE("up = /usr/local/bin/"),
	 "p:4: up: '/usr/local/bin/' is a directory; name a file\n"},
	{"a program with arguments", SPACE("up = /bin/sh -c reboot"),
	 "p:4: up: '/bin/sh -c reboot' contains a blank; name a file, without "
	 "arguments\n"},
	{"an unknown percent sign",
	 SPACE("link = wireguard\nwireguard = /etc/wg/%g.conf"),
	 "p:5: wireguard: '%g' in '/etc/wg/%g.conf' is not known; %u (user), "
	 "%U (uid), %n (namespace) and %% are\n"},
	{"a percent sign at the end",
	 SPACE("link = wireguard\nwireguard = /etc/wg/%"),
	 "p:5: wireguard: '%' in '/etc/wg/%' is not known; %u (user), %U "
	 "(uid), %n (namespace) and %% are\n"},
	{"an interface name of 16 bytes", NAT("ifname = abcdefghijklmnop"),
	 "p:5: ifname: 'abcdefghijklmnop' is not an interface name; use 1 to 15 "
	 "characters without blank, '/', ':', '%'\n"},
	{"the interface lo", NAT("ifname = lo"),
	 "p:5: ifname: 'lo' is the loopback interface, which every namespace has\n"},
	{"an interface name with a slash", NAT("ifname = a/b"),
	 "p:5: ifname: 'a/b' is not an interface name; use 1 to 15 characters "
	 "without blank, '/', ':', '%'\n"},
	{"an interface of dots", NAT("ifname = .."),
	 "p:5: ifname: '..' is not an interface name; use 1 to 15 characters "
	 "without blank, '/', ':', '%'\n"},
	{"a percent sign in an interface name", NAT("ifname = eth%d"),
	 "p:5: ifname: 'eth%d' is not an interface name; use 1 to 15 characters "
	 "without blank, '/', ':', '%'\n"},
	{"one device for several namespaces",
	 SPACE("link = device\nscope = user\ninterface = eth1"),
	 "p:6: interface: 'eth1' can be in one namespace only, and scope = "
	 "user makes several; put %u, %U or %n into it\n"},
	{"a template with a slash for an interface",
	 SPACE("link = device\nscope = user\ninterface = a/%u"),
	 "p:6: interface: 'a/%u' is not an interface name\n"},
	{"allow a name", NAT("allow = example.org"),
	 "p:5: allow: 'example.org': write "
	 "PREFIX[:PORT[-PORT]][/tcp|udp|icmp], with IPv6 as [PREFIX]:PORT\n"},
	{"allow with host bits", NAT("allow = 192.0.2.1/24"),
	 "p:5: allow: '192.0.2.1/24' has bits set below its prefix length\n"},
	{"allow port 0", NAT("allow = 192.0.2.0/24:0"),
	 "p:5: allow: '0' is neither a port nor a range of ports (1 to 65535)\n"},
	{"allow a port too large", NAT("allow = 192.0.2.0/24:65536/tcp"),
	 "p:5: allow: '65536' is neither a port nor a range of ports (1 to 65535)\n"},
	{"allow ports in reverse order", NAT("allow = 192.0.2.0/24:99-1"),
	 "p:5: allow: '99-1' is neither a port nor a range of ports (1 to 65535)\n"},
	{"allow another protocol", NAT("allow = 192.0.2.0/24:53/sctp"),
	 "p:5: allow: '53/sctp' is neither a port nor a range of ports (1 to "
	 "65535)\n"},
	{"allow ports of icmp", NAT("allow = 192.0.2.0/24:8/icmp"),
	 "p:5: allow: '192.0.2.0/24:8/icmp': icmp has no ports\n"},
	{"allow IPv6 with an open bracket", NAT("allow = [2001:db8::/32:443"),
	 "p:5: allow: '[2001:db8::/32:443': write "
	 "PREFIX[:PORT[-PORT]][/tcp|udp|icmp], with IPv6 as [PREFIX]:PORT\n"},
	{"allow IPv4 in brackets", NAT("allow = [192.0.2.0/24]:443"),
	 "p:5: allow: '[192.0.2.0/24]:443': write "
	 "PREFIX[:PORT[-PORT]][/tcp|udp|icmp], with IPv6 as [PREFIX]:PORT\n"},
	{"deny with host bits", NAT("deny = 2001:db8::1/32"),
	 "p:5: deny: '2001:db8::1/32' has bits set below its prefix length\n"},
	{"allow for link none", SPACE("allow = 192.0.2.0/24"),
	 "p:4: allow: cannot be used with link = none, only with " BUILT
	 " (the section has no 'link')\n"},
	{"allow_host by name", NAT("allow_host = ssh"),
	 "p:5: allow_host: 'ssh': write PORT[-PORT][/tcp|udp], as in 53/udp\n"},
	{"allow_host icmp", NAT("allow_host = 1/icmp"),
	 "p:5: allow_host: '1/icmp': write PORT[-PORT][/tcp|udp], as in "
	 "53/udp\n"},
	{"allow_host for wireguard", WIREGUARD("allow_host = 53/udp"),
	 "p:6: allow_host: cannot be used with link = wireguard, only with nat, "
	 "routed or bridge\n"},
	{"publish one port", NAT("publish = 8080"),
	 "p:5: publish: '8080': write [ADDRESS:]HOSTPORT:PORT[/tcp|udp], as in "
	 "8080:80/tcp\n"},
	{"publish a range", NAT("publish = 8000-8010:80"),
	 "p:5: publish: '8000-8010:80': write "
	 "[ADDRESS:]HOSTPORT:PORT[/tcp|udp], as in 8080:80/tcp\n"},
	{"publish icmp", NAT("publish = 8080:80/icmp"),
	 "p:5: publish: '8080:80/icmp': write "
	 "[ADDRESS:]HOSTPORT:PORT[/tcp|udp], as in 8080:80/tcp\n"},
	{"publish on a name", NAT("publish = www.example.org:8080:80"),
	 "p:5: publish: 'www.example.org' is not an address of the host\n"},
	{"publish on IPv6 without brackets",
	 NAT("publish = 2001:db8::1:8080:80"),
	 "p:5: publish: '2001:db8::1:8080:80': write "
	 "[ADDRESS:]HOSTPORT:PORT[/tcp|udp], as in 8080:80/tcp\n"},
	{"publish port 0", NAT("publish = 0:80"),
	 "p:5: publish: '0:80': write [ADDRESS:]HOSTPORT:PORT[/tcp|udp], as in "
	 "8080:80/tcp\n"},
	{"publish a port twice", NAT("publish = 80:80, 192.0.2.9:80:81/tcp"),
	 "p:5: publish: '192.0.2.9:80:81/tcp' and '80:80' of [namespace n] "
	 "are the same port of the host\n"},
	{"publish for every user", NAT("scope = user\npublish = 8080:80"),
	 "p:6: publish: a port of the host is forwarded to one namespace only, and scope = "
	 "user makes several\n"},
	{"a rate without unit", NAT("rate = 10"),
	 "p:5: rate: '10' is not a rate; write a whole number and bit, kbit, mbit "
	 "or gbit, as in 10mbit\n"},
	{"a rate in bytes", NAT("rate = 10mbyte"),
	 "p:5: rate: '10mbyte' is not a rate; write a whole number and bit, kbit, "
	 "mbit or gbit, as in 10mbit\n"},
	{"a rate too small", NAT("rate = 1kbit"),
	 "p:5: rate: '1kbit' is out of range; 8kbit to 400gbit are possible\n"},
	{"a rate too large", NAT("rate = 500gbit"),
	 "p:5: rate: '500gbit' is out of range; 8kbit to 400gbit are "
	 "possible\n"},
	{"a rate with a fraction", NAT("rate = 1.5mbit"),
	 "p:5: rate: '1.5mbit' is not a rate; write a whole number and bit, kbit, "
	 "mbit or gbit, as in 10mbit\n"},
	{"no connections", NAT("max_connections = 0"),
	 "p:5: max_connections: '0' is not a number from 1 to 10000000\n"},
	{"too many connections", NAT("max_connections = 10000001"),
	 "p:5: max_connections: '10000001' is not a number from 1 to "
	 "10000000\n"},
	{"a sysctl of the kernel", SPACE("sysctl.kernel.hostname = x"),
	 "p:4: sysctl.kernel.hostname: only names below net. belong to a "
	 "network namespace\n"},
	{"a sysctl with two dots", SPACE("sysctl.net/../kernel/hostname = x"),
	 "p:4: sysctl.net/../kernel/hostname: the name has an empty part\n"},
	{"a sysctl with an empty part", SPACE("sysctl.net..ipv4 = 1"),
	 "p:4: sysctl.net..ipv4: the name has an empty part\n"},
	{"a sysctl that ends in a dot", SPACE("sysctl.net.ipv4. = 1"),
	 "p:4: sysctl.net.ipv4.: the name has an empty part\n"},
	{"a sysctl with an absolute path",
	 SPACE("sysctl./proc/sys/net/ipv4/ip_forward = 1"),
	 "p:4: sysctl./proc/sys/net/ipv4/ip_forward: only names below net. "
	 "belong to a network namespace\n"},
	{"a sysctl with a wildcard",
	 SPACE("sysctl.net.ipv4.conf.*.rp_filter = 1"),
	 "p:4: sysctl.net.ipv4.conf.*.rp_filter: the name contains a character that no sysctl name has\n"},
	{"a sysctl without a value", SPACE("sysctl.net.ipv4.ip_forward ="),
	 "p:4: sysctl.net.ipv4.ip_forward: no value; write the sysctl's "
	 "value\n"},
	{"a sysctl for an external namespace",
	 SPACE("link = external\nsysctl.net.ipv4.ip_forward = 1"),
	 "p:5: sysctl.NAME: cannot be used with link = external, only with "
	 "none, " BUILT "\n"},
	{"an address for an external namespace",
	 SPACE("link = external\naddress = 192.0.2.7/24"),
	 "p:5: address: cannot be used with link = external, only with " BUILT
	 "\n"},
	{"a lifetime for an external namespace",
	 SPACE("link = external\nlifetime = forever"),
	 "p:5: lifetime: cannot be used with link = external, only with "
	 "none, " BUILT "\n"},
	{"an external namespace for each session",
	 SPACE("link = external\nscope = session"),
	 "p:5: scope: an external namespace would have to exist for each session before it begins; use shared or user\n"},
	{"scope session with lifetime forever",
	 SPACE("scope = session\nlifetime = forever"),
	 "p:5: lifetime: with scope = session every login would leave a namespace that is never removed\n"},
	{"ready for something else", NAT("ready = dns"),
	 "p:5: ready: 'dns' is not known; write route, interface:NAME or "
	 "handshake\n"},
	{"ready for an interface without a name", NAT("ready = interface:"),
	 "p:5: ready: '' is not an interface name; use 1 to 15 characters without "
	 "blank, '/', ':', '%'\n"},
	{"ready for lo", NAT("ready = interface:lo"),
	 "p:5: ready: 'lo' is the loopback interface, which every namespace has\n"},
	{"a handshake without a tunnel", NAT("ready = handshake"),
	 "p:5: ready: 'handshake' is possible only with link = wireguard or "
	 "openvpn\n"},
	{"ready without a link", SPACE("ready = route"),
	 "p:4: ready: cannot be used with link = none, only with external, " BUILT
	 " (the section has no 'link')\n"},
};

int main(void)
{
	return BAD_RUN("policy_bad_namespaces", bad);
}
