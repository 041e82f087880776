#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# address = dhcp: leases of a real server, renewals, and invalid answers.

load ../lib
load link

setup_file() {
	common_setup_file
	groupadd office
	usermod -a -G office alice
	usermod -a -G office bob
}
setup() {
	common_setup
	cp -p /etc/resolv.conf $T/resolv.before
	stat -c '%i %Y %Z' /etc/resolv.conf >$T/resolv.stat
}
teardown() {
	undone
	ssh_end_all
	no_server
	ensure_helper
	standard_policy | put_policy
	cmp /etc/resolv.conf $T/resolv.before
	equal "$(cat $T/resolv.stat)" "$(stat -c '%i %Y %Z' /etc/resolv.conf)" \
		"the host's resolv.conf"
	common_teardown
}

# ---- servers on the LAN

server_is_on() { in_lan ss -Hlun | grep -q ':67 '; }
server() { # server FIRST LAST [dnsmasq's options]
	local first=$1 last=$2
	shift 2
	no_server
	spawn $T/dhcpd.log nsenter -n -t "$(cat $T/lan.pid)" dnsmasq \
		--conf-file=/dev/null --keep-in-foreground --user=root --pid-file= \
		--interface=eth0 --bind-interfaces --no-resolv --no-hosts \
		--no-ping --log-facility=- --dhcp-authoritative --dhcp-leasefile=$T/leases \
		--address=/www.example.net/203.0.113.10 --local=/./ \
		--dhcp-range=$first,$last,2m --dhcp-option=3,203.0.113.10 \
		"$@" >$T/dhcpd.pid
	wait_until 5 server_is_on
}
rogue() { # rogue ADDRESS [KEY=VALUE]...
	no_server
	spawn $T/rogue.log nsenter -n -t "$(cat $T/lan.pid)" \
		python3 "$TOP/tests/link/dhcp_rogue.py" eth0 "$@" >$T/dhcpd.pid
	wait_until 5 server_is_on
}
no_server() {
	local pid
	pid=$(cat $T/dhcpd.pid 2>/dev/null) || return 0
	rm -f $T/dhcpd.pid $T/leases
	kill "$pid" 2>/dev/null || true
	wait_until 5 gone "$pid"
}

# ---- the state to check

# `blue` has a lease
BLUE='link = macvlan
parent = lan0
address = dhcp'
LIMIT=6s

client() { pgrep -x udhcpc; }
other_client() { [[ $(client) =~ ^[0-9]+$ ]] && [ "$(client)" != "$1" ]; }
no_client() { ! pgrep -x udhcpc; }
address_of() { ip -n "$1" -4 -o address show eth0 | awk '{print $4}'; }
has_address() { [ "$(address_of "$1")" = "$2" ]; }
default_of() { ip -n "$1" route show default | awk '{print $3}'; }
resolv_has() { su_runs alice 'cat /etc/resolv.conf' | grep -qx "$1"; }

@test "the example dhcp-client.conf works unchanged" {
	local a b pid
	server 203.0.113.100 203.0.113.150 --dhcp-option=6,203.0.113.10 \
		--domain=office.example
	put_policy <"$TOP/conf/examples/dhcp-client.conf"
	su_lands alice office.alice
	ssh_hold a alice
	a=$(address_of office.alice)
	match '^203\.0\.113\.1[0-9]{2}/24$' "$a"
	equal 203.0.113.10 "$(default_of office.alice)"
	# with the name servers of the lease, and they answer
	ssh_as alice 'cat /etc/resolv.conf' >$T/seen
	equal "search office.example nameserver 203.0.113.10" \
		"$(grep -v '^[#;]' $T/seen | sort -r | grep -v ^options | xargs)"
	equal 203.0.113.10 "$(ssh_as alice getent ahostsv4 www.example.net |
		awk 'NR == 1 {print $1}')"
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	refuses ssh_as alice "$PROBE tcp 192.0.2.2 8080 1"
	# another user: a namespace and an address of their own
	ssh_hold b bob
	b=$(address_of office.bob)
	[ "$a" != "$b" ]
	netns-pam status | grep -q "$a"
	# F95 the client has a user of its own and two capabilities
	for pid in $(pgrep -x udhcpc); do
		runs_as $pid netns-pam 0000000000002400
	done
	ssh_end a
	ssh_end b
	# the leases are released
	wait_until 10 no_client
	wait_until 5 test ! -s $T/leases
}

@test "next login, even immediately: the same address" {
	local first n
	server 203.0.113.100 203.0.113.150
	policy_with
	su_lands alice blue
	first=$(su_runs alice 'ip -4 -o address show eth0')
	for n in 1 2 3; do
		equal "$first" "$(su_runs alice 'ip -4 -o address show eth0')"
	done
}

@test "routes, MTU and domains of the lease are applied; the policy's values take precedence" {
	server 203.0.113.100 203.0.113.150 --dhcp-option=26,1400 \
		--dhcp-option=121,198.51.100.0/24,203.0.113.11,0.0.0.0/0,203.0.113.12,192.0.2.0/24,203.0.113.13 \
		--dhcp-option=option:domain-search,a.example,b.example \
		--dhcp-option=6,203.0.113.10,203.0.113.53
	policy_with 'routes = 192.0.2.0/24 via 203.0.113.14, 10.1.0.0/16'
	ssh_hold a alice
	ip -n blue route >$T/routes
	grep -q '^default via 203.0.113.12 ' $T/routes
	grep -q '^198.51.100.0/24 via 203.0.113.11 ' $T/routes
	grep -q '^192.0.2.0/24 via 203.0.113.14 ' $T/routes
	grep -q '^10.1.0.0/16 via 203.0.113.12 ' $T/routes
	equal 5 "$(wc -l <$T/routes)"
	ip -n blue link show eth0 | grep -q 'mtu 1400'
	resolv_has 'search a.example b.example'
	resolv_has 'nameserver 203.0.113.53'
	ssh_end a
	wait_until 10 not_there blue

	policy_with 'mtu = 1300' 'routes = 0.0.0.0/0 via 203.0.113.15' \
		'dns = 203.0.113.10'
	ssh_hold a alice
	equal 203.0.113.15 "$(default_of blue)"
	ip -n blue link show eth0 | grep -q 'mtu 1300'
	not resolv_has 'nameserver 203.0.113.53'
	ssh_end a
}

@test "F9 lease without name servers: the host's are not used instead" {
	rogue 203.0.113.100
	policy_with
	ssh_hold a alice
	not resolv_has 'nameserver.*'
	refuses ssh_as alice getent ahostsv4 www.example.net
	refuses ssh_as alice "$PROBE dns 203.0.113.10 www.example.net 1"
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	ssh_end a
}

@test "with allow: only its targets are reached, and the lease is renewed" {
	local pid
	server 203.0.113.100 203.0.113.100 --dhcp-option=6,203.0.113.10
	policy_with 'allow = 203.0.113.10:80/tcp'
	ssh_hold a alice
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	refuses ssh_as alice "$PROBE tcp 203.0.113.11 80 1"
	refuses ssh_as alice ping -qc1 -W1 203.0.113.10
	equal 203.0.113.10 "$(ssh_as alice getent ahostsv4 www.example.net |
		awk 'NR == 1 {print $1}')"
	: >$T/dhcpd.log
	kill -USR1 "$(client)"
	wait_until 5 grep -q 'DHCPACK(eth0) 203.0.113.100' $T/dhcpd.log
	equal 203.0.113.100/24 "$(address_of blue)"
	ssh_end a
}

@test "renewal with other name servers, then another address: replaced, never two addresses" {
	local a pid
	server 203.0.113.100 203.0.113.100 --dhcp-option=6,203.0.113.10
	policy_with
	ssh_hold a alice
	equal 203.0.113.100/24 "$(address_of blue)"
	pid=$(client)

	server 203.0.113.100 203.0.113.100 --dhcp-option=6,203.0.113.54 \
		--dhcp-option=3,203.0.113.11
	kill -USR1 "$pid"
	wait_until 10 resolv_has 'nameserver 203.0.113.54'
	not resolv_has 'nameserver 203.0.113.10'
	equal 203.0.113.11 "$(default_of blue)"
	equal 203.0.113.100/24 "$(address_of blue)"

	server 203.0.113.120 203.0.113.120 --dhcp-option=6,203.0.113.10
	kill -USR1 "$pid"
	wait_until 15 has_address blue 203.0.113.120/24
	equal 203.0.113.10 "$(default_of blue)"
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	in_log 'lease of 203.0.113.100 on eth0 is lost'
	equal "$pid" "$(client)"
	netns-pam status | grep -q 203.0.113.120
	ssh_end a
}

@test "lease lost: no address, no route, nothing is reached" {
	rogue 203.0.113.100 renew=nak then=127.0.0.1
	policy_with
	ssh_hold a alice
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	kill -USR1 "$(client)"
	wait_until 10 has_address blue ''
	equal '' "$(ip -n blue route)"
	refuses ip netns exec blue $PROBE tcp 203.0.113.10 80 1
	in_log 'the server revoked it'
	not resolv_has 'nameserver 203.0.113.10'
	# a server that refuses the address
	server 203.0.113.110 203.0.113.110
	wait_until 20 has_address blue 203.0.113.110/24
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	ssh_end a
}

@test "no server: the login is refused at its time limit with the reason, others continue" {
	local began ms pid
	LIMIT=2s policy_with
	from_here
	began=$(now_ms)
	pid=$(spawn $T/alice timeout 20 su alice -c true)
	su_lands bob green
	ms=$(($(now_ms) - began))
	[ $ms -lt 1500 ] || fail "bob waited $ms ms"
	wait_until 10 gone "$pid"
	ms=$(($(now_ms) - began))
	[ $ms -ge 1740 ] && [ $ms -lt 4000 ] || fail "alice waited $ms ms"
	in_syslog 'a DHCP lease on eth0 \(no DHCP server has answered\)'
	wait_until 10 no_client
	nothing_left
	no_server
	to_there
}

@test "server that starts during the login: found" {
	local pid
	LIMIT=15s policy_with
	pid=$(spawn $T/alice timeout 20 su alice -c 'ip -4 -o address show eth0')
	wait_until 5 client
	server 203.0.113.100 203.0.113.100
	wait_until 15 gone "$pid"
	grep -q 203.0.113.100 $T/alice
}

@test "DHCP client not installed: the error names the package" {
	local p
	p=$(readlink -f "$(command -v udhcpc)")
	hide /sbin/udhcpc
	policy_with
	from_here
	su_fails alice
	unhide /sbin/udhcpc
	in_syslog 'the program udhcpc is not installed: install udhcpc'
	nothing_left
	no_server
	to_there
	equal "$p" "$(readlink -f "$(command -v udhcpc)")"
}

# obtained [N]: prints how many leases were obtained, or tests for more than N
obtained() {
	local n
	n=$(grep -ac 'udhcpc: lease of .* obtained' $T/helper.log)
	if [ $# -gt 0 ]; then [ "$n" -gt "$1" ]; else echo "$n"; fi
}

@test "DHCP client killed: started again, the address stays" {
	local pid mon n
	server 203.0.113.100 203.0.113.150
	policy_with
	ssh_hold a alice
	pid=$(client)
	mon=$(spawn $T/monitor ip -n blue -o monitor address)
	wait_until 5 alive "$mon"
	n=$(obtained)
	kill -KILL "$pid"
	wait_until 10 other_client "$pid"
	wait_until 10 obtained "$n"
	in_log 'udhcpc.*started again'
	pid=$(client)
	kill -USR1 "$pid"
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	kill "$mon"
	not grep -q Deleted $T/monitor
	ssh_end a
}

@test "F58 daemon killed: the lease stays, the next daemon reads the events since then" {
	local pid mon
	server 203.0.113.100 203.0.113.100 --dhcp-option=6,203.0.113.10
	policy_with
	ssh_hold a alice
	pid=$(client)
	mon=$(spawn $T/monitor ip -n blue -o monitor address route)
	wait_until 5 alive "$mon"
	stop_helper KILL
	ip netns exec blue $PROBE tcp 203.0.113.10 80 1
	start_helper
	su_lands alice blue
	resolv_has 'nameserver 203.0.113.10'
	equal "$pid" "$(client)"
	equal 203.0.113.100/24 "$(address_of blue)"
	kill "$mon"
	equal "" "$(cat $T/monitor)" # no event: it was never changed

	stop_helper KILL
	server 203.0.113.120 203.0.113.120 --dhcp-option=6,203.0.113.54
	kill -USR1 "$pid"
	wait_until 15 grep -q 203.0.113.120 $T/leases
	start_helper
	wait_until 10 has_address blue 203.0.113.120/24
	wait_until 5 resolv_has 'nameserver 203.0.113.54'

	# a client that was killed while no daemon ran
	stop_helper KILL
	kill -KILL "$pid"
	start_helper
	wait_until 10 other_client "$pid"
	equal 203.0.113.120/24 "$(address_of blue)"
	ssh_end a
	wait_until 10 no_client
}

@test "F58 daemon killed before it restarts the client: the next daemon does" {
	server 203.0.113.100 203.0.113.150
	policy_with
	ssh_hold a alice
	kill -KILL "$(client)"
	wait_until 5 in_log 'udhcpc.*started again'
	netns-pam up blue # its record says that it has no client
	stop_helper KILL
	not client
	start_helper
	wait_until 10 client
	ssh_as alice "$PROBE tcp 203.0.113.10 80 1"
	ssh_end a
	wait_until 5 netns-pam down blue
	wait_until 10 no_client
}

@test "F58 daemon killed while a login waits for a lease: nothing is left" {
	local pid
	LIMIT=20s policy_with
	from_here
	pid=$(spawn $T/alice timeout 20 su alice -c true)
	wait_until 5 client
	stop_helper KILL
	wait_until 10 gone "$pid"
	start_helper
	wait_until 10 no_client
	nothing_left
	no_server
	to_there
}

# hex TEXT
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }

@test "F95 invalid address or netmask in a lease: refused" {
	local a
	LIMIT=1s policy_with
	from_here
	for a in 0.0.0.0 127.0.0.1 224.0.0.1 203.0.113.255; do
		rogue $a
		su_fails alice
	done
	rogue 203.0.113.100 1=ff00ff00
	su_fails alice
	in_syslog 'a DHCP lease on eth0 .*netmask 255.0.255.0 .* is invalid'
	no_server
	nothing_left
	no_server
	to_there
}

@test "F95 invalid values in a lease: ignored, the others are used" {
	rogue 203.0.113.100 \
		6=7f000001e0000001cb00710a \
		3=7f000001cb00710a \
		15="$(hex $'x\nnameserver 192.0.2.66')" \
		26=0001 \
		119=ffffffff \
		121="217f000001cb00710a"
	policy_with
	ssh_hold a alice
	su_runs alice 'cat /etc/resolv.conf' >$T/seen
	not grep -q '192.0.2.66\|127.0.0.1\|224.0' $T/seen
	grep -qx 'nameserver 203.0.113.10' $T/seen
	equal 1 "$(grep -c nameserver $T/seen)"
	ip -n blue link show eth0 | grep -q 'mtu 1500'
	equal 203.0.113.100/24 "$(address_of blue)"
	in_log 'ignored in the DHCP lease on eth0: '
	ssh_end a
	wait_until 10 not_there blue
	# shell code in a domain, a route to the loopback interface, forty routes
	rogue 203.0.113.100 15="$(hex 'a;reboot $(id) `id`')" \
		121="087fcb00710a08e0cb00710a18c63364cb00710b"
	ssh_hold a alice
	not resolv_has '.*[;$`].*'
	ip -n blue route >$T/routes
	grep -q '^198.51.100.0/24 via 203.0.113.11' $T/routes
	not grep -q '^127\|^224\|^default' $T/routes
	ssh_end a
}

# more_in_log N TEXT: more than N lines of the daemon's log have TEXT
more_in_log() { [ "$(grep -cF "$2" $T/helper.log)" -gt "$1" ]; }

@test "F95 invalid renewal: treated as no lease" {
	local said="the answer of a DHCP server on eth0 is invalid" n
	rogue 203.0.113.100 renew=nak then=127.0.0.1
	policy_with
	ssh_hold a alice
	n=$(grep -cF "$said" $T/helper.log) || true # earlier tests have some
	kill -USR1 "$(client)"
	wait_until 15 more_in_log "$n" "$said"
	equal '' "$(address_of blue)"
	ssh_end a
	wait_until 10 no_client
}

@test "F22 a lease over IPv4 brings no IPv6" {
	server 203.0.113.100 203.0.113.150
	policy_with
	ssh_hold a alice
	equal '' "$(ip -n blue -6 address show eth0)"
	in_lan ping -qc1 -W1 203.0.113.10
	ssh_end a
}
