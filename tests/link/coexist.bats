#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Beside other programs that think the firewall, or the interfaces, are theirs.

load ../lib

# What sessions send to all the time, and what may come of it:
#	198.51.100.80, 2001:db8:ffff::80	far away: allowed
#	192.0.2.2, 2001:db8::2			the host
#	169.254.169.254, fd00:ec2::254		metadata
#	and bob's namespace; from outside, alice's
setup_file() {
	common_setup_file
	install -m 755 "$TOP/tests/link/leak.py" /usr/local/bin/leak
	ssh_hold a alice
	ssh_hold b bob
	ssh_hold e erin
	for n in blue green street; do
		ip -n $n -o address show dev eth0 scope global |
			sed 's/.*inet6* \([^ /]*\).*/\1/' >$T/addresses.$n
	done
	objects >$T/before.file
}
teardown_file() {
	ssh_end_all
}
setup() { : >$T/syslog; }
teardown() {
	probing_end
	# what the test was about is taken away again
	for p in "$T"/late.*.pid; do
		[ ! -e "$p" ] || stop "$p"
	done
	objects >$T/after
	diff $T/before.file $T/after
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 20 $T/helper.log
}
stop() {
	kill "$(cat "$1")" 2>/dev/null || true
	wait_until 10 gone "$(cat "$1")"
	rm "$1"
}

addresses() { cat "$T/addresses.$1"; }

probing() { # begins
	local far="198.51.100.80 2001:db8:ffff::80" n targets
	local bad="192.0.2.2 2001:db8::2 169.254.169.254 fd00:ec2::254"
	rm -f $T/got.* $T/sent.*
	spawn $T/recv.log leak recv $T/got.host >$T/probe.host.pid
	for n in green blue street; do
		spawn $T/recv.log ip netns exec $n leak recv $T/got.$n >$T/probe.$n.pid
	done
	spawn $T/recv.log nsenter -n -t "$(cat $T/internet.pid)" leak recv $T/got.internet >$T/probe.internet.pid
	for n in blue street; do
		# shellcheck disable=SC2046,SC2086
		spawn $T/send.log ip netns exec $n leak send $T/sent.$n $far $bad $(addresses green) >$T/probe.from.$n.pid
	done
	targets=$(addresses blue)
	# shellcheck disable=SC2046,SC2086
	spawn $T/send.log nsenter -n -t "$(cat $T/internet.pid)" leak send $T/sent.internet $targets >$T/probe.from.internet.pid
	wait_until 10 allowed_arrives
}
allowed_arrives() {
	grep -q ' udp 198.51.100.80 192.0.2.2' $T/got.internet &&
		grep -q ' tcp 198.51.100.80 192.0.2.2' $T/got.internet &&
		grep -q ' udp 2001:db8:ffff::80 2001:db8::2' $T/got.internet &&
		grep -q " tcp 198.51.100.80 $(addresses street | head -n 1)" $T/got.internet &&
		[ -s $T/sent.internet ]
}
probing_end() {
	local p
	for p in "$T"/probe.*.pid; do
		[ ! -e "$p" ] || stop "$p"
	done
}

rounds() { cat "$T/sent.$1"; }
arrived() { awk '$3 == "198.51.100.80" {n += $1} END {print n + 0}' $T/got.internet; }

# Not one packet where none may come; enough was tried, and of what is allowed
# some arrives to the end.
nothing_leaked() {
	local n before seen
	for n in blue street internet; do
		[ "$(rounds $n)" -ge "${1:-200}" ] || fail "only $(rounds $n) rounds of $n" || return 1
	done
	before=$(arrived)
	wait_until 10 arrives_after "$before" || return 1
	probing_end
	seen=$(got_through)
	equal "" "$seen" "what got through"
}
got_through() {
	local n
	# at the host, in bob's, in alice's from outside
	cat $T/got.host $T/got.green $T/got.blue 2>/dev/null || true
	# at the metadata service
	grep -E ' (169\.254|fd00:ec2:)' $T/got.internet || true
	# not masqueraded
	for n in $(addresses blue); do grep -F " $n" $T/got.internet || true; done
}
arrives_after() { [ "$(arrived)" -gt "$1" ]; }

# storm SECONDS CMD...: again and again
storm() {
	local end=$(($(now_ms) + $1 * 1000)) n=0
	shift
	while [ "$(now_ms)" -lt $end ]; do
		"$@"
		n=$((n + 1))
	done
	echo "$n times: $*"
	[ $n -ge 5 ]
}

# everything but ours
others() {
	nft -s list ruleset | awk '/^table inet netns_pam /{skip = 1} !skip {print} /^}/{skip = 0}'
}
login_works() {
	su_lands bob green
	match 'client 192\.0\.2\.2' "$(su bob -c 'probe tcp 198.51.100.80 80')"
}

@test "the test itself: one packet at the host is seen" {
	probing
	spawn $T/hole leak send $T/sent.hole 192.0.2.2 >$T/late.hole.pid
	wait_until 10 test -s $T/got.host
	stop $T/late.hole.pid
	refuses nothing_leaked 1
	match 'udp 192.0.2.2 192.0.2.2' "$(cat $T/refused)"
}

@test "F75 nft flush ruleset, in a loop" {
	probing
	storm 6 nft flush ruleset
	nothing_leaked 300
	login_works
}

@test "F75 what systemctl restart nftables does, with Debian's /etc/nftables.conf" {
	[ -s /etc/nftables.conf ]
	probing
	storm 4 nftables_restart
	nothing_leaked
	login_works
	nft flush ruleset
}
# ExecStop, ExecStart and ExecReload of nftables.service
nftables_restart() {
	/usr/sbin/nft flush ruleset
	/usr/sbin/nft -f /etc/nftables.conf
}

# As dockerd leaves it.
docker_rules() {
	cat <<-'X'
		*nat
		:PREROUTING ACCEPT [0:0]
		:POSTROUTING ACCEPT [0:0]
		:DOCKER - [0:0]
		-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
		-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
		-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 203.0.113.10:80
		COMMIT
		*filter
		:INPUT ACCEPT [0:0]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		:DOCKER - [0:0]
		:DOCKER-USER - [0:0]
		:DOCKER-ISOLATION-STAGE-1 - [0:0]
		-A FORWARD -j DOCKER-USER
		-A FORWARD -j DOCKER-ISOLATION-STAGE-1
		-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -o docker0 -j DOCKER
		-A DOCKER-ISOLATION-STAGE-1 -j RETURN
		-A DOCKER-USER -j RETURN
		COMMIT
	X
}
docker_restart() {
	docker_rules | iptables-restore
	iptables -F
	iptables -t nat -F
	iptables -P FORWARD ACCEPT
}
no_iptables() {
	local t
	for t in "ip filter" "ip nat" "ip6 filter" "ip6 nat" "ip raw" "ip mangle" "ip6 raw" "ip6 mangle"; do
		# shellcheck disable=SC2046,SC2086
		nft delete table $t 2>/dev/null || true
	done
}

@test "F75 docker's rules, flushed and put back in a loop; its FORWARD DROP holds for us too" {
	probing
	storm 4 docker_restart
	nothing_leaked
	login_works
	# in force, the machine's other forwarding needs DOCKER-USER, ours as well
	docker_rules | iptables-restore
	refuses su bob -c 'probe tcp 198.51.100.80 80 2'
	# a published port of a container is no way out of what is forbidden
	refuses su bob -c 'probe tcp 192.0.2.2 8081 2'
	iptables -I DOCKER-USER -i npam+ -j ACCEPT
	iptables -I DOCKER-USER -o npam+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	login_works
	refuses su bob -c 'probe tcp 192.0.2.2 8081 2'
	refuses su bob -c 'probe tcp 192.0.2.2 8080 2'
	no_iptables
}

@test "F75 ufw enabled, reloaded and disabled, the real one" {
	ufw --force reset >/dev/null
	probing
	ufw --force enable >/dev/null
	# ufw refuses what is routed; as the manual says:
	refuses su bob -c 'probe tcp 198.51.100.80 80 2'
	ufw route allow in on npam+ >/dev/null
	ufw reload >/dev/null
	login_works
	ufw --force disable >/dev/null
	nothing_leaked
	login_works
	no_iptables
}

# What firewalld hands to nftables at a reload: its table anew, all at once.
firewalld_reload() {
	nft -f - <<-'X'
		add table inet firewalld
		delete table inet firewalld
		table inet firewalld {
			chain filter_PREROUTING {
				type filter hook prerouting priority filter + 10; policy accept;
				icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
			}
			chain filter_INPUT {
				type filter hook input priority filter + 10; policy accept;
				ct state { established, related } accept
				iifname "lo" accept
				ct state invalid drop
				tcp dport { 22, 8080, 9999 } accept
				udp dport 9999 accept
				reject with icmpx admin-prohibited
			}
			chain filter_FORWARD {
				type filter hook forward priority filter + 10; policy accept;
				ct state { established, related } accept
				iifname "npam*" accept
				reject with icmpx admin-prohibited
			}
			chain nat_POSTROUTING {
				type nat hook postrouting priority srcnat + 10; policy accept;
				oifname "up0" masquerade
			}
		}
	X
}

@test "F75 firewalld's way: its table deleted and made in one transaction, in a loop" {
	probing
	storm 4 firewalld_reload
	# ports that it opens to the world are not open to sessions
	nothing_leaked
	login_works
	nft delete table inet firewalld
}

@test "the one table that is touched is ours" {
	local before
	docker_rules | iptables-restore
	firewalld_reload
	nft add table inet mine
	nft add chain inet mine c '{ type filter hook forward priority 0; }'
	nft add set inet mine s '{ type ipv4_addr; elements = { 192.0.2.7 }; }'
	others >$T/others
	before=$(md5sum <$T/others)
	su_lands frank own.frank
	su_lands alice blue
	(standard_policy; printf 'mtu = 1400\n') | put_policy
	stop_helper
	start_helper
	su_lands frank own.frank
	stop_helper KILL
	start_helper
	netns-pam up green
	netns-pam down green --force
	standard_policy | put_policy
	others >$T/others.after
	diff $T/others $T/others.after
	equal "$before" "$(md5sum <$T/others.after)"
	nft delete table inet mine
	nft delete table inet firewalld
	no_iptables
	ssh_end b
	ssh_hold b bob
}
