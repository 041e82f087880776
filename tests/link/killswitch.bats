#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kill switch of link = wireguard: while a session sends all the time, over
# all protocols, all interfaces of the host are captured to find its packets.

bats_require_minimum_version 1.5.0
load ../lib
load link
load wg

# Allowed are the tunnel's packets and ICMP errors for them, and what
# the host's kernel sends to its neighbours. Any other packet is a leak.
LEAK='not (udp port 51820) and not arp and not net 127.0.0.0/8 and not host ::1
	and not src net fe80::/10 and not src host ::
	and not (icmp6 and ip6[40] >= 133 and ip6[40] <= 136)
	and not (icmp[0] = 3 and (icmp[28:2] = 51820 or icmp[30:2] = 51820))'

setup_file() {
	common_setup_file
	install -m 755 "$TOP/tests/link/talk" /usr/local/bin/talk
	wg_setup
	# The server answers itself and does not forward packets of the tunnel.
	in_internet nft add table inet stay
	in_internet nft 'add chain inet stay f { type filter hook forward priority 0; }'
	in_internet nft 'add rule inet stay f iifname wgs drop'
}
setup() {
	wg_file alice <$T/alice.conf
	policy 5s
	common_setup
}
policy() { # policy TIMEOUT [LINE]
	LIMIT=$1 mapped alice:vpn <<-EOF
		[namespace vpn]
		scope = user
		link = wireguard
		wireguard = $WG/%u.conf
		${2:-}
	EOF
}
teardown() {
	undone
	capture_end || true
	talk_end
	common_teardown
}

# ---- the capture

capture() { # on all interfaces of the host, npam* among them
	rm -f $T/capture
	spawn $T/capture.log tcpdump -i any -n -U --immediate-mode -B 65536 -Z root \
		-w $T/capture >$T/capture.pid
	wait_until 5 grep -q 'listening on' $T/capture.log
}
capture_end() {
	[ -e $T/capture.pid ] || return 0
	$PROBE udp 192.0.2.99 51820 0.1 || true # the marker: all earlier packets have been captured
	wait_until 5 the_last_is_seen
	kill "$(cat $T/capture.pid)"
	wait_until 5 gone "$(cat $T/capture.pid)"
	rm $T/capture.pid
	grep -q '^0 packets dropped by kernel' $T/capture.log
}
the_last_is_seen() { [ -n "$(seen udp port 51820 and dst host 192.0.2.99)" ]; }
seen() { tcpdump -n -r $T/capture "$@" 2>/dev/null; }

no_leak() {
	capture_end || fail "the capture is not whole: $(cat $T/capture.log)"
	local out
	out=$(seen "$LEAK")
	[ -z "$out" ] || fail "leaked: $out"
	not grep -aq CLEAR-TEXT-MARK $T/capture
}

# ---- the session

talks() { [ "$(cat $T/talk/log 2>/dev/null || echo 0)" -gt "$1" ]; }
# talked [N]: waits until the session has sent N more rounds
talked() { wait_until 10 talks $(($(cat $T/talk/log) + ${1:-10})); }

talk_start() { # with ssh: the login returns at once
	install -d -m 755 -o alice $T/talk
	rm -f $T/talk/log
	spawn $T/talk.ssh ssh -F $T/ssh_config -l alice 127.0.0.1 \
		"exec talk $T/talk/log" >$T/talk.pid
	wait_until 10 talks 0
	pgrep -u alice -f '^/usr/bin/python3 -IS /usr/local/bin/talk' >$T/talk.inside
	lands vpn.alice "$(stat -Lc %i "/proc/$(cat $T/talk.inside)/ns/net")"
}
talk_end() {
	[ -e $T/talk.pid ] || return 0
	kill "$(cat $T/talk.inside)" "$(cat $T/talk.pid)" 2>/dev/null || true
	rm -f $T/talk.pid
	wait_until 5 not pgrep -u alice talk
}
answers_inside() {
	nsenter -n -t "$(cat $T/talk.inside)" $PROBE tcp 198.51.100.80 80 1
}

@test "the test itself: a leaked packet is detected" {
	capture
	timeout 10 su carol -c "timeout 1 talk /dev/null" || true
	capture_end
	for a in 198.51.100.80 192.0.2.80 203.0.113.10 2001:db8:ffff::80; do
		for what in "udp port 9" "udp port 53" "tcp" "icmp or icmp6"; do
			[ -n "$(seen "$LEAK and host $a and ($what)")" ] ||
				fail "not seen: $a $what"
		done
	done
	grep -aq CLEAR-TEXT-MARK $T/capture
}

@test "F21 tunnel up: all packets pass the tunnel, none is sent in clear" {
	capture
	: >$T/net.log
	talk_start
	talked
	no_leak
	[ -n "$(seen udp port 51820)" ]
	wait_until 5 grep -q "server 198.51.100.80 client 10.9.0.2" $T/net.log
	wait_until 5 grep -q "server 2001:db8:ffff::80 client fd09::2" $T/net.log
	# only routes through the tunnel and the loopback interface
	run -0 ip -n vpn.alice route show table all
	not grep -v 'dev \(lo\|wg0\)' <<<"$output"
	run -0 ip -n vpn.alice -6 route show table all
	not grep -v 'dev \(lo\|wg0\)' <<<"$output"
}

@test "F21 peer never answers: no packet is sent in clear" {
	sed -i 's/^Endpoint.*/Endpoint = 192.0.2.66:51820/' $WG/alice.conf
	capture
	talk_start
	talked
	no_leak
	[ -n "$(seen udp port 51820 and dst host 192.0.2.66)" ] # it has tried
}

@test "F21 login waits for the handshake and fails: no packet is sent in clear" {
	sed -i 's/^Endpoint.*/Endpoint = 192.0.2.66:51820/' $WG/alice.conf
	policy 2s "ready = handshake"
	capture
	refuses timeout 10 su alice -c "talk $T/never"
	no_leak
	[ ! -e $T/never ]
}

@test "F21 peer stops and starts: no packet is sent in clear" {
	talk_start
	talked
	capture
	wg_server_stop
	talked 20
	no_leak
	wg_server_start
	wait_until 30 answers_inside
}

@test "F21 interface set down inside: no packet is sent in clear" {
	talk_start
	capture
	talked 3
	ip -n vpn.alice link set wg0 down
	talked
	no_leak
	not answers_inside
}

@test "F21 interface deleted inside: no packet is sent in clear" {
	talk_start
	capture
	talked 3
	ip -n vpn.alice link delete wg0
	talked
	no_leak
	not answers_inside
	wait_until 15 grep -q "vpn.alice: .*new sessions get a new namespace" $T/helper.log
	talk_end
}

@test "F21 wireguard-go killed: the session stays disconnected, a new one works" {
	talk_start
	capture
	talked 3
	kill -KILL "$(pgrep -f '^wireguard-go -f npam')"
	talked
	run -0 timeout 10 su alice -c "probe tcp 198.51.100.80 80"
	equal "server 198.51.100.80 client 10.9.0.2" "$output"
	talked
	no_leak
	not answers_inside
}

@test "F21 daemon killed and started, session disconnected by it: no packet is sent in clear" {
	talk_start
	capture
	talked 3
	stop_helper KILL
	talked
	answers_inside
	start_helper
	talked
	answers_inside
	netns-pam down vpn --user alice --force
	talked
	no_leak
	not answers_inside
}

@test "F21 first of two peer addresses does not answer: the second is used, no packet is sent in clear" {
	vpn_is 192.0.2.1 192.0.2.54
	in_internet nft add table ip cut
	in_internet nft 'add chain ip cut i { type filter hook input priority 0; }'
	in_internet nft 'add rule ip cut i ip daddr 192.0.2.1 udp dport 51820 drop'
	# wireguard-go may answer from another address than the one it was reached
	# at: the client would take that one for the peer's, and it does not answer
	in_internet nft 'add chain ip cut o { type filter hook output priority 0; }'
	in_internet nft 'add rule ip cut o udp sport 51820 ip saddr set 192.0.2.54'
	capture
	talk_start
	wait_until 45 answers_inside
	no_leak
	grep -q "vpn.example.net:51820 does not answer; trying its address 192.0.2.54:51820" $T/helper.log
	in_internet nft delete table ip cut
	vpn_is 192.0.2.1
}

@test "F76 tunnels created and removed in turn under traffic: no packet is sent in clear" {
	capture
	for _ in 1 2 3 4 5 6; do
		timeout 10 su alice -c "timeout 0.5 talk /tmp/t/talk/log" || true
		wait_until 5 not_there vpn.alice
	done
	no_leak
	[ -n "$(seen udp port 51820)" ]
}
