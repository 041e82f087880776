#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/deps leaves no service enabled or started that was not before. A
# script stands in for the packages and their maintainer scripts.
# bare: no session is needed

load ../lib

setup() {
	mkdir -p $T/bin /etc/systemd/system/multi-user.target.wants /etc/systemd/user/default.target.wants
	printf '#!/bin/sh\n[ -e %s/installed ] || exit 1\nfor p; do echo "$p installed"; done\n' \
		$T >$T/bin/dpkg-query
	cat >$T/bin/apt-get <<-X
		#!/bin/bash
		[[ " \$* " == *" install "* ]] || exit 0
		echo "\$*" >>$T/installed
		for dir in system user; do
			touch /usr/lib/systemd/\$dir/new.service
		done
		cd /etc/systemd
		ln -s /usr/lib/systemd/system/new.service system/multi-user.target.wants/
		ln -s /usr/lib/systemd/system/new.service system/alias.service
		ln -s /usr/lib/systemd/user/new.service user/default.target.wants/
		ln -s /dev/null system/masked.service
		printf '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: new\n# Default-Start: 2 3\n# Default-Stop: 0 6\n### END INIT INFO\n' >/etc/init.d/new
		chmod 755 /etc/init.d/new
		ln -s ../init.d/new /etc/rc2.d/S01new
		ln -s ../init.d/new /etc/rc0.d/K01new
		/usr/sbin/policy-rc.d new start || echo "start: \$?" >$T/started
		exit \${FAIL:-0}
	X
	chmod 755 $T/bin/*
	ln -sf /usr/lib/systemd/system/old.service /etc/systemd/system/multi-user.target.wants/old.service
	rm -f /usr/sbin/policy-rc.d
	find /etc/systemd /etc/rc?.d | sort >$T/before
}

teardown() {
	rm -rf ${T:?}/bin $T/installed $T/started /etc/init.d/new /etc/rc?.d/???new \
		/etc/systemd/system/{alias,masked}.service /etc/systemd/{system,user}/*.wants/new.service
}

deps() { PATH=$T/bin:$PATH "$TOP/tests/deps" "$@"; }

as_before() {
	equal "$(cat $T/before)" "$(find /etc/systemd /etc/rc?.d | grep -Ev '/(K01new|masked.service)$' | sort)"
	[ -L /etc/systemd/system/masked.service ] # it keeps a service from starting
	not compgen -G '/etc/rc?.d/S01new'
	[ -L /etc/rc0.d/K01new ]
	not [ -e /usr/sbin/policy-rc.d ]
}

@test "what the packages enabled is disabled again and named, and nothing is started" {
	run deps lint
	equal 0 "$status" "$output"
	match 'disabled what the packages enabled: alias.service new new.service' "$output"
	equal 'start: 101' "$(cat $T/started)"
	as_before
	run deps lint
	equal 0 "$status"
	equal "" "$output"
}

@test "installation fails: enabled services are disabled again, too" {
	FAIL=7 run deps lint
	equal 1 "$status"
	match 'cannot install the packages: apt-get ended with status 7' "$output"
	as_before
}

@test "each purpose installs its own packages" {
	deps build
	not grep -qE 'bats|openssh-server|clang' $T/installed
	grep -q libpam0g-dev $T/installed
	rm $T/installed
	deps test
	not grep -qE 'clang|libpam0g-dev' $T/installed
	grep -q iperf3 $T/installed
	run deps nonsense
	equal 2 "$status"
	match '^usage: ' "$output"
}
