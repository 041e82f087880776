#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# With the real firewalld, as Debian configures it: after the commands that
# netns-pamd(8) lists, sessions work and never reach what the policy refuses,
# whatever firewalld reloads. Run by tests/container/run.

load ../lib
load ../link/probing

setup_file() {
	systemctl is-system-running --wait || true
	start_machine
	standard_users
	start_internet
	systemctl start firewalld
	install_package
	policy | put_policy
	for u in alice bob erin; do hold $u; done
	probing_setup
}
teardown_file() {
	for u in alice bob erin; do
		[ ! -e $T/hold.$u.pid ] || release $u
	done
}
teardown() {
	probing_end
	[ ! -e $T/talk.pid ] || stop $T/talk.pid
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		firewall-cmd --get-active-zones || true
		journalctl -q -b -u netns-pamd -u firewalld -o cat | tail -n 15
	fi
}

# The standard policy, with more keys for bob's namespace, and carol on a switch.
policy() {
	standard_policy | sed 's/^\[namespace green\]/&\nallow_host = 8080\npublish = 8088:7000/'
	cat <<-X
		[rule carol]
		users = carol
		namespace = port
		[namespace port]
		link = bridge
		network = lan
		address = dhcp
		[network lan]
		bridge = br-lan
		address = 172.30.1.1/24
		nat = yes
		dhcp = 172.30.1.100-172.30.1.199
	X
}

hold() { # hold USER: a session that stays until release
	spawn $T/hold.$1 su "$1" -c 'echo here; exec sleep 1000' >$T/hold.$1.pid
	wait_until 30 grep -q here $T/hold.$1
}
release() {
	stop $T/hold.$1.pid
}
sessions_work() {
	match 'client 192\.0\.2\.2$' "$(su alice -c "$PROBE tcp 198.51.100.80 80")"
	match 'client 2001:db8::2$' "$(su bob -c "$PROBE tcp 2001:db8:ffff::80 80")"
	match 'client 10\.213\.' "$(su erin -c "$PROBE tcp 198.51.100.80 80")"
	match '^192\.0\.2\.80 ' "$(su alice -c 'getent ahostsv4 www.example.net')"
}
talks_on() { # talks_on LINE: there are lines after LINE
	[ "$(tail -n 1 $T/talk)" != "$1" ] && not grep -q cut $T/talk
}
manual() { # manual REGEX [INTERFACE]: runs the commands of netns-pamd(8) that match
	sed -n 's/^# \(firewall-cmd\)/\1/p' "$TOP/man/netns-pamd.8" |
		grep -E -e "$1" | sed "s/npam+/${2:-&}/" >$T/commands
	[ -s $T/commands ]
	firewall-cmd -q --reload
	bash -ex $T/commands
	firewall-cmd -q --reload
}
# ("firewall-cmd --get-active-zones" prints more or less with the version)
zones_with_interfaces() {
	firewall-cmd --list-all-zones |
		awk '/^[^ ]/ {zone = $1} $1 == "interfaces:" && NF > 1 {print zone ": " $2}'
}

@test "firewalld refuses forwarded packets at once, until the commands of the manual page" {
	equal running "$(firewall-cmd --state)"
	refuses su alice -c "$PROBE tcp 198.51.100.80 80"
	not grep -q timeout $T/refused
	refuses su bob -c "$PROBE tcp 2001:db8:ffff::80 80"
	not grep -q timeout $T/refused
	equal "" "$(zones_with_interfaces)"
	manual 'add-interface'
	equal "netns-pam: npam+" "$(zones_with_interfaces)"
	sessions_work
}

@test "the test itself: one packet to the host is detected" {
	probing
	spawn $T/hole leak send $T/sent.hole 192.0.2.2 >$T/probe.hole.pid
	wait_until 10 test -s $T/got.host
	refuses nothing_leaked 1
	match 'udp 192.0.2.2 192.0.2.2' "$(cat $T/refused)"
}

@test "F75 reload, complete reload, restart, stop and start: no packet leaks, sessions continue" {
	local i was
	probing
	spawn $T/talk.log ip netns exec blue $PROBE talk 192.0.2.80 80 $T/talk >$T/talk.pid
	wait_until 5 grep -q 3 $T/talk
	for i in 1 2 3 4; do
		firewall-cmd -q --reload
		systemctl restart firewalld
	done
	was=$(tail -n 1 $T/talk)
	wait_until 10 talks_on "$was"
	firewall-cmd -q --complete-reload
	firewall-cmd -q --complete-reload
	systemctl stop firewalld
	sessions_work
	systemctl start firewalld
	nothing_leaked 100
	sessions_work
	match 'netns_pam' "$(nft list tables)"
}

@test "allow_host and publish work with firewalld, for their ports only" {
	match 'server 192\.0\.2\.2' "$(su bob -c "$PROBE tcp 192.0.2.2 8080 2")"
	refuses su bob -c "$PROBE tcp 192.0.2.2 22 2"
	refuses su alice -c "$PROBE tcp 192.0.2.2 8080 2"
	spawn $T/web ip netns exec green $PROBE serve 7000 >$T/talk.pid
	wait_until 5 in_internet $PROBE tcp 192.0.2.2 8088 1
	refuses in_internet $PROBE tcp 192.0.2.2 8089 1
}

@test "firewalld refuses connections to a routed namespace, until the commands of the manual page" {
	local street
	street=$(addresses street | head -n 1)
	spawn $T/web ip netns exec street $PROBE serve 7000 >$T/talk.pid
	wait_until 5 ip netns exec street $PROBE tcp "$street" 7000 1
	refuses in_internet $PROBE tcp "$street" 7000 1
	manual 'policy'
	in_internet $PROBE tcp "$street" 7000 2
	# and still no connection to a namespace with NAT
	probing
	firewall-cmd -q --reload
	nothing_leaked 20
}

@test "a network's switch works after the commands of the manual page, DHCP included" {
	refuses timeout 20 su carol -c true
	manual 'add-interface' br-lan
	match 'client 192\.0\.2\.2$' "$(su carol -c "$PROBE tcp 198.51.100.80 80")"
	refuses su carol -c "$PROBE tcp 172.30.1.1 8080 2"
	wait_until 10 not_there port
}

@test "package removed and installed again: firewalld keeps the administrator's settings" {
	for u in alice bob erin; do release $u; done
	dpkg --no-triggers -r netns-pam
	systemctl restart firewalld
	equal running "$(firewall-cmd --state)"
	install_package
	firewall-cmd -q --reload
	equal running "$(firewall-cmd --state)"
	sessions_work
}
