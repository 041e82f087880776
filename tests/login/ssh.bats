#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# SSH logins: everything that a connection carries is inside, or refused.

load ../lib

setup_file() {
	common_setup_file "$(cat <<-'X'
		Match User frank
			ForceCommand stat -Lc %%i /proc/self/ns/net /run/netns/own.frank; echo asked: $SSH_ORIGINAL_COMMAND
		Match User erin
			ChrootDirectory /srv/jail
			ForceCommand internal-sftp
		Match all
	X
	)"
	sed -i 's/%%i/%i/g' $T/sshd_config
	stop_sshd
	/usr/sbin/sshd -f $T/sshd_config -E $T/sshd.log 3>&- 4>&-
	wait_until 10 $PROBE tcp 127.0.0.1 22 1
	mkdir -p /srv/jail/up
	chown erin /srv/jail/up
}
setup() { common_setup; }
teardown() {
	undone
	ensure_helper
	common_teardown
}

@test "ssh command: inside, with address, route and DNS server" {
	run ssh_as alice "$SHOW_NS; stat -c %i /run/netns/blue; echo \$NETNS_PAM_NAMESPACE; cat /etc/resolv.conf; ip -br -4 address show eth0; ip route get 198.51.100.80; ip -6 route show default"
	equal 0 "$status" status
	equal "${lines[1]}" "${lines[0]}" "namespace inode"
	[ "${lines[0]}" != "$(host_ns)" ]
	equal blue "${lines[2]}" NETNS_PAM_NAMESPACE
	match 'nameserver 192\.0\.2\.53' "$output"
	match 'nameserver 2001:db8::53' "$output"
	match 'search example\.net' "$output"
	match '10\.213\.[0-9.]+/31' "$output"
	match '198\.51\.100\.80 via 10\.213\.' "$output"
	match 'default via fd6e:6574:6e73:' "$output"
}

@test "root and users without a rule: on the host" {
	lands host "$(ssh_as carol "$SHOW_NS")"
	lands host "$(ssh_as root "$SHOW_NS")"
	run ssh_as carol 'echo "[$NETNS_PAM_NAMESPACE]"'
	equal '[]' "$output"
}

@test "interactive shell on a terminal: inside" {
	run ssh_as alice -tt "tty; $SHOW_NS; stat -c %i /run/netns/blue"
	match '^/dev/pts/' "${lines[0]}"
	equal "${lines[2]%$'\r'}" "${lines[1]%$'\r'}" "namespace inode"

	cat >$T/shell.exp <<-X
		set timeout 20
		spawn ssh -F $T/ssh_config -tt alice@127.0.0.1
		expect -re {\\\$ \$}
		send "echo ns=\\\$(stat -Lc %i /proc/self/ns/net)=\\\$(stat -c %i /run/netns/blue).\r"
		expect -re {ns=([0-9]+)=([0-9]+)\\.}
		set same [string equal \$expect_out(1,string) \$expect_out(2,string)]
		send "exit\r"
		expect eof
		exit [expr {!\$same}]
	X
	run timeout 30 expect $T/shell.exp
	equal 0 "$status" "expect's status; $output"
}

@test "the internet is reached through NAT over IPv4 and IPv6" {
	equal "server 198.51.100.80 client 192.0.2.2" \
		"$(ssh_as alice probe tcp 198.51.100.80 80)"
	equal "server 2001:db8:ffff::80 client 2001:db8::2" \
		"$(ssh_as alice probe tcp 2001:db8:ffff::80 80)"
	equal "server 198.51.100.80 client 192.0.2.2" \
		"$(ssh_as bob probe udp 198.51.100.80 80)"
	run ssh_as alice ping -nqc 1 -W 3 198.51.100.80
	equal 0 "$status" "ping; $output"
}

@test "first packet after a login: not lost" {
	local i
	for i in 1 2 3 4 5; do
		wait_until 15 no_names
		match '^server' "$(ssh_as alice 'probe udp 198.51.100.80 80 0.9')"
	done
}

@test "DNS answers: from the policy's server" {
	match '^192\.0\.2\.80 ' "$(ssh_as alice getent ahostsv4 www.example.net)"
	match '^192\.0\.2\.99 ' "$(getent ahostsv4 www.example.net)"
}

@test "F81 F82 F87 host, other namespaces and metadata services: not reached" {
	local a p targets=() other hosts
	ssh_hold bob bob
	other=$(ip -n green -br address show eth0 | grep -oE '(10\.213|fd6e:)[0-9a-f.:]*')
	hosts=$(ip -o address show scope global | awk '{sub("/.*", "", $4); print $4}')
	for a in $hosts $other 169.254.169.254 fd00:ec2::254 100.100.100.200 \
		168.63.129.16; do
		for p in 22 53 80 8080; do
			targets+=("tcp/$a/$p" "udp/$a/$p")
		done
	done
	run ssh_as alice probe scan 2 "${targets[@]}" udp/198.51.100.80/80
	# the last one shows that this test detects a connection
	equal udp/198.51.100.80/80 "$output"
	ssh_end bob
}

@test "link = none: loopback only" {
	run ssh_as dave "$SHOW_NS; stat -c %i /run/netns/jail; ip -br link; ip route; ip -6 route show default"
	equal "${lines[1]}" "${lines[0]}" "namespace inode"
	match '^lo .*UP|^lo .*UNKNOWN' "${lines[2]}"
	equal 3 "${#lines[@]}" "lines"
	equal ENETUNREACH "$(ssh_as dave probe tcp 198.51.100.80 80 || true)"
	run ssh_as dave 'probe serve 7000 & until probe tcp 127.0.0.1 7000 1; do sleep 0.1; done; probe tcp ::1 7000; kill %1'
	match 'server 127\.0\.0\.1' "$output"
	match 'server ::1' "$output"
}

@test "link = routed: the session's address is not translated" {
	run ssh_hold erin bob
	run timeout 20 sftp -F $T/ssh_config -b - erin@127.0.0.1 <<<"ls"
	equal 0 "$status" "$output"
	ssh_end erin
	# erin may only use sftp here: checked with su
	run su erin -c "probe tcp 198.51.100.80 80; probe tcp 2001:db8:ffff::80 80"
	match '^server 198\.51\.100\.80 client 10\.213\.' "${lines[0]}"
	match 'client fd6e:6574:6e73:' "${lines[1]}"
}

@test "sftp and scp: inside" {
	head -c 300000 /dev/urandom >$T/sent
	printf 'put %s there\nget there %s\nget /proc/self/net/dev %s\n' \
		$T/sent $T/fetched $T/dev >$T/batch
	run timeout 20 sftp -q -F $T/ssh_config -b $T/batch alice@127.0.0.1
	equal 0 "$status" "sftp; $output"
	cmp $T/sent /home/alice/there
	cmp $T/sent $T/fetched
	# the server process has the namespace's devices
	match eth0 "$(cat $T/dev)"
	not grep -q up0 $T/dev
	rm -f $T/sent $T/fetched $T/dev /home/alice/there
	run timeout 20 scp -q -F $T/ssh_config alice@127.0.0.1:/proc/self/net/dev $T/dev
	equal 0 "$status" "scp; $output"
	match eth0 "$(cat $T/dev)"
	not grep -q up0 $T/dev
	rm -f $T/dev
	# the old protocol takes the length from stat(2), and a name from the shell
	run timeout 20 scp -q -O -T -F $T/ssh_config \
		'alice@127.0.0.1:$(cat /proc/self/net/dev >dev; echo dev)' $T/dev
	equal 0 "$status" "scp -O; $output"
	match eth0 "$(cat $T/dev)"
	not grep -q up0 $T/dev
}

@test "F14 ssh -N -L: connects from inside" {
	spawn $T/fwd ssh -F $T/ssh_config -N -L 4001:198.51.100.80:80 \
		-L 4002:127.0.0.1:8080 -L 4003:192.0.2.2:8080 alice@127.0.0.1 >$T/fwd.pid
	wait_until 15 $PROBE tcp 127.0.0.1 4001 1
	equal "server 198.51.100.80 client 192.0.2.2" "$($PROBE tcp 127.0.0.1 4001)"
	# 127.0.0.1:8080 is a server on the host; inside it does not answer
	refuses $PROBE tcp 127.0.0.1 4002 3
	refuses $PROBE tcp 127.0.0.1 4003 3
	kill "$(cat $T/fwd.pid)"
	wait_until 10 gone "$(cat $T/fwd.pid)"
}

@test "F14 ssh -R: listens inside, not on the host" {
	spawn $T/fwd ssh -F $T/ssh_config -N -o ExitOnForwardFailure=yes \
		-R 0.0.0.0:4005:127.0.0.1:8080 alice@127.0.0.1 >$T/fwd.pid
	inside_listens() { ip netns exec blue ss -Hltn | grep -q :4005; }
	wait_until 15 inside_listens
	not listens 4005
	match '^server 127' "$(ip netns exec blue $PROBE tcp 127.0.0.1 4005)"
	kill "$(cat $T/fwd.pid)"
	wait_until 10 gone "$(cat $T/fwd.pid)"
}

@test "F14 ssh -D: connects from inside" {
	spawn $T/fwd ssh -F $T/ssh_config -N -D 4006 alice@127.0.0.1 >$T/fwd.pid
	socks() {
		timeout 5 socat -u -T 3 "SOCKS4:127.0.0.1:$1:$2,socksport=4006" - </dev/null
	}
	socks_ask() {
		echo hello | timeout 10 socat -t 5 - "SOCKS4:127.0.0.1:$1:$2,socksport=4006"
	}
	answered() { socks_ask 198.51.100.80 80 | grep -q 'client 192.0.2.2'; }
	wait_until 15 answered
	refuses socks_ask 192.0.2.2 8080
	kill "$(cat $T/fwd.pid)"
	wait_until 10 gone "$(cat $T/fwd.pid)"
}

@test "F14 ssh -W: connects from inside" {
	run bash -c "echo hello | timeout 10 ssh -F $T/ssh_config -W 198.51.100.80:80 alice@127.0.0.1"
	equal "server 198.51.100.80 client 192.0.2.2" "$output"
	run bash -c "echo hello | timeout 10 ssh -F $T/ssh_config -W 192.0.2.2:8080 alice@127.0.0.1"
	not match server "$output"
}

@test "agent forwarding and streamlocal sockets: work" {
	eval "$(ssh-agent -s 3>&-)"
	ssh-add -q $T/key
	run ssh_as alice -A 'ssh-add -l'
	match ED25519 "$output"
	kill "$SSH_AGENT_PID"

	spawn $T/unix.log $PROBE unix $T/lsock/s $T/unixcount >$T/unix.pid
	wait_until 5 test -S $T/lsock/s
	run ssh_as alice -R /tmp/alice.sock:$T/lsock/s 'socat -u UNIX:/tmp/alice.sock - ; rm -f /tmp/alice.sock'
	equal 0 "$status" "$output"
	grep -q connected $T/unixcount
	kill "$(cat $T/unix.pid)"
}

@test "F16 multiplexed connection: 20 channels inside, closed in random order" {
	local i ns pid pids=()
	spawn $T/master ssh -F $T/ssh_config -N -o ControlMaster=yes \
		-o ControlPath=$T/mux alice@127.0.0.1 >$T/master.pid
	wait_until 15 ssh -F $T/ssh_config -o ControlPath=$T/mux -O check alice@127.0.0.1
	for i in {1..20}; do
		spawn $T/chan.$i ssh -F $T/ssh_config -o ControlPath=$T/mux alice@127.0.0.1 \
			"echo \$($SHOW_NS) \$\$; exec sleep 1000" >$T/chan.$i.pid
	done
	for i in {1..20}; do
		wait_until 20 test -s $T/chan.$i
		read -r ns pid <$T/chan.$i
		equal "$(ns_of blue)" "$ns" "channel $i"
		pids+=("$pid")
	done
	for i in $(shuf -i 0-19); do
		kill "${pids[i]}"
	done
	lands blue "$(ssh_as alice -o ControlPath=$T/mux "$SHOW_NS")"
	ssh -F $T/ssh_config -o ControlPath=$T/mux -O exit alice@127.0.0.1
	wait_until 10 gone "$(cat $T/master.pid)"
}

@test "ForceCommand: inside" {
	run ssh_as frank whatever
	equal "asked: whatever" "${lines[2]}"
	match '^[0-9]+$' "${lines[0]}"
	equal "${lines[1]}" "${lines[0]}" "namespace inode"
}

@test "ChrootDirectory with internal-sftp: inside" {
	spawn $T/chroot bash -c "(echo pwd; sleep 1000) | sftp -q -F $T/ssh_config erin@127.0.0.1" >$T/chroot.pid
	wait_until 15 grep -q working $T/chroot
	local pid
	pid=$(pgrep -n -u erin sshd)
	equal "$(ns_of street)" "$(stat -Lc %i "/proc/$pid/ns/net")" "sftp-server's namespace"
	kill -- "-$(cat $T/chroot.pid)"
	wait_until 10 gone "$(cat $T/chroot.pid)"
}

@test "F45 no descriptor of the module reaches the shell" {
	run ssh_as alice 'ls -l /proc/self/fd | sed "s/.*[0-9] \([0-9]* -> \)/\1/" | grep -v "^[012] -> \|/proc/[0-9]*/fd$" | grep -v total'
	equal "" "$output" "descriptors"
}

@test "F93 /sys/class/net: that of the namespace" {
	run ssh_as alice 'ls /sys/class/net | xargs; ip -o link | sed "s/^[0-9]*: \([^:@]*\).*/\1/" | sort | xargs; ls -d /sys/fs/cgroup/*'
	equal "${lines[1]}" "${lines[0]}" "/sys/class/net"
	match /sys/fs/cgroup "$output"
}

@test "F1 F15 no daemon runs: no shell, no sftp, no forwarding" {
	local spec
	stop_helper KILL
	run ssh_as alice echo in
	[ "$status" != 0 ]
	not match '^in' "$output"
	run ssh_as alice -tt echo in
	[ "$status" != 0 ]
	refuses timeout 20 sftp -F $T/ssh_config -b - alice@127.0.0.1 <<<pwd
	refuses timeout 20 scp -F $T/ssh_config alice@127.0.0.1:/etc/hostname $T/got
	[ ! -e $T/got ]

	run bash -c "echo hello | timeout 10 ssh -F $T/ssh_config -W 192.0.2.80:80 alice@127.0.0.1"
	not match server "$output"

	spawn $T/fwd ssh -F $T/ssh_config -N -L 4101:192.0.2.80:80 -D 4102 \
		-R 0.0.0.0:4103:127.0.0.1:8080 -L 4104:/run/x alice@127.0.0.1 >$T/fwd.pid
	fwd_decided() { gone "$(cat $T/fwd.pid)" || listens 4101; }
	wait_until 15 fwd_decided
	refuses $PROBE tcp 127.0.0.1 4101 2
	refuses timeout 5 socat -u SOCKS4:127.0.0.1:192.0.2.80:80,socksport=4102 -
	not listens 4103
	kill "$(cat $T/fwd.pid)" 2>/dev/null || true
	wait_until 10 gone "$(cat $T/fwd.pid)"
	# and the log has the reason and a hint, once for each login
	wait_until 5 grep -q 'pam_netns' $T/syslog
}

# What a connection has obtained from sshd outside: a tunnel, an X11 display, an agent,
# a listening socket for the client.
made_outside() {
	ip -o link show type tun | grep -oE '(tun6|tun7): .*LOWER_UP' || true
	ss -Hltn | awk '$4 ~ /:60[0-9][0-9]$/ {print $4}'
	find /tmp -maxdepth 1 -name 'ssh-*' -o -maxdepth 1 -name 'far.sock'
}
nothing_outside() { [ -z "$(made_outside)" ]; }

@test "F1 F15 no daemon runs: no tunnel, X11, agent or unix socket" {
	local option sshd
	export DISPLAY=:77
	/usr/sbin/sshd -f $T/sshd_config -p 2022 -o PidFile=$T/sshd2.pid \
		-o PermitTunnel=yes -o X11Forwarding=yes -E $T/sshd2.log 3>&- 4>&-
	wait_until 10 $PROBE tcp 127.0.0.1 2022 1
	eval "$(ssh-agent -s -a $T/agent.sock 3>&-)"
	ssh-add -q $T/key
	spawn $T/unix.log $PROBE unix $T/lsock/s $T/unixcount >$T/unix.pid
	wait_until 5 test -S $T/lsock/s
	: >$T/unixcount
	# devices that the users may open; none is attached yet
	ip tuntap add dev tun6 mode tun user alice
	ip tuntap add dev tun7 mode tun user carol
	ip link set tun6 up
	ip link set tun7 up
	nothing_outside || fail "there before: $(made_outside)"

	ask() { # ask PORT USER option...
		local port=$1 u=$2
		shift 2
		rm -f $T/near.sock /tmp/far.sock
		spawn $T/asked ssh -F $T/ssh_config -p $port "$@" "$u@127.0.0.1" \
			'echo held $$; exec sleep 1000' >$T/asked.pid
	}
	# the test itself: a user without a rule gets all of it
	ask 2022 carol -w 5:7 -Y -A -R /tmp/far.sock:$T/lsock/s -L $T/near.sock:$T/lsock/s
	wait_until 20 grep -q '^held' $T/asked
	made_outside >$T/made
	cat $T/made
	grep -q 'tun7.*LOWER_UP' $T/made
	grep -q ':60[0-9][0-9]$' $T/made
	grep -q '/ssh-' $T/made
	grep -q far.sock $T/made
	timeout 5 socat -u UNIX:$T/near.sock -
	wait_until 5 grep -q connected $T/unixcount
	kill "$(cat $T/asked.pid)" "$(sed -n 's/^held //p' $T/asked)"
	wait_until 10 gone "$(cat $T/asked.pid)"
	rm -f /tmp/far.sock
	wait_until 10 nothing_outside
	: >$T/unixcount

	stop_helper KILL
	refused_all() { # refused_all PORT OPTIONS: nothing that they ask for is obtained
		local port=$1 was_there end
		shift
		ask "$port" alice "$@"
		was_there=
		# sshd keeps a connection without a session (-N): checked for a while
		end=$(($(now_ms) + 2000))
		until gone "$(cat $T/asked.pid)" || [ "$(now_ms)" -gt $end ]; do
			was_there+=$(made_outside)
			[ ! -S $T/near.sock ] ||
				timeout 1 socat -u UNIX:$T/near.sock - || true
		done
		was_there+=$(made_outside)
		kill "$(cat $T/asked.pid)" 2>/dev/null || true
		wait_until 10 gone "$(cat $T/asked.pid)"
		equal "" "$was_there" "had with '$*'"
		equal "" "$(cat $T/unixcount)" "connections with '$*'"
		not grep -q '^held' $T/asked
	}
	for option in -Y -A "-R /tmp/far.sock:$T/lsock/s" \
		"-L $T/near.sock:$T/lsock/s" '-N -Y -A' \
		"-N -R /tmp/far.sock:$T/lsock/s" "-N -L $T/near.sock:$T/lsock/s"; do
		# shellcheck disable=SC2086
		refused_all 2022 $option
	done
	# sshd leaves tunnels to PermitTunnel alone, which is no by default
	refused_all 22 -w 5:6
	refused_all 22 -N -w 5:6
	sshd=$(cat $T/sshd2.pid)
	kill "$SSH_AGENT_PID" "$sshd" "$(cat $T/unix.pid)"
	wait_until 10 gone "$sshd"
	ip link delete tun6
	ip link delete tun7
	rm -f $T/agent.sock $T/near.sock
}

@test "link cannot be created: the login is refused with the reason" {
	{ standard_policy; printf '[network lan]\ntype = linux\nbridge = lan0\naddress = 10.9.0.1/24\n[rule b]\nusers = carol\nnamespace = lanns\n[namespace lanns]\nlink = bridge\nnetwork = lan\n'; } | put_policy
	run ssh_as carol echo in
	[ "$status" != 0 ]
	not match '^in' "$output"
	wait_until 5 grep -q 'the interface lan0 exists and was not made by netns-pam' $T/syslog
	standard_policy | put_policy
	lands host "$(ssh_as carol "$SHOW_NS")"
}
