#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many logins at once and in succession, and processes killed at random.

load ../lib

setup_file() {
	common_setup_file
	# A login that takes milliseconds.
	cat >$T/login.sh <<-'X'
		#!/bin/bash
		su "$1" -c 'stat -Lc %i /proc/self/ns/net /run/netns/'"$2" 2>&1 | xargs
	X
	chmod 755 $T/login.sh
}
setup() { common_setup; }
teardown() {
	undone
	ensure_helper
	common_teardown
}

# the same inode twice: that of the session and that of the name
same_pair() {
	local a b
	read -r a b <<<"$1"
	[ "$a" = "$b" ] && [[ $a =~ ^[0-9]+$ ]] || fail "not in it: $1"
}

@test "F20 20 first logins at once: all in one namespace" {
	local i round
	for round in 1 2 3 4 5; do
		for i in {1..20}; do
			rm -f $T/first.$i
			spawn $T/first.$i su alice -c "$SHOW_NS; $STAY" >$T/first.$i.pid
		done
		for i in {1..20}; do wait_until 20 test -s $T/first.$i; done
		for i in {1..20}; do
			equal "$(ns_of blue)" "$(cat $T/first.$i)" "login $i of round $round"
		done
		leave
		for i in {1..20}; do wait_until 20 gone "$(cat $T/first.$i.pid)"; done
		rm $T/leave
		nothing_left
	done
}

@test "F20 20 first ssh logins of five users at once: each in its namespace" {
	local i u ns pid pids=() users=(alice bob dave erin frank) names=(blue green jail street own.frank)
	for i in {0..19}; do
		rm -f $T/first.$i
		spawn $T/first.$i ssh -F $T/ssh_config "${users[i % 5]}@127.0.0.1" \
			"echo \$($SHOW_NS) \$\$; exec sleep 1000" >$T/first.$i.pid
	done
	for i in {0..19}; do
		wait_until 30 test -s $T/first.$i
		read -r ns pid <$T/first.$i
		equal "$(ns_of "${names[i % 5]}")" "$ns" "${users[i % 5]}"
		pids+=("$pid")
	done
	kill "${pids[@]}"
	for i in {0..19}; do wait_until 20 gone "$(cat $T/first.$i.pid)"; done
}

@test "F58 200 logins and logouts: nothing is left" {
	local i u users=(alice bob dave erin frank) names=(blue green jail street own.frank)
	for i in {0..189}; do
		same_pair "$($T/login.sh "${users[i % 5]}" "${names[i % 5]}")"
	done
	for i in {0..9}; do ssh_as "${users[i % 5]}" true; done
	nothing_left 30
}

@test "F80 many logins: the daemon's memory does not grow" {
	local i before after
	rss() { awk '/^VmRSS/ {print $2}' "/proc/$(helper_pid)/status"; }
	for i in {1..100}; do su alice -c true; done
	before=$(rss)
	for i in {1..400}; do su alice -c true; done
	after=$(rss)
	echo "before $before kB, after $after kB"
	[ $((after - before)) -lt 3000 ]
}

# A session that prints ten times a second that its network works.
hold_talking() {
	rm -f $T/talk
	spawn $T/talk ssh -F $T/ssh_config alice@127.0.0.1 \
		"echo pid \$\$; $SHOW_NS; while :; do probe tcp 198.51.100.80 80 1; sleep 0.1; done" >$T/talk.pid
	wait_until 15 grep -q server $T/talk
}
end_talking() {
	kill "$(cat $T/talk.pid)" "$(sed -n 's/^pid //p' $T/talk)"
	wait_until 10 gone "$(cat $T/talk.pid)"
}

longer_or_finished() { longer $T/logins "$1" || grep -q finished $T/logins; }

@test "F58 F62 daemon killed at random during 100 logins: each is refused or in its namespace" {
	local i ns landed kills=0
	hold_talking
	ns=$(ns_of blue)
	# Each login prints the inodes of its namespace and of the name; a session
	# in a namespace keeps its name.
	cat >$T/hundred.sh <<-'X'
		#!/bin/bash
		users=(alice bob dave erin frank)
		names=(blue green jail street own.frank)
		for i in {0..99}; do
			u=${users[i % 5]}
			out=$(timeout 20 su $u -c "stat -Lc %i /proc/self/ns/net /run/netns/${names[i % 5]} | xargs" 2>/dev/null) || out=refused
			echo "$u ${out:-refused}"
			[ "$out" != refused ] || sleep 0.05
		done
		echo finished
	X
	chmod 755 $T/hundred.sh
	spawn $T/logins $T/hundred.sh >/dev/null
	until grep -q finished $T/logins; do
		# a few logins later
		wait_until 30 longer_or_finished $(($(wc -l <$T/logins) + RANDOM % 4 + 1))
		stop_helper KILL
		start_helper
		kills=$((kills + 1))
	done
	echo "$kills kills"
	[ $kills -ge 3 ]
	awk '{print $1, ($2 == "refused") ? "refused" : "in"}' $T/logins | sort | uniq -c
	# no login is on the host: each is refused, or in the namespace of that name
	not grep -q " $(host_ns)" $T/logins
	equal 100 "$(grep -cE '^[a-z]+ ([0-9]+ [0-9]+|refused)$' $T/logins)" "logins"
	equal "" "$(awk 'NF == 3 && $2 != $3' $T/logins)" "logins elsewhere"
	landed=$(awk 'NF == 3' $T/logins | wc -l)
	[ "$landed" -ge 50 ] || fail "only $landed of 100 landed"
	# the open session continues, in the namespace with the name blue
	equal "$ns" "$(sed -n 2p $T/talk)" "the open session"
	equal "$ns" "$(ns_of blue)" "the name"
	not grep -vE '^(pid |)([0-9]+|server 198.*)$' $T/talk
	# the next login works and joins it
	equal "$ns" "$(su alice -c "$SHOW_NS")" "the next login"
	end_talking
	nothing_left 30
}

@test "F62 sessions ended while no daemon ran: the next daemon removes their namespaces" {
	ssh_hold a alice
	ssh_hold b frank
	stop_helper KILL
	ssh_end a
	ssh_end b
	there blue
	start_helper
	nothing_left 20
}

@test "F62 daemon restarted: an open session keeps its namespace" {
	local ns
	ssh_hold b frank
	ns=$(ns_of own.frank)
	stop_helper
	start_helper
	equal "$ns" "$(su frank -c "$SHOW_NS")"
	netns-pam status | grep -q own.frank
	ssh_end b
	wait_until 15 not_there own.frank
}

@test "F61 su killed at random during 100 logins: nothing is left" {
	local i pid
	for i in {1..100}; do
		pid=$(spawn $T/killed su alice -c 'sleep 0.05')
		sleep 0.0$((RANDOM % 4))$((RANDOM % 10))
		kill -KILL -- "-$pid" 2>/dev/null || true
	done
	same_pair "$($T/login.sh alice blue)"
	nothing_left 30
}

# a process that outlives its session
LEFT_BEHIND='setsid sleep 1000 & until [ "$(ps -o comm= -p $!)" = sleep ]; do :; done; echo $!'

@test "lifetime = sessions: processes left at the last logout are disconnected" {
	local ns pid
	rm -f $T/left
	spawn $T/left su frank -c "$LEFT_BEHIND" >$T/left.pid
	wait_until 10 test -s $T/left
	pid=$(cat $T/left)
	wait_until 15 not_there own.frank
	alive "$pid"
	wait_until 15 cut_off "$pid"
	kill "$pid"
}
# its link is set down on the host, and nothing is reached
cut_off() {
	! nsenter -n -t "$1" ip -o link show eth0 | grep -q LOWER_UP &&
		! nsenter -n -t "$1" $PROBE tcp 198.51.100.80 80 1
}

@test "F70 lifetime = processes: the namespace stays until its last process ends" {
	local pid
	rm -f $T/left
	spawn $T/left su alice -c "$LEFT_BEHIND" >$T/left.pid
	wait_until 10 test -s $T/left
	pid=$(cat $T/left)
	wait_until 10 gone "$(cat $T/left.pid)"
	logouts_are_over
	there blue
	equal "$(ns_of blue)" "$(stat -Lc %i "/proc/$pid/ns/net")" "the process left"
	same_pair "$($T/login.sh alice blue)"
	kill "$pid"
	wait_until 15 not_there blue
}

@test "lifetime = forever: stays until netns-pam down" {
	standard_policy | sed '/^\[namespace jail\]/a lifetime = forever' | put_policy
	same_pair "$($T/login.sh dave jail)"
	logouts_are_over
	there jail
	netns-pam down jail
	wait_until 10 not_there jail
	standard_policy | put_policy
}

@test "scope = session: each login gets a namespace of its own" {
	local a b
	standard_policy | sed '/^\[namespace own\]/,$ s/scope = user/scope = session/' | put_policy
	ssh_hold a frank
	ssh_hold b frank
	equal 2 "$(find /run/netns -name 'own.frank.[0-9]*' | wc -l)" "instances"
	ssh_end a
	ssh_end b
	wait_until 15 no_names
	standard_policy | put_policy
}

@test "F71 logins and logouts race for one name: each lands in the namespace" {
	local i
	spawn $T/race1 bash -c 'for i in {1..100}; do su alice -c "stat -Lc %i /proc/self/ns/net" || echo bad; done; echo finished' >/dev/null
	spawn $T/race2 bash -c 'for i in {1..100}; do su alice -c "stat -Lc %i /proc/self/ns/net" || echo bad; done; echo finished' >/dev/null
	wait_until 60 grep -q finished $T/race1
	wait_until 60 grep -q finished $T/race2
	not grep -q bad $T/race1
	not grep -q bad $T/race2
	not grep -qx "$(host_ns)" $T/race1 $T/race2
}
