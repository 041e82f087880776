#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# link = macvlan: an interface with its own MAC address on the parent's network.

load ../lib
load link

setup_file() {
	common_setup_file
	make_user kiosk
	groupadd students
	usermod -a -G students erin
}
setup() { common_setup; }
teardown() { link_teardown; }

BLUE='link = macvlan'
GREEN='link = macvlan
parent = lan0
address = 203.0.113.21/24'

@test "the example macvlan.conf works unchanged" {
	local uid
	put_policy <"$TOP/conf/examples/macvlan.conf"
	su_lands kiosk kiosk
	ssh_hold k kiosk
	# it reaches the LAN and is reached from it
	ssh_as kiosk "$PROBE tcp 203.0.113.10 80 1 &&
		$PROBE tcp 2001:db8:1a4::10 80 1"
	in_lan ping -qc1 -W2 203.0.113.20
	in_lan ping -qc1 -W2 2001:db8:1a4::20
	equal 203.0.113.10 "$(ip -n kiosk route show default | awk '{print $3}')"
	ssh_as kiosk 'cat /etc/resolv.conf' | grep -q 'nameserver 203.0.113.10'
	# neither the host nor networks behind it
	refuses ssh_as kiosk "$PROBE tcp 203.0.113.1 8080 1"
	refuses ssh_as kiosk "$PROBE tcp 192.0.2.2 8080 1"
	refuses ssh_as kiosk "$PROBE tcp 192.0.2.80 80 1"
	refuses ping -qc1 -W1 203.0.113.20
	# another user's interface on the same parent, numbered by uid
	uid=$(id -u erin)
	su_lands erin student.erin
	su_runs erin "$PROBE tcp 2001:db8:1a4::10 80 1"
	refuses su_runs erin "$PROBE tcp 2001:db8:1a4::20 22 1"
	refuses su_runs erin 'ping -qc1 -W1 2001:db8:1a4::20'
	su_runs erin 'ip -6 address show eth0' | grep -q "2001:db8:1a4::$uid/64"
	ssh_end k
}

@test "only loopback and one interface, created in place, removed at the end" {
	local mon
	policy_with 'parent = lan0' 'address = 203.0.113.20/24' 'ifname = wan' \
		'mtu = 1400'
	mon=$(spawn $T/monitor ip -o monitor link)
	wait_until 5 alive "$mon"
	su_lands alice blue
	su_runs alice 'ip -o link' >$T/links
	equal 2 "$(wc -l <$T/links)"
	grep -q 'wan@.* mtu 1400 ' $T/links
	wait_until 10 not_there blue
	kill "$mon"
	# it was never on the host
	not grep -q 'wan\|macvlan' $T/monitor
}

@test "status shows addresses, traffic and the parent" {
	policy_with 'parent = lan0' 'address = 203.0.113.20/24'
	ssh_hold a alice
	ip netns exec blue ping -qc2 -i0.2 203.0.113.10
	netns-pam status --json | jq -c '.namespaces[] | select(.name == "blue")' >$T/status
	equal 203.0.113.20/24 "$(jq -r '.addresses[0]' $T/status)"
	equal "macvlan on lan0" "$(jq -r .detail $T/status)"
	[ "$(jq .tx_bytes $T/status)" -gt 150 ]
	ssh_end a
}

@test "F94 two namespaces on one parent: no packet passes between them, broadcast included" {
	local listen
	policy_with 'parent = lan0' 'address = 203.0.113.20/24'
	ssh_hold a alice
	ssh_hold b bob
	listen=$(spawn $T/heard ip netns exec green \
		tcpdump -lni eth0 not ip6 and not src host 203.0.113.21)
	wait_until 5 grep -q 'listening on' $T/heard
	refuses ip netns exec blue ping -qc1 -W1 203.0.113.21
	refuses ip netns exec blue ping -qbc1 -W1 203.0.113.255
	# both reach the LAN and receive its broadcasts
	in_lan ping -qbc1 -W1 203.0.113.255 || true
	ip netns exec green ping -qc1 -W2 203.0.113.10
	wait_until 5 grep -q '203.0.113.10' $T/heard
	kill "$listen"
	not grep -q '203.0.113.20 ' $T/heard
	ssh_end a
	ssh_end b
}

@test "F22 router advertisement on the LAN: no address and no route in the namespace" {
	local ra
	set_sysctl net.ipv6.conf.lan0.accept_ra=0
	for a in '203.0.113.20/24' '2001:db8:1a4::20/64'; do
		policy_with 'parent = lan0' "address = $a"
		ssh_hold a alice
		ra=$(spawn $T/ra nsenter -n -t "$(cat $T/lan.pid)" \
			dnsmasq --conf-file=/dev/null --keep-in-foreground \
			--port=0 --user=root --pid-file= --enable-ra \
			--ra-param=eth0,1 --interface=eth0 \
			--dhcp-leasefile=$T/ra.leases \
			--dhcp-range=2001:db8:bad::,ra-only,slaac)
		in_lan ip address add 2001:db8:bad::1/64 dev eth0 nodad
		in_lan timeout 6 tcpdump -lnc1 -i eth0 \
			'icmp6 && ip6[40] == 134' >$T/ra.seen 2>&1
		grep -q 'router advertisement' $T/ra.seen
		su_runs alice 'ip -6 route show default; ip -6 address' \
			>$T/seen
		not grep -q '2001:db8:bad\|^default' $T/seen
		kill "$ra"
		in_lan ip address del 2001:db8:bad::1/64 dev eth0
		wait_until 5 gone "$ra"
		ssh_end a
	done
}

@test "parent missing, down or invalid: the login is refused with the reason" {
	policy_with 'parent = eth77' 'address = 203.0.113.20/24'
	from_here
	su_fails alice
	in_log 'the interface eth77 of `parent` does not exist'
	nothing_left

	policy_with 'parent = vlan0' 'address = 203.0.113.20/24'
	ip link add vlan0 type veth peer name vlan1
	from_here
	su_fails alice
	in_log 'the interface vlan0 of `parent` is down: bring it up'
	nothing_left
	ip link delete vlan0

	policy_with 'parent = lan0' 'address = 203.0.113.20/24' 'mtu = 9000'
	from_here
	su_fails alice
	in_log '`mtu` is 9000, and the interface lan0 of `parent` has no more than 1500'
	policy_with 'parent = lan0' 'address = 203.0.113.20/24' 'routes = 10.1.0.0/16, 10.1.0.0/16'
	su_fails alice
	in_log 'cannot add the route to 10.1.0.0/16: File exists'
	nothing_left

	policy_with 'parent = port0' 'address = 203.0.113.20/24'
	ip link add br9 type bridge
	ip link add port0 up type veth peer name port1
	ip link set port0 master br9
	from_here
	su_fails alice
	in_log 'the interface port0 of `parent` is in use as a port of a bridge'
	nothing_left
	ip link delete port0
	ip link delete br9

	policy_with 'parent = lan0' 'address = 203.0.113.20/24' \
		'sysctl.net/ipv4/conf/none0/forwarding = 1'
	from_here
	su_fails alice
	in_syslog 'none0'
	nothing_left
	to_there
}

@test "parent deleted: sessions have no network, new logins are refused until it exists again" {
	ip link add par0 type veth peer name par1
	ip link set par0 up
	ip link set par1 up
	policy_with 'parent = par0' 'address = 203.0.113.20/24'
	ssh_hold a alice
	ip link delete par0
	wait_until 5 in_log 'macvlan interface was deleted'
	refuses ip netns exec blue ip link show eth0
	su_fails alice
	in_log 'the interface par0 of `parent` does not exist'
	ip link add par0 type veth peer name par1
	ip link set par0 up
	ip link set par1 up
	su_lands alice blue
	equal "$(host_ns)" "$(stat -Lc %i /proc/self/ns/net)"
	ssh_end a
	wait_until 10 not_there blue
	ip link delete par0
}

@test "hardware address: unique, and the same at the next login" {
	local first second
	policy_with 'parent = lan0' 'address = 203.0.113.20/24'
	first=$(su_runs alice "ip -o link show eth0 | sed 's/.*ether //; s/ .*//'")
	wait_until 10 not_there blue
	second=$(su_runs alice "ip -o link show eth0 | sed 's/.*ether //; s/ .*//'")
	equal "$first" "$second"
	match '^.[26ae]:' "$first"
	[ "$first" != "$(su_runs bob "ip -o link show eth0 | sed 's/.*ether //; s/ .*//'")" ]
}

@test "F23 policy changed with a session open: old and new session each have an address" {
	policy_with 'parent = lan0' 'address = 203.0.113.20/24'
	ssh_hold a alice
	policy_with 'parent = lan0' 'address = 203.0.113.22/24'
	ssh_hold b alice
	nsenter -n -t "$(cat $T/in.a)" $PROBE tcp 203.0.113.10 80 1 |
		grep -q 'client 203.0.113.20'
	nsenter -n -t "$(cat $T/in.b)" $PROBE tcp 203.0.113.10 80 1 |
		grep -q 'client 203.0.113.22'
	ssh_end a
	ssh_end b
	wait_until 10 not_there blue
}

@test "F58 daemon killed and started: the session keeps its network" {
	policy_with 'parent = lan0' 'address = 203.0.113.20/24'
	ssh_hold a alice
	stop_helper KILL
	ip netns exec blue ping -qc1 -W2 203.0.113.10
	start_helper
	su_lands alice blue
	equal "$(ns_of blue)" "$(stat -Lc %i "/proc/$(cat $T/in.a)/ns/net")"
	# and gets the event of its end
	netns-pam status | grep -q 'macvlan on lan0'
	ssh_end a
	wait_until 10 not_there blue
}

@test "last logout: processes left inside are disconnected" {
	policy_with 'parent = lan0' 'address = 203.0.113.20/24' \
		'lifetime = sessions'
	su_runs alice "setsid sh -c 'while :; do ping -qc1 -W1 203.0.113.10 &&
		date +%s%N >/tmp/stray; echo >>/tmp/tries; sleep 0.2; done' >/dev/null 2>&1 </dev/null &
		echo \$! >/tmp/stray.pid; until [ -s /tmp/stray ]; do sleep 0.05; done"
	wait_until 10 not_there blue
	wait_until 10 longer /tmp/tries $(($(wc -l </tmp/tries) + 1)) # the current one may have begun before
	rm -f /tmp/stray
	wait_until 10 longer /tmp/tries $(($(wc -l </tmp/tries) + 2))
	[ ! -e /tmp/stray ]
	kill "$(cat /tmp/stray.pid)"
}

@test "name removed by another program before the last logout: processes left inside are disconnected" {
	local pid
	policy_with 'parent = lan0' 'address = 203.0.113.20/24' \
		'lifetime = sessions'
	ssh_hold a alice
	pid=$(spawn $T/stray.log nsenter -t "$(cat $T/in.a)" -n sleep 1000)
	wait_until 5 nsenter -t "$pid" -n ip link show eth0
	ip netns del blue
	ssh_end a
	wait_until 10 eval "! nsenter -t $pid -n ip link show eth0"
	nsenter -t "$pid" -n ip link show lo # the process is still inside
	kill "$pid"
}
