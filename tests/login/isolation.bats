#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a namespace can do to the host, to other namespaces and to the network.

load ../lib

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	undone
	ssh_end_all
	ensure_helper
	common_teardown
}

inner4() { ip -n "$1" -4 -o address show dev eth0 | awk '{sub("/.*", "", $4); print $4}'; }
inner6() { ip -n "$1" -6 -o address show dev eth0 scope global | awk '{sub("/.*", "", $4); print $4}'; }
host_if() { # the host end of a namespace's link
	local n
	n=$(ip -n "$1" -o link show eth0 | sed 's/.*eth0@if\([0-9]*\).*/\1/')
	ip -o link | sed -n "s/^$n: \([^:@]*\).*/\1/p"
}
mac_of() { cat "/sys/class/net/$1/address"; }

@test "F82 namespaces cannot reach each other by any address" {
	local n m pids=() targets=() out
	ssh_hold a alice
	ssh_hold b bob
	ssh_hold e erin
	ssh_hold f frank
	for n in blue green street own.frank; do
		pids+=("$(spawn $T/serve.$n ip netns exec $n $PROBE serve 7000)")
		targets+=("tcp/$(inner4 $n)/7000" "udp/$(inner4 $n)/7000"
			"tcp/$(inner6 $n)/7000" "udp/$(inner6 $n)/7000")
	done
	for n in blue green street own.frank; do
		wait_until 5 ip netns exec $n $PROBE tcp "$(inner4 $n)" 7000 1
	done
	for n in blue green street own.frank; do
		out=$(ip netns exec $n $PROBE scan 1.5 "${targets[@]}" | sort | xargs)
		# it reaches its own four servers only
		equal "$(printf '%s\n' {tcp,udp}/"$(inner4 $n)"/7000 {tcp,udp}/"$(inner6 $n)"/7000 | sort | xargs)" "$out" "$n reached"
	done
	# no namespace is reached from outside, except a routed one
	equal "" "$(in_internet $PROBE scan 1.5 "tcp/$(inner4 blue)/7000" "tcp/$(inner6 green)/7000" "udp/$(inner4 own.frank)/7000")"
	equal "tcp/$(inner4 street)/7000" "$(in_internet $PROBE scan 2 "tcp/$(inner4 street)/7000")"
	for n in "${pids[@]}"; do kill "$n"; done
}

@test "F81 no address and no port of the host answers" {
	local a p targets=() ll
	ssh_hold a alice
	ssh_hold b bob
	ll=$(ip -6 -o address show dev "$(host_if blue)" scope link | awk '{sub("/.*", "", $4); print $4}')
	for a in $(ip -o address show scope global | awk '{sub("/.*", "", $4); print $4}') \
		$(ip -n blue route show default | awk '{print $3}') ${ll:+$ll%eth0}; do
		for p in $(ss -Htln | awk '{sub(".*:", "", $4); print $4}' | sort -u) 1 111; do
			targets+=("tcp/$a/$p")
		done
		for p in $(ss -Huln | awk '{sub(".*:", "", $4); print $4}' | sort -u); do
			targets+=("udp/$a/$p")
		done
	done
	echo "${#targets[@]} targets"
	[ ${#targets[@]} -gt 20 ]
	equal "" "$(ip netns exec blue $PROBE scan 3 "${targets[@]}")" "reached"
	# the test itself: they answer on the host
	[ -n "$($PROBE scan 3 "${targets[@]}")" ]
}

@test "F83 loopback of the host: not reached, even with route_localnet" {
	local h
	ssh_hold a alice
	h=$(host_if blue)
	set_sysctl net.ipv4.conf.all.route_localnet=1
	: >$T/host.log
	PROBE_MAC=$(mac_of "$h") ip netns exec blue $PROBE spoof eth0 "$(inner4 blue)" 127.0.0.1 8080
	ip netns exec blue sysctl -qw net.ipv4.conf.all.route_localnet=1
	ip netns exec blue ip route add 127.9.9.9/32 via "$(ip -n blue route show default | awk '{print $3}')" 2>/dev/null || true
	ip netns exec blue $PROBE scan 1 tcp/127.9.9.9/8080
	equal "" "$(cat $T/host.log)" "seen on the host's loopback"
	$PROBE udp 127.0.0.1 8080
	grep -q 127.0.0.1 $T/host.log
}

@test "F84 packets with a false source address: dropped" {
	local h src
	ssh_hold a alice
	ssh_hold b bob
	ssh_hold e erin
	for n in blue street; do
		h=$(host_if $n)
		: >$T/net.log
		for src in 198.51.100.7 192.0.2.80 192.0.2.2 "$(inner4 green)" 10.213.255.254 127.0.0.1 0.0.0.0 224.0.0.1 255.255.255.255; do
			PROBE_MAC=$(mac_of "$h") ip netns exec $n $PROBE spoof eth0 "$src" 198.51.100.80 80
		done
		for src in 2001:db8::80 2001:db8:bad::1 "$(inner6 green)" ::1 2001:db8::2; do
			PROBE_MAC=$(mac_of "$h") ip netns exec $n $PROBE spoof eth0 "$src" 2001:db8:ffff::80 80
		done
		# packets with the true address, sent after them, arrive: the false ones did not
		PROBE_MAC=$(mac_of "$h") ip netns exec $n $PROBE spoof eth0 "$(inner4 $n)" 192.0.2.80 80
		PROBE_MAC=$(mac_of "$h") ip netns exec $n $PROBE spoof eth0 "$(inner6 $n)" 2001:db8::80 80
		wait_until 5 grep -q 'server 192.0.2.80' $T/net.log
		wait_until 5 grep -q 'server 2001:db8::80' $T/net.log
		cat $T/net.log
		equal 2 "$(wc -l <$T/net.log)" "packets from $n"
	done
}

@test "F85 router advertisement from inside: the host gets no route" {
	local h
	ssh_hold a alice
	h=$(host_if blue)
	ip netns exec blue $PROBE ra eth0
	# a packet sent after it on the same link has arrived
	ip netns exec blue $PROBE udp 2001:db8:ffff::80 80
	not bash -c 'ip -6 route | grep -q "proto ra"'
	not bash -c 'ip -6 address | grep -q 2001:db8:bad'
}

@test "F22 router advertisement from the host's side: the namespace gets no route" {
	ssh_hold a alice
	$PROBE ra "$(host_if blue)"
	ip netns exec blue $PROBE udp 2001:db8:ffff::80 80 # the answer arrives after it
	not bash -c 'ip -n blue -6 route | grep -q "proto ra"'
	not bash -c 'ip -n blue address | grep -q 2001:db8:bad'
}

@test "F88 session open: the host does not forward for its neighbours" {
	refuses in_lan $PROBE tcp 192.0.2.80 80 1
	ssh_hold a alice
	equal 1 "$(sysctl -n net.ipv4.ip_forward)" ip_forward
	refuses in_lan $PROBE tcp 192.0.2.80 80 1
	refuses in_lan $PROBE tcp 2001:db8::80 80 1
	refuses in_internet $PROBE tcp 203.0.113.10 80 1
	# the session reaches the internet and the LAN
	match 'client 203\.0\.113\.1$' "$(ip netns exec blue $PROBE tcp 203.0.113.10 80)"
	match 'client 192\.0\.2\.2$' "$(ip netns exec blue $PROBE tcp 192.0.2.80 80)"
	ssh_end a
	nothing_left
	equal 0 "$(sysctl -n net.ipv4.ip_forward)" ip_forward
}

@test "F88 host that forwarded before: still forwards afterwards" {
	set_sysctl net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	objects >$T/before
	in_lan $PROBE tcp 192.0.2.80 80
	ssh_hold a alice
	in_lan $PROBE tcp 192.0.2.80 80
	in_lan $PROBE tcp 2001:db8::80 80
	ssh_end a
	nothing_left
	in_lan $PROBE tcp 192.0.2.80 80
	equal 1 "$(sysctl -n net.ipv4.ip_forward)" ip_forward
	# no namespace is left: the daemon no longer sets these
	sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	objects >$T/before
}

@test "F88 the host's default route from a router advertisement stays" {
	learned() { ip -6 route show default | grep -q 'proto ra'; }
	in_internet $PROBE ra net0 2001:db8:5::
	wait_until 5 learned
	ssh_hold a alice
	learned
	# and it still accepts advertisements
	ip -6 route flush proto ra
	in_internet $PROBE ra net0 2001:db8:5::
	wait_until 5 learned
	ssh_end a
	wait_until 15 no_names
	learned
	ip -6 route flush proto ra
	ip -6 address flush dev up0 dynamic
	ip -6 route flush 2001:db8:5::/64 2>/dev/null || true
}

@test "F90 sysctls of a namespace: those of a host that does not forward" {
	local k v
	set_sysctl net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.ping_group_range='0 2147483647' \
		net.ipv4.ip_unprivileged_port_start=900
	stop_helper
	start_helper
	ssh_hold a alice
	while read -r k v; do
		equal "$v" "$(ip netns exec blue sysctl -n "$k" | xargs)" "$k"
	done <<-'X'
		net.ipv4.ip_forward 0
		net.ipv4.conf.all.forwarding 0
		net.ipv4.conf.eth0.forwarding 0
		net.ipv6.conf.all.forwarding 0
		net.ipv6.conf.eth0.forwarding 0
		net.ipv4.conf.all.accept_redirects 0
		net.ipv4.conf.eth0.accept_redirects 0
		net.ipv4.conf.all.send_redirects 0
		net.ipv4.conf.eth0.send_redirects 0
		net.ipv4.conf.all.accept_source_route 0
		net.ipv4.conf.eth0.accept_source_route 0
		net.ipv4.conf.all.route_localnet 0
		net.ipv6.conf.all.accept_ra 0
		net.ipv6.conf.eth0.accept_ra 0
		net.ipv6.conf.eth0.autoconf 0
		net.ipv6.conf.eth0.accept_redirects 0
		net.ipv4.ping_group_range 0 2147483647
		net.ipv4.ip_unprivileged_port_start 900
	X
	ssh_end a
	wait_until 15 no_names
	sysctl -qw net.ipv4.ping_group_range='1 0' net.ipv4.ip_unprivileged_port_start=1024 \
		net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	stop_helper
	start_helper
	objects >$T/before
}

@test "F75 nft flush ruleset in a loop: no packet gets through" {
	local i answered=0
	ssh_hold a alice
	ssh_hold b bob
	: >$T/host.log
	spawn $T/flush bash -c 'for i in {1..150}; do nft flush ruleset; sleep 0.02; done; echo finished' >/dev/null
	until grep -q finished $T/flush; do
		equal "" "$(ip netns exec blue $PROBE scan 0.3 tcp/192.0.2.2/8080 udp/192.0.2.2/8080 tcp/2001:db8::2/8080 tcp/169.254.169.254/80)" "reached"
	done
	equal "" "$(cat $T/host.log)" "seen by the host's service"
	wait_until 5 ip netns exec blue $PROBE tcp 198.51.100.80 80 1
	equal "" "$(ip netns exec blue $PROBE scan 1 tcp/192.0.2.2/8080 udp/192.0.2.2/8080)" "reached"
	match 'client 192\.0\.2\.2' "$(ip netns exec blue $PROBE tcp 198.51.100.80 80)"
}

@test "F77 daemon killed: the firewall stays in place" {
	ssh_hold a alice
	stop_helper KILL
	nft list table inet netns_pam >/dev/null
	equal "" "$(ip netns exec blue $PROBE scan 1 tcp/192.0.2.2/8080 udp/192.0.2.2/8080 tcp/169.254.169.254/80)" "reached"
	match 'client 192\.0\.2\.2' "$(ip netns exec blue $PROBE tcp 198.51.100.80 80)"
	start_helper
	equal "" "$(ip netns exec blue $PROBE scan 1 tcp/192.0.2.2/8080)" "reached"
	match 'client 192\.0\.2\.2' "$(ip netns exec blue $PROBE tcp 198.51.100.80 80)"
}

@test "F13 abstract unix sockets: not reachable from the other side" {
	spawn $T/abs1 socat ABSTRACT-LISTEN:outside,fork EXEC:'echo hi' >$T/abs1.pid
	ssh_hold a alice
	spawn $T/abs2 ip netns exec blue socat ABSTRACT-LISTEN:inside,fork EXEC:'echo hi' >$T/abs2.pid
	hears() { [ "$(timeout 3 socat -u ABSTRACT-CONNECT:outside -)" = hi ]; }
	wait_until 5 hears
	refuses su alice -c 'timeout 3 socat -u ABSTRACT-CONNECT:outside -'
	refuses as_user carol timeout 3 socat -u ABSTRACT-CONNECT:inside -
	kill "$(cat $T/abs1.pid)" "$(cat $T/abs2.pid)"
}

@test "F19 user namespace created inside: gives no access" {
	ssh_hold a alice
	run su alice -c 'unshare -Urn ip -br link'
	equal 1 "${#lines[@]}" "links in it"
	match '^lo ' "$output"
	refuses su alice -c 'unshare -Ur ip link set eth0 down'
	refuses su alice -c 'unshare -Ur nsenter --net=/proc/1/ns/net true'
	refuses su alice -c 'unshare -Ur nsenter --net=/run/netns/blue true'
	refuses su alice -c 'nsenter --net=/run/netns/blue true'
	refuses su alice -c 'ip netns exec blue true'
}

@test "F86 multicast: not passed to other namespaces or the LAN" {
	local h
	ssh_hold a alice
	ssh_hold b bob
	spawn $T/mdns ip netns exec green $PROBE serve 5353 $T/mdns.log >$T/mdns.pid
	spawn $T/mdns nsenter -n -t "$(cat $T/lan.pid)" $PROBE serve 5353 $T/mdns.log >$T/mdns2.pid
	wait_until 5 ip netns exec green $PROBE udp 127.0.0.1 5353 1
	: >$T/mdns.log
	h=$(host_if blue)
	PROBE_MAC=01:00:5e:00:00:fb ip netns exec blue $PROBE spoof eth0 "$(inner4 blue)" 224.0.0.251 5353
	PROBE_MAC=33:33:00:00:00:fb ip netns exec blue $PROBE spoof eth0 "$(inner6 blue)" ff02::fb 5353
	PROBE_MAC=ff:ff:ff:ff:ff:ff ip netns exec blue $PROBE spoof eth0 "$(inner4 blue)" 255.255.255.255 5353
	# multicast packets would have arrived before these
	ip netns exec blue $PROBE udp 198.51.100.80 80
	ip netns exec green $PROBE udp 127.0.0.1 5353
	in_lan $PROBE udp 127.0.0.1 5353
	equal "server 127.0.0.1 client 127.0.0.1" "$(sort -u $T/mdns.log)" "heard"
	kill "$(cat $T/mdns.pid)" "$(cat $T/mdns2.pid)"
}
