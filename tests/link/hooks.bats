#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs `up` and `down`, and the conditions of `ready`: the login of the
# namespace waits for them, others do not, and a failure leaves nothing behind.

load ../lib
load link

setup_file() {
	common_setup_file
	install -d $T/hooks
}
setup() {
	common_setup
	rm -f $T/hooks/*
}
teardown() { link_teardown; }

no_records() { [ -z "$(ls $STATE/namespaces)" ]; }

# frank has a namespace of his own
MORE='[rule frank]
users = frank
namespace = own
[namespace own]
link = nat
scope = user'

@test "the example hooks.conf works unchanged" {
	local out
	install -d /etc/netns-pam
	install -m 755 "$TOP"/conf/examples/hooks/office-* /etc/netns-pam/
	groupadd -f office
	usermod -a -G office alice
	rm -f /run/office.log
	put_policy <"$TOP/conf/examples/hooks.conf"
	su_lands alice office
	out=$(su_runs alice "$PROBE tcp 192.0.2.80 80 1 && echo web
		$PROBE tcp 192.0.2.80 25 1; $PROBE tcp 198.51.100.80 80 1; true")
	equal web "$(grep web <<<"$out")"
	in_log 'office-up: office has 10\.213\.[0-9.]+ on eth0'
	refuses su_runs alice "ip route get 198.51.100.80"
	refuses su_runs alice "$PROBE tcp 198.51.100.80 80 1"
	equal "$(host_ns)" "$(su_runs bob "$SHOW_NS")"
	wait_until 5 grep -q 'office is empty' /run/office.log
	gpasswd -d alice office >/dev/null
	rm -rf /etc/netns-pam /run/office.log
}

@test "up runs as root on the host, with the namespace in its environment" {
	hook up <<-'X'
		env | grep -v ^PWD= | sort >/tmp/t/hooks/env
		{ id -u; readlink /proc/self/ns/net; pwd; ls /proc/self/fd | xargs; } >/tmp/t/hooks/self
		ip -n "$NETNS_PAM_NAMESPACE" route add blackhole 198.51.100.0/24
		nsenter --net="$NETNS_PAM_NETNS" ip -o link show "$NETNS_PAM_IFNAME" >/tmp/t/hooks/link
		echo "hello from up"
		echo "and its complaint" >&2
	X
	policy_with "up = $T/hooks/up" "address = 10.9.0.2/24"
	match 'blackhole 198.51.100.0/24' "$(su_runs alice 'ip route; cat /tmp/t/hooks/link >/dev/null')"
	equal "0 $(readlink /proc/1/ns/net) / 0 1 2 3 4" "$(xargs <$T/hooks/self)" "who and where"
	match ' eth0' "$(cat $T/hooks/link)"
	equal 'LANG=C.UTF-8
NETNS_PAM_ADDRESS4=10.9.0.2
NETNS_PAM_ADDRESS6=
NETNS_PAM_EVENT=up' "$(grep -E '^(LANG|NETNS_PAM_(A|E))' $T/hooks/env)"
	equal NETNS_PAM_NETNS=/run/netns/blue "$(grep ^NETNS_PAM_NETNS= $T/hooks/env)"
	equal NETNS_PAM_SECTION=blue "$(grep SECTION $T/hooks/env)"
	# the environment has no other variables
	equal "" "$(grep -vE '^(NETNS_PAM_|PATH=|LANG=|SHLVL=|_=)' $T/hooks/env)" "environment"
	in_log 'blue: `up` program .*: hello from up'
	in_log 'blue: `up` program .*: and its complaint'
}

@test "up runs once for each namespace, not for each login" {
	hook up <<<'echo x >>/tmp/t/hooks/count'
	policy_with "up = $T/hooks/up" 'lifetime = forever'
	su_runs alice true
	su_runs alice true
	equal 1 "$(wc -l <$T/hooks/count)" "runs"
	netns-pam down blue
}

@test "up fails: the login is refused with its output, everything is undone" {
	hook up <<-'X'
		ip -n "$NETNS_PAM_NAMESPACE" link add extra type bridge
		echo "the tree is too tall" >&2
		exit 3
	X
	policy_with "up = $T/hooks/up"
	su_fails alice
	grep -q "too tall" $T/refused $T/syslog $T/helper.log
	in_log 'cannot make the namespace blue: .*`up` program .*/up failed with status 3: the tree is too tall'
	wait_until 5 not_there blue
	wait_until 10 no_links
	# and the next login tries again
	hook up <<<'exit 0'
	su_lands alice blue
}

@test "up hangs: the login is refused at its time limit, other logins continue" {
	local pid
	hook up <<-'X'
		echo $$ >/tmp/t/hooks/pid
		trap '' TERM
		sleep 1000 & echo $! >/tmp/t/hooks/sleeper
		wait
	X
	LIMIT=3s policy_with "up = $T/hooks/up"
	pid=$(spawn $T/hang.log su alice -c true)
	wait_until 5 test -s $T/hooks/sleeper
	su_lands bob green
	su_lands frank own.frank
	alive "$pid" || fail "the login did not wait: $(cat $T/hang.log)"
	wait_until 5 gone "$pid"
	in_log 'blue was not ready within [23]\.[0-9] s: it still waits for the `up` program'
	# the program and its descendants are ended
	wait_until 5 gone "$(cat $T/hooks/pid)"
	wait_until 5 gone "$(cat $T/hooks/sleeper)"
	wait_until 5 not_there blue
}

@test "several logins wait for one up: all succeed" {
	local n pids=()
	hook up <<-'X'
		echo x >>/tmp/t/hooks/count
		until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done
	X
	policy_with "up = $T/hooks/up" 'lifetime = forever'
	for n in 1 2 3 4 5; do
		pids+=("$(spawn $T/many.$n su alice -c "$SHOW_NS")")
	done
	wait_until 5 test -s $T/hooks/count
	# netns-pam status during the start
	match 'blue .*making' "$(netns-pam status)"
	touch $T/hooks/go
	for n in "${pids[@]}"; do wait_until 5 gone "$n"; done
	equal 1 "$(wc -l <$T/hooks/count)" "runs"
	for n in 1 2 3 4 5; do lands blue "$(cat $T/many.$n)"; done
	netns-pam down blue
}

@test "one of several waiting logins ends: the others still wait" {
	local one
	hook up <<<'echo x >/tmp/t/hooks/begun; until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done'
	policy_with "up = $T/hooks/up"
	one=$(spawn $T/one.log su alice -c true)
	wait_until 5 test -e $T/hooks/begun
	su_waits two alice "$SHOW_NS; $STAY"
	kill -KILL "$one"
	wait_until 5 gone "$one"
	touch $T/hooks/go
	wait_until 5 test -s $T/two.log
	lands blue "$(head -n 1 $T/two.log)"
	leave
	wait_until 5 gone "$(cat $T/two.pid)"
}

@test "no login waits any longer: the start is given up" {
	local one
	hook up <<<'echo x >/tmp/t/hooks/begun; exec sleep 1000'
	policy_with "up = $T/hooks/up"
	one=$(spawn $T/one.log su alice -c true)
	wait_until 5 test -e $T/hooks/begun
	kill -KILL "$one"
	wait_until 5 in_log 'no login waits any more for the `up` program'
	wait_until 5 not_there blue
}

@test "F57 F28 up not owned by root, not executable or not absolute: refused" {
	hook up <<<'touch /tmp/t/hooks/ran'
	chmod 775 $T/hooks/up
	policy_with "up = $T/hooks/up"
	su_fails alice
	in_log 'writable by others'
	chmod 755 $T/hooks/up
	chown alice $T/hooks/up
	su_fails alice
	in_log 'must belong to root'
	chown root $T/hooks/up
	chmod 644 $T/hooks/up
	su_fails alice
	in_log 'not an executable file'
	rm $T/hooks/up
	su_fails alice
	in_log "up.*No such file"
	[ ! -e $T/hooks/ran ]
	not_there blue
	refuses netns-pam check <(printf '[namespace x]\nlink = nat\nup = bin/up\n')
}

@test "down runs after the last session, while the name exists" {
	hook down <<-'X'
		ip -n "$NETNS_PAM_NAMESPACE" -o link show eth0 >/tmp/t/hooks/said
		echo "$NETNS_PAM_EVENT $NETNS_PAM_USER $NETNS_PAM_UID" >>/tmp/t/hooks/said
	X
	MORE+=$'\n'"down = $T/hooks/down" policy_with
	su_runs frank 'exit 0'
	wait_until 5 grep -q "^down frank $(id -u frank)" $T/hooks/said
	match ' eth0' "$(head -n 1 $T/hooks/said)"
	wait_until 5 not_there own.frank
}

@test "down fails or hangs: everything is removed; a login waits until then" {
	hook down <<<'echo "no way" >&2; exit 1'
	policy_with "down = $T/hooks/down"
	su_runs alice true
	wait_until 5 in_log '`down` program .* failed with status 1: no way'
	wait_until 5 not_there blue
	hook down <<<'echo x >>/tmp/t/hooks/ends; until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done'
	su_runs alice true
	wait_until 5 test -e $T/hooks/ends
	su_waits next alice "$SHOW_NS; $STAY"
	in_status 'blue .*closing'
	touch $T/hooks/go
	wait_until 5 test -s $T/next.log
	lands blue "$(head -n 1 $T/next.log)"
	leave
	wait_until 5 gone "$(cat $T/next.pid)"
	wait_until 5 not_there blue
	# the time of down is limited as well
	hook down <<<'exec sleep 1000'
	LIMIT=1s policy_with "down = $T/hooks/down"
	su_runs alice true
	wait_until 8 in_log '`down` program .* took too long'
	wait_until 5 not_there blue
}

@test "F58 daemon killed during up: the next daemon undoes the start" {
	local n
	hook up <<<'echo $$ >/tmp/t/hooks/pid; exec sleep 1000'
	policy_with "up = $T/hooks/up"
	n=$(spawn $T/one.log su alice -c true)
	wait_until 5 test -s $T/hooks/pid
	there blue
	stop_helper KILL
	wait_until 10 gone "$n"
	start_helper
	wait_until 5 not_there blue
	wait_until 10 no_links
	# `up`, which did not end, is ended as well
	wait_until 5 gone "$(cat $T/hooks/pid)"
	# daemon killed during down: it is run again, to its end
	hook up <<<'exit 0'
	hook down <<<'[ ! -e /tmp/t/hooks/dpid ] || exit 0; echo $$ >/tmp/t/hooks/dpid; exec sleep 1000'
	policy_with "up = $T/hooks/up" "down = $T/hooks/down"
	su_runs alice true
	wait_until 5 test -s $T/hooks/dpid
	stop_helper KILL
	start_helper
	wait_until 5 not_there blue
	wait_until 5 gone "$(cat $T/hooks/dpid)"
}

@test "F58 daemon killed while it ends an up that ignores SIGTERM: the next daemon ends it" {
	local n
	hook up <<-'X'
		trap '' TERM
		echo $$ >/tmp/t/hooks/pid
		exec sleep 1000
	X
	policy_with "up = $T/hooks/up"
	n=$(spawn $T/one.log su alice -c true)
	wait_until 5 test -s $T/hooks/pid
	kill -KILL "$n"
	wait_until 5 in_log 'no login waits any more for the `up` program'
	stop_helper KILL
	alive "$(cat $T/hooks/pid)"
	start_helper
	wait_until 5 gone "$(cat $T/hooks/pid)"
	# it had the namespace open: the namespace is removed with it
	wait_until 5 no_links
	wait_until 5 no_records
}

@test "F58 F62 name deleted, daemon restarted: down runs as well" {
	hook down <<<'nsenter --net="$NETNS_PAM_NETNS" ip -o address show eth0 >>/tmp/t/hooks/said'
	policy_with "down = $T/hooks/down"
	ssh_hold a alice
	policy_with "down = $T/hooks/down" 'mtu = 1300'
	ssh_hold b alice
	ip -n blue link show eth0 | grep -q 'mtu 1300'
	stop_helper KILL
	start_helper
	[ ! -e $T/hooks/said ]
	ssh_end a
	wait_until 5 grep -q 'inet ' $T/hooks/said
	rm $T/hooks/said
	ssh_end b
	wait_until 5 grep -q 'inet ' $T/hooks/said
	wait_until 5 not_there blue
}

# waits CMD...: CMD does not end while `up` runs; it prints "yes" afterwards
waits() {
	local pid
	pid=$(spawn $T/hooks/wait.log "$@")
	wait_until 5 test -e $T/hooks/begun
	netns-pam status # the daemon answers other requests
	alive "$pid"
	[ ! -s $T/hooks/wait.log ]
	touch $T/hooks/go
	wait_until 5 gone "$pid"
	equal yes "$(cat $T/hooks/wait.log)"
}

@test "netns-pam up and exec wait for up, and print its error" {
	hook up <<<'echo x >/tmp/t/hooks/begun; until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done; echo x >/tmp/t/hooks/done'
	policy_with "up = $T/hooks/up"
	waits bash -c 'netns-pam up blue && [ -e /tmp/t/hooks/done ] && echo yes'
	netns-pam down blue
	rm $T/hooks/*.log $T/hooks/{begun,go,done}
	waits netns-pam exec blue -- bash -c '[ -e /tmp/t/hooks/done ] && echo yes'
	wait_until 5 not_there blue
	hook up <<<'echo "out of paint" >&2; exit 1'
	refuses netns-pam up blue
	match 'out of paint' "$(cat $T/refused)"
	refuses netns-pam exec blue -- true
	match 'out of paint' "$(cat $T/refused)"
}

# down_by_hand LOG NAME...: netns-pam down in the background; prints its pid. The
# exit status is in LOG.rc
down_by_hand() {
	local log=$1
	shift
	rm -f "$log.rc"
	spawn "$log" bash -c 'netns-pam down "${@:2}"; echo $? >"$1.rc"' - "$log" "$@"
}

by_hand() { [ "$(grep -c 'blue is taken down by hand' $T/helper.log)" = "$1" ]; }

@test "netns-pam down returns after down has run; other logins continue until then" {
	local blue again own before
	before=$(grep -c 'blue is taken down by hand' $T/helper.log) || true
	hook down <<-'X'
		echo x >>/tmp/t/hooks/began
		until [ -e /tmp/t/hooks/go.$NETNS_PAM_NAMESPACE ]; do sleep 0.05; done
		echo x >/tmp/t/hooks/ran.$NETNS_PAM_NAMESPACE
	X
	MORE+=$'\n'"down = $T/hooks/down" policy_with "down = $T/hooks/down"
	netns-pam up blue
	netns-pam up own --user frank
	blue=$(down_by_hand $T/blue.log blue)
	own=$(down_by_hand $T/own.log own --user frank)
	wait_until 5 sh -c "[ \$(wc -l <$T/hooks/began) = 2 ]"
	again=$(down_by_hand $T/again.log blue)
	wait_until 5 by_hand $((before + 2))
	su_lands bob green
	in_status 'blue .*closing'
	touch $T/hooks/go.own.frank
	wait_until 5 gone "$own"
	not_there own.frank
	equal 0 "$(cat $T/own.log.rc)"
	[ -e $T/hooks/ran.own.frank ]
	alive "$blue"
	alive "$again"
	there blue
	touch $T/hooks/go.blue
	wait_until 5 gone "$blue"
	not_there blue
	wait_until 5 gone "$again"
	equal "0 0" "$(cat $T/blue.log.rc $T/again.log.rc | xargs)"
	equal 2 "$(wc -l <$T/hooks/began)" "runs"
	refuses netns-pam down blue
}

@test "netns-pam down with a down that hangs: waits until it is ended, or reports that it still runs" {
	hook down <<<'trap "" TERM; echo x >/tmp/t/hooks/began; until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done'
	LIMIT=1s policy_with "down = $T/hooks/down"
	netns-pam up blue
	netns-pam down blue
	not_there blue
	in_log '`down` program .* took too long'
	# a down that was started under a longer time limit
	rm $T/hooks/began
	LIMIT=30s policy_with "down = $T/hooks/down"
	su_runs alice true
	wait_until 5 test -e $T/hooks/began
	LIMIT=1s policy_with "down = $T/hooks/down"
	refuses netns-pam down blue
	match "blue is still there after 4 s; it is removed when its .down. program $T/hooks/down has ended" "$(cat $T/refused)"
	there blue
	touch $T/hooks/go
	wait_until 5 not_there blue
}

@test "F62 daemon stopped during down: clients get an error, the next daemon runs it again" {
	local blue
	hook down <<<'echo x >>/tmp/t/hooks/began; [ -e /tmp/t/hooks/go ] || exec sleep 1000'
	policy_with "down = $T/hooks/down"
	netns-pam up blue
	blue=$(down_by_hand $T/blue.log blue)
	wait_until 5 test -e $T/hooks/began
	stop_helper TERM
	wait_until 5 gone "$blue"
	equal 1 "$(cat $T/blue.log.rc)"
	match 'netns-pamd is being stopped' "$(cat $T/blue.log)"
	touch $T/hooks/go
	start_helper
	wait_until 5 not_there blue
}

@test "scope = session, two logins at once: each waits for its own up" {
	hook up <<<'echo $NETNS_PAM_NAMESPACE >>/tmp/t/hooks/names; until [ "$(wc -l </tmp/t/hooks/names)" = 2 ]; do sleep 0.05; done'
	policy_with 'scope = session' "up = $T/hooks/up"
	spawn $T/s1 su alice -c "$SHOW_NS; $STAY" >$T/s1.pid
	spawn $T/s2 su alice -c "$SHOW_NS; $STAY" >$T/s2.pid
	wait_until 5 test -s $T/s1
	wait_until 5 test -s $T/s2
	[ "$(cat $T/s1)" != "$(cat $T/s2)" ]
	equal 2 "$(sort -u $T/hooks/names | wc -l)" "names"
	equal 2 "$(wc -l <$T/hooks/names)" "made"
	leave
	wait_until 5 gone "$(cat $T/s1.pid)"
	wait_until 5 gone "$(cat $T/s2.pid)"
}

@test "F20 ready = interface: the login continues when it is up, not before" {
	local pid
	policy_with "up = $T/hooks/up" 'ready = route, interface:br9'
	hook up <<-'X'
		setsid bash -c 'until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done
			ip -n blue link add br9 type veth peer name br8
			ip -n blue link set br8 up
			until [ -e /tmp/t/hooks/go2 ]; do sleep 0.05; done
			touch /tmp/t/hooks/almost
			ip -n blue link set br9 up' >/dev/null 2>&1 &
	X
	pid=$(spawn $T/wait.log su alice -c 'ls /tmp/t/hooks/almost')
	su_lands bob green
	alive "$pid"
	[ ! -s $T/wait.log ]
	touch $T/hooks/go
	wait_until 5 eval 'ip -n blue -o link show br8 | grep -q "[<,]UP"'
	# the interface exists and is not up: the daemon has been notified of that
	netns-pam status
	su_lands bob green
	alive "$pid"
	[ ! -s $T/wait.log ]
	touch $T/hooks/go2
	wait_until 5 gone "$pid"
	equal /tmp/t/hooks/almost "$(cat $T/wait.log)" "what the session saw"
}

@test "F20 ready never true: the login is refused at its time limit, naming the condition" {
	LIMIT=2s policy_with 'ready = interface:never0'
	su_fails alice
	in_log 'blue was not ready within [12]\.[0-9] s: it still waits for the interface never0 to be up'
	BLUE='link = routed' LIMIT=2s policy_with 'address = 10.9.0.2/24' 'ready = route'
	su_lands alice blue # the gateway is derived from the address: there is a default route
	not_there blue || wait_until 5 not_there blue
}
