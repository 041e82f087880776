#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces on a bridge ([network], type = linux): what they reach, and what
# no frame that they send makes possible.

load ../lib
load link

FRAMES=$TOP/tests/link/frames.py

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	local n
	undone
	kill_ears
	ensure_helper
	for n in /run/netns/*; do netns-pam down "${n##*/}" --force; done >/dev/null 2>&1
	ip link delete upl0 2>/dev/null
	ip link delete br9 2>/dev/null
	link_teardown
}

# lan_policy [LINE...]: alice in blue, bob in green, dave in red, on one
# network; lines that begin with "blue:" or "green:" are for that namespace, others
# for the network
lan_policy() {
	local line blue=() green=() lan=()
	for line in "$@"; do
		case $line in
		blue:*) blue+=("${line#*:}") ;;
		green:*) green+=("${line#*:}") ;;
		*) lan+=("$line") ;;
		esac
	done
	[[ "${lan[*]}" = *address* ]] || lan+=("address = 10.9.0.1/24, fd09::1/64" "nat = yes")
	mapped alice:blue bob:green dave:red <<-X
		[namespace blue]
		link = bridge
		network = lan
		$(printf '%s\n' "${blue[@]}")
		[namespace green]
		link = bridge
		network = lan
		$(printf '%s\n' "${green[@]}")
		[namespace red]
		link = bridge
		network = lan
		[network lan]
		bridge = br-lan
		$(printf '%s\n' "${lan[@]}")
	X
}

up() { local n; for n in "$@"; do netns-pam up "$n"; done; }
down() { local n; for n in "$@"; do netns-pam down "$n" --force; done; }

mac_in() { ip netns exec "$1" cat /sys/class/net/eth0/address; }
host_if() {
	local n
	n=$(ip -n "$1" -o link show eth0 | sed 's/.*eth0@if\([0-9]*\).*/\1/')
	ip -o link | sed -n "s/^$n: \([^:@]*\).*/\1/p"
}

# The addresses of green and of the host, for the frames that blue sends.
frames_know() {
	MINE=$(mac_in blue) THEIRS=$(mac_in green)
	MINE4=$(inner4 blue) THEIRS4=$(inner4 green)
	MINE6=$(inner6 blue) THEIRS6=$(inner6 green) MINELL=$(inner blue 6 link)
	HOST=$(cat /sys/class/net/br-lan/address)
	PORT=$(cat "/sys/class/net/$(host_if blue)/address")
	HOST4=10.9.0.1 HOST6=fd09::1
	export MINE THEIRS HOST PORT MINE4 THEIRS4 HOST4 MINE6 THEIRS6 HOST6 MINELL
}

# ear TAG CMD...: records what arrives at eth0 of the namespace that CMD enters;
# at br-lan for the tag "host"
ear() {
	local tag=$1 dev=eth0
	shift
	[ "$tag" != host ] || dev=br-lan
	[ "$tag" != lan ] || dev=upl1
	rm -f "$T/ear.$tag"
	spawn "$T/ear.$tag.err" "$@" "$FRAMES" hear $dev "$T/ear.$tag" >"$T/ear.$tag.pid"
	wait_until 5 grep -q listening "$T/ear.$tag"
}
kill_ears() {
	local p
	for p in "$T"/ear.*.pid; do
		[ -e "$p" ] || continue
		kill "$(cat "$p")" 2>/dev/null
		wait_until 5 gone "$(cat "$p")"
		rm -f "$p"
	done
}
heard() { grep -vxE "listening|the-end" "$T/ear.$1" | sort -u | xargs; }
good='good-arp good-dad good-na good-ns good-probe good-udp4 good-udp6 good-uni4 good-uni6'
bad='mac-theirs mac-host mac-new arp-host arp-host-to arp-theirs arp-theirs-host
	arp-mac arp-probe na-host na-host-as na-theirs na-theirs-ll ns-theirs dad-theirs
	ip4-theirs ip4-host ip4-far ip4-none ip6-theirs ip6-host ip6-none ip6-ll ra
	ra-hidden ra-cut redirect6 redirect4 offer offer-host offer6 lease-other lease-relay
	lease-part lease-long lease-kind vlan lldp bpdu group-arp group-ip4'

# Sends the frames, then a valid one, and waits until the host has received that
# and green one of the host: any other frame has arrived before it or was dropped.
send_frames() {
	inside blue "$FRAMES" send eth0 "$@"
	inside blue "$FRAMES" send eth0 good-lease
	wait_until 5 grep -qx good-lease $T/ear.host
	"$FRAMES" send br-lan the-end
	wait_until 5 grep -qx the-end $T/ear.green
}

serve_in() { # serve_in NAME: port 7000
	spawn "$T/serve.$1" ip netns exec "$1" $PROBE serve 7000 >"$T/ear.serve-$1.pid"
	wait_until 5 ip netns exec "$1" $PROBE tcp "$(inner4 "$1")" 7000 1
}
all_of() { # all_of NAME: every address of its server
	printf '%s\n' {tcp,udp}/"$(inner4 "$1")"/7000 {tcp,udp}/"$(inner6 "$1")"/7000 \
		{tcp,udp}/"$(inner "$1" 6 link)"%eth0/7000
}

@test "ports reach the internet through the host over IPv4 and IPv6, first packet included" {
	lan_policy
	out=$(su alice -c "$PROBE tcp 192.0.2.80 80 2; $PROBE tcp 2001:db8::80 80 2; $PROBE udp 198.51.100.80 80 2")
	equal "server 192.0.2.80 client 192.0.2.2 server 2001:db8::80 client 2001:db8::2 server 198.51.100.80 client 192.0.2.2" \
		"$(xargs <<<"$out")"
	up blue green
	equal "10.9.0.2 fd09::2" "$(inner4 blue) $(inner6 blue)"
	equal "10.9.0.3 fd09::3" "$(inner4 green) $(inner6 green)"
	match 'default via 10.9.0.1 dev eth0' "$(ip -n blue -4 route)"
	match 'default via fd09::1 dev eth0' "$(ip -n blue -6 route)"
	# created in place; on the host there are only ports
	match 'master br-lan' "$(ip -o link show "$(host_if blue)")"
	equal "" "$(ip -o address show dev "$(host_if blue)")"
	match '10\.9\.0\.2' "$(netns-pam status | grep '^blue')"
}

@test "/etc/machine-id is a symbolic link: the same hardware address" {
	local mac
	lan_policy
	up blue
	mac=$(mac_in blue)
	down blue
	wait_until 10 not_there blue
	undo mv -f /etc/machine-id.real /etc/machine-id
	mv /etc/machine-id /etc/machine-id.real
	ln -s machine-id.real /etc/machine-id
	up blue
	equal "$mac" "$(mac_in blue)"
	stop_helper
	start_helper
	equal "$mac" "$(mac_in blue)"
}

@test "F82 isolate = yes: ports cannot reach each other by any address or through the gateway" {
	local n pids
	lan_policy
	up blue green
	serve_in green
	mapfile -t ways < <(all_of green)
	equal "" "$(reached blue 1.5 "${ways[@]}")"
	refuses inside blue $PROBE tcp "$(inner4 green)" 7000 1
	frames_know
	ear host env
	ear green ip netns exec green
	send_frames $good $bad via-host via-host6 via-port via-port6
	equal "" "$(heard green)" "heard by green"
	# the host may process their packets, but not forward them
	for n in via-host via-port good-udp4; do grep -qx $n $T/ear.host; done
	# namespaces on another network are not reached either
	{ lan_policy; }
	sed 's/^network = lan$/&2/;s/^\[network lan\]/[network lan2]/;s/br-lan/br9/;s/10\.9\.0/10.19.0/;s/fd09/fd19/' \
		$POLICY >$T/second
	awk '/^\[namespace green\]/ {g = 1} /^\[namespace red\]/ {g = 0} g' $T/second >$T/g
	awk '/^\[network lan2\]/ {g = 1} g' $T/second >$T/n
	kill_ears
	{ awk '/^\[namespace green\]/ {g = 1} /^\[namespace red\]/ {g = 0} !g' $POLICY; cat $T/g $T/n; } >$T/both
	down green
	put_policy <$T/both
	up green
	match 'master br9' "$(ip -o link show "$(host_if green)")"
	serve_in green
	equal "" "$(reached blue 1.5 {tcp,udp}/"$(inner4 green)"/7000 {tcp,udp}/"$(inner6 green)"/7000)"
}

@test "isolate = no: ports reach each other directly, and not by a route through the host" {
	lan_policy 'isolate = no'
	up blue green
	serve_in green
	mapfile -t ways < <(all_of green)
	equal "$(printf '%s\n' "${ways[@]}" | sort | xargs)" "$(reached blue 2 "${ways[@]}")"
	frames_know
	ear host env
	ear green ip netns exec green
	send_frames $good via-host via-host6 via-port via-port6
	# the last one is a broadcast
	equal "$good good-lease" "$(heard green | sed 's/ good-lease//;s/$/ good-lease/')" "heard by green"
}

@test "F84 a port sends with a false MAC, ARP, ND, IPv4 or IPv6 address, or a tunnel: dropped" {
	lan_policy 'isolate = no'
	up blue green
	frames_know
	# green has the correct MAC addresses of the host and blue
	inside green ping -qc1 -W2 "$MINE4" >/dev/null
	inside green ping -qc1 -W2 "$MINE6" >/dev/null
	ping -qc1 -W2 "$THEIRS4" >/dev/null || true
	bridge fdb show br br-lan | grep -v ' self ' | sort >$T/fdb
	ip neighbour show dev br-lan | awk '{print $1, $3}' | sort >$T/neighbours
	ip -n green neighbour | awk '{print $1, $5}' | sort >$T/neighbours.green
	ear host env
	ear green ip netns exec green
	send_frames $bad
	equal "good-lease" "$(heard green)" "heard by green"
	equal "good-lease" "$(heard host)" "heard by the host"
	equal "$(cat $T/fdb)" "$(bridge fdb show br br-lan | grep -v ' self ' | sort)" "the bridge's table"
	equal "" "$(ip neighbour show dev "$(host_if blue)")" "the neighbours of a port itself"
	equal "$(cat $T/neighbours)" "$(ip neighbour show dev br-lan | awk '{print $1, $3}' | sort)" "the host's neighbours"
	equal "$(cat $T/neighbours.green)" "$(ip -n green neighbour | awk '{print $1, $5}' | sort)" "green's neighbours"
}

@test "F85 F22 router advertisement from a port: the host and the other ports are unchanged" {
	lan_policy 'isolate = no'
	up blue green
	inside green sysctl -qw net.ipv6.conf.eth0.accept_ra=2 # accepts all advertisements
	inside blue $PROBE ra eth0
	inside blue $PROBE ra eth0 2001:db8:bad::
	# packets sent after them on the same links have arrived
	inside blue ping -qc1 -W5 "$(inner6 green)"
	inside blue $PROBE udp 2001:db8::80 80
	not bash -c 'ip -6 route | grep -q "proto ra"'
	not bash -c 'ip -6 address | grep -q 2001:db8:bad'
	not bash -c 'ip -n green -6 route | grep -q "proto ra"'
	not bash -c 'ip -n green -6 address | grep -q 2001:db8:bad'
	# and the namespace itself accepts none
	equal 0 "$(inside blue sysctl -n net.ipv6.conf.eth0.accept_ra)"
}

@test "F86 DHCP server, mDNS or LLMNR on an isolated port: its packets are dropped" {
	lan_policy
	up blue green
	frames_know
	ear host env
	ear green ip netns exec green
	send_frames mdns llmnr mdns6 offer offer-host offer6
	equal "" "$(heard green)"
	equal "good-lease" "$(heard host)"
}

@test "F81 no service of the host answers a port, on any address" {
	local a p own targets=()
	lan_policy
	up blue
	wait_until 5 eval 'own=$(ip -6 -o address show dev br-lan scope link | grep -o "fe80[^/]*")'
	for a in $(ip -o address show scope global | awk '{sub("/.*", "", $4); print $4}') "$own%eth0"; do
		for p in 22 53 67 8080 1 111; do targets+=("tcp/$a/$p" "udp/$a/$p"); done
	done
	[ ${#targets[@]} -gt 40 ]
	equal "" "$(reached blue 2 "${targets[@]}")"
	[ -n "$($PROBE scan 2 "${targets[@]/\%eth0/%br-lan}")" ]
	# F87 cloud metadata services are not reached either
	equal "" "$(reached blue 1.5 tcp/169.254.169.254/80 tcp/fd00:ec2::254/80 tcp/100.100.100.200/80)"
	# the host does not answer ARP for its other addresses
	inside blue ip route add 203.0.113.1/32 dev eth0
	not inside blue ping -qc1 -W1 203.0.113.1
	match '203.0.113.1 .*(FAILED|INCOMPLETE)' "$(ip -n blue neighbour)"
}

@test "network without an address: a switch only, the host has no address on it" {
	mapped alice:blue bob:green <<-'X'
		[namespace blue]
		link = bridge
		network = lan
		address = 192.0.2.7/24, fd09::7/64
		[namespace green]
		link = bridge
		network = lan
		address = 192.0.2.8/24, fd09::8/64
		gateway = 192.0.2.2
		[network lan]
		bridge = br-lan
		isolate = no
	X
	up blue green
	serve_in green
	equal "tcp/192.0.2.8/7000 tcp/fd09::8/7000" "$(reached blue 2 tcp/192.0.2.8/7000 tcp/fd09::8/7000)"
	equal "" "$(ip -o address show dev br-lan)"
	# 192.0.2.2 is an address of the host, on another interface
	not inside blue ping -qc1 -W1 192.0.2.2
	equal "" "$(reached green 1 tcp/192.0.2.2/8080 tcp/198.51.100.80/80)"
	match '192.0.2.2 .*(FAILED|INCOMPLETE)' "$(ip -n blue neighbour; ip -n green neighbour)"
}

# a separate LAN behind upl0, with 10.50.0.1 as its router
make_lan() {
	ip link add upl0 type veth peer name upl1 netns "$(cat $T/lan.pid)"
	ip link set upl0 up
	in_lan ip address add 10.50.0.1/24 dev upl1
	in_lan ip address add fd50::1/64 dev upl1 nodad
	in_lan ip link set upl1 up
}

@test "uplink: ports are on the LAN behind it; after the last port it is as before" {
	make_lan
	wait_until 5 bash -c 'ip -6 address show dev upl0 | grep -q fe80'
	ip -o link show dev upl0 | sed 's/^[0-9]*: //;s/ qdisc [a-z]*//' >$T/uplink
	objects >$T/with_uplink
	lan_policy 'uplink = upl0' 'address = 10.50.0.2/24' 'blue:address = 10.50.0.7/24, fd50::7/64' \
		'blue:gateway = 10.50.0.1' 'green:address = 10.50.0.8/24'
	su_fails dave 'which addresses are free beyond the uplink upl0 of the network lan is not known'
	up blue green
	match 'master br-lan' "$(ip -o link show upl0)"
	equal "" "$(ip -o address show dev upl0)"
	match 'server 10.50.0.1 client 10.50.0.7' "$(inside blue $PROBE tcp 10.50.0.1 80 2)"
	match 'server fd50::1 client fd50::7' "$(inside blue $PROBE tcp fd50::1 80 2)"
	match 'server 203.0.113.10 client 10.50.0.7' "$(inside blue $PROBE tcp 203.0.113.10 80 2)"
	# still isolated, and hosts on the LAN reach them
	serve_in green
	equal "" "$(reached blue 1 tcp/"$(inner4 green)"/7000)"
	equal "tcp/$(inner4 green)/7000" "$(in_lan $PROBE scan 2 tcp/"$(inner4 green)"/7000)"
	# frames from the LAN with an address of a port or the host are dropped
	MINE=$(mac_in blue) THEIRS=$(mac_in green) MINE4=10.50.0.9 THEIRS4=$(inner4 green)
	HOST4=10.50.0.2 HOST=$(cat /sys/class/net/br-lan/address)
	MINE6=fd50::9 MINELL=fe80::9 THEIRS6=fd50::8 HOST6=fd50::2 PORT=$HOST
	export MINE THEIRS HOST PORT MINE4 THEIRS4 HOST4 MINE6 THEIRS6 HOST6 MINELL
	ear green ip netns exec green
	in_lan "$FRAMES" send upl1 good-udp4 # with blue's MAC address
	MINE=$(in_lan ip -o link show upl1 | sed 's/.*ether \([^ ]*\) .*/\1/') in_lan "$FRAMES" send upl1 \
		arp-host ip4-host good-arp
	wait_until 5 grep -qx good-arp $T/ear.green
	equal "good-arp" "$(heard green)"
	kill_ears
	# the daemon restarts: its record has the former state
	stop_helper KILL
	start_helper
	down blue green
	wait_until 5 bash -c '! ip link show br-lan'
	wait_until 5 bash -c 'ip -6 address show dev upl0 | grep -q fe80'
	equal "$(cat $T/uplink)" "$(ip -o link show dev upl0 | sed 's/^[0-9]*: //;s/ qdisc [a-z]*//')" "upl0"
}

@test "uplink missing, in another bridge or with an address of the host: refused and unchanged" {
	lan_policy 'uplink = eth7'
	su_fails alice 'the uplink eth7 of the network lan does not exist'
	lan_policy 'uplink = up0'
	su_fails alice 'the uplink up0 of the network lan has an address or route'
	$PROBE tcp 192.0.2.80 80 2
	ip link add br9 type bridge
	make_lan
	ip link set upl0 master br9
	lan_policy 'uplink = upl0'
	su_fails alice 'the uplink upl0 of the network lan is a port of another bridge'
	match 'master br9' "$(ip -o link show upl0)"
	lan_policy 'uplink = br9' # a bridge cannot be a port of a bridge
	su_fails alice 'cannot make the interface a port'
	not ip link show br-lan
}

@test "bridge of another program: neither used nor removed" {
	ip link add br-lan type bridge
	lan_policy
	su_fails alice 'the interface br-lan exists and was not made by netns-pam'
	ip link show br-lan
	ip link delete br-lan
	# or an uplink still used by a network although its policy names another one now
	lan_policy
	ssh_hold a alice
	sed 's/network = lan/network = new/; s/\[network lan\]/[network new]/; s/10\.9\./10.19./; s/fd09/fd19/' \
		$POLICY | put_policy
	su_fails bob 'br-lan is the bridge of the network lan until its last namespace is removed'
	ssh_end a
	wait_until 10 not ip link show br-lan
	su bob -c true
	# or an address that the host has on another interface
	lan_policy 'address = 192.0.2.9/25'
	su_fails alice 'the network lan has an address in 192.0.2.'
	not ip link show br-lan
}

@test "address in use, network full: the login is refused with the reason" {
	lan_policy 'address = 10.9.0.1/30'
	up blue
	su_fails bob 'no address of 10.9.0.1/30 of the network lan is free'
	# a login gets it when it is free
	down blue
	su_lands bob green
	lan_policy 'blue:address = 10.9.0.3/24'
	up green blue
	equal 10.9.0.2 "$(inner4 green)"
	up red
	equal 10.9.0.4 "$(inner4 red)" # skips blue's address
	down blue red
	lan_policy 'blue:address = 10.9.0.2/24'
	su_fails alice 'the address 10.9.0.2 is in use in the network lan'
	lan_policy 'blue:address = 10.9.0.1/24'
	su_fails alice 'the address 10.9.0.1 is in use in the network lan'
	down green
}

@test "daemon killed and started: connections continue, new ports join, the last one removes the bridge" {
	local pid
	lan_policy
	ssh_hold a alice
	ip netns exec blue sleep 1000 & pid=$!
	stop_helper KILL
	$PROBE tcp 127.0.0.1 22 1
	match 'server' "$(inside blue $PROBE tcp 192.0.2.80 80 2)"
	start_helper
	up green
	equal 10.9.0.3 "$(inner4 green)"
	match 'server' "$(inside blue $PROBE tcp 192.0.2.80 80 2)"
	# source checks and isolation as before
	frames_know
	ear host env
	ear green ip netns exec green
	send_frames $bad good-uni4
	equal "" "$(heard green)"
	equal "good-lease" "$(heard host)"
	kill_ears
	# ended while no daemon ran: the next daemon removes it
	stop_helper KILL
	kill $pid
	ssh_end a
	ip netns delete green
	ip netns delete blue
	start_helper
	wait_until 10 bash -c '! ip link show br-lan'
}

@test "F75 nft flush ruleset in a loop: no packet passes between isolated ports" {
	local pid
	lan_policy
	up blue green
	frames_know
	ear host env
	ear green ip netns exec green
	(for ((n = 0; n < 200; n++)); do nft flush ruleset 2>/dev/null; done) & pid=$!
	while kill -0 $pid 2>/dev/null; do
		inside blue "$FRAMES" send eth0 $bad via-host via-host6
	done
	wait $pid || true
	send_frames arp-host
	equal "" "$(heard green)"
	equal "good-lease via-host via-host6" "$(heard host)"
}

@test "bridge deleted by another program: its sessions are disconnected, the next login gets a new bridge" {
	lan_policy
	ssh_hold a alice
	ip link delete br-lan
	wait_until 5 grep -q 'the bridge br-lan was removed by another program' $T/helper.log
	refuses inside blue $PROBE tcp 192.0.2.80 80 1
	match 'server' "$(su alice -c "$PROBE tcp 192.0.2.80 80 2")"
	ssh_end a
}

@test "port deleted by another program: its address is free although its session is open" {
	lan_policy 'blue:address = 10.9.0.5/24'
	ssh_hold a alice
	ip link delete "$(host_if blue)"
	wait_until 5 grep -q 'the link npam.* of the namespace blue was deleted' $T/helper.log
	match 'server' "$(su alice -c "$PROBE tcp 192.0.2.80 80 2")"
	# and the firewall has no element with an interface name that may be used again
	ssh_hold b alice
	equal 1 "$(nft list set bridge netns_pam isolated | grep -o npam | wc -l)" "isolated ports"
	equal 1 "$(nft list set bridge netns_pam mac | grep -o npam | wc -l)" "known MAC addresses"
	ssh_end a
	match 'server' "$(inside blue $PROBE tcp 192.0.2.80 80 2)"
	equal 1 "$(nft list set bridge netns_pam isolated | grep -o npam | wc -l)" "isolated ports"
	ssh_end b
}

@test "bridge and uplink renamed: removed and restored after the last port as usual" {
	ip link add upl0 type veth peer name upl1
	lan_policy 'uplink = upl0' 'address = 10.50.0.2/24' 'blue:address = 10.50.0.7/24'
	up blue
	equal 1 "$(cat /proc/sys/net/ipv6/conf/upl0/disable_ipv6)"
	renamed br-lan br-old
	renamed upl0 upl9
	stop_helper
	start_helper
	down blue
	wait_until 5 not ip link show br-old
	wait_until 5 eval 'equal 0 "$(cat /proc/sys/net/ipv6/conf/upl9/disable_ipv6)"'
	not grep -qE 'master|,UP' <<<"$(ip -o link show upl9)"
	ip link delete upl9
}
renamed() {
	ip link set "$1" down
	ip link set "$1" name "$2"
	ip link set "$2" up
}

@test "F73 netlink events lost while a bridge and a port are removed: the daemon reads the state again" {
	local n pid
	pid=$(helper_pid)
	lan_policy 'blue:address = 10.9.0.5/24'
	ssh_hold a alice
	ssh_hold b bob
	ip link add upl0 type veth peer name upl1
	freeze "$pid"
	for n in {1..12000}; do
		echo "link set upl0 txqueuelen $n"
	done | ip -batch -
	ip link delete br-lan
	ip link delete "$(host_if blue)"
	thaw "$pid"
	wait_until 10 grep -q 'rtnetlink events were lost' $T/helper.log
	wait_until 5 grep -q 'the bridge br-lan was removed by another program' $T/helper.log
	match 'server' "$(su alice -c "$PROBE tcp 192.0.2.80 80 2")"
	match 'server' "$(su bob -c "$PROBE tcp 192.0.2.80 80 2")"
	ssh_end a
	ssh_end b
}

@test "mtu, ifname, routes and several prefixes are applied" {
	lan_policy 'address = 10.9.0.1/24, 10.8.0.1/28, fd09::1/64' 'nat = yes' \
		'blue:mtu = 1400' 'blue:ifname = lan0' 'blue:routes = 10.77.0.0/16, 10.78.0.0/16 via 10.8.0.9'
	up blue green
	match 'mtu 1400' "$(ip -n blue -o link show lan0)"
	equal "10.8.0.2/28 10.9.0.2/24" "$(ip -n blue -4 -o address show dev lan0 | awk '{print $4}' | sort | xargs)"
	match '10.77.0.0/16 via 10.9.0.1' "$(ip -n blue route)"
	match '10.78.0.0/16 via 10.8.0.9' "$(ip -n blue route)"
	match 'server' "$(ip netns exec green $PROBE tcp 192.0.2.80 80 2)"
	# both addresses stay reserved, also after a restart
	stop_helper KILL
	start_helper
	ip netns exec green ping -qc1 -W1 -I 10.8.0.3 10.8.0.1 >/dev/null || true
	ip neighbour flush dev br-lan
	ip netns exec green $PROBE tcp 192.0.2.80 80 2
	match '10.8.0.3' "$(nft list set bridge netns_pam own4)"
}

@test "the example bridge.conf works unchanged" {
	groupadd staff2; groupadd lab
	getent group staff || groupadd staff
	usermod -aG staff alice; usermod -aG staff bob
	usermod -aG lab dave; usermod -aG lab erin
	put_policy <"$TOP/conf/examples/bridge.conf"
	match 'server 192.0.2.80.*192.0.2.80' "$(su alice -c "$PROBE tcp 192.0.2.80 80 2; cat /etc/resolv.conf; $PROBE dns 192.0.2.53 www.example.net" | xargs)"
	su_lands bob staff.bob
	netns-pam up staff --user alice; netns-pam up staff --user bob
	serve_in staff.bob
	equal "" "$(reached staff.alice 1 tcp/"$(inner4 staff.bob)"/7000 tcp/"$(inner6 staff.bob)"/7000)"
	su_lands dave lab.dave
	netns-pam up lab --user dave; netns-pam up lab --user erin
	inside lab.dave ping -qc1 -W2 "$(inner6 lab.erin)"
	equal "" "$(ip -n lab.dave route)"
	netns-pam down staff --user alice; netns-pam down staff --user bob
	netns-pam down lab --user dave; netns-pam down lab --user erin
}

@test "F102 record of a network unreadable at start: the start fails, the next one has the network" {
	lan_policy
	ssh_hold a alice
	stop_helper KILL
	not timeout 10 strace -f -qq -o $T/trace -P $STATE/networks \
		-e inject=openat:error=EIO:when=1 /usr/sbin/netns-pamd >$T/start 2>&1
	grep -q INJECTED $T/trace
	grep "cannot read $STATE/networks: Input/output error" $T/start
	ip link show br-lan
	test -e $STATE/networks/lan
	start_helper
	match 'server' "$(inside blue $PROBE tcp 192.0.2.80 80 2)"
	up green
	equal 10.9.0.3 "$(inner4 green)"
	down green
	ssh_end a
	wait_until 10 not ip link show br-lan
}

@test "F102 record of a network cannot be removed: tried again until it is removed" {
	lan_policy
	ssh_hold a alice
	mount --bind $STATE/networks/lan $STATE/networks/lan
	undo umount $STATE/networks/lan
	ssh_end a
	wait_until 10 not ip link show br-lan
	test -e $STATE/networks/lan
	umount $STATE/networks/lan
	wait_until 10 not test -e $STATE/networks/lan
	su_lands alice blue
}

@test "F102 every netlink request fails when the last port leaves: the bridge is removed later" {
	local pid
	lan_policy
	ssh_hold a alice
	pid=$(spawn $T/strace strace -f -qq -o $T/trace -p "$(helper_pid)" \
		-e trace=sendto -e inject=sendto:error=ENOBUFS)
	undo kill "$pid"
	wait_until 10 not grep -q '^TracerPid:[^0-9]*0$' "/proc/$(helper_pid)/status"
	ssh_end a
	wait_until 10 grep -q INJECTED $T/trace
	ip link show br-lan
	kill "$pid"
	wait_until 10 not ip link show br-lan
	wait_until 10 not test -e $STATE/networks/lan
	su_lands alice blue
}
