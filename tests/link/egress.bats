#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `allow`, `deny` and `allow_host`: what a session reaches, and what changes
# with a reload.

load ../lib
load link

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() { link_teardown; }

@test "the example egress.conf works unchanged" {
	install -m 644 "$TOP/conf/examples/egress.conf" $POLICY
	run netns-pam check
	equal 0 "$status" "check: $output"
	netns-pam reload
	ssh_hold a alice
	ssh_hold b bob
	local all=() a
	for a in 192.0.2.80 192.0.2.66 198.51.100.80 2001:db8::80 2001:db8:ffff::80 192.0.2.1; do
		all+=("tcp/$a/80" "udp/$a/80" "tcp/$a/443" "udp/$a/443")
	done
	same "tcp/192.0.2.1/443 tcp/192.0.2.80/443 tcp/198.51.100.80/80 tcp/2001:db8:ffff::80/443 tcp/2001:db8::80/443 udp/192.0.2.1/443 udp/192.0.2.80/443" \
		"$(scan_in office "${all[@]}")" "the office reached"
	same "tcp/192.0.2.1/443 tcp/192.0.2.1/80 tcp/192.0.2.66/443 tcp/192.0.2.66/80 tcp/192.0.2.80/443 tcp/192.0.2.80/80 tcp/2001:db8::80/443 tcp/2001:db8::80/80 udp/192.0.2.1/443 udp/192.0.2.1/80 udp/192.0.2.66/443 udp/192.0.2.66/80 udp/192.0.2.80/443 udp/192.0.2.80/80 udp/2001:db8:ffff::80/443 udp/2001:db8:ffff::80/80 udp/2001:db8::80/443 udp/2001:db8::80/80" \
		"$(scan_in guests "${all[@]}")" "the guests reached"
	# DNS by the servers of `dns`, which `allow` need not list
	equal 192.0.2.80 "$(su alice -c 'probe dns 192.0.2.53 www.example.net')"
	equal 192.0.2.80 "$(su alice -c 'probe dns 2001:db8::53 www.example.net')"
	refuses su alice -c 'probe dns 192.0.2.54 www.example.net 2'
	# the host's own services
	same "tcp/192.0.2.2/8080 tcp/2001:db8::2/8080" "$(scan_in office {tcp,udp}/192.0.2.2/8080 {tcp,udp}/2001:db8::2/8080 tcp/192.0.2.2/22)"
	same "udp/192.0.2.2/8080 udp/2001:db8::2/8080" "$(scan_in guests {tcp,udp}/192.0.2.2/8080 {tcp,udp}/2001:db8::2/8080 tcp/192.0.2.2/22)"
	# ICMP, where it is allowed
	ip netns exec office ping -q -c 1 -W 2 192.0.2.80
	ip netns exec office ping -q -c 1 -W 2 2001:db8::80
	refuses ip netns exec office ping -q -c 1 -W 1 198.51.100.80
	refuses ip netns exec office ping -q -c 1 -W 1 192.0.2.66
	ip netns exec guests ping -q -c 1 -W 2 192.0.2.80
	refuses ip netns exec guests ping -q -c 1 -W 1 198.51.100.80
	same "" "$(scan_in guests tcp/169.254.169.254/80 tcp/100.100.100.200/80 tcp/fd00:ec2::254/80)" "metadata"
}

@test "refused target: fails at once with an ICMP error, each time" {
	local proto a i
	policy_with 'allow = 192.0.2.80, 2001:db8::80' 'allow_host = 1/tcp'
	ssh_hold a alice
	for a in 198.51.100.80 2001:db8:ffff::80 192.0.2.2 2001:db8::2 169.254.169.254; do
		for proto in tcp udp; do
			run ip netns exec blue $PROBE $proto $a 80 5
			equal 1 "$status" "$proto to $a"
			match '^(EHOSTUNREACH|EACCES)$' "$output"
		done
	done
	# The kernel limits the rate of such errors; TCP fails at once nevertheless.
	for i in {1..20}; do
		run ip netns exec blue $PROBE tcp 198.51.100.80 80 5
		match '^(EHOSTUNREACH|ECONNREFUSED)$' "$output"
	done
	[ "$(sent_twice blue)" -le 4 ] || fail "refused slowly"
}

@test "deny takes precedence over allow, with nested prefixes and overlapping ports" {
	policy_with 'allow = 192.0.2.0/24, 198.51.100.0/24:80-100/tcp, 198.51.100.64/26:90-443/tcp, 198.51.100.80:443/udp' \
		'deny = 192.0.2.64/26:400-500/tcp, 192.0.2.80:80, 192.0.2.66/icmp'
	ssh_hold a alice
	same "tcp/192.0.2.1/443 tcp/192.0.2.1/80 tcp/192.0.2.66/80 tcp/198.51.100.80/443 tcp/198.51.100.80/80 udp/192.0.2.1/80 udp/192.0.2.66/443 udp/192.0.2.80/443 udp/198.51.100.80/443" \
		"$(scan_in blue tcp/192.0.2.{1,66,80}/{80,443} udp/192.0.2.{66,80}/443 udp/192.0.2.{1,80}/80 {tcp,udp}/198.51.100.80/{80,443} tcp/2001:db8::80/80)"
	ip netns exec blue ping -q -c 1 -W 2 192.0.2.80
	refuses ip netns exec blue ping -q -c 1 -W 1 192.0.2.66
	# all IPv6 addresses except one
	policy_with 'deny = ::/1, 8000::/1, 0.0.0.0/1, 128.0.0.0/2'
	same "" "$(scan_in blue tcp/2001:db8::80/80)"
	same "tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.80/80)"
}

@test "F87 denied target: not reached through NAT64 either" {
	# 192.0.2.80, 192.0.2.66 and 169.254.169.254 behind a translator
	local all=(64:ff9b::c000:250 64:ff9b::c000:242 64:ff9b:1::c000:250 64:ff9b::a9fe:a9fe) a
	for a in "${all[@]}"; do
		in_internet ip address add "$a/128" dev lo
	done
	all=("${all[@]/#/tcp/}")
	all=("${all[@]/%//80}")
	policy_with
	ssh_hold a alice
	same "tcp/64:ff9b:1::c000:250/80 tcp/64:ff9b::c000:242/80 tcp/64:ff9b::c000:250/80" \
		"$(scan_in blue "${all[@]}")"
	policy_with 'deny = 192.0.2.80'
	same "tcp/64:ff9b::c000:242/80" "$(scan_in blue "${all[@]}")"
	policy_with 'deny = 192.0.2.0/24:80/tcp'
	same "" "$(scan_in blue "${all[@]}")"
	policy_with 'deny = 192.0.2.0/24:81'
	same "tcp/64:ff9b:1::c000:250/80 tcp/64:ff9b::c000:242/80 tcp/64:ff9b::c000:250/80" \
		"$(scan_in blue "${all[@]}")"
	policy_with 'allow = 64:ff9b::a9fe:a9fe'
	same "tcp/64:ff9b::a9fe:a9fe/80" "$(scan_in blue "${all[@]}")"
	for a in 64:ff9b::c000:250 64:ff9b::c000:242 64:ff9b:1::c000:250 64:ff9b::a9fe:a9fe; do
		in_internet ip address delete "$a/128" dev lo
	done
}

@test "F87 F82 metadata services and other namespaces: reached only if allowed by name" {
	local green
	ssh_hold b bob
	green=$(inner4 green)
	beside green $PROBE serve 7000
	policy_with 'allow = 0.0.0.0/0, ::/0'
	ssh_hold a alice
	wait_until 5 ip netns exec green $PROBE tcp "$green" 7000 1
	local all=(tcp/169.254.169.254/80 tcp/100.100.100.200/80 tcp/fd00:ec2::254/80 "tcp/$green/7000" tcp/192.0.2.80/80)
	same "tcp/192.0.2.80/80" "$(scan_in blue "${all[@]}")"
	policy_with "allow = 169.254.169.254:80/tcp, $green:7000, fd00:ec2::254"
	same "tcp/$green/7000 tcp/169.254.169.254/80 tcp/fd00:ec2::254/80" "$(scan_in blue "${all[@]}")"
	# in one direction only
	beside blue $PROBE serve 7000
	wait_until 5 ip netns exec blue $PROBE tcp "$(inner4 blue)" 7000 1
	same "" "$(scan_in green "tcp/$(inner4 blue)/7000")" "back"
	# a prefix within the pool allows them, deny takes precedence
	policy_with 'allow = 10.213.0.0/17:7000' "deny = 169.254.0.0/16"
	same "tcp/$green/7000" "$(scan_in blue "${all[@]}")"
}

@test "routed namespace: answers a host that it may not connect to" {
	BLUE='link = routed' policy_with 'allow = 192.0.2.80:443/tcp'
	ssh_hold a alice
	beside blue $PROBE serve 7000
	wait_until 5 ip netns exec blue $PROBE tcp "$(inner4 blue)" 7000 1
	equal "tcp/$(inner4 blue)/7000" "$(in_internet $PROBE scan 2 "tcp/$(inner4 blue)/7000")"
	in_internet $PROBE udp "$(inner4 blue)" 7000
	same "tcp/192.0.2.80/443" "$(scan_in blue tcp/192.0.2.80/443 tcp/192.0.2.80/80 udp/192.0.2.80/443)"
}

@test "reload: connections no longer allowed are ended, the others continue" {
	local was i
	policy_with 'allow = 192.0.2.0/24, 2001:db8::/64'
	ssh_hold a alice
	for i in 192.0.2.80/80 192.0.2.66/80 192.0.2.80/443 2001:db8::80/80; do
		beside blue $PROBE talk "${i%/*}" "${i#*/}" "$T/talk.${i//[:\/.]/_}"
		wait_until 5 grep -q 3 "$T/talk.${i//[:\/.]/_}"
	done
	# an invalid policy changes nothing
	not policy_with 'allow = 192.0.2.80:x'
	policy_with 'allow = 192.0.2.80:80/tcp, 2001:db8::/32'
	wait_until 5 is_cut $T/talk.192_0_2_66_80
	wait_until 5 is_cut $T/talk.192_0_2_80_443
	for i in $T/talk.192_0_2_80_80 $T/talk.2001_db8__80_80; do
		was=$(tail -n 1 $i)
		wait_until 5 talks $i "$was"
	done
	same "tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.{66,80}/{80,443})"
	# other sessions, and `allow` removed
	policy_with 'deny = 192.0.2.80'
	wait_until 5 is_cut $T/talk.192_0_2_80_80
	same "tcp/192.0.2.66/80" "$(scan_in blue tcp/192.0.2.{66,80}/80)"
	policy_with ''
	same "tcp/192.0.2.66/80 tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.{66,80}/80)"
	was=$(tail -n 1 $T/talk.2001_db8__80_80)
	wait_until 5 talks $T/talk.2001_db8__80_80 "$was"
	# no element of the old rules is left
	not bash -c 'nft list table inet netns_pam | grep -E "(chain|map) (egress|services)_"'
}

@test "F76 two policies reloaded in turn: never more is reached than both allow together" {
	local i was
	policy_with 'allow = 192.0.2.80:80, 192.0.2.1:443'
	ssh_hold a alice
	: >$T/net.log
	beside blue $PROBE talk 192.0.2.80 80 $T/talk.both
	# a target that neither policy allows, as fast as possible
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
	cp $T/beside $T/knock.pid
	wait_until 5 grep -q 3 $T/talk.both
	for i in {1..15}; do
		policy_with 'deny = 192.0.2.66' 'allow_host = 8080'
		policy_with 'allow = 192.0.2.80:80/tcp, 198.51.100.80' "deny = 192.0.2.66, 192.0.2.1:$i"
	done
	alive "$(tail -n 1 $T/knock.pid)"
	kill "$(tail -n 1 $T/knock.pid)"
	was=$(tail -n 1 $T/talk.both)
	wait_until 5 talks $T/talk.both "$was"
	equal "" "$(grep 192.0.2.66 $T/net.log)" "got through"
	# the test itself: it detects a connection
	ip netns exec blue $PROBE udp 192.0.2.80 80 1 || true
	policy_with ''
	ip netns exec blue $PROBE udp 192.0.2.66 80
	grep -q 192.0.2.66 $T/net.log
}

@test "daemon restarted: the current policy is applied" {
	policy_with 'allow = 192.0.2.80:80'
	ssh_hold a alice
	ssh_hold b bob
	beside blue $PROBE talk 192.0.2.80 80 $T/talk.r
	wait_until 5 grep -q 3 $T/talk.r
	stop_helper KILL
	same "tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.80/{80,443})"
	start_helper
	same "tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.80/{80,443})"
	stop_helper KILL
	sed 's/:80$/:443/' $POLICY | write_policy
	start_helper
	same "tcp/192.0.2.80/443" "$(scan_in blue tcp/192.0.2.80/{80,443})"
	wait_until 5 is_cut $T/talk.r
	# section removed: nothing is allowed
	stop_helper KILL
	printf '[rule bob]\nusers = bob\nnamespace = green\n[namespace green]\nlink = nat\n' | write_policy
	start_helper
	same "" "$(scan_in blue tcp/192.0.2.80/{80,443} tcp/192.0.2.1/80)"
	same "tcp/192.0.2.80/80" "$(scan_in green tcp/192.0.2.80/80)"
	grep -q 'nothing is allowed to leave the namespace blue' $T/helper.log
	policy_with 'allow = 192.0.2.80:80'
	same "tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.80/{80,443})"
}

@test "F75 table removed: restored with the rules of all sections" {
	policy_with 'allow = 192.0.2.80:80' 'allow_host = 8080/tcp'
	ssh_hold a alice
	stop_helper
	nft delete table inet netns_pam
	start_helper
	same "tcp/192.0.2.2/8080 tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.80/{80,443} tcp/192.0.2.2/{8080,22} tcp/169.254.169.254/80)"
}

@test "ten thousand targets in one section: applied within time" {
	local start
	{
		printf '[rule alice]\nusers = alice\nnamespace = blue\n[namespace blue]\nlink = nat\nallow =\n'
		seq 10000 | awk '{printf "\t10.%d.%d.0/24:%d-%d/tcp\n", $1 / 250, $1 % 250, $1, $1 + 50}'
		printf '\t192.0.2.80:80/tcp\n'
	} | sed ':a;N;$!ba;s/allow =\n\t/allow = /' | write_policy
	start=$(now_ms)
	netns-pam reload
	ssh_hold a alice
	[ $(($(now_ms) - start)) -lt 15000 ] || fail "took $(($(now_ms) - start)) ms"
	same "tcp/192.0.2.80/80" "$(scan_in blue tcp/192.0.2.80/{80,443} tcp/192.0.2.1/80)"
	start=$(now_ms)
	sed '$s/80/443/2' $POLICY | sed '$s/:80/:443/' | put_policy
	[ $(($(now_ms) - start)) -lt 15000 ] || fail "took $(($(now_ms) - start)) ms"
	ssh_end a
}
