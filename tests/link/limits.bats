#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `max_connections`, and what holds without it: one user's flood is that user's.

load ../lib

setup_file() { common_setup_file; }
setup() {
	common_setup
	conntracked >$T/tracked
}
teardown() {
	ssh_end_all
	ensure_helper
	standard_policy | put_policy
	# what was begun is forgotten by the kernel in its own time
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30
	common_teardown
}

# Connections that the host follows, of those the ones since the test began.
conntracked() { cat /proc/sys/net/netfilter/nf_conntrack_count; }
tracked() { echo $(($(conntracked) - $(cat $T/tracked))); }
few_tracked() { [ "$(tracked)" -lt 100 ]; }

policy_with() {
	cat <<-X | put_policy
		[rule alice]
		users = alice
		namespace = blue
		[rule bob]
		users = bob
		namespace = green
		[namespace blue]
		link = ${LINK:-nat}
		$(printf '%s\n' "$@")
		[namespace green]
		link = nat
	X
}

@test "F91 a flood of 20,000 flows fills nothing that is another's" {
	local n start
	# without a word in the policy
	ssh_hold a alice
	ssh_hold b bob
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=5
	start=$(now_ms)
	ip netns exec blue $PROBE flood 20000 192.0.2.80
	echo "took $(($(now_ms) - start)) ms, $(tracked) tracked"
	n=$(tracked)
	[ "$n" -gt 10000 ] && [ "$n" -lt 16500 ] || fail "$n are tracked"
	# while it is full, others' new ones are not slower
	start=$(now_ms)
	for n in {1..20}; do ip netns exec green $PROBE tcp 192.0.2.80 80 2; done
	[ $(($(now_ms) - start)) -lt 6000 ] || fail "took $(($(now_ms) - start)) ms"
	ip netns exec green $PROBE udp 2001:db8::80 80 2
	# it gets its own back
	wait_until 20 few_tracked
	ip netns exec blue $PROBE tcp 192.0.2.80 80 2
}

@test "F91 max_connections holds, over and over, and lets go" {
	local n i
	policy_with 'max_connections = 500'
	ssh_hold a alice
	ssh_hold b bob
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3
	for i in 1 2 3; do
		ip netns exec blue $PROBE flood 20000 192.0.2.80
		n=$(tracked)
		[ "$n" -ge 490 ] && [ "$n" -lt 600 ] || fail "$n are tracked"
		# refused at once
		run ip netns exec blue $PROBE tcp 192.0.2.80 80 5
		match '^(EHOSTUNREACH|ECONNREFUSED)$' "$output"
		ip netns exec green $PROBE tcp 192.0.2.80 80 2
		wait_until 20 few_tracked
		ip netns exec blue $PROBE tcp 192.0.2.80 80 2
	done
	# what is open goes on when the number is reached
	spawn $T/x ip netns exec blue $PROBE talk 192.0.2.80 80 $T/talk >$T/talk.pid
	wait_until 5 grep -q 3 $T/talk
	ip netns exec blue $PROBE flood 2000 192.0.2.80
	n=$(tail -n 1 $T/talk)
	sleep 0.5
	not equal "$n" "$(tail -n 1 $T/talk)"
	not grep -q cut $T/talk
	kill "$(cat $T/talk.pid)"
	wait_until 20 few_tracked
}

@test "reload changes the number for what comes then" {
	policy_with 'max_connections = 50'
	ssh_hold a alice
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3
	ip netns exec blue $PROBE flood 2000 192.0.2.80
	[ "$(tracked)" -lt 150 ] || fail "$(tracked) are tracked"
	policy_with 'max_connections = 1500'
	ip netns exec blue $PROBE flood 4000 192.0.2.80
	[ "$(tracked)" -gt 1000 ] && [ "$(tracked)" -lt 1700 ] || fail "$(tracked) are tracked"
	policy_with 'max_connections = 50'
	wait_until 20 few_tracked
	ip netns exec blue $PROBE flood 2000 192.0.2.80
	[ "$(tracked)" -lt 150 ] || fail "$(tracked) are tracked"
	wait_until 20 few_tracked
}

@test "those that come in are counted, too" {
	local a
	LINK=routed policy_with 'max_connections = 20'
	ssh_hold a alice
	a=$(ip -n blue -4 -o address show dev eth0 | awk '{sub("/.*", "", $4); print $4}')
	in_internet ip route replace 10.213.0.0/16 via 192.0.2.2
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3
	in_internet $PROBE flood 500 "$a"
	[ "$(tracked)" -lt 100 ] || fail "$(tracked) are tracked"
	wait_until 20 few_tracked
}
