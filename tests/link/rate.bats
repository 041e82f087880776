#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `rate`: measured in both directions, within 10 % of the policy.
# alone: it measures throughput

load ../lib
load rate

setup_file() {
	common_setup_file
	groupadd guests
	usermod -a -G guests alice
	usermod -a -G guests bob
	spawn $T/iperf.log nsenter -n -t "$(cat $T/internet.pid)" iperf3 -s >$T/iperf.pid
	flood_serve internet
	wait_until 10 iperf_listens
	install -m 644 "$TOP/conf/examples/rate.conf" $POLICY
	netns-pam reload
}
setup() { common_setup; }
teardown() {
	undone
	ssh_end_all
	common_teardown
}

iperf_listens() { in_internet ss -Hltn | grep -q ':5201 '; }

in_session() { # in_session USER CMD...
	local u=$1
	shift
	timeout 60 su "$u" -c "$*"
}

# set_rate RATE: of the policy; "" for none
set_rate() {
	sed "/^rate/d; s/^link  = nat/&${1:+\nrate = $1}/" "$TOP/conf/examples/rate.conf" | put_policy
}

@test "the example rate.conf: TCP is limited in both directions over IPv4 and IPv6" {
	tcp_about 10000 in_session alice tcp_rate -c 192.0.2.80
	tcp_about 10000 in_session alice tcp_rate -c 192.0.2.80 -R
	tcp_about 10000 in_session alice tcp_rate -c 2001:db8::80 -R
}

@test "flood of UDP: limited in both directions" {
	held_to 10000 alice 192.0.2.1
}

@test "reload: a higher and no rate are applied to an open namespace" {
	local fast
	ssh_hold a alice
	set_rate 50mbit
	tcp_about 50000 in_session alice tcp_rate -c 192.0.2.80 -R
	set_rate ""
	fast=$(LONG=1 in_session alice tcp_rate -c 192.0.2.80)
	[ "$fast" -gt 200000 ] || fail "still slow: $fast"
	fast=$(LONG=1 in_session alice tcp_rate -c 192.0.2.80 -R)
	[ "$fast" -gt 200000 ] || fail "still slow: $fast"
	set_rate 10mbit
	stop_helper
	start_helper
	tcp_about 10000 in_session alice tcp_rate -c 192.0.2.80
	set_rate ""
	fast=$(LONG=1 in_session alice tcp_rate -c 192.0.2.80)
	[ "$fast" -gt 200000 ] || fail "after a restart still slow: $fast"
	install -m 644 "$TOP/conf/examples/rate.conf" $POLICY
	netns-pam reload
	ssh_end a
}

@test "scope = user: a rate for each user" {
	spawn $T/other su bob -c 'LONG=6 tcp_rate -c 192.0.2.80' >$T/other.pid
	wait_until 10 there guest.bob
	in_session alice flood up 192.0.2.1 5202 >$T/alice
	wait_until 20 gone "$(cat $T/other.pid)"
	about 10000 "$(cat $T/alice)"
	about 10000 "$(cat $T/other)"
}
