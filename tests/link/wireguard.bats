#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# link = wireguard: tunnels to a server, with logins.

bats_require_minimum_version 1.5.0
load ../lib
load link
load wg

setup_file() {
	common_setup_file
	usermod -aG staff alice
	usermod -aG staff bob
	wg_setup
}

setup() {
	local u
	for u in alice bob; do wg_file $u <$T/$u.conf; done
	put_policy <"$TOP/conf/examples/wireguard.conf"
	common_setup
}
teardown() {
	undone
	ssh_end_all
	wg set wgs peer "$(cat $T/alice.pub)" preshared-key /dev/null
	common_teardown
}

# The daemon's messages since mark
mark() { wc -l <$T/helper.log >$T/mark; }
said() { tail -n "+$(($(cat $T/mark) + 1))" $T/helper.log | grep -aEq "$1"; }

# A policy for alice alone: [options] and the keys of [namespace vpn]
alice_policy() { # [SCOPE=...] alice_policy TIMEOUT [LINE...]
	local timeout=$1
	shift
	LIMIT=$timeout mapped alice:vpn <<-X
		[namespace vpn]
		scope = ${SCOPE:-user}
		link = wireguard
		$(printf '%s\n' "${@:-wireguard = $WG/%u.conf}")
	X
	objects >$T/before # the guard is another one
}

as_alice() { timeout 25 su alice -c "$1"; }

# refused REGEX...: alice's login is refused with the reason, nothing is left
refused() {
	local re
	mark
	refuses as_alice true
	for re in "$@"; do
		said "$re" || fail "not said: $re; but: $(tail -n 3 $T/helper.log)"
	done
	nothing_left
}

@test "the example wireguard.conf: each user has a tunnel, and no other path" {
	run -0 ssh_as alice "probe tcp 198.51.100.80 80; probe udp 192.0.2.80 443"
	equal "server 198.51.100.80 client 10.9.0.2
server 192.0.2.80 client 10.9.0.2" "$output"
	run -0 ssh_as bob "probe tcp 198.51.100.80 80; probe tcp 2001:db8:ffff::80 80
		ls /sys/class/net; ls /etc/wireguard; true"
	equal "server 198.51.100.80 client 10.9.0.3
server 2001:db8:ffff::80 client fd09::3
lo
wg0
ls: cannot open directory '/etc/wireguard': Permission denied" "$output"
	su_lands alice vpn.alice
}

@test "LAN and loopback of the host are not reached; DNS is that of the file" {
	run -0 as_alice "getent ahosts www.example.net; grep -v ^# /etc/resolv.conf
		probe tcp 203.0.113.10 80 1; probe tcp 127.0.0.1 8080 1
		probe dns 192.0.2.54 www.example.net 2; true"
	match "^192.0.2.80 .*nameserver 192.0.2.53
search example.net
timeout
ECONNREFUSED" "$output"
	not grep -q 192.0.2.66 <<<"$output" # the answer of the other server
}

@test "UDP socket outside, only the interface inside; status shows it" {
	ssh_hold a alice
	[ -z "$(ip netns exec vpn.alice ss -Hlun)" ]
	wg_device=$(wg_device vpn.alice)
	port=$(wg show "$wg_device" listen-port)
	ss -Hlun | grep -q ":$port "
	not ip link show dev "$wg_device"
	equal "1: lo: 2: wg0:" "$(ip -n vpn.alice -o link | awk '{print NR": "$2}' | tr '\n' ' ' | sed 's/ $//')"
	equal 1420 "$(ip netns exec vpn.alice cat /sys/class/net/wg0/mtu)"
	netns-pam status >/dev/null
	wait_until 5 in_status "wireguard-go to vpn.example.net:51820, last handshake [0-9]+ s ago"
	run -0 jq -r '.namespaces[] | select(.name == "vpn.alice") | .addresses[]' \
		<<<"$(netns-pam status --json)"
	equal "10.9.0.2/24
fd09::2/64" "$output"
}

@test "wireguard-go is not root, its socket is root's; without the user netns-pam it runs as nobody" {
	ssh_hold a alice
	pid=$(pgrep -f '^wireguard-go -f npam')
	runs_as "$pid" netns-pam 0000000000001400
	socket=/run/wireguard/$(wg_device vpn.alice).sock
	equal "root 644" "$(stat -c '%U %a' "$socket")"
	equal "root 755" "$(stat -c '%U %a' /run/wireguard)"
	ssh_end a
	wait_until 5 test ! -e "$socket"
	stop_helper
	cp -p /etc/passwd $T/passwd
	sed -i '/^netns-pam:/d' /etc/passwd
	: >$T/helper.log
	start_helper
	grep -q "there is no user netns-pam: .*create it with systemd-sysusers" $T/helper.log
	ssh_hold a alice
	runs_as "$(pgrep -f '^wireguard-go -f npam')" nobody 0000000000001400
	run -0 as_alice "probe tcp 198.51.100.80 80"
	ssh_end a
	cat $T/passwd >/etc/passwd
}

@test "address, mtu, ifname and routes of the section take precedence over the file" {
	sed -i -e '/^AllowedIPs/s/.*/AllowedIPs = 192.0.2.0\/24\nAllowedIPs=198.51.100.80,10.9.0.0\/24,fd09::\/64/' \
		-e '/^\[Peer/i MTU = 1300\nTable = off\nSaveConfig = true' $WG/alice.conf
	SCOPE=shared alice_policy 5s "wireguard = $WG/alice.conf" "address = 10.9.0.2/32" \
		"mtu = 1360" "ifname = tunnel" "routes = 203.0.113.0/24" \
		"ready = handshake"
	mark
	run -0 as_alice "ip -o -4 address show dev tunnel; ip -4 route
		cat /sys/class/net/tunnel/mtu; probe tcp 198.51.100.80 80"
	match "inet 10.9.0.2/32 " "$output"
	not grep -q "fd09::2" <<<"$output"
	match "10.9.0.0/24 dev tunnel .*192.0.2.0/24 dev tunnel .*198.51.100.80 dev tunnel .*203.0.113.0/24 dev tunnel .*
1360
server 198.51.100.80 client 10.9.0.2" "$output"
	not grep -q default <<<"$output"
	said "alice.conf:[0-9]+: Table is ignored"
	said "alice.conf:[0-9]+: SaveConfig is ignored"
}

@test "MTU of the file, preshared key, IPv6 endpoint without ready: all work" {
	psk=$(wg genpsk)
	sed -i -e "/^Endpoint/s|.*|Endpoint = [2001:db8::1]:51820\nPresharedKey = $psk|" \
		-e '/^Address/aMTU = 1300' $WG/alice.conf
	wg set wgs peer "$(cat $T/alice.pub)" preshared-key /dev/stdin <<<"$psk"
	alice_policy 5s
	# wireguard-go loses its first answer to a peer that moved from IPv4 to
	# IPv6; the client repeats the handshake after 5 s (REKEY_TIMEOUT)
	run -0 as_alice "probe tcp 198.51.100.80 80 20; cat /sys/class/net/wg0/mtu"
	equal "server 198.51.100.80 client 10.9.0.2
1300" "$output"
}

@test "ready = handshake without a keepalive: the handshake is provoked, the keepalive is off afterwards" {
	sed -i /^PersistentKeepalive/d $WG/alice.conf
	ssh_hold a alice
	wait_until 5 keepalive_is off
	[ "$(wg show "$(wg_device vpn.alice)" latest-handshakes | cut -f 2)" -gt 0 ]
}
keepalive_is() {
	[ "$(wg show "$(wg_device vpn.alice)" persistent-keepalive | cut -f 2)" = "$1" ]
}

# A peer that does not exist
dead_peer() { # dead_peer ALLOWED-IP
	printf '\n[Peer]\nPublicKey = %s\nEndpoint = 192.0.2.54:51821\nAllowedIPs = %s\n\n' \
		"$(wg genkey | wg pubkey)" "$1"
}

@test "ready = handshake with several peers: any one that answers is enough" {
	local order
	for order in first last; do
		{
			sed '/^\[Peer\]/,$d' $T/alice.conf
			[ $order = last ] || dead_peer 203.0.113.0/24
			sed -n '/^\[Peer\]/,$p' $T/alice.conf | sed /^PersistentKeepalive/d
			[ $order = first ] || dead_peer 203.0.113.0/24
			dead_peer 198.18.0.0/15
		} | wg_file alice
		ssh_hold a alice
		equal "server 198.51.100.80 client 10.9.0.2" "$(ssh_as alice probe tcp 198.51.100.80 80)" "$order"
		refuses ssh_as alice probe tcp 203.0.113.10 80 1
		equal 3 "$(wg show "$(wg_device vpn.alice)" peers | wc -l)"
		# the keepalive that provoked it is off, for all peers
		wait_until 5 no_keepalives
		ssh_end a
		nothing_left
	done
}
no_keepalives() {
	[ "$(wg show "$(wg_device vpn.alice)" persistent-keepalive | cut -f 2 | sort -u)" = off ]
}

@test "ready = handshake, none of several peers answers: refused, naming one" {
	{
		sed '/^\[Peer\]/,$d' $T/alice.conf
		dead_peer 203.0.113.0/24
		dead_peer 0.0.0.0/0
	} | wg_file alice
	alice_policy 3s "wireguard = $WG/%u.conf" 'ready = handshake'
	refused 'a handshake with the WireGuard peer 192\.0\.2\.54:51821'
}

@test "invalid file: the error names it and the reason, nothing is left" {
	alice_policy 5s
	rm $WG/alice.conf
	refused "cannot open $WG/alice.conf: No such file"
	wg_file alice <$T/alice.conf
	chmod 644 $WG/alice.conf
	refused "$WG/alice.conf holds a private key and has mode 0644.*chmod 600 $WG/alice.conf"
	wg_file alice <$T/alice.conf
	chown alice $WG/alice.conf
	refused "$WG/alice.conf holds a private key and belongs to uid [0-9]+: chown root"
	rm -f $WG/alice.conf
	ln -s bob.conf $WG/alice.conf
	refused "$WG/alice.conf is a symbolic link"
	sed '/^PrivateKey/s/.$//' $T/alice.conf | wg_file alice
	refused "$WG/alice.conf:6: PrivateKey is not a key"
	sed '/^Address/s/^/Adress=1\n/' $T/alice.conf | wg_file alice
	refused "$WG/alice.conf:7: 'Adress' is not known in \[Interface\]"
	sed '/^Address/s/$/\nPostUp = touch \/tmp\/t\/ran/' $T/alice.conf | wg_file alice
	refused "$WG/alice.conf:8: .*PostUp.* are not run; .*use .up. or .down. of the policy"
	[ ! -e $T/ran ]
	sed '/^Address/d' $T/alice.conf | wg_file alice
	refused "the tunnel has no address: $WG/alice.conf has no Address"
	sed 's/vpn\.example\.net/nowhere.example.net/' $T/alice.conf | wg_file alice
	refused "$WG/alice.conf:[0-9]+: the endpoint of this peer: the host cannot resolve the name nowhere.example.net"
	wg_file alice <$T/alice.conf
	su_lands alice vpn.alice
}

@test "F49 file in a directory not owned by root: refused" {
	alice_policy 5s 'wireguard = /home/%u/vpn/%n.conf'
	mkdir ~bob/vpn
	install -m 600 $T/bob.conf ~bob/vpn/vpn.alice.conf
	ln -s ~bob/vpn ~alice/vpn
	chown -h alice ~alice/vpn
	for mode in 755 700; do # as Debian 12 and 13 make them
		chmod $mode ~alice ~bob
		refused "/home/alice/vpn/vpn.alice.conf: others than root can replace files in the directory /home/(alice|bob)"
	done
	rm ~alice/vpn
	mkdir ~alice/vpn
	install -m 600 $T/alice.conf ~alice/vpn/vpn.alice.conf
	refused "others than root can replace files in the directory /home/alice"
	# through a link of root's into a directory of another user
	ln -s ~alice/vpn $WG/link
	alice_policy 5s "wireguard = $WG/link/%n.conf"
	refused "$WG/link/vpn.alice.conf: others than root can replace files in the directory /home/alice"
	chown root ~alice
	run -0 as_alice "probe tcp 198.51.100.80 80"
	chown alice ~alice
	rm -r $WG/link ~alice/vpn ~bob/vpn
}

@test "peer does not answer: named at the login's time limit, nothing is left" {
	alice_policy 2s "wireguard = $WG/%u.conf" "ready = handshake"
	sed -i 's/vpn.example.net:51820/192.0.2.66:51999/' $WG/alice.conf
	mark
	refuses as_alice true
	wait_until 5 said "a handshake with the WireGuard peer 192.0.2.66:51999"
	wait_until 5 grep -q "a handshake with the WireGuard peer 192.0.2.66:51999" $T/syslog
	nothing_left
}

@test "program not installed: the error names it and the alternative" {
	alice_policy 5s
	go=$(command -v wireguard-go) wg=$(command -v wg)
	hide "$go"
	refused "the kernel has no WireGuard and the program wireguard-go is not installed: load the module wireguard, or install wireguard-go"
	unhide "$go"
	hide "$wg"
	refused "the program wg is not installed: install wireguard-tools"
	unhide "$wg"
	printf '#!/bin/sh\necho no tun here >&2\nexit 1\n' >/usr/local/sbin/wireguard-go
	chmod 755 /usr/local/sbin/wireguard-go
	refused "cannot make the namespace vpn.alice: .*wireguard-go failed with status 1"
	rm /usr/local/sbin/wireguard-go
	su_lands alice vpn.alice
}

@test "F58 daemon killed while it creates a tunnel: nothing is left" {
	alice_policy 20s "wireguard = $WG/%u.conf" "ready = handshake"
	sed -i 's/vpn.example.net:51820/192.0.2.66:51999/' $WG/alice.conf
	spawn $T/su.log su alice -c true >$T/su.pid
	wait_until 5 making_has_begun
	stop_helper KILL
	wait_until 10 gone "$(cat $T/su.pid)"
	wg_file alice <$T/alice.conf
	start_helper
	wait_until 5 no_go_of_ours
	su_lands alice vpn.alice
}
making_has_begun() { grep -q '^ifname\|^inner wg0' $STATE/namespaces/* && ps -eo args | grep -q '^wireguard-go.* npam'; }
no_go_of_ours() { ! ps -eo args | grep -q '^wireguard-go.* npam'; }

@test "daemon restarted: tunnels continue, a peer with a new address is found" {
	ssh_hold a alice
	pid=$(pgrep -f '^wireguard-go -f npam')
	stop_helper
	vpn_is 192.0.2.54
	start_helper
	run -0 as_alice "probe tcp 198.51.100.80 80"
	equal "server 198.51.100.80 client 10.9.0.2" "$output"
	equal "$pid" "$(pgrep -f '^wireguard-go -f npam')"
	# the server has another address only, the old one does not answer
	in_internet nft add table ip cut
	in_internet nft 'add chain ip cut i { type filter hook input priority 0; }'
	in_internet nft 'add rule ip cut i ip daddr 192.0.2.1 udp dport 51820 drop'
	wait_until 45 as_alice "probe udp 198.51.100.80 80 1"
	grep -q "vpn.example.net:51820 does not answer; trying its address 192.0.2.54:51820" $T/helper.log
	in_internet nft delete table ip cut
	vpn_is 192.0.2.1
}

@test "F23 wireguard-go killed or interface deleted: a new login gets a new tunnel" {
	ssh_hold a alice
	old=$(ns_of vpn.alice)
	kill -KILL "$(pgrep -f '^wireguard-go -f npam')"
	wait_until 5 grep -q "vpn.alice: .*wireguard-go.* killed by signal 9.*new sessions get a new namespace" $T/helper.log
	equal "$old" "$(nsenter -t "$(cat $T/in.a)" -n stat -Lc %i /proc/self/ns/net)"
	run -0 as_alice "probe tcp 198.51.100.80 80; $SHOW_NS"
	match "client 10.9.0.2" "$output"
	not grep -q "$old" <<<"$output"
	ssh_end a

	ssh_hold a alice
	old=$(ns_of vpn.alice)
	ip -n vpn.alice link delete wg0
	wait_until 15 tunnel_is_new "$old"
}
tunnel_is_new() { # tunnel_is_new INODE-OF-THE-OLD
	local out
	out=$(as_alice "probe tcp 198.51.100.80 80 1; $SHOW_NS") || return 1
	[[ $out == *"client 10.9.0.2"* && $out != *"$1"* ]]
}

@test "F54 private key: in no log, argument, environment, readable file or core" {
	key=$(cat $T/alice.key)
	stop_helper
	spawn $T/strace.log strace -f -s 4096 -e trace=execve,openat,sendto,sendmsg \
		-o $T/strace /usr/sbin/netns-pamd >$T/strace.pid
	wait_until 10 test -S $STATE/helper.sock
	ssh_hold a alice
	netns-pam status >$T/status
	netns-pam explain alice >>$T/status
	sed '/^PrivateKey/s/.$//' $T/alice.conf | wg_file bob # also if the key is invalid
	run as_user bob true
	refuses timeout 10 su bob -c true
	wg_file bob <$T/bob.conf
	for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
		not grep -aqF "${key%??}" "$f" 2>/dev/null
	done
	grep -q '"wg", "setconf"' $T/strace # the trace is that of the right program
	for f in $T/strace $T/strace.log $T/status $T/syslog $T/sshd.log; do
		not grep -qF "${key%??}" "$f"
	done
	install -m 644 /dev/stdin $T/bait <<<"$key" # the test itself: the search finds the key
	as_user alice find /etc /run /tmp /dev/shm /home /var/lib /var/log /var/tmp \
		-type f -readable -newer $T/key.pub \
		-exec grep -lF "${key%??}" {} + >$T/found || true
	equal $T/bait "$(cat $T/found)" "readable files with the key"
	rm $T/bait
	[ -z "$(find /run/netns-pam -type f -exec grep -lF "${key%??}" {} +)" ]
	for pid in $(pgrep -x 'netns-pamd|wireguard-go'); do
		[ "$pid" = "$(cat $T/wgs.pid)" ] ||
			equal 0 "$(awk '/^Max core/ {print $5}' "/proc/$pid/limits")"
	done
	ssh_end a
	kill "$(pgrep -x netns-pamd)"
	wait_until 10 gone "$(cat $T/strace.pid)"
	start_helper
}
