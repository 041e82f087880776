#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# link = openvpn: errors are logged with their reason and leave nothing
# behind. The office is that of openvpn.bats.

load ../lib
load link
load openvpn

setup_file() {
	common_setup_file
	office_start
	groupadd roadwarriors
	usermod -aG roadwarriors bob
	client_files alice
	client_files bob
	both_policy
}
setup() {
	common_setup
	: >$T/helper.log
}
teardown() {
	undone
	client_files alice
	both_policy
	common_teardown
}

# both_policy [TIMEOUT]: a tunnel for alice and one for bob
both_policy() {
	LIMIT=${1:-10s} mapped 'alice, bob:office' <<-X
		[namespace office]
		scope = user
		link = openvpn
		openvpn = /etc/openvpn/client/%u.ovpn
	X
}

told_twice() {
	[ "$(grep -cE 'pam_netns.*OpenVPN to connect \(remote 198.51.100.77\)' $T/syslog)" = 2 ]
}

# fails REGEX: alice cannot log in, and the log has the reason
fails() {
	refuses timeout 15 su alice -c true
	wait_until 5 grep -qE "pam_netns.*$1" $T/syslog || {
		grep pam_netns $T/syslog
		return 1
	}
	: >$T/syslog
	wait_until 5 not_there office.alice
	wait_until 5 no_tunnel
}
no_tunnel() { ! pgrep -f 'openvpn .*npamv'; }

client_line() { printf '%s\n' "$@" >>$CLIENTS/alice.ovpn; }

@test "openvpn not installed, file missing or accessible to others: the login is refused with the reason" {
	hide /usr/sbin/openvpn
	fails 'the program openvpn is not installed: install openvpn'
	unhide /usr/sbin/openvpn
	chmod 664 $CLIENTS/alice.ovpn
	fails 'alice.ovpn has mode 0664, .*: chmod go-w'
	chmod 600 $CLIENTS/alice.ovpn
	mv $CLIENTS/alice.ovpn $T/alice.ovpn
	fails 'cannot open /etc/openvpn/client/alice.ovpn: No such file'
	ln -s $T/alice.ovpn $CLIENTS/alice.ovpn
	fails 'alice.ovpn is a symbolic link'
	rm $CLIENTS/alice.ovpn
}

@test "directives that run programs, conflict with the daemon or are unknown: refused" {
	client_line "up /etc/openvpn/update-resolv-conf"
	fails "alice.ovpn:[0-9]+: 'up': it runs a program in the host"
	client_files alice
	client_line "script-security 2" "management 127.0.0.1 7505"
	fails "alice.ovpn:[0-9]+: 'management': netns-pamd uses the management interface"
	client_files alice
	client_line "auth-user-pass"
	fails "'auth-user-pass' without a file needs a person"
	client_files alice
	client_line "colour blue"
	fails 'OpenVPN cannot connect .*Unrecognized option .* colour'
}

@test "key missing, readable to others, not of the certificate or with a password: refused" {
	rm $CLIENTS/alice.key
	fails 'alice.ovpn:[0-9]+: alice.key: No such file'
	install -m 640 $KEYS/alice.key $CLIENTS/
	fails 'users other than root can read alice.key: chown root and chmod 600'
	install -m 600 $KEYS/bob.key $CLIENTS/alice.key
	fails 'OpenVPN cannot connect .*Cannot load private key file alice.key'
	openssl pkey -in $KEYS/alice.key -aes256 -passout pass:secret -out $CLIENTS/alice.key
	fails 'it asks for the .Private Key. password, which no person can answer'
	rm $CLIENTS/ca.crt
	fails 'alice.ovpn:[0-9]+: ca.crt: No such file'
}

@test "server does not answer: both waiting logins get the same error, others continue" {
	sed -i 's/^remote .*/remote 198.51.100.77 1194/' $CLIENTS/alice.ovpn
	both_policy 2s
	spawn $T/first.log su alice -c true >$T/first.pid
	wait_until 5 pgrep -f 'openvpn .*npamv'
	spawn $T/second.log su alice -c true >$T/second.pid
	run timeout 5 su bob -c 'probe tcp 10.99.0.80 80'
	equal 0 "$status" "$output"
	alive "$(cat $T/first.pid)"
	wait_until 5 gone "$(cat $T/first.pid)"
	wait_until 5 gone "$(cat $T/second.pid)"
	wait_until 5 told_twice
	wait_until 5 not_there office.alice
}

@test "wrong server or failed authentication: the error has openvpn's message" {
	both_policy 3s
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout $T/other.key -out $CLIENTS/other.crt -days 1 -subj /CN=other 2>/dev/null
	sed -i 's/^ca .*/ca other.crt/' $CLIENTS/alice.ovpn
	fails 'OpenVPN to connect \(remote vpn.example.net\): VERIFY ERROR'
	client_files alice
	sed -i 's/^remote .*/remote vpn.example.net 1 tcp/; /^proto/d' $CLIENTS/alice.ovpn
	fails 'OpenVPN to connect .*: TCP: connect to .*198.51.100.130:1 failed: Connection refused'
	client_files alice
	printf '#!/bin/sh\nexit 1\n' >$T/never
	chmod 755 $T/never
	office_vpn_stop
	{ office_pushes; echo "script-security 2"; echo "auth-user-pass-verify $T/never via-file"; } | office_vpn
	client_line "auth-user-pass login"
	printf 'alice\nwrong\n' >$CLIENTS/login
	chmod 600 $CLIENTS/login
	fails 'OpenVPN cannot connect .*AUTH_FAILED'
	not grep -rq wrong $T/syslog $T/helper.log $STATE
	office_vpn_stop
	office_pushes | office_vpn
}

@test "F54 key in the file: in no argument, environment, log or file of the daemon" {
	local key pid
	key=$(sed -n 2p $KEYS/alice.key)
	sed -i '/^key /d' $CLIENTS/alice.ovpn
	{ echo "<key>"; cat $KEYS/alice.key; echo "</key>"; } >>$CLIENTS/alice.ovpn
	chmod 644 $CLIENTS/alice.ovpn
	fails 'alice.ovpn:[0-9]+: the file has mode 0644, so users other than root can read the key'
	chmod 600 $CLIENTS/alice.ovpn
	su_lands alice office.alice
	ssh_hold one alice
	pid=$(pgrep -f 'openvpn .*npamv')
	not grep -aqF "$key" /proc/$pid/cmdline /proc/$pid/environ $T/helper.log $T/syslog
	not grep -raqF "$key" $STATE
	grep -qF "$key" $CLIENTS/alice.ovpn
	ssh_end one
}

@test "F58 daemon killed while openvpn connects: the next daemon ends it" {
	sed -i 's/^remote .*/remote 198.51.100.77 1194/' $CLIENTS/alice.ovpn
	spawn $T/first.log su alice -c true >$T/first.pid
	wait_until 5 pgrep -f 'openvpn .*npamv'
	wait_until 5 sh -c "ls $STATE/openvpn.*/socket"
	stop_helper KILL
	wait_until 15 gone "$(cat $T/first.pid)"
	start_helper
	wait_until 5 no_tunnel
	not ls $STATE/openvpn.*
	# also before the pid of openvpn was recorded
	spawn $T/first.log su alice -c true >$T/first.pid
	wait_until 5 sh -c "ls $STATE/openvpn.*/socket"
	stop_helper KILL
	wait_until 15 gone "$(cat $T/first.pid)"
	sed -i '/^pid /d; /^process /d' $STATE/namespaces/*
	start_helper
	wait_until 5 no_tunnel
	not ls $STATE/openvpn.*
}

@test "netns-pam down --force: sessions are disconnected at once" {
	local inside
	ssh_hold one alice
	inside=(nsenter -n -t "$(cat $T/in.one)")
	"${inside[@]}" $PROBE tcp 10.99.0.80 80
	netns-pam down office --user alice --force
	not "${inside[@]}" ip link show tun0
	equal ENETUNREACH "$("${inside[@]}" $PROBE tcp 10.99.0.80 80)"
	wait_until 5 no_tunnel
	ssh_end one
}

@test "tap device, topology net30, address and routes of the policy: all work" {
	office_vpn_stop
	office_pushes | sed '/ipv6/d' | VPN=tap office_vpn
	sed -i 's/^dev tun/dev tap/' $CLIENTS/alice.ovpn
	run su alice -c 'probe tcp 10.99.0.80 80; ip -br address show tap0; ip route'
	match 'server 10.99.0.80 client 10.8.0.2' "$output"
	match '10.99.0.0/24 via 10.8.0.1 dev tap0' "$output"
	client_files alice
	office_vpn_stop
	office_pushes | sed '/ipv6/d' | VPN=net30 office_vpn
	put_policy <<-X
		[rule both]
		users = alice, bob
		namespace = office
		[namespace office]
		link = openvpn
		openvpn = /etc/openvpn/client/alice.ovpn
		ifname = office0
		mtu = 1300
		address = 10.77.0.1/24
		routes = 10.97.0.0/16
	X
	run su alice -c 'probe tcp 10.99.0.80 80; ip address show office0; ip route'
	match 'server 10.99.0.80 client 10.8.0.6' "$output"
	match 'mtu 1300' "$output"
	match '10.77.0.1/24' "$output"
	match '10.8.0.5 dev office0' "$output"
	match '10.97.0.0/16 dev office0' "$output"
	office_vpn_stop
	office_pushes | office_vpn
	wait_until 5 not_there office
}
