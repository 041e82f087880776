#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Unusual names and addresses, and objects that exist already: they work, or the
# error names them and nothing is left.

load ../lib

setup_file() { common_setup_file; }
setup() { common_setup; }
teardown() {
	local m
	undone
	for m in blue green outside; do
		umount -l /run/netns/$m 2>/dev/null || true
		rm -rf /run/netns/$m
	done
	for m in npam0 npam1 npam2 npam3; do
		grep -q '^netns-pam ' /sys/class/net/$m/ifalias 2>/dev/null ||
			ip link delete $m 2>/dev/null || true
	done
	ip route flush proto 77
	ip -6 route flush proto 77
	rm -f $POLICY.d/*.conf /etc/netgroup
	ensure_helper
	standard_policy | put_policy
	common_teardown
}

# raw_user NAME UID: an account that useradd refuses to create
raw_user() {
	printf '%s:x:%s:%s::/tmp:/bin/bash\n' "$1" "$2" "$2" >>/etc/passwd
	printf '%s:*:19000:0:99999:7:::\n' "$1" >>/etc/shadow
	grep -q "^[^:]*:[^:]*:$2:" /etc/group || printf 'g%s:x:%s:\n' "$2" "$2" >>/etc/group
}

# lands_in NAME USER: su, and compare with the name
lands_in() {
	local out
	out=$(su -s /bin/bash -c "$SHOW_NS; stat -c %i /run/netns/$1" -- "$2" | xargs)
	match '^[0-9]+ [0-9]+$' "$out"
	equal "${out% *}" "${out#* }" "namespace of '$2'"
}

refused() { # refused USER WORDS: the login is refused, and the log has WORDS
	: >$T/syslog
	run su "$1" -c 'echo in'
	[ "$status" != 0 ]
	not match '(^|[[:space:]])in$' "$output"
	wait_until 5 grep -qE "$2" $T/syslog || { cat $T/syslog; fail "no such words: $2"; }
}

@test "F43 unusual user names: their rule is applied" {
	local u id=3001 long
	long=$(printf 'x%.0s' {1..180})
	local names=('Al.ice' 'a@example.org' 'DOM\user' 'machine$' '12345' \
		'jürgen' 'with space' '$(id)' 'a.b' 'uid-3003' \
		"$long" 'x"y' "it's" '~root' '..')
	{
		standard_policy
		for u in "${names[@]}"; do
			printf '[rule r%s]\nusers = %s\nnamespace = odd\n' $id "${u// /\\ }"
			id=$((id + 1))
		done
		printf '[namespace odd]\nlink = none\nscope = user\n'
	} >$T/policy
	id=3001
	for u in "${names[@]}"; do
		raw_user "$u" $id
		id=$((id + 1))
	done
	put_policy <$T/policy
	id=3001
	for u in "${names[@]}"; do
		run su -s /bin/bash -c "$SHOW_NS; ls /run/netns; echo \$NETNS_PAM_NAMESPACE" -- "$u"
		equal 0 "$status" "su '$u': $output; status"
		[ "${lines[0]}" != "$(host_ns)" ] || fail "'$u' is on the host"
		match '^odd\.[A-Za-z0-9_-]+$' "${lines[1]}"
		equal "${lines[1]}" "${lines[2]}" "the name of '$u'"
		equal 3 "${#lines[@]}" "names for '$u'"
		wait_until 10 no_names
		id=$((id + 1))
	done
	# a similar name does not match
	raw_user 'al.ice' 3999
	equal "$(host_ns)" "$(su -s /bin/bash -c "$SHOW_NS" al.ice)"
}

@test "F43 name that the policy cannot contain: an error; its uid works" {
	local u
	for u in '%u' 'a;b' '*' "$(printf 'x%.0s' {1..250})"; do
		printf '[rule r]\nusers = %s\nnamespace = odd\n[namespace odd]\nlink = none\n' "$u" >$T/policy
		refuses netns-pam check $T/policy
		match '/policy:2: ' "$(cat $T/refused)"
		raw_user "$u" 3400
		{ standard_policy; printf '[rule r]\nuids = 3400\nnamespace = jail\n'; } | put_policy
		lands_in jail "$u"
		sed -i '$d' /etc/passwd /etc/shadow
	done
}

@test "F43 two users with one uid: matched by name first, then by uid" {
	raw_user twin1 3500
	raw_user twin2 3500
	{ standard_policy
	printf '[rule t1]\nusers = twin1\nnamespace = jail\n[rule t2]\nuids = 3500\nnamespace = green\n'; } | put_policy
	lands_in jail twin1
	lands_in green twin2
}

@test "F56 control bytes in a user name: no false log line" {
	raw_user $'evil\x1b[31mred' 3600
	{ standard_policy; printf '[rule e]\nuids = 3600\nnamespace = lan\n[namespace lan]\nlink = bridge\nnetwork = n\n[network n]\nbridge = br9\n'; } | put_policy
	run su -s /bin/bash -c 'echo in' -- $'evil\x1b[31mred'
	[ "$status" != 0 ]
	not grep -q $'\x1b' $T/helper.log
	wait_until 5 grep -q 'pam_netns(su' $T/syslog
	grep 'pam_netns(su' $T/syslog >$T/ours
	not grep -q $'\x1b' $T/ours
}

@test "user in 300 groups: matched by the last one" {
	local i
	raw_user many 3700
	for i in {1..300}; do echo "grp$i:x:$((5000 + i)):many" >>/etc/group; done
	{ standard_policy
	printf '[rule g]\ngroups = grp300\nnamespace = jail\n'; } | put_policy
	lands_in jail many
	lands_in blue alice
	# primary groups match, similar names do not
	{ standard_policy
	printf '[rule g]\ngroups = g3700, grp3\nnamespace = jail\n'; } | put_policy
	lands_in jail many
	{ standard_policy
	printf '[rule g]\ngroups = grp301, grp\nnamespace = jail\n'; } | put_policy
	equal "$(host_ns)" "$(su -s /bin/bash -c "$SHOW_NS" many)"
}

@test "group that NSS cannot look up: an error, not 'no match'" {
	# an initgroups source that fails: glibc skips a module that does not exist,
	# so one that always returns TRYAGAIN is built
	cat >$T/nss.c <<-'X'
		#include <nss.h>
		#include <errno.h>
		#include <grp.h>
		enum nss_status _nss_sick_initgroups_dyn(const char *u, gid_t g, long *a, long *b, gid_t **c, long d, int *e)
		{ (void)u; (void)g; (void)a; (void)b; (void)c; (void)d; *e = EAGAIN; return NSS_STATUS_TRYAGAIN; }
		enum nss_status _nss_sick_getgrnam_r(const char *n, struct group *r, char *b, size_t l, int *e)
		{ (void)n; (void)r; (void)b; (void)l; *e = EAGAIN; return NSS_STATUS_TRYAGAIN; }
		enum nss_status _nss_sick_getgrgid_r(gid_t n, struct group *r, char *b, size_t l, int *e)
		{ (void)n; (void)r; (void)b; (void)l; *e = EAGAIN; return NSS_STATUS_TRYAGAIN; }
	X
	gcc -shared -fPIC -o /usr/lib/libnss_sick.so.2 $T/nss.c
	ldconfig
	{ printf '[rule g]\ngroups = nosuch\nnamespace = jail\n'; standard_policy; } | put_policy
	lands_in blue alice
	sed -i 's/^group:.*/group: files sick/' /etc/nsswitch.conf
	run su carol -c 'echo in'
	local rc=$status out=$output
	# without group rules NSS is not queried
	standard_policy | put_policy
	lands_in blue alice
	sed -i 's/^group:.*/group: files/' /etc/nsswitch.conf
	echo "status $rc: $out"
	[ $rc != 0 ]
	not match '(^|[[:space:]])in$' "$out"
}

@test "namespace name of 64 characters: works" {
	local n
	n=$(printf 'n%.0s' {1..64})
	{ standard_policy
	printf '[rule %s]\nusers = carol\nnamespace = %s\n[namespace %s]\nlink = nat\n' "$n" "$n" "$n"; } | put_policy
	lands_in "$n" carol
	wait_until 10 no_names
	{ standard_policy
	printf '[rule %s]\nusers = carol\nnamespace = %s\n[namespace %s]\nlink = nat\nscope = session\n' "$n" "$n" "$n"; } | put_policy
	run su carol -c "$SHOW_NS; stat -c %i /run/netns/$n.carol.*"
	equal 2 "${#lines[@]}" "lines"
	equal "${lines[0]}" "${lines[1]}" "inode"
	# one more is an error
	printf '[rule a]\nusers = carol\nnamespace = %sn\n[namespace %sn]\nlink = nat\n' "$n" "$n" >$T/policy
	refuses netns-pam check $T/policy
	match ':[0-9]+: ' "$(cat $T/refused)"
}

@test "F44 interface names in use: skipped" {
	local i
	ip link add npam0 type veth peer name npam1
	ip link add npam2 type veth peer name npam3
	ip -o link show npam0 >$T/npam0
	lands_in blue alice
	lands_in green bob
	wait_until 10 no_names
	for i in 0 1 2 3; do ip link show npam$i >/dev/null; done
	ip -o link show npam0 | cmp - $T/npam0
	# also after a restart
	stop_helper
	start_helper
	ip link show npam0
	lands_in blue alice
	wait_until 10 no_names
	ip link show npam0
	ip link delete npam0
	ip link delete npam2
}

@test "F66 plain file at /run/netns/NAME: replaced" {
	: >/run/netns/blue
	lands_in blue alice
	wait_until 10 not_there blue
}

@test "F41 anything else at /run/netns/NAME: refused and unchanged" {
	local how
	mkdir -p /run/netns
	for how in 'mkdir /run/netns/blue' 'mkfifo /run/netns/blue' \
		'ln -s /proc/1/ns/net /run/netns/blue' \
		'ln -s /etc/passwd /run/netns/blue' \
		': >/run/netns/blue; mount --bind /proc/1/ns/uts /run/netns/blue' \
		': >/run/netns/blue; mount --bind /etc/hostname /run/netns/blue' \
		'mknod /run/netns/blue c 1 3'; do
		eval "$how"
		find /run/netns/blue -printf '%y %i %l' >$T/was
		refused alice 'blue'
		find /run/netns/blue -printf '%y %i %l' | cmp - $T/was
		# other users are not affected
		lands_in green bob
		umount /run/netns/blue 2>/dev/null || true
		rm -rf /run/netns/blue
	done
	lands_in blue alice
}

@test "F41 link = external, anything else at /run/netns/NAME: refused" {
	local how
	{ standard_policy; printf '[rule c]\nusers = carol\nnamespace = outside\n[namespace outside]\nlink = external\n'; } | put_policy
	for how in ':' ': >/run/netns/outside' 'mkdir /run/netns/outside' \
		'mkfifo /run/netns/outside' 'ln -s /proc/1/ns/net /run/netns/outside' \
		': >/run/netns/outside; mount --bind /proc/1/ns/uts /run/netns/outside' \
		': >/run/netns/outside; mount --bind /proc/1/ns/mnt /run/netns/outside' ; do
		eval "$how" || continue
		refused carol 'outside'
		umount /run/netns/outside 2>/dev/null || true
		rm -rf /run/netns/outside
	done
}

@test "link = external: a namespace of ip netns add is joined and not changed" {
	{ standard_policy; printf '[rule c]\nusers = carol\nnamespace = outside\n[namespace outside]\nlink = external\n'; } | put_policy
	ip netns add outside
	ip netns exec outside sysctl net.ipv6.conf.all 2>/dev/null >$T/sysctls || true
	[ -s $T/sysctls ]
	ip -n outside link >$T/links
	lands_in outside carol
	logouts_are_over
	there outside
	ip netns exec outside sysctl net.ipv6.conf.all 2>/dev/null | cmp - $T/sysctls
	ip -n outside link | cmp - $T/links
	refuses netns-pam down outside
	there outside
	ip netns delete outside
}

@test "F69 namespace of ip netns add with a name of the policy: joined and never removed" {
	ip netns add blue
	ip -n blue link >$T/links
	lands_in blue alice
	lands_in blue alice
	logouts_are_over
	there blue
	ip -n blue link | cmp - $T/links
	stop_helper
	start_helper
	lands_in blue alice
	there blue
	ip netns delete blue
	lands_in blue alice
	wait_until 10 not_there blue
}

@test "ip netns lists the daemon's namespaces, ip netns exec enters them" {
	ssh_hold a alice
	ip netns list | grep -q '^blue'
	equal "$(ns_of blue)" "$(ip netns exec blue stat -Lc %i /proc/self/ns/net)"
	match '10\.213' "$(ip -n blue address)"
	match 'sshd|sleep' "$(ip netns pids blue | xargs -n 1 ps -o comm= -p)"
	ssh_end a
}

@test "F68 F23 ip netns delete with sessions open: they continue, the next login gets a new namespace" {
	local was
	ssh_hold a alice
	was=$(ns_of blue)
	ip netns delete blue
	[ "$(su alice -c "$SHOW_NS")" != "$(host_ns)" ]
	lands_in blue alice
	ssh_hold b alice
	[ "$(ns_of blue)" != "$was" ]
	ssh_end a
	logouts_are_over
	there blue
	ssh_end b
}

mounts_of() { awk -v n="/run/netns/$1" '$5 == n' /proc/1/mountinfo | wc -l; }

@test "F67 first use of /run/netns: one mount for each name" {
	stop_helper
	umount -l /run/netns
	start_helper
	ssh_hold a alice
	equal 1 "$(mounts_of blue)" "mounts of blue"
	ip netns add other
	equal 1 "$(mounts_of other)" "mounts of other"
	ip netns delete other
	ssh_end a
	wait_until 15 not_there blue
	equal 0 "$(mounts_of blue)" "mounts of blue"
}

@test "F67 ip netns add and first logins at once: all succeed, no duplicate mounts" {
	local i
	stop_helper
	umount -l /run/netns
	start_helper &
	for i in {1..10}; do
		spawn $T/add.$i ip netns add other$i >$T/add.$i.pid
	done
	wait
	for i in {1..10}; do
		spawn $T/in.$i su alice -c "$SHOW_NS; $STAY" >$T/in.$i.pid
	done
	for i in {1..10}; do
		wait_until 20 gone "$(cat $T/add.$i.pid)"
		wait_until 20 test -s $T/in.$i
		equal "$(ns_of blue)" "$(cat $T/in.$i)"
		# if ip(8) is first it creates two mounts of each
		[ "$(mounts_of other$i)" -le 2 ]
	done
	[ "$(mounts_of blue)" -le 2 ]
	leave
	for i in {1..10}; do
		wait_until 20 gone "$(cat $T/in.$i.pid)"
		ip netns delete other$i
	done
	wait_until 15 not_there blue
	# restored for the tests after this one
	stop_helper
	umount -l /run/netns
	start_helper
	su alice -c true
}

@test "F78 address pool full: the error says so, others are not affected" {
	standard_policy | sed 's/^\[options\]/[options]\npool4 = 10.99.0.0\/29\npool6 = none/' | put_policy
	ssh_hold a alice
	ssh_hold b bob
	ssh_hold c frank
	refused erin 'pool 10\.99\.0\.0/29'
	lands_in blue alice
	lands_in jail dave
	ssh_end a
	wait_until 10 not_there blue
	# its addresses are free as soon as the kernel has removed the link
	wait_until 5 su erin -c true
	ssh_end b
	ssh_end c
}

@test "F78 addresses that the host routes elsewhere: skipped" {
	ip route add 10.213.0.0/24 via 192.0.2.1 proto 77
	ip -6 route add fd6e:6574:6e73::/120 via 2001:db8::1 proto 77
	run su alice -c 'ip -br address show eth0; probe tcp 198.51.100.80 80'
	match '10\.213\.' "$output"
	not match '10\.213\.0\.' "$output"
	not match '6e73::[0-9a-f]{1,2}/127' "$output"
	match 'client 192\.0\.2\.2' "$output"
	ip route add 10.0.0.0/8 via 192.0.2.1 proto 77
	refused bob '10\.0\.0\.0/8|pool4'
}

@test "static addresses, routes, mtu and ifname of the policy are applied" {
	{ standard_policy; cat <<-'X'; } | put_policy
		[rule c]
		users = carol
		namespace = fixed
		[namespace fixed]
		link = nat
		address = 172.31.9.2/24, fd00:9::2/64
		gateway = 172.31.9.1, fd00:9::1
		routes = 198.51.100.0/24, 2001:db8:ffff::/48
		mtu = 1400
		ifname = wan.7
		sysctl.net.ipv4.ip_default_ttl = 77
	X
	run su carol -c 'ip -o address show dev wan.7; ip -o link show wan.7; ip route; ip -6 route; cat /proc/sys/net/ipv4/ip_default_ttl; probe tcp 198.51.100.80 80; probe tcp 2001:db8:ffff::80 80'
	match '172\.31\.9\.2/24' "$output"
	match 'fd00:9::2/64' "$output"
	match 'mtu 1400' "$output"
	match '198\.51\.100\.0/24 via 172\.31\.9\.1' "$output"
	match '2001:db8:ffff::/48 via fd00:9::1' "$output"
	match $'\n77\n' "$output"
	match 'client 192\.0\.2\.2' "$output"
	match 'client 2001:db8::2' "$output"
}

@test "static address of the host itself: refused" {
	{ standard_policy; printf '[rule c]\nusers = carol\nnamespace = fixed\n[namespace fixed]\nlink = nat\naddress = 192.0.2.2/24\n'; } | put_policy
	refused carol '192\.0\.2\.'
	lands_in blue alice
}

@test "ttys: a login on a terminal matches, one without does not" {
	{ standard_policy; printf '[rule t]\nusers = carol\nttys = pts/*\nnamespace = jail\n'; } | put_policy
	equal "$(host_ns)" "$(su carol -c "$SHOW_NS" </dev/null)"
	equal "$(host_ns)" "$(ssh_as carol "$SHOW_NS")"
	on_pty() { script -qec "su carol -c '$SHOW_NS; stat -c %i /run/netns/jail'" /dev/null </dev/null | tr -d '\r' | xargs; }
	match '^([0-9]+) [0-9]+$' "$(on_pty)"
	equal 1 "$(on_pty | tr ' ' '\n' | sort -u | wc -l)" "namespaces on a terminal"
	# another terminal's name does not match
	{ standard_policy; printf '[rule t]\nusers = carol\nttys = tty*, /dev/hvc0\nnamespace = jail\n'; } | put_policy
	equal "$(host_ns)" "$(script -qec "su carol -c '$SHOW_NS'" /dev/null </dev/null | tr -d '\r')"
}

@test "rhosts: matched by the address of the remote host" {
	at() { timeout 20 ssh -F $T/ssh_config -l carol "$1" "$SHOW_NS; cat /proc/self/net/dev" </dev/null | sed -n '1p;/up0/p' | wc -l; }
	{ standard_policy; printf '[rule r]\nusers = carol\nrhosts = 127.0.0.0/8, 2001:db8::/64\nnamespace = jail\n'; } | put_policy
	# from 127.0.0.1 and 2001:db8::2 inside: no up0 there
	equal 1 "$(at 127.0.0.1)" "lines from 127.0.0.1"
	equal 1 "$(at 2001:db8::2)" "lines from 2001:db8::2"
	# from ::1 and 192.0.2.2 on the host; su has no remote host
	equal 2 "$(at ::1)" "lines from ::1"
	equal 2 "$(at 192.0.2.2)" "lines from 192.0.2.2"
	equal "$(host_ns)" "$(su carol -c "$SHOW_NS")"
}

@test "netgroups: a member matches, directly or by a nested netgroup" {
	cp /etc/nsswitch.conf $T/nsswitch.conf
	echo 'netgroup: files' >>/etc/nsswitch.conf
	printf 'lab (,carol,) deeper\ndeeper (,alice,)\nothers (,bob,)\n' >/etc/netgroup
	{ printf '[rule n]\nnetgroups = lab\nnamespace = jail\n'; standard_policy; } | put_policy
	lands_in jail carol
	lands_in jail alice
	lands_in green bob
	equal "$(host_ns)" "$(su root -c "$SHOW_NS")"
	# removed from the netgroup: on the host at the next login
	printf 'lab deeper\ndeeper (,alice,)\n' >/etc/netgroup
	equal "$(host_ns)" "$(su carol -c "$SHOW_NS")"
	rm /etc/netgroup
	lands_in blue alice
	cp $T/nsswitch.conf /etc/nsswitch.conf
}

@test "exclude_services: a login through one of them stays on the host" {
	{ printf '[options]\nexclude_services = su, x*\n'; standard_policy | sed '/^\[options\]$/d'; } | put_policy
	equal "$(host_ns)" "$(su alice -c "$SHOW_NS")"
	run ssh_as alice "$SHOW_NS; stat -c %i /run/netns/blue"
	equal "${lines[1]}" "${lines[0]}" "namespace by ssh"
	# su - is another service, and not excluded
	run su - alice -c "$SHOW_NS; stat -c %i /run/netns/blue"
	equal "${lines[1]}" "${lines[0]}" "namespace by su -"
	# also while no daemon runs
	stop_helper KILL
	equal "$(host_ns)" "$(su alice -c "$SHOW_NS")"
	refuses ssh_as alice true
	start_helper
}

@test "policy of drop-ins only: applied" {
	rm $POLICY
	standard_policy | sed '/^\[rule bob\]/,/^namespace/d' | write_policy $POLICY.d/10-most.conf
	printf '[rule bob]\nusers = bob\nnamespace = jail\n' | write_policy $POLICY.d/20-bob.conf
	netns-pam check
	netns-pam reload
	lands_in blue alice
	lands_in jail bob
	equal "$(host_ns)" "$(su carol -c "$SHOW_NS")"
	# a daemon that is started reads it as well
	stop_helper
	start_helper
	lands_in blue alice
	# a removed drop-in removes its rule
	rm $POLICY.d/20-bob.conf
	netns-pam reload
	equal "$(host_ns)" "$(su bob -c "$SHOW_NS")"
	rm $POLICY.d/10-most.conf
}
