#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A device that can be created in its namespace is created there: no device is
# moved from the host. (WireGuard of the kernel: tests/vm; wireguard-go, OpenVPN and
# `link = device` have to move one.)

load ../lib
load link

setup_file() {
	common_setup_file
	mapped alice:nat <<-X
		[namespace nat]
		link = nat
		[namespace routed]
		link = routed
		[namespace port]
		link = bridge
		network = lan
		address = 10.55.0.2/24
		[network lan]
		bridge = br-lan
		address = 10.55.0.1/24
		[namespace phone]
		link = macvlan
		parent = lan0
		address = 203.0.113.20/24
		[namespace left]
		link = cable
		peer = right
		address = 10.10.10.1/24
		[namespace right]
		link = cable
		peer = left
		address = 10.10.10.2/24
	X
}
teardown() {
	undone
	[ ! -e $T/monitor.pid ] || kill "$(cat $T/monitor.pid)" || true
	rm -f $T/monitor.pid
}

watch() {
	spawn $T/moved ip monitor link >$T/monitor.pid
	wait_until 5 records
}
records() { # from now on the monitor records events
	ip link set lo down && ip link set lo up
	grep -q ' lo:' $T/moved
}
moved() { grep -E 'new-netns(id)?' $T/moved; }

@test "the test itself: a device that is moved is detected" {
	ip netns add away
	ip link add wire0 type veth peer name wire1
	watch
	ip link set wire0 netns away
	wait_until 5 moved
	ip netns del away
}

@test "nat, routed, bridge, macvlan, cable: links are created in place, no device is moved" {
	local n
	watch
	for n in nat routed port phone left right; do netns-pam up $n; done
	ip netns exec left ping -qc 1 -W 5 10.10.10.2
	ip netns exec phone ping -qc 1 -W 5 203.0.113.10
	for n in nat routed port phone left; do
		[ "$(ip -n $n -o link | wc -l)" = 2 ] || fail "$n: $(ip -n $n -o link)"
	done
	not moved
	for n in nat routed port phone left right; do netns-pam down $n; done
	wait_until 10 no_names
}
