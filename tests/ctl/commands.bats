#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# netns-pam: status, up, down, exec, reload and kick with the daemon.

load ../lib

DROPINS=/etc/netns-pam.conf.d
COMMANDS=("status" "up green" "down green" "exec green true" "reload" "kick 1")

setup_file() {
	common_setup_file
	mkdir -p $DROPINS
	chmod 755 $DROPINS
	dropin
	netns-pam reload
}

dropin() {
	write_policy $DROPINS/50-ctl.conf <<-'X'
		[namespace visit]
		link = nat
		scope = session
		[namespace outer]
		link = external
		[namespace kept]
		link = nat
		lifetime = forever
	X
}

setup() { common_setup; }
teardown() {
	local pid name
	undone
	ensure_helper
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then # the next test gets a new daemon
		netns-pam status
		cat $T/hold.*.pid | while read -r pid; do kill "$pid"; done
		rm -f $T/hold.*.pid $DROPINS/60-*
		netns-pam reload
		netns-pam status --json | jq -r '.namespaces[] |
			"\(.section) --force \(if .user then "--user " + .user else "" end)"' |
			while read -r name; do
				# shellcheck disable=SC2086
				netns-pam down $name
			done
	fi 2>/dev/null || true
	common_teardown
}

# says REGEX STATUS CMD...: exit status, empty stdout, REGEX on stderr
says() {
	local regex=$1 want=$2 rc=0
	shift 2
	"$@" >$T/out 2>$T/err </dev/null || rc=$?
	equal "$want" $rc "status of '$*' ($(cat $T/err))"
	equal "" "$(cat $T/out)" "output of '$*'"
	match "$regex" "$(cat $T/err)"
	grep -q '^netns-pam: \|^usage: netns-pam ' $T/err
}

json() { # json FILTER: of status
	netns-pam status --json | jq -re "$1"
}

# on_terminal CMD: its output on a terminal
on_terminal() { TERM=xterm script -qec "$1" /dev/null </dev/null; }

ESC=$'\e'

# ---- status

@test "status without sessions: says so, as text and JSON" {
	run netns-pam status
	equal 0 "$status" status
	match 'No namespace' "$output"
	match 'No session' "$output"
	equal '{"namespaces":[],"sessions":[]}' \
		"$(netns-pam status --json | jq -c .)"
}

@test "status: lists the namespace and the session of a login" {
	ssh_hold a alice
	run netns-pam status
	equal 0 "$status" status
	match 'NAMESPACE +STATE +LINK +USER +ADDRESSES' "${lines[0]}"
	match 'blue +in use +nat +- +10\.213\.[0-9./]+ fd6e:6574:6e73:[0-9a-f:/]+ +1 ' "$output"
	match 'alice +sshd +.*127\.0\.0\.1 +[0-9]+ +blue ' "$output"

	equal blue "$(json '.namespaces[0].section')"
	equal nat "$(json '.namespaces[0].link')"
	equal shared "$(json '.namespaces[0].scope')"
	equal processes "$(json '.namespaces[0].lifetime')"
	equal true "$(json '.namespaces[0] | .user == null and .uid == null')"
	equal 1 "$(json '.namespaces[0].sessions')"
	equal "$(ns_of blue)" "$(json '.namespaces[0].inode')"
	ip link show "$(json '.namespaces[0].host_interface')"
	equal "$(ip netns exec blue ip -j -4 address show eth0 |
		jq -r '.[0].addr_info[0] | "\(.local)/\(.prefixlen)"')" \
		"$(json '.namespaces[0].addresses[0]')"
	[ $(($(date +%s) - $(json '.namespaces[0].since'))) -le 60 ]

	equal alice "$(json '.sessions[0].user')"
	equal "$(id -u alice)" "$(json '.sessions[0].uid')"
	equal sshd "$(json '.sessions[0].service')"
	equal 127.0.0.1 "$(json '.sessions[0].rhost')"
	equal blue "$(json '.sessions[0].namespace')"
	match "^sshd(-session)?\$" "$(cat "/proc/$(json '.sessions[0].pid')/comm")"
	[ $(($(date +%s) - $(json '.sessions[0].since'))) -le 60 ]
	ssh_end a
}

@test "status --debug: prints the state of the daemon without control bytes" {
	local out
	ssh_hold a alice
	netns-pam up own --user frank
	out=$(netns-pam status --debug)
	match "daemon: version [0-9.]+, process $(cat $T/helper.pid), " "$out"
	match "namespace blue: id [0-9]+, state live, link nat, inode $(ns_of blue), sessions 1, waiters 0" "$out"
	match 'namespace own\.frank: .* state live.* pinned' "$out"
	match "session $(json '.sessions[0].id'): namespace blue, user alice, .* service sshd, process $(json '.sessions[0].pid') runs" "$out"
	match "connection [0-9]+: process $(json '.sessions[0].pid'), session " "$out"
	[[ $out != *[$'\x01'-$'\x09\x0b'-$'\x1f']* ]]
	says 'usage: .*status' 2 netns-pam status --debug --json
	netns-pam down own --user frank
	ssh_end a
}

@test "status: a namespace of one user names the user" {
	ssh_hold f frank
	equal own.frank "$(json '.namespaces[0].name')"
	equal own "$(json '.namespaces[0].section')"
	equal frank "$(json '.namespaces[0].user')"
	equal "$(id -u frank)" "$(json '.namespaces[0].uid')"
	equal user "$(json '.namespaces[0].scope')"
	match 'own\.frank +in use +nat +frank ' "$(netns-pam status)"
	ssh_end f
}

@test "status: the traffic is that of the namespace" {
	netns-pam up green
	local rx tx
	rx=$(json '.namespaces[0].rx_bytes')
	tx=$(json '.namespaces[0].tx_bytes')
	netns-pam exec green -- bash -c \
		'for i in {1..20}; do printf "%01000d" 0 >/dev/udp/192.0.2.80/9; done'
	echo "tx $tx, then $(json '.namespaces[0].tx_bytes')"
	[ "$(json '.namespaces[0].tx_bytes')" -ge $((tx + 20000)) ]
	netns-pam exec green -- $PROBE tcp 192.0.2.80 80 3
	[ "$(json '.namespaces[0].rx_bytes')" -gt "$rx" ]
	netns-pam down green
}

@test "status --json: exactly the keys of netns-pam(8)" {
	local page=$TOP/man/netns-pam.8
	ssh_hold a alice
	equal "$(sed -n '/^A namespace:/,/^\.El/s/^\.It Li \([a-z_]*\) Ta.*/\1/p' "$page" | sort)" \
		"$(json '.namespaces[0] | keys[]')"
	equal "$(sed -n '/^A session:/,/^\.El/s/^\.It Li \([a-z_]*\) Ta.*/\1/p' "$page" | sort)" \
		"$(json '.sessions[0] | keys[]')"
	ssh_end a
}

@test "colours on a terminal only, not with NO_COLOR or TERM=dumb" {
	netns-pam up green
	[[ $(on_terminal 'netns-pam status') == *$ESC* ]]
	[[ $(netns-pam status) != *$ESC* ]]
	[[ $(NO_COLOR=1 on_terminal 'netns-pam status') != *$ESC* ]]
	[[ $(on_terminal 'TERM=dumb netns-pam status') != *$ESC* ]]
	[[ $(on_terminal 'netns-pam status --json') != *$ESC* ]]
	netns-pam down green
}

@test "output that cannot be written: the command fails" {
	netns-pam status >/dev/full 2>$T/err && false
	match 'No space left' "$(cat $T/err)"
	netns-pam status --json >/dev/full 2>$T/err && false
	match 'No space left' "$(cat $T/err)"
}

# ---- up and down

@test "up creates the namespace, a second up changes nothing, down removes it" {
	netns-pam up green
	ip netns list | grep -qw green
	lands green "$(ip netns exec green stat -Lc %i /proc/self/ns/net)"
	ip netns exec green $PROBE tcp 192.0.2.80 80 3
	local inode
	inode=$(ns_of green)
	netns-pam up green
	equal "$inode" "$(ns_of green)" "inode after a second up"
	netns-pam down green
	[ ! -e /run/netns/green ]
	says "green" 1 netns-pam down green
}

@test "login after up: in the namespace that up created" {
	netns-pam up green
	local inode
	inode=$(ns_of green)
	equal "$inode" "$(ssh_as bob "$SHOW_NS")"
	wait_until 5 netns-pam down green
}

@test "scope = user: --user selects the user" {
	says "user" 1 netns-pam up own
	netns-pam up own --user frank
	[ -e /run/netns/own.frank ]
	equal "$(ns_of own.frank)" "$(ssh_as frank "$SHOW_NS")"
	netns-pam up --user bob own
	[ -e /run/netns/own.bob ]
	equal 1 "$(find /run/netns -name own.bob | wc -l)"
	netns-pam down own --user bob
	[ ! -e /run/netns/own.bob ]
	[ -e /run/netns/own.frank ]
	netns-pam down own --user frank
}

@test "scope = session: up is refused" {
	says "session" 1 netns-pam up visit
	says "session" 1 netns-pam up visit --user alice
}

@test "up and down with an invalid name: refused" {
	says "nosuch" 1 netns-pam up nosuch
	says "nosuch" 1 netns-pam down nosuch
	says "no such user.*ghost" 1 netns-pam up own --user ghost
	local bad
	for bad in "" . .. a/b -x "a b" $'a\nb' "$(printf 'a%.0s' {1..65})" ../x é; do
		says "name" 1 netns-pam up -- "$bad"
		says "name" 1 netns-pam down -- "$bad"
		says "name" 1 netns-pam exec -- "$bad" true
	done
}

@test "down with a session open: refused; --force disconnects it" {
	ssh_hold b bob
	local inode
	inode=$(ns_of green)
	says "session" 1 netns-pam down green
	equal "$inode" "$(ns_of green)"
	equal "$inode" "$(ssh_as bob "$SHOW_NS")" "namespace after the refusal"
	netns-pam down green --force
	[ ! -e /run/netns/green ]
	ssh_end b
}

@test "F69 external namespace: joined and never removed" {
	ip netns add outer
	local inode
	inode=$(ns_of outer)
	equal "$inode" "$(netns-pam exec outer -- stat -Lc %i /proc/self/ns/net)"
	netns-pam down outer || true
	netns-pam down outer --force || true
	equal "$inode" "$(ns_of outer)"
	equal 1 "$(ip -n outer -o link | wc -l)" "links in it"
	ip netns del outer
}

# ---- exec

@test "exec: runs inside, as a session sees it" {
	netns-pam up blue
	equal "$(ns_of blue)" \
		"$(netns-pam exec blue -- stat -Lc %i /proc/self/ns/net)"
	run netns-pam exec blue cat /etc/resolv.conf
	match 'nameserver 192\.0\.2\.53' "$output"
	match 'search example\.net' "$output"
	equal blue "$(netns-pam exec blue printenv NETNS_PAM_NAMESPACE)"
	equal "eth0 lo" "$(netns-pam exec blue ls /sys/class/net | xargs)"
	netns-pam exec blue test -d /sys/fs/cgroup/unified -o \
		-e /sys/fs/cgroup/cgroup.procs
	equal 192.0.2.80 "$(netns-pam exec blue getent ahostsv4 www.example.net |
		awk '{print $1; exit}')"
	equal "nameserver 127.0.0.1" "$(cat /etc/resolv.conf)" "the host's file"
	netns-pam down blue
}

@test "exec without a namespace: creates it and leaves nothing" {
	match "inet 10\.213\." "$(netns-pam exec green ip address show eth0)"
}

@test "exec: exit status of the program, 126 and 127 as env(1)" {
	netns-pam up green
	local rc
	for rc in 0 1 2 7 126 127 255; do
		run netns-pam exec green -- sh -c "exit $rc"
		equal $rc "$status" status
	done
	run netns-pam exec green -- sh -c 'kill -TERM $$'
	equal 143 "$status" "status of a killed program"
	says "nosuch" 127 netns-pam exec green -- nosuch-program
	says "Permission denied" 126 netns-pam exec green -- /etc/passwd
	netns-pam down green
}

@test "exec: arguments, input and output are unchanged" {
	netns-pam up green
	equal '[a b][--user][][*]' \
		"$(netns-pam exec green printf '[%s]' 'a b' --user '' '*')"
	equal '-n' "$(netns-pam exec green -- printf '%s' -n)"
	equal "through" "$(echo through | netns-pam exec green cat)"
	run --separate-stderr netns-pam exec green -- sh -c 'echo o; echo e >&2'
	equal o "$output"
	# shellcheck disable=SC2154 # set by run
	equal e "$stderr"
	netns-pam down green
}

@test "F45 exec: no descriptor is passed to the program" {
	netns-pam up blue
	# the descriptors of bats, and the one that reads the folder
	local list=(python3 -c 'import os; print(*sorted(os.listdir("/proc/self/fd")))')
	equal "$("${list[@]}")" "$(netns-pam exec blue -- "${list[@]}")"
	netns-pam down blue
}

@test "exec --user: all ids and groups of that user, inside" {
	groupadd -f ctlgroup
	usermod -a -G ctlgroup bob
	netns-pam up green
	local as=(netns-pam exec green --user bob --)
	equal bob "$("${as[@]}" id -un)"
	equal "$(id -G bob)" "$("${as[@]}" id -G)"
	equal "bob bob /home/bob /bin/bash" "$("${as[@]}" sh -c \
		'echo $USER $LOGNAME $HOME $SHELL')"
	equal "$(ns_of green)" "$("${as[@]}" stat -Lc %i /proc/self/ns/net)"
	equal "0000000000000000" \
		"$("${as[@]}" awk '/CapEff|CapPrm/ {print $2; exit}' /proc/self/status)"
	equal "$(id -u bob)" "$("${as[@]}" awk '/^Uid/ {print $4}' /proc/self/status)"
	refuses "${as[@]}" cat /etc/shadow
	equal bob "$(netns-pam exec --user bob green id -un)"
	says "no such user.*ghost" 1 netns-pam exec green --user ghost id
	netns-pam down green
}

@test "exec --user: no environment and no directory of root" {
	netns-pam up green
	local as=(env SECRET=s3cret LD_LIBRARY_PATH=/root BASH_ENV=/root/x MAIL=/m
		PATH=/root/bin:/usr/sbin:/usr/bin:/bin TERM=vt100 LANG=C.UTF-8
		LC_TIME=C XDG_RUNTIME_DIR=/run/user/0 netns-pam exec green)
	cd /root
	equal "$(sort <<-'X'
		HOME=/home/bob
		LANG=C.UTF-8
		LC_TIME=C
		LOGNAME=bob
		NETNS_PAM_NAMESPACE=green
		PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games
		SHELL=/bin/bash
		TERM=vt100
		USER=bob
	X
	)" "$("${as[@]}" --user bob -- env | sort)" "environment"
	equal /home/bob "$("${as[@]}" --user bob -- pwd)"
	# the program is searched with the user's rights
	install -D -m 755 /bin/true /root/bin/only-roots
	says "only-roots" 127 "${as[@]}" --user bob -- only-roots
	rm -r /root/bin
	# no home, or one that the user may not enter: /
	usermod -d /nonexistent bob
	equal / "$("${as[@]}" --user bob -- pwd)"
	usermod -d /root bob
	equal / "$("${as[@]}" --user bob -- pwd)"
	usermod -d /home/bob bob
	# --user root changes the environment as well; without --user it stays
	match ':/usr/sbin:' "$("${as[@]}" --user root -- printenv PATH)"
	refuses "${as[@]}" --user root -- printenv SECRET
	equal s3cret "$("${as[@]}" -- printenv SECRET)"
	equal /root "$("${as[@]}" -- pwd)"
	netns-pam down green
}

@test "exec with scope = user and no --user: refused" {
	says "user" 1 netns-pam exec own id
	equal frank "$(netns-pam exec own --user frank id -un)"
	says "nosuch" 1 netns-pam exec nosuch id
}

# ---- reload

@test "reload: a changed policy is applied" {
	says "fresh" 1 netns-pam up fresh
	printf '[namespace fresh]\nlink = none\n' |
		write_policy $DROPINS/60-fresh.conf
	netns-pam reload
	netns-pam up fresh
	[ -e /run/netns/fresh ]
	netns-pam down fresh
	rm $DROPINS/60-fresh.conf
	netns-pam reload
	says "fresh" 1 netns-pam up fresh
}

@test "F26 reload of an invalid policy: the error has the line, the last valid one stays" {
	local bad=$DROPINS/60-bad.conf
	printf '[namespace x]\nlink = natt\n[rule y]\nnamespce = x\n' |
		write_policy $bad
	says "60-bad\.conf:2: " 1 netns-pam reload
	match "60-bad\.conf:4: " "$(cat $T/err)"
	su_lands alice blue
	equal 0 "$(netns-pam exec green sh -c 'echo 0')"
	rm $bad
	netns-pam reload
}

# ---- kick

@test "kick: ends one session only" {
	ssh_hold a alice -tt
	ssh_hold b bob
	local id
	id=$(json '.sessions[] | select(.user == "alice") | .id')
	run netns-pam kick "$id"
	equal 0 "$status" status
	match "session $id" "$output"
	wait_until 5 gone "$(cat $T/hold.a.pid)"
	alive "$(cat $T/hold.b.pid)"
	equal bob "$(json '.sessions[].user')"
	ssh_end b
}

# Pids of a user's processes, without zombies.
processes_of() { ps -o pid=,stat= -u "$1" | awk '$2 !~ /^Z/ {print $1}'; }
no_process_of() { [ -z "$(processes_of "$1")" ]; }

@test "kick of su: ends its command and closes the session" {
	spawn $T/su.log su bob -c 'echo in; exec sleep 1000' >$T/su.pid
	wait_until 10 grep -q in $T/su.log
	[ -n "$(processes_of bob)" ]
	run netns-pam kick "$(json '.sessions[] | select(.service == "su") | .id')"
	equal 0 "$status" status
	match "ended at SIGTERM" "$output"
	gone "$(cat $T/su.pid)"
	no_process_of bob
	wait_until 5 no_names
}

@test "kick of su: ends a shell on its terminal that ignores SIGTERM" {
	cat >$T/su.exp <<-'X'
		set timeout 60
		spawn su - bob
		expect -re {\$ $}
		send "echo at=\$\$.\r"
		expect -re {at=([0-9]+)\.}
		expect eof
	X
	spawn $T/su.log expect $T/su.exp >$T/su.pid
	wait_until 15 grep -q 'at=[0-9]' $T/su.log
	local shell id
	shell=$(sed -n 's/.*at=\([0-9]*\)\..*/\1/p' $T/su.log | head -n 1)
	equal bash "$(cat "/proc/$shell/comm")"
	id=$(json '.sessions[] | select(.user == "bob") | .id')
	run netns-pam kick "$id"
	equal 0 "$status" status
	# su(1) kills the shell, and the kernel ends it a moment later
	wait_until 5 gone "$shell"
	wait_until 5 no_process_of bob
	wait_until 5 gone "$(cat $T/su.pid)"
}

@test "kick of a stopped process: SIGKILL, the shell may stay" {
	spawn $T/su.log su bob -c 'echo in; exec sleep 1000' >$T/su.pid
	wait_until 10 grep -q in $T/su.log
	local id start took
	id=$(json '.sessions[] | select(.service == "su") | .id')
	freeze "$(cat $T/su.pid)"
	start=$(now_ms)
	run netns-pam kick "$id"
	took=$(($(now_ms) - start))
	equal 0 "$status" status
	match "ended at SIGKILL" "$output"
	[ $took -ge 4900 ] && [ $took -le 9000 ] || fail "took $took ms"
	gone "$(cat $T/su.pid)"
	# netns-pam(8) documents that it may stay
	processes_of bob | xargs kill
}

@test "kick of an unknown session: refused" {
	says "999999" 1 netns-pam kick 999999
	local bad
	for bad in "" 0 -1 1x x 18446744073709551616 " 1" +1; do
		says "session" 2 netns-pam kick -- "$bad"
	done
}

# ---- all commands

@test "option of another command: named, status 2" {
	says "up has no option --json" 2 netns-pam up green --json
	says "status has no option --force" 2 netns-pam status --force
}

@test "invalid command line: status 2 and the usage" {
	local line
	while read -r line; do
		# shellcheck disable=SC2086
		says "usage: netns-pam ${line%% *} " 2 netns-pam $line
	done <<-'X'
		status extra
		status --nosuch
		status --json=1
		up
		up a b
		up --force green
		up green --user
		down
		down a b
		down --json green
		exec
		exec green
		exec green --
		exec --user bob
		exec --nosuch green true
		reload now
		reload --force
		kick
		kick 1 2
		kick --force
	X
}

@test "no daemon runs: each command names the unit to start" {
	stop_helper
	local line
	for line in "${COMMANDS[@]}"; do
		# shellcheck disable=SC2086
		says "netns-pamd is not running.*systemctl start netns-pamd.socket" \
			1 netns-pam $line
	done
	rm -f $STATE/helper.sock
	says "no socket at /run/netns-pam/helper.sock" 1 netns-pam status
	start_helper
}

@test "not root: each command says that root is required" {
	local line
	for line in "${COMMANDS[@]}"; do
		# shellcheck disable=SC2086
		says "permission denied.*root" 1 as_user carol /usr/sbin/netns-pam $line
	done
}

@test "F30 daemon hangs: the command fails after ten seconds" {
	local start
	freeze "$(helper_pid)"
	start=$(now_ms)
	says "did not answer|takes no connection" 1 netns-pam status
	[ $(($(now_ms) - start)) -ge 9500 ]
	[ $(($(now_ms) - start)) -le 12000 ]
	thaw "$(helper_pid)"
	netns-pam status
}

@test "--socket and --config: other paths are used" {
	says "/nowhere/helper\.sock" 1 netns-pam --socket /nowhere/helper.sock status
	printf '[rule broken\n' >$T/other.conf
	says "other\.conf:1" 1 netns-pam --config $T/other.conf reload
}
