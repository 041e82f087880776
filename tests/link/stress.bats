#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# At the same time: logins end or are killed, programs are slow or fail, the
# policy changes, the daemon is killed. Afterwards nothing is left.

load ../lib

ROUNDS=${NETNS_PAM_STRESS:-24}

setup_file() {
	common_setup_file
	install -d $T/hooks
}
setup() { common_setup; }
teardown() {
	undone
	ensure_helper
	standard_policy | put_policy
	common_teardown
}

# Waits a little, then fails one time in six; sometimes it ignores SIGTERM.
make_hooks() {
	cat >$T/hooks/any <<-'X'
		#!/bin/bash
		[ $((RANDOM % 5)) != 0 ] || trap '' TERM
		echo "$NETNS_PAM_EVENT $NETNS_PAM_NAMESPACE" >>/tmp/t/hooks/log
		sleep 0.$((RANDOM % 4))$((RANDOM % 10))
		[ $((RANDOM % 12)) != 0 ] || exec sleep 60
		[ $((RANDOM % 6)) != 0 ]
	X
	chmod 755 $T/hooks/any
}

stress_policy() { # stress_policy N: a different one for each N
	cat <<-X
		[options]
		timeout = 2s
		[rule alice]
		users = alice
		namespace = tree
		[rule bob]
		users = bob
		namespace = each
		[rule dave]
		users = dave
		namespace = jail
		[rule erin]
		users = erin
		namespace = fixed
		[rule frank]
		users = frank
		namespace = own
		[namespace tree]
		link = nat
		mtu = $((1400 + $1 % 3))
		up = $T/hooks/any
		down = $T/hooks/any
		[namespace each]
		link = nat
		scope = session
		up = $T/hooks/any
		[namespace jail]
		link = none
		sysctl.net.ipv4.ip_default_ttl = $((60 + $1 % 2))
		down = $T/hooks/any
		[namespace fixed]
		link = routed
		address = 10.9.0.2/24
		down = $T/hooks/any
		$([ $(($1 % 4)) != 0 ] || echo 'ready = interface:never0')
		[namespace own]
		link = nat
		scope = user
		lifetime = sessions
		ready = route
		down = $T/hooks/any
	X
}

# Logs a user in repeatedly for a moment; some logins are killed.
log_in() { # log_in USER
	local pid
	until [ -e $T/over ]; do
		echo >>$T/logins
		su "$1" -c "sleep 0.$((RANDOM % 3))" >/dev/null 2>&1 </dev/null &
		pid=$!
		sleep 0.$((RANDOM % 5))
		[ $((RANDOM % 3)) != 0 ] || kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
}

no_sessions() { [ -z "$(ls $STATE/sessions)" ]; }
no_hooks() { ! pgrep -f "^/bin/bash $T/hooks/any" >/dev/null; }

@test "F58 F62 F71 logins, programs and policies at random, daemon killed at random: nothing is left" {
	local n u pids=() logs=$T/stress.log
	make_hooks
	: >$logs
	stress_policy 1 | put_policy
	: >$T/logins
	rm -f $T/over
	for u in alice bob dave erin frank; do
		for _ in 1 2 3; do
			log_in $u 3>&- 4>&- &
			pids+=($!)
		done
	done
	undo touch $T/over
	for ((n = 1; n <= ROUNDS; n++)); do
		# some logins later
		wait_until 30 longer $T/logins $(($(wc -l <$T/logins) + RANDOM % 12 + 1))
		case $((RANDOM % 8)) in
		0 | 1) stress_policy $n | write_policy ;;
		2) netns-pam down tree --force >/dev/null 2>&1 || true ;;
		3) timeout 5 netns-pam up jail >/dev/null 2>&1 || true ;;
		4) ip netns delete tree 2>/dev/null || true ;;
		5) netns-pam status >/dev/null || true ;;
		*)
			if [ $((RANDOM % 2)) = 0 ]; then
				stop_helper KILL
			else
				stop_helper
			fi
			cat $T/helper.log >>$logs
			start_helper
			;;
		esac
	done
	touch $T/over
	wait "${pids[@]}" || true
	netns-pam down jail >/dev/null 2>&1 || true
	helper_clean
	not grep -E 'Sanitizer|runtime error:' $logs
	alive "$(helper_pid)"
	wait_until 15 no_names
	wait_until 15 no_links
	wait_until 5 no_sessions
	wait_until 5 no_hooks
	# and logins work
	standard_policy | put_policy
	for u in alice bob dave erin; do ssh_as $u true; done
	su_lands alice blue
	stop_helper
	start_helper
}
