#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Features that this machine's kernel may not have: a stock Debian with its own kernel,
# systemd and udev, the package installed and run by its unit. Before Linux 6.9
# (Debian 12 has 6.1, Debian 13 has 6.12) the firewall's table cannot have an owner
# that keeps it, so the daemon watches it; Open vSwitch has its datapath, WireGuard
# its driver. Run by tests/vm/run, on an emulated processor: all times are generous.

load ../lib

setup_file() {
	start_machine
	install_package
	local u
	for u in alice bob carol; do useradd -m -s /bin/bash $u; done
	# the internet: one server behind the uplink
	spawn $T/internet.log unshare -n sleep infinity >$T/internet.pid
	wait_until 10 internet_is_apart
	ip link add up0 type veth peer name net0 netns "$(cat $T/internet.pid)"
	ip address add 192.0.2.2/24 dev up0
	ip link set up0 up
	ip route add default via 192.0.2.1
	in_internet ip address add 192.0.2.1/24 dev net0
	in_internet ip link set net0 up
	in_internet ip link set lo up
	spawn $T/web.log nsenter -n -t "$(cat $T/internet.pid)" $PROBE serve 80 $T/net.log >$T/web.pid
	wait_until 30 $PROBE tcp 192.0.2.1 80 5
	put_policy <<-'X'
		[options]
		timeout = 60s
		[rule alice]
		users = alice
		namespace = blue
		[rule bob]
		users = bob
		namespace = green
		[namespace blue]
		link = nat
		[namespace green]
		link = nat
	X
}
internet_is_apart() { [ "$(readlink "/proc/$(cat $T/internet.pid)/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

teardown() {
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		nft list ruleset
		journalctl -u netns-pamd -n 30 --no-pager
		ovs-vsctl --timeout=5 show
	fi
	wait_until 60 no_names
	wait_until 60 no_links
}

# in_session USER CMD: stdout of a login
in_session() { timeout 120 su "$1" -c "$2"; }

# hold TAG USER: a session that stays; its process is in $T/in.TAG
hold() {
	rm -f "$T/hold.$1"
	spawn "$T/hold.$1" su "$2" -c 'echo held $$; exec sleep 1000' >"$T/hold.$1.pid"
	wait_until 60 grep -q held "$T/hold.$1"
	sed -n 's/^held //p' "$T/hold.$1" >"$T/in.$1"
}
let_go() {
	kill "$(cat "$T/in.$1")"
	wait_until 30 gone "$(cat "$T/hold.$1.pid")"
}
debian_kernel() { # the one that this release came with
	# shellcheck disable=SC1091
	case $(. /etc/os-release && echo "$VERSION_ID") in
	12) echo '6[.]1' ;;
	13) echo '6[.]12' ;;
	*) echo '[0-9]+[.][0-9]+' ;;
	esac
}
table_there() { nft list table inet netns_pam; }

@test "stock kernel and udev: the unit runs, a login is inside and has a network" {
	match "^$(debian_kernel)[.].*-cloud-amd64\$" "$(uname -r)"
	equal active "$(systemctl is-active netns-pamd.service)"
	match 'client 192.0.2.2' "$(in_session alice "$PROBE tcp 192.0.2.1 80 20")"
	equal 0 "$(in_session carol 'ip -o link show eth0 2>/dev/null | wc -l')"
}

@test "F74 udev changes neither address nor name of the daemon's interfaces" {
	hold a alice
	udevadm settle
	match '02:6e:70:' "$(ip -o link show type veth | grep npam)"
	match '02:6e:70:' "$(ip -n blue -o link show eth0)"
	let_go a
}

@test "F75 nft flush ruleset in a loop: a table without an owner is restored each time" {
	local n
	hold a alice
	hold b bob
	spawn $T/serve ip netns exec green $PROBE serve 7000 >$T/serve.pid
	green=$(ip -n green -4 -o address show dev eth0 | awk '{sub("/.*", "", $4); print $4}')
	wait_until 30 ip netns exec green $PROBE tcp "$green" 7000 10
	for n in 1 2 3 4 5; do
		nft flush ruleset
		wait_until 20 table_there
		refuses ip netns exec blue $PROBE tcp "$green" 7000 5
	done
	match 'client 192.0.2.2' "$(in_session alice "$PROBE tcp 192.0.2.1 80 20")"
	kill "$(cat $T/serve.pid)"
	let_go a
	let_go b
}

@test "Open vSwitch with the kernel's datapath: VLANs, the host's port, a restart of its service" {
	local u a b
	for u in east west central red blue; do useradd -m -s /bin/bash $u; done
	systemctl start openvswitch-switch
	cp $POLICY $T/policy
	{
		printf '[options]\ntimeout = 60s\n'
		cat "$TOP/conf/examples/ovs.conf"
	} | put_policy
	for u in east west central red blue; do hold $u $u; done
	match '^system@' "$(ovs-appctl dpif/show)"
	equal '""' "$(ovs-vsctl --if-exists get bridge ovsbr0 datapath_type | sed 's/^system$/""/')"
	for a in east west central; do
		for b in 11 12 13; do ip netns exec $a ping -qc 1 -W 10 10.77.0.$b; done
	done
	ip -n red address add 10.78.20.9/24 dev eth0
	not ip netns exec red ping -qc 1 -W 3 10.78.20.2
	match 'client 192.0.2.2' "$(in_session east "$PROBE tcp 192.0.2.1 80 20")"
	match 'client 192.0.2.2' "$(in_session blue "$PROBE tcp 192.0.2.1 80 20")"
	# no process of Open vSwitch carries the packets
	systemctl restart openvswitch-switch
	wait_until 60 ip netns exec east ping -qc 1 -W 5 10.77.0.12
	match 'client 192.0.2.2' "$(in_session west "$PROBE tcp 192.0.2.1 80 20")"
	for u in east west central red blue; do let_go $u; done
	wait_until 60 no_names
	wait_until 60 not ovs-vsctl br-exists ovsbr0
	wait_until 60 not ovs-vsctl br-exists ovsbr1
	wait_until 60 not ip link show ovsbr0.host
	systemctl stop openvswitch-switch
	put_policy <$T/policy
}
