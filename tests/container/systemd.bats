#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# On a machine with systemd as PID 1, configured as an administrator would: the
# package, its units, sshd, cron and atd as services, logind, user managers.
# Run by tests/container/run.

load ../lib
load ../link/openvpn

setup_file() {
	systemctl is-system-running --wait || true
	start_machine
	standard_users
	echo 'ALL ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/t
	chmod 440 /etc/sudoers.d/t
	start_internet
	install_package
	standard_policy | put_policy
	make_ssh_config
	install -d -m 700 /root/.ssh
	install -m 600 $T/key.pub /root/.ssh/authorized_keys
	printf 'PermitRootLogin yes\nUseDNS no\n' >/etc/ssh/sshd_config.d/t.conf
	systemctl restart ssh
	wait_until 10 $PROBE tcp 127.0.0.1 22 1
	# user managers of mapped users are inside, too: waits until they have ended
	ssh_as alice true
	wait_until 20 no_names
}

teardown() {
	ssh_end_all
	systemctl reset-failed
	systemctl start netns-pamd.socket netns-pamd.service
	standard_policy | put_policy
	wait_until 20 no_sessions || { loginctl; false; }
	wait_until 20 no_names || { ls /run/netns; netns-pam status; false; }
	wait_until 10 no_links || { ip -br link; false; }
}

no_sessions() { [ "$(loginctl --no-legend list-sessions | wc -l)" = 0 ]; }
logged() { journalctl -b -o cat --since "-60s" | grep -q "$1"; }
manager() { systemctl show -P MainPID "user@$(id -u "$1").service"; }
ns_inode() { stat -Lc %i "/proc/$1/ns/net"; }

IN() { echo "echo \$($SHOW_NS) \$(stat -c %i /run/netns/$1)"; }
is_in() { # is_in NAME CMD...
	local name=$1 got
	shift
	got=$("$@" | tail -n 1 | tr -d '\r')
	if [ "$name" = host ]; then
		equal "$(host_ns)" "$got" "inode"
	else
		match '^[0-9]+ [0-9]+$' "$got"
		equal "${got% *}" "${got#* }" "inode ($name)"
	fi
}

@test "both units are active and enabled, and no unit has failed" {
	equal active "$(systemctl is-active netns-pamd.socket)"
	equal active "$(systemctl is-active netns-pamd.service)"
	equal notify "$(systemctl show -P Type netns-pamd.service)"
	equal enabled "$(systemctl is-enabled netns-pamd.service)"
	equal enabled "$(systemctl is-enabled netns-pamd.socket)"
	equal "" "$(systemctl --failed --no-legend)" "failed units"
	equal "700 root" "$(stat -c '%a %U' $STATE)"
	equal "600 root" "$(stat -c '%a %U' $STATE/helper.sock)"
}

@test "the daemon has few capabilities and shares the host's mount namespace" {
	local pid caps
	pid=$(systemctl show -P MainPID netns-pamd)
	equal "$(readlink /proc/1/ns/mnt)" "$(readlink "/proc/$pid/ns/mnt")" "mount namespace"
	equal "$(readlink /proc/1/ns/net)" "$(readlink "/proc/$pid/ns/net")" "network namespace"
	# in effect: CAP_KILL, bit 5, CAP_NET_ADMIN, 12, CAP_SYS_ADMIN, 21
	equal 0000000000201020 "$(awk '/^CapEff/ {print $2}' "/proc/$pid/status")" CapEff
	# besides, for the programs it starts: CAP_CHOWN, _DAC_OVERRIDE,
	# _FOWNER, _SETGID, _SETUID, _NET_BIND_SERVICE, _NET_RAW
	for caps in CapBnd CapPrm; do
		equal 00000000002034eb "$(awk "/^$caps/ {print \$2}" "/proc/$pid/status")" $caps
	done
	equal 1 "$(awk '/^NoNewPrivs/ {print $2}' "/proc/$pid/status")" NoNewPrivs
	equal 2 "$(awk '/^Seccomp:/ {print $2}' "/proc/$pid/status")" Seccomp
	systemd-analyze security --no-pager netns-pamd.service | tail -n 1
}

@test "ssh: a command, a terminal, and a logind session" {
	is_in blue ssh_as alice "$(IN blue)"
	is_in blue ssh_as alice -tt "$(IN blue)"
	is_in host ssh_as carol "$SHOW_NS"
	is_in host ssh_as root "$SHOW_NS"
	run ssh_as alice 'loginctl session-status | head -n 3; echo $XDG_RUNTIME_DIR; systemctl --user is-system-running; cat /proc/self/cgroup; cat /etc/resolv.conf; probe tcp 198.51.100.80 80'
	match 'alice' "$output"
	match '/run/user/[0-9]+' "$output"
	match 'running' "$output"
	match 'session-.*\.scope' "$output"
	match 'nameserver 192\.0\.2\.53' "$output"
	match 'client 192\.0\.2\.2' "$output"
}

@test "F4 user@.service: the user manager and its services are inside" {
	local pid
	ssh_hold a alice
	pid=$(manager alice)
	equal "$(ns_of blue)" "$(ns_inode "$pid")" "the manager"
	is_in blue ssh_as alice "systemd-run -q --user --wait --pipe bash -c '$(IN blue)'"
	is_in blue systemd-run -q --user --machine=alice@.host --wait --pipe bash -c "$(IN blue)"
	ssh_as alice "systemd-run -q --user --on-active=0.1 --timer-property=AccuracySec=10ms bash -c '$(IN blue) >/home/alice/timer.new; mv /home/alice/timer.new /home/alice/timer'"
	wait_until 15 test -s /home/alice/timer
	is_in blue cat /home/alice/timer
	rm /home/alice/timer
	# the user bus too
	equal "$(ns_of blue)" "$(ns_inode "$(pgrep -u alice dbus-daemon || echo "$pid")")" "the bus"
	# it has its cgroup, and resolves as the policy says
	match '/user@' "$(cat "/proc/$pid/cgroup")"
	match '^192\.0\.2\.80 ' "$(ssh_as alice systemd-run -q --user --wait --pipe getent ahostsv4 www.example.net)"
	is_in host ssh_as carol "systemd-run -q --user --wait --pipe $SHOW_NS"
	ssh_end a
}

@test "F4 lingering: the user manager started without a login is inside" {
	loginctl enable-linger alice
	wait_until 15 manager_runs alice
	equal "$(ns_of blue)" "$(ns_inode "$(manager alice)")"
	is_in blue systemd-run -q --user --machine=alice@.host --wait --pipe bash -c "$(IN blue)"
	loginctl disable-linger alice
	wait_until 15 not manager_runs alice
}
manager_runs() { [ "$(manager "$1")" != 0 ] && systemctl -q is-active "user@$(id -u "$1").service"; }

@test "su, sudo and login on a terminal: the session is inside" {
	is_in blue su alice -c "$(IN blue)"
	is_in blue su - alice -c "$(IN blue)"
	is_in blue sudo -u alice bash -c "$(IN blue)"
	is_in blue as_user carol sudo -u alice bash -c "$(IN blue)"
	is_in host su carol -c "$SHOW_NS"
	cat >$T/login.exp <<-X
		set timeout 20
		spawn $TOP/tests/login/terminal.py login
		expect "login:" {send "alice\r"}
		expect "assword:" {send "secret\r"}
		expect -re {\\\$ \$}
		send "echo got=\\\$(stat -Lc %i /proc/self/ns/net)=\\\$(stat -c %i /run/netns/blue).\r"
		expect -re {got=([0-9]+)=([0-9]+)\\.}
		set same [string equal \$expect_out(1,string) \$expect_out(2,string)]
		send "exit\r"
		expect eof
		exit [expr {!\$same}]
	X
	run timeout 40 expect $T/login.exp
	equal 0 "$status" "$output"
}

@test "F5 cron and atd as services: jobs are inside" {
	local u
	for u in alice carol; do
		echo "@reboot $(IN blue | sed 's/%/\\%/g') >\$HOME/mark.new 2>/dev/null; mv \$HOME/mark.new \$HOME/mark" | crontab -u $u -
	done
	systemctl stop cron
	rm -f /run/crond.reboot
	systemctl start cron
	wait_until 20 test -s /home/alice/mark
	wait_until 20 test -s /home/carol/mark
	is_in blue cat /home/alice/mark
	is_in host cut -d' ' -f1 /home/carol/mark
	crontab -u alice -r
	crontab -u carol -r
	rm /home/alice/mark
	systemctl start atd
	as_user alice env HOME=/home/alice bash -c "cd; echo '$(IN blue) >\$HOME/mark.new; mv \$HOME/mark.new \$HOME/mark' | at now"
	wait_until 20 test -s /home/alice/mark
	is_in blue cat /home/alice/mark
}

@test "socket activation: a login starts the daemon" {
	systemctl stop netns-pamd.service
	equal inactive "$(systemctl is-active netns-pamd.service)"
	is_in blue ssh_as alice "$(IN blue)"
	equal active "$(systemctl is-active netns-pamd.service)"
}

@test "F1 daemon and socket stopped: mapped users are refused by every service, others log in" {
	systemctl stop netns-pamd.socket netns-pamd.service
	is_in host ssh_as carol "$SHOW_NS"
	is_in host ssh_as root "$SHOW_NS"
	is_in host su carol -c "$SHOW_NS"
	run ssh_as alice echo in
	[ "$status" != 0 ]
	not match '^in' "$output"
	run sudo -u alice echo in
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	refuses systemctl start "user@$(id -u alice).service"
	refuses systemd-run -q --user --machine=alice@.host --wait --pipe echo in
	not grep -qx in $T/refused
	logged 'pam_netns.*systemd-user\|systemd.*pam_netns'
}

@test "F58 F62 kill -9, restart, stop and start of the daemon: sessions continue" {
	local ns how
	ssh_hold a alice
	ssh_hold f frank
	ns=$(ns_of own.frank)
	for how in 'systemctl kill -s KILL netns-pamd' 'systemctl restart netns-pamd' \
		'systemctl stop netns-pamd; systemctl start netns-pamd' \
		'systemctl restart netns-pamd.socket netns-pamd.service'; do
		eval "$how"
		wait_until 10 systemctl -q is-active netns-pamd
		equal "$ns" "$(ns_of own.frank)" "after '$how'"
		equal "$ns" "$(su frank -c "$SHOW_NS")" "a login after '$how'"
		match 'client 192' "$(ssh_as alice probe tcp 198.51.100.80 80)"
		wait_until 5 two_sessions
	done
	ssh_end f
	wait_until 20 not_there own.frank
	there blue
	ssh_end a
}
two_sessions() { [ "$(netns-pam status --json | jq_sessions)" -ge 2 ]; }
jq_sessions() { /usr/bin/python3 -c 'import json, sys; print(sum(s["service"] == "sshd" for s in json.load(sys.stdin)["sessions"]))'; }

@test "F62 daemon killed: the service manager keeps the sockets of sessions" {
	ssh_hold a alice
	[ "$(systemctl show -P NFileDescriptorStore netns-pamd)" -ge 1 ]
	systemctl kill -s KILL netns-pamd
	wait_until 10 systemctl -q is-active netns-pamd
	ssh_end a
	wait_until 20 no_names
	equal 0 "$(systemctl show -P NFileDescriptorStore netns-pamd)" "descriptors in the store"
}

@test "a login while the daemon restarts waits, then is inside" {
	local i
	spawn $T/restarts bash -c 'for i in {1..8}; do systemctl restart netns-pamd; systemctl reset-failed netns-pamd; sleep 0.2; done; echo finished' >/dev/null
	i=0
	until grep -q finished $T/restarts; do
		is_in green su bob -c "$(IN green)"
		i=$((i + 1))
	done
	[ $i -ge 5 ]
}

@test "close_session as the user or never: user managers of many logins leave nothing" {
	local i u
	u=user@$(id -u alice).service
	for i in {1..6}; do
		systemctl start "$u"
		equal "$(ns_of blue)" "$(ns_inode "$(manager alice)")" "round $i"
		systemctl stop "$u"
		wait_until 15 not_there blue
		systemctl reset-failed
	done
	# and killed by a signal
	systemctl start "$u"
	there blue
	systemctl kill -s KILL "$u"
	wait_until 15 not_there blue
	systemctl reset-failed
	is_in blue ssh_as alice "$(IN blue)"
}

@test "systemctl reload applies a valid policy and refuses an invalid one" {
	standard_policy | sed 's/^users = carol/&/; s/^\[rule bob\]/[rule carol]\nusers = carol\nnamespace = jail\n&/' | write_policy
	systemctl reload netns-pamd
	is_in jail su carol -c "$(IN jail)"
	echo nonsense | write_policy
	refuses systemctl reload netns-pamd
	equal active "$(systemctl is-active netns-pamd)"
}

@test "F9 a private mount namespace keeps /sys/fs/cgroup and the rest of /sys" {
	is_in blue su alice -c "$(IN blue)"
	run ssh_as alice 'stat -fc %T /sys/fs/cgroup; ls /sys/class/net | xargs; ls /sys/kernel | wc -l'
	equal cgroup2fs "${lines[0]}"
	equal "eth0 lo" "${lines[1]}"
	[ "${lines[2]}" -gt 1 ]
}

@test "F9 nscd started after the login: the session cannot reach it" {
	local pid
	ssh_hold a alice
	equal "755 root" "$(stat -c '%a %U' /run/nscd)"
	spawn $T/nscd.log $PROBE unix /run/nscd/socket $T/asked >$T/nscd.pid
	wait_until 5 test -S /run/nscd/socket
	pid=$(cat $T/in.a)
	not test -e "/proc/$pid/root/run/nscd/socket"
	[ -d "/proc/$pid/root/run/nscd" ]
	kill "$(cat $T/nscd.pid)"
	rm -f /run/nscd/socket
	ssh_end a
}

@test "F32 package removed and installed again: a mapped user is inside" {
	dpkg --no-triggers -r netns-pam
	equal inactive "$(systemctl is-active netns-pamd.socket)"
	is_in host ssh_as alice "$SHOW_NS"
	install_package
	equal enabled "$(systemctl is-enabled netns-pamd.service)"
	equal active "$(systemctl is-active netns-pamd.service)"
	is_in blue ssh_as alice "$(IN blue)"
	is_in host ssh_as carol "$SHOW_NS"
}

@test "upgrade with open sessions: the daemon is restarted, masked units stay masked" {
	local pid
	ssh_hold f frank
	pid=$(systemctl show -P MainPID netns-pamd)
	install_package
	not equal "$pid" "$(systemctl show -P MainPID netns-pamd)"
	equal "$(ns_of own.frank)" "$(su frank -c "$SHOW_NS")"
	is_in blue ssh_as alice "$(IN blue)"
	ssh_end f
	systemctl mask --now netns-pamd.service netns-pamd.socket
	install_package
	equal inactive "$(systemctl is-active netns-pamd.service)"
	systemctl unmask netns-pamd.service netns-pamd.socket
}

@test "link = openvpn with the unit's restrictions: a restarted daemon adopts the tunnel" {
	local pid
	office_start
	client_files alice
	groupadd roadwarriors
	usermod -aG roadwarriors alice
	put_policy <"$TOP/conf/examples/openvpn.conf"
	ssh_hold one alice
	pid=$(pgrep -f 'openvpn .*npamv')
	systemctl restart netns-pamd.service
	wait_until 5 sh -c 'netns-pam status | grep -q "openvpn connected to"'
	equal "$pid" "$(pgrep -f 'openvpn .*npamv')" "openvpn"
	run ssh_as alice 'probe tcp 10.99.0.80 80; getent ahostsv4 www'
	match '^server 10.99.0.80 client 10.8.0.2' "$output"
	match '10.99.0.80 ' "$output"
	ssh_end one
	wait_until 20 gone "$pid"
}

@test "F75 systemctl restart nftables: the table of netns-pamd stays in effect" {
	ssh_hold a alice
	grep -q '^flush ruleset' /etc/nftables.conf # what Debian's begins with
	systemctl restart nftables
	refuses ip netns exec blue $PROBE tcp 192.0.2.2 8080 1
	ip netns exec blue $PROBE tcp 192.0.2.80 80 1
	nft list table inet netns_pam >/dev/null
	systemctl stop nftables
	refuses ip netns exec blue $PROBE tcp 192.0.2.2 8080 1
	ip netns exec blue $PROBE tcp 192.0.2.80 80 1
	nft list table inet netns_pam >/dev/null
}

@test "F32 package purged: no unit is left, logins work" {
	dpkg --no-triggers -r netns-pam
	equal inactive "$(systemctl is-active netns-pamd.service)"
	equal inactive "$(systemctl is-active netns-pamd.socket)"
	is_in host ssh_as alice "$SHOW_NS"
	is_in host ssh_as carol "$SHOW_NS"
	dpkg --no-triggers -P netns-pam
	is_in host ssh_as alice "$SHOW_NS"
	[ ! -e $STATE ]
	install_package
	standard_policy | put_policy
	is_in blue ssh_as alice "$(IN blue)"
}
