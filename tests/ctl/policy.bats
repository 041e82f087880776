#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# netns-pam check and explain: without a daemon, with files and accounts only.

# bare: it has users of its own

load ../lib

setup_file() {
	groupadd staff1
	groupadd staff2
	useradd -u 4001 -G staff1 ann
	useradd -u 4002 -g staff2 bob
}

setup() {
	mkdir -p $T
	D=$(mktemp -d $T/policy.XXXXXX)
	F=$D/p.conf
	NP=("$BUILD/netns-pam" --config "$F" --socket "$D/state/helper.sock")
}

policy() { cat >"$F"; }

# runs STATUS CMD...: stdout and stderr in files out and err
runs() {
	local want=$1 rc=0
	shift
	"$@" >"$D/out" 2>"$D/err" </dev/null || rc=$?
	equal "$want" $rc "status of '$*' ($(cat "$D/err"))"
}
check() { runs "$1" "${NP[@]}" check "${@:2}"; }
explain() { runs 0 "${NP[@]}" explain "$@"; }
json() { jq -re "$1" <"$D/out"; }

rules() {
	policy <<-'X'
		[rule first]
		users = carol
		namespace = lab
		[rule second]
		groups = staff1
		services = sshd, su
		rhosts = 192.0.2.0/24
		namespace = lab
		timeout = 1500ms
		[rule third]
		groups = staff1, staff2
		namespace = host
		[rule root]
		users = root
		ttys = tty1
		namespace = lab
		[namespace lab]
		scope = user
		link = nat
		dns = 192.0.2.53, 2001:db8::53
		search = example.org
	X
}

# ---- check

@test "check of a valid policy: says so and what it contains" {
	rules
	check 0
	equal "$F: valid: 4 rules, 1 namespace, 0 networks, 1 warning" \
		"$(cat "$D/out")"
	match "^$F:4: warning: \[rule second\] is for some services" \
		"$(cat "$D/err")"
}

@test "check of a policy with errors: each with file and line" {
	policy <<-'X'
		[rule r]
		namespace = gone
		guard = maybe
	X
	mkdir "$F.d"
	printf '[options]\ntimeout = 3\n' >"$F.d/x.conf"
	check 1
	equal "" "$(cat "$D/out")" output
	cat >"$D/want" <<-X
		$F:2: namespace: there is no section [namespace gone]
		$F:3: guard: 'maybe' is not known; write no or yes
		$F.d/x.conf:2: timeout: '3' has no unit; write 500ms, 10s or 2m
		netns-pam: $F: 3 errors; a policy with an error is not used
	X
	diff "$D/want" "$D/err"
}

@test "check FILE: reads that file and its drop-ins, not --config" {
	policy <<<'[what]'
	printf '[rule r]\nnamespace = host\n' >"$D/other.conf"
	check 0 "$D/other.conf"
	mkdir "$D/other.conf.d"
	echo '[nonsense]' >"$D/other.conf.d/a.conf"
	check 1 "$D/other.conf"
	match "other.conf.d/a.conf:1: unknown section" "$(cat "$D/err")"
	check 1 "$D/nothing.conf"
	match "nothing.conf: No such file" "$(cat "$D/err")"
}

@test "F24 check without a policy: says that no user is mapped" {
	check 0
	match "there is no policy: no login is mapped" "$(cat "$D/out")"
}

@test "check --json: errors, warnings and counts" {
	rules
	check 0 --json
	equal true "$(json .valid)"
	equal 4 "$(json .rules)"
	equal "4 $F" "$(json '.warnings[0] | "\(.line) \(.file)"')"
	equal 0 "$(json '.errors | length')"
	echo 'foo = bar' >>"$F"
	check 1 --json
	equal false "$(jq .valid <"$D/out")"
	match "unknown key 'foo'" "$(json '.errors[0].message')"
	equal null "$(jq .rules <"$D/out")"
	equal "" "$(cat "$D/err")" stderr
}

@test "check with unknown arguments: status 2" {
	check 2 --what
	check 2 a b
	match "usage: netns-pam check" "$(cat "$D/err")"
}

# ---- explain

@test "explain: each rule with the reason, and what the session gets" {
	rules
	explain ann --service sshd --rhost 192.0.2.9
	cat >"$D/want" <<-X
		login       ann (uid 4001), service sshd, from 192.0.2.9
		policy      $F

		RULE    PLACE  MATCHES  WHY NOT
		first   $F:1   no       users: ann is not one of them
		second  $F:4   yes      -

		namespace   lab.ann
		scope       user
		link        nat
		connection  a veth pair to the host, which masquerades it (NAT)
		lifetime    processes
		addresses   auto from 10.213.0.0/16, auto from fd6e:6574:6e73::/48
		search      example.org
		dns         192.0.2.53, 2001:db8::53
		guard       no
		on_error    deny
		nested      switch
		timeout     1500ms
	X
	diff -b "$D/want" "$D/out"
	equal "" "$(cat "$D/err")" stderr
	not grep -q $'\e' "$D/out"
}

@test "explain: matches service, terminal and remote host" {
	rules
	explain ann --service su --rhost 192.0.2.9 --json
	equal second "$(json .result.rule)"
	explain ann --service cron --rhost 192.0.2.9 --json
	equal third "$(json .result.rule)"
	equal services "$(json '.rules[1].key')"
	explain ann --rhost 198.51.100.1 --json
	equal rhosts "$(json '.rules[1].key')"
	explain root --tty /dev/tty1 --json
	equal root "$(json .result.rule)"
	explain root --tty tty2 --json
	equal null "$(jq .result <"$D/out")"
}

@test "explain: knows primary groups, and says which users stay on the host" {
	rules
	explain bob --json
	equal third "$(json .result.rule)"
	equal null "$(jq .result.namespace <"$D/out")"
	explain bob
	match "stays outside" "$(cat "$D/out")"
	explain nobody
	match "No rule matches, so the session stays where it is" \
		"$(cat "$D/out")"
}

@test "explain --json: the content of the text" {
	rules
	explain ann --rhost 192.0.2.9 --json
	equal "lab.ann user nat 1500 false" "$(json '.result |
		"\(.namespace.name) \(.namespace.scope) \(.namespace.link)" +
		" \(.timeout_ms) \(.guard)"')"
	equal '["192.0.2.53","2001:db8::53"]' "$(jq -c .result.namespace.dns <"$D/out")"
	equal 4001 "$(json .uid)"
	equal "$F" "$(json .policy)"
}

# connection SECTION...: the sentence of explain about the link of [namespace n]
connection() {
	policy <<<"$(printf '%s\n' '[rule all]' 'namespace = n' '[namespace n]' "$@")"
	explain ann --json
	json .result.namespace.connection
}

@test "explain: one sentence for each link" {
	equal "none: loopback only" "$(connection)"
	match "/run/netns/n as it is.*joined unchanged" "$(connection 'link = external')"
	match "veth pair to the host, which masquerades" "$(connection 'link = nat')"
	match "veth pair.*routes its addresses unchanged" "$(connection 'link = routed')"
	equal "a port on the network lan (Linux bridge br0, isolated)" \
		"$(connection 'link = bridge' 'network = lan' '[network lan]' 'bridge = br0')"
	equal "a port on the network lan (Open vSwitch bridge br1, vlan 7, NAT, DHCP 10.1.0.9-10.1.0.20, uplink eth7)" \
		"$(connection 'link = bridge' 'network = lan' '[network lan]' 'type = ovs' 'bridge = br1' \
			'vlan = 7' 'isolate = no' 'nat = yes' 'address = 10.1.0.1/24' 'dhcp = 10.1.0.9-10.1.0.20' 'uplink = eth7')"
	equal "a cable (veth) to the namespace m, connected while that exists" \
		"$(connection 'link = cable' 'peer = m' 'address = 10.1.0.1/24' \
			'[namespace m]' 'link = cable' 'peer = n' 'address = 10.1.0.2/24')"
	match "cable.* to the namespace m,.*another link of its own" \
		"$(connection 'link = cable' 'peer = m' 'address = 10.1.0.1/24' 'gateway = 10.1.0.2' '[namespace m]')"
	match "beside the host's eth7.*macvlan" "$(connection 'link = macvlan' 'parent = eth7')"
	match "interface wlan0-ann, moved into the namespace and returned" \
		"$(connection 'scope = user' 'link = device' 'interface = wlan0-%u')"
	match "WireGuard tunnel by /etc/wireguard/ann.conf," \
		"$(connection 'scope = user' 'link = wireguard' 'wireguard = /etc/wireguard/%u.conf')"
	match "OpenVPN tunnel by /etc/openvpn/4001.conf," \
		"$(connection 'scope = user' 'link = openvpn' 'openvpn = /etc/openvpn/%U.conf')"
}

@test "explain: each limit, program and condition of the section" {
	policy <<-'X'
		[rule all]
		namespace = n
		[namespace n]
		link = nat
		mtu = 1400
		ifname = lan
		allow = 192.0.2.0/24:443/tcp, [2001:db8::/32]:53
		deny = 192.0.2.9
		allow_host = 22/tcp
		publish = 8080:80/tcp
		rate = 10000kbit
		max_connections = 100
		sysctl.net.ipv4.tcp_ecn = 1
		up = /usr/local/sbin/up-%n
		down = /usr/local/sbin/down
		ready = route, interface:lan
	X
	explain ann
	cat >"$D/want" <<-X
		mtu 1400
		ifname lan
		allow 192.0.2.0/24:443/tcp, [2001:db8::/32]:53
		deny 192.0.2.9
		allow_host 22/tcp
		publish 8080:80/tcp
		rate 10mbit
		sysctls net.ipv4.tcp_ecn=1
		max_connections 100
		up /usr/local/sbin/up-n
		down /usr/local/sbin/down
		ready route, interface:lan
	X
	sed -n '/^mtu/,/^ready/p' "$D/out" | diff -b "$D/want" -
	explain ann --json
	equal '["22/tcp"] 100 "10mbit" "/usr/local/sbin/up-n"' \
		"$(jq -c '.result.namespace | .allow_host, .max_connections, .rate, .up' <"$D/out" | xargs -d'\n')"
	policy <<<$'[rule all]\nnamespace = n\n[namespace n]'
	explain ann
	not grep -qE '^(allow|rate|up|ready|mtu)' "$D/out"
}

@test "explain: says that root is matched by name only" {
	policy <<-'X'
		[rule all]
		namespace = jail
		[namespace jail]
	X
	explain root
	match "uid 0 needs a rule that names root" "$(cat "$D/out")"
	explain ann --json
	equal jail "$(json .result.namespace.name)"
	equal true "$(json .result.guard)"
}

@test "explain: names the services that are excluded" {
	policy <<<$'[rule all]\nnamespace = jail\n[namespace jail]'
	explain ann --service samba
	match "exclude_services" "$(cat "$D/out")"
	explain ann --service samba --json
	equal true "$(json .excluded)"
}

@test "F26 explain with an invalid policy: uses the last valid one" {
	rules
	mkdir "$D/state"
	cp "$F" "$D/state/policy"
	echo '[what]' >"$F"
	explain bob --json
	equal third "$(json .result.rule)"
	equal "$D/state/policy" "$(json .policy)"
	match "unknown section \[what\]; .*last good" "$(cat "$D/err")"
	rm "$F"
	explain bob --json
	equal third "$(json .result.rule)"
	rm "$D/state/policy"
	echo '[what]' >"$F"
	runs 1 "${NP[@]}" explain bob
	match "unknown section" "$(cat "$D/err")"
}

@test "explain of an unknown user, or without arguments: fails" {
	rules
	runs 1 "${NP[@]}" explain nosuchuser
	match 'no user "nosuchuser"' "$(cat "$D/err")"
	runs 2 "${NP[@]}" explain
	runs 2 "${NP[@]}" explain ann bob
	runs 2 "${NP[@]}" explain ann --service
}

@test "F43 explain of a user with an unusual name: the namespace has the uid" {
	policy <<<$'[rule all]\nnamespace = n\n[namespace n]\nscope = session'
	useradd --badname -u 4003 'a.b'
	explain a.b --json
	equal n.uid-4003.N "$(json .result.namespace.name)"
}
