#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon is killed at its system calls, or they fail, one at a
# time, over a whole run: start, first login, a namespace brought up, joined
# and taken down, end. strace(1) injects the faults.
#
#	NETNS_PAM_FAULTS=60	points of each kind, spread evenly; "all" of them

load ../lib

# Calls that change state outside the process, or wait for a process that did.
CHANGES=unshare,setns,mount,umount2,move_mount,open_tree,fsmount
CHANGES+=,mkdir,mkdirat,openat,unlink,unlinkat,rename,renameat,renameat2
CHANGES+=,write,pwrite64,writev,sendto,sendmsg,recvmsg,recvfrom,socket,bind
CHANGES+=,listen,accept4,epoll_ctl,flock,fsync,ftruncate,pidfd_open,prctl,capset
MEMORY=mmap,brk

setup_file() {
	common_setup_file
	stop_sshd
	objects >$T/before
	stop_helper
	traced
	cycle || { cat $T/helper.log $T/cycle; return 1; }
	life_ends
	sed 's/^[0-9]* *//' $T/trace >$T/calls
}

setup() { :; }
teardown() {
	undone
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 20 $T/helper.log
	stop_helper KILL
}

# traced [strace's options]: the daemon, running or already ended
traced() {
	: >$T/helper.log
	spawn $T/helper.log strace -D -f -qq -o $T/trace \
		-e "trace=$CHANGES,$MEMORY" "$@" /usr/sbin/netns-pamd \
		>$T/helper.pid
	wait_until 20 up_or_dead
}
up_or_dead() { helper_ready || gone "$(helper_pid)"; }

life_ends() {
	kill -TERM "$(helper_pid)" 2>/dev/null || true
	wait_until 20 gone "$(helper_pid)"
}

# The work of one run. A command that reports success must have worked, and one
# that failed must report it; otherwise prints what is wrong. Returns 1 if any
# command failed, even when it may.
cycle() {
	local rc=0 out
	: >$T/cycle
	attempt green || rc=1
	if timeout 20 netns-pam up green 2>>$T/cycle; then
		attempt green || rc=1
		timeout 20 netns-pam down green 2>>$T/cycle || rc=1
	else
		rc=1
	fi
	return $rc
}

# attempt NAME: a login of bob: refused or inside, never on the host.
attempt() {
	local rc=0 out
	out=$(timeout 20 su bob -c "$SHOW_NS; stat -Lc %i /run/netns/$1" \
		2>>$T/cycle | xargs) || true
	set -- $out
	[ -n "$out" ] || return 1
	if [ "$1" = "$(host_ns)" ]; then
		echo "a login ran in the host's namespace"
		return 1
	fi
	if [ "$1" != "${2:-}" ]; then
		echo "a login ran in a namespace without the name: $out"
		return 1
	fi
}

# The calls of a run, numbered as strace counts them: "NAME N" a line. The calls
# of the dynamic linker, before the daemon's own, are omitted.
points() { # points NAMES
	awk -v names=",$1," '
		/netns-pam/ && !/execve|\.so/ { own = 1 }
		match($0, /^[a-z_0-9]+\(/) {
			name = substr($0, 1, RLENGTH - 1)
			n[name]++
			if (own && index(names, "," name ","))
				print name, n[name]
		}' $T/calls
}

# sampled <points: $NETNS_PAM_FAULTS of them, spread evenly
sampled() {
	if [ "${NETNS_PAM_FAULTS:-60}" = all ]; then
		cat
		return
	fi
	awk -v want="${NETNS_PAM_FAULTS:-60}" '
		{ line[NR] = $0 }
		END {
			step = NR > want ? NR / want : 1
			for (i = 1; int(i) <= NR; i += step)
				print line[int(i)]
		}'
}

# After the fault, with a daemon without faults: nothing is left, logins work.
healed() {
	stop_helper KILL
	start_helper || { echo "the daemon does not start again"; return 1; }
	# An `up` may have succeeded although its client got no answer.
	netns-pam down green >>$T/cycle 2>&1 || true
	nothing_left 10 || return 1
	attempt green || { echo "the next login fails"; cat $T/cycle; return 1; }
	nothing_left 10 || return 1
}

# each POINTS-FILE INJECTION...: one run for each point; prints those that failed
each() {
	local point n=0 bad=0 file=$1 why rc
	shift
	while [ $bad -lt 10 ] && read -r -u 7 point; do
		n=$((n + 1)) rc=0
		# shellcheck disable=SC2086
		why=$(one $point "$@" 7<&- 2>&1) || rc=1
		stop_helper KILL
		[ $rc != 0 ] || continue
		bad=$((bad + 1))
		as_before
		printf '%s %s\n%s\n--- netns-pamd\n%s\n' "$point" "$*" "$why" \
			"$(tail -n 5 $T/helper.log)"
	done 7<"$file"
	echo "# $n runs, $bad failed" >&3
	[ $n -gt 0 ] && [ $bad = 0 ]
}

# The next run starts from a clean state.
as_before() {
	{
		start_helper && netns-pam down green --force
		stop_helper KILL
		sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	} >/dev/null 2>&1 || true
}

one() { # one CALL N WHAT, e.g. write 7 signal=KILL
	local said
	traced -e "inject=$1:$3:when=$2"
	said=$(cycle) || true
	[ -z "$said" ] || { echo "$said"; return 1; }
	# The daemon may exit at its start, or libnftables may abort it; if it runs, it
	# must work. The fault may occur in the first attempt; the second has none.
	if [[ $3 == error=* ]] && ! attempt green && ! attempt green &&
		! wait_until 3 gone "$(helper_pid)" >$T/never; then
		echo "the daemon runs, but the next login fails"
		cat $T/cycle
		return 1
	fi
	[[ $3 != error=* ]] || life_ends
	healed
}

@test "F58 daemon killed at each call that changes state: the next start is clean" {
	points "$CHANGES" | sampled >$T/points
	each $T/points signal=KILL
}

@test "F59 each call fails once: undone or done, as the daemon's answer says" {
	local pair
	: >$T/points.error
	for pair in openat:EMFILE openat:ENOSPC write:ENOSPC write:EIO \
		socket:ENFILE sendto:ENOBUFS sendmsg:ENOBUFS recvmsg:ENOBUFS \
		recvfrom:ENOBUFS recvmsg:EINTR unshare:ENOSPC setns:EPERM \
		mount:ENOMEM umount2:EBUSY mkdir:ENOSPC mkdirat:ENOSPC \
		rename:EIO renameat:EIO unlink:EIO unlinkat:EIO \
		accept4:EMFILE accept4:ECONNABORTED epoll_ctl:ENOMEM \
		flock:EINTR fsync:EIO pidfd_open:EMFILE bind:EADDRINUSE; do
		points "${pair%:*}" | sed "s/\$/ error=${pair#*:}/" \
			>>$T/points.error
	done
	sampled <$T/points.error >$T/points
	each $T/points
}

@test "F60 each memory request of the kernel fails once: undone or done" {
	points "$MEMORY" | sed 's/$/ error=ENOMEM/' |
		NETNS_PAM_FAULTS=${NETNS_PAM_FAULTS:-20} sampled >$T/points
	each $T/points
}
