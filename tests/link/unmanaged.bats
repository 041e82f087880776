#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# udevd and systemd-networkd configured to manage every interface: they leave
# those of the daemon alone.

load ../lib
load link

setup_file() {
	common_setup_file
	mkdir -p /run/udev /run/systemd/netif/{links,leases,lldp}
	chown -R systemd-network: /run/systemd/netif
	# a configuration that matches all interfaces, also by their names
	cat >/etc/systemd/network/50-all.network <<-'X'
		[Match]
		Name=npam* br-* theirs*
		[Network]
		Address=198.18.0.1/24
		ConfigureWithoutCarrier=yes
	X
	cat >/etc/sysctl.d/99-all.conf <<-'X'
		net.ipv6.conf.*.disable_ipv6 = 1
		net.ipv4.conf.*.proxy_arp = 1
	X
	spawn $T/udevd.log /lib/systemd/systemd-udevd --debug >$T/udevd.pid
	wait_until 10 udevadm control --ping
	spawn $T/networkd.log env SYSTEMD_LOG_LEVEL=debug /lib/systemd/systemd-networkd >$T/networkd.pid
	wait_until 10 grep -q 'Enumeration completed' $T/networkd.log
	mapped alice:blue bob:port <<-'X'
		[namespace blue]
		link = nat
		[namespace port]
		link = bridge
		network = lan
		[network lan]
		bridge = br-lan
		address = 172.30.1.1/24
		nat = yes
	X
}
setup() { common_setup; }
teardown() {
	undone
	ssh_end_all
	ip link delete theirs 2>/dev/null || true
	common_teardown
}

file_of() { udevadm info -q property -p /sys/class/net/$1 | sed -n "s/^$2=//p"; }
settled() { # settled IFACE STATE: networkd has finished with it
	udevadm settle -t 10
	wait_until 10 grep -qx "ADMIN_STATE=$2" "/run/systemd/netif/links/$(cat "/sys/class/net/$1/ifindex")"
}
# all properties that udevd or networkd may have changed
look_of() {
	cat "/sys/class/net/$1/address" "/sys/class/net/$1/flags" "/sys/class/net/$1/mtu"
	ip -o address show dev "$1" | awk '{print $3, $4}'
	cat "/proc/sys/net/ipv6/conf/$1/disable_ipv6" "/proc/sys/net/ipv4/conf/$1/proxy_arp"
}

ours() { # ours IFACE: recognized as the daemon's, and not configured
	settled "$1" unmanaged
	equal 1 "$(file_of "$1" NETNS_PAM)" "NETNS_PAM of $1"
	equal 1 "$(file_of "$1" NM_UNMANAGED)" "NM_UNMANAGED of $1"
	equal "" "$(file_of "$1" CURRENT_TAGS)" "tags of $1: no device unit"
	match '/70-netns-pam.link$' "$(file_of "$1" ID_NET_LINK_FILE)"
	not grep -F 198.18.0.1 <<<"$(ip -o address show dev "$1")"
	not grep -E "^$1: .*(sysctl.* succeeded|Applying)" $T/udevd.log
	equal 0 "$(cat "/proc/sys/net/ipv4/conf/$1/proxy_arp")" "sysctl of $1"
}

@test "F74 the test itself: udevd and networkd configure any other interface" {
	ip link add theirs type bridge
	udevadm settle -t 10
	wait_until 10 has_address theirs
	equal "" "$(file_of theirs NETNS_PAM)"
	equal :systemd: "$(file_of theirs CURRENT_TAGS)"
	wait_until 5 grep -q 'theirs: Process .*systemd-sysctl.* succeeded' $T/udevd.log
}
has_address() { ip -o address show dev "$1" | grep -qF 198.18.0.1; }

@test "F74 host's end of a link: udevd and networkd leave it unchanged" {
	local dev before
	ssh_hold a alice
	dev=$(netns-pam status --json | jq -r '.namespaces[] | select(.name == "blue").host_interface')
	before=$(look_of "$dev")
	ours "$dev"
	equal "$before" "$(look_of "$dev")"
	match 'client 192' "$(su alice -c 'probe tcp 198.51.100.80 80')"
	match 'client 2001' "$(su alice -c 'probe tcp 2001:db8:ffff::80 80')"
	ssh_end a
}

@test "F74 bridge and ports of the daemon: udevd and networkd leave them unchanged" {
	local dev
	ssh_hold b bob
	dev=$(netns-pam status --json | jq -r '.namespaces[] | select(.name == "port").host_interface')
	ours br-lan
	ours "$dev"
	match 'client 192' "$(su bob -c 'probe tcp 198.51.100.80 80')"
	ssh_end b
}

@test "F74 device of a VPN program before it is moved: left unchanged" {
	local dev
	for dev in npam4242 npamv4242; do
		ip tuntap add $dev mode tun
		settled $dev unmanaged
		not grep -F 198.18.0.1 <<<"$(ip -o address show dev $dev)"
		not grep -F ,UP <<<"$(ip -o link show dev $dev)"
		ip link delete $dev
	done
}

@test "F74 logins in succession under udevd and networkd: none is slow, none fails" {
	local n
	for n in 1 2 3 4 5 6 7 8; do
		match 'client 192' "$(su alice -c 'probe tcp 198.51.100.80 80')"
		wait_until 10 not_there blue
	done
}
