#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# su, runuser, sudo, login, cron, at, batch: each is in its namespace or refused as
# the policy says; and nested logins.

load ../lib

setup_file() {
	common_setup_file
	echo 'ALL ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/t
	chmod 440 /etc/sudoers.d/t
	# Debian's runuser has a stack of its own: the line is added by hand
	grep -h '^session.*pam_netns' "$TOP/packaging/pam.snippet" |
		tee -a /etc/pam.d/runuser >>/etc/pam.d/runuser-l
}
setup() {
	common_setup
	rm -f /home/*/mark /home/*/mark.*
}
teardown() {
	undone
	stop_service cron
	stop_service atd
	ensure_helper
	standard_policy | put_policy
	common_teardown
}

start_service() { # start_service NAME CMD...
	local name=$1
	shift
	spawn "$T/$name.log" "$@" >"$T/$name.pid"
}
stop_service() {
	local pid
	pid=$(cat "$T/$1.pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null || true
	wait_until 5 gone "$pid"
	rm -f "$T/$1.pid"
}

# The inode of the namespace, and whether it is that of the name
WHERE='echo $(stat -Lc %i /proc/self/ns/net) ${NETNS_PAM_NAMESPACE:-host}'
where() { # where WANTED CMD...
	local want=$1 out
	shift
	out=$("$@")
	equal "$want" "${out#* }" "NETNS_PAM_NAMESPACE"
}

# is_in NAME CMD...: CMD prints a namespace's inode while NAME exists
is_in() {
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
IN() { echo "echo \$($SHOW_NS) \$(stat -c %i /run/netns/$1)"; }

@test "su, with and without a login shell: in the namespace" {
	is_in blue su alice -c "$(IN blue)"
	is_in blue su - alice -c "$(IN blue)"
	is_in jail su dave -c "$(IN jail)"
	is_in host su carol -c "$SHOW_NS"
	is_in host su - carol -c "$SHOW_NS"
	is_in host su root -c "$SHOW_NS"
}

@test "su: returns the command's status" {
	run su alice -c 'exit 7'
	equal 7 "$status"
}

@test "su with a password on a terminal, by an unmapped user: in the namespace" {
	cat >$T/su.exp <<-X
		set timeout 20
		spawn setpriv --reuid carol --regid carol --init-groups su alice -c {echo got=\$(stat -Lc %i /proc/self/ns/net)=\$(stat -c %i /run/netns/blue).}
		expect "assword:" {send "secret\r"}
		expect -re {got=([0-9]+)=([0-9]+)\\.}
		exit [expr {![string equal \$expect_out(1,string) \$expect_out(2,string)]}]
	X
	run timeout 30 expect $T/su.exp
	equal 0 "$status" "$output"
}

@test "runuser with the module in its stack: in the namespace" {
	is_in blue runuser -u alice -- bash -c "$(IN blue)" || is_in blue runuser alice -c "$(IN blue)"
	is_in blue runuser -l alice -c "$(IN blue)"
	is_in host runuser carol -c "$SHOW_NS"
}

@test "sudo: in the namespace" {
	is_in blue sudo -u alice bash -c "$(IN blue)"
	is_in blue sudo -i -u alice bash -c "$(IN blue)"
	is_in blue as_user carol sudo -u alice bash -c "$(IN blue)"
	is_in host sudo -u carol bash -c "$SHOW_NS"
	is_in host as_user carol sudo bash -c "$SHOW_NS"
	run sudo -u alice bash -c 'exit 9'
	equal 9 "$status"
}

@test "login on a terminal: in the namespace" {
	cat >$T/login.exp <<-X
		set timeout 20
		spawn $TOP/tests/login/terminal.py login
		expect "login:" {send "[lindex \$argv 0]\r"}
		expect "assword:" {send "secret\r"}
		expect -re {\\\$ \$}
		send "echo got=\\\$(stat -Lc %i /proc/self/ns/net)=\\\$(stat -c %i [lindex \$argv 1]).\r"
		expect -re {got=([0-9]+)=([0-9]+)\\.}
		set same [string equal \$expect_out(1,string) \$expect_out(2,string)]
		send "exit\r"
		expect eof
		exit [expr {!\$same}]
	X
	run timeout 40 expect $T/login.exp alice /run/netns/blue
	equal 0 "$status" "$output"
	ln -sf /proc/1/ns/net $T/hostns
	sed -i 's/stat -c %i/stat -Lc %i/' $T/login.exp
	# carol cannot read /proc/1, so the host's inode is passed
	run timeout 40 expect $T/login.exp carol /proc/self/ns/net
	equal 0 "$status" "$output"
}

cron_once() { # cron_once USER...: each one's @reboot job marks its home
	local u
	for u in "$@"; do
		echo "@reboot $(IN blue | sed 's/%/\\%/g') >\$HOME/mark.new 2>/dev/null; mv \$HOME/mark.new \$HOME/mark" |
			crontab -u "$u" -
	done
	rm -f /run/crond.reboot /run/crond.pid
	start_service cron cron -f
}

@test "F5 cron job: in the namespace" {
	cron_once alice carol
	wait_until 20 test -s /home/carol/mark
	wait_until 20 test -s /home/alice/mark
	is_in blue cat /home/alice/mark
	is_in host cut -d' ' -f1 /home/carol/mark
	crontab -u alice -r
	crontab -u carol -r
}

@test "F5 F1 cron job while no daemon runs: not run" {
	stop_helper KILL
	cron_once alice carol
	wait_until 20 test -s /home/carol/mark
	wait_until 20 grep -q 'pam_netns.*cron\|cron.*pam_netns' $T/syslog
	stop_service cron
	[ ! -e /home/alice/mark ]
	crontab -u alice -r
	crontab -u carol -r
}

at_once() { # at_once at|batch USER
	local when=
	[ "$1" != at ] || when=now
	as_user "$2" env HOME="/home/$2" bash -c "cd; echo '$(IN blue) >\$HOME/mark.new; mv \$HOME/mark.new \$HOME/mark' | $1 $when 2>/dev/null"
}

@test "F5 at and batch jobs: in the namespace" {
	start_service atd atd -f -l 1000 -b 1
	wait_until 5 test -s /run/atd.pid
	at_once at alice
	wait_until 20 test -s /home/alice/mark
	is_in blue cat /home/alice/mark
	rm /home/alice/mark
	at_once at carol
	wait_until 20 test -s /home/carol/mark
	is_in host cut -d' ' -f1 /home/carol/mark
	at_once batch alice
	wait_until 30 test -s /home/alice/mark
	is_in blue cat /home/alice/mark
}

@test "F5 F1 at job while no daemon runs: not run" {
	start_service atd atd -f -l 1000 -b 1
	wait_until 5 test -s /run/atd.pid
	stop_helper KILL
	at_once at alice
	at_once at carol
	wait_until 20 test -s /home/carol/mark
	wait_until 20 grep -q 'pam_netns' $T/syslog
	[ ! -e /home/alice/mark ]
	# the spool file of the refused job
	stop_service atd
	as_user alice bash -c 'atq | cut -f1 | xargs -r atrm'
}

@test "F1 su, runuser, sudo and login while no daemon runs: refused" {
	stop_helper KILL
	run su alice -c 'echo in'
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	run runuser -l alice -c 'echo in'
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	run sudo -u alice echo in
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	run as_user carol sudo -u alice echo in
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	cat >$T/login.exp <<-X
		set timeout 20
		spawn $TOP/tests/login/terminal.py login
		expect "login:" {send "alice\r"}
		expect "assword:" {send "secret\r"}
		expect {
			-re {alice@[^ ]*\\\$ \$} {exit 1}
			eof {exit 0}
		}
		exit 2
	X
	run timeout 40 expect $T/login.exp
	equal 0 "$status" "$output"
}

@test "F34 refused user: gets a short message without the policy's content" {
	stop_helper KILL
	run su alice -c true
	[ "$status" != 0 ]
	match '[a-z]' "$output"
	not match 'blue|192\.0\.2\.53' "$output"
	[ ${#output} -lt 400 ]
}

@test "F26 invalid policy: login and cron work for unmapped users" {
	printf '[rule x]\nuser = carol\n' | write_policy
	refuses netns-pam reload
	cat >$T/login.exp <<-'X'
		set timeout 20
		spawn $env(TOP)/tests/login/terminal.py login
		expect "login:" {send "[lindex $argv 0]\r"}
		expect "assword:" {send "secret\r"}
		expect -re {\$ $}
		send "echo got=\$(stat -Lc %i /proc/self/ns/net)=\$(stat -c %i /run/netns/blue 2>/dev/null).\r"
		expect -re {got=[0-9]+=[0-9]*\.} {puts "\nhere $expect_out(0,string)"}
		send "exit\r"
		expect eof
	X
	run timeout 40 expect $T/login.exp carol
	match "here got=$(host_ns)=" "$output"
	# and mapped users get the last valid policy
	run timeout 40 expect $T/login.exp alice
	match 'here got=([0-9]+)=([0-9]+)\.' "$output"
	equal "${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}" "alice's namespace"
	cron_once alice carol
	wait_until 20 test -s /home/carol/mark
	wait_until 20 test -s /home/alice/mark
	is_in blue cat /home/alice/mark
	is_in host cut -d' ' -f1 /home/carol/mark
	crontab -u alice -r
	crontab -u carol -r
}

# ---- nested logins

nested_policy() { # nested_policy switch|keep|deny
	standard_policy | sed "s/^users = bob$/users = bob\nnested = $1/"
}

@test "F18 nested login: the target user's rule is applied" {
	is_in green su alice -c "sudo -u bob bash -c '$(IN green)'"
	is_in green sudo -u alice sudo -u bob bash -c "$(IN green)"
	# and its DNS is not that of the outer session
	equal "nameserver 127.0.0.1" "$(su alice -c 'sudo -u bob cat /etc/resolv.conf')"
	is_in jail su bob -c "sudo -u alice sudo -u dave bash -c '$(IN jail)'"
}

@test "F18 nested login: nested = keep and deny" {
	nested_policy keep | put_policy
	is_in blue su alice -c "sudo -u bob bash -c '$(IN blue)'"
	is_in green su bob -c "$(IN green)"
	nested_policy deny | put_policy
	run su alice -c "sudo -u bob echo in"
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	is_in green su bob -c "$(IN green)"
}

@test "F18 nested login without a rule: stays in the current namespace" {
	is_in blue su alice -c "sudo -u carol bash -c '$(IN blue)'"
	is_in blue su alice -c "sudo bash -c '$(IN blue)'"
	is_in blue ssh_as alice "sudo su -c '$(IN blue)'"
}

@test "F18 nested login, namespace = host: on the host" {
	{ standard_policy; printf '[rule root]\nusers = root\nnamespace = host\n'; } | put_policy
	is_in host su alice -c "sudo bash -c '$SHOW_NS'"
	is_in host su root -c "$SHOW_NS"
}

@test "F18 nested login of the same user: already in the namespace" {
	is_in blue su alice -c "sudo -u alice bash -c '$(IN blue)'"
	is_in blue ssh_as alice "sudo su alice -c '$(IN blue)'"
}

@test "process that outlives its su: stays in the namespace" {
	# the inner login has its own session: the end of the outer one does not end it
	local ns pid
	spawn $T/inner su alice -c "setsid sudo -u bob bash -c 'echo \$($SHOW_NS) \$\$; exec sleep 1000' & until [ -s $T/inner ]; do sleep 0.05; done" >$T/inner.pid
	wait_until 10 test -s $T/inner
	wait_until 10 gone "$(cat $T/inner.pid)"
	read -r ns pid <$T/inner
	lands green "$ns"
	wait_until 15 not_there blue
	lands green "$(stat -Lc %i "/proc/$pid/ns/net")"
	kill "$pid"
}

@test "the environment of a session names the namespace" {
	where blue su - alice -c "$WHERE"
	where host su - carol -c "$WHERE"
	where blue sudo -i -u alice bash -c "$WHERE"
	match '^own\.frank ' "$(su - frank -c 'echo $NETNS_PAM_NAMESPACE .')"
}
