#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# link = openvpn: a real server, in an office behind the internet.
#
#	198.51.100.130	the office from outside: openvpn on port 1194
#	10.99.0.80, fd99::80	a server in the office, reached by no other way
#	10.99.0.53	its name server: www.example.net is 10.99.0.80

load ../lib
load link
load openvpn

setup_file() {
	common_setup_file
	office_start
	groupadd roadwarriors
	usermod -aG roadwarriors alice
	usermod -aG roadwarriors bob
	client_files alice
	client_files bob
	put_policy <"$TOP/conf/examples/openvpn.conf"
}
setup() { common_setup; }
teardown() {
	undone
	ssh_end_all
	client_files alice
	put_policy <"$TOP/conf/examples/openvpn.conf"
	common_teardown
}

# One namespace for alice, with additional lines in the section.
alice_policy() {
	LIMIT=${LIMIT:-10s} mapped alice:vpn <<-X
		[namespace vpn]
		link = openvpn
		openvpn = /etc/openvpn/client/alice.ovpn
		$(printf '%s\n' "$@")
	X
}

tunnel_pid() { pgrep -f "openvpn .*npamv" | head -1; }

@test "the example openvpn.conf works unchanged: a tunnel for each user, with ssh and su" {
	ssh_hold one alice
	run ssh_as bob "probe tcp 10.99.0.80 80; probe tcp fd99::80 80; probe udp 10.99.0.80 80; ip -br link | wc -l"
	equal 0 "$status" "$output"
	equal "server 10.99.0.80 client 10.8.0.3" "${lines[0]}"
	match "^server fd99::80 client fd08::" "${lines[1]}"
	equal "server 10.99.0.80 client 10.8.0.3" "${lines[2]}"
	equal 2 "${lines[3]}" "interfaces"
	su_lands alice office.alice
	run su alice -c "probe tcp 10.99.0.80 80; ip -4 -br address show tun0"
	equal "server 10.99.0.80 client 10.8.0.2" "${lines[0]}"
	match "10\.8\.0\.2/24" "${lines[1]}"
	# nothing else is reached: not the host, not the other session
	run su alice -c "probe tcp 192.0.2.80 80 2; probe tcp 2001:db8::80 80 2; probe tcp 127.0.0.1 8080 2; probe tcp 192.0.2.2 22 2"
	equal "ENETUNREACH ENETUNREACH ECONNREFUSED ENETUNREACH" "${lines[*]}"
	run netns-pam status
	match "office.alice .*" "$output"
	match "openvpn connected to vpn.example.net" "$output"
	ssh_end one
}

@test "openvpn is not root, has its keys in memory only, and cannot read those of others" {
	local a b
	ssh_hold one alice
	a=$(tunnel_pid)
	ssh_hold two bob
	b=$(pgrep -f "openvpn .*npamv" | grep -vx "$a")
	runs_as "$a" netns-pam 0000000000001400
	runs_as "$b" netns-pam 0000000000001400
	# a session cannot read a key by its path, or a new one by its name
	[ "$(stat -c '%U %a' $CLIENTS/alice.key)" = "root 600" ]
	refuses setpriv --reuid netns-pam --regid netns-pam --clear-groups ls $STATE
	refuses setpriv --reuid netns-pam --regid netns-pam --clear-groups cat "/proc/$b/environ"
	# it reconnects with the keys in memory, whether or not the files exist
	rm $CLIENTS/alice.key $CLIENTS/ca.crt
	kill -USR1 "$a"
	wait_until 10 grep -q "is lost (SIGUSR1)" $T/helper.log
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	equal "$a" "$(pgrep -f "openvpn .*npamv" | grep -vx "$b")"
	ssh_end one
	ssh_end two
}

@test "pushed name servers: used by the session only" {
	run su alice -c "cat /etc/resolv.conf; getent ahostsv4 www.example.net; getent ahostsv4 www"
	match "nameserver 10.99.0.53" "$output"
	match "search example.net" "$output"
	equal 6 "$(grep -c '^10\.99\.0\.80 ' <<<"$output")" "answers"
	equal "nameserver 127.0.0.1" "$(cat /etc/resolv.conf)"
	match "^192.0.2.99 " "$(getent ahostsv4 www.example.net)"
}

@test "tunnel connected: the host's addresses, routes and resolver are unchanged" {
	{ ip -o address; ip route show table all; ip -6 route show table all; ip rule; cat /etc/resolv.conf; ip -br link; } | grep -v expires >$T/host.before
	ssh_hold one alice
	{ ip -o address; ip route show table all; ip -6 route show table all; ip rule; cat /etc/resolv.conf; ip -br link; } | grep -v expires >$T/host.while
	diff $T/host.before $T/host.while
	ssh_end one
}

@test "redirect-gateway: all packets pass the tunnel, net_gateway does not bypass it" {
	office_vpn_stop
	{ office_pushes; echo 'push "redirect-gateway def1 ipv6"'; echo 'push "route 192.0.2.80 255.255.255.255 net_gateway"'; echo 'push "tun-mtu 1400"'; } | office_vpn
	alice_policy 'ready = route, handshake'
	run su alice -c "ip route get 192.0.2.80; ip route get 2001:db8::80; probe tcp 192.0.2.80 80 1; probe tcp 10.99.0.80 80"
	match "192.0.2.80 dev tun0" "$output"
	match "2001:db8::80 .*dev tun0" "$output"
	match "server 10.99.0.80 client 10.8.0.2" "$output"
	not match "server 192.0.2.80" "$output"
	wait_until 5 not_there vpn
	# the user's file may ignore pushed options
	printf 'pull-filter ignore "redirect-gateway"\n' >>$CLIENTS/alice.ovpn
	alice_policy
	run su alice -c "ip route get 192.0.2.80; probe tcp 10.99.0.80 80"
	match "unreachable" "$output"
	match "server 10.99.0.80 client 10.8.0.2" "$output"
	office_vpn_stop
	office_pushes | office_vpn
}

@test "F21 F22 tunnel starting, reconnecting or killed: no packet is sent in clear" {
	local pid
	spawn $T/tcpdump.log tcpdump -l -n -i up0 \
		'(ip or ip6) and not icmp6 and not host 198.51.100.130' >$T/tcpdump.pid
	wait_until 5 grep -q listening $T/tcpdump.log
	# sends all the time, to the office and the internet, IPv4 and IPv6
	cat >$T/chatter <<-'X'
		while :; do
			for a in 10.99.0.80 fd99::80 192.0.2.80 2001:db8::80 198.51.100.80; do
				probe udp $a 80 0.02
			done >/dev/null 2>&1
			echo said it all
		done
	X
	chmod 755 $T/chatter
	ssh_hold one alice
	spawn $T/chatter.log su alice -c "bash $T/chatter" >$T/chatter.pid
	# the server stops, the client cannot reconnect, the server starts
	office_vpn_stop
	wait_until 10 grep -q "is lost (ping-restart)" $T/helper.log
	wait_until 10 longer $T/chatter.log $(($(wc -l <$T/chatter.log) + 3))
	office_pushes | office_vpn
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	# openvpn is killed and started again
	pid=$(tunnel_pid)
	kill -KILL "$pid"
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	grep -q "started again in 1 s" $T/helper.log
	# SIGHUP makes openvpn reread its file, which only the daemon may do
	pid=$(tunnel_pid)
	kill -HUP "$pid"
	wait_until 5 gone "$pid"
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	# its device is deleted
	inside office.alice ip link delete tun0
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	# the test itself: the capture sees a packet in clear
	not grep -q ' IP' $T/tcpdump.log
	$PROBE udp 192.0.2.80 80
	wait_until 5 grep -q '192.0.2.80.80' $T/tcpdump.log
	kill "$(cat $T/tcpdump.pid)"
	kill -- "-$(cat $T/chatter.pid)"
	ssh_end one
}

@test "tunnel without its server: status shows all namespaces, and this one as connecting" {
	ssh_hold one alice
	office_vpn_stop
	kill -KILL "$(tunnel_pid)"
	wait_until 10 eval 'netns-pam status | grep -q "^office.alice .*openvpn connecting to vpn.example.net"'
	office_pushes | office_vpn
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	ssh_end one
}

@test "server pushes other options: they replace the earlier ones" {
	ssh_hold one alice
	office_vpn_stop
	{ echo 'push "route 10.98.0.0 255.255.255.0"'; echo 'push "dhcp-option DNS 10.98.0.53"'; } | office_vpn
	wait_until 20 inside office.alice sh -c 'ip route | grep -q 10.98.0.0/24'
	not inside office.alice sh -c 'ip route | grep 10.99.0.0/24'
	match "nameserver 10.98.0.53" "$(su alice -c 'cat /etc/resolv.conf')"
	office_vpn_stop
	office_pushes | office_vpn
	wait_until 20 su alice -c "probe tcp 10.99.0.80 80 1"
	ssh_end one
}

@test "too many pushed routes: the first ones are installed" {
	local n
	office_vpn_stop
	{
		office_pushes
		for n in {0..2099}; do echo "push \"route 10.100.$((n / 250)).$((n % 250))\""; done
	} | office_vpn
	alice_policy
	run su alice -c "ip route show dev tun0 | wc -l; probe tcp 10.99.0.80 80; probe dns 10.99.0.53 www.example.net"
	[ "${lines[0]}" -ge 2048 ]
	equal "server 10.99.0.80 client 10.8.0.2" "${lines[1]}"
	equal 10.99.0.80 "${lines[2]}"
	grep -Eq "vpn: [0-9]+ pushed values are invalid .* one of too many routes, to '10.100.8.[0-9]+/32'" $T/helper.log
	wait_until 5 not_there vpn
	office_vpn_stop
	office_pushes | office_vpn
}

@test "allow and pushed name servers are enforced in the tunnel, also on a new device" {
	local n
	in_office ip address add 10.99.0.54/32 dev lo
	spawn $T/dns54office.log nsenter -n -t "$(cat $T/office.pid)" \
		bash -c 'dns_server 10.99.0.66 10.99.0.54' >$T/dns54office.pid
	wait_until 5 in_office $PROBE dns 10.99.0.54 www.example.net 1
	alice_policy 'allow = 10.99.0.80:80/tcp, [fd99::80]:80/tcp'
	ssh_hold one alice
	for n in first second; do
		run su alice -c "probe tcp 10.99.0.80 80; probe tcp fd99::80 80; probe dns 10.99.0.53 www.example.net"
		equal 0 "$status" "$output"
		# refused at once
		run su alice -c "probe udp 10.99.0.80 80; probe tcp 10.99.0.54 80; probe dns 10.99.0.54 www.example.net"
		not match "server|timeout|10.99.0.66" "$output"
		equal 3 "${#lines[@]}" "$output"
		kill -KILL "$(tunnel_pid)"
		wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	done
	ssh_end one
	kill "$(cat $T/dns54office.pid)"
	wait_until 5 gone "$(cat $T/dns54office.pid)"
}

dressed() {
	inside vpn ip link show tun0 | grep -q 'mtu 1300' &&
		inside vpn tc qdisc show dev tun0 | grep -q 'tbf .* rate 10Mbit' &&
		[ "$(inside vpn sysctl -n net.ipv4.conf.tun0.rp_filter)" = 2 ]
}

@test "mtu, rate and sysctl of the section are applied to a new device" {
	alice_policy 'mtu = 1300' 'rate = 10mbit' 'sysctl.net.ipv4.conf.tun0.rp_filter = 2'
	ssh_hold one alice
	dressed
	kill -KILL "$(tunnel_pid)"
	wait_until 5 not inside vpn ip link show tun0
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	dressed
	ssh_end one
}

@test "F58 daemon killed and started: the tunnel stays and is watched" {
	local pid
	ssh_hold one alice
	pid=$(tunnel_pid)
	stop_helper KILL
	inside office.alice $PROBE tcp 10.99.0.80 80
	start_helper
	inside office.alice $PROBE tcp 10.99.0.80 80
	equal "$pid" "$(tunnel_pid)" "openvpn"
	wait_until 5 sh -c 'netns-pam status | grep -q "openvpn connected to vpn.example.net"'
	su_lands alice office.alice
	stop_helper
	start_helper
	wait_until 5 sh -c 'netns-pam status | grep -q "openvpn connected to vpn.example.net"'
	equal "$pid" "$(tunnel_pid)" "openvpn"
	kill -KILL "$pid"
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	# killed while no daemon ran
	stop_helper KILL
	kill -KILL "$(tunnel_pid)"
	start_helper
	wait_until 15 su alice -c "probe tcp 10.99.0.80 80 1"
	# reconnected with other routes while no daemon ran
	stop_helper KILL
	office_vpn_stop
	{ office_pushes; echo 'push "route 10.98.0.0 255.255.255.0"'; } | office_vpn
	wait_until 15 ip link show type tun
	start_helper
	wait_until 20 inside office.alice sh -c 'ip route | grep -q 10.98.0.0/24'
	ssh_end one
	office_vpn_stop
	office_pushes | office_vpn
}
