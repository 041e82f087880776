# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the bats files about links.

# ---- policies

# mapped USERS:NAMESPACE... <SECTIONS: a rule for each, and these sections.
# LIMIT is the time limit of a login.
mapped() {
	local m n=0
	{
		printf '[options]\ntimeout = %s\n' "${LIMIT:-5s}"
		for m in "$@"; do
			n=$((n + 1))
			printf '[rule r%s]\nusers = %s\nnamespace = %s\n' $n "${m%:*}" "${m#*:}"
		done
		cat
	} | put_policy
}

# policy_with [LINE...]: alice gets `blue`, with these lines; bob gets `green`.
# BLUE and GREEN: additional lines of those sections; MORE: other sections
policy_with() {
	mapped alice:blue bob:green <<-X
		[namespace blue]
		${BLUE:-link = nat}
		$(printf '%s\n' "$@")
		[namespace green]
		${GREEN:-link = nat}
		${MORE:-}
	X
}

# hook NAME <text: an executable owned by root, in $T/hooks
hook() {
	{
		echo '#!/bin/bash'
		cat
	} >$T/hooks/$1
	chmod 755 $T/hooks/$1
}

# ---- a test's beginning and end

# nothing_left compares with the state that from_here records, under a test's
# policy; to_there restores the standard policy and records the state again.
from_here() { objects >$T/before; }
to_there() {
	standard_policy | put_policy
	objects >$T/before
}

# beside NAMESPACE CMD...: runs in the namespace until the end of the test
beside() { spawn $T/beside.log ip netns exec "$@" >>$T/beside; }

link_teardown() {
	undone
	[ ! -e $T/beside ] || xargs -r kill <$T/beside 2>/dev/null || true
	rm -f $T/beside
	ssh_end_all
	ensure_helper
	standard_policy | put_policy
	common_teardown
}

# ---- logins

su_runs() { timeout 20 su "$1" -c "$2"; }

# A login that has to wait; returns when the daemon has its request.
# Its pid is in $T/TAG.pid.
su_waits() { # su_waits TAG USER CMD
	spawn "$T/$1.log" su "$2" -c "$3" >"$T/$1.pid"
	wait_until 10 asks "$(cat "$T/$1.pid")"
}
asks() { # asks PID: PID is connected, and the daemon has processed its request
	ss -Hxp state established | grep -q "^u_seq.*pid=$1," && netns-pam status
}

# su_fails USER [WORDS]: the login is refused, and the log has WORDS
su_fails() {
	: >$T/syslog
	refuses timeout 20 su "$1" -c true
	[ -z "${2:-}" ] || wait_until 5 grep -qF "$2" $T/syslog ||
		{ cat $T/syslog; return 1; }
}

in_log() { grep -qE "$1" $T/helper.log; }
in_syslog() { wait_until 5 grep -qE "$1" $T/syslog; }
in_status() { netns-pam status | grep -qE "$1"; }

# ---- addresses, and what is reached

inside() { ip netns exec "$@"; }

# inner NAMESPACE 4|6 [global|link]: the address of eth0, without the length
inner() {
	ip -n "$1" "-$2" -o address show dev eth0 scope "${3:-global}" |
		awk '{sub("/.*", "", $4); print $4}'
}
inner4() { inner "$1" 4; }
inner6() { inner "$1" 6; }

# reached NAMESPACE SECONDS TARGET...: those that answer, sorted
reached() {
	local n=$1
	shift
	ip netns exec "$n" $PROBE scan "$@" | sort | xargs
}
scan_in() { reached "$1" 1 "${@:2}"; }

# How many connections were not refused at once: their SYN was sent twice. A few
# are, because the kernel limits the rate of ICMP errors.
sent_twice() { ip netns exec "$1" nstat -asz TcpExtTCPSynRetrans | awk '/SynRetrans/ {print $2}'; }

# same LIST LIST [WHAT]: in any order
same() {
	equal "$(tr ' ' '\n' <<<"$1" | sort | xargs)" "$2" "${3:-reached}"
}

# talks LOG LINE: `probe talk` has printed more after LINE; is_cut LOG: it was
# disconnected
talks() { [ "$(tail -n 1 "$1")" != "$2" ] && not grep -q cut "$1"; }
is_cut() { grep -q cut "$1"; }
