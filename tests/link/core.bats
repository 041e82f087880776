#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces whose start or end takes time: what must be true until it has ended.

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
teardown() {
	undone
	netns-pam down blue >/dev/null 2>&1 || true
	link_teardown
}

lines() { [ "$(wc -l 2>/dev/null <"$2")" = "$1" ]; }

@test "F68 an up program that deletes its own namespace and link: the login is refused, the daemon survives" {
	local n
	# the daemon gets all events at once
	hook up <<-'X'
		pid=$(cat /tmp/t/helper.pid)
		kill -STOP $pid
		ip netns delete "$NETNS_PAM_NAMESPACE"
		setsid bash -c "until grep -q '^State:.Z' /proc/$$/status; do :; done
			kill -CONT $pid" >/dev/null 2>&1 &
		exit 0
	X
	for n in none nat; do
		BLUE="link = $n" LIMIT=2s policy_with "up = $T/hooks/up"
		refuses timeout 10 su alice -c true
		alive "$(helper_pid)"
		not_there blue
	done
}

@test "namespace replaced while its predecessor ends: the successor is not removed with it" {
	hook down <<<'until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done'
	policy_with "down = $T/hooks/down"
	su_runs alice true
	wait_until 5 in_status 'blue .*closing'
	LIMIT=2s policy_with 'ready = interface:never0'
	su_waits next alice true
	touch $T/hooks/go
	wait_until 5 gone "$(cat $T/next.pid)"
	in_log 'blue was not ready within .* the interface never0 to be up'
}

@test "F71 static address, logins in succession: each gets it" {
	local n
	policy_with "address = 10.9.0.2/24"
	for n in 1 2 3 4 5 6 7 8 9 10; do
		su_runs alice true
		# about half of them arrive while the namespace ends
		[ $((n % 2)) = 0 ] || wait_until 5 not_there blue
	done
}

@test "replaced namespace: its down program runs after its last session" {
	hook down <<<'echo "$NETNS_PAM_EVENT" >>/tmp/t/hooks/ran'
	policy_with "down = $T/hooks/down"
	ssh_hold a alice
	policy_with "down = $T/hooks/down" 'mtu = 1400'
	su_lands alice blue
	wait_until 5 lines 1 $T/hooks/ran
	ssh_end a
	wait_until 5 lines 2 $T/hooks/ran
	wait_until 5 no_links
}

@test "F58 daemon killed during down: the next daemon runs it again, to its end" {
	local one
	hook down <<-'X'
		echo begun >>/tmp/t/hooks/ran
		sleep 1000 & echo $! >/tmp/t/hooks/sleeper
		until [ -e /tmp/t/hooks/go ]; do sleep 0.05; done
		echo done >>/tmp/t/hooks/ran
		kill %1
	X
	policy_with "down = $T/hooks/down" 'lifetime = forever'
	su_runs alice true
	spawn $T/down.log netns-pam down blue >$T/down.pid # it waits for the hook
	wait_until 5 test -s $T/hooks/sleeper
	one=$(cat $T/hooks/sleeper)
	stop_helper KILL
	wait_until 5 gone "$(cat $T/down.pid)"
	start_helper
	wait_until 5 lines 2 $T/hooks/ran
	wait_until 5 gone "$one"
	# the next login does not join the namespace that ends
	su_waits next alice "$PROBE tcp 192.0.2.80 80 && echo web"
	touch $T/hooks/go
	wait_until 5 gone "$(cat $T/next.pid)"
	match web "$(cat $T/next.log)"
	equal 3 "$(wc -l <$T/hooks/ran)"
	netns-pam down blue
	wait_until 5 not_there blue
}

@test "program ended by the daemon: its descendants are ended too" {
	local f
	hook up <<-'X'
		bash -c 'trap "" TERM; echo $$ >/tmp/t/hooks/deaf; sleep 1000; sleep 1000' &
		until [ -s /tmp/t/hooks/deaf ]; do sleep 0.05; done
		[ -e /tmp/t/hooks/fail ] && exit 1
		wait
	X
	LIMIT=1s policy_with "up = $T/hooks/up"
	refuses timeout 10 su alice -c true
	wait_until 5 gone "$(cat $T/hooks/deaf)"
	rm $T/hooks/deaf
	touch $T/hooks/fail
	refuses timeout 10 su alice -c true
	wait_until 5 gone "$(cat $T/hooks/deaf)"
}

@test "F62 daemon stopped while logins wait for up and down: each client gets an answer" {
	local one
	hook up <<<'echo x >/tmp/t/hooks/up.began; sleep 1000'
	LIMIT=8s policy_with "up = $T/hooks/up"
	one=$(spawn $T/one.log su alice -c true)
	wait_until 5 test -s $T/hooks/up.began
	stop_helper
	wait_until 2 gone "$one"
	wait_until 5 grep -q 'being stopped' $T/syslog
	start_helper
	wait_until 5 not_there blue
	hook down <<<'echo x >/tmp/t/hooks/down.began; sleep 1000'
	LIMIT=8s policy_with "down = $T/hooks/down"
	su_runs alice true
	wait_until 5 test -s $T/hooks/down.began
	su_waits two alice true
	stop_helper
	wait_until 2 gone "$(cat $T/two.pid)"
	hook down <<<'exit 0'
	start_helper
	wait_until 8 not_there blue
}

@test "F57 up program in another user's directory, or behind a link of theirs: not run" {
	install -d -o alice /home/alice/bin
	hook up <<<'touch /tmp/t/hooks/ran'
	cp $T/hooks/up /home/alice/bin/up
	chown root /home/alice/bin/up
	policy_with 'up = /home/alice/bin/up'
	chmod 755 /home/alice
	refuses timeout 10 su alice -c true
	in_log 'up. program .*/home/alice/bin/up: others than root can replace files in the directory /home/alice/bin'
	# a directory that the daemon may not read
	chmod 700 /home/alice
	refuses timeout 10 su alice -c true
	in_log 'up. program .*: others than root can replace files in the directory /home/alice:'
	ln -s /home/alice/bin/up $T/hooks/link
	policy_with "up = $T/hooks/link"
	refuses timeout 10 su alice -c true
	[ ! -e $T/hooks/ran ]
	ln -sf $T/hooks/up $T/hooks/link
	su_lands alice blue
	[ -e $T/hooks/ran ]
	rm -rf /home/alice/bin
}
