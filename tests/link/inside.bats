#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The filter of links whose packets do not pass the host's rules: a table in the
# namespace; here on a bridge.

load ../lib
load link

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { link_teardown; }

# alice's `blue`, with these lines, and bob's `green`, on one switch
BLUE=$'link = bridge\nnetwork = lan'
GREEN=$BLUE
MORE='[network lan]
bridge = br-lan
address = 10.64.0.1/24, fd64:1::1/64
nat = yes
isolate = no'

@test "on a switch: allow, deny, dns and metadata are enforced" {
	local green
	policy_with 'allow = 192.0.2.0/24:443, [2001:db8::/64]:443/tcp, 192.0.2.0/24/icmp, 169.254.0.0/16:81' \
		'deny = 192.0.2.66' 'dns = 192.0.2.53'
	ssh_hold a alice
	ssh_hold b bob
	beside green $PROBE serve 7000
	green=$(inner green 4)
	wait_until 5 ip netns exec green $PROBE tcp "$green" 7000 1
	local all=({tcp,udp}/{192.0.2.80,192.0.2.66,198.51.100.80,2001:db8::80}/{80,443} tcp/169.254.169.254/80 "tcp/$green/7000")
	same "tcp/192.0.2.80/443 udp/192.0.2.80/443 tcp/2001:db8::80/443" "$(scan_in blue "${all[@]}")"
	# without `allow`, metadata services are refused as well
	same "tcp/192.0.2.80/80" "$(scan_in green tcp/192.0.2.80/80 tcp/169.254.169.254/80 tcp/100.100.100.200/80 tcp/fd00:ec2::254/80)"
	ip netns exec blue ping -q -c 1 -W 2 192.0.2.80
	refuses ip netns exec blue ping -q -c 1 -W 1 198.51.100.80
	equal 192.0.2.80 "$(su alice -c 'probe dns 192.0.2.53 www.example.net')"
	refuses su alice -c 'probe dns 192.0.2.54 www.example.net 2'
	# at once
	for _ in {1..10}; do
		run ip netns exec blue $PROBE tcp 198.51.100.80 80 5
		match '^(EHOSTUNREACH|ECONNREFUSED)$' "$output"
		run ip netns exec blue $PROBE udp 2001:db8:ffff::80 80 5
		match '^(EACCES|EHOSTUNREACH|EPERM)$' "$output"
	done
	[ "$(sent_twice blue)" -le 4 ] || fail "refused slowly"
	# the user cannot change it
	refuses su alice -c 'nft flush ruleset'
	refuses su alice -c 'unshare -Ur nft flush ruleset'
	same "tcp/192.0.2.80/443" "$(scan_in blue tcp/192.0.2.80/{80,443})"
}

@test "on a switch: allow_host and publish work" {
	policy_with 'allow_host = 8080/tcp' 'publish = 8081:80' 'allow = 192.0.2.80:443'
	ssh_hold a alice
	ssh_hold b bob
	beside blue $PROBE serve 80
	wait_until 5 ip netns exec blue $PROBE tcp 127.0.0.1 80 1
	same "tcp/10.64.0.1/8080 tcp/fd64:1::1/8080" "$(scan_in blue {tcp,udp}/10.64.0.1/8080 tcp/fd64:1::1/8080 tcp/10.64.0.1/22)"
	same "" "$(scan_in green {tcp,udp}/10.64.0.1/8080 tcp/192.0.2.2/{8080,22,8081} tcp/10.64.0.1/8081)"
	match "server $(inner blue 4) client 192.0.2.1" "$(in_internet $PROBE tcp 192.0.2.2 8081)"
	match "server $(inner blue 6) client 2001:db8::" "$(in_internet $PROBE tcp 2001:db8::2 8081)"
	match "server $(inner blue 4) " "$($PROBE tcp 192.0.2.2 8081)"
	refuses in_internet $PROBE tcp 192.0.2.2 8080 1 || in_internet $PROBE tcp 192.0.2.2 8080
	same "tcp/192.0.2.80/443" "$(scan_in blue tcp/192.0.2.80/{80,443})"
}

@test "on a switch: max_connections is enforced" {
	policy_with 'max_connections = 50'
	ssh_hold a alice
	in_internet nft 'add table ip count; add chain ip count in { type filter hook prerouting priority 0; }
		add rule ip count in udp dport 10000-10499 counter'
	ip netns exec blue $PROBE flood 2000 192.0.2.80
	equal 50 "$(in_internet nft list table ip count | sed -n 's/.*packets \([0-9]*\) .*/\1/p')" "flows"
	in_internet nft delete table ip count
}

@test "F76 on a switch, reload: connections are ended or continue as the policy says, without a gap" {
	local i was
	policy_with 'allow = 192.0.2.80, 192.0.2.1'
	ssh_hold a alice
	beside blue $PROBE talk 192.0.2.80 80 $T/talk.kept
	beside blue $PROBE talk 192.0.2.1 80 $T/talk.cut
	wait_until 5 grep -q 3 $T/talk.kept
	wait_until 5 grep -q 3 $T/talk.cut
	: >$T/net.log
	cat >$T/knock <<-'X'
		import socket, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(0, 11, 0)
		for i in range(60000):
		    try: s.sendto(b'x', ('192.0.2.66', 80))
		    except OSError: pass
		    time.sleep(0.0001)
	X
	beside blue python3 $T/knock
	for i in {1..10}; do
		policy_with 'deny = 192.0.2.66'
		policy_with 'allow = 192.0.2.80:80/tcp, 198.51.100.80' "deny = 192.0.2.66, 192.0.2.1:$i"
	done
	alive "$(tail -n 1 $T/beside)"
	kill "$(tail -n 1 $T/beside)"
	equal "" "$(grep 192.0.2.66 $T/net.log)" "got through"
	wait_until 5 is_cut $T/talk.cut
	was=$(tail -n 1 $T/talk.kept)
	wait_until 5 talks $T/talk.kept "$was"
	# the policy changes while no daemon runs
	stop_helper KILL
	same "tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.80/{80,443} tcp/192.0.2.66/80)"
	sed 's|192.0.2.80:80/tcp|192.0.2.80:443/tcp|' $POLICY | write_policy
	start_helper
	same "tcp/192.0.2.80/443" "$(scan_in blue tcp/192.0.2.80/{80,443} tcp/192.0.2.66/80)"
	policy_with ''
	same "tcp/192.0.2.66/80" "$(scan_in blue tcp/192.0.2.66/80)"
}
