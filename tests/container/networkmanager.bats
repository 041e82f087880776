#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# With the real NetworkManager, and with udev, which marks the interfaces of
# netns-pamd: NetworkManager changes none of them in any state. Run by
# tests/container/run.

load ../lib

setup_file() {
	systemctl is-system-running --wait || true
	start_machine
	standard_users
	# for udev: it shows the network interfaces of this namespace only
	mount -o remount,rw /sys
	systemctl start systemd-udevd
	start_internet
	udevadm settle -t 20
	install_package
	put_policy <<-'X'
		[rule alice]
		users = alice
		namespace = blue
		[rule bob]
		users = bob
		namespace = port
		[rule erin]
		users = erin
		namespace = street
		[namespace blue]
		link = nat
		[namespace street]
		link = routed
		[namespace port]
		link = bridge
		network = lan
		[network lan]
		bridge = br-lan
		address = 172.30.1.1/24, fd00:30::1/64
		nat = yes
	X
	# at once: udev has read the rules that were just installed
	hold alice
	hold bob
	systemctl start NetworkManager
	nmcli -w 10 general status
}
teardown_file() {
	release alice
	release bob
}
teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || {
		nmcli device
		udevadm info -q property -p /sys/class/net/br-lan
		journalctl -q -b -u NetworkManager -o cat | tail -n 40
	} || true
}

hold() { # hold USER: a session that stays until release
	spawn $T/hold.$1 su "$1" -c 'echo here; exec sleep 1000' >$T/hold.$1.pid
	wait_until 30 grep -q here $T/hold.$1
}
release() {
	kill "$(cat $T/hold.$1.pid)"
	wait_until 10 gone "$(cat $T/hold.$1.pid)"
}

ours() { ip -o link show group "$1" | sed 's/^[0-9]*: \([^:@]*\).*/\1/'; }
all_ours() { for g in 28272 28273 28274 28275 28276; do ours $g; done; }
state_of() { nmcli -t -f DEVICE,STATE device | sed -n "s/^$1://p"; }
known() { [ -n "$(state_of "$1")" ]; }
managed() { match '^connect' "$(state_of "$1")"; }

# NetworkManager has read all of the daemon's interfaces and manages none.
left_alone() {
	local dev n=0
	for dev in $(all_ours); do
		wait_until 10 known "$dev"
		equal unmanaged "$(state_of "$dev")" "$dev"
		n=$((n + 1))
	done
	[ $n -ge 3 ]
}
# every property of them that another program may have changed
look() {
	local dev
	for dev in $(all_ours); do
		ip -o link show dev "$dev" | sed 's/ qdisc.*//'
		cat "/sys/class/net/$dev/address" "/proc/sys/net/ipv6/conf/$dev/disable_ipv6" \
			"/proc/sys/net/ipv6/conf/$dev/accept_ra"
		ip -o address show dev "$dev" | awk '{print $3, $4}'
		ip route show dev "$dev"
		ip -6 route show dev "$dev"
	done
}
sessions_work() {
	match 'client 192\.0\.2\.2$' "$(su alice -c "$PROBE tcp 198.51.100.80 80")"
	match 'client 2001:db8::2$' "$(su alice -c "$PROBE tcp 2001:db8:ffff::80 80")"
	match 'client 192\.0\.2\.2$' "$(su bob -c "$PROBE tcp 198.51.100.80 80")"
	match 'client 2001:db8::2$' "$(su bob -c "$PROBE tcp 2001:db8:ffff::80 80")"
}
unchanged() {
	look >$T/look.after
	diff $T/look $T/look.after
	left_alone
	sessions_work
}

@test "F74 the test itself: NetworkManager manages other interfaces" {
	ip link add eth7 type veth peer name eth8 netns "$(cat $T/lan.pid)"
	ip link add theirs type bridge
	ip address add 198.18.0.1/24 dev theirs
	ip link set eth7 up
	in_lan ip link set eth8 up
	ip link set theirs up
	wait_until 10 managed eth7
	wait_until 10 managed theirs
}

@test "F74 host ends, a switch and its ports that exist before its start: unmanaged" {
	left_alone
	sessions_work
	look >$T/look
}

@test "F74 new interfaces are unmanaged from the start, each time" {
	local i
	spawn $T/monitor nmcli monitor >$T/monitor.pid
	for i in 1 2 3 4 5; do
		match 'client 10\.213\.' "$(su erin -c "$PROBE tcp 198.51.100.80 80")"
		wait_until 10 not_there street
	done
	hold erin
	left_alone
	release erin
	wait_until 10 not_there street
	kill "$(cat $T/monitor.pid)"
	not grep -E '^(npam|br-lan).*(connect|prepar|config|disconnected|unavailable)' $T/monitor
	not grep -E 'device \((npam[0-9]*|br-lan)\): (state change|Activation)' \
		<(journalctl -q -b -u NetworkManager -o cat)
	unchanged
}

@test "F74 nmcli networking off and on: nothing changes" {
	nmcli networking off
	wait_until 10 not managed theirs
	sessions_work
	nmcli networking on
	wait_until 10 managed eth7
	unchanged
}

@test "F74 NetworkManager restarted, killed, reloaded: nothing changes" {
	systemctl restart NetworkManager
	nmcli -w 10 general status
	unchanged
	systemctl kill -s KILL NetworkManager
	wait_until 20 nmcli general status
	unchanged
	nmcli general reload
	nmcli connection reload
	udevadm trigger --action=change --subsystem-match=net
	udevadm settle -t 20
	unchanged
}

@test "F74 switch made again while NetworkManager is stopped: unmanaged after its start" {
	systemctl stop NetworkManager
	release bob
	wait_until 10 not_there port
	hold bob
	systemctl start NetworkManager
	nmcli -w 10 general status
	left_alone
	sessions_work
	netns-pam down port --force
	wait_until 10 not ip link show br-lan
	release bob
	hold bob
	left_alone
	sessions_work
}
