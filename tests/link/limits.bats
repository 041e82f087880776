#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `max_connections`, and without it: a flood of one user affects that user only.

load ../lib
load link

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	undone
	# the kernel forgets connections after their timeouts
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30
	link_teardown
}

# flood N: N flows of alice, a packet each; prints how many of them arrived
flood() {
	in_internet nft 'add table ip count; delete table ip count
		add table ip count; add chain ip count in { type filter hook prerouting priority 0; }
		add rule ip count in udp dport 10000-10499 counter'
	ip netns exec blue $PROBE flood "$1" 192.0.2.80 >/dev/null
	in_internet nft list table ip count | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

between() { [ "$2" -ge "$1" ] && [ "$2" -le "$3" ] || fail "$2 is not from $1 to $3"; }

@test "F91 flood of 20,000 flows: other namespaces and the host still connect" {
	local n start
	# without max_connections in the policy
	ssh_hold a alice
	ssh_hold b bob
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=20 # no entry expires during the test
	start=$(now_ms)
	n=$(flood 20000)
	echo "took $(($(now_ms) - start)) ms"
	between 10000 "$n" 16384
	# while it is full, new connections of others are not slower
	start=$(now_ms)
	for n in {1..20}; do ip netns exec green $PROBE tcp 192.0.2.80 80 2; done
	[ $(($(now_ms) - start)) -lt 20000 ] || fail "took $(($(now_ms) - start)) ms"
	ip netns exec green $PROBE udp 2001:db8::80 80 2
	# its own connections are possible again
	wait_until 20 ip netns exec blue $PROBE tcp 192.0.2.80 80 2
}

@test "F91 max_connections is enforced each time, and connections are accepted again after it" {
	local n i
	policy_with 'max_connections = 500'
	ssh_hold a alice
	ssh_hold b bob
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=5
	for i in 1 2 3; do
		n=$(flood 2000)
		# (one more: the first one above the limit shows it)
		between $((i == 1 ? 500 : 1)) "$n" 501
		# refused at once
		run ip netns exec blue $PROBE tcp 192.0.2.80 80 5
		match '^(EHOSTUNREACH|ECONNREFUSED)$' "$output"
		ip netns exec green $PROBE tcp 192.0.2.80 80 2
		wait_until 20 ip netns exec blue $PROBE tcp 192.0.2.80 80 2
	done
	# open connections continue when the limit is reached
	spawn $T/x ip netns exec blue $PROBE talk 192.0.2.80 80 $T/talk >$T/talk.pid
	wait_until 5 grep -q 3 $T/talk
	flood 2000
	n=$(tail -n 1 $T/talk)
	wait_until 5 talks $T/talk "$n"
	kill "$(cat $T/talk.pid)"
}

@test "reload changes max_connections for new connections" {
	policy_with 'max_connections = 50'
	ssh_hold a alice
	sysctl -qw net.netfilter.nf_conntrack_udp_timeout=5
	between 50 "$(flood 2000)" 51
	policy_with 'max_connections = 1500'
	between 1000 "$(flood 4000)" 1500
	# open ones may count for the new limit until they expire
	policy_with 'max_connections = 50'
	between 0 "$(flood 200)" 51
	wait_until 20 ip netns exec blue $PROBE tcp 192.0.2.80 80 2
	between 1 "$(flood 2000)" 51
}

@test "incoming connections count for max_connections" {
	local a
	BLUE='link = routed' policy_with 'max_connections = 20'
	ssh_hold a alice
	a=$(inner4 blue)
	ip netns exec blue nft 'add table ip count; add chain ip count in { type filter hook prerouting priority 0; }
		add rule ip count in udp dport 10000-10499 counter'
	in_internet $PROBE flood 500 "$a"
	between 20 "$(ip netns exec blue nft list table ip count | sed -n 's/.*packets \([0-9]*\) .*/\1/p')" 21
}
