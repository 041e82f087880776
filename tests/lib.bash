# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by the bats files. All of it runs inside tests/sandbox, as root of a
# machine that is discarded: "the host" below is the sandbox's network
# namespace, "the internet" a namespace behind its uplink.
#
#	up0	192.0.2.2/24	2001:db8::2/64		the uplink
#	lan0	203.0.113.1/24	2001:db8:1a4::1/64	a LAN beside it
#
#	192.0.2.1, 2001:db8::1		the router; behind it 198.51.100.80,
#					2001:db8:ffff::80 as far-away servers
#	192.0.2.53, 2001:db8::53	DNS: www.example.net is 192.0.2.80
#	192.0.2.54			DNS: www.example.net is 192.0.2.66
#	127.0.0.1 port 53		the host's: www.example.net is 192.0.2.99
#	169.254.169.254, fd00:ec2::254, 100.100.100.200	metadata services
#
# Every address of the internet answers on TCP and UDP port 80 and 443.

TOP=$(realpath "${BATS_TEST_DIRNAME:-$(dirname "${BASH_SOURCE[0]}")/login}/../..")
BUILD=${NETNS_PAM_BUILD:-$TOP/build}
T=/tmp/t
PROBE=/usr/local/bin/probe
POLICY=/etc/netns-pam.conf
STATE=/run/netns-pam
export TOP BUILD T PROBE POLICY STATE

# ---- small functions

# wait_until SECONDS CMD...: polls; fails with a message at the limit. SECONDS is
# the limit on an idle machine; three times as long is allowed.
wait_until() {
	local end=$((${EPOCHREALTIME/./} + $1 * 3000000))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ ${EPOCHREALTIME/./} -gt $end ]; then
			echo "never true: $*"
			return 1
		fi
		sleep 0.05
	done
}

# longer FILE LINES: it has at least that many lines
longer() { [ "$(wc -l <"$1")" -ge "$2" ]; }

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

fail() {
	printf '%s\n' "$*"
	return 1
}

# equal WANTED GOT [WHAT]
equal() {
	[ "$1" = "$2" ] || fail "${3:-value}: wanted '$1', got '$2'"
}

# match REGEX TEXT
match() {
	[[ $2 =~ $1 ]] || fail "wanted something like '$1', got '$2'"
}

# refuses CMD...: the command must fail, and not by a time limit of the test
refuses() {
	local rc=0
	"$@" >"$T/refused" 2>&1 || rc=$?
	[ $rc != 0 ] || fail "succeeded: $* ($(head -c 300 "$T/refused"))"
	[ $rc != 124 ] && [ $rc != 137 ] || fail "hung: $*"
}

# not CMD...: `! CMD` does not fail a bats test, this does
not() {
	if "$@"; then fail "did not expect: $*"; fi
}

listens() { ss -Hltn | grep -q ":$1 "; }

# Starts a process that is no child of this shell; prints its pid. stdout and stderr
# go to LOG.
spawn() { # spawn LOG CMD...
	local log=$1
	shift
	: >"$log" # at once: what an earlier process printed is no output of this one
	(
		setsid "$@" >"$log" 2>&1 </dev/null 3>&- 4>&- &
		echo $!
	)
}

alive() {
	local state
	state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null) || return 1
	[ "$state" != Z ]
}
gone() { ! alive "$1"; }

# runs_as PID USER CAPABILITIES: all uids are USER's, and no other capabilities
runs_as() {
	local uid word
	uid=$(id -u "$2")
	equal "$uid $uid $uid $uid" \
		"$(awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$1/status")" "uid of $1"
	equal "" "$(awk '/^Groups:/ {print $2}' "/proc/$1/status")" "groups of $1"
	for word in CapPrm CapEff; do
		equal "$3" "$(awk "/^$word:/ {print \$2}" "/proc/$1/status")" "$word of $1"
	done
	grep -q '^NoNewPrivs:.1$' "/proc/$1/status"
}

# ---- the machine

install_package() {
	local deb
	deb=$(ls "$TOP"/build/netns-pam_*.deb) || fail "no package: make deb"
	DEBIAN_FRONTEND=noninteractive dpkg --no-triggers -i "$deb" \
		>"$T/dpkg.log" 2>&1 || { cat "$T/dpkg.log"; return 1; }
	# make SAN=1: the daemon and the command are the sanitized ones
	if [ "$BUILD" != "$TOP/build" ]; then
		install -m 755 "$BUILD/netns-pamd" "$BUILD/netns-pam" /usr/sbin/
	fi
}

# make_user NAME [useradd's options]: a user that logs in with the test's key
make_user() {
	local u=$1
	shift
	useradd -m -s /bin/bash "$@" "$u"
	printf '%s:%s\n' "$u" secret | chpasswd
	allow_key "$u"
}

allow_key() {
	local home
	home=$(getent passwd "$1" | cut -d: -f6)
	install -d -m 700 -o "$1" -g "$(id -g "$1")" "$home/.ssh"
	install -m 600 -o "$1" -g "$(id -g "$1")" "$T/key.pub" \
		"$home/.ssh/authorized_keys"
}

# Installs the PAM stacks of the tests in place of those of this host.
own_stacks() {
	local f
	rm -rf /etc/pam.d/* /usr/lib/pam.d /etc/security/limits.d/* /var/lib/pam/*
	for f in /etc/environment /etc/default/locale /etc/security/{limits,pam_env,group,access,time}.conf; do
		[ ! -e "$f" ] || : >"$f"
	done
	find /usr/share/pam-configs -type f ! -name unix ! -name systemd -delete
	install -m 644 "$TOP"/tests/pam.d/* /etc/pam.d/
	DEBIAN_FRONTEND=noninteractive pam-auth-update --package --force
}

SAVED=/var/lib/tests-machine

# The part of the machine that tests/prepare saves for the whole run
prepare_machine() {
	mkdir -p $T
	chmod 755 $T
	install -m 755 "$TOP/tests/probe" $PROBE
	ssh-keygen -q -t ed25519 -N '' -f $T/key
	ssh-keygen -q -t ed25519 -N '' -f $T/hostkey
	printf 'hosts: files dns\npasswd: files\ngroup: files\nshadow: files\n' \
		>/etc/nsswitch.conf
	rm -f /etc/resolv.conf
	printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
	printf '127.0.0.1 localhost sandbox\n::1 localhost\n' >/etc/hosts
	rm -f /etc/motd /etc/nologin /etc/cron.d/* /etc/update-motd.d/*
}

# The machine before any test: no test may depend on the configuration of this host.
start_machine() {
	if [ -d $SAVED ]; then
		cp -a $SAVED $T
	else
		prepare_machine
	fi
	if [ ! -S /dev/log ]; then # no journal: log to a file
		spawn $T/syslog.log $PROBE syslog $T/syslog >$T/syslog.pid
		wait_until 5 test -S /dev/log
	fi
}

# ---- the internet

in_internet() { nsenter -n -t "$(cat $T/internet.pid)" "$@"; }
in_lan() { nsenter -n -t "$(cat $T/lan.pid)" "$@"; }

dns_server() { # dns_server ADDRESS-OF-WWW LISTEN...
	local www=$1 a args=()
	shift
	for a in "$@"; do args+=("--listen-address=$a"); done
	exec dnsmasq --conf-file=/dev/null --keep-in-foreground --no-resolv \
		--no-hosts --no-ping --user=root --pid-file= --bind-interfaces \
		--address="/www.example.net/$www" --local=/./ "${args[@]}"
}
export -f dns_server

start_internet() {
	local a
	spawn $T/internet.log unshare -n sleep infinity >$T/internet.pid
	spawn $T/lan.log unshare -n sleep infinity >$T/lan.pid
	wait_until 5 internet_apart
	ip link add up0 type veth peer name net0 netns "$(cat $T/internet.pid)"
	ip link add lan0 type veth peer name eth0 netns "$(cat $T/lan.pid)"

	# these addresses are unique: no duplicate address detection
	sysctl -qw net.ipv6.conf.up0.accept_dad=0 net.ipv6.conf.lan0.accept_dad=0
	in_internet sysctl -qw net.ipv6.conf.net0.accept_dad=0
	in_lan sysctl -qw net.ipv6.conf.eth0.accept_dad=0
	ip address add 192.0.2.2/24 dev up0
	ip address add 2001:db8::2/64 dev up0 nodad
	ip address add 203.0.113.1/24 dev lan0
	ip address add 2001:db8:1a4::1/64 dev lan0 nodad
	ip link set up0 up
	ip link set lan0 up
	ip route add default via 192.0.2.1
	ip route add default via 2001:db8::1 dev up0

	in_internet sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_internet ip link set lo up
	for a in 1 53 54 66 80 99; do
		in_internet ip address add 192.0.2.$a/24 dev net0
	done
	for a in 1 53 80; do
		in_internet ip address add 2001:db8::$a/64 dev net0 nodad
	done
	for a in 198.51.100.80/32 2001:db8:ffff::80/128 169.254.169.254/32 \
		fd00:ec2::254/128 100.100.100.200/32 168.63.129.16/32; do
		in_internet ip address add $a dev lo
	done
	in_internet ip link set net0 up
	# the return routes for `link = routed`
	in_internet ip route add 10.213.0.0/16 via 192.0.2.2
	in_internet ip -6 route add fd6e:6574:6e73::/48 via 2001:db8::2
	in_internet ip route add 203.0.113.0/24 via 192.0.2.2
	in_internet ip -6 route add 2001:db8:1a4::/64 via 2001:db8::2

	in_lan ip link set lo up
	in_lan ip address add 203.0.113.10/24 dev eth0
	in_lan ip address add 2001:db8:1a4::10/64 dev eth0 nodad
	in_lan ip link set eth0 up
	in_lan ip route add default via 203.0.113.1
	in_lan ip -6 route add default via 2001:db8:1a4::1

	spawn $T/web80.log nsenter -n -t "$(cat $T/internet.pid)" \
		$PROBE serve 80 $T/net.log >$T/web80.pid
	spawn $T/web443.log nsenter -n -t "$(cat $T/internet.pid)" \
		$PROBE serve 443 $T/net.log >$T/web443.pid
	spawn $T/weblan.log nsenter -n -t "$(cat $T/lan.pid)" \
		$PROBE serve 80 >$T/weblan.pid
	spawn $T/dns53.log nsenter -n -t "$(cat $T/internet.pid)" \
		bash -c 'dns_server 192.0.2.80 192.0.2.53 2001:db8::53' >$T/dns53.pid
	spawn $T/dns54.log nsenter -n -t "$(cat $T/internet.pid)" \
		bash -c 'dns_server 192.0.2.66 192.0.2.54' >$T/dns54.pid
	spawn $T/dnshost.log \
		bash -c 'dns_server 192.0.2.99 127.0.0.1' >$T/dnshost.pid
	spawn $T/host8080.log $PROBE serve 8080 $T/host.log >$T/host8080.pid
	wait_until 10 $PROBE tcp 192.0.2.80 80 1
	wait_until 10 $PROBE tcp 192.0.2.80 443 1
	wait_until 10 $PROBE tcp 2001:db8::80 80 1
	wait_until 10 $PROBE tcp 203.0.113.10 80 1
	wait_until 10 $PROBE tcp 127.0.0.1 8080 1
	wait_until 10 $PROBE dns 192.0.2.53 www.example.net 1
	wait_until 10 $PROBE dns 192.0.2.54 www.example.net 1
	wait_until 10 $PROBE dns 127.0.0.1 www.example.net 1
	wait_until 10 addresses_settled
}

addresses_settled() { [ -z "$(ip -6 address show tentative)" ]; }

internet_apart() {
	local p h
	h=$(readlink /proc/self/ns/net)
	for p in $T/internet.pid $T/lan.pid; do
		p=$(readlink "/proc/$(cat $p)/ns/net") || return 1
		[ "$p" != "$h" ] || return 1
	done
}

# ---- the daemon

helper_pid() { cat $T/helper.pid; }
helper_ready() { grep -q ready $T/helper.log && [ -S $STATE/helper.sock ]; }

start_helper() { # start_helper [options]
	: >$T/helper.log
	spawn $T/helper.log /usr/sbin/netns-pamd "$@" >$T/helper.pid
	wait_until 10 helper_ready || { cat $T/helper.log; return 1; }
}

stop_helper() { # stop_helper [SIGNAL]
	local pid
	pid=$(cat $T/helper.pid 2>/dev/null) || return 0
	alive "$pid" || return 0
	kill "-${1:-TERM}" "$pid"
	wait_until 10 gone "$pid"
	helper_clean
}

# With SAN=1: the sanitizers report nothing.
helper_clean() { not grep -E 'Sanitizer|runtime error:' $T/helper.log; }

# Starts or continues it if a test has left it dead or stopped.
ensure_helper() {
	local pid
	pid=$(helper_pid)
	if alive "$pid"; then
		kill -CONT "$pid"
	else
		start_helper
	fi
}

# put_policy [FILE] <text: replaces the policy as an editor does, and reloads it
put_policy() {
	write_policy "$@"
	netns-pam reload
}

write_policy() {
	cat >"${1:-$POLICY}.new"
	chmod 644 "${1:-$POLICY}.new"
	mv "${1:-$POLICY}.new" "${1:-$POLICY}"
}

# The users and namespaces that most files work with:
#	alice	blue	nat, with DNS of its own
#	bob	green	nat
#	dave	jail	loopback only
#	erin	street	routed
#	frank	frank's own, nat, gone at the last logout
#	carol	no rule
standard_policy() {
	cat <<-'X'
		[options]
		timeout = 5s
		[rule alice]
		users = alice
		namespace = blue
		[rule bob]
		users = bob
		namespace = green
		[rule dave]
		users = dave
		namespace = jail
		[rule erin]
		users = erin
		namespace = street
		[rule frank]
		users = frank
		namespace = own
		[namespace blue]
		link = nat
		dns = 192.0.2.53, 2001:db8::53
		search = example.net
		[namespace green]
		link = nat
		[namespace jail]
		link = none
		[namespace street]
		link = routed
		[namespace own]
		link = nat
		scope = user
		lifetime = sessions
	X
}

export -f standard_policy

standard_users() {
	local u
	for u in alice bob carol dave erin frank; do make_user $u; done
}

# ---- logins

make_ssh_config() {
	cat >$T/ssh_config <<-X
		Host *
		IdentityFile $T/key
		IdentitiesOnly yes
		UserKnownHostsFile /dev/null
		StrictHostKeyChecking no
		LogLevel ERROR
		BatchMode yes
		ConnectTimeout 10
		ControlMaster no
	X
}

start_sshd() { # start_sshd [extra lines]
	cat >$T/sshd_config <<-X
		Port 22
		HostKey $T/hostkey
		UsePAM yes
		PidFile $T/sshd.pid
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin yes
		AllowAgentForwarding yes
		AllowStreamLocalForwarding yes
		GatewayPorts clientspecified
		MaxStartups 100:30:200
		MaxSessions 100
		UseDNS no
		PrintMotd no
		Subsystem sftp internal-sftp
		${1:-}
	X
	make_ssh_config
	install -d -m 700 /root/.ssh
	install -m 600 $T/key.pub /root/.ssh/authorized_keys
	/usr/sbin/sshd -f $T/sshd_config -E $T/sshd.log 3>&- 4>&-
	wait_until 10 $PROBE tcp 127.0.0.1 22 1
}

ensure_sshd() { # if the file uses sshd
	[ ! -e $T/sshd_config ] || alive "$(cat $T/sshd.pid)" ||
		/usr/sbin/sshd -f $T/sshd_config -E $T/sshd.log 3>&- 4>&-
}

stop_sshd() {
	local pid
	pid=$(cat $T/sshd.pid) || return 0
	kill "$pid"
	wait_until 10 gone "$pid"
}

# ssh_as USER [options and] CMD...
ssh_as() {
	local u=$1
	shift
	timeout -k 1 "${SSH_LIMIT:-30}" ssh -F $T/ssh_config -l "$u" 127.0.0.1 \
		"$@" </dev/null
}

# ssh_hold TAG USER [options]: a session that stays open, with one process whose pid
# is in $T/in.TAG; ssh_end TAG ends both.
ssh_hold() {
	local tag=$1 u=$2
	shift 2
	rm -f "$T/hold.$tag"
	spawn "$T/hold.$tag" ssh -F $T/ssh_config -l "$u" "$@" 127.0.0.1 \
		'echo held $$; exec sleep 1000' >"$T/hold.$tag.pid"
	wait_until 15 grep -q held "$T/hold.$tag"
	sed -n 's/^held //p' "$T/hold.$tag" >"$T/in.$tag"
}
ssh_end() {
	local pid
	pid=$(cat "$T/hold.$1.pid")
	kill "$pid" "$(cat "$T/in.$1")" 2>/dev/null || true
	rm -f "$T/hold.$1.pid"
	wait_until 10 gone "$pid"
}

ssh_end_all() {
	local f
	for f in "$T"/hold.*.pid; do
		[ -e "$f" ] || continue
		f=${f##*/hold.}
		ssh_end "${f%.pid}" || true
	done
}

SHOW_NS='stat -Lc %i /proc/self/ns/net'
# For the end of a session's command: the session stays open until leave().
STAY="until [ -e $T/leave ]; do sleep 0.05; done"
leave() { touch $T/leave; }

# The end of earlier logouts has been processed: that of a later one of bob has.
logouts_are_over() {
	su bob -c true
	wait_until 10 not_there green
}

host_ns() { stat -Lc %i /proc/1/ns/net; }
ns_of() { stat -Lc %i "/run/netns/$1"; }

there() { [ -e "/run/netns/$1" ]; }
not_there() { [ ! -e "/run/netns/$1" ]; }

# lands NAME INODE: INODE is that of the namespace NAME, or of "host"
lands() {
	local want
	if [ "$1" = host ]; then want=$(host_ns); else want=$(ns_of "$1"); fi
	equal "$want" "$2" "namespace inode ($1)"
}

# su_lands USER NAME: a session of USER is in the namespace NAME
su_lands() {
	local out a b
	out=$(timeout 10 su "$1" -c "$SHOW_NS; stat -c %i /run/netns/$2" 2>&1) || true
	read -r a b <<<"${out//$'\n'/ }"
	[ "$a" = "$b" ] && [[ $a =~ ^[0-9]+$ ]] || fail "$1 is not in $2: $out"
}

# ---- before and after

# The state that must be the same before and after all sessions.
objects() { "$TOP/tests/snapshot" $T/helper.pid; }

# Waits until the state equals $T/before, for a limited time.
nothing_left() { # nothing_left [SECONDS]
	"$TOP/tests/snapshot" $T/helper.pid $T/before $((${1:-15} * 3))
}

# ---- a test that fails does not make others fail

# undo CMD...: the end of the test runs it, also if the test fails. The last
# one is run first; each can be run again.
undo() { echo "${*@Q}" >>$T/undo; }
undone() {
	local cmd
	[ -n "${BATS_TEST_COMPLETED:-}" ] || end_strays
	[ -e $T/undo ] || return 0
	while read -r cmd; do
		eval "$cmd" || echo "cannot undo: $cmd"
	done < <(tac $T/undo)
	rm -f $T/undo
}

# hide FILE: until unhide, or the end of the test, the program is not installed
hide() {
	undo unhide "$1"
	mv "$1" "$1.hidden"
}
unhide() { [ ! -e "$1.hidden" ] || mv "$1.hidden" "$1"; }

# freeze PID: the process does nothing until thaw, or the end of the test
freeze() {
	undo thaw "$1"
	kill -STOP "$1"
}
thaw() { kill -CONT "$1" 2>/dev/null || true; }

# set_sysctl NAME=VALUE...: until the end of the test
set_sysctl() {
	local s
	for s in "$@"; do
		undo sysctl -qw "${s%%=*}=$(sysctl -n "${s%%=*}")"
		sysctl -qw "$s"
	done
}

# Ends what a test started and its failure left running: all processes but
# those of the file, the services and the ancestors of this shell.
end_strays() {
	local keep pid all
	[ -e $T/lasting ] || return 0
	keep=" $(cat $T/lasting $T/{helper,sshd}.pid /run/openvswitch/*.pid 2>/dev/null | xargs) "
	pid=$BASHPID
	while [ "${pid:-1}" -gt 1 ]; do
		keep+="$pid "
		pid=$(awk '/^PPid:/ {print $2}' "/proc/$pid/status" 2>/dev/null)
	done
	all=(/proc/[0-9]*)
	for pid in "${all[@]#/proc/}"; do
		[[ $keep == *" $pid "* ]] || kill -KILL "$pid" 2>/dev/null || true
	done
	rm -f $T/hold.*.pid
}

# Removes what is there now and was not in $T/before.
remove_rest() {
	local name
	for name in $(comm -13 <(section names $T/before) <(objects | section names)); do
		netns-pam down "${name##*/}" --force || ip netns del "${name##*/}"
	done
	for name in $(comm -13 <(section interfaces $T/before) <(objects | section interfaces)); do
		ip link delete "$name"
	done
}
# section NAME [FILE]: the lines of that part of a snapshot
section() {
	awk -v title="== $1" '/^== / {on = $0 == title; next} on' "${2:--}" | sort
}

# ---- the usual file

# What most files need installed
install_standard() {
	own_stacks
	install_package
	standard_users
	standard_policy | write_policy
}

# setup_file of most files
common_setup_file() {
	start_machine
	[ -d $SAVED ] || install_standard
	start_internet
	start_helper
	start_sshd "${1:-}"
	# The first use creates objects that stay: the mount /run/netns, the firewall.
	ssh_as alice true
	wait_until 15 no_names
	wait_until 15 no_links
}

no_links() { ! ip -o link | grep -q ' npam[0-9]'; }
no_names() { [ -z "$(ls /run/netns 2>/dev/null)" ]; }

common_setup() {
	[ -e $T/lasting ] || (cd /proc && echo [0-9]*) >$T/lasting
	: >$T/syslog
	rm -f $T/leave
	objects >$T/before
}

# A test that leaves something behind has failed.
common_teardown() {
	local rc=0 limit=15
	undone
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		echo "--- daemon"
		tail -n 20 $T/helper.log
		echo "--- syslog"
		tail -n 20 $T/syslog
		echo "--- sshd"
		tail -n 5 $T/sshd.log
		limit=2
		ensure_helper
		ensure_sshd
		remove_rest
	fi 2>/dev/null || true
	nothing_left $limit || { remove_rest || true; rc=1; }
	helper_clean || rc=1
	return $rc
}

as_user() { # as_user USER CMD...: on the host, without PAM
	local u=$1
	shift
	setpriv --reuid="$u" --regid="$(id -g "$u")" --init-groups \
		--reset-env "$@"
}
