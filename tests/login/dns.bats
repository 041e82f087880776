#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# With `dns` a session asks the policy's name servers and no others, whatever
# the host's resolver configuration is, and when it changes.

load ../lib

setup_file() {
	common_setup_file
	# These count their clients: a session must not be one of them.
	spawn $T/unix1 $PROBE unix /run/nscd/socket $T/asked >$T/unix1.pid
	spawn $T/unix2 $PROBE unix /run/systemd/resolve/io.systemd.Resolve $T/asked >$T/unix2.pid
	wait_until 5 test -S /run/nscd/socket
	wait_until 5 test -S /run/systemd/resolve/io.systemd.Resolve
	cp /etc/resolv.conf $T/resolv.conf
	cp /etc/nsswitch.conf $T/nsswitch.conf
}
setup() {
	: >$T/asked
	chmod 666 $T/asked
	common_setup
}
teardown() {
	undone
	rm -f /etc/resolv.conf
	cp $T/resolv.conf /etc/resolv.conf
	cp $T/nsswitch.conf /etc/nsswitch.conf
	rm -rf /etc/netns
	standard_policy | put_policy
	common_teardown
}

# Ends a session's command: prints how often the sockets were queried. Each
# accepts its connections in order and closes one after counting it: when two of
# the test's own are closed, all before them have been counted.
ASKED="touch /tmp/asking; until [ -s $T/count ]; do sleep 0.05; done; echo asked \$(cat $T/count)"
count_asked() {
	rm -f /tmp/asking $T/count
	(
		wait_until 20 test -e /tmp/asking
		socat -u UNIX:/run/nscd/socket -
		socat -u UNIX:/run/systemd/resolve/io.systemd.Resolve -
		echo $(($(wc -l <$T/asked) - 2)) >$T/count
	) >/dev/null 2>&1 3>&- 4>&- &
}

# What alice's resolver finds, and which services libc queries; su itself, on the
# host, may query nscd before and after.
resolved_by_policy() {
	count_asked
	run su alice -c ": >$T/asked; getent ahostsv4 www.example.net; getent ahostsv4 www; $ASKED"
	match '^192\.0\.2\.80 ' "${lines[0]}"
	not match '192\.0\.2\.(66|99)' "$output"
	equal 6 "$(grep -c '^192\.0\.2\.80 ' <<<"$output")" "answers"
	match 'asked 0$' "$output"
}

@test "F9 nscd and resolved run: sessions do not ask them" {
	printf 'hosts: resolve [!UNAVAIL=return] files dns\npasswd: files\ngroup: files\nshadow: files\n' >/etc/nsswitch.conf
	resolved_by_policy
	run su alice -c 'cat /etc/nsswitch.conf'
	not match 'hosts:.*resolve' "$output"
	match 'passwd: *files' "$output"
	# the test itself: a client on the host is counted
	run as_user carol socat -u UNIX:/run/nscd/socket -
	wait_until 5 grep -q connected $T/asked
	count_asked
	run su alice -c ": >$T/asked; socat -u UNIX:/run/nscd/socket -; socat -u UNIX:/run/systemd/resolve/io.systemd.Resolve -; $ASKED"
	match 'asked 0$' "$output"
}

@test "port 53 of other servers is refused, the policy's servers answer" {
	equal 192.0.2.80 "$(su alice -c 'probe dns 192.0.2.53 www.example.net')"
	equal 192.0.2.80 "$(su alice -c 'probe dns 2001:db8::53 www.example.net')"
	refuses su alice -c 'probe dns 192.0.2.54 www.example.net 2'
	refuses su alice -c 'probe tcp 192.0.2.54 53 2'
	refuses su alice -c 'probe dns 198.51.100.80 www.example.net 1'
	# without `dns` port 53 is not filtered
	equal 192.0.2.66 "$(su bob -c 'probe dns 192.0.2.54 www.example.net')"
}

see_resolv() {
	find /etc/resolv.conf /run/resolver ! -type d -size +0 -printf '%p %y %l %s\n' 2>/dev/null | sort
}

@test "F10 resolv.conf as file, absolute, relative or dangling symlink, or missing: the session's is used" {
	local how
	mkdir -p /run/resolver
	for how in 'cp $T/resolv.conf /run/resolver/stub; ln -s /run/resolver/stub /etc/resolv.conf' \
		'cp $T/resolv.conf /run/resolver/stub; ln -s ../run/resolver/stub /etc/resolv.conf' \
		'ln -s /run/resolver/none /etc/resolv.conf' \
		'ln -s ../run/resolver/none /etc/resolv.conf' \
		':' 'cp $T/resolv.conf /etc/resolv.conf' ': >/etc/resolv.conf'; do
		rm -rf /etc/resolv.conf /run/resolver/*
		eval "$how"
		see_resolv >$T/was
		resolved_by_policy
		run su alice -c 'cat /etc/resolv.conf'
		match 'nameserver 192\.0\.2\.53' "$output"
		# the host's is unchanged: an empty file is equal to none
		see_resolv | diff $T/was -
	done
	rm -rf /run/resolver
}

@test "F10 resolv.conf links into a missing directory: the login is refused" {
	rm /etc/resolv.conf
	ln -s /run/nowhere/stub /etc/resolv.conf
	run su alice -c 'echo in'
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	wait_until 5 grep -q '/run/nowhere/stub' $T/syslog
}

# the session has asked again and printed the result
asked_again() { wait_until 15 tried $(($(grep -c tried $T/during) + 2)); }
tried() { [ "$(grep -c tried $T/during)" -ge "$1" ]; }

@test "resolv.conf replaced on the host: an open session keeps its own" {
	local i
	spawn $T/during ssh -F $T/ssh_config alice@127.0.0.1 \
		'echo pid $$; while :; do getent ahostsv4 www.example.net | head -n 1; echo tried; sleep 0.1; done' >$T/during.pid
	wait_until 15 grep -q 192.0.2 $T/during
	for i in 1 2; do
		printf 'nameserver 192.0.2.54\n' >/etc/resolv.conf.new
		mv /etc/resolv.conf.new /etc/resolv.conf
		asked_again
		rm /etc/resolv.conf
		ln -s /run/x /etc/resolv.conf
		asked_again
		rm /etc/resolv.conf
	done
	printf 'nameserver 192.0.2.54\n' >/etc/resolv.conf
	asked_again
	kill "$(cat $T/during.pid)" "$(sed -n 's/^pid //p' $T/during)"
	wait_until 10 gone "$(cat $T/during.pid)"
	not grep -q '192\.0\.2\.66\|192\.0\.2\.99' $T/during
	# so has a later session in the same namespace
	resolved_by_policy
}

# The kernel removes a private file's mount when a file is renamed over the file
# below (see pam_netns(8)); other resolvers are not reachable nevertheless.
@test "F9 nsswitch.conf replaced on the host: an open session asks no other service" {
	local i
	spawn $T/during ssh -F $T/ssh_config alice@127.0.0.1 \
		'echo pid $$; while :; do getent ahostsv4 www.example.net | head -n 1; grep -s ^hosts: /etc/nsswitch.conf; echo tried; sleep 0.1; done' >$T/during.pid
	wait_until 15 grep -q '192\.0\.2\.80' $T/during
	for i in {1..5}; do
		# clients of resolved are counted
		printf 'hosts: resolve [!UNAVAIL=return] files dns\n' >/etc/nsswitch.conf.new
		mv /etc/nsswitch.conf.new /etc/nsswitch.conf
		asked_again
		rm /etc/nsswitch.conf
		asked_again
		printf 'hosts: files resolve\n' >/etc/nsswitch.conf
	done
	: >$T/asked
	asked_again
	asked_again
	kill "$(cat $T/during.pid)" "$(sed -n 's/^pid //p' $T/during)"
	wait_until 10 gone "$(cat $T/during.pid)"
	not grep -q '192\.0\.2\.66\|192\.0\.2\.99' $T/during
	equal "" "$(grep -vE '^(pid [0-9]+|tried|192\.0\.2\.80 .*|hosts:.*)$' $T/during)" "other lines"
	equal "" "$(cat $T/asked)" "resolved was asked"
	# so has a later session in the same namespace
	cp $T/nsswitch.conf /etc/nsswitch.conf
	resolved_by_policy
}

@test "no dns, or dns = host: the session has the host's resolv.conf" {
	equal "nameserver 127.0.0.1" "$(su bob -c 'cat /etc/resolv.conf')"
	standard_policy | sed 's/^dns = .*/dns = host/; s/^search.*//' | put_policy
	equal "nameserver 127.0.0.1" "$(su alice -c 'cat /etc/resolv.conf')"
}

@test "mounts of the host, also later ones, appear inside; private ones do not appear on the host" {
	ssh_hold a alice
	awk '{print $5}' /proc/1/mountinfo | sort | diff - <(sed -n '/== mounts/,/== nft/p' $T/before | sed '1d;$d' | cut -d' ' -f1 | sort) |
		grep '^[<>]' | grep -v '/run/netns/blue' && fail "mounts leaked"
	mkdir -p /srv/late
	mount -t tmpfs late /srv/late
	echo seen >/srv/late/file
	local pid
	pid=$(cat $T/in.a)
	equal seen "$(cat "/proc/$pid/root/srv/late/file")" "a later mount"
	umount /srv/late
	[ ! -e "/proc/$pid/root/srv/late/file" ]
	rmdir /srv/late
	ssh_end a
}

@test "the user cannot unmount the private files" {
	refuses su alice -c 'umount /etc/resolv.conf'
	refuses su alice -c 'echo nameserver 192.0.2.54 >/etc/resolv.conf'
	run su alice -c 'unshare -Urm sh -c "umount /etc/resolv.conf; umount -l /etc/resolv.conf; cat /etc/resolv.conf"'
	not match '127\.0\.0\.1' "$output"
}

@test "/etc/netns/NAME: its files replace those of /etc" {
	mkdir -p /etc/netns/blue
	printf '192.0.2.80 special.example\n' >/etc/netns/blue/hosts
	match 'special\.example' "$(su alice -c 'getent hosts special.example')"
	refuses getent hosts special.example
	match '^192\.0\.2\.80 ' "$(su alice -c 'getent ahostsv4 www.example.net')"
}

@test "F50 /etc/netns/NAME writable by others: refused" {
	mkdir -p /etc/netns/blue
	printf '192.0.2.80 special.example\n' >/etc/netns/blue/hosts
	chmod 777 /etc/netns/blue
	run su alice -c 'echo in'
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
}
