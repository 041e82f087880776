#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A session of each link is open, and one system call of the daemon fails: at
# its start, or while it ends a namespace. After that and one start without
# faults all sessions work, nothing is left and no interface is lost.
#
#	NETNS_PAM_FAULTS=60	points of each test, chosen at random, each call
#				at least once; "all": with all errors

load ../lib
load ../link/wg
load ../link/openvpn

# A session is USER, NAMESPACE and the TCP port that it reaches from there.
SESSIONS="dave jail - -
frank theirs - -
carol green 192.0.2.80 80
erin street 192.0.2.80 80
port port 192.0.2.80 80
lease lease 192.0.2.80 80
left left 10.10.10.20 80
right right 10.10.10.10 80
lan lan 203.0.113.10 80
card card 10.66.0.1 80
alice wg 10.9.0.1 80
bob vpn 10.99.0.80 80
switch switch 192.0.2.80 80"

setup_file() {
	local u
	common_setup_file
	stop_sshd
	for u in port lease left right lan card switch; do useradd -M -s /bin/bash $u; done
	ip netns add theirs
	ip link add card0 type veth peer name eth1 netns "$(cat $T/lan.pid)"
	in_lan ip address add 10.66.0.1/24 dev eth1
	in_lan ip link set eth1 up
	wg_setup
	office_start
	client_files bob
	sed -i 's/vpn\.example\.net/198.51.100.130/' $CLIENTS/bob.ovpn
	vpn_is 192.0.2.1
	start_switch
	policy | put_policy
	stop_helper
}

start_switch() {
	local run=/var/run/openvswitch
	rm -f /etc/openvswitch/conf.db
	mkdir -p $run /etc/openvswitch
	ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
	spawn $T/ovsdb.log ovsdb-server /etc/openvswitch/conf.db --pidfile \
		--remote=punix:$run/db.sock -vconsole:off -vsyslog:off >/dev/null
	wait_until 10 ovs-vsctl --timeout=2 --no-wait init
	spawn $T/vswitchd.log ovs-vswitchd unix:$run/db.sock --pidfile -vconsole:off -vsyslog:off >/dev/null
	wait_until 10 ovs-appctl -T 1 version
}

policy() {
	printf '[options]\ntimeout = 20s\n'
	awk '{printf "[rule %s]\nusers = %s\nnamespace = %s\n", $1, $1, $2}' <<<"$SESSIONS"
	cat <<-X
		[namespace jail]
		link = none
		[namespace theirs]
		link = external
		[namespace green]
		link = nat
		[namespace street]
		link = routed
		[namespace port]
		link = bridge
		network = ports
		address = 10.64.0.2/24
		[network ports]
		bridge = br-ports
		address = 10.64.0.1/24
		nat = yes
		[namespace lease]
		link = bridge
		network = leases
		address = dhcp
		[network leases]
		bridge = br-leases
		address = 10.65.0.1/24
		dhcp = 10.65.0.100-10.65.0.120
		nat = yes
		[namespace left]
		link = cable
		peer = right
		address = 10.10.10.10/24
		[namespace right]
		link = cable
		peer = left
		address = 10.10.10.20/24
		[namespace lan]
		link = macvlan
		parent = lan0
		address = 203.0.113.21/24
		[namespace card]
		link = device
		interface = card0
		address = 10.66.0.2/24
		[namespace wg]
		link = wireguard
		wireguard = $WG/alice.conf
		[namespace vpn]
		link = openvpn
		openvpn = $CLIENTS/bob.ovpn
		[namespace switch]
		link = bridge
		network = switch
		address = 10.77.0.11/24
		[network switch]
		type = ovs
		bridge = ovsbr0
		address = 10.77.0.1/24
		nat = yes
	X
}

setup() { :; }
teardown() {
	[ ! -e $T/su.dave ] || close_sessions
	[ -n "${BATS_TEST_COMPLETED:-}" ] || {
		tail -n 20 $T/helper.log
		stop_helper KILL
		start_helper # otherwise the next test fails as well
		wait_until 5 no_links || true
	}
	stop_helper KILL
}

# Opens all sessions; $T/sessions has their processes as well.
open_sessions() {
	local user rest
	: >$T/sessions
	while read -r user rest; do
		spawn $T/in.$user su $user -c 'echo $$; exec sleep 10000' >$T/su.$user
		wait_until 20 grep -q . $T/in.$user || { cat $T/in.$user $T/helper.log; return 1; }
		echo "$user $rest $(cat $T/in.$user) $(cat $T/su.$user)" >>$T/sessions
	done <<<"$SESSIONS"
}
close_sessions() {
	local user rest
	while read -r user rest; do
		kill -KILL "$(cat $T/in.$user)" 2>/dev/null || true
		wait_until 10 gone "$(cat $T/su.$user)"
		rm $T/su.$user
	done <<<"$SESSIONS"
}

# Waits for the programs that the daemon runs at its start.
no_query() { ! pgrep -x ovs-vsctl >/dev/null; }

faults() { # faults start|end
	"$TOP/tests/fault/faults.py" "$1" $T/sessions >&3
}

@test "F101 F102 any call of a start fails: the daemon exits or works, and the next start is complete" {
	local user rest
	start_helper
	su_lands carol green # the first use creates objects that stay
	wait_until 10 not_there green
	wait_until 10 no_links # its link is removed after its name
	wait_until 10 no_query
	objects >$T/before
	open_sessions
	stop_helper KILL
	faults start
	start_helper
	su_lands carol green
	close_sessions
	nothing_left
}

@test "F103 any call of an end fails: nothing is left after one start without faults" {
	start_helper
	su_lands carol green
	wait_until 10 not_there green
	wait_until 10 no_links # its link is removed after its name
	wait_until 10 no_query
	objects >$T/before
	stop_helper KILL
	echo "$SESSIONS" >$T/sessions
	faults end
	start_helper
	nothing_left
}
