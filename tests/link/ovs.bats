#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# [network] type = ovs, with the real Open vSwitch: its userspace datapath on a
# kernel that has no other (the kernel's: tests/vm/kernel.bats).

load ../lib
load link
load rate

EXAMPLE=$TOP/conf/examples/ovs.conf
RUN=/var/run/openvswitch

setup_file() {
	local u
	common_setup_file
	flood_serve internet
	for u in east west central red blue; do useradd -m -s /bin/bash $u; done
	rm -f /etc/openvswitch/conf.db
	mkdir -p $RUN /etc/openvswitch
	ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
	start_database
	ovs-vsctl --no-wait init
	start_vswitchd
	# a switch of another program, which must not change
	ovs-vsctl --timeout=10 add-br keep0 -- set bridge keep0 datapath_type=netdev
	cp $EXAMPLE $POLICY
	netns-pam reload
	su_lands east east # the first use creates objects that stay
	wait_until 15 no_names
	wait_until 15 not ovs-vsctl br-exists ovsbr0
}

setup() {
	common_setup
	database >$T/database.before
}

teardown() {
	local rc=0
	undone
	let_all_go
	ip netns del theirs 2>/dev/null || true
	alive "$(cat $RUN/ovsdb-server.pid)" || start_database
	alive "$(cat $RUN/ovs-vswitchd.pid)" || start_vswitchd
	alive "$(helper_pid)" || tail -n 60 $T/helper.log
	ensure_helper
	cp $EXAMPLE $POLICY
	netns-pam reload
	common_teardown || rc=1
	if ! wait_until 10 database_same; then
		diff $T/database.before $T/database.after
		rc=1
	fi
	return $rc
}

start_database() {
	spawn $T/ovsdb.log ovsdb-server /etc/openvswitch/conf.db --pidfile \
		--remote=punix:$RUN/db.sock -vconsole:off -vsyslog:off >/dev/null
	wait_until 10 ovs-vsctl --timeout=2 --no-wait show
}
start_vswitchd() {
	spawn $T/vswitchd.log ovs-vswitchd unix:$RUN/db.sock --pidfile -vconsole:off -vsyslog:off >/dev/null
	wait_until 10 ovs-appctl -T 1 version
	wait_until 10 ovs-vsctl --timeout=2 set open_vswitch . other_config:t=$RANDOM
}
kill_daemon() {
	local pid
	pid=$(cat $RUN/$1.pid)
	kill -9 "$pid"
	wait_until 10 gone "$pid"
}
# The configuration, without columns that change by themselves.
database() {
	ovs-vsctl --timeout=5 --no-wait --columns=name,ports,external_ids,other_config,datapath_type --format=csv list Bridge | sed 's/[0-9a-f-]\{36\}/U/g' | sort
	ovs-vsctl --timeout=5 --no-wait --columns=name,tag,external_ids --format=csv list Port | sort
}
database_same() {
	database >$T/database.after
	cmp -s $T/database.before $T/database.after
}

# hold USER: a session that stays open; its process is in $T/in.USER
hold() {
	spawn "$T/held.$1.log" su "$1" -c "$HELD" >"$T/held.$1.pid"
	is_held "$1"
}
HELD='echo held $$; exec sleep 1000'
is_held() {
	wait_until 15 grep -q held "$T/held.$1.log" || { cat "$T/held.$1.log"; return 1; }
	sed -n 's/^held //p' "$T/held.$1.log" >"$T/in.$1"
}
let_go() {
	kill "$(cat "$T/in.$1")" 2>/dev/null || true
	rm -f "$T/in.$1"
	wait_until 10 gone "$(cat "$T/held.$1.pid")"
}
let_all_go() {
	local f
	for f in "$T"/in.*; do
		[ ! -e "$f" ] || let_go "${f##*/in.}"
	done
}
pings() { # pings NAMESPACE ADDRESS
	ip netns exec "$1" ping -qc 1 -W 2 "$2" >$T/ping 2>&1 || { cat $T/ping; return 1; }
}
# Through the host's port, with the host's address.
gets_out() { match 'client 192.0.2.2' "$(ip netns exec "$1" $PROBE tcp 192.0.2.80 80 3)"; }
no_ping() { not ip netns exec "$1" ping -qc 1 -W 1 "$2"; }
port_of() { ip netns exec "$1" true && ip -o link | sed -n "s/^$(ip -n "$1" -o link show eth0 | sed 's/.*eth0@if\([0-9]*\).*/\1/'): \([^:@]*\).*/\1/p"; }
refused_login() { # refused_login USER REGEX: and the log has the reason
	: >$T/syslog
	: >$T/helper.log
	refuses timeout 20 su "$1" -c true
	wait_until 5 grep -qE "$2" $T/syslog $T/helper.log || fail "no '$2' in: $(cat $T/syslog $T/helper.log)"
}

@test "the example ovs.conf works unchanged: east, west and central ping each other, red and blue do not" {
	local a b
	equal "valid: 5 rules, 5 namespaces, 3 networks" "$(netns-pam check $EXAMPLE | sed 's/.*conf: //; s/,* *[0-9]* warning.*//')"
	for a in east west central red blue; do hold $a; done
	for a in east west central; do
		for b in 11 12 13; do pings $a 10.77.0.$b; done
		no_ping $a 10.78.10.2
	done
	# the sessions over TCP, and to the internet with the host's address
	spawn $T/web ip netns exec west $PROBE serve 7000 >$T/web.pid
	wait_until 5 ip netns exec west $PROBE tcp 10.77.0.12 7000 1
	match 'client 10.77.0.11' "$(su east -c "$PROBE tcp 10.77.0.12 7000 3")"
	match 'client 10.77.0.13' "$(su central -c "$PROBE tcp 10.77.0.12 7000 3")"
	match 'client 192.0.2.2' "$(su east -c "$PROBE tcp 192.0.2.80 80 3")"
	match '^192.0.2.80' "$(su west -c 'getent ahostsv4 www.example.net')"
	kill "$(cat $T/web.pid)"
	# one switch, two VLANs: each has a host port of its own
	gets_out red
	gets_out blue
	ip -n red address add 10.78.20.9/24 dev eth0
	no_ping red 10.78.20.2
	no_ping red 10.78.20.1
	equal "10" "$(ovs-vsctl get port "$(port_of red)" tag)"
	equal "20" "$(ovs-vsctl get port "$(port_of blue)" tag)"
	match '10.78.10.1/24' "$(ip -4 -o address show dev ovsbr1.10)"
	match '10.77.0.1/24' "$(ip -4 -o address show dev ovsbr0.host)"
	for a in east west central red blue; do let_go $a; done
	wait_until 10 no_names
	wait_until 10 not ovs-vsctl br-exists ovsbr0
	wait_until 10 not ovs-vsctl br-exists ovsbr1
}

@test "bulk TCP: checksums are correct in the userspace datapath" {
	hold east
	hold west
	spawn $T/sink ip netns exec west timeout 20 socat -u TCP-LISTEN:7001 OPEN:$T/got,creat >/dev/null
	wait_until 5 eval 'ip netns exec west ss -Hltn | grep -q :7001'
	head -c 4000000 /dev/urandom >$T/sent
	chmod 644 $T/sent
	timeout 20 su east -c "socat -u OPEN:$T/sent TCP:10.77.0.12:7001"
	wait_until 10 cmp -s $T/sent $T/got
	rm -f $T/sent $T/got
}

@test "isolate = yes: only the gateway is reached" {
	sed 's/^isolate = no.*/isolate = yes/' $EXAMPLE | put_policy
	hold east
	hold west
	gets_out east
	gets_out west
	no_ping east 10.77.0.12
	no_ping west 10.77.0.11
	match 'client 192.0.2.2' "$(su east -c "$PROBE tcp 192.0.2.80 80 3")"
	equal true "$(ovs-vsctl get port "$(port_of east)" protected)"
}

@test "bridge of the administrator: gets ports and keeps its configuration" {
	ovs-vsctl add-br ovsbr0 -- set bridge ovsbr0 datapath_type=netdev other_config:forward-bpdu=true
	ip address add 10.99.0.1/24 dev ovsbr0
	ip link set ovsbr0 up
	ip netns add theirs
	ip link add theirs0 type veth peer name eth0 netns theirs
	ip link set theirs0 up
	ip -n theirs address add 10.77.0.99/24 dev eth0
	ip -n theirs link set eth0 up
	ip netns exec theirs ethtool -K eth0 tx off >/dev/null
	ovs-vsctl add-port ovsbr0 theirs0
	ovs-ofctl add-flow ovsbr0 'priority=7,udp,tp_dst=9,actions=drop'
	ip -s -d link show ovsbr0 | sed -n 1p >$T/link.before
	hold east
	gets_out east
	pings east 10.77.0.99
	let_go east
	wait_until 10 not_there east
	wait_until 10 eval 'equal "theirs0" "$(ovs-vsctl list-ports ovsbr0)"'
	equal '{}' "$(ovs-vsctl get bridge ovsbr0 external_ids)"
	equal '{forward-bpdu="true"}' "$(ovs-vsctl get bridge ovsbr0 other_config)"
	match 'tp_dst=9' "$(ovs-ofctl dump-flows ovsbr0)"
	match '10.99.0.1/24' "$(ip -4 -o address show dev ovsbr0)"
	ip -s -d link show ovsbr0 | sed -n 1p | cmp - $T/link.before
	ip netns del theirs
	ovs-vsctl del-br ovsbr0
}

@test "bridge with a port of another program: stays after the last session" {
	ip link add theirs0 type veth peer name theirs1
	hold east
	ovs-vsctl add-port ovsbr0 theirs0
	let_go east
	wait_until 10 not_there east
	wait_until 10 eval 'equal "theirs0" "$(ovs-vsctl list-ports ovsbr0)"'
	wait_until 10 eval 'equal "{}" "$(ovs-vsctl get bridge ovsbr0 external_ids)"'
	ovs-vsctl del-br ovsbr0
	ip link del theirs0
}

@test "bridge with a port whose name no interface can have: stays after the last session" {
	hold east
	ovs-vsctl --no-wait add-port ovsbr0 patch-to-another-bridge -- \
		set interface patch-to-another-bridge type=patch options:peer=none
	let_go east
	wait_until 10 not_there east
	wait_until 10 eval 'equal "{}" "$(ovs-vsctl get bridge ovsbr0 external_ids)"'
	equal patch-to-another-bridge "$(ovs-vsctl list-ports ovsbr0)"
	ovs-vsctl del-br ovsbr0
}

@test "ovs-vswitchd killed and started: sessions and logins continue" {
	hold east
	hold west
	pings east 10.77.0.12
	kill_daemon ovs-vswitchd
	no_ping east 10.77.0.12
	start_vswitchd
	wait_until 10 pings east 10.77.0.12
	gets_out east
	hold central
	pings central 10.77.0.11
	match 'client 192.0.2.2' "$(su west -c "$PROBE tcp 192.0.2.80 80 3")"
}

@test "ovs-vswitchd not running: the login is refused in time with the reason, nothing is left" {
	local begin
	kill_daemon ovs-vswitchd
	begin=$(now_ms)
	refused_login east 'Open vSwitch does not answer.*systemctl restart openvswitch-switch'
	[ $(($(now_ms) - begin)) -lt 12000 ]
	wait_until 10 no_names
	wait_until 10 no_links
	wait_until 10 database_same
	start_vswitchd
	su_lands east east
}

@test "Open vSwitch not running: the login is refused at once with the reason" {
	kill_daemon ovs-vswitchd
	kill_daemon ovsdb-server
	refused_login east 'Open vSwitch is not running: systemctl start openvswitch-switch'
	wait_until 10 no_names
	wait_until 10 no_links
	# and users of other links are not affected
	start_database
	start_vswitchd
	su_lands east east
}

@test "Open vSwitch stopped before the last logout: the host is unchanged, logins work after its start" {
	ip link add wire0 type veth peer name wire1
	sed 's/^bridge  = ovsbr0/&\nuplink = wire0/' $EXAMPLE | put_policy
	hold east
	kill_daemon ovs-vswitchd
	kill_daemon ovsdb-server
	let_go east
	wait_until 10 not_there east
	wait_until 15 not test -e $STATE/networks/trio
	equal "" "$(ip -4 -o address show to 10.77.0.1)"
	equal 0 "$(cat /proc/sys/net/ipv6/conf/wire0/disable_ipv6)"
	not grep -q ',UP' <<<"$(ip -o link show wire0)"
	start_database
	start_vswitchd
	hold east
	wait_until 10 gets_out east
	let_go east
	wait_until 10 not ovs-vsctl br-exists ovsbr0
	wait_until 5 eval 'not grep -q ",UP" <<<"$(ip -o link show wire0)"'
	equal 0 "$(cat /proc/sys/net/ipv6/conf/wire0/disable_ipv6)"
	ip link del wire0
}

@test "ovs-vswitchd stopped before the last logout: logins work after its start" {
	hold east
	kill_daemon ovs-vswitchd
	let_go east
	wait_until 10 not_there east
	wait_until 15 not test -e $STATE/networks/trio
	start_vswitchd
	hold east
	wait_until 10 gets_out east
}

@test "bridge deleted by another program: its sessions are disconnected, new logins get a new bridge" {
	sed '/^\[network trio\]/,/^\[/{/^address/d;/^nat/d;/^dhcp/d}' $EXAMPLE | put_policy
	hold east
	ovs-vsctl del-br ovsbr0
	# the host has no interface of it: noticed at the next use
	refused_login west 'the bridge ovsbr0 was removed by another program'
	hold west
	su_lands east east
	let_go east
	let_go west
	cp $EXAMPLE $POLICY
	netns-pam reload
	hold east
	ovs-vsctl del-br ovsbr0
	wait_until 5 grep -q 'east: the bridge ovsbr0 was removed by another program' $T/helper.log
	su_lands east east
	su_lands west west
}

@test "Open vSwitch not installed: the error names the package" {
	hide /usr/bin/ovs-vsctl
	refused_login east 'ovs-vsctl is not installed: install openvswitch-switch'
	unhide /usr/bin/ovs-vsctl
	wait_until 10 no_names
	su_lands east east
}

@test "F58 daemon killed: sessions continue, the next daemon removes their ports at the end" {
	hold east
	hold west
	stop_helper KILL
	pings east 10.77.0.12
	let_go west
	start_helper
	wait_until 10 not_there west
	gets_out east
	wait_until 10 eval '[ "$(ovs-vsctl list-ports ovsbr0 | wc -l)" = 2 ]'
	hold west
	pings west 10.77.0.11
}

@test "ports of an earlier boot in the database: removed when the network is next used" {
	ovs-vsctl --no-wait add-br ovsbr0 -- set bridge ovsbr0 datapath_type=netdev external_ids:netns-pam=trio \
		-- add-port ovsbr0 npam3v external_ids:netns-pam=west \
		-- add-port ovsbr0 npam1v external_ids:netns-pam=gone
	hold east
	wait_until 10 eval '[ "$(ovs-vsctl list-ports ovsbr0 | wc -l)" = 2 ]'
	gets_out east
}

# Open vSwitch releases the interface after a delay.
wire_is_back() {
	ip -o link show wire0 | sed 's/qdisc.*//' >$T/wire
	cmp $T/wire.before $T/wire
}

@test "uplink: a port of the switch with tags; after the last session it is as before" {
	ip netns add theirs
	ip link add wire0 type veth peer name eth0 netns theirs
	ip netns exec theirs ethtool -K eth0 tx off >/dev/null
	ip -n theirs link set eth0 up
	ip -n theirs address add 10.77.0.99/24 dev eth0
	ip -o link show wire0 | sed 's/qdisc.*//' >$T/wire.before
	sed 's/^bridge  = ovsbr[01]/&\nuplink = wire0/; s/ovsbr1/ovsbr0/' $EXAMPLE | put_policy
	hold east
	wait_until 5 pings east 10.77.0.99
	# red's network is VLAN 10 on the same bridge: its frames carry the tag
	hold red
	spawn $T/tagged ip netns exec theirs tcpdump -lnei eth0 -c 1 vlan 10 >$T/tagged.pid
	wait_until 5 grep -q 'listening on' $T/tagged
	no_ping red 10.78.10.99
	no_ping red 10.77.0.99
	wait_until 5 grep -q 'vlan 10.*who-has 10.78.10.99' $T/tagged
	let_go east
	wait_until 10 not_there east
	let_go red
	wait_until 10 not ovs-vsctl br-exists ovsbr0
	wait_until 5 wire_is_back || diff $T/wire.before $T/wire
	equal 0 "$(cat /proc/sys/net/ipv6/conf/wire0/disable_ipv6)"
	ip netns del theirs
	wait_until 5 not ip link show wire0
}

@test "network ends while two others start on its bridge and uplink: both work" {
	local vswitchd
	ip link add wire0 type veth peer name wire1
	ip -o link show wire0 | sed 's/qdisc.*//' >$T/wire.before
	sed 's/^bridge  = ovsbr[01]/&\nuplink = wire0/; s/ovsbr1/ovsbr0/' $EXAMPLE | put_policy
	hold east
	vswitchd=$(cat $RUN/ovs-vswitchd.pid)
	freeze "$vswitchd" # the end of the network waits for it
	let_go east
	wait_until 10 not_there east
	su_waits held.red red "$HELD"
	su_waits held.blue blue "$HELD"
	thaw "$vswitchd"
	is_held red
	is_held blue
	gets_out red
	gets_out blue
	match 'wire0' "$(ovs-vsctl list-ports ovsbr0)"
	let_go red
	wait_until 10 not_there red
	gets_out blue
	match 'wire0' "$(ovs-vsctl list-ports ovsbr0)"
	let_go blue
	wait_until 10 not ovs-vsctl br-exists ovsbr0
	wait_until 5 wire_is_back || diff $T/wire.before $T/wire
	equal 0 "$(cat /proc/sys/net/ipv6/conf/wire0/disable_ipv6)"
	ip link del wire0
}

@test "rate is enforced on a port in both directions" {
	sed '/^\[namespace east\]/,/^\[/s|^dns .*|&\nrate = 10mbit|' $EXAMPLE | put_policy
	hold east
	held_to 10000 east 192.0.2.1
	# ovs-vswitchd removes queues from its ports, also when it starts
	kill_daemon ovs-vswitchd
	start_vswitchd
	wait_until 10 gets_out east
	about 10000 "$(timeout 60 su east -c 'flood down 192.0.2.1 5202')"
}

@test "dhcp on tagged networks: leases, server and gateway for each VLAN" {
	sed '/^\[namespace \(red\|blue\)\]/,/^\[/s|^address = .*|address = dhcp|
		s|^address = \(10.78.[12]0\).1/24.*|&\ndhcp = \1.100-\1.120|' $EXAMPLE | put_policy
	hold red
	hold blue
	match '10\.78\.10\.1[012][0-9]/24' "$(ip -n red -4 -o address show dev eth0)"
	match '10\.78\.20\.1[012][0-9]/24' "$(ip -n blue -4 -o address show dev eth0)"
	equal 10 "$(ovs-vsctl get port "$(port_of red)" tag)"
	equal 20 "$(ovs-vsctl get port "$(port_of blue)" tag)"
	gets_out red
	gets_out blue
	# an address leased on one VLAN is not reached from the other
	no_ping red "$(ip -n blue -4 -o address show dev eth0 | sed 's/.*inet \([^/]*\).*/\1/')"
}

@test "dhcp on an Open vSwitch bridge: the session has a lease" {
	sed '/^\[namespace east\]/,/^\[/s|^address = .*|address = dhcp|; /^\[network trio\]/,/^\[/s|^nat .*|&\ndhcp = 10.77.0.100-10.77.0.120|' $EXAMPLE | put_policy
	hold east
	match '10\.77\.0\.1[012][0-9]/24' "$(ip -n east -4 -o address show dev eth0)"
	gets_out east
	hold west
	pings east 10.77.0.12
}

@test "names in use, too long or missing: the login is refused with the reason" {
	ip link add ovsbr0 type bridge
	refused_login east 'interface ovsbr0 exists and is no Open vSwitch bridge'
	ip link del ovsbr0
	sed 's/^bridge  = ovsbr0/bridge = averylongname/' $EXAMPLE | put_policy
	refused_login east 'averylongname.host.*shorter'
	sed 's/^bridge  = ovsbr0/&\nuplink = eth7/' $EXAMPLE | put_policy
	refused_login east 'uplink eth7 of the network trio does not exist'
	sed 's/^bridge  = ovsbr0/&\nuplink = lan0/' $EXAMPLE | put_policy
	refused_login east 'uplink lan0 of the network trio has an address'
	# while a network of the earlier policy exists
	sed 's/^vlan    = 10/vlan = 20/; /^\[network blue\]/,/^\[/s/ovsbr1/ovsbr2/' $EXAMPLE | put_policy
	hold red
	sed '/^\[network red\]/,/^\[/s/ovsbr1/ovsbr2/' $EXAMPLE | put_policy
	refused_login blue 'networks blue and red are on the same bridge ovsbr1'
}

@test "F102 ovs-vsctl fails when the last port leaves: tried again until the bridge is removed" {
	hold east
	hide /usr/bin/ovs-vsctl
	printf '#!/bin/sh\nexit 1\n' >/usr/bin/ovs-vsctl
	chmod 755 /usr/bin/ovs-vsctl
	let_go east
	wait_until 10 grep -q 'cannot remove the network trio' $T/helper.log
	test -e $STATE/networks/trio
	unhide /usr/bin/ovs-vsctl
	ovs-vsctl br-exists ovsbr0
	wait_until 15 not ovs-vsctl br-exists ovsbr0
	wait_until 15 not test -e $STATE/networks/trio
	hold east
	gets_out east
}

@test "F102 record of a network unreadable at start: the start fails, the next one has the network" {
	hold east
	stop_helper KILL
	not timeout 10 strace -f -qq -o $T/trace -P $STATE/networks \
		-e inject=openat:error=EIO:when=1 /usr/sbin/netns-pamd >$T/start 2>&1
	grep -q INJECTED $T/trace
	grep "cannot read $STATE/networks: Input/output error" $T/start
	test -e $STATE/networks/trio
	start_helper
	gets_out east
	hold west
	pings west 10.77.0.11
}
