#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A system call of the daemon fails while it ends a namespace: the daemon tries
# again until everything is removed, and no login joins that namespace.

load ../lib
load link
load wg
load openvpn

setup_file() {
	common_setup_file
	wg_setup
	office_start
	client_files alice
}
setup() { common_setup; }
teardown() {
	! pid=$(cat $T/inject.pid 2>/dev/null) || kill -INT "$pid" 2>/dev/null || true
	rm -f $T/inject.pid
	link_teardown
}

# injected OPTION...: strace(1) injects these faults into the daemon from now on
injected() {
	rm -f $T/injected
	spawn $T/strace.log strace -f -o $T/injected -p "$(helper_pid)" "$@" \
		>$T/inject.pid
	wait_until 10 grep -q attached $T/strace.log
}
not_injected() {
	kill -INT "$(cat $T/inject.pid)"
	wait_until 10 gone "$(cat $T/inject.pid)"
	rm $T/inject.pid
}
has_injected() { grep -q INJECTED $T/injected; }

# blue_ends: the session of alice ends, the last one in the namespace blue
blue_ends() {
	ssh_end a
	wait_until 10 has_injected
}

# Removing the name fails once. The next login gets a new, complete namespace.
name_cannot_be_removed() { # LINK [LINE...]
	local first links
	BLUE="link = $1" LIMIT=15s policy_with "${@:2}"
	ssh_hold a alice
	first=$(ns_of blue)
	links=$(inside blue ip -o link | wc -l)
	injected -P /run/netns/blue -e inject=openat:error=EMFILE:when=1
	blue_ends
	wait_until 5 in_log 'cannot end the namespace blue: .*Too many open files'
	wait_until 5 not_there blue
	not_injected
	in_log 'the end of the namespace blue continues'
	ssh_hold a alice
	[ "$(ns_of blue)" != "$first" ] || fail "the namespace that had ended"
	equal "$links" "$(inside blue ip -o link | wc -l)" interfaces
	ssh_end a
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = none)" {
	name_cannot_be_removed none
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = nat)" {
	name_cannot_be_removed nat
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = routed)" {
	name_cannot_be_removed routed
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = bridge)" {
	MORE='[network office]
bridge = br-office
address = 10.77.0.1/24' name_cannot_be_removed bridge 'network = office'
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = cable)" {
	name_cannot_be_removed cable 'peer = green' 'address = 10.78.0.1/30'
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = macvlan)" {
	name_cannot_be_removed macvlan 'parent = lan0' 'address = 203.0.113.20/24'
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = device)" {
	ip link add lab0 type veth peer name lab1
	undo ip link delete lab0
	name_cannot_be_removed device 'interface = lab0' 'address = 192.0.2.30/24'
	ip link show lab0
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = wireguard)" {
	vpn_is 192.0.2.1
	name_cannot_be_removed wireguard "wireguard = $WG/alice.conf"
}

@test "F103 the name cannot be removed at the logout: tried again until it is removed (link = openvpn)" {
	vpn_is 198.51.100.130
	name_cannot_be_removed openvpn "openvpn = $CLIENTS/alice.ovpn"
}

@test "F103 umount, unlink fail at the logout: tried again until the name is removed" {
	local call
	policy_with
	for call in umount2 unlink; do
		ssh_hold a alice
		injected -P /run/netns/blue -e inject=$call:error=EIO:when=1
		blue_ends
		wait_until 5 not_there blue
		not_injected
	done
}

# During the whole logout no request to rtnetlink can be sent.
link_cannot_be_removed() { # LINK [LINE...]
	BLUE="link = $1" LIMIT=15s policy_with "${@:2}"
	ssh_hold a alice
	injected -e inject=sendto,sendmsg:error=ENOBUFS
	ssh_end a
	sleep 1
	not_injected
	wait_until 5 not_there blue
	su_lands alice blue
}

@test "F103 the link cannot be removed at the logout: tried again until it is removed (nat)" {
	link_cannot_be_removed nat
	in_log 'the end of the namespace blue continues'
}

@test "F103 the link cannot be removed at the logout: tried again until it is removed (macvlan)" {
	link_cannot_be_removed macvlan 'parent = lan0' 'address = 203.0.113.20/24'
	in_log 'the end of the namespace blue continues'
}

@test "F103 the link cannot be removed at the logout: tried again until it is removed (device)" {
	ip link add lab0 type veth peer name lab1
	undo ip link delete lab0
	link_cannot_be_removed device 'interface = lab0' 'address = 192.0.2.30/24'
	in_log 'the end of the namespace blue continues'
	ip link show lab0
}

@test "F103 the link cannot be removed at the logout: tried again until it is removed (wireguard)" {
	vpn_is 192.0.2.1
	link_cannot_be_removed wireguard "wireguard = $WG/alice.conf"
	in_log 'the end of the namespace blue continues'
}

@test "F103 while the name cannot be removed, logins are refused and the host is not joined" {
	policy_with
	ssh_hold a alice
	injected -P /run/netns/blue -e inject=umount2:error=EBUSY
	blue_ends
	there blue
	su_fails alice 'cannot remove the name'
	not_injected
	wait_until 5 not_there blue
	su_lands alice blue
}

@test "F103 the daemon is stopped before the name can be removed: the next one removes it" {
	policy_with
	ssh_hold a alice
	injected -P /run/netns/blue -e inject=umount2:error=EBUSY
	blue_ends
	wait_until 5 in_log 'cannot end the namespace blue'
	not_injected
	there blue
	stop_helper KILL
	start_helper
	wait_until 5 not_there blue
	su_lands alice blue
}

@test "F108 down after exec has returned is not refused: 0 of 100" {
	local n
	policy_with
	for ((n = 0; n < 100; n++)); do
		netns-pam up blue
		netns-pam exec blue true
		netns-pam down blue
	done
}
