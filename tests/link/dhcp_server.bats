#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `dhcp = FIRST-LAST` of a network: a dnsmasq of its own.

load ../lib
load link

FRAMES=$TOP/tests/link/frames.py

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	local n p
	undone
	for p in "$T"/job.*.pid; do
		[ ! -e "$p" ] || kill "$(cat "$p")" 2>/dev/null
		rm -f "$p"
	done
	ensure_helper
	for n in /run/netns/*; do netns-pam down "${n##*/}" --force; done >/dev/null 2>&1
	ip link delete upl0 2>/dev/null
	link_teardown
}

# lan_policy [LINE...]: alice in blue, bob in green, with leases; lines of the
# network
lan_policy() {
	local lines=("$@")
	[ $# -gt 0 ] || lines=('nat = yes')
	LIMIT=8s mapped alice:blue bob:green <<-X
		[namespace blue]
		link = bridge
		network = lan
		address = dhcp
		[namespace green]
		link = bridge
		network = lan
		address = dhcp
		[network lan]
		bridge = br-lan
		address = 10.9.0.1/24
		dhcp = 10.9.0.100-10.9.0.103
		$(printf '%s\n' "${lines[@]}")
	X
}

server_pid() { pgrep -f "dnsmasq .*--interface=${1:-br-lan}" | head -n 1; }
server_other() { [ -n "$(server_pid)" ] && [ "$(server_pid)" != "$1" ]; }
server_is_on() { ss -Hlunp | grep -q '%br-lan:67 '; }
leases() { cat $STATE/dhcp/lan; }

@test "lease: address, route and a name server that answers as the host's resolver" {
	local out
	lan_policy
	out=$(su alice -c "cat /etc/resolv.conf; ip -4 -o address show dev eth0; ip route; $PROBE dns 10.9.0.1 www.example.net; $PROBE tcp 192.0.2.80 80" | xargs)
	match 'nameserver 10\.9\.0\.1 ' "$out"
	match 'inet 10\.9\.0\.10[0-3]/24' "$out"
	match 'default via 10\.9\.0\.1' "$out"
	match ' 192\.0\.2\.99 server 192\.0\.2\.80 client 192\.0\.2\.2$' "$out"
	# the same address the next time, different ones for different namespaces
	netns-pam up blue
	netns-pam up green
	match "inet $(inner4 blue)/24" "$out"
	[ "$(inner4 blue)" != "$(inner4 green)" ]
	equal "" "$(reached blue 1 tcp/"$(inner4 green)"/22)"
}

@test "one dnsmasq for each network: not root, two capabilities, limits, ended with the network" {
	local pid
	lan_policy
	netns-pam up blue
	netns-pam up green
	pid=$(server_pid)
	equal 1 "$(pgrep -c -f 'dnsmasq .*--interface=br-lan')"
	equal "$(id -u dnsmasq)" "$(stat -c %u /proc/$pid)"
	equal 0000000000001400 "$(awk '/^CapEff/ {print $2}' /proc/$pid/status)" # NET_BIND_SERVICE, NET_ADMIN
	equal 0000000000001400 "$(awk '/^CapPrm/ {print $2}' /proc/$pid/status)"
	equal 1 "$(awk '/^NoNewPrivs/ {print $2}' /proc/$pid/status)"
	equal "" "$(awk '/^Groups/ {$1 = ""; gsub(" ", ""); print}' /proc/$pid/status)"
	match 'Max address space +268435456' "$(cat /proc/$pid/limits)"
	match 'Max file size +8388608' "$(cat /proc/$pid/limits)"
	equal "/ 700" "$(stat -c '/ %a' $STATE/dhcp)"
	netns-pam down blue --force
	alive "$pid"
	netns-pam down green --force
	wait_until 5 gone "$pid"
	[ ! -e $STATE/dhcp ]
}

@test "dnsmasq killed: started again with its leases" {
	local pid before
	lan_policy
	netns-pam up blue
	before=$(inner4 blue)
	pid=$(server_pid)
	match "$before" "$(leases)"
	kill -KILL "$pid"
	wait_until 10 server_other "$pid"
	wait_until 5 server_is_on
	grep 'lan: dnsmasq was killed by signal 9.*no DHCP until it is started again in 1 s' $T/helper.log
	match "$before" "$(leases)"
	netns-pam up green
	[ "$(inner4 green)" != "$before" ]
	# the delay grows when it is killed twice in succession
	pid=$(server_pid)
	kill -KILL "$pid"
	wait_until 10 server_other "$pid"
	grep 'started again in 2 s' $T/helper.log
}

@test "F62 daemon killed: dnsmasq continues, the next daemon watches and ends it" {
	local pid
	lan_policy
	ssh_hold a alice
	pid=$(server_pid)
	stop_helper KILL
	alive "$pid"
	start_helper
	equal "$pid" "$(server_pid)"
	netns-pam up green
	match '^10\.9\.0\.10' "$(inner4 green)"
	stop_helper
	start_helper
	equal "$pid" "$(server_pid)"
	kill -KILL "$pid"
	wait_until 10 server_other "$pid"
	pid=$(server_pid)
	netns-pam down green --force
	ssh_end a
	wait_until 10 gone "$pid"
}

@test "F81 only DHCP and DNS of the host are reachable, on the gateway's address" {
	local a p targets=() on
	lan_policy
	netns-pam up blue
	for a in $(ip -4 -o address show scope global | awk '{sub("/.*", "", $4); print $4}'); do
		for p in 22 53 67 68 8080 111; do targets+=("tcp/$a/$p" "udp/$a/$p"); done
	done
	on=$(reached blue 2 "${targets[@]}")
	# (UDP 53 answers no "hello"; TCP 53 closes on it)
	equal "" "$(xargs <<<"${on//tcp\/10.9.0.1\/53/}")"
	equal 192.0.2.99 "$(inside blue $PROBE dns 10.9.0.1 www.example.net)"
	not inside blue $PROBE dns 192.0.2.2 www.example.net 1
	# not from other networks
	not in_internet $PROBE dns 10.9.0.1 www.example.net 1
}

@test "without nat: leases and a route, no name server" {
	lan_policy 'nat = no'
	netns-pam up blue
	match '^10\.9\.0\.10' "$(inner4 blue)"
	not inside blue $PROBE dns 10.9.0.1 www.example.net 1
	equal "" "$(ss -Hln | grep '10.9.0.1:53 ')"
	equal "" "$(su alice -c "grep 10.9.0.1 /etc/resolv.conf")"
}

@test "F86 a port cannot release or take the leases of others" {
	local n
	lan_policy
	netns-pam up blue
	MINE=$(inside blue cat /sys/class/net/eth0/address)
	MINE4=$(inner4 blue)
	export MINE MINE4
	inside blue "$FRAMES" send eth0 lease-other lease-relay lease-part
	# with its own MAC address it may ask repeatedly, with any client identifier
	for n in 1 2 3 4 5 6; do
		timeout 10 ip netns exec blue busybox udhcpc -f -q -n -t 3 -T 1 -i eth0 -s /bin/true \
			-x 0x3d:0000000$n >/dev/null 2>&1 || true
	done
	equal 1 "$(leases | wc -l)" "leases"
	netns-pam up green
	equal 2 "$(leases | wc -l)" "leases"
}

@test "address range used up: the login waits and is refused; a logout frees an address" {
	local n
	LIMIT=4s mapped 'alice, bob, dave:n' <<-'X'
		[namespace n]
		scope = user
		link = bridge
		network = lan
		address = dhcp
		[network lan]
		bridge = br-lan
		address = 10.9.0.1/24
		dhcp = 10.9.0.100-10.9.0.101
	X
	netns-pam up n --user alice
	netns-pam up n --user bob
	su_fails dave 'DHCP lease on eth0'
	not_there n.dave
	# a request from behind the uplink
	equal "10.9.0.100 10.9.0.101" "$(printf '%s\n' "$(inner4 n.alice)" "$(inner4 n.bob)" | sort | xargs)"
}

@test "with an uplink: clients behind it get no lease, servers behind it are ignored" {
	ip link add upl0 type veth peer name upl1 netns "$(cat $T/lan.pid)"
	ip link set upl0 up
	in_lan ip link set upl1 up
	in_lan ip address add 10.9.0.50/24 dev upl1
	spawn $T/rogue nsenter -n -t "$(cat $T/lan.pid)" dnsmasq --conf-file=/dev/null \
		--keep-in-foreground --user=root --pid-file= --port=0 --interface=upl1 \
		--bind-interfaces --no-ping --dhcp-authoritative --dhcp-leasefile=$T/rogue.leases \
		--dhcp-range=10.9.0.200,10.9.0.210,2m --log-facility=- >$T/job.rogue.pid
	wait_until 5 bash -c "nsenter -n -t $(cat $T/lan.pid) ss -Hlun | grep -q :67"
	lan_policy 'nat = yes' 'uplink = upl0'
	netns-pam up blue
	match '^10\.9\.0\.10[0-3]$' "$(inner4 blue)"
	inside blue ping -qc1 -W2 10.9.0.50
	kill "$(cat $T/job.rogue.pid)"
	not timeout 10 nsenter -n -t "$(cat $T/lan.pid)" busybox udhcpc -f -q -n -t 2 -T 1 -i upl1 -s /bin/true
	equal 1 "$(leases | wc -l)" "leases"
	netns-pam down blue --force
	# without a server of the daemon, the LAN's server answers
	rm -f $T/job.rogue.pid $T/rogue.leases
}

@test "dnsmasq not installed, or its port in use: the login is refused with the reason" {
	lan_policy
	hide /usr/sbin/dnsmasq
	su_fails alice 'the program dnsmasq is not installed: install dnsmasq-base'
	not ip link show br-lan
	unhide /usr/sbin/dnsmasq
	# a server bound to all interfaces
	spawn $T/taken python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 67))
print("bound", flush=True)
time.sleep(1000)' >$T/job.taken.pid
	wait_until 5 grep -q bound $T/taken
	su_fails alice 'port 53 or 67 of br-lan in use'
	grep 'failed to bind DHCP server socket' $T/helper.log
	not ip link show br-lan
	kill "$(cat $T/job.taken.pid)"
	rm -f $T/job.taken.pid
	su_lands alice blue
	# a range outside of the network: the policy is invalid
	cp $POLICY $T/good
	not put_policy < <(sed 's/dhcp = .*/dhcp = 10.8.0.1-10.8.0.9/' $T/good)
}

@test "the example dhcp.conf works unchanged" {
	groupadd guests
	usermod -aG guests alice
	usermod -aG guests bob
	getent passwd printer || make_user printer
	put_policy <"$TOP/conf/examples/dhcp.conf"
	match '^192\.0\.2\.99 server 192\.0\.2\.80' \
		"$(su alice -c "$PROBE dns 10.65.0.1 www.example.net; $PROBE tcp 192.0.2.80 80" | xargs)"
	match 'inet 10\.65\.0\.1[0-9][0-9]/24' "$(su bob -c 'ip -4 -o address show dev eth0')"
	match 'inet 10\.65\.0\.2/24' "$(su printer -c 'ip -4 -o address show dev eth0')"
	match 'server 192\.0\.2\.99' "$(su printer -c "$PROBE tcp www.example.net 80")"
	userdel -r printer 2>/dev/null
	groupdel guests
}
