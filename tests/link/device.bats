#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# link = device: an interface is moved into the namespace and returned unchanged.

load ../lib
load link

# lab0 is the interface; its cable ends in a network of its own, "the lab":
# 203.0.113.10 and 2001:db8:1a4::10 in there.
in_lab() { nsenter -n -t "$(cat $T/lab.pid)" "$@"; }

setup_file() {
	common_setup_file
	make_user lab
	spawn $T/lab.log unshare -n sleep infinity >$T/lab.pid
	wait_until 5 lab_apart
	make_lab
	spawn $T/weblab.log nsenter -n -t "$(cat $T/lab.pid)" \
		$PROBE serve 80 >$T/weblab.pid
}
lab_apart() {
	[ "$(readlink /proc/self/ns/net)" != \
		"$(readlink "/proc/$(cat $T/lab.pid)/ns/net")" ]
}
make_lab() {
	ip link add lab0 type veth peer name eth0 netns "$(cat $T/lab.pid)"
	ip link set lab0 mtu 1450 alias 'second card, left'
	in_lab ip link set lo up
	in_lab ip address add 203.0.113.10/24 dev eth0
	in_lab ip address add 2001:db8:1a4::10/64 dev eth0 nodad
	in_lab ip link set eth0 up
}
setup() {
	ip link show lab0 >/dev/null 2>&1 || make_lab
	ip link set lab0 down
	common_setup
	home >$T/home
}
teardown() { link_teardown; }

# Its state on the host.
home() {
	ip -o link show lab0 | sed 's/^[0-9]*: //; s/qlen [0-9]* *//; s/qdisc [a-z]* //; s/ link-netnsid.*//'
	ip -j link show lab0 | jq -r '.[0].ifalias'
}
at_home() { home >$T/home.now 2>&1; cmp $T/home $T/home.now; }
by_another_name() { ip -o link | grep -o 'npback[0-9]*'; }
away() { ! ip link show lab0; }

lab_policy() {
	mapped 'lab, alice:lab' bob:other <<-X
		[namespace lab]
		link = device
		$(printf '%s\n' "$@")
		[namespace other]
		link = device
		interface = lab0
		address = 203.0.113.31/24
	X
}

@test "the example device.conf works unchanged" {
	put_policy <"$TOP/conf/examples/device.conf"
	su_lands lab lab
	ssh_hold l lab
	away
	equal 2 "$(ssh_as lab 'ip -o link | wc -l')"
	ssh_as lab "$PROBE tcp 203.0.113.10 80 1"
	equal 203.0.113.10 "$(ip -n lab route show default | awk '{print $3}')"
	in_lab ping -qc1 -W2 203.0.113.30
	# it reaches nothing else
	refuses ssh_as lab "$PROBE tcp 192.0.2.80 80 1"
	refuses ssh_as lab "$PROBE tcp 192.0.2.2 8080 1"
	refuses ssh_as lab "$PROBE tcp 2001:db8:1a4::10 80 1"
	netns-pam status | grep -q "the host's lab0"
	ssh_end l
	wait_until 10 at_home
	# the same a second time
	su_lands lab lab
	wait_until 10 at_home
}

@test "after the last session the interface is up again with its MTU and alias, without an address" {
	ip link set lab0 up
	wait_until 5 sh -c "ip link show lab0 | grep -q 'state UP'"
	home >$T/home
	objects >$T/before
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24, 2001:db8:1a4::30/64' \
		'mtu = 1300' 'ifname = wan'
	ssh_hold a alice
	away
	ip -n lab link show wan | grep -q 'mtu 1300'
	ssh_as alice "$PROBE tcp 2001:db8:1a4::10 80 1"
	ssh_end a
	wait_until 10 at_home
	standard_policy | put_policy
	nothing_left
	ip link set lab0 down
	objects >$T/before
}

@test "without ifname the interface keeps its name; the host's addresses are removed, with a log message" {
	ip address add 198.51.100.9/24 dev lab0
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	ssh_as alice 'ip -4 -o address show lab0' | grep -q '203.0.113.30/24'
	not grep -q 198.51.100.9 <<<"$(ip -n lab address)"
	in_log 'lab0 leaves the host, .*198.51.100'
	ssh_end a
	wait_until 10 at_home
	not grep -q 198.51.100.9 <<<"$(ip address show lab0)"
}

@test "address = dhcp on a device: the session has the lease" {
	local pid
	pid=$(spawn $T/dhcpd.log nsenter -n -t "$(cat $T/lab.pid)" dnsmasq \
		--conf-file=/dev/null --keep-in-foreground --user=root --pid-file= \
		--interface=eth0 --port=0 --no-ping --dhcp-authoritative \
		--dhcp-leasefile=$T/leases \
		--dhcp-range=203.0.113.100,203.0.113.100,2m)
	wait_until 5 sh -c "nsenter -n -t $(cat $T/lab.pid) ss -Hlun | grep -q ':67 '"
	lab_policy 'interface = lab0' 'address = dhcp'
	su_lands alice lab
	su_runs alice 'ip -4 -o address show lab0' | grep -q 203.0.113.100/24
	wait_until 10 at_home
	kill "$pid"
	wait_until 5 gone "$pid"
	# no server: it is returned as well
	su_fails alice
	wait_until 10 at_home
	wait_until 5 sh -c '! pgrep -x udhcpc'
}

@test "interface that the host uses: refused with the reason" {
	local what
	for what in 'up0|default route goes by the interface up0' \
		'eth77|the interface eth77 of `interface` does not exist' \
		'port0|the interface port0 is a port of br0' \
		'base0|the interface base0 carries vm0' \
		'br0|br0: cannot move the interface'; do
		case $what in
		port0*)
			ip link add br0 type bridge
			ip link add port0 type veth peer name port1
			ip link set port0 master br0
			;;
		base0*)
			ip link add base0 type veth peer name base1
			ip link add link base0 name vm0 type macvlan
			;;
		br0*) ip link add br0 type bridge ;;
		esac
		lab_policy "interface = ${what%%|*}" 'address = 203.0.113.30/24'
		from_here
		su_fails alice
		in_log "${what#*|}"
		nothing_left
		for i in br0 port0 vm0 base0; do
			ip link delete $i 2>/dev/null || true
		done
	done
	to_there
}

@test "one interface for two namespaces: the second is refused, naming the first" {
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	su_fails bob
	in_log 'the interface lab0 is in the namespace lab'
	su_lands lab lab # a second session in the same namespace
	ssh_end a
	wait_until 10 at_home
	su_lands bob other
	wait_until 10 at_home
}

@test "start fails half-way: the interface is returned to the host" {
	printf '#!/bin/sh\nexit 7\n' >$T/fails
	chmod 755 $T/fails
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24' "up = $T/fails"
	from_here
	su_fails alice
	wait_until 5 at_home
	nothing_left
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24' \
		'sysctl.net/ipv4/conf/none0/forwarding = 1'
	from_here
	su_fails alice
	wait_until 5 at_home
	nothing_left
	to_there
}

@test "F58 daemon killed and started: the interface is returned at the end" {
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	stop_helper KILL
	ip netns exec lab ping -qc1 -W2 203.0.113.10
	start_helper
	su_lands alice lab
	ssh_end a
	wait_until 10 at_home
	# the namespace was empty when it was returned
	ssh_hold a alice
	stop_helper KILL
	ssh_end a
	start_helper
	wait_until 10 at_home
}

@test "F58 daemon killed during the start: the interface is not lost" {
	printf '#!/bin/sh\nexec sleep 60\n' >$T/slow
	chmod 755 $T/slow
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24' "up = $T/slow"
	spawn $T/alice timeout 20 su alice -c true >$T/su.pid
	wait_until 5 pgrep -f "sleep 60"
	wait_until 5 away
	stop_helper KILL
	wait_until 10 gone "$(cat $T/su.pid)"
	start_helper
	wait_until 10 at_home
	wait_until 5 not_there lab
	# the next daemon ends the program that hung
	wait_until 5 not pgrep -f "sleep 60"
}

@test "F58 daemon killed while it waits for a lease: the interface is not lost" {
	lab_policy 'interface = lab0' 'address = dhcp'
	spawn $T/alice timeout 20 su alice -c true >$T/su.pid
	wait_until 5 pgrep -x udhcpc
	wait_until 5 away
	stop_helper KILL
	wait_until 10 gone "$(cat $T/su.pid)"
	start_helper
	wait_until 10 at_home
	wait_until 5 not_there lab
	wait_until 5 eval '! pgrep -x udhcpc'
}

@test "netns-pam down --force with an open session: the interface is returned" {
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	netns-pam down lab --force
	wait_until 5 at_home
	refuses nsenter -n -t "$(cat $T/in.a)" $PROBE tcp 203.0.113.10 80 1
	ssh_end a
}

# The policy changes while alice's session is open: her namespace loses its name.
nameless() {
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24' 'mtu = 1300'
	su_fails alice
	in_log 'the interface lab0 is in the namespace lab'
	not_there lab
	away
}
# lab0 is one end of a veth pair: the kernel deletes it with its namespace
@test "F58 F62 name deleted, daemon killed: a virtual interface is not lost" {
	# the last process ends after the restart
	nameless
	stop_helper KILL
	start_helper
	away
	nsenter -n -t "$(cat $T/in.a)" $PROBE tcp 203.0.113.10 80 1
	ssh_end a
	wait_until 10 at_home
	# the last process ends while no daemon runs
	nameless
	stop_helper KILL
	ssh_end a
	start_helper
	wait_until 10 at_home
	# the daemon is restarted twice
	nameless
	stop_helper TERM
	start_helper
	stop_helper KILL
	start_helper
	ssh_end a
	wait_until 10 at_home
	standard_policy | put_policy
	nothing_left
	equal "" "$(ls $STATE/kept)"
}

@test "F68 F58 name deleted by another program: the interface is returned, also after a restart" {
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	ip netns delete lab
	wait_until 5 in_log 'another program removed the name of the namespace lab'
	ssh_end a
	wait_until 10 at_home
	ssh_hold a alice
	ip netns delete lab
	stop_helper KILL
	ssh_end a
	start_helper
	wait_until 10 at_home
	standard_policy | put_policy
	nothing_left
	equal "" "$(ls $STATE/kept)"
}

@test "interface name in use when it is returned: another name, with a log message" {
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	ip link add lab0 type veth peer name spare
	ssh_end a
	wait_until 10 by_another_name
	in_log 'the host has another lab0 by now'
	ip link delete lab0
	ip link set "$(by_another_name)" name lab0
	home >$T/home
	at_home
}

@test "interface deleted: sessions have none, new logins are refused" {
	lab_policy 'interface = lab0' 'address = 203.0.113.30/24'
	ssh_hold a alice
	in_lab ip link delete eth0
	wait_until 5 in_log 'lab: its interface was deleted'
	su_fails alice
	in_log 'the interface lab0 of `interface` does not exist'
	ssh_end a
	wait_until 10 not_there lab
	make_lab
	home >$T/home
	su_lands alice lab
	wait_until 10 at_home
}
