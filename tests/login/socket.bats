#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon's socket: for root only, and no packet harms the daemon.

load ../lib

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	undone
	chmod 700 $STATE
	chmod 600 $STATE/helper.sock
	ensure_helper
	common_teardown
}

TALK='import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(3)
s.connect("/run/netns-pam/helper.sock")
print("connected", flush=True)
s.send(bytes.fromhex(sys.argv[1]))
r = s.recv(2000)
print("answer", int.from_bytes(r[6:8], sys.byteorder) if r else "closed", flush=True)'
# a valid STATUS request
STATUS_HEX=$(/usr/bin/python3 -c 'import struct; print((struct.pack("=IHH", 0x4e505031, 1, 3) + bytes(888)).hex())')

talk() { # talk CMD PREFIX...
	"$@" /usr/bin/python3 -c "$TALK" "$STATUS_HEX"
}

@test "a client of root: answered" {
	match answer "$(talk env)"
}

@test "F55 directory 0700, socket 0600, no access for others" {
	equal "700 root root" "$(stat -c '%a %U %G' $STATE)"
	equal "600 root root" "$(stat -c '%a %U %G' $STATE/helper.sock)"
	equal "" "$(find $STATE -perm /077 ! -type l)" "open to others"
}

@test "F37 other users, and root of a user namespace: cannot connect" {
	local u
	for u in alice bob carol nobody daemon; do
		refuses talk as_user $u
		match 'Permission denied' "$(cat $T/refused)"
	done
	refuses talk as_user carol unshare -Ur
	refuses talk as_user carol unshare -Urm
}

@test "F37 other users with access to the socket: not answered" {
	local u
	chmod 755 $STATE
	chmod 666 $STATE/helper.sock
	for u in alice carol nobody; do
		run talk as_user $u
		not match 'answer [178]' "$output"
	done
	run talk as_user carol unshare -Ur
	not match 'answer [178]' "$output"
	match 'answer [178]' "$(talk env)"
}

@test "F38 F40 a hundred malformed requests: each gets an answer, the daemon survives" {
	local pid
	pid=$(helper_pid)
	ssh_hold a alice
	run timeout 120 /usr/bin/python3 "$TOP/tests/login/malformed.py" $STATE/helper.sock
	echo "$output" | tail -n 130
	equal 0 "$status"
	alive "$pid"
	match 'client 192' "$(ip netns exec blue $PROBE tcp 198.51.100.80 80)"
	lands blue "$(su alice -c "$SHOW_NS")"
	ssh_end a
}

@test "F38 client that sends nothing: others are not delayed" {
	spawn $T/silent /usr/bin/python3 -c '
import socket, time
l = []
for i in range(300):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("/run/netns-pam/helper.sock")
    l.append(s)
print("holding", flush=True)
time.sleep(1000)' >$T/silent.pid
	wait_until 20 grep -q holding $T/silent
	local start
	start=$(now_ms)
	su alice -c true
	[ $(($(now_ms) - start)) -lt 4500 ]
	kill "$(cat $T/silent.pid)"
}
