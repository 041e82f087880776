#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `publish`: ports of the host that lead into namespaces.

load ../lib
load link

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	undone
	ensure_helper
	netns-pam down web --force 2>/dev/null || true
	link_teardown
}

serves() { # serves NAMESPACE PORT...
	local n=$1 p
	shift
	for p in "$@"; do
		beside "$n" $PROBE serve "$p" $T/served
		wait_until 5 ip netns exec "$n" $PROBE tcp 127.0.0.1 "$p" 1
	done
}

@test "the example publish.conf works unchanged" {
	install -m 644 "$TOP/conf/examples/publish.conf" $POLICY
	run netns-pam check
	equal 0 "$status" "check: $output"
	netns-pam reload
	ssh_hold a alice
	ssh_hold b bob
	serves web 80 443
	serves game 7777
	# from another host: the client's address is not translated
	equal "server $(inner web 4) client 192.0.2.1" "$(in_internet $PROBE tcp 192.0.2.2 8081)"
	match "server $(inner web 6) client 2001:db8::(1|80)$" "$(in_internet $PROBE tcp 2001:db8::2 8081)"
	equal "server $(inner web 4) client 192.0.2.1" "$(in_internet $PROBE tcp 192.0.2.2 8443)"
	match "client 2001:db8::(1|80)$" "$(in_internet $PROBE tcp 2001:db8::2 8443)"
	match "client 192.0.2.1$" "$(in_internet $PROBE udp 192.0.2.2 7777)"
	match "client 192.0.2.1$" "$(in_internet $PROBE tcp 192.0.2.2 7777)"
	match "client 2001:db8::(1|80)$" "$(in_internet $PROBE udp 2001:db8::2 7777)"
	# not on other addresses than the given one, and not over UDP
	refuses in_internet $PROBE tcp 203.0.113.1 8443 1
	refuses in_internet $PROBE tcp 2001:db8:1a4::1 8443 1
	refuses in_internet $PROBE udp 192.0.2.2 8081 1
	in_lan $PROBE tcp 203.0.113.1 8081
	# from the host itself
	match "server $(inner web 4) " "$($PROBE tcp 192.0.2.2 8081)"
	match "server $(inner web 4) " "$($PROBE tcp 203.0.113.1 8081)"
	match "server $(inner web 6) " "$($PROBE tcp 2001:db8::2 8443)"
	match "server $(inner game 4) " "$($PROBE udp 192.0.2.2 7777)"
	refuses $PROBE tcp 127.0.0.1 8081 1
	refuses $PROBE tcp ::1 8081 1
	# the published service cannot connect out through it
	refuses ip netns exec web $PROBE tcp 192.0.2.80 80 1
	netns-pam down web --force
}

@test "F82 F89 published port: reached only from where it is published, and nothing beside it" {
	local blue
	policy_with 'publish = 8081:80, 192.0.2.2:8082:81/tcp'
	ssh_hold a alice
	ssh_hold b bob
	serves blue 80 81 82
	blue=$(inner blue 4)
	# not from other namespaces, by any address
	equal "" "$(ip netns exec green $PROBE scan 1 {tcp,udp}/{192.0.2.2,203.0.113.1,"$blue"}/{8081,8082,80,81})" "green reached"
	equal "" "$(ip netns exec green $PROBE scan 1 tcp/2001:db8::2/8081 "tcp/$(inner blue 6)/80")" "green reached"
	equal "" "$(ip netns exec blue $PROBE scan 1 tcp/192.0.2.2/8081)" "blue reached"
	# from outside, not past the published port
	in_internet ip route add 10.213.0.0/16 via 192.0.2.2 2>/dev/null || true
	equal "" "$(in_internet $PROBE scan 1 tcp/"$blue"/{80,81,82} udp/"$blue"/80)" "the internet reached"
	# packets forwarded for others are not changed: the LAN's port 8081
	sysctl -qw net.ipv4.ip_forward=1
	nft 'add table ip t; add chain ip t f { type filter hook forward priority 0; }'
	spawn $T/lan8081 nsenter -n -t "$(cat $T/lan.pid)" $PROBE serve 8081 $T/served >>$T/beside
	wait_until 5 in_lan $PROBE tcp 127.0.0.1 8081 1
	: >$T/served
	in_internet $PROBE tcp 203.0.113.10 8081 1 || true
	not grep -q "server $blue" $T/served
	nft delete table ip t
}

@test "one port of the host, published twice: refused" {
	run policy_with 'publish = 8081:80, 8081:81/tcp'
	[ "$status" != 0 ]
	match "'8081:81/tcp' and '8081:80' of \[namespace blue\] are the same port" "$output"
	# a program of the host uses the port
	policy_with 'publish = 8080:80/tcp'
	run su alice -c true
	[ "$status" != 0 ]
	grep -q 'the port 8080/tcp of the host is in use' $T/helper.log
	no_names
	wait_until 5 no_links
	# it does not use it on another address
	policy_with 'publish = 53:53'
	ssh_hold a alice
	serves blue 53
	in_internet $PROBE udp 192.0.2.2 53
	equal 192.0.2.99 "$($PROBE dns 127.0.0.1 www.example.net)"
}

@test "reload: a port is published, moved and withdrawn" {
	policy_with ''
	ssh_hold a alice
	serves blue 80
	refuses in_internet $PROBE tcp 192.0.2.2 8081 1
	policy_with 'publish = 8081:80'
	in_internet $PROBE tcp 192.0.2.2 8081
	policy_with 'publish = 8082:80'
	refuses in_internet $PROBE tcp 192.0.2.2 8081 1
	in_internet $PROBE tcp 192.0.2.2 8082
	# a policy that cannot be applied changes nothing, and reload reports it
	refuses policy_with 'publish = 8080:80'
	match 'open namespaces keep the filter they have: .*8080' "$(cat $T/refused)"
	in_internet $PROBE tcp 192.0.2.2 8082
	policy_with ''
	refuses in_internet $PROBE tcp 192.0.2.2 8082 1
}

@test "published ports: moved to the successor namespace, kept when the daemon restarts" {
	local was
	policy_with 'publish = 8081:80'
	ssh_hold a alice
	serves blue 80
	was=$(inner blue 4)
	match "server $was " "$(in_internet $PROBE tcp 192.0.2.2 8081)"
	stop_helper KILL
	match "server $was " "$(in_internet $PROBE tcp 192.0.2.2 8081)"
	start_helper
	match "server $was " "$(in_internet $PROBE tcp 192.0.2.2 8081)"
	# another mtu needs a new namespace; the session keeps the old one
	policy_with 'publish = 8081:80' 'mtu = 1400'
	ssh_hold b2 alice
	serves blue 80
	not equal "$was" "$(inner blue 4)"
	match "server $(inner blue 4) " "$(in_internet $PROBE tcp 192.0.2.2 8081)"
}

@test "routed namespace: ports can be published" {
	BLUE='link = routed' policy_with 'publish = 8081:80' 'allow = 192.0.2.80'
	ssh_hold a alice
	serves blue 80
	match "server $(inner blue 4) client 192.0.2.1" "$(in_internet $PROBE tcp 192.0.2.2 8081)"
	match "server $(inner blue 6) client 2001:db8::" "$(in_internet $PROBE udp 2001:db8::2 8081)"
}

# Sends every 50 ms, always from the same port; answers are in FILE.
asks_on() { # asks_on ADDRESS FILE PORT
	: >"$2"
	spawn $T/asks nsenter -n -t "$(cat $T/internet.pid)" python3 -c '
import socket, sys, time
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[3])))
s.settimeout(0.05)
asked = 0
while True:
    try:
        s.sendto(b"hello", (sys.argv[1], 7777))
        asked += 1
        with open(sys.argv[2] + ".asked", "a") as f:
            f.write("%d\n" % asked)
        time.sleep(0.05)
        answer = s.recv(100).decode()
        with open(sys.argv[2], "a") as f:
            f.write(answer)
    except OSError:
        pass
' "$1" "$2" "$3" >>$T/beside
}
answered() { # answered BY
	grep -q "server $1 " $T/asks4 || return 1
	[ $# = 1 ] || grep -q "server $2 " $T/asks6
}
is_gone() { # is_gone FILE: no further answers arrive
	local asked
	asked=$(wc -l <"$1.asked")
	: >"$1"
	wait_until 5 longer "$1.asked" $((asked + 10))
	[ ! -s "$1" ]
}

@test "UDP client that sends all the time: reaches the namespace as soon as the port is published or moved" {
	local was
	policy_with ''
	ssh_hold a alice
	serves blue 7777 7778
	asks_on 192.0.2.2 $T/asks4 5555
	asks_on 2001:db8::2 $T/asks6 5556
	policy_with 'publish = 7777:7777/udp'
	wait_until 5 answered "$(inner blue 4)" "$(inner blue 6)"
	policy_with ''
	wait_until 5 is_gone $T/asks4
	policy_with 'publish = 192.0.2.2:7777:7778/udp, [2001:db8::2]:7777:7778/udp'
	wait_until 5 answered "$(inner blue 4)" "$(inner blue 6)"
	was=$(inner blue 4)
	# another mtu needs a new namespace, with another address
	policy_with 'publish = 7777:7777/udp' 'mtu = 1400'
	ssh_hold a2 alice
	not equal "$was" "$(inner blue 4)"
	serves blue 7777
	wait_until 5 answered "$(inner blue 4)" "$(inner blue 6)"
}
