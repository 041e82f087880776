#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs that links need, started by netns-pamd.service with its
# restrictions: what works in a sandbox must work there as well. Run by
# tests/container/run.

load ../lib
load ../link/wg
load ../link/openvpn

setup_file() {
	systemctl is-system-running --wait || true
	start_machine
	standard_users
	start_internet
	install_package
	wg_setup
	office_start
	client_files bob
	# the name is that of the WireGuard server here
	sed -i "s/vpn.example.net/198.51.100.130/" $CLIENTS/bob.ovpn
	install -d /etc/netns-pam
	install -m 755 "$TOP"/conf/examples/hooks/office-* /etc/netns-pam/
	spawn $T/dhcpd.log nsenter -n -t "$(cat $T/lan.pid)" dnsmasq \
		--conf-file=/dev/null --keep-in-foreground --user=root --pid-file= \
		--interface=eth0 --bind-interfaces --no-resolv --no-hosts --no-ping \
		--dhcp-leasefile=$T/leases --address=/www.example.net/203.0.113.10 \
		--dhcp-range=203.0.113.50,203.0.113.60,2m >$T/dhcpd.pid
	put_policy <<-X
		[options]
		timeout = 20s
		[rule alice]
		users = alice
		namespace = wg
		[rule bob]
		users = bob
		namespace = ovpn
		[rule dave]
		users = dave
		namespace = lan
		[rule erin]
		users = erin
		namespace = office
		[rule frank]
		users = frank
		namespace = desk
		[rule carol]
		users = carol
		namespace = card
		[namespace wg]
		link = wireguard
		wireguard = /etc/wireguard/alice.conf
		ready = handshake
		[namespace ovpn]
		link = openvpn
		openvpn = /etc/openvpn/client/%u.ovpn
		scope = user
		[namespace lan]
		link = macvlan
		parent = lan0
		address = dhcp
		[namespace office]
		link = nat
		up = /etc/netns-pam/office-up
		down = /etc/netns-pam/office-down
		[namespace card]
		link = device
		interface = card0
		address = 203.0.113.99/24
		[namespace desk]
		link = bridge
		network = desks
		address = dhcp
		[network desks]
		bridge = br-desks
		address = 10.44.0.1/24
		nat = yes
		dhcp = 10.44.0.100-10.44.0.199
	X
}

setup() { cursor=$(journalctl -n 0 --show-cursor -q | sed -n 's/^-- cursor: //p'); }

teardown() {
	# the log of the unit, and what was refused to which program
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		journalctl -q -u netns-pamd --after-cursor "$cursor" -o cat | tail -n 30
		ps -eo pid,user,args | grep -E 'wireguard-go|openvpn|udhcpc|dnsmasq' || true
	fi
	for u in alice bob carol dave frank; do [ ! -e $T/hold.$u.pid ] || release $u; done
	wait_until 20 no_names || { netns-pam status; false; }
	wait_until 10 no_programs || { ps -eo pid,ppid,args; false; }
}

# what netns-pamd started: all processes of its cgroup but itself
programs() {
	grep -vxF "$(systemctl show -P MainPID netns-pamd)" \
		/sys/fs/cgroup/system.slice/netns-pamd.service/cgroup.procs
}
no_programs() { ! programs; }
su_in() { # su_in USER NAME CMD: its output, from inside the namespace
	local out
	out=$(timeout 30 su "$1" -c "$SHOW_NS; stat -c %i /run/netns/$2; $3" 2>&1) ||
		{ fail "$1: $out"; return 1; }
	equal "$(sed -n 2p <<<"$out")" "$(sed -n 1p <<<"$out")" "namespace of $1"
	tail -n +3 <<<"$out"
}
hold() { # hold USER: a session that stays until release
	spawn $T/hold.$1 su "$1" -c 'echo here; exec sleep 1000' >$T/hold.$1.pid
	wait_until 30 grep -q here $T/hold.$1
}
release() {
	local pid
	pid=$(cat $T/hold.$1.pid)
	rm $T/hold.$1.pid
	kill "$pid"
	wait_until 10 gone "$pid"
}

@test "WireGuard with the unit's restrictions: wireguard-go and wg" {
	equal yes "$(su_in alice wg "ping -c 1 -W 5 10.9.0.1 >/dev/null && echo yes")"
}

@test "OpenVPN with the unit's restrictions" {
	equal yes "$(su_in bob ovpn.bob "$PROBE tcp 10.99.0.80 80 5 >/dev/null && echo yes")"
}

@test "DHCP with the unit's restrictions: udhcpc, DNS of the lease" {
	equal "203.0.113.10" "$(su_in dave lan 'getent ahostsv4 www.example.net | head -n 1 | cut -d" " -f1')"
}

@test "dnsmasq with the unit's restrictions: unprivileged, and gives a lease" {
	local pid
	hold frank
	match '10\.44\.0\.1[0-9][0-9]/24' "$(ip -n desk -4 -o address show eth0)"
	su_in frank desk "$PROBE tcp 192.0.2.80 80 5"
	pid=$(programs | while read -r p; do
		[ "$(cat "/proc/$p/comm")" != dnsmasq ] || echo "$p"
	done)
	[ "$(stat -c %u "/proc/$pid")" != 0 ] || fail "dnsmasq runs as root"
	equal 0000000000001400 "$(awk '/^CapPrm/ {print $2}' "/proc/$pid/status")" "its capabilities"
	release frank
}

@test "up and down with the unit's restrictions" {
	rm -f /run/office.log
	match 'unreachable 198.51.100.0/24' "$(su_in erin office 'ip route')"
	wait_until 10 grep -q 'office is empty' /run/office.log
}

@test "F62 unit restarted: tunnels, leases and sessions continue" {
	local before after
	hold alice
	hold bob
	hold dave
	before=$(programs | sort | xargs)
	[ "$(wc -w <<<"$before")" -ge 3 ] || fail "programs: $before"
	systemctl restart netns-pamd
	after=$(programs | sort | xargs)
	equal "$before" "$after" "programs"
	equal yes "$(su_in alice wg "ping -c 1 -W 5 10.9.0.1 >/dev/null && echo yes")"
	equal yes "$(su_in bob ovpn.bob "$PROBE tcp 10.99.0.80 80 5 >/dev/null && echo yes")"
	su_in dave lan "$PROBE tcp 203.0.113.10 80 5"
	systemctl kill -s KILL --kill-who=main netns-pamd
	wait_until 10 systemctl is-active netns-pamd
	equal yes "$(su_in alice wg "ping -c 1 -W 5 10.9.0.1 >/dev/null && echo yes")"
	equal yes "$(su_in bob ovpn.bob "$PROBE tcp 10.99.0.80 80 5 >/dev/null && echo yes")"
	release alice
	release bob
	release dave
	systemctl reset-failed netns-pamd
}

@test "F58 F68 name of a namespace removed, daemon killed: the interface returns to the host" {
	ip link add card0 type veth peer name card1
	hold carol
	ip netns delete card
	wait_until 5 eval 'netns-pam status | grep -q "^card .*leaving"'
	systemctl kill -s KILL --kill-who=main netns-pamd
	wait_until 10 systemctl is-active netns-pamd
	not ip link show card0
	release carol
	wait_until 10 ip link show card0
	wait_until 5 eval '[ -z "$(ls /run/netns-pam/kept)" ]'
	not grep -q netns-pam/kept /proc/self/mountinfo
	ip link delete card0
	systemctl reset-failed netns-pamd
}

@test "the unit's system call filter refused nothing" {
	equal "" "$(journalctl -b -q -o cat -u netns-pamd | grep -E 'SECCOMP|Bad system call|Operation not permitted' | head -n 5)"
}

@test "package removed with open sessions: they are disconnected, no program is left, the interface returns" {
	local u p before
	ip link add card0 type veth peer name card1
	for u in alice bob carol dave frank; do hold $u; done
	not ip link show card0
	before=$(programs | xargs)
	for p in $before; do
		case $(cat "/proc/$p/comm") in
		openvpn) runs_as "$p" netns-pam 0000000000001400 ;;
		wireguard-go) runs_as "$p" netns-pam 0000000000001400 ;;
		udhcpc) runs_as "$p" netns-pam 0000000000002400 ;;
		esac
	done
	[ "$(wc -w <<<"$before")" -ge 4 ] || fail "programs: $before"
	dpkg --no-triggers -r netns-pam
	for p in $before; do wait_until 5 gone "$p"; done
	ip link show card0
	for u in alice bob carol dave frank; do
		p=$(pgrep -u $u sleep)
		equal lo "$(nsenter -n -t "$p" ip -o link | awk -F '[:@ ]+' '{print $2}' | xargs)" "what $u has left"
	done
	not ip link show br-desks
	[ ! -e /run/systemd/system/netns-pamd.service.d ]
	for u in alice bob carol dave frank; do release $u; done
	ip link delete card0
	install_package
	equal process "$(systemctl show -P KillMode netns-pamd)"
}
