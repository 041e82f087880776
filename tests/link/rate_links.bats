#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `rate` with other links: a port of a switch, an interface without an end on the
# host, tunnels. Cables: cable.bats, Open vSwitch: ovs.bats.
# alone: it measures throughput

load ../lib
load rate
load wg
load openvpn

setup_file() {
	common_setup_file
	wg_setup
	office_start
	client_files bob
	# vpn.example.net is the WireGuard server in this file
	sed -i 's/vpn.example.net/198.51.100.130/' $CLIENTS/bob.ovpn
	ip link add card0 type veth peer name card1 netns "$(cat $T/lan.pid)"
	in_lan ip address add 198.18.0.1/24 dev card1
	in_lan ip link set card1 up
	for n in internet office lan; do flood_serve $n; done
	put_policy <<-'X'
		[rule alice]
		users = alice
		namespace = port
		[rule bob]
		users = bob
		namespace = beside
		[namespace port]
		link = bridge
		network = lan
		rate = 10mbit
		[network lan]
		bridge = br-lan
		address = 172.30.1.1/24
		nat = yes
		[namespace beside]
		link = macvlan
		parent = up0
		address = 192.0.2.77/24
		rate = 10mbit
		[rule dave]
		users = dave
		namespace = wg
		[namespace wg]
		link = wireguard
		wireguard = /etc/wireguard/alice.conf
		ready = handshake
		rate = 10mbit
		[rule erin]
		users = erin
		namespace = ovpn
		[namespace ovpn]
		link = openvpn
		openvpn = /etc/openvpn/client/bob.ovpn
		rate = 10mbit
		[rule frank]
		users = frank
		namespace = card
		[namespace card]
		link = device
		interface = card0
		address = 198.18.0.2/24
		rate = 10mbit
	X
}
setup() { common_setup; }
teardown() { common_teardown; }

@test "rate on a port of a switch" {
	held_to 10000 alice 192.0.2.1
}

@test "rate on an interface without an end on the host" {
	held_to 10000 bob 192.0.2.1
	match 'rate0' "$(su bob -c 'ip -br link' | xargs)"
}

@test "rate on a WireGuard tunnel" {
	held_to 10000 dave 10.9.0.1
}

@test "rate on an OpenVPN tunnel" {
	held_to 10000 erin 10.8.0.1
}

@test "rate on a device: removed when it is returned to the host" {
	held_to 10000 frank 198.18.0.1
	wait_until 10 ip link show card0
	not grep -E 'tbf|ingress|clsact' <<<"$(tc qdisc show dev card0)"
}
