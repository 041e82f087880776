#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Other programs replace or change the whole firewall, or all interfaces.

load ../lib
load probing

setup_file() {
	common_setup_file
	ssh_hold a alice
	ssh_hold b bob
	ssh_hold e erin
	probing_setup
	objects >$T/before.file
}
teardown_file() {
	ssh_end_all
}
setup() { : >$T/syslog; }
teardown() {
	undone
	probing_end
	# remove what the test has created
	for p in "$T"/late.*.pid; do
		[ ! -e "$p" ] || stop "$p"
	done
	objects >$T/after
	diff $T/before.file $T/after
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 20 $T/helper.log
}

# everything but the daemon's objects
others() {
	nft -s list ruleset | awk '/^table inet netns_pam /{skip = 1} !skip {print} /^}/{skip = 0}'
}
login_works() {
	su_lands bob green
	match 'client 192\.0\.2\.2' "$(su bob -c 'probe tcp 198.51.100.80 80')"
}

@test "the test itself: one leaked packet is detected" {
	probing
	spawn $T/hole leak send $T/sent.hole 192.0.2.2 >$T/late.hole.pid
	wait_until 10 test -s $T/got.host
	stop $T/late.hole.pid
	refuses nothing_leaked 1
	match 'udp 192.0.2.2 192.0.2.2' "$(cat $T/refused)"
}

@test "F75 nft flush ruleset in a loop: no packet leaks" {
	probing
	repeat 400 nft flush ruleset
	nothing_leaked 300
	login_works
}

@test "F75 what systemctl restart nftables does, with Debian's nftables.conf: no packet leaks" {
	[ -s /etc/nftables.conf ]
	probing
	repeat 250 nftables_restart
	nothing_leaked
	login_works
	nft flush ruleset
}
# ExecStop, ExecStart and ExecReload of nftables.service
nftables_restart() {
	/usr/sbin/nft flush ruleset
	/usr/sbin/nft -f /etc/nftables.conf
}

# The rules that dockerd installs.
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

@test "F75 Docker's rules flushed and restored in a loop: no packet leaks; its FORWARD policy applies to namespaces" {
	probing
	repeat 250 docker_restart
	nothing_leaked
	login_works
	# with FORWARD DROP, all forwarding needs a rule in DOCKER-USER
	docker_rules | iptables-restore
	refuses su bob -c 'probe tcp 198.51.100.80 80 2'
	# a published port of a container does not bypass the section's rules
	refuses su bob -c 'probe tcp 192.0.2.2 8081 2'
	iptables -I DOCKER-USER -i npam+ -j ACCEPT
	iptables -I DOCKER-USER -o npam+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	login_works
	refuses su bob -c 'probe tcp 192.0.2.2 8081 2'
	refuses su bob -c 'probe tcp 192.0.2.2 8080 2'
	no_iptables
}

@test "F75 ufw enabled, reloaded and disabled: no packet leaks" {
	ufw --force reset >/dev/null
	probing
	ufw --force enable >/dev/null
	# ufw drops routed packets; the rule that the manual page gives:
	refuses su bob -c 'probe tcp 198.51.100.80 80 2'
	ufw route allow in on npam+ >/dev/null
	ufw reload >/dev/null
	login_works
	ufw --force disable >/dev/null
	nothing_leaked
	login_works
	no_iptables
}

# What firewalld sends to nftables at a reload: its table replaced in one transaction.
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

@test "F75 firewalld's reload (table replaced in one transaction) in a loop: no packet leaks" {
	probing
	repeat 250 firewalld_reload
	# ports that it opens are not open to sessions
	nothing_leaked
	login_works
	nft delete table inet firewalld
}

@test "only the table netns_pam is changed" {
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
