#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes of a guarded user outside reach nothing, through any socket; other
# users are not affected.

load ../lib

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	undone
	ensure_helper
	standard_policy | put_policy
	su alice -c true
	common_teardown
}

reaches_nothing() { # reaches_nothing USER
	local t out
	out=$(as_user "$1" $PROBE scan 1.5 tcp/198.51.100.80/80 udp/198.51.100.80/80 \
		tcp/2001:db8:ffff::80/80 udp/2001:db8:ffff::80/80 \
		tcp/203.0.113.10/80 tcp/192.0.2.2/22 tcp/192.0.2.2/8080 \
		udp/192.0.2.2/8080 tcp/127.0.0.1/8080 tcp/::1/8080 \
		udp/127.0.0.1/53 tcp/169.254.169.254/80)
	equal "" "$out" "$1 outside reached"
	refuses as_user "$1" ping -nqc 1 -W 1 198.51.100.80
}

reaches_all() { # reaches_all USER
	equal "tcp/198.51.100.80/80 tcp/2001:db8:ffff::80/80 udp/198.51.100.80/80" \
		"$(as_user "$1" $PROBE scan 3 tcp/198.51.100.80/80 \
		udp/198.51.100.80/80 tcp/2001:db8:ffff::80/80 | sort | xargs)" "$1"
	as_user "$1" $PROBE tcp 127.0.0.1 8080
}

@test "F6 process of a guarded user on the host: reaches nothing" {
	reaches_nothing alice
}

@test "F6 other users, and the guarded user inside: not affected" {
	reaches_all carol
	reaches_all root
	match 'client 192' "$(ssh_as alice probe tcp 198.51.100.80 80)"
	match 'client 192' "$(su alice -c 'probe tcp 198.51.100.80 80')"
}

@test "F8 socket passed by a process outside: reaches nothing" {
	rm -f /tmp/lent
	spawn $T/lend setpriv --reuid alice --regid alice --init-groups \
		$PROBE lend /tmp/lent >$T/lend.pid
	wait_until 5 grep -q lending $T/lend
	run su alice -c 'probe borrow /tmp/lent 198.51.100.80 80'
	[ "$status" != 0 ]
	not match server "$output"
	wait_until 5 gone "$(cat $T/lend.pid)"
	# the test itself: it works for a user without a guard
	spawn $T/lend setpriv --reuid carol --regid carol --init-groups \
		$PROBE lend /tmp/lent2 >$T/lend.pid
	wait_until 5 grep -q lending $T/lend
	match server "$(as_user carol $PROBE borrow /tmp/lent2 198.51.100.80 80)"
	wait_until 5 gone "$(cat $T/lend.pid)"
}

@test "F8 socket opened outside and inherited through su: reaches nothing" {
	cat >$T/inherit.py <<-'X'
		import os, socket, sys
		kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
		fds = [socket.socket(socket.AF_INET, k).detach() for k in kinds]
		for fd in fds:
		    os.set_inheritable(fd, True)
		here = os.stat("/proc/self/ns/net").st_ino
		os.execvp("su", ["su", sys.argv[1], "-c",
		    "/usr/bin/python3 /tmp/t/inherited.py %d %d %d" % (here, *fds)])
	X
	cat >$T/inherited.py <<-'X'
		import os, socket, sys
		inside = os.stat("/proc/self/ns/net").st_ino != int(sys.argv[1])
		print("inside" if inside else "outside", flush=True)
		for fd in sys.argv[2:]:
		    s = socket.socket(fileno=int(fd))
		    s.settimeout(2)
		    try:
		        s.connect(("198.51.100.80", 80))
		        s.sendall(b"x")
		        print(s.recv(100).decode().strip(), flush=True)
		    except OSError as e:
		        print("refused:", e, flush=True)
	X
	chmod 644 $T/inherit.py $T/inherited.py
	# opened by a process of alice on the host; su asks for her password
	cat >$T/inherit.exp <<-'X'
		set timeout 30
		set user [lindex $argv 0]
		spawn setpriv --reuid $user --regid $user --init-groups /usr/bin/python3 /tmp/t/inherit.py $user
		expect "assword:" {send "secret\r"}
		expect eof
	X
	run timeout 40 expect $T/inherit.exp alice
	match 'inside' "$output"
	equal 2 "$(grep -c '^refused:' <<<"$output")" "sockets refused of: $output"
	not match 'server' "$output"
	# the test itself: it works for a user without a guard
	run timeout 40 expect $T/inherit.exp carol
	match 'outside' "$output"
	equal 2 "$(grep -c '^server 198' <<<"$output")" "sockets of carol: $output"
}

has_failed() { [ "$(grep -ca error "$2")" -ge "$1" ]; } # has_failed TIMES FILE

@test "F8 connection older than the rule: disconnected" {
	standard_policy | sed '/^\[rule frank\]/,/^namespace/d' | put_policy
	spawn $T/old setpriv --reuid frank --regid frank --init-groups /usr/bin/python3 -c '
import socket, time
s = socket.create_connection(("198.51.100.80", 80))
s.settimeout(1)
while True:
    try:
        s.sendall(b"x")
        print(s.recv(100).decode().strip(), flush=True)
    except OSError as e:
        print("error", e, flush=True)
    time.sleep(0.1)' >$T/old.pid
	wait_until 10 grep -q server $T/old
	standard_policy | put_policy
	su frank -c true
	wait_until 10 grep -q error $T/old
	: >$T/old
	wait_until 15 has_failed 3 $T/old
	not grep -qa server $T/old
	kill "$(cat $T/old.pid)"
	# frank's guard is removed when no rule maps him
	standard_policy | sed '/^\[rule frank\]/,/^namespace/d' | put_policy
	reaches_all frank
	standard_policy | put_policy
	su frank -c true
	reaches_nothing frank
}

@test "F7 socket taken from a process outside with pidfd_getfd: reaches nothing" {
	spawn $T/victim setpriv --reuid alice --regid alice --init-groups /usr/bin/python3 -c '
import socket, time
s = socket.socket()
print(s.fileno(), flush=True)
time.sleep(1000)' >$T/victim.pid
	wait_until 5 test -s $T/victim
	cat >$T/steal.py <<-'X'
		import ctypes, os, socket, sys
		libc = ctypes.CDLL(None, use_errno=True)
		pidfd = libc.syscall(434, int(sys.argv[1]), 0)
		fd = libc.syscall(438, pidfd, int(sys.argv[2]), 0)
		if fd < 0:
		    sys.exit("not had: " + os.strerror(ctypes.get_errno()))
		s = socket.socket(fileno=fd)
		s.settimeout(2)
		s.connect(("198.51.100.80", 80))
		s.sendall(b"x")
		print(s.recv(100).decode())
	X
	chmod 644 $T/steal.py
	run su alice -c "/usr/bin/python3 $T/steal.py $(cat $T/victim.pid) $(cat $T/victim)"
	[ "$status" != 0 ]
	not match server "$output"
	kill "$(cat $T/victim.pid)"
}

@test "daemon killed, then started: the guard stays in place" {
	stop_helper KILL
	reaches_nothing alice
	reaches_all carol
	start_helper
	reaches_nothing alice
	reaches_all carol
}

@test "F75 nft flush ruleset: the guard is restored" {
	nft flush ruleset
	wait_until 2 reaches_nothing alice
	reaches_all carol
	match 'client 192' "$(su alice -c 'probe tcp 198.51.100.80 80')"
}

@test "guard = no, or a rule with services: no guard" {
	standard_policy | sed 's/^users = alice$/users = alice\nguard = no/; s/^users = bob$/users = bob\nservices = sshd/' | put_policy
	su alice -c true
	ssh_as bob true
	reaches_all alice
	reaches_all bob
	standard_policy | sed 's/^users = bob$/users = bob\nservices = sshd\nguard = yes/' | put_policy
	ssh_as bob true
	reaches_nothing bob
}

@test "root: never guarded" {
	{ printf '[rule r]\nusers = root\nservices = su\nguard = yes\nnamespace = jail\n'; standard_policy; } | put_policy
	su root -c true
	reaches_all root
}
