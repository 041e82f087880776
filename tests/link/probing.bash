# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sends packets all the time, and records which of them arrive, while a test
# changes the firewall. The namespaces blue, green and street of the standard
# policy exist. Packets are sent to:
#
#	198.51.100.80, 2001:db8:ffff::80	far away: allowed
#	192.0.2.2, 2001:db8::2			the host
#	169.254.169.254, fd00:ec2::254		metadata
#	the addresses of green (bob's); from outside, those of blue (alice's)

probing_setup() {
	local n
	install -m 755 "$TOP/tests/link/leak.py" /usr/local/bin/leak
	for n in blue green street; do
		ip -n $n -o address show dev eth0 scope global |
			sed 's/.*inet6* \([^ /]*\).*/\1/' >$T/addresses.$n
	done
}

stop() {
	kill "$(cat "$1")" 2>/dev/null || true
	wait_until 10 gone "$(cat "$1")"
	rm "$1"
}

addresses() { cat "$T/addresses.$1"; }

probing() { # starts it
	local far="198.51.100.80 2001:db8:ffff::80" n targets
	local bad="192.0.2.2 2001:db8::2 169.254.169.254 fd00:ec2::254"
	rm -f $T/got.* $T/sent.*
	spawn $T/recv.log leak recv $T/got.host >$T/probe.host.pid
	for n in green blue street; do
		spawn $T/recv.log ip netns exec $n leak recv $T/got.$n >$T/probe.$n.pid
	done
	spawn $T/recv.log nsenter -n -t "$(cat $T/internet.pid)" leak recv $T/got.internet >$T/probe.internet.pid
	for n in blue street; do
		# shellcheck disable=SC2046,SC2086
		spawn $T/send.log ip netns exec $n leak send $T/sent.$n $far $bad $(addresses green) >$T/probe.from.$n.pid
	done
	targets=$(addresses blue)
	# shellcheck disable=SC2046,SC2086
	spawn $T/send.log nsenter -n -t "$(cat $T/internet.pid)" leak send $T/sent.internet $targets >$T/probe.from.internet.pid
	wait_until 10 allowed_arrives
}
allowed_arrives() {
	grep -q ' udp 198.51.100.80 192.0.2.2' $T/got.internet &&
		grep -q ' tcp 198.51.100.80 192.0.2.2' $T/got.internet &&
		grep -q ' udp 2001:db8:ffff::80 2001:db8::2' $T/got.internet &&
		grep -q " tcp 198.51.100.80 $(addresses street | head -n 1)" $T/got.internet &&
		[ -s $T/sent.internet ]
}
probing_end() {
	local p
	for p in "$T"/probe.*.pid; do
		[ ! -e "$p" ] || stop "$p"
	done
}

rounds() { cat "$T/sent.$1"; }
arrived() { awk '$3 == "198.51.100.80" {n += $1} END {print n + 0}' $T/got.internet; }

# No packet has arrived where none may; enough were sent, and allowed packets
# arrive to the end.
nothing_leaked() {
	local n before seen
	for n in blue street internet; do
		[ "$(rounds $n)" -ge "${1:-200}" ] || fail "only $(rounds $n) rounds of $n" || return 1
	done
	before=$(arrived)
	wait_until 10 arrives_after "$before" || return 1
	probing_end
	seen=$(got_through)
	equal "" "$seen" "what got through"
}
got_through() {
	local n
	# at the host, in bob's namespace, and in alice's when sent from outside
	cat $T/got.host $T/got.green $T/got.blue 2>/dev/null || true
	# at the metadata service
	grep -E ' (169\.254|fd00:ec2:)' $T/got.internet || true
	# at the internet server with the address of a namespace, not masqueraded
	for n in $(addresses blue); do grep -F " $n" $T/got.internet || true; done
}
arrives_after() { [ "$(arrived)" -gt "$1" ]; }

# repeat ROUNDS CMD...: runs CMD at least five times, and until each sender has
# sent that many more rounds
repeat() {
	local s n=0
	declare -A goal
	for s in blue street internet; do goal[$s]=$(($(rounds $s || echo 0) + $1)); done
	shift
	until [ $n -ge 5 ] && all_at_goal; do
		"$@"
		n=$((n + 1))
		[ $n -lt 5000 ] || fail "not every sender has sent its rounds" || return 1
	done
	echo "$n times: $*"
}
all_at_goal() {
	local s
	for s in "${!goal[@]}"; do
		[ "$(rounds "$s" || echo 0)" -ge "${goal[$s]}" ] || return 1
	done
}
