#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Fail closed without locking anyone out: root and users without a rule log in
# in any state of the daemon and the policy; mapped users are refused in time.
# alone: it measures how long a login takes

load ../lib

setup_file() {
	common_setup_file
	echo 'ALL ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/t
	chmod 440 /etc/sudoers.d/t
}
setup() { common_setup; }
teardown() {
	undone
	rm -f $STATE/disable
	rm -rf $POLICY $POLICY.d
	mkdir -m 755 $POLICY.d
	standard_policy | write_policy
	ensure_helper
	netns-pam reload
	common_teardown
}

# Root and users without a rule log in, and do not wait for the daemon for 5 s.
others_get_in() {
	gets_in ssh_as root
	gets_in ssh_as carol
	gets_in su carol -c
	gets_in su root -c
	gets_in as_user carol sudo bash -c
}
gets_in() {
	local start
	start=$(now_ms)
	lands host "$("$@" "$SHOW_NS")"
	[ $(($(now_ms) - start)) -lt 4800 ] || fail "not at once: $*"
}

mapped_refused() {
	run su alice -c 'echo in'
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
}

# A mapped user is refused within the policy's 5 s and the time that su takes.
refused_in_time() {
	local start took
	start=$(now_ms)
	mapped_refused
	took=$(($(now_ms) - start))
	[ $took -le 8000 ] || fail "refused after $took ms"
}

@test "F29 daemon killed: unmapped users log in, mapped users are refused" {
	stop_helper KILL
	others_get_in
	mapped_refused
}

@test "F29 daemon stopped and socket removed: unmapped users log in, mapped users are refused" {
	stop_helper
	rm -f $STATE/helper.sock
	others_get_in
	mapped_refused
}

@test "F30 daemon hangs: unmapped users log in, mapped users are refused in time" {
	freeze "$(helper_pid)"
	others_get_in
	refused_in_time
	run ssh_as alice echo in
	[ "$status" != 0 ]
	thaw "$(helper_pid)"
	wait_until 10 su alice -c true
}

# programs_take USER: the time in ms that ssh, sudo and login on a terminal take
# until USER's command has run or is refused, in $took_PROGRAM. "in": it ran.
programs_take() {
	local p start
	for p in ssh sudo login; do
		start=$(now_ms)
		run "by_$p" "$1"
		printf -v "took_$p" %s $(($(now_ms) - start))
		# util-linux's login pauses for 5 s after it has refused
		if [[ $output =~ refused\ after\ ([0-9]+)\ ms ]]; then
			printf -v "took_$p" %s "${BASH_REMATCH[1]}"
		fi
		printf -v "out_$p" %s "$output"
	done
}
by_ssh() { ssh_as "$1" echo in-"side"; }
by_sudo() { timeout 20 sudo -u "$1" bash -c 'echo in-"side"'; }
by_login() { timeout 20 expect $T/login.exp "$1"; }

@test "F30 daemon hangs: ssh, sudo and login are refused in time" {
	local took_ssh took_sudo took_login out_ssh out_sudo out_login p was now
	cat >$T/login.exp <<-'X'
		set timeout 15
		set start [clock milliseconds]
		spawn $env(TOP)/tests/login/terminal.py login
		expect "login:" {send "[lindex $argv 0]\r"}
		expect "assword:" {send "secret\r"}
		expect {
			-re {@[^ ]*\$ $} {puts "in-side"; exec kill -9 [exp_pid]}
			"netns: unavailable" {
				puts "\nrefused after [expr {[clock milliseconds] - $start}] ms"
				exp_continue
			}
			eof {exit 0}
		}
	X
	# the time of the programs themselves, when the module does nothing
	programs_take carol
	for p in ssh sudo login; do
		now=out_$p
		match 'in-side' "${!now}"
		now=took_$p
		local "own_$p=${!now}"
	done
	freeze "$(helper_pid)"
	programs_take alice
	thaw "$(helper_pid)"
	for p in ssh sudo login; do
		now=out_$p
		not match 'in-side' "${!now}"
		was=own_$p now=took_$p
		echo "$p: ${!now} ms, ${!was} ms without"
		# the module waited, and not longer than its limit
		[ ${!now} -ge 4500 ] || fail "$p refused after ${!now} ms already"
		[ ${!now} -le $((8000 + ${!was})) ] || fail "$p refused after ${!now} ms"
	done
	wait_until 10 su alice -c true
}

@test "F30 daemon hangs, 20 logins at once: each is refused in time" {
	local i
	freeze "$(helper_pid)"
	for i in {1..20}; do
		spawn $T/hung.$i bash -c 'a=$EPOCHREALTIME; su alice -c "echo in"; rc=$?; b=$EPOCHREALTIME; echo "ended $rc $(((${b/./} - ${a/./}) / 1000))"' >/dev/null
	done
	for i in {1..20}; do
		wait_until 15 grep -q ^ended $T/hung.$i
		read -r _ rc ms < <(grep ^ended $T/hung.$i)
		[ "$rc" != 0 ]
		not grep -qx in $T/hung.$i
		[ "$ms" -le 6000 ] || fail "refused after $ms ms"
	done
	thaw "$(helper_pid)"
	wait_until 10 su alice -c true
}

@test "a socket that accepts and sends nothing: unmapped users log in, mapped users are refused in time" {
	stop_helper
	rm -f $STATE/helper.sock
	spawn $T/mute.log socat UNIX-LISTEN:$STATE/helper.sock,type=5,fork SYSTEM:'sleep 60' >$T/mute.pid
	wait_until 5 test -S $STATE/helper.sock
	refused_in_time
	others_get_in
	kill -- "-$(cat $T/mute.pid)"
	rm -f $STATE/helper.sock
}

@test "timeout of a rule: used instead of the default" {
	local start took
	standard_policy | sed 's/^users = alice$/users = alice\ntimeout = 1s/' | put_policy
	freeze "$(helper_pid)"
	start=$(now_ms)
	mapped_refused
	took=$(($(now_ms) - start))
	[ $took -le 1500 ] || fail "refused after $took ms"
	thaw "$(helper_pid)"
}

@test "on_error = host: a mapped user logs in on the host, with a message" {
	standard_policy | sed 's/^users = bob$/users = bob\non_error = host\nguard = no/' | put_policy
	stop_helper KILL
	lands host "$(su bob -c "$SHOW_NS")"
	wait_until 5 grep -q pam_netns $T/syslog
	mapped_refused
}

@test "F24 no policy: no user is mapped" {
	stop_helper
	rm -f $POLICY $STATE/policy
	lands host "$(su alice -c "$SHOW_NS")"
	others_get_in
	start_helper
	lands host "$(su alice -c "$SHOW_NS")"
	others_get_in
}

@test "F25 policy invalid at the first start: root logs in with an alert, others are refused" {
	stop_helper
	rm -f $STATE/policy
	echo 'nonsense' | write_policy
	lands host "$(ssh_as root "$SHOW_NS")"
	lands host "$(su root -c "$SHOW_NS")"
	wait_until 5 grep -q pam_netns $T/syslog
	for u in alice carol; do
		run su $u -c 'echo in'
		[ "$status" != 0 ]
		not match '(^|[[:space:]])in$' "$output"
	done
	# the daemon starts or logs why it does not; it opens no namespace
	: >$T/helper.log
	spawn $T/helper.log /usr/sbin/netns-pamd >$T/helper.pid
	wait_until 10 grep -q 'netns-pam.conf' $T/helper.log
	mapped_refused
	stop_helper
}

@test "F26 policy becomes invalid: the last valid one stays in use" {
	lands_blue() { su_lands alice blue; }
	printf '[rule x]\nuser = alice\n' | write_policy
	run netns-pam reload
	[ "$status" = 1 ] || fail "reload's status $status"
	match 'netns-pam\.conf:2: ' "$output"
	lands_blue
	others_get_in
	# a restarted daemon uses it as well
	stop_helper KILL
	start_helper
	lands_blue
	others_get_in
	# and the same without the daemon
	stop_helper KILL
	others_get_in
	mapped_refused
}

@test "F26 valid and invalid policies in turn during logins: no wrong decision" {
	local i
	spawn $T/turns bash -c '
		for ((i = 0; i < 100 || ! enough; i++)); do
			[ ! -e $T/leave ] || enough=1
			standard_policy >$POLICY.new; mv $POLICY.new $POLICY
			netns-pam reload || echo "valid policy refused"
			{ standard_policy; echo "[rule x]"; echo "users = carol"; echo "namespace = nowhere"; } >$POLICY.new; mv $POLICY.new $POLICY
			netns-pam reload 2>/dev/null && echo "invalid policy accepted"
		done; echo finished' >/dev/null
	i=0
	until grep -q finished $T/turns; do
		i=$((i + 1))
		su_lands alice blue
		lands host "$(su carol -c "$SHOW_NS")"
		[ $i -lt 10 ] || leave
		[ $i -lt 2000 ] || fail "never finished"
	done
	not grep -q 'good refused\|bad taken' $T/turns
}

@test "F27 policy being written: never used in part" {
	local i=0
	# alice's rule is the last: with half of the file she would stay on the host
	{ for i in {1..200}; do printf '[rule r%s]\nusers = nobody%s\nnamespace = jail\n' "$i" "$i"; done
		standard_policy; } >$T/long
	cat $T/long | put_policy
	spawn $T/dribble /usr/bin/python3 -c '
import os, time
text = open("/tmp/t/long", "rb").read()
for turn in range(5):
    with open("/etc/netns-pam.conf", "wb", buffering=0) as f:
        for i in range(0, len(text), 400):
            f.write(text[i:i + 400])
            time.sleep(0.02)
print("finished", flush=True)' >/dev/null
	until grep -q finished $T/dribble; do
		i=$((i + 1))
		su_lands alice blue
		lands host "$(su carol -c "$SHOW_NS")"
		[ $i -lt 2000 ]
	done
	[ $i -ge 10 ]
}

@test "F28 policy writable by others, a link or not a file: refused" {
	local how
	for how in 'chmod 666 $POLICY' 'chown carol $POLICY' 'chgrp carol $POLICY; chmod 664 $POLICY' \
		'mv $POLICY $T/elsewhere; ln -s $T/elsewhere $POLICY' \
		'rm $POLICY; mkfifo $POLICY' 'rm $POLICY; mkdir $POLICY' \
		'printf "a\0b" >>$POLICY' 'rm $POLICY; ln -s /dev/zero $POLICY' \
		'mkdir -p $POLICY.d; chmod 777 $POLICY.d; echo >$POLICY.d/x.conf'; do
		rm -rf $POLICY
		rm -rf $POLICY.d
		mkdir -m 755 $POLICY.d
		standard_policy | put_policy
		eval "$how"
		refuses timeout 5 netns-pam reload
		match "netns-pam.conf" "$(cat $T/refused)"
		# no login hangs or stays on the host: the last valid policy is used
		su_lands alice blue
		lands host "$(timeout 5 su carol -c "$SHOW_NS")"
	done
}

@test "F33 file disable exists: all users log in on the host, with an alert" {
	stop_helper KILL
	touch $STATE/disable
	lands host "$(su alice -c "$SHOW_NS")"
	lands host "$(ssh_as alice "$SHOW_NS")"
	wait_until 5 grep -q disable $T/syslog
	# ignored when other users can write to it
	chmod 666 $STATE/disable
	mapped_refused
	rm $STATE/disable
	mapped_refused
}

@test "rule for all users: does not apply to root" {
	{ printf '[rule all]\nnamespace = jail\n'; standard_policy; } | put_policy
	lands host "$(su root -c "$SHOW_NS")"
	lands host "$(ssh_as root "$SHOW_NS")"
	su_lands carol jail
	{ printf '[rule all]\nusers = root\nnamespace = jail\n'; standard_policy; } | put_policy
	su_lands root jail
}
