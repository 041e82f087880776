#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# link = wireguard with the kernel's own interface, and without wireguard-go:
# created in the namespace, its socket on the host. Run by tests/vm/run.

bats_require_minimum_version 1.5.0
load ../lib
load ../link/wg

setup_file() {
	start_machine
	install_package
	useradd -m -s /bin/bash alice
	useradd -m -s /bin/bash bob
	spawn $T/internet.log unshare -n sleep infinity >$T/internet.pid
	wait_until 10 internet_is_apart
	ip link add up0 type veth peer name net0 netns "$(cat $T/internet.pid)"
	ip address add 192.0.2.2/24 dev up0
	ip address add 2001:db8::2/64 dev up0 nodad
	ip link set up0 up
	ip route add default via 192.0.2.1
	in_internet ip address add 192.0.2.1/24 dev net0
	in_internet ip address add 2001:db8::1/64 dev net0 nodad
	in_internet ip link set net0 up
	in_internet ip link set lo up
	spawn $T/web.log nsenter -n -t "$(cat $T/internet.pid)" $PROBE serve 80 $T/net.log >$T/web.pid
	wait_until 30 $PROBE tcp 192.0.2.1 80 5
	groupadd -f staff
	usermod -aG staff alice
	usermod -aG staff bob
	wg_setup
	sed 's/^timeout = .*/timeout = 60s/' "$TOP/conf/examples/wireguard.conf" | put_policy
}
internet_is_apart() { [ "$(readlink "/proc/$(cat $T/internet.pid)/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

setup() {
	local u
	for u in alice bob; do wg_file $u <$T/$u.conf; done
}
teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || journalctl -u netns-pamd -n 30 --no-pager
	wait_until 60 no_names
	wait_until 60 no_links
}

in_session() { timeout 120 su "$1" -c "$2"; }
hold() { # hold USER
	spawn "$T/hold" su "$1" -c 'echo held $$; exec sleep 1000' >"$T/hold.pid"
	wait_until 60 grep -q held "$T/hold"
	sed -n 's/^held //p' "$T/hold" >"$T/in"
}
let_go() {
	kill "$(cat "$T/in")"
	wait_until 30 gone "$(cat "$T/hold.pid")"
}
inside() { nsenter -n -t "$(cat $T/in)" "$@"; }

@test "the kernel's WireGuard: created in the namespace, its socket on the host" {
	not command -v wireguard-go
	hold alice
	match ' wg0: .* mtu 1420 ' "$(inside ip -d -o link show type wireguard)"
	# with the index that was asked for: it has never been anywhere else
	match "^32: wg0:" "$(inside ip -o link show wg0)"
	port=$(inside wg show wg0 listen-port)
	match ":$port " "$(ss -Hlun)"
	equal '' "$(inside ss -Hlun)"
	equal '' "$(ip -o link show type wireguard)"
	match 'client 10.9.0.2' "$(inside $PROBE tcp 192.0.2.1 80 20)"
	match 'client fd09::2' "$(inside $PROBE tcp fd09::1 80 20)"
	match 'wireguard to vpn.example.net:51820' "$(netns-pam status)"
	match 'client 10.9.0.3' "$(in_session bob "$PROBE tcp 192.0.2.1 80 20")"
	let_go
}

@test "daemon restarted: the tunnel continues; device deleted inside: the next login gets a new one" {
	hold alice
	old=$(inside stat -Lc %i /proc/self/ns/net)
	systemctl restart netns-pamd
	match "client 10.9.0.2" "$(inside $PROBE tcp 192.0.2.1 80 20)"
	equal "$old" "$(in_session alice "$SHOW_NS")"
	inside ip link delete wg0
	refuses inside $PROBE tcp 192.0.2.1 80 5
	wait_until 60 is_new "$old"
	match "client 10.9.0.2" "$(in_session alice "$PROBE tcp 192.0.2.1 80 20")"
	let_go
}
is_new() { [ "$(in_session alice "$SHOW_NS")" != "$1" ]; }

@test "netns-pam down --force: processes that are left are disconnected" {
	hold alice
	netns-pam down vpn --user alice --force
	refuses inside $PROBE tcp 192.0.2.1 80 5
	equal '' "$(inside ip -o link show type wireguard)"
	let_go
}
