#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `rate` with links of other kinds: a port of a switch, an interface that the
# host has no end of. (Tunnels have the latter's way.) Cables: cable.bats.

load ../lib

setup_file() {
	common_setup_file
	install -m 755 "$TOP/tests/link/flood.py" /usr/local/bin/flood
	spawn $T/flood.log nsenter -n -t "$(cat $T/internet.pid)" flood serve 5202 >$T/flood.pid
	put_policy <<-'X'
		[rule alice]
		users = alice
		namespace = port
		[rule bob]
		users = bob
		namespace = beside
		[namespace port]
		link = bridge
		network = lan
		rate = 10mbit
		[network lan]
		bridge = br-lan
		address = 172.30.1.1/24
		nat = yes
		[namespace beside]
		link = macvlan
		parent = up0
		address = 192.0.2.77/24
		rate = 10mbit
	X
}
setup() { common_setup; }
teardown() { common_teardown; }

# about KBIT GOT: within 10 %
about() {
	[[ $2 =~ ^[0-9]+$ ]] && [ $(($2 * 10)) -ge $(($1 * 9)) ] && [ $(($2 * 10)) -le $(($1 * 11)) ] ||
		fail "wanted about $1 kbit/s, got $2"
}

@test "a port of a switch" {
	about 10000 "$(timeout 60 su alice -c 'flood up 192.0.2.1 5202')"
	about 10000 "$(timeout 60 su alice -c 'flood down 192.0.2.1 5202')"
}

@test "an interface that the host has no end of" {
	about 10000 "$(timeout 60 su bob -c 'flood up 192.0.2.1 5202')"
	about 10000 "$(timeout 60 su bob -c 'flood down 192.0.2.1 5202')"
	match 'rate0' "$(su bob -c 'ip -br link' | xargs)"
}

