#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Installing and removing: with make, and as a package through pam-auth-update.

# bare: it installs the package itself

load ../lib

setup_file() {
	start_machine
	own_stacks
	start_internet
	standard_users
	start_sshd
	cp -a /etc/pam.d $T/pam.d
}
teardown() {
	undone
	stop_helper
}

both_get_in() {
	lands host "$(ssh_as root "$SHOW_NS")"
	lands host "$(ssh_as carol "$SHOW_NS")"
	lands host "$(su carol -c "$SHOW_NS")"
	lands host "$(sudo -u carol bash -c "$SHOW_NS")"
}

is_in() { # is_in NAME CMD...: CMD runs in the namespace of that name
	local name=$1
	shift
	match '^[0-9]+$' "$("$@" "$SHOW_NS; stat -c %i /run/netns/$name" | uniq -d)"
}

@test "make install DESTDIR=: each file is in its place with its mode" {
	local d=$T/dest f mode so
	make -s -C "$TOP" install B="$TOP/build" DESTDIR=$d
	so=$(cd $d && find . -name pam_netns.so)
	match '^\./lib/.*/security/pam_netns\.so$' "$so"
	while read -r mode f; do
		equal "$mode" "$(stat -c %a "$d/$f")" "mode of $f"
	done <<-X
		644 $so
		755 usr/sbin/netns-pamd
		755 usr/sbin/netns-pam
		755 usr/lib/netns-pam/link-event
		644 etc/netns-pam.conf
		755 etc/netns-pam.conf.d
		644 lib/systemd/system/netns-pamd.service
		644 lib/systemd/system/netns-pamd.socket
		644 usr/lib/sysusers.d/netns-pam.conf
		644 usr/lib/tmpfiles.d/netns-pam.conf
		644 usr/share/pam-configs/netns-pam
		644 lib/udev/rules.d/79-netns-pam.rules
		644 lib/udev/rules.d/99-z-netns-pam.rules
		644 lib/systemd/network/70-netns-pam.link
		644 lib/systemd/network/10-netns-pam.network
		644 lib/systemd/network/10-netns-pam-switch.network
		644 usr/lib/NetworkManager/conf.d/netns-pam.conf
		644 usr/lib/firewalld/zones/netns-pam.xml
		644 usr/share/man/man8/pam_netns.8
		644 usr/share/man/man8/netns-pamd.8
		644 usr/share/man/man8/netns-pam.8
		644 usr/share/man/man5/netns-pam.conf.5
		644 usr/share/doc/netns-pam/pam.snippet
		644 usr/share/doc/netns-pam/README.md
	X
	equal "$(cd "$TOP/conf/examples" && find . -type f | sort)" \
		"$(cd $d/usr/share/doc/netns-pam/examples && find . -type f | sort)" examples
	equal 26 "$(find $d ! -type d ! -path '*/examples/*' | wc -l)" "files, NEWS and SECURITY and the example beside these" || {
		find $d ! -type d
		false
	}
}

@test "make install keeps the administrator's policy; make uninstall removes the rest" {
	local d=$T/dest2 f
	mkdir -p $d/etc/pam.d
	echo '; mine' >$d/etc/netns-pam.conf
	make -s -C "$TOP" install B="$TOP/build" DESTDIR=$d
	equal '; mine' "$(cat $d/etc/netns-pam.conf)"
	# F32: uninstalling is refused while a stack names the module
	printf 'session\trequired\tpam_netns.so\n' >$d/etc/pam.d/sshd
	refuses make -s -C "$TOP" uninstall DESTDIR=$d
	find $d -name pam_netns.so | grep -q .
	match '/etc/pam\.d/sshd:' "$(cat $T/refused)"
	echo '# session required pam_netns.so' >$d/etc/pam.d/sshd
	for f in usr/lib/pam.d/vendor etc/pam.conf; do
		mkdir -p "$d/${f%/*}"
		printf 'session \\\n\tpam_netns.so\n' >"$d/$f"
		refuses make -s -C "$TOP" uninstall DESTDIR=$d
		match "/$f:" "$(cat $T/refused)"
		find $d -name pam_netns.so | grep -q .
		rm "$d/$f"
	done
	make -s -C "$TOP" uninstall DESTDIR=$d
	equal "$(printf '%s\n' $d/etc/netns-pam.conf $d/etc/pam.d/sshd)" "$(find $d -type f | sort)"
}

@test "compiler without -print-multiarch: dpkg is asked, or nothing is installed" {
	local d=$T/dest3 real
	real=$(command -v gcc)
	mkdir -p $T/bin
	printf '#!/bin/sh\n[ "$1" = -print-multiarch ] || exec %s "$@"\n' "$real" >$T/bin/plaincc
	chmod 755 $T/bin/plaincc
	make -s -C "$TOP" install B="$TOP/build" DESTDIR=$d CC=$T/bin/plaincc
	[ -e "$d/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/security/pam_netns.so" ]
	rm -r $d
	printf '#!/bin/sh\nexit 1\n' >$T/bin/dpkg-architecture
	chmod 755 $T/bin/dpkg-architecture
	PATH=$T/bin:$PATH refuses make -s -C "$TOP" install B="$TOP/build" DESTDIR=$d CC=$T/bin/plaincc
	match 'PAMDIR=' "$(cat $T/refused)"
	[ ! -e $d ]
	PATH=$T/bin:$PATH make -s -C "$TOP" install B="$TOP/build" DESTDIR=$d CC=$T/bin/plaincc PAMDIR=/usr/lib64/security
	[ -e $d/usr/lib64/security/pam_netns.so ]
}

@test "make install PREFIX=: the unit starts the installed daemon" {
	local d=$T/dest4
	make -s -C "$TOP" install B="$TOP/build" DESTDIR=$d PREFIX=/usr/local
	equal "ExecStart=/usr/local/sbin/netns-pamd" "$(grep ^ExecStart= $d/lib/systemd/system/netns-pamd.service)"
	equal "ExecReload=/usr/local/sbin/netns-pam reload" "$(grep ^ExecReload= $d/lib/systemd/system/netns-pamd.service)"
	[ -x $d/usr/local/sbin/netns-pamd ]
	[ -x $d/usr/local/sbin/netns-pam ]
	equal 644 "$(stat -c %a $d/lib/systemd/system/netns-pamd.service)"
	make -s -C "$TOP" uninstall DESTDIR=$d PREFIX=/usr/local
	equal $d/etc/netns-pam.conf "$(find $d ! -type d)"
}

@test "the example policy is valid and maps no user" {
	install -m 644 "$TOP/conf/netns-pam.conf" $T/example.conf
	netns_pam check $T/example.conf
	match 'No rule matches' "$(netns_pam --config $T/example.conf explain alice)"
}
netns_pam() { "$BUILD/netns-pam" "$@"; }

@test "package installed: the module is in each session stack, required, after pam_systemd" {
	local f
	install_package
	for f in common-session common-session-noninteractive; do
		equal 1 "$(grep -cE '^session[[:space:]]+required[[:space:]]+pam_netns\.so' /etc/pam.d/$f)" "lines in $f"
	done
	[ "$(grep -n pam_systemd.so /etc/pam.d/common-session | cut -d: -f1)" -lt \
		"$(grep -n pam_netns.so /etc/pam.d/common-session | cut -d: -f1)" ] ||
		fail "before pam_systemd"
	equal pam_netns.so "$(grep '^session' /etc/pam.d/common-session | tail -n 1 | awk '{print $3}')" "the last one"
	netns-pam check
	# no systemd runs here; the units are enabled for the next boot
	units_enabled
	# without a policy of the administrator nothing changes
	both_get_in
	lands host "$(ssh_as alice "$SHOW_NS")"
	standard_policy | write_policy
	start_helper
	is_in blue ssh_as alice
}

UNITS=/etc/systemd/system
units_enabled() {
	[ -e $UNITS/multi-user.target.wants/netns-pamd.service ] || fail "service not enabled"
	[ -e $UNITS/sockets.target.wants/netns-pamd.socket ] || fail "socket not enabled"
}

@test "F32 upgrade during logins: none is refused" {
	standard_policy | write_policy
	start_helper
	"$TOP/packaging/mkdeb" "$TOP/build" 0.1.1
	spawn $T/during bash -c 'while :; do su carol -c true || echo refused; su alice -c "stat -Lc %i /proc/self/ns/net" || echo refused; done' >$T/during.pid
	wait_until 10 test -s $T/during
	DEBIAN_FRONTEND=noninteractive dpkg --no-triggers -i "$TOP"/build/netns-pam_0.1.1_*.deb
	rm "$TOP"/build/netns-pam_0.1.1_*.deb
	enough() { [ "$(wc -l <$T/during)" -gt 10 ]; }
	wait_until 20 enough
	kill -- "-$(cat $T/during.pid)"
	not grep -q refused $T/during
	equal 0.1.1 "$(dpkg-query -W -f '${Version}' netns-pam)"
	# the edited policy stays
	grep -q '^\[rule alice\]' $POLICY
	grep -q pam_netns /etc/pam.d/common-session
}

@test "units disabled by the administrator: stay disabled after an upgrade and a removal" {
	systemctl disable netns-pamd.service netns-pamd.socket
	install_package
	not units_enabled
	dpkg --no-triggers -r netns-pam
	install_package
	not units_enabled
	systemctl enable netns-pamd.service
	units_enabled
}

@test "F32 package removed and installed again: units enabled, module in its place" {
	dpkg --no-triggers -r netns-pam
	both_get_in
	install_package
	units_enabled
	grep -q '^session.*pam_netns' /etc/pam.d/common-session
	both_get_in
}

@test "F32 stack edited by hand names the module: the package cannot be removed" {
	local f
	cp -a /etc/pam.d/sshd $T/sshd
	mkdir -p /usr/lib/pam.d
	for f in /etc/pam.d/sshd /usr/lib/pam.d/vendor /etc/pam.conf; do
		printf 'session required \\\n pam_netns.so\n' >>$f
		refuses dpkg --no-triggers -r netns-pam
		match "${f//./\\.}" "$(cat $T/refused)"
		find /lib/*/security/pam_netns.so
		both_get_in
		sed -i '/^session required \\/d; /^ pam_netns/d' $f
		grep -q pam_netns /etc/pam.d/common-session
	done
	rm /usr/lib/pam.d/vendor
	cmp $T/sshd /etc/pam.d/sshd
}

@test "F32 package removed and purged: logins work after each step, nothing is left" {
	start_helper
	ssh_as alice true
	stop_helper
	dpkg --no-triggers -r netns-pam
	[ -e $POLICY ]
	not grep -rq pam_netns /etc/pam.d
	both_get_in
	lands host "$(su alice -c "$SHOW_NS")"
	not nft list table inet netns_pam
	dpkg --no-triggers -P netns-pam
	both_get_in
	[ ! -e $POLICY ]
	[ ! -e $STATE ]
	equal "" "$(find /etc /usr /lib /run /var/lib -xdev -name '*netns-pam*' -o -name 'pam_netns*' 2>/dev/null)" "left"
	diff -r $T/pam.d /etc/pam.d
}

@test "F32 make install as in the README, make uninstall: logins work, nothing is left" {
	make -s -C "$TOP" install B="$TOP/build"
	systemctl enable netns-pamd.socket netns-pamd.service
	pam-auth-update --enable netns-pam
	standard_policy | write_policy
	start_helper
	is_in blue ssh_as alice
	# a refused removal changes nothing: each stack still has the module
	printf 'session required pam_netns.so\n' >>/etc/pam.d/sshd
	refuses make -s -C "$TOP" uninstall
	match '/etc/pam\.d/sshd:' "$(cat $T/refused)"
	is_in blue su alice -c
	sed -i '/pam_netns/d' /etc/pam.d/sshd
	stop_helper
	make -s -C "$TOP" uninstall
	both_get_in
	lands host "$(ssh_as alice "$SHOW_NS")"
	diff -r $T/pam.d /etc/pam.d
	not nft list table inet netns_pam
	# the administrator's policy stays
	equal $POLICY "$(find /etc /usr /lib /var/lib -xdev -name '*netns-pam*' -o -name 'pam_netns*' 2>/dev/null)"
}
